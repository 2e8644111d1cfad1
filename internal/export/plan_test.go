package export_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func (h *house) manifest(t rowstore.Table, day string) (m export.Manifest) {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.to, t.String(), "day="+day, "_manifest.json"))
	require.NoError(h.t, err)
	require.NoError(h.t, json.Unmarshal(text, &m))
	return m
}

func (h *house) all(t rowstore.Table) string {
	return filepath.Join(h.to, t.String(), "day=*", "*.parquet")
}

const byDay = `SELECT CAST(day AS VARCHAR), COUNT(*) FROM read_parquet(?, hive_partitioning = true) GROUP BY 1 ORDER BY 1`

func TestDaysThatAreOverGoToTheFolderOnce(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(18), 100, "ps_a")
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	h.write(rowstore.Spans, day(20), 3, "ps_a")
	h.write(rowstore.Logs, day(21), 9, "ps_a") // not over
	s := h.run(h.plan(rowstore.Logs, rowstore.Spans, rowstore.Events))
	require.Empty(t, s.LastError)
	require.Equal(t, time.Date(2026, 11, 21, 12, 15, 0, 0, time.UTC).UnixMilli(), s.NextAt)
	require.Equal(t, []any{"2026-11-18", int64(100), "2026-11-20", int64(20)}, h.ask(byDay, h.all(rowstore.Logs)))
	require.Equal(t, []any{"2026-11-20", int64(3)}, h.ask(byDay, h.all(rowstore.Spans)))
	require.Empty(t, h.parts(rowstore.Events), "no folder for days without rows")
	m := h.manifest(rowstore.Logs, "2026-11-18")
	require.EqualValues(t, 100, m.Rows)
	require.Len(t, h.records("export_rows"), 3)

	// Neither the next beat nor a restart writes a day again.
	before := h.parts(rowstore.Logs)
	h.run(h.plan(rowstore.Logs, rowstore.Spans, rowstore.Events))
	h.open(h.rows)
	h.run(h.plan(rowstore.Logs, rowstore.Spans, rowstore.Events))
	require.Equal(t, before, h.parts(rowstore.Logs))
	require.Len(t, h.records("export_rows"), 3)

	// After midnight the day waits for late rows, and then goes.
	h.now.Store(day(22).Add(14 * time.Minute).UnixMilli())
	s = h.run(h.plan(rowstore.Logs))
	require.Len(t, h.parts(rowstore.Logs), 2)
	require.Equal(t, day(22).Add(15*time.Minute).UnixMilli(), s.NextAt)
	h.now.Store(day(22).Add(15 * time.Minute).UnixMilli())
	h.run(h.plan(rowstore.Logs))
	require.Len(t, h.parts(rowstore.Logs), 3)
}

func TestADayThatGetsLateRowsIsWrittenAgain(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	h.run(h.plan(rowstore.Logs))
	old := h.parts(rowstore.Logs)
	h.write(rowstore.Logs, day(20).Add(time.Hour), 5, "ps_b")
	h.run(h.plan(rowstore.Logs))
	parts := h.parts(rowstore.Logs)
	require.Len(t, parts, 1, "the old part is gone")
	require.NotEqual(t, old, parts, "under a new name")
	require.Equal(t, []any{"2026-11-20", int64(25)}, h.ask(byDay, h.all(rowstore.Logs)))
	require.Equal(t, filepath.Base(parts[0]), h.manifest(rowstore.Logs, "2026-11-20").File)
	left, err := h.Left(t.Context())
	require.NoError(t, err)
	require.Equal(t, []export.Left{{Name: "logs of 1 days from 2026-11-20 to 2026-11-20, by schedule", At: noon.UnixMilli(), To: h.to, Rows: 45}}, left, "the old part left, too")
}

