package scrape_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

// house is a running manager over a real store.
type house struct {
	t     *testing.T
	store *teststorage.TestStorage
	m     *scrape.Manager
}

const fast = "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n"

func start(t *testing.T, doc string, jsonString ...string) *house {
	t.Helper()
	h := &house{t: t, store: teststorage.New(t, func(o *tsdb.Options) {
		o.EnableSTStorage, o.FloatChunkEncoding = true, chunkenc.EncXOR2
	})}
	var err error
	h.m, err = scrape.New(scrape.Options{Appendable: h.store, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h.apply(doc, jsonString...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return h
}

func (h *house) apply(doc string, jsonString ...string) {
	h.t.Helper()
	cfg, err := scrape.ParseConfig([]byte(doc), h.t.TempDir())
	require.NoError(h.t, err)
	require.NoError(h.t, h.m.ApplyConfig(cfg, jsonString...))
}

// source waits until the job's only target satisfies ok and returns its state.
func (h *house) source(job string, ok func(scrape.TargetState) bool) scrape.TargetState {
	h.t.Helper()
	var last scrape.TargetState
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; time.Now().Before(deadline); <-tick.C {
		for _, s := range h.m.Sources() {
			if s.Job == job {
				if last = s; ok(s) {
					return s
				}
			}
		}
	}
	h.t.Fatalf("job %s did not get there: %+v", job, last)
	return last
}

// health waits for a state; an answer counts once its samples are committed.
func health(want string) func(scrape.TargetState) bool {
	return func(s scrape.TargetState) bool { return s.Health == want && (want != "up" || s.Series > 0) }
}

// series returns the samples of a selector by label set.
func (h *house) series(matchers ...*labels.Matcher) map[string][]float64 {
	h.t.Helper()
	q, err := h.store.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, q.Close()) }()
	out := map[string][]float64{}
	set := q.Select(h.t.Context(), true, nil, matchers...)
	for set.Next() {
		it := set.At().Iterator(nil)
		vs := []float64{}
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			switch typ {
			case chunkenc.ValFloat:
				_, v := it.At()
				vs = append(vs, v)
			case chunkenc.ValHistogram, chunkenc.ValFloatHistogram:
				_, fh := it.AtFloatHistogram(nil)
				vs = append(vs, fh.Count)
			}
		}
		require.NoError(h.t, it.Err())
		if len(vs) > 0 {
			out[set.At().Labels().String()] = vs
		}
	}
	require.NoError(h.t, set.Err())
	return out
}

func named(name string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, "__name__", name)
}

func target(s *httptest.Server) string { return s.Listener.Addr().String() }

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, body)
	}
}

// nobody is an address that nobody listens on and nobody can take: the near end of a connection that stays open.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr().String()
}

func TestScrapeConfigUnchanged(t *testing.T) {
	var got atomic.Value
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		got.Store(fmt.Sprintf("%s %s %s", user, pass, r.URL))
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, "http_requests_total{code=\"500\",job=\"own\"} 3\nhttp_requests_total{code=\"200\"} 30\nnoise 1\n")
	})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "targets.json"), []byte(fmt.Sprintf(`[{"targets":[%q],"labels":{"agency":"IRS"}}]`, target(srv))), 0o600))
	h := start(t, fast+fmt.Sprintf(`
  - job_name: efile
    metrics_path: /m
    params: {collect: [all]}
    basic_auth: {username: u, password: p}
    file_sd_configs: [{files: [%q]}]
    relabel_configs:
      - {source_labels: [__meta_filepath], regex: .*/(.*), target_label: file}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: noise, action: drop}
`, filepath.Join(dir, "*.json")))
	s := h.source("efile", health("up"))
	require.Equal(t, "u p /m?collect=all", got.Load())
	require.Equal(t, 3, s.Samples)
	require.Equal(t, 2, s.Series)
	require.Equal(t, 200*time.Millisecond, s.Interval)
	require.Empty(t, s.Hint)
	require.Equal(t, "http://"+target(srv)+"/m?collect=all", s.URL)
	require.Contains(t, h.series(named("http_requests_total")), labels.FromStrings("__name__", "http_requests_total", "agency", "IRS", "code", "500", "exported_job", "own", "file", "targets.json", "instance", target(srv), "job", "efile").String())
	require.Empty(t, h.series(named("noise")))
	require.Len(t, h.series(named("up")), 1)

	d, ok := h.m.IntervalOf(labels.FromStrings("job", "efile", "instance", target(srv)))
	require.True(t, ok)
	require.Equal(t, 200*time.Millisecond, d)
	d, ok = h.m.IntervalOf(labels.FromStrings("job", "efile", "instance", "other"))
	require.True(t, ok)
	require.Equal(t, 200*time.Millisecond, d)
	_, ok = h.m.IntervalOf(labels.FromStrings("job", "nobody", "instance", "other"))
	require.False(t, ok)
	_, ok = h.m.IntervalOf(labels.FromStrings("service", "x"))
	require.False(t, ok)
}

