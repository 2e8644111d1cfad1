package scrape_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

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
