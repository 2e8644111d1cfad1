package scrape_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

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