func TestHTTPDiscoveryAndReload(t *testing.T) {
	one, two := serve(t, text("a 1\n")), serve(t, text("b 1\n"))
	sd := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `[{"targets":[%q]}]`, target(one))
	})
	h := start(t, fast+fmt.Sprintf("  - {job_name: one, http_sd_configs: [{url: %q}]}\n", sd.URL))
	h.source("one", health("up"))
	h.apply(fast + fmt.Sprintf("  - {job_name: two, static_configs: [{targets: [%q]}]}\n", target(two)))
	h.source("two", health("up"))
	for _, s := range h.m.Sources() {
		require.Equal(t, "two", s.Job)
	}
	require.Equal(t, []string{"two"}, h.m.ScrapePools())
	_, err := h.m.ScrapePoolConfig("one")
	require.Error(t, err)

	// A configuration that cannot work changes nothing.
	cfg, err := scrape.ParseConfig([]byte(fast+"  - {job_name: three, basic_auth: {username: u, password_file: p}, tls_config: {ca_file: /nowhere/ca.pem}, static_configs: [{targets: [a:1]}]}\n"), "/")
	require.NoError(t, err)
	require.ErrorContains(t, h.m.ApplyConfig(cfg), `job "three": `)
	cfg, err = scrape.ParseConfig([]byte(fast+"  - {job_name: three, static_configs: [{targets: [a:1]}]}\n"), "/")
	require.NoError(t, err)
	require.ErrorContains(t, h.m.ApplyConfig(cfg, "tutorial"), `scrape_fixes.json_string: there is no job "tutorial" in scrape_configs; jobs are ["three"]`)
	require.Equal(t, []string{"two"}, h.m.ScrapePools())
}

// Exemplars, native histograms and start timestamps arrive in the store.
func TestOpenMetrics(t *testing.T) {
	born := time.Now().Add(-time.Minute).Unix()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		_, _ = fmt.Fprintf(w, "# TYPE req counter\nreq_total 7 # {trace_id=\"abc\"} 1 %d\nreq_created %d\n# EOF\n", time.Now().Unix(), born)
	})
	h := start(t, fast+fmt.Sprintf("  - {job_name: om, static_configs: [{targets: [%q]}]}\n", target(srv)))
	h.source("om", health("up"))
	require.Len(t, h.series(named("req_total")), 1)
	require.Empty(t, h.series(named("req_created")), "the creation time is a start timestamp, not a series")
	eq, err := h.store.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	ex, err := eq.Select(math.MinInt64, math.MaxInt64, []*labels.Matcher{named("req_total")})
	require.NoError(t, err)
	require.Len(t, ex, 1)
	require.Equal(t, []string{"abc"}, traceIDs(ex[0].Exemplars))

	q, err := h.store.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	set := q.Select(t.Context(), true, nil, named("req_total"))
	require.True(t, set.Next())
	it := set.At().Iterator(nil)
	require.Equal(t, chunkenc.ValFloat, it.Next())
	require.Equal(t, born*1000, it.AtST())
}

func traceIDs(es []exemplar.Exemplar) []string {
	var out []string
	for _, e := range es {
		out = append(out, e.Labels.Get("trace_id"))
	}
	return out
}

// The tutorial's service: generate_latest() returned from a JSON route.
func tutorial(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	b, _ := json.Marshal("# HELP http_errors_total 500 responses\n# TYPE http_errors_total counter\nhttp_errors_total{path=\"/a\\\"b\"} 4.0\n")
	_, _ = w.Write(b)
}

