package emit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

const (
	parentTrace = "0af7651916cd43dd8448eb211c80319c"
	parentSpan  = "b7ad6b7169203331"
)

// passOn sends headers through the middleware and returns what Transport puts on a call made while handling, and the
// trace that the handler saw. Both hops are real.
func passOn(t testing.TB, in http.Header) (http.Header, emit.Trace, []emit.Member) {
	t.Helper()
	var out http.Header
	callee := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { out = r.Header }))
	var trace emit.Trace
	var members []emit.Member
	client := &http.Client{Transport: emit.Transport(callee.Client().Transport)}
	service := serve(t, emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		trace, _ = emit.TraceFrom(r.Context())
		members = emit.Baggage(r.Context())
		request, _ := http.NewRequestWithContext(r.Context(), "GET", callee.URL, nil)
		response, err := client.Do(request)
		if assert.NoError(t, err) {
			_ = response.Body.Close()
		}
		assert.Empty(t, request.Header, "a RoundTripper does not change its request")
	})))
	request, err := http.NewRequestWithContext(t.Context(), "GET", service.URL, nil)
	require.NoError(t, err)
	request.Header = in
	response, err := service.Client().Do(request)
	require.NoError(t, err)
	_ = response.Body.Close()
	return out, trace, members
}

// TestW3CVectors walks every row of the golden file. A row that no case knows fails, so that a new row is not skipped.
func TestW3CVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/w3c-context.tsv")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "header\t") {
			continue
		}
		fields := strings.Split(line, "\t")
		require.Len(t, fields, 3, line)
		header, value, result := fields[0], fields[1], fields[2]
		rows++
		t.Run(header+" "+value, func(t *testing.T) {
			switch {
			case header == "traceparent":
				traceparentVector(t, value, result)
			case value == "33 members":
				tracestateThirtyThree(t)
			case value == "bad syntax":
				tracestateBadSyntax(t)
			case strings.HasPrefix(value, "key <=256"):
				tracestateLimits(t)
			case strings.HasPrefix(value, "<=64 members"):
				baggageLimits(t)
			case strings.HasPrefix(value, "a=%E2%82%AC"):
				baggageDecoding(t)
			default:
				t.Fatal("no test for this row")
			}
		})
	}
	assert.Equal(t, 15, rows)
}

func traceparentVector(t *testing.T, value, result string) {
	parsed, err := emit.ParseTraceparent(value)
	out, trace, _ := passOn(t, http.Header{"Traceparent": {value}, "Tracestate": {"vendor=1"}})
	sent, sentErr := emit.ParseTraceparent(out.Get("Traceparent"))
	require.NoError(t, sentErr)
	assert.Equal(t, trace, sent, "the handler's span is the callee's parent")
	assert.NotEqual(t, parentSpan, sent.SpanID(), "our own span, not the caller's")
	assert.True(t, strings.HasPrefix(out.Get("Traceparent"), "00-"))
	if strings.HasPrefix(result, "invalid") {
		require.ErrorIs(t, err, emit.ErrTraceparent)
		assert.NotEqual(t, parentTrace, sent.TraceID(), "restarted")
		assert.Equal(t, emit.FlagRandom, sent.Flags)
		assert.Empty(t, out.Get("Tracestate"), "tracestate falls with its traceparent")
		return
	}
	require.True(t, strings.HasPrefix(result, "valid"), result)
	require.NoError(t, err)
	assert.Equal(t, parentTrace, parsed.TraceID())
	assert.Equal(t, parentSpan, parsed.SpanID())
	assert.Equal(t, !strings.Contains(result, "not sampled"), parsed.Flags&emit.FlagSampled != 0)
	assert.Equal(t, strings.Contains(result, "random"), parsed.Flags&emit.FlagRandom != 0)
	assert.Equal(t, parentTrace, sent.TraceID())
	assert.Equal(t, parsed.Flags, sent.Flags)
	assert.Equal(t, "vendor=1", out.Get("Tracestate"))
}

// traced is a header with a good traceparent.
func traced(key string, values ...string) http.Header {
	return http.Header{"Traceparent": {"00-" + parentTrace + "-" + parentSpan + "-01"}, key: values}
}

func tracestateThirtyThree(t *testing.T) {
	var members []string
	for i := range 33 {
		members = append(members, fmt.Sprintf("k%d=v", i))
	}
	out, _, _ := passOn(t, traced("Tracestate", strings.Join(members[:20], ","), strings.Join(members[20:], " ,\t")))
	assert.Equal(t, strings.Join(members[:32], ","), out.Get("Tracestate"), "the right-most goes")
}

func tracestateBadSyntax(t *testing.T) {
	for _, bad := range []string{"Key=1", "a", "=1", "a=", "a=b=c", "a =1", "-a=1", "a=\x80", "a=1,b"} {
		out, trace, _ := passOn(t, traced("Tracestate", bad))
		assert.Empty(t, out["Tracestate"], bad)
		assert.Equal(t, parentTrace, trace.TraceID(), "traceparent stays")
	}
}

func tracestateLimits(t *testing.T) {
	full := "a_*/@-" + strings.Repeat("z", 250) + "=" + strings.Repeat("!", 256)
	require.Greater(t, len(full), 512)
	out, _, _ := passOn(t, traced("Tracestate", full+",,b=2"))
	assert.Equal(t, full+",b=2", out.Get("Tracestate"))
	for _, long := range []string{strings.Repeat("k", 257) + "=1", "k=" + strings.Repeat("v", 257)} {
		out, _, _ := passOn(t, traced("Tracestate", long))
		assert.Empty(t, out["Tracestate"])
	}
}

