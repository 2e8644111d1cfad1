package search_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
)

func m(field string, op rowstore.Op, value string) rowstore.Expr {
	return rowstore.Expr{Match: &rowstore.Match{Field: field, Op: op, Value: value}}
}

func not(e rowstore.Expr) rowstore.Expr { return rowstore.Expr{Not: &e} }

func TestASearchSaysWhatItSays(t *testing.T) {
	word := func(s string) rowstore.Expr { return m("*", rowstore.Contains, s) }
	is := rowstore.Is
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for text, want := range map[string]rowstore.Expr{
		"":                                     rowstore.Everything,
		"  \t":                                 rowstore.Everything,
		"*":                                    rowstore.Everything,
		"-*":                                   not(rowstore.Everything),
		"timeout":                              word("timeout"),
		"time*":                                word("time"),
		"12:30:45":                             word("12:30:45"),
		"http://host:80/x":                     word("http://host:80/x"),
		`"connection refused"`:                 word("connection refused"),
		`"say \"no\""`:                         word(`say "no"`),
		"-timeout":                             not(word("timeout")),
		"NOT timeout":                          not(word("timeout")),
		"timeout service:intake":               {And: []rowstore.Expr{word("timeout"), is("service", "intake")}},
		"timeout AND service:intake":           {And: []rowstore.Expr{word("timeout"), is("service", "intake")}},
		"level:ERROR":                          is("level", "error"),
		"level:>=warn":                         m("level", rowstore.AtLeast, "warn"),
		"level:err*":                           m("level", rowstore.Matches, "err.*"),
		"-field:x":                             m("field", rowstore.NotEqual, "x"),
		"-(field:x)":                           not(is("field", "x")),
		"field:*":                              m("field", rowstore.Exists, ""),
		"-field:*":                             not(m("field", rowstore.Exists, "")),
		`field:""`:                             is("field", ""),
		"field:*part*":                         m("field", rowstore.Contains, "part"),
		`field:*"a b"*`:                        m("field", rowstore.Contains, "a b"),
		`field:"a*"`:                           is("field", "a*"),
		`field:~"GET /v[12]/.*"`:               m("field", rowstore.Matches, "GET /v[12]/.*"),
		`-field:~"x|y"`:                        m("field", rowstore.NoMatch, "x|y"),
		"http.status_code:5*":                  m("http.status_code", rowstore.Matches, "5.*"),
		"file:*.log":                           m("file", rowstore.Matches, `.*\.log`),
		"url:http://x/y?z=1":                   is("url", "http://x/y?z=1"),
		`"odd name":x`:                         is("odd name", "x"),
		"duration:>2s":                         m("duration", rowstore.Greater, "2"),
		"duration:>=250ms":                     m("duration", rowstore.AtLeast, "0.25"),
		"duration:<10us":                       m("duration", rowstore.Less, "1e-05"),
		"duration:<=1.5m":                      m("duration", rowstore.AtMost, "90"),
		"duration:1h":                          is("duration", "3600"),
		"size:>10MB":                           m("size", rowstore.Greater, "1e+07"),
		"size:>1KiB":                           m("size", rowstore.Greater, "1024"),
		"code:>=500":                           m("code", rowstore.AtLeast, "500"),
		"time:>=2026-11-21T10:00Z":             m("time", rowstore.AtLeast, "1795255200000000"),
		trace:                                  is("trace_id", trace),
		"00-" + trace + "-00f067aa0ba902b7-01": is("trace_id", trace),
		`"` + trace + `"`:                      word(trace),
		"a OR b c":                             {Or: []rowstore.Expr{word("a"), {And: []rowstore.Expr{word("b"), word("c")}}}},
		"(a OR b) c":                           {And: []rowstore.Expr{{Or: []rowstore.Expr{word("a"), word("b")}}, word("c")}},
		"service:intake (a OR -b)":             {And: []rowstore.Expr{is("service", "intake"), {Or: []rowstore.Expr{word("a"), not(word("b"))}}}},
	} {
		got, err := search.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestAMistakeIsNamedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"(a OR b":         `search: at its end: want a ) for the ( before it`,
		"a)":              `search: ")" at character 2: want a word, "quoted words", field:value, OR or the end; there is no ( that it closes`,
		"a OR":            `search: at its end: want a word, "quoted words", field:value, - or (`,
		"é AND AND b":     `search: "AND" at character 7: want a word, "quoted words", field:value, - or (`,
		`a "b`:            `search: "\"b" at character 3: want a " at the end of the quoted text`,
		"service:":        `search: "service:" at character 1: want a value behind the colon, "" for nothing, or * for anything`,
		"level:loud":      `search: "loud" at character 7: want one of trace, debug, info, warn, error, fatal`,
		"x level:>loud":   `search: ">loud" at character 9: want one of trace, debug, info, warn, error, fatal`,
		"status:late":     `search: "late" at character 8: want one of unset, ok, error`,
		"duration:>2x":    `search: ">2x" at character 10: want a number of seconds, or one with a unit: ns us ms s m h d, such as 2s or 250ms`,
		"duration:2*":     `search: "2*" at character 10: want = != > >= < <= or exists, because it is a number`,
		"code:>high":      `search: ">high" at character 6: want a number, or one with a unit: ns us ms s m h d, B kB MB GB TB KiB MiB GiB TiB`,
		"time:>yesterday": `search: ">yesterday" at character 6: want a time in UTC such as 2026-11-21, 2026-11-21T10:00 or 2026-11-21T10:00:00Z`,
		`name:~"a("`:      "search: \"~\\\"a(\\\"\" at character 6: want a regular expression in RE2 syntax, best in quotes (error parsing regexp: missing closing ): `a(`)",
	} {
		_, err := search.Parse(text)
		require.EqualError(t, err, want, text)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}

func TestAnExprReadsBackAsItself(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		want := randomExpr(r, 4)
		got, err := search.Parse(want.String())
		require.NoError(t, err, want.String())
		require.Equal(t, want, got, want.String())
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a OR (b -c:d) \"x\"", `f:~"a.*" g:*"x"* h:>=2s`, "level:>=warn 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "--a:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := search.Parse(text)
		if err != nil {
			m, ok := search.MistakeOf(err)
			require.True(t, ok)
			require.Positive(t, m.At)
			return
		}
		again, err := search.Parse(e.String())
		require.NoError(t, err, "%q printed as %q", text, e.String())
		require.Equal(t, e, again, "%q printed as %q", text, e.String())
		_, err = e.Compile()
		require.NoError(t, err)
		for i := range min(len(text), 20) {
			search.Suggest(text, i, nil, nil)
		}
	})
}