func TestJSONString(t *testing.T) {
	srv := serve(t, tutorial)
	doc := fast + fmt.Sprintf("  - {job_name: tutorial, static_configs: [{targets: [%q]}]}\n", target(srv))
	h := start(t, doc)
	s := h.source("tutorial", func(s scrape.TargetState) bool { return s.Health == "down" && strings.Contains(s.Hint, "JSON string") })
	require.Equal(t, "/metrics answers a JSON string, not text: return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST) instead", s.Hint)
	require.Empty(t, h.series(named("http_errors_total")))

	// The same with a fallback protocol: the parser trips over the quote.
	h.apply(fast + fmt.Sprintf("  - {job_name: fallback, fallback_scrape_protocol: PrometheusText0.0.4, static_configs: [{targets: [%q]}]}\n", target(srv)))
	h.source("fallback", func(s scrape.TargetState) bool { return s.Health == "down" && strings.Contains(s.Hint, "JSON string") })

	// Where the job opts in, it is decoded.
	h.apply(doc, "tutorial")
	h.source("tutorial", health("up"))
	got := h.series(named("http_errors_total"))
	require.Len(t, got, 1)
	for l, v := range got {
		require.Contains(t, l, `path="/a\"b"`)
		require.EqualValues(t, 4, v[0])
	}
}

