package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/statestore"
)

// auditHouse is a real log behind the endpoints that the commands ask.
type auditHouse struct {
	*audit.Log
	db   *statestore.DB
	dir  string
	url  string
	asks []string
}

func openAudit(t *testing.T) *auditHouse {
	t.Helper()
	h := &auditHouse{dir: t.TempDir()}
	var err error
	h.db, err = statestore.Open(filepath.Join(h.dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.db.Close() })
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	h.Log, err = audit.Open(t.Context(), audit.Options{DB: h.db, KeyFile: filepath.Join(h.dir, audit.KeyFile), Now: func() time.Time { now = now.Add(time.Minute); return now }})
	require.NoError(t, err)
	for i := range 70 {
		require.NoError(t, h.Write(t.Context(), audit.Record{Actor: audit.Actor{ID: "u1", Name: "Ana"}, Action: []string{"propose", "approve"}[i%2], Object: audit.Object{Kind: "KPI", Name: "efile-error-rate"},
			Outcome: []string{"done", "denied"}[i%2], Reason: "agreed\x7f\u0085 \x1b[2J", Source: "10.0.0.7"}))
	}
	_, err = h.Seal(t.Context())
	require.NoError(t, err)
	s := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

func (h *auditHouse) serve(w http.ResponseWriter, r *http.Request) {
	h.asks = append(h.asks, r.URL.String())
	answer := func(v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(v)
	}
	q := r.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(q.Get(name), 10, 64); return n }
	switch strings.TrimPrefix(r.URL.Path, "/api/signalbox/v1/audit") {
	case "":
		rs, err := h.Find(r.Context(), audit.Filter{Actor: q.Get("actor"), Action: q.Get("action"), ObjectKind: q.Get("object_kind"), ObjectName: q.Get("object_name"), Outcome: q.Get("outcome"),
			From: number("from"), To: number("to"), Before: number("before"), Limit: int(number("limit")) + 1})
		n := min(len(rs), int(number("limit")))
		answer(map[string]any{"records": rs[:n], "more": len(rs) > n}, err)
	case "/verify":
		v, err := h.Verify(r.Context(), audit.VerifyOptions{})
		answer(v, err)
	case "/key":
		k, err := h.Key(r.Context())
		pem, _ := k.PEM()
		answer(map[string]any{"fingerprint": k.Fingerprint, "public_key": pem, "keys": []audit.Key{k}}, err)
	case "/export":
		if err := h.Export(r.Context(), w, audit.Filter{Action: q.Get("action")}); err != nil {
			panic(http.ErrAbortHandler)
		}
	case "/cut/export":
		_, _ = w.Write([]byte(`{"signalbox_audit":1}` + "\n" + `{"hash":"`))
	default:
		http.NotFound(w, r)
	}
}

// do runs a command line and returns its exit code and what it printed.
func (h *auditHouse) do(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"audit"}, args...), strings.NewReader(""), &o, &e, nil)
	return code, o.String(), e.String()
}

func TestAuditListAndKey(t *testing.T) {
	h := openAudit(t)
	t.Setenv("SIGNALBOX_SERVER", h.url)
	code, out, errOut := h.do(t, "list", "--limit", "3", "--outcome", "denied", "--object", "KPI/efile-error-rate", "--actor", "Ana", "--from", "2026-11-21")
	require.Zero(t, code, errOut)
	require.Equal(t, 4, strings.Count(out, "\n"), out)
	require.Contains(t, out, "70   2026-11-21 09:11:00 UTC  Ana    approve  KPI/efile-error-rate  denied   10.0.0.7  agreed")
	require.NotContains(t, out, "\x1b")
	require.Contains(t, errOut, "older ones")

	code, out, _ = h.do(t, "--limit", "5000", "-o", "json")
	require.Zero(t, code)
	var rs []audit.Record
	require.NoError(t, json.Unmarshal([]byte(out), &rs))
	require.Len(t, rs, 70)

	code, out, errOut = h.do(t, "key")
	require.Zero(t, code, errOut)
	_, err := audit.ParsePublicKey(out)
	require.NoError(t, err)

	for _, args := range [][]string{{"list", "--limit", "0"}, {"list", "--from", "yesterday"}, {"list", "--outcome", "maybe"}, {"verify", "x", "--data", "y"}, {"verify", "--key", "nope"},
		{"verify", "--anchor", "7"}, {"verify", filepath.Join(h.dir, "none.jsonl")}, {"verify", "--key", strings.Repeat("ab", 32)}, {"nonsense"}} {
		code, _, errOut := h.do(t, args...)
		require.Equal(t, exitUsage, code, "%v: %s", args, errOut)
	}
}

