package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

// TestGettingStarted follows docs/getting-started.md with the very text that stands there: the files are good, and a
// service that is instrumented as the page says comes onto the board.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/getting-started.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 5, "configuration, policy, alerting, page, a promise over events")
	house, policy := blocks[0][1]+blocks[2][1], blocks[1][1]+blocks[3][1]+"---\n"+blocks[4][1]

	dir := t.TempDir()
	write(t, dir, map[string]string{"signalbox.yaml": house, "policies/efile.yaml": policy})
	out, code := run(t, "check", "--config", filepath.Join(dir, "signalbox.yaml"))
	require.Zero(t, code, out)
	require.NotContains(t, out, "warning")

	// The same on the clock of a test: each second a scrape, each five a datapoint.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e, mux := emit.New(emit.Options{Labels: map[string]string{"agency": "IRS", "env": "prod"}}), http.NewServeMux()
	mux.HandleFunc("GET /forms/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.PathValue("id")) })
	mux.Handle("GET /metrics", e.Metrics())
	service := &http.Server{Handler: e.Handler(mux)}
	go func() { _ = service.Serve(listener) }()
	t.Cleanup(func() { _ = service.Close() })
	house = replace(t, house, "127.0.0.1:8000", listener.Addr().String())
	house = replace(t, house, "- job_name: efile", "- job_name: efile\n    scrape_interval: 1s")
	policy = replace(t, policy, "period: 1m", "period: 5s")
	write(t, dir, map[string]string{"signalbox.yaml": house, "policies/efile.yaml": policy})
	s := start(t, dir, freePort(t))
	s.until("on the board, and green", func() bool {
		for range 20 {
			resp, err := http.Get("http://" + listener.Addr().String() + "/forms/1040")
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		return s.kpi("efile-error-rate").Light == "green"
	})
}

func replace(t *testing.T, text, old, by string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.Replace(text, old, by, 1)
}