// The decoding keeps the job's own credentials, TLS and limits, and leaves other answers and errors as they are.
func TestJSONStringRelay(t *testing.T) {
	var mode atomic.Value
	mode.Store("json")
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sesame" || r.Header.Get("X-Signalbox-Job") != "" || r.URL.Query().Get("q") != "1" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		switch mode.Load() {
		case "json":
			tutorial(w, r)
		case "text":
			text("plain_metric 1\n")(w, r)
		case "broken":
			http.Error(w, "broken", http.StatusInternalServerError)
		case "object":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"status":"ok"}`)
		case "large":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `"`+strings.Repeat(`x 1\n`, 1<<16)+`"`)
		}
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	job := func(tls string) string {
		return fast + fmt.Sprintf("  - {job_name: j, scheme: https, params: {q: ['1']}, body_size_limit: 64KB, authorization: {credentials: sesame}, %s static_configs: [{targets: [%q]}]}\n", tls, target(srv))
	}
	h := start(t, job(fmt.Sprintf("tls_config: {ca_file: %q},", ca)), "j")
	h.source("j", health("up"))
	require.Len(t, h.series(named("http_errors_total")), 1)
	mode.Store("text")
	h.source("j", func(s scrape.TargetState) bool { return s.Health == "up" && len(h.series(named("plain_metric"))) == 1 })
	for m, want := range map[string]string{"broken": "HTTP status 500", "object": "unsupported Content-Type", "large": "body size limit exceeded"} {
		mode.Store(m)
		h.source("j", func(s scrape.TargetState) bool { return s.Health == "down" && strings.Contains(s.LastError, want) })
	}
	// Inside the pipe any certificate is good; on the way out it is verified.
	mode.Store("json")
	h.apply(job(""), "j")
	h.source("j", func(s scrape.TargetState) bool {
		return s.Health == "down" && strings.Contains(s.Hint, "signed by an authority that this machine does not know")
	})
	srv.Close()
	h.source("j", func(s scrape.TargetState) bool { return strings.Contains(s.Hint, "nothing listens on") })
}

func TestHints(t *testing.T) {
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	typed := func(ct, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ct)
			_, _ = io.WriteString(w, body)
		}
	}
	closed := nobody(t)
	tlsServer := httptest.NewUnstartedServer(text("a 1\n"))
	tlsServer.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	tlsServer.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)

	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		target  string
		options string
		want    string
	}{
		{name: "html", handler: typed("text/html; charset=utf-8", "<!doctype html><html>"), want: "/metrics answers a web page, not metrics: set metrics_path in the job to where the service shows its metrics"},
		{name: "html-as-text", handler: typed("text/plain", "<!DOCTYPE html>\n<html>"), want: "/metrics answers a web page"},
		{name: "json", handler: typed("application/json", `{"up":1}`), want: "/metrics answers JSON, not the Prometheus text format"},
		{name: "s401", handler: status(401), want: "the target wants a sign-in"},
		{name: "s403", handler: status(403), want: "the target refuses these credentials (403)"},
		{name: "s404", handler: status(404), want: "there is nothing at /metrics (404): set metrics_path in the job to where the service shows its metrics"},
		{name: "s500", handler: status(500), want: "the target itself fails at /metrics (500 Internal Server Error)"},
		{name: "s429", handler: status(429), want: "the target answers 429 Too Many Requests instead of metrics"},
		{name: "refused", target: closed, want: "nothing listens on " + closed},
		{name: "name", target: "no-such-host..invalid:80", want: `the name "no-such-host..invalid" cannot be resolved`},
		{name: "hanging", handler: func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		}, want: "did not answer within scrape_timeout (200ms)"},
		{name: "dripping", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "#\n")
				w.(http.Flusher).Flush()
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}, want: "did not answer within scrape_timeout (200ms)"},
		{name: "authority", target: tlsServer.Listener.Addr().String(), options: "scheme: https,", want: "signed by an authority that this machine does not know: name its CA in tls_config.ca_file"},
		{name: "not-tls", handler: text("a 1\n"), options: "scheme: https,", want: "the target speaks http, not https: set scheme: http"},
		{name: "not-http", target: tlsServer.Listener.Addr().String(), want: "if it speaks https, set scheme: https"},
		{name: "body", handler: text(strings.Repeat("a 1\n", 1000)), options: "body_size_limit: 1KB,", want: "the answer is larger than body_size_limit (1KiB unpacked)"},
		{name: "samples", handler: text("a 1\nb 1\nc 1\n"), options: "sample_limit: 2,", want: "the target exposes 3 samples, more than sample_limit (2)"},
		{name: "labels", handler: text("a{b=\"c\",d=\"e\"} 1\n"), options: "label_limit: 3,", want: "too many or too long labels"},
		{name: "garbage", handler: typed("text/plain", "hello world this is no metric\n"), want: "/metrics answers text that is not in the Prometheus format"},
		{name: "binary", handler: typed("text/plain", "\xff\xfe\x01\x02\x80\x00"), want: "/metrics answers bytes that are no text"},
		{name: "untyped", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, "a 1\n")
		}, want: `let the service send "text/plain; version=0.0.4", or set fallback_scrape_protocol`},
		{name: "not-gzip", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "a 1\n this is not gzip")
		}, want: "the answer says that it is gzip and is not"},
		{name: "truncated", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "a 1\n")
		}, want: "the answer ends before its end"},
		{name: "empty", handler: text("# nothing\n"), want: "/metrics answers without a single sample"},
		{name: "duplicates", handler: text("a 1\na 2\nb 1\n"), want: "1 samples repeat a series that stands in the same answer before"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.handler != nil {
				s := httptest.NewUnstartedServer(tc.handler)
				s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
				s.Start()
				t.Cleanup(s.Close)
				tc.target = target(s)
			}
			h := start(t, fast+fmt.Sprintf("  - {job_name: j, %s static_configs: [{targets: [%q]}]}\n", tc.options, tc.target))
			s := h.source("j", func(s scrape.TargetState) bool { return strings.Contains(s.Hint, tc.want) })
			switch tc.name {
			case "duplicates":
				require.Equal(t, "up", s.Health)
				require.Equal(t, map[string]int{"repeated": 1}, s.Refused)
				return
			case "empty":
				require.Equal(t, "up", s.Health)
				return
			}
			require.Equal(t, "down", s.Health)
			require.NotEmpty(t, s.LastError)
			for _, v := range h.series(named("up")) {
				require.Zero(t, v[0])
			}
		})
	}
}

func TestSecretsStayOut(t *testing.T) {
	h := start(t, fast+"  - {job_name: j, params: {api_key: [s3cr3t], module: [http]}, static_configs: [{targets: ['127.0.0.1:1']}]}\n")
	s := h.source("j", health("down"))
	require.NotContains(t, fmt.Sprintf("%+v", s), "s3cr3t")
	require.Contains(t, s.URL, "module=http")
}

// A target with a million label sets, a bomb and a broken one: limited, counted, shown, and the good one does not notice.
func TestOthersStayUnharmed(t *testing.T) {
	million := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		var b bytes.Buffer
		for i := range 1_000_000 {
			_, _ = fmt.Fprintf(&b, "m{u=\"%d\"} 1\n", i)
			if b.Len() > 1<<16 {
				_, _ = w.Write(b.Bytes())
				b.Reset()
			}
		}
		_, _ = w.Write(b.Bytes())
	})
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	_, _ = gz.Write(bytes.Repeat([]byte("a"), 1<<20))
	require.NoError(t, gz.Close())
	bombBody := bytes.Repeat(bomb.Bytes(), 1<<10) // 1 GiB unpacked
	bomber := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bombBody)
	})
	good := serve(t, text("fine 1\n"))
	h := start(t, fmt.Sprintf(`