func TestAnErasureReachesTheFolder(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(19), 4, "ps_b")
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	h.write(rowstore.Logs, day(20).Add(time.Hour), 5, "ps_b")
	h.run(h.plan(rowstore.Logs))
	_, err := h.rows.Erase(t.Context(), rowstore.Is("user", "ps_b"), func(int, int) {})
	require.NoError(t, err)
	h.run(h.plan(rowstore.Logs))
	require.Equal(t, []any{"2026-11-19", int64(4), "2026-11-20", int64(25)}, h.ask(byDay, h.all(rowstore.Logs)), "fewer rows alone may be retention")
	require.NoError(t, h.Recheck(t.Context()))
	h.run(h.plan(rowstore.Logs))
	require.Equal(t, []any{"2026-11-20", int64(20)}, h.ask(byDay, h.all(rowstore.Logs)))
	require.EqualValues(t, 0, h.manifest(rowstore.Logs, "2026-11-19").Rows)

	// What retention has begun to take stays in the folder as it was.
	h.kept = 24 * time.Hour
	_, err = h.rows.Erase(t.Context(), rowstore.Is("user", "ps_a"), func(int, int) {})
	require.NoError(t, err)
	require.NoError(t, h.Recheck(t.Context()))
	h.run(h.plan(rowstore.Logs))
	require.Equal(t, []any{"2026-11-20", int64(20)}, h.ask(byDay, h.all(rowstore.Logs)))
}

func TestAFolderThatCannotBeWrittenIsSaidAndTriedAgain(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	p := h.plan(rowstore.Logs)
	p.Dir = filepath.Join(h.to, "mount")
	s := h.run(p)
	require.Contains(t, s.LastError, "the folder "+p.Dir+" of export.parquet.dir does not exist")
	require.Equal(t, noon.Add(time.Minute).UnixMilli(), s.NextAt)
	require.Equal(t, 1, s.Due)
	entries, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, export.Failed, entries[0].State)
	left, err := h.Left(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, os.Mkdir(p.Dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "logs"), nil, 0o644)) // in the way of a folder; root may write anywhere
	s = h.run(p)
	require.Contains(t, s.LastError, p.Dir)
	require.NoError(t, os.Remove(filepath.Join(p.Dir, "logs")))
	s = h.run(p)
	require.Empty(t, s.LastError)
	require.Zero(t, s.Due)
	entries, err = h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1, "one line for a day, however often it failed")
	require.EqualValues(t, 20, entries[0].Rows)
	h.open(full{h.rows})
	h.write(rowstore.Logs, day(20).Add(time.Hour), 1, "ps_a")
	s = h.run(p)
	require.Contains(t, s.LastError, "there is no room in "+p.Dir)
	parts, err := filepath.Glob(filepath.Join(p.Dir, "logs", "*", "*"))
	require.NoError(t, err)
	require.Len(t, parts, 2, "the old part and its manifest stand, and nothing else")
}

// crash is a store in which the process dies while a part is written: what follows is never reached.
type crash struct {
	export.Rows
	die context.CancelFunc
}

func (c crash) Export(ctx context.Context, _ rowstore.Table, _ time.Time, _ rowstore.Expr, w io.Writer) (int64, error) {
	_, _ = w.Write([]byte("PAR1 half"))
	c.die()
	<-ctx.Done()
	return 0, ctx.Err()
}

