package promapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	promrules "github.com/prometheus/prometheus/rules"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/promapi"
	"github.com/signalbox/signalbox/internal/rules"
	"github.com/signalbox/signalbox/internal/scrape"
)

// house is the API over real stores, a real scrape of a real service, and real rules.
type house struct {
	url   string
	start time.Time // the data: half an hour at 15 s
	end   time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		_, _ = io.WriteString(w, "# HELP filings Filings taken in.\n# TYPE filings counter\nfilings_total{form=\"1040\"} 7 # {trace_id=\"4bf92f\"} 1\n# EOF\n")
	}))
	t.Cleanup(service.Close)
	store := teststorage.New(t, func(o *tsdb.Options) {
		o.EnableSTStorage, o.FloatChunkEncoding = true, chunkenc.EncXOR2
	})
	h := &house{end: time.Now().Truncate(time.Second)}
	h.start = h.end.Add(-30 * time.Minute)
	app := store.Appender(t.Context())
	for ts := h.start; ts.Before(h.end); ts = ts.Add(15 * time.Second) {
		for i, code := range []string{"200", "500"} {
			_, err := app.Append(0, labels.FromStrings("__name__", "http_requests_total", "job", "efile", "code", code), ts.UnixMilli(), ts.Sub(h.start).Seconds()*float64(10-9*i))
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())

	cfg, err := scrape.ParseConfig([]byte(fmt.Sprintf(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: portal
    basic_auth: {username: u, password: hunter2}
    static_configs: [{targets: [%q]}]
  - job_name: closed
    params: {api_key: [s3cr3t+/], module: [http]}
    static_configs: [{targets: ["127.0.0.1:1"]}]
`, service.Listener.Addr().String())), "/")
	require.NoError(t, err)
	sm, err := scrape.New(scrape.Options{Appendable: store})
	require.NoError(t, err)
	require.NoError(t, sm.ApplyConfig(cfg))

	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true})
	file := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(file, []byte("groups: [{name: g, interval: 1s, rules: [{alert: Errors, expr: 'http_requests_total{code=\"500\"} > 0', labels: {severity: page}}, {record: 'job:requests:sum', expr: sum by (job) (http_requests_total)}]}]"), 0o600))
	rm := rules.New(rules.Options{Appendable: store, Queryable: store, Engine: engine})
	require.NoError(t, rm.ApplyConfig(rules.Config{Files: []string{file}}))
	g := rm.RuleGroups()[0]
	g.RestoreForState(h.end)
	g.Eval(t.Context(), h.end)
	require.Equal(t, promrules.StateFiring, rm.AlertingRules()[0].State())

	a := promapi.New(promapi.Options{
		Engine: engine, Queryable: store, Exemplars: store, Targets: sm, Rules: rm,
		Config:  func() *promconfig.Config { return cfg },
		Flags:   map[string]string{"listen": "127.0.0.1:9700"},
		Version: "0.2.0", Revision: "abc", Retention: "40d",
		Stats:       func(label string, limit int) (*tsdb.Stats, error) { return store.Head().Stats(label, limit), nil },
		Reloaded:    func() (time.Time, bool) { return h.end, true },
		ExternalURL: &url.URL{Scheme: "https", Host: "signalbox.irs.example"},
		RemoteRead:  true,
		Logger:      slog.New(slog.DiscardHandler),
	})
	h.url = mount(t, a).URL
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sm.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	require.Eventually(t, func() bool {
		n := 0
		for _, s := range sm.Sources() {
			if s.Series > 0 || s.LastError != "" {
				n++
			}
		}
		return n == 2
	}, time.Minute, 20*time.Millisecond)
	return h
}

// get asks and returns the answer's data.
func (h *house) get(t *testing.T, method, path string, form url.Values) any {
	t.Helper()
	code, a := h.ask(t, method, path, form)
	require.Equal(t, http.StatusOK, code, "%v", a)
	require.Equal(t, "success", a["status"])
	return a["data"]
}

func (h *house) ask(t *testing.T, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	var body io.Reader = http.NoBody
	target := h.url + path
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	require.NoError(t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Origin", "https://grafana.example")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"), "no page of another site may read")
	var a map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&a))
	return resp.StatusCode, a
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// What Grafana's Prometheus data source sends, in the shapes in which it sends it.
func TestGrafana(t *testing.T) {
	h := newHouse(t)
	window := func(extra ...string) url.Values {
		v := url.Values{"start": {unix(h.start)}, "end": {unix(h.end)}}
		for i := 0; i < len(extra); i += 2 {
			v.Add(extra[i], extra[i+1])
		}
		return v
	}
	t.Run("save and test", func(t *testing.T) {
		d := h.get(t, http.MethodPost, "/api/v1/query", url.Values{"query": {"1+1"}, "time": {"4"}})
		require.Equal(t, map[string]any{"resultType": "scalar", "result": []any{4.0, "2"}}, d)
	})
	t.Run("buildinfo chooses the features", func(t *testing.T) {
		d := h.get(t, http.MethodGet, "/api/v1/status/buildinfo", nil).(map[string]any)
		require.Regexp(t, `^3\.\d+\.\d+$`, d["version"])
		require.Equal(t, "0.2.0 abc", d["revision"])
	})
	t.Run("panel", func(t *testing.T) {
		d := h.get(t, http.MethodPost, "/api/v1/query_range", window("query", `sum by (code) (rate(http_requests_total{job="efile"}[1m]))`, "step", "15")).(map[string]any)
		require.Equal(t, "matrix", d["resultType"])
		result := d["result"].([]any)
		require.Len(t, result, 2)
		values := result[0].(map[string]any)["values"].([]any)
		require.Greater(t, len(values), 100)
		last := values[len(values)-1].([]any)
		require.Equal(t, "10", last[1])
	})
	t.Run("instant", func(t *testing.T) {
		d := h.get(t, http.MethodPost, "/api/v1/query", url.Values{"query": {`count(http_requests_total)`}, "time": {fmt.Sprintf("%d.123", h.end.Unix()-20)}}).(map[string]any)
		require.Equal(t, "vector", d["resultType"])
		require.Len(t, d["result"], 1)
	})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run("label names by "+method, func(t *testing.T) {
			require.Equal(t, []any{"__name__", "code", "job"}, h.get(t, method, "/api/v1/labels", window("match[]", `http_requests_total{job="efile"}`)))
		})
		t.Run("series by "+method, func(t *testing.T) {
			require.Len(t, h.get(t, method, "/api/v1/series", window("match[]", `{__name__=~"http_.+"}`, "match[]", `up{job="nobody"}`)), 2)
		})
		t.Run("exemplars by "+method, func(t *testing.T) {
			d := h.get(t, method, "/api/v1/query_exemplars", url.Values{"query": {"filings_total"}, "start": {unix(h.start)}, "end": {unix(h.end.Add(time.Minute))}}).([]any)
			require.Len(t, d, 1)
			require.Contains(t, fmt.Sprint(d), "4bf92f")
		})
	}
	t.Run("label values", func(t *testing.T) {
		require.Equal(t, []any{"200", "500"}, h.get(t, http.MethodGet, "/api/v1/label/code/values", window("match[]", "http_requests_total")))
		require.Equal(t, []any{"200"}, h.get(t, http.MethodGet, "/api/v1/label/code/values", window("limit", "1")))
		require.Contains(t, h.get(t, http.MethodGet, "/api/v1/label/__name__/values", window()), "http_requests_total")
	})
	t.Run("metadata", func(t *testing.T) {
		d := h.get(t, http.MethodGet, "/api/v1/metadata", url.Values{"limit": {"5000"}}).(map[string]any)
		require.Equal(t, []any{map[string]any{"type": "counter", "unit": "", "help": "Filings taken in."}}, d["filings"])
		require.Len(t, h.get(t, http.MethodGet, "/api/v1/metadata", url.Values{"metric": {"filings"}}), 1)
	})
	t.Run("rules and alerts", func(t *testing.T) {
		d := fmt.Sprint(h.get(t, http.MethodGet, "/api/v1/rules", nil))
		require.Contains(t, d, "job:requests:sum")
		require.Contains(t, d, "Errors")
		require.NotContains(t, fmt.Sprint(h.get(t, http.MethodGet, "/api/v1/rules", url.Values{"type": {"alert"}})), "job:requests:sum")
		alerts := h.get(t, http.MethodGet, "/api/v1/alerts", nil).(map[string]any)["alerts"].([]any)
		require.Len(t, alerts, 1)
		require.Equal(t, "firing", alerts[0].(map[string]any)["state"])
	})
	t.Run("query helpers", func(t *testing.T) {
		require.Equal(t, "sum(up)", h.get(t, http.MethodGet, "/api/v1/format_query", url.Values{"query": {"sum( up )"}}))
		d := h.get(t, http.MethodPost, "/api/v1/parse_query", url.Values{"query": {"sum(up)"}}).(map[string]any)
		require.Equal(t, "aggregation", d["type"])
	})
	t.Run("compressed", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/label/__name__/values", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
		gz, err := gzip.NewReader(resp.Body)
		require.NoError(t, err)
		b, err := io.ReadAll(gz)
		require.NoError(t, err)
		require.Contains(t, string(b), "http_requests_total")
	})
}

func TestErrorsAreThePeers(t *testing.T) {
	h := newHouse(t)
	for _, tc := range []struct {
		path string
		form url.Values
		code int
		typ  string
	}{
		{"/api/v1/query", url.Values{"query": {"sum("}}, 400, "bad_data"},
		{"/api/v1/query", url.Values{"query": {"up"}, "time": {"yesterday"}}, 400, "bad_data"},
		{"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"0"}, "end": {"11002"}, "step": {"1"}}, 400, "bad_data"},
		{"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"10"}, "end": {"1"}, "step": {"1"}}, 400, "bad_data"},
		{"/api/v1/query", url.Values{"query": {`label_replace(up, "a", "b", "c", "(")`}}, 422, "execution"},
		{"/api/v1/series", url.Values{}, 400, "bad_data"},
	} {
		code, a := h.ask(t, http.MethodPost, tc.path, tc.form)
		require.Equal(t, tc.code, code, "%s %v: %v", tc.path, tc.form, a)
		require.Equal(t, "error", a["status"])
		require.Equal(t, tc.typ, a["errorType"])
		require.NotEmpty(t, a["error"])
	}
}

func TestStatus(t *testing.T) {
	h := newHouse(t)
	require.Equal(t, map[string]any{"listen": "127.0.0.1:9700"}, h.get(t, http.MethodGet, "/api/v1/status/flags", nil))
	info := h.get(t, http.MethodGet, "/api/v1/status/runtimeinfo", nil).(map[string]any)
	require.Equal(t, true, info["reloadConfigSuccess"])
	require.Equal(t, "40d", info["storageRetention"])
	require.Greater(t, h.get(t, http.MethodGet, "/api/v1/status/tsdb", nil).(map[string]any)["headStats"].(map[string]any)["numSeries"], 3.0)
	require.ElementsMatch(t, []any{"portal", "closed"}, h.get(t, http.MethodGet, "/api/v1/scrape_pools", nil).(map[string]any)["scrapePools"])
	require.Contains(t, fmt.Sprint(h.get(t, http.MethodGet, "/api/v1/alertmanagers", nil)), "https://signalbox.irs.example/api/v2/alerts")
	require.Len(t, h.get(t, http.MethodGet, "/api/v1/targets/metadata", url.Values{"metric": {"filings"}}), 1)
}

func TestSecretsAreMasked(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api/v1/status/config", "/api/v1/targets", "/api/v1/targets?state=active", "/api/v1/scrape_pools/config?scrapePool=portal", "/api/v1/scrape_pools/config?scrapePool=closed"} {
		resp, err := http.Get(h.url + path)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.NotContains(t, string(b), "hunter2", path)
		require.NotContains(t, string(b), "s3cr3t", path)
		require.NotContains(t, string(b), url.QueryEscape("s3cr3t+/"), path)
	}
	d := h.get(t, http.MethodGet, "/api/v1/targets", nil).(map[string]any)
	active := d["activeTargets"].([]any)
	require.Len(t, active, 2)
	closed := active[0].(map[string]any)
	require.Equal(t, "closed", closed["scrapePool"])
	require.Equal(t, "http://127.0.0.1:1/metrics?api_key=%2A%2A%2A&module=http", closed["scrapeUrl"])
	require.Contains(t, closed["lastError"], "connection refused")
	require.Equal(t, "up", active[1].(map[string]any)["health"])
}

// Nothing that writes or administers is served.
func TestRoutes(t *testing.T) {
	a := promapi.New(promapi.Options{})
	seen := map[string]bool{}
	for _, r := range a.Routes() {
		key := r.Method + " " + r.Pattern
		require.False(t, seen[key], key)
		seen[key] = true
		require.NotContains(t, r.Pattern, "admin")
		require.NotContains(t, r.Pattern, "/write")
		require.NotContains(t, r.Pattern, "/read")
	}
	require.True(t, seen["POST /api/v1/query"])
	require.True(t, seen["GET /api/v1/label/{name}/values"])
}

func TestRemoteRead(t *testing.T) {
	h := newHouse(t)
	msg, err := (&prompb.ReadRequest{Queries: []*prompb.Query{{
		StartTimestampMs: h.start.UnixMilli(), EndTimestampMs: h.end.UnixMilli(),
		Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_EQ, Name: "__name__", Value: "http_requests_total"}},
	}}}).Marshal()
	require.NoError(t, err)
	resp, err := http.Post(h.url+"/api/v1/read", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, msg)))
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", b)
	b, err = snappy.Decode(nil, b)
	require.NoError(t, err)
	var got prompb.ReadResponse
	require.NoError(t, got.Unmarshal(b))
	require.Len(t, got.Results[0].Timeseries, 2)
}

// blocked is a store whose queries wait.
type blocked struct {
	storage.SampleAndChunkQueryable
	entered chan struct{}
	leave   chan struct{}
}

func (b *blocked) Querier(int64, int64) (storage.Querier, error) {
	b.entered <- struct{}{}
	<-b.leave
	return storage.NoopQuerier(), nil
}

func TestQueriesQueue(t *testing.T) {
	b := &blocked{entered: make(chan struct{}), leave: make(chan struct{})}
	a := promapi.New(promapi.Options{
		Engine:        promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{MaxSamples: 10, Timeout: time.Minute}),
		Queryable:     b,
		MaxConcurrent: 1,
	})
	var query, build http.Handler
	for _, r := range a.Routes() {
		switch r.Method + r.Pattern {
		case "GET/api/v1/query":
			query = r.Handler
		case "GET/api/v1/status/buildinfo":
			build = r.Handler
		}
	}
	first := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		query.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/query?query=up", nil))
		first <- w.Code
	}()
	<-b.entered

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	query.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/query?query=up", nil).WithContext(ctx))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.JSONEq(t, `{"status":"error","errorType":"timeout","error":"too many queries at once: the query waited for its turn until the client gave up"}`, w.Body.String())

	w = httptest.NewRecorder()
	build.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/status/buildinfo", nil))
	require.Equal(t, http.StatusOK, w.Code, "what is cheap does not wait")
	close(b.leave)
	require.Equal(t, http.StatusOK, <-first)
}

var _ promapi.Targets = (*promscrape.Manager)(nil)