scrape_configs:
  - {job_name: good, scrape_interval: 1s, static_configs: [{targets: [%q]}]}
  - {job_name: million, scrape_interval: 10s, sample_limit: 50000, static_configs: [{targets: [%q]}]}
  - {job_name: bomb, scrape_interval: 5s, body_size_limit: 8MB, static_configs: [{targets: [%q]}]}
`, target(good), target(million), target(bomber)))
	s := h.source("million", func(s scrape.TargetState) bool {
		return strings.Contains(s.Hint, "the target exposes 1000000 samples, more than sample_limit (50000)")
	})
	require.Equal(t, "down", s.Health)
	require.Equal(t, 1_000_000, s.Samples)
	h.source("bomb", func(s scrape.TargetState) bool { return strings.Contains(s.Hint, "body_size_limit (8MiB unpacked)") })
	require.Empty(t, h.series(named("m")))

	// Nothing of it stays in the store, not even the names.
	require.Less(t, h.store.Head().NumSeries(), uint64(100))

	job := labels.MustNewMatcher(labels.MatchEqual, "job", "good")
	h.source("good", func(s scrape.TargetState) bool { // a machine that is busy may miss one within its second
		answered := 0.0
		for _, v := range h.series(named("up"), job) {
			for _, up := range v {
				answered += up
			}
		}
		return s.Hint == "" && answered > 3
	})
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	t.Logf("heap after all this: %d MB", ms.HeapInuse>>20)
}

// Once a target that had too many series is mended, the series that waited are all there; if it breaks again, what it leaves
// in the store is bounded by its limit, once.
func TestHeldSeriesArriveOnceMended(t *testing.T) {
	var n, round atomic.Int64
	n.Store(5000)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		var b bytes.Buffer
		for i := range n.Load() {
			if i >= 4500 {
				_, _ = fmt.Fprintf(&b, "m{u=\"%d-%d\"} 1\n", i, round.Load())
				continue
			}
			_, _ = fmt.Fprintf(&b, "m{u=\"%d\"} 1\n", i)
		}
		round.Add(1)
		_, _ = w.Write(b.Bytes())
	})
	h := start(t, fast+fmt.Sprintf("  - {job_name: j, sample_limit: 4700, static_configs: [{targets: [%q]}]}\n", target(srv)))
	h.source("j", health("down"))
	require.Less(t, h.store.Head().NumSeries(), uint64(100))
	n.Store(3000)
	h.source("j", func(s scrape.TargetState) bool { return s.Health == "up" && s.Series == 3000 })
	got := h.series(named("m"))
	require.True(t, len(got) == 3000, "%d series", len(got))
	h.source("j", func(scrape.TargetState) bool {
		for _, v := range h.series(named("m")) {
			if len(v) < 3 {
				return false
			}
		}
		return true
	})
	n.Store(9000)
	h.source("j", health("down"))
	after := round.Load()
	h.source("j", func(scrape.TargetState) bool { return round.Load() > after+3 })
	require.Less(t, h.store.Head().NumSeries(), uint64(4800))
}

func TestCounterTurnsIntoGauge(t *testing.T) {
	var typ atomic.Value
	typ.Store("counter")
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "# TYPE served counter\nserved 1\n# TYPE jobs_total %s\njobs_total 5\n", typ.Load())
	})
	clock := &atomic.Int64{}
	clock.Store(time.Now().UnixMilli())
	store := teststorage.New(t)
	m, err := scrape.New(scrape.Options{Appendable: store, Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	require.NoError(t, err)
	h := &house{t: t, store: store, m: m}
	h.apply(fast + fmt.Sprintf("  - {job_name: j, static_configs: [{targets: [%q]}]}\n", target(srv)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()

	h.source("j", func(s scrape.TargetState) bool { return s.Samples == 2 })
	typ.Store("gauge")
	const want = "a counter has changed its type: jobs_total (now a gauge); its increases cannot be trusted any more, give the new metric a new name"
	h.source("j", func(s scrape.TargetState) bool {
		clock.Add((2 * time.Minute).Milliseconds()) // the metadata is read once a minute
		return s.Hint == want
	})
	require.Len(t, h.series(named("jobs_total")), 1, "the series goes on")
	typ.Store("counter")
	h.source("j", func(s scrape.TargetState) bool {
		clock.Add((2 * time.Minute).Milliseconds())
		return s.Hint == ""
	})
}

// A scrape that is overdue is late, not up.
func TestLate(t *testing.T) {
	srv := serve(t, text("a 1\n"))
	store := teststorage.New(t)
	var ahead atomic.Int64
	m, err := scrape.New(scrape.Options{Appendable: store, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	require.NoError(t, err)
	h := &house{t: t, store: store, m: m}
	h.apply(fast + fmt.Sprintf("  - {job_name: j, static_configs: [{targets: [%q]}]}\n", target(srv)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	h.source("j", health("up"))
	ahead.Store(int64(time.Minute))
	h.source("j", health("late"))
	cancel()
	require.NoError(t, <-done)
}

func TestFirstDataSoon(t *testing.T) {
	srv := serve(t, text("a 1\n"))
	took := time.Minute
	for range 5 { // a machine that is busy may be late once, not each time
		began := time.Now()
		h := start(t, fmt.Sprintf("scrape_configs: [{job_name: j, scrape_interval: 1s, static_configs: [{targets: [%q]}]}]\n", target(srv)))
		h.source("j", health("up"))
		if took = min(took, time.Since(began)); took < 3*time.Second {
			break
		}
	}
	require.Less(t, took, 3*time.Second)
}

var _ storage.AppendableV2 = (*teststorage.TestStorage)(nil)

// Native histograms come by protobuf where the job asks for them, with their start.
func TestNativeHistograms(t *testing.T) {
	reg := prometheus.NewRegistry()
	hist := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", NativeHistogramBucketFactor: 1.1, Buckets: []float64{1, 2}})
	reg.MustRegister(hist)
	hist.Observe(0.5)
	srv := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	t.Cleanup(srv.Close)
	h := start(t, fast+fmt.Sprintf(`
  - {job_name: native, scrape_native_histograms: true, static_configs: [{targets: [%q], labels: {a: b}}]}
  - {job_name: classic, honor_labels: true, static_configs: [{targets: [%q]}]}
