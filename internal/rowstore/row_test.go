package rowstore

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABatchKeepsAttributesWithTheirRows(t *testing.T) {
	var b Batch
	for range 2 { // the second time in reused memory
		b.Reset(Logs)
		for i := range 100 {
			r := b.Add()
			r.Body = b.Text(strconv.AppendInt(nil, int64(i), 10))
			for k := range i % 7 {
				b.Attr("k"+strconv.Itoa(k), b.Text(strconv.AppendInt(nil, int64(i*10+k), 10)))
			}
		}
		for i, r := range b.Rows {
			require.Equal(t, strconv.Itoa(i), r.Body)
			require.Len(t, r.Attrs, i%7)
			for k, a := range r.Attrs {
				require.Equal(t, Attr{"k" + strconv.Itoa(k), strconv.Itoa(i*10 + k)}, a)
			}
		}
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		b.Reset(Events)
		for range 50 {
			b.Add().Name = "x"
			b.Attr("a", b.Text([]byte("value")))
			b.Attr("b", "c")
		}
	}))
}

func TestAFieldIsFoundByItsPromQLName(t *testing.T) {
	r := Row{Attrs: []Attr{{"http.request.method", "GET"}}, Resource: &Resource{Attrs: []Attr{{"host.name", "a"}}}, Severity: 17, Duration: 1_500_000_000}
	require.Equal(t, "GET", r.Get("http.request.method"))
	require.Equal(t, "GET", r.Get("http_request_method"))
	require.Equal(t, "a", r.Get("host_name"))
	require.Equal(t, "error", r.Get("level"))
	require.Equal(t, "1.5", r.Get("duration"))
	require.Empty(t, r.Get("nothing"))
}

func TestAnExprHoldsAsItSays(t *testing.T) {
	r := &Row{Service: "intake", Body: "Timeout after 30 s", Duration: 2e9, Status: StatusError, Attrs: []Attr{{"code", "503"}}}
	for text, e := range map[string]Expr{
		"service:intake":        Is("service", "intake"),
		"-service:portal":       {Match: &Match{"service", NotEqual, "portal"}},
		`service:~"in.*"`:       {Match: &Match{"service", Matches, "in.*"}},
		"timeout":               {Match: &Match{"*", Contains, "timeout"}},
		"503":                   {Match: &Match{"*", Contains, "503"}},
		"duration:>=2":          {Match: &Match{"duration", AtLeast, "2"}},
		"code:>500":             {Match: &Match{"code", Greater, "500"}},
		"code:*":                {Match: &Match{"code", Exists, ""}},
		"status:error code:503": All(Is("status", "error"), Is("code", "503")),
		"-(a:b OR c:d)":         {Not: &Expr{Or: []Expr{Is("a", "b"), Is("c", "d")}}},
	} {
		require.Equal(t, text, e.String())
		f, err := e.Compile()
		require.NoError(t, err)
		require.True(t, f(r), text)
		no, err := Expr{Not: &e}.Compile()
		require.NoError(t, err)
		require.False(t, no(r), text)
	}
	none, err := Any().Compile()
	require.NoError(t, err)
	require.False(t, none(r))
	_, err = Expr{Match: &Match{"duration", Greater, "much"}}.Compile()
	require.ErrorContains(t, err, "want a number")
}