// killed puts the book back to where a crash would have left it.
func (h *house) killed(id int64) {
	h.t.Helper()
	require.NoError(h.t, h.db.Tx(h.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE export_entry SET state = 'running', stored = 0, bytes = 0, sha256 = '', failure = '', ended_at = 0 WHERE id = ?`, id)
		return err
	}))
}

func TestACrashBetweenAnyTwoSteps(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	p := h.plan(rowstore.Logs)
	dir := filepath.Join(h.to, "logs", "day=2026-11-20")
	// While the part is written, and before the rename: a file that no reader takes.
	require.NoError(t, os.MkdirAll(dir, 0o755))
	ctx, die := context.WithCancel(t.Context())
	h.open(crash{h.rows, die})
	h.Apply(p)
	require.NoError(t, h.Run(ctx))
	h.killed(1)
	name := filepath.Join(dir, ".part-20261121T120000Z-1.parquet.tmp")
	require.NoError(t, os.WriteFile(name, []byte("PAR1 half"), 0o644))
	h.open(h.rows)
	require.Empty(t, h.parts(rowstore.Logs), "swept when the room opens")
	h.run(p)
	require.Equal(t, []any{"2026-11-20", int64(20)}, h.ask(byDay, h.all(rowstore.Logs)))

	// After the rename and before the manifest: the new part is removed and the old one stays in force until the day is written.
	first := h.manifest(rowstore.Logs, "2026-11-20")
	h.write(rowstore.Logs, day(20).Add(time.Hour), 5, "ps_a")
	old, err := os.ReadFile(filepath.Join(dir, first.File))
	require.NoError(t, err)
	h.run(p)
	second := h.manifest(rowstore.Logs, "2026-11-20")
	require.EqualValues(t, 25, second.Rows)
	back := func() {
		require.NoError(t, os.WriteFile(filepath.Join(dir, first.File), old, 0o644))
		require.NoError(t, h.db.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE export_entry SET state = 'done' WHERE id = ?`, first.Export)
			return err
		}))
		h.killed(second.Export)
	}
	back()
	text, err := os.ReadFile(filepath.Join(dir, "_manifest.json"))
	require.NoError(t, err)
	was, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_manifest.json"), was, 0o644))
	kept, err := os.ReadFile(filepath.Join(dir, second.File))
	require.NoError(t, err)
	h.open(h.rows)
	require.Equal(t, []any{"2026-11-20", int64(20)}, h.ask(byDay, h.all(rowstore.Logs)))

	// After the manifest and before the book: the new part is taken over and the old one removed.
	back()
	require.NoError(t, os.WriteFile(filepath.Join(dir, second.File), kept, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_manifest.json"), text, 0o644))
	h.open(h.rows)
	h.run(p)
	require.Equal(t, []string{"day=2026-11-20/" + second.File}, h.parts(rowstore.Logs))
	entries, err := h.Entries(t.Context(), 0, 1)
	require.NoError(t, err)
	require.Equal(t, export.Done, entries[0].State)
	require.EqualValues(t, 25, entries[0].Rows)
}

func TestSomebodyWantsDaysNow(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(19), 1, "ps_a")
	h.write(rowstore.Logs, day(20), 2, "ps_a")
	p := h.plan(rowstore.Logs)
	who := audit.Record{Actor: audit.Actor{ID: "u1", Name: "ana@irs.example"}}
	require.Equal(t, fault.NotFound, fault.KindOf(h.Ask(t.Context(), export.Range{From: day(19), To: day(20)}, who)))
	h.run(p)
	before := h.parts(rowstore.Logs)
	require.ErrorContains(t, h.Ask(t.Context(), export.Range{From: day(19), To: day(21)}, who), "the day is not over")
	require.ErrorContains(t, h.Ask(t.Context(), export.Range{Tables: []rowstore.Table{rowstore.Spans}, From: day(19), To: day(20)}, who), "spans is not among")
	h.now.Add(1000)
	require.NoError(t, h.Ask(t.Context(), export.Range{From: day(20), To: day(20)}, who))
	h.run(p)
	require.Equal(t, before, h.parts(rowstore.Logs), "nothing changed")
	h.now.Add(1000)
	require.NoError(t, h.Ask(t.Context(), export.Range{From: day(20), To: day(20), Again: true}, who))
	h.open(h.rows) // the wish survives
	h.now.Add(1000)
	h.run(p)
	after := h.parts(rowstore.Logs)
	require.Equal(t, before[0], after[0])
	require.NotEqual(t, before[1], after[1])
	h.run(p)
	require.Equal(t, after, h.parts(rowstore.Logs), "once")
	rs := h.records("export_days")
	require.Len(t, rs, 2)
	require.Equal(t, map[string]string{"tables": "logs", "to": h.to, "again": "true"}, rs[0].Detail)
}

func TestAnotherBooksPartIsReplacedNotDoubled(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	h.run(h.plan(rowstore.Logs))
	again := build(t)
	again.to = h.to
	again.now.Store(noon.Add(time.Hour).UnixMilli())
	again.write(rowstore.Logs, day(20), 21, "ps_a")
	again.run(again.plan(rowstore.Logs))
	require.Equal(t, []any{"2026-11-20", int64(21)}, again.ask(byDay, again.all(rowstore.Logs)))
}

func TestTheBookForgetsWhatIsOldAndGone(t *testing.T) {
	h := build(t)
	h.write(rowstore.Logs, day(20), 20, "ps_a")
	require.NoError(t, h.Take(t.Context(), ana(t, rowstore.Logs, day(20), ""), func(export.Entry, io.Reader) error { return nil }))
	p := h.plan(rowstore.Logs)
	p.Keep = 30 * 24 * time.Hour
	h.run(p)
	h.now.Add((31 * 24 * time.Hour).Milliseconds())
	h.run(p)
	entries, err := h.Entries(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1, "what stands in the folder is not forgotten")
	require.Equal(t, export.KindSchedule, entries[0].Kind)
}
