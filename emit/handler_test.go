package emit_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

// serve starts a real server around h. Panics that net/http reports stay out of the test's output.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server
}

// do sends a request and reads the answer to its end; the code is 0 if there was none.
func do(t testing.TB, server *httptest.Server, method, path string, body io.Reader) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestRequestsAreCountedByMethodPatternAndCode(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /forms/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1040") })
	mux.HandleFunc("POST /forms", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) })
	mux.HandleFunc("/odd", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(799) })
	mux.HandleFunc("/tree/", func(http.ResponseWriter, *http.Request) {})
	e := emit.New(emit.Options{Labels: map[string]string{"agency": "IRS", "env": "prod"}, Version: "v1.2.3"})
	mux.Handle("GET /metrics", e.Metrics())
	server := serve(t, e.Handler(mux))

	assert.Equal(t, 200, do(t, server, "GET", "/forms/1", nil))
	assert.Equal(t, 200, do(t, server, "GET", "/forms/2?secret=3", nil))
	assert.Equal(t, 201, do(t, server, "POST", "/forms", strings.NewReader("twelve bytes")))
	assert.Equal(t, 201, do(t, server, "POST", "/forms", io.MultiReader(strings.NewReader("chunked")))) // length unknown
	assert.Equal(t, 502, do(t, server, "GET", "/broken", nil))
	assert.Equal(t, 799, do(t, server, "GET", "/odd", nil))
	assert.Equal(t, 404, do(t, server, "GET", "/no/such/path", nil))
	assert.Equal(t, 405, do(t, server, "DELETE", "/forms", nil))
	assert.Equal(t, 502, do(t, server, "BREW", "/broken", nil))
	assert.Equal(t, 307, do(t, server, "GET", "/tree", nil))
	assert.Equal(t, 200, do(t, server, "GET", "/metrics", nil))

	got := scrape(t, e, acceptText)
	for _, want := range []struct {
		method, route, code string
		count               float64
	}{
		{"GET", "/forms/{id}", "200", 2},
		{"GET", "/forms/{id}", "500", 0}, // there before the first failure, so that its increase shows
		{"POST", "/forms", "201", 2},
		{"GET", "/broken", "502", 1},
		{"other", "/broken", "502", 1},
		{"GET", "/odd", "other", 1},
		{"GET", "unmatched", "404", 1},
		{"DELETE", "unmatched", "405", 1},
		{"GET", "/tree/", "307", 1},
		{"GET", "/metrics", "200", -1}, // a scrape is not the service's work
	} {
		labels := []string{"method", want.method, "route", want.route, "code", want.code}
		assert.Equal(t, want.count, got.counter("http_requests_total", labels...), labels)
		m := got.find("http_request_duration_seconds", labels...)
		assert.EqualValues(t, max(0, want.count), m.GetHistogram().GetSampleCount(), labels)
		assert.Equal(t, want.count > 0, m != nil, "no histogram of nothing: %v", labels)
	}
	assert.Equal(t, 1.0, got.counter("http_errors_total", "method", "GET", "route", "/broken", "type", "5xx"))
	assert.Equal(t, 1.0, got.counter("http_errors_total", "route", "/odd", "type", "5xx"))
	assert.Equal(t, 1.0, got.counter("http_errors_total", "method", "GET", "route", "unmatched", "type", "4xx"))
	assert.Equal(t, 0.0, got.counter("http_errors_total", "route", "/forms/{id}", "type", "panic"))
	assert.Equal(t, 0.0, got.find("http_requests_in_flight").GetGauge().GetValue())
	assert.Equal(t, 19.0, got.find("http_request_size_bytes", "route", "/forms").GetHistogram().GetSampleSum())
	assert.Equal(t, 8.0, got.find("http_response_size_bytes", "route", "/forms/{id}").GetHistogram().GetSampleSum())
	assert.NotNil(t, got.find("app_build_info", "version", "v1.2.3"))
	assert.NotNil(t, got.find("go_goroutines"))
	for name, family := range got {
		for range family.GetMetric() {
			assert.Equal(t, map[string]bool{"IRS": true}, got.values(name, "agency"), name)
			assert.Equal(t, map[string]bool{"prod": true}, got.values(name, "env"), name)
		}
	}
}

func TestDurationIsTheTimeOfTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := emit.New(emit.Options{Buckets: []float64{1, 2, 5}})
		h := e.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(2 * time.Second) }))
		for range 3 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}
		var text strings.Builder
		recorder := httptest.NewRecorder()
		e.Metrics().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		_, _ = io.Copy(&text, recorder.Body)
		labels := `{code="200",method="GET",route="unmatched"`
		assert.Contains(t, text.String(), `http_request_duration_seconds_bucket`+labels+`,le="1"} 0`+"\n")
		assert.Contains(t, text.String(), `http_request_duration_seconds_bucket`+labels+`,le="2"} 3`+"\n")
		assert.Contains(t, text.String(), `http_request_duration_seconds_sum`+labels+"} 6\n")
	})
}