func baggageLimits(t *testing.T) {
	var members []string
	for i := range 65 {
		members = append(members, fmt.Sprintf("k%d=v", i))
	}
	out, _, _ := passOn(t, http.Header{"Baggage": {strings.Join(members[:64], ",")}})
	assert.Equal(t, strings.Join(members[:64], ","), out.Get("Baggage"), "within the limits all of it goes, with or without a trace")
	out, _, _ = passOn(t, http.Header{"Baggage": members})
	assert.Equal(t, strings.Join(members[:64], ","), out.Get("Baggage"))

	exact := "a=" + strings.Repeat("x", 8190)
	out, _, _ = passOn(t, http.Header{"Baggage": {exact}})
	assert.Equal(t, exact, out.Get("Baggage"))
	out, _, _ = passOn(t, http.Header{"Baggage": {"b=1," + exact + ",c=2"}})
	assert.Equal(t, "b=1", out.Get("Baggage"), "never part of a member")
}

func baggageDecoding(t *testing.T) {
	out, _, members := passOn(t, http.Header{"Baggage": {"a=%E2%82%AC;prop, b=1=2\t,", "a = 2 ; p=1;q, bad, (x)=1, c=%FF%4, d=%"}})
	assert.Equal(t, []emit.Member{
		{Key: "a", Value: "€", Properties: "prop"},
		{Key: "b", Value: "1=2"},
		{Key: "a", Value: "2", Properties: "p=1;q"},
		{Key: "c", Value: "\uFFFD%4"},
		{Key: "d", Value: "%"},
	}, members)
	assert.Equal(t, "a=%E2%82%AC;prop,b=1=2,a = 2 ; p=1;q,c=%FF%4,d=%", out.Get("Baggage"), "sent on as it came")
}

func TestUnknownFlagsAreNotPassedOn(t *testing.T) {
	trace, err := emit.ParseTraceparent("00-" + parentTrace + "-" + parentSpan + "-ff")
	require.NoError(t, err)
	assert.Equal(t, emit.FlagSampled|emit.FlagRandom, trace.Flags)
}

func TestTwoTraceparentsAreNone(t *testing.T) {
	value := "00-" + parentTrace + "-" + parentSpan + "-01"
	_, trace, _ := passOn(t, http.Header{"Traceparent": {value, value}})
	assert.NotEqual(t, parentTrace, trace.TraceID())
}

func TestEachRequestHasItsOwnTrace(t *testing.T) {
	_, a, _ := passOn(t, http.Header{})
	_, b, _ := passOn(t, http.Header{})
	assert.NotEqual(t, a.ID, b.ID)
	assert.NotEqual(t, a.Span, b.Span)
	assert.Regexp(t, regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-02$`), a.Traceparent())
}

func TestTransportLeavesOthersAlone(t *testing.T) {
	var out http.Header
	callee := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { out = r.Header }))
	call := func(r *http.Request) {
		response, err := emit.Transport(nil).RoundTrip(r)
		require.NoError(t, err)
		_ = response.Body.Close()
	}
	request, _ := http.NewRequestWithContext(t.Context(), "GET", callee.URL, nil)
	call(request)
	assert.Empty(t, out.Get("Traceparent"), "outside a request there is nothing to pass on")

	h := emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		request := request.WithContext(r.Context())
		request.Header.Set("traceparent", "set by another library")
		call(request)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "set by another library", out.Get("Traceparent"))
}

func FuzzParseTraceparent(f *testing.F) {
	data, err := os.ReadFile("testdata/w3c-context.tsv")
	require.NoError(f, err)
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(line, "\t"); len(fields) > 1 {
			f.Add(fields[1])
		}
	}
	good := regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-(?s:.*))?$`)
	f.Fuzz(func(t *testing.T, s string) {
		trace, err := emit.ParseTraceparent(s)
		// The specification once more, the slow way.
		want := good.MatchString(s) && !strings.HasPrefix(s, "ff") && s[3:35] != strings.Repeat("0", 32) &&
			s[36:52] != strings.Repeat("0", 16) && (len(s) == 55 || s[:2] != "00")
		require.Equal(t, want, err == nil, "%q", s)
		if err != nil {
			require.Zero(t, trace)
			return
		}
		again, err := emit.ParseTraceparent(trace.Traceparent())
		require.NoError(t, err)
		require.Equal(t, trace, again)
		require.Equal(t, s[3:52], trace.TraceID()+"-"+trace.SpanID())
	})
}

func FuzzBaggageAndTracestate(f *testing.F) {
	f.Add("a=%E2%82%AC;prop, b=1=2", "a=1,b=2")
	f.Fuzz(func(t *testing.T, baggage, state string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = traced("Baggage", baggage)
		r.Header["Tracestate"] = []string{state}
		emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			out := http.Header{}
			emit.Inject(r.Context(), out)
			for _, values := range out {
				for _, c := range []byte(values[0]) {
					require.True(t, c == '\t' || ' ' <= c && c <= '~', "what is sent on is a legal header")
				}
			}
			require.LessOrEqual(t, len(out.Get("Baggage")), 8192)
			for _, m := range emit.Baggage(r.Context()) {
				require.NotEmpty(t, m.Key)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	})
}
