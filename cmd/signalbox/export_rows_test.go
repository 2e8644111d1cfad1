package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExportRows(t *testing.T) {
	const content = "PAR1 rows PAR1"
	digest := sha256.Sum256([]byte(content))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/signalbox/v1/logs/export" || r.Header.Get("Authorization") != "Bearer ana" {
			http.Error(w, `{"detail":"no"}`, http.StatusForbidden)
			return
		}
		w.Header().Set("X-Signalbox-Rows", "2")
		w.Header().Set("X-Signalbox-SHA256", hex.EncodeToString(digest[:]))
		length := len(content)
		switch r.URL.Query().Get("q") {
		case "cut":
			length++
		case "wrong":
			w.Header().Set("X-Signalbox-SHA256", "00")
		}
		w.Header().Set("Content-Length", fmt.Sprint(length))
		fmt.Fprint(w, content)
	}))
	t.Cleanup(s.Close)
	to := filepath.Join(t.TempDir(), "logs.parquet")
	export := func(q string) (int, string) {
		code, _, errOut := policyCommand(t, "", "export", "rows", "--server", s.URL, "--token", "ana", "--table", "logs", "--day", "2026-11-20", "-q", q, to)
		return code, errOut
	}
	code, errOut := export("level:error")
	require.Zero(t, code, errOut)
	require.Contains(t, errOut, "2 rows, 14 bytes")
	got, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	require.NoError(t, os.Remove(to))
	for q, want := range map[string]string{"cut": "the file broke off after 14 of 15 bytes", "wrong": "another SHA-256"} {
		code, errOut = export(q)
		require.Equal(t, exitFail, code)
		require.Contains(t, errOut, want)
		left, err := os.ReadDir(filepath.Dir(to))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestExportListAndDays(t *testing.T) {
	s, asked := answers(t, map[string]string{
		"GET /exports?limit=50": `{"schedule":{"dir":"/mnt/pipeline","tables":["logs"],"next_at":1795262460000,"last_at":0,"due":2,"last_error":"there is no room"},
			"exports":[{"id":7,"state":"failed","table":"logs","day":"2026-11-20","rows":0,"bytes":0,"to":"/mnt/pipeline","error":"there is no room","began_at":1795262400000}],"more":false}`,
		"POST /exports": `{"dir":"/mnt/pipeline"}`,
	})
	code, out, errOut := policyCommand(t, "", "export", "list", "--server", s.URL, "--token", "ana")
	require.Zero(t, code, errOut)
	require.Contains(t, errOut, "logs go to /mnt/pipeline. All was there never, next look 2026-11-21 12:01:00 UTC, 2 days due.\nThe newest attempt failed: there is no room\n")
	require.Contains(t, out, "7       failed  logs   2026-11-20")
	code, out, errOut = policyCommand(t, "", "export", "days", "--server", s.URL, "--token", "ana", "--from", "2026-11-20", "--again")
	require.Zero(t, code, errOut)
	require.Contains(t, out, "2026-11-20 to 2026-11-20 will be written to /mnt/pipeline")
	require.Equal(t, `Bearer ana: POST /exports {"again":true,"from":"2026-11-20","to":"2026-11-20"}`, (*asked)[1])
}
