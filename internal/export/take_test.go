package export_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
)

func ana(t *testing.T, table rowstore.Table, at time.Time, q string) export.Asked {
	t.Helper()
	e, err := search.Parse(q)
	require.NoError(t, err)
	return export.Asked{Table: table, Day: at, Search: q, Where: e, Who: audit.Record{Actor: audit.Actor{ID: "u1", Name: "ana@irs.example", Kind: "person"}, Source: "10.0.0.3"}}
}

func TestAPersonTakesADay(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 500, "ps_a")
	h.write(rowstore.Logs, day(20).Add(time.Hour), 30, "ps_b")
	h.write(rowstore.Logs, day(21), 7, "ps_a")
	path := filepath.Join(t.TempDir(), "logs.parquet")
	var told export.Entry
	require.NoError(t, h.Take(t.Context(), ana(t, rowstore.Logs, day(20), "service:intake"), func(e export.Entry, file io.Reader) error {
		require.Len(t, h.records("export_rows"), 1, "on record before the first byte")
		entries, err := h.Entries(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, export.Leaving, entries[0].State)
		left, err := h.Left(t.Context())
		require.NoError(t, err)
		require.Len(t, left, 1, "what is on its way counts as left")
		told = e
		f, err := os.Create(path)
		require.NoError(t, err)
		_, err = io.Copy(f, file)
		return errors.Join(err, f.Close())
	}))
	require.EqualValues(t, 530, told.Rows)
	require.Equal(t, []any{int64(530), int64(2)}, h.ask(`SELECT COUNT(*), COUNT(DISTINCT user_id) FROM read_parquet(?)`, path))
	require.Equal(t, []any{"TIMESTAMP", "MAP(VARCHAR, VARCHAR)", "POST"}, h.ask(`SELECT DISTINCT typeof(time), typeof(attrs), attrs['http.request.method'] FROM read_parquet(?)`, path))
	r := h.records("export_rows")[0]
	require.Equal(t, map[string]string{"table": "logs", "day": "2026-11-20", "search": "service:intake", "to": "ana@irs.example at 10.0.0.3"}, r.Detail)
	require.Equal(t, "ana@irs.example", r.Actor.Name)
	left, err := h.Left(t.Context())
	require.NoError(t, err)
	require.Equal(t, []export.Left{{Name: "logs of 2026-11-20, export 1", At: noon.UnixMilli(), To: "ana@irs.example at 10.0.0.3", Rows: 530}}, left)
	spool, err := os.ReadDir(filepath.Join(h.dir, "export"))
	require.NoError(t, err)
	require.Empty(t, spool)
}

func TestAConnectionThatBreaksIsRemembered(t *testing.T) {
	h := build(t)
	h.write(rowstore.Events, day(20), 5, "ps_a")
	gone := errors.New("gone")
	require.ErrorIs(t, h.Take(t.Context(), ana(t, rowstore.Events, day(20), ""), func(export.Entry, io.Reader) error { return gone }), gone)
	entries, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, export.Cut, entries[0].State)
	left, err := h.Left(t.Context())
	require.NoError(t, err)
	require.Equal(t, "events of 2026-11-20, export 1, broken off", left[0].Name)
}

// full is a store on a disk that is full.
type full struct{ export.Rows }

func (full) Export(context.Context, rowstore.Table, time.Time, rowstore.Expr, io.Writer) (int64, error) {
	return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
}

func TestAnExportThatFailsLeavesNothingAndSaysWhy(t *testing.T) {
	h := build(t)
	h.open(full{h.rows})
	err := h.Take(t.Context(), ana(t, rowstore.Logs, day(20), ""), func(export.Entry, io.Reader) error {
		t.Error("nothing may be sent")
		return nil
	})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "there is no room in")
	rs := h.records("export_rows")
	require.Len(t, rs, 2)
	require.Equal(t, audit.Failed, rs[0].Outcome)
	left, err := h.Left(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestOnlySoManyAreMadeAtOnce(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 1, "ps_a")
	ask := ana(t, rowstore.Logs, day(20), "")
	err := h.Take(t.Context(), ask, func(export.Entry, io.Reader) error {
		return h.Take(t.Context(), ask, func(export.Entry, io.Reader) error {
			return h.Take(t.Context(), ask, func(export.Entry, io.Reader) error { return nil })
		})
	})
	require.Equal(t, fault.Limited, fault.KindOf(err))
}