func TestWhatIsTypedIsCompleted(t *testing.T) {
	values := func(field, prefix string) []string {
		if field == "service" {
			return []string{"intake", "in take"}
		}
		return nil
	}
	texts := func(text string) (out []string) {
		for _, s := range search.Suggest(text, len(text), []rowstore.Field{{Name: "http.status_code"}, {Name: "odd name"}}, values) {
			out = append(out, text[:s.From]+s.Text)
		}
		return out
	}
	require.Equal(t, []string{"timeout service:"}, texts("timeout serv"))
	require.Equal(t, []string{"-http.status_code:"}, texts("-http"))
	require.Equal(t, []string{`"odd name":`}, texts("odd"))
	require.Equal(t, []string{"(service:intake ", `(service:"in take" `}, texts("(service:in"))
	require.Equal(t, []string{"level:>=warn "}, texts("level:>=W"))
	require.Empty(t, texts(`"serv`))
}

var texts = []string{"", "a", "intake", "a b", "-a", "AND", "OR", "NOT", "and", "*", "a*", "~x", ">5", "<", "=x", "(", ")", `"`, `\`, "a:b", "http://x", "é", "日本", "\x00", "\n", "\xff",
	"12:30", "4bf92f3577b34da6a3ce929d0e0e4736", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "//x", "a,b;c", "5.*", "[", "x=y"}

// randomExpr returns an expression in the form that Parse gives: no conjunction of one, and no number that is none.
func randomExpr(r *rand.Rand, depth int) rowstore.Expr {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	if depth == 0 || r.IntN(3) == 0 {
		fields := []string{"service", "body", "http.status_code", "x_y", "odd name", "1", "*", "é", "a:b", `q"`, "-x", "AND", "version", "trace_id"}
		switch r.IntN(6) {
		case 0:
			return m(pick(fields), pick2(r, rowstore.Greater, rowstore.AtLeast, rowstore.Less, rowstore.AtMost), pick([]string{"1", "-2.5", "1e9"}))
		case 1:
			return m(pick(fields), pick2(r, rowstore.Matches, rowstore.NoMatch), pick([]string{"", "a.*", `"\d+"`, "a b", "x|y", "(?i)z", "é+"}))
		case 2:
			return m(pick(fields), rowstore.Exists, "")
		case 3:
			return m("level", pick2(r, rowstore.Equal, rowstore.NotEqual, rowstore.AtLeast, rowstore.Less), pick(rowstore.Levels()))
		case 4:
			return m("*", rowstore.Contains, pick(texts))
		}
		field, op := pick(fields), pick2(r, rowstore.Equal, rowstore.NotEqual, rowstore.Contains)
		return m(field, op, pick(texts))
	}
	part := func() []rowstore.Expr {
		var es []rowstore.Expr
		for range 2 + r.IntN(2) {
			es = append(es, randomExpr(r, depth-1))
		}
		return es
	}
	switch r.IntN(4) {
	case 0:
		return not(randomExpr(r, depth-1))
	case 1:
		return rowstore.Expr{Or: part()}
	default:
		return rowstore.Expr{And: part()}
	}
}

func pick2(r *rand.Rand, ops ...rowstore.Op) rowstore.Op { return ops[r.IntN(len(ops))] }
