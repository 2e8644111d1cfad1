package scrape_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

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