func TestAuditExportAndVerify(t *testing.T) {
	h := openAudit(t)
	t.Setenv("SIGNALBOX_SERVER", h.url)
	head, err := h.Head(t.Context())
	require.NoError(t, err)
	anchor := fmt.Sprintf("%d:%s", head.Seq, head.Hash)
	key := filepath.Join(h.dir, "audit.pub")
	dir := t.TempDir()
	for _, name := range []string{"audit.jsonl", "audit.jsonl.gz"} {
		file := filepath.Join(dir, name)
		code, _, errOut := h.do(t, "export", file)
		require.Zero(t, code, errOut)
		code, out, errOut := h.do(t, "verify", file, "--key", key, "--anchor", anchor)
		require.Zero(t, code, errOut)
		require.Contains(t, out, "Every record is as it was written")
		require.Contains(t, out, "70:"+head.Hash)
		require.Contains(t, out, "given with --key")
	}
	plainFile, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
	require.NoError(t, err)
	code, out, _ := h.do(t, "export")
	require.Zero(t, code)
	require.Equal(t, strings.Count(string(plainFile), "\n"), strings.Count(out, "\n"))
	require.NotContains(t, out, "\x7f")
	code, _, _ = h.do(t, "export", filepath.Join(dir, "some.jsonl"), "--action", "approve")
	require.Zero(t, code)
	code, out, _ = h.do(t, "verify", filepath.Join(dir, "some.jsonl"))
	require.Zero(t, code)
	require.Contains(t, out, "exported with a filter")

	// One byte in the file.
	bad := bytes.Replace(plainFile, []byte(`"reason":"agreed`), []byte(`"reason":"agreeD`), 1)
	badFile := filepath.Join(dir, "bad.jsonl")
	require.NoError(t, os.WriteFile(badFile, bad, 0o600))
	code, out, _ = h.do(t, "verify", badFile)
	require.Equal(t, exitFail, code)
	require.Contains(t, out, "BROKEN: line 2, record 1, 2026-11-21T08:02:00.000Z: it is not what was written")
	code, out, _ = h.do(t, "verify", badFile, "-o", "json")
	require.Equal(t, exitFail, code)
	var r audit.Report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.EqualValues(t, 1, r.Break.Seq)

	// A connection that is cut leaves no file.
	t.Setenv("SIGNALBOX_SERVER", h.url+"/api/signalbox/v1/audit/cut/export?x=")
	cut := filepath.Join(dir, "cut.jsonl")
	code, _, errOut := h.do(t, "export", cut)
	require.Equal(t, exitFail, code, errOut)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	require.ErrorContains(t, copyExport(&bytes.Buffer{}, strings.NewReader("{\"signalbox_audit\":1}\n")), "before its end")
	require.NoError(t, copyExport(&bytes.Buffer{}, strings.NewReader(strings.Repeat("x", 1<<17)+"\n"+`{"end":{}`+strings.Repeat(" ", 1<<17)+"\n")))

	// One byte in the store, seen by the server, and from the data directory.
	t.Setenv("SIGNALBOX_SERVER", h.url)
	code, out, errOut = h.do(t, "verify", "--anchor", anchor)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "1 found")
	for _, wrong := range []string{"71:" + head.Hash, "69:" + head.Hash} {
		code, out, _ = h.do(t, "verify", "--anchor", wrong)
		require.Equal(t, exitFail, code)
		require.Contains(t, out, "BROKEN")
	}
	code, out, _ = h.do(t, "verify", "--data", h.dir, "--anchor", anchor)
	require.Zero(t, code, out)
	_, err = h.db.SQL().Exec(`PRAGMA query_only(0)`)
	require.NoError(t, err)
	_, err = h.db.SQL().Exec(`UPDATE audit_record SET body = REPLACE(body, 'agreed', 'agreeD') WHERE seq = 41`)
	require.NoError(t, err)
	for _, args := range [][]string{{"verify", "--data", h.dir}, {"verify"}} {
		code, out, _ = h.do(t, args...)
		require.Equal(t, exitFail, code)
		require.Contains(t, out, "record 41")
	}
	code, _, errOut = h.do(t, "verify", "--data", t.TempDir())
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, "no state database")
}