func TestAPanicIsTimedCountedAs500AndRaisedAgain(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name   string
		value  any
		before func(w http.ResponseWriter)
		kind   string
	}{
		{"before writing", boom, func(http.ResponseWriter) {}, "panic"},
		{"after 200", boom, func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }, "panic"},
		{"abort", http.ErrAbortHandler, func(http.ResponseWriter) {}, "abort"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := emit.New(emit.Options{})
			mux := http.NewServeMux()
			mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
				c.before(w)
				panic(c.value)
			})
			var raised any
			outer := func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					raised = recover()
					panic(http.ErrAbortHandler)
				}()
				e.Handler(mux).ServeHTTP(w, r)
			}
			server := serve(t, http.HandlerFunc(outer))
			_ = do(t, server, "POST", "/file", nil)
			server.Close()
			assert.Equal(t, c.value, raised)
			got := scrape(t, e, acceptText)
			assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "/file", "code", "500"))
			assert.Equal(t, -1.0, got.counter("http_requests_total", "code", "200"))
			assert.Equal(t, 1.0, got.counter("http_errors_total", "route", "/file", "type", c.kind))
			assert.Equal(t, 0.0, got.counter("http_errors_total", "route", "/file", "type", "5xx"))
			assert.EqualValues(t, 1, got.find("http_request_duration_seconds", "code", "500").GetHistogram().GetSampleCount())
			assert.Equal(t, 0.0, got.find("http_requests_in_flight").GetGauge().GetValue())
		})
	}
}

func TestAClientThatLeavesIsNotAServerError(t *testing.T) {
	entered := make(chan struct{})
	finished := make(chan struct{})
	e := emit.New(emit.Options{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	h := e.Handler(mux)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		close(finished)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/slow", nil)
	require.NoError(t, err)
	var client sync.WaitGroup
	client.Go(func() {
		response, err := server.Client().Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
	})
	<-entered
	assert.Equal(t, 1.0, scrape(t, e, acceptText).find("http_requests_in_flight").GetGauge().GetValue())
	cancel()
	<-finished
	client.Wait()
	got := scrape(t, e, acceptText)
	assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "/slow", "code", "499"))
	assert.Equal(t, 1.0, got.counter("http_errors_total", "route", "/slow", "type", "canceled"))
	assert.Equal(t, 0.0, got.counter("http_errors_total", "route", "/slow", "type", "4xx"))
}

func TestRoutesBehindWrappersThatCopyTheRequest(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /forms/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/chi", func(_ http.ResponseWriter, r *http.Request) { emit.SetRoute(r.Context(), "/v1/{anything}") })
	e := emit.New(emit.Options{})
	server := serve(t, e.Handler(http.TimeoutHandler(emit.Routes(mux), time.Minute, "late")))
	do(t, server, "GET", "/forms/7", nil)
	got := scrape(t, e, acceptText)
	assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "/forms/{id}", "code", "200"))

	other := emit.New(emit.Options{})
	direct := serve(t, other.Handler(mux))
	do(t, direct, "GET", "/chi", nil)
	assert.Equal(t, 1.0, scrape(t, other, acceptText).counter("http_requests_total", "route", "/v1/{anything}", "code", "200"))
	emit.SetRoute(t.Context(), "/outside") // does nothing
}

func TestUntracedRequestsAreCountedAndLeftAlone(t *testing.T) {
	var seen *http.Request
	mux := http.NewServeMux()
	mux.HandleFunc("POST /forms/{id}", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, traced := emit.TraceFrom(r.Context())
		assert.False(t, traced)
		seen = r
	})
	e := emit.New(emit.Options{Untraced: true})
	mux.Handle("GET /metrics", e.Metrics())
	h := e.Handler(mux)
	known := httptest.NewRequest("POST", "/forms/1", strings.NewReader("four"))
	h.ServeHTTP(httptest.NewRecorder(), known)
	assert.Same(t, known, seen)
	chunked := httptest.NewRequest("POST", "/forms/1", io.NopCloser(strings.NewReader("chunks")))
	body := chunked.Body
	h.ServeHTTP(httptest.NewRecorder(), chunked)
	assert.Equal(t, body, chunked.Body)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
	e.Handler(http.TimeoutHandler(http.NotFoundHandler(), time.Minute, "late")).ServeHTTP(
		httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))

	got := scrape(t, e, acceptProtobuf)
	assert.Equal(t, 2.0, got.counter("http_requests_total", "route", "/forms/{id}", "code", "200"))
	assert.Equal(t, 10.0, got.find("http_request_size_bytes", "route", "/forms/{id}").GetHistogram().GetSampleSum())
	assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "unmatched", "code", "404"))
	assert.Equal(t, -1.0, got.counter("http_requests_total", "route", "/metrics"))
	assert.Equal(t, 0.0, got.find("http_requests_in_flight").GetGauge().GetValue())
	assert.Empty(t, got.find("http_request_duration_seconds").GetHistogram().GetExemplars())
}

