package test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// command runs a command line against the server, with something on its standard input.
func (h *rowsHouse) command(t *testing.T, in string, args ...string) (int, string) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "SIGNALBOX_ADMIN_TOKEN="+token, "SIGNALBOX_SERVER=http://"+h.addr)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, string(out))
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestTheCommandLineReadsRows: what the pages show of rows, usage and requests of data subjects the command line shows, too.
func TestTheCommandLineReadsRows(t *testing.T) {
	h := openRows(t, "")
	now := time.Now()
	var all []map[string]any
	for i := range 6 {
		person := fmt.Sprintf("taxpayer-%d", i)
		all = append(all, map[string]any{"name": "filing_submitted", "user": person, "session": person, "business_id": fmt.Sprint("case-", i), "time": now.Add(-time.Minute).UnixMilli()})
		if i < 4 {
			all = append(all, map[string]any{"name": "filing_accepted", "user": person, "session": person, "business_id": fmt.Sprint("case-", i), "time": now.Add(-50 * time.Second).UnixMilli()})
		}
	}
	require.Equal(t, 200, post(h.addr+"/v1/events", asJSON, events(all...)).code)
	require.Equal(t, 200, post(h.http+"/v1/logs", protobuf, logs("intake", line(now, "schema validation failed"), line(now, "accepted"))).code)
	ask := func(want int, args ...string) string {
		t.Helper()
		code, out := h.command(t, "", args...)
		require.Equal(t, want, code, "%v: %s", args, out)
		return out
	}
	require.Contains(t, ask(0, "query", "--in", "logs", "validation"), "schema validation failed")
	require.NotContains(t, ask(0, "query", "--in", "logs", "validation"), "accepted")
	require.Contains(t, ask(0, "query", "--in", "events", "name:filing_accepted", "-o", "json"), `"business_id": "case-3"`)
	require.Contains(t, ask(1, "query", "--in", "logs", "level:loud"), "one of trace, debug, info, warn, error, fatal")
	actives := ask(0, "usage", "actives")
	require.Contains(t, actives, ", 7 days 6, 30 days 6 people")
	if now.Add(-time.Minute).UTC().Day() == time.Now().UTC().Day() { // not at midnight
		require.Contains(t, actives, "newest day 6")
	}
	require.Contains(t, ask(0, "usage", "sessions"), "6")
	require.Regexp(t, `2 name:filing_accepted +4 +66\.7 %`, ask(0, "usage", "funnel", "name:filing_submitted", "name:filing_accepted"))
	require.Contains(t, ask(0, "usage", "success", "--start", "name:filing_submitted", "--end", "name:filing_accepted"), "66.7 %")
	require.Contains(t, ask(0, "usage", "adoption"), "filing_accepted")
	require.Contains(t, ask(0, "usage", "retention", "--period", "day"), "COHORT")

	zipped := filepath.Join(t.TempDir(), "person.zip")
	code, out := h.command(t, "taxpayer-2\n", "privacy", "export", "--reason", "letter 7", zipped)
	require.Equal(t, 0, code, out)
	raw, err := os.ReadFile(zipped)
	require.NoError(t, err)
	files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	require.Len(t, files.File, 3)
	code, out = h.command(t, "taxpayer-2\n", "privacy", "erase", "--reason", "letter 8")
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "2 rows of events")
	require.Contains(t, ask(0, "privacy"), "letter 8")
	require.Contains(t, ask(0, "privacy", "show", "2"), "Certificate of erasure 2")
	require.NotContains(t, ask(0, "query", "--in", "events", "", "--limit", "1000"), "case-2")
	for _, text := range []string{h.log.String(), ask(0, "privacy", "-o", "json"), ask(0, "audit", "-o", "json")} {
		require.NotContains(t, text, "taxpayer-2")
	}
	require.Equal(t, 8, strings.Count(ask(0, "query", "--in", "events", "", "--limit", "1000"), "filing_"), "the others are all there")
}
