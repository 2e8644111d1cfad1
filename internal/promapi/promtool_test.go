package promapi_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// promtool finds Prometheus' promtool: on the path, or, with SIGNALBOX_LONG=1, built from the very module that we use, in a
// module of its own with the versions that it was released with (a minute or two).
func promtool(t *testing.T) string {
	t.Helper()
	if bin, err := exec.LookPath("promtool"); err == nil {
		return bin
	}
	if os.Getenv("SIGNALBOX_LONG") == "" {
		t.Skip("no promtool on the path; with SIGNALBOX_LONG=1 it is built first")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	require.NoError(t, err)
	src := string(bytes.TrimSpace(out))
	version := filepath.Base(src)[len("prometheus@"):]
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(src, "go.mod"))
	require.NoError(t, err)
	mod = bytes.Replace(mod, []byte("module github.com/prometheus/prometheus"), []byte("module promtool.test"), 1)
	mod = append(mod, "\nrequire github.com/prometheus/prometheus "+version+"\n"...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o600))
	sum, err := os.ReadFile(filepath.Join(src, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	// The newest versions of this module are not to be had everywhere; ours is.
	exp, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/exp").Output()
	require.NoError(t, err)
	for _, args := range [][]string{
		{"mod", "edit", "-require=golang.org/x/exp@" + string(bytes.TrimSpace(exp))},
		{"build", "-mod=mod", "-tags", "remove_all_sd", "-o", "promtool", "github.com/prometheus/prometheus/cmd/promtool"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %v: %s", args, out)
	}
	return filepath.Join(dir, "promtool")
}

func TestPromtool(t *testing.T) {
	bin := promtool(t)
	h := newHouse(t)
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
		return string(out)
	}
	at := func(ts time.Time) string { return strconv.FormatInt(ts.Unix(), 10) }
	require.Contains(t, run("query", "instant", "--time="+at(h.end.Add(-time.Minute)), h.url, `http_requests_total{code="500"}`), `http_requests_total{code="500", job="efile"} => 1740`)
	require.Contains(t, run("query", "range", "--start="+at(h.start), "--end="+at(h.end), "--step=5m", h.url, "sum(http_requests_total)"), "=>")
	require.Contains(t, run("query", "series", "--match=http_requests_total", "--start="+at(h.start), "--end="+at(h.end), h.url), `{__name__="http_requests_total", code="200", job="efile"}`)
	require.Equal(t, "200\n500\n", run("query", "labels", "--start="+at(h.start), "--end="+at(h.end), h.url, "code"))
}
