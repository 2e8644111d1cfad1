package export_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
	"github.com/signalbox/signalbox/internal/statestore"
)

// noon is the time of the tests unless they move it.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

// house is the room with a real store of rows, a real book and a real audit log.
type house struct {
	*export.Exporter
	t     testing.TB
	dir   string
	to    string // the pipeline's folder
	db    *statestore.DB
	audit *audit.Log
	rows  *duckdb.Store
	now   atomic.Int64
	kept  time.Duration
}

func build(t testing.TB) *house {
	h := &house{t: t, dir: t.TempDir(), to: t.TempDir()}
	h.now.Store(noon.UnixMilli())
	var err error
	h.db, err = statestore.Open(filepath.Join(h.dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	h.audit, err = audit.Open(t.Context(), audit.Options{DB: h.db, Now: h.time, KeyFile: filepath.Join(h.dir, "audit.key")})
	require.NoError(t, err)
	h.rows, err = duckdb.Open(t.Context(), duckdb.Options{Dir: filepath.Join(h.dir, "rows"), Now: h.time})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.rows.Close()) })
	h.open(h.rows)
	return h
}

func (h *house) time() time.Time { return time.UnixMilli(h.now.Load()) }

// open opens the room, again where it was open: what is not written to disk is forgotten then, as in a crash.
func (h *house) open(rows export.Rows) {
	h.t.Helper()
	var err error
	h.Exporter, err = export.New(h.t.Context(), export.Options{
		DB: h.db, Audit: h.audit, Rows: rows, Spool: filepath.Join(h.dir, "export"), Now: h.time, Kept: func(rowstore.Table) time.Duration { return h.kept },
	})
	require.NoError(h.t, err)
}

// write stores n rows of a table and a day.
func (h *house) write(t rowstore.Table, at time.Time, n int, user string) {
	h.t.Helper()
	b := &rowstore.Batch{Table: t}
	for i := range n {
		r := b.Add()
		r.Time, r.Received = at.UnixMicro()+int64(i), h.time().UnixMicro()
		r.Service, r.Name, r.User, r.Body, r.Duration, r.Severity = "intake", "filing", user, "line", 1_500_000_000, 17
		b.Attr("http.request.method", "POST")
	}
	require.NoError(h.t, h.rows.Write(h.t.Context(), b))
}

// run applies a plan and runs until nothing is left to do, or the newest attempt failed.
func (h *house) run(p *export.Plan) export.Status {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	h.Apply(nil)
	h.Apply(p)
	go func() { done <- h.Run(ctx) }()
	require.Eventually(h.t, func() bool { return h.Status().NextAt != 0 }, time.Minute, 2*time.Millisecond)
	s := h.Status()
	cancel()
	require.NoError(h.t, <-done)
	return s
}

func (h *house) plan(tables ...rowstore.Table) *export.Plan {
	return &export.Plan{Dir: h.to, Tables: tables, Every: time.Hour, After: 15 * time.Minute, Keep: export.DefaultKeep}
}

// parts lists the names of the files of a table, hidden ones too.
func (h *house) parts(t rowstore.Table) []string {
	h.t.Helper()
	var out []string
	days, err := filepath.Glob(filepath.Join(h.to, t.String(), "*"))
	require.NoError(h.t, err)
	for _, d := range days {
		files, err := os.ReadDir(d)
		require.NoError(h.t, err)
		for _, f := range files {
			if f.Name() != "_manifest.json" {
				out = append(out, filepath.Join(filepath.Base(d), f.Name()))
			}
		}
	}
	return out
}

// ask asks DuckDB about Parquet files as a pipeline would.
func (h *house) ask(query string, args ...any) (out []any) {
	h.t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, db.Close()) }()
	rows, err := db.Query(query, args...)
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, rows.Close()) }()
	names, err := rows.Columns()
	require.NoError(h.t, err)
	for rows.Next() {
		line := make([]any, len(names))
		for i := range line {
			line[i] = new(any)
		}
		require.NoError(h.t, rows.Scan(line...))
		for _, v := range line {
			out = append(out, *v.(*any))
		}
	}
	require.NoError(h.t, rows.Err())
	return out
}

func (h *house) records(action string) []audit.Record {
	h.t.Helper()
	rs, err := h.audit.Find(h.t.Context(), audit.Filter{Action: action, Limit: 100})
	require.NoError(h.t, err)
	return rs
}