func TestCombinationsAreBounded(t *testing.T) {
	e := emit.New(emit.Options{MaxCombinations: 10})
	h := e.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		emit.SetRoute(r.Context(), r.URL.Path) // the mistake that the bound is for
	}))
	const requests = 1000
	for i := range requests {
		path := "/forms/" + strings.Repeat("x", i)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/%ff", nil)) // not UTF-8 once decoded
	got := scrape(t, e, acceptText)
	routes := got.values("http_requests_total", "route")
	assert.LessOrEqual(t, len(routes), 6)
	assert.True(t, routes["other"])
	total := 0.0
	for _, m := range got["http_requests_total"].GetMetric() {
		total += m.GetCounter().GetValue()
	}
	assert.Equal(t, float64(requests+1), total, "nothing is lost")
	other := got.counter("http_requests_total", "route", "other", "code", "200")
	assert.Equal(t, other, got.counter("emit_requests_overflow_total"))
}

func TestARedirectedConnectDoesNotBringItsPathIn(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/tree/{id}/", func(http.ResponseWriter, *http.Request) {})
	e := emit.New(emit.Options{})
	r := httptest.NewRequest("GET", "/tree/17", nil)
	r.Method = http.MethodConnect
	e.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	got := scrape(t, e, acceptText)
	assert.Equal(t, 1.0, got.counter("http_requests_total", "method", "CONNECT", "route", "unmatched", "code", "307"))
}

func TestTwoPatternsOfOneRouteAreOneSeries(t *testing.T) {
	e := emit.New(emit.Options{})
	h := e.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		emit.SetRoute(r.Context(), r.Header.Get("Pattern"))
	}))
	for _, pattern := range []string{"GET /a", "/a", "GET\t/a", "", "unmatched"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Pattern", pattern)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := scrape(t, e, acceptText)
	assert.Equal(t, 3.0, got.counter("http_requests_total", "route", "/a", "code", "200"))
	assert.Equal(t, 2.0, got.counter("http_requests_total", "route", "unmatched", "code", "200"))
}

func TestConcurrentRequestsAreAllCounted(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/a/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	e := emit.New(emit.Options{})
	server := serve(t, e.Handler(mux))
	const clients, each = 8, 50
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				assert.Equal(t, 200, do(t, server, "GET", "/a/1", nil))
			}
		})
	}
	for range 5 {
		m := scrape(t, e, acceptProtobuf).find("http_request_duration_seconds", "route", "/a/{id}")
		if m != nil {
			h := m.GetHistogram()
			assert.EqualValues(t, h.GetSampleCount(), nativeTotal(h), "a scrape under load is consistent")
		}
	}
	all.Wait()
	assert.Equal(t, float64(clients*each), scrape(t, e, acceptText).counter("http_requests_total", "route", "/a/{id}", "code", "200"))
}

func TestOptionsAreRefusedWithAReason(t *testing.T) {
	for _, c := range []struct {
		options emit.Options
		want    string
	}{
		{emit.Options{Labels: map[string]string{"1st": "x"}}, `emit: label name "1st": want letters, digits and underscores, not starting with a digit or __`},
		{emit.Options{Labels: map[string]string{"__x": "x"}}, `emit: label name "__x": want letters, digits and underscores, not starting with a digit or __`},
		{emit.Options{Labels: map[string]string{"route": "x"}}, `emit: label name "route" is set by emit itself: choose another`},
		{emit.Options{Labels: map[string]string{"env": "\xff"}}, `emit: label env: value "\xff" is not UTF-8`},
		{emit.Options{Version: "\xff"}, `emit: version "\xff" is not UTF-8`},
		{emit.Options{Buckets: []float64{1, 1}}, `emit: bucket 1 after 1: want rising seconds above 0 and at most 86400`},
		{emit.Options{Buckets: []float64{0}}, `emit: bucket 0 after 0: want rising seconds above 0 and at most 86400`},
		{emit.Options{Buckets: make([]float64, 101)}, `emit: 101 buckets: want at most 100`},
		{emit.Options{MaxCombinations: -1}, `emit: max combinations -1: want 0 for the default, or more`},
	} {
		assert.EqualError(t, c.options.Validate(), c.want)
		assert.Panics(t, func() { emit.New(c.options) })
	}
}