`, target(srv), target(srv)))
	h.source("native", health("up"))
	h.source("classic", health("up"))
	require.Len(t, h.series(named("took_seconds")), 1)
	for l, v := range h.series(named("took_seconds")) {
		require.Contains(t, l, `job="native"`)
		require.EqualValues(t, 1, v[0])
	}
	for l := range h.series(named("took_seconds_bucket")) {
		require.Contains(t, l, `job="classic"`)
	}
	require.Len(t, h.series(named("took_seconds_bucket")), 3)
}

// A foreign exporter with the configuration that Prometheus' own documentation gives for it. Runs where Debian's
// prometheus-node-exporter is installed.
func TestNodeExporter(t *testing.T) {
	bin, err := exec.LookPath("prometheus-node-exporter")
	if err != nil {
		t.Skip("prometheus-node-exporter is not installed (Debian: apt-get install prometheus-node-exporter)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, bin, "--web.listen-address="+addr)
	require.NoError(t, cmd.Start())
	defer func() {
		cancel()
		_ = cmd.Wait() // killed
	}()
	h := start(t, fmt.Sprintf("global:\n  scrape_interval: 1s\n\nscrape_configs:\n- job_name: node\n  static_configs:\n  - targets: ['%s']\n", addr))
	s := h.source("node", health("up"))
	require.Greater(t, s.Series, 100)
	require.Empty(t, s.Hint)
	require.Len(t, h.series(named("node_memory_MemTotal_bytes")), 1)
}
