package conformance

import (
	"bytes"
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // reads what was exported
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func together(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, batches, size = 2, 20, 50
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for n := range batches {
				b := &rowstore.Batch{}
				b.Reset(rowstore.Logs)
				for range size {
					b.Add().Time = noon + int64(w*batches+n)
				}
				if err := s.Write(context.Background(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			seen := 0.0
			for {
				select {
				case <-done:
					return
				default:
				}
				g, err := s.Count(context.Background(), rowstore.Count{Table: rowstore.Logs, Between: ever})
				if err != nil {
					t.Error(err)
					return
				}
				n := 0.0
				if len(g.Rows) > 0 {
					n = g.Rows[0].Numbers[0]
				}
				if n < seen || int(n)%size != 0 {
					t.Errorf("%v rows after %v: a batch is there as a whole or not, and stays", n, seen)
				}
				seen = n
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	require.Len(t, all(t, s, rowstore.Logs, rowstore.Everything), writers*batches*size)
}

func cancelled(t *testing.T, open Open) {
	s := opened(t, open)
	write(t, s, rowstore.Logs, randomRows(rand.New(rand.NewPCG(9, 9)), 5000))
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := s.Scan(ctx, rowstore.Scan{Table: rowstore.Logs, Between: ever}, func([]rowstore.Row) error {
		calls++
		cancel()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, calls)
	_, err = s.Find(ctx, rowstore.Find{Table: rowstore.Logs, Between: ever})
	require.ErrorIs(t, err, context.Canceled)
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err = s.Count(late, rowstore.Count{Table: rowstore.Logs, Between: ever})
	require.Contains(t, []fault.Kind{fault.TooLarge, fault.Limited}, fault.KindOf(err), "%v", err)
	require.Len(t, all(t, s, rowstore.Logs, rowstore.Everything), 5000, "the store answers others")
}

func reopened(t *testing.T, open Open) {
	dir := t.TempDir()
	rows := randomRows(rand.New(rand.NewPCG(10, 10)), 600)
	s := open(t, dir)
	write(t, s, rowstore.Spans, rows[:200])
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
	}
	write(t, s, rowstore.Spans, rows[200:400])
	require.NoError(t, s.Close())
	s = open(t, dir)
	require.Equal(t, prints(rows[:400]), prints(all(t, s, rowstore.Spans, rowstore.Everything)))
	write(t, s, rowstore.Spans, rows[400:])
	require.NoError(t, s.Close())
	s = open(t, dir)
	require.Equal(t, prints(rows), prints(all(t, s, rowstore.Spans, rowstore.Everything)))
	stat, err := s.Stat(t.Context())
	require.NoError(t, err)
	require.Empty(t, stat.Notes)
	for _, ts := range stat.Tables {
		if ts.Table == rowstore.Spans {
			require.Equal(t, int64(600), ts.Rows)
		} else {
			require.Zero(t, ts.Rows)
		}
	}
	require.NoError(t, s.Close())
}

// expiry keeps logs for two days and what is of the class a week.
func expiry(t *testing.T, open Open) {
	s := opened(t, open)
	rows := func(service string, n int) (out []rowstore.Row) {
		for i := range n {
			out = append(out, rowstore.Row{Weight: 1, Time: noon + int64(i)*day, Service: service})
		}
		return out
	}
	write(t, s, rowstore.Logs, append(rows("intake", 10), rows("audited", 10)...))
	write(t, s, rowstore.Spans, rows("intake", 10))
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
	}
	now := time.UnixMicro(noon + 9*day + day/2 - 1).UTC() // the last moment of the newest row's day
	_, err := s.Expire(t.Context(), now, rowstore.Keep{
		Tables:  map[rowstore.Table]time.Duration{rowstore.Logs: 48 * time.Hour},
		Classes: []rowstore.Class{{Name: "audited", Table: rowstore.Logs, Where: rowstore.Is("service", "audited"), Keep: 7 * 24 * time.Hour}},
	})
	require.NoError(t, err)
	oldest := func(table rowstore.Table, service string) int {
		rows := all(t, s, table, rowstore.Is("service", service))
		require.NotEmpty(t, rows)
		return int((rows[0].Time - noon) / day)
	}
	// What is too old may stay until its whole day is; nothing that is young enough may go.
	require.GreaterOrEqual(t, oldest(rowstore.Logs, "intake"), 7)
	require.LessOrEqual(t, oldest(rowstore.Logs, "intake"), 8)
	require.GreaterOrEqual(t, oldest(rowstore.Logs, "audited"), 2)
	require.LessOrEqual(t, oldest(rowstore.Logs, "audited"), 3)
	require.Zero(t, oldest(rowstore.Spans, "intake"))
}

// erasure erases a person, of whom no byte may be left in the directory.
func erasure(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	const person = "pseudonym-of-somebody-5ac1f0"
	rows := randomRows(rand.New(rand.NewPCG(11, 11)), 1000)
	var kept []rowstore.Row
	for i := range rows {
		if i%100 == 7 {
			rows[i].User = person
			rows[i].Body = "seen " + person
			continue
		}
		kept = append(kept, rows[i])
	}
	write(t, s, rowstore.Events, rows[:500])
	write(t, s, rowstore.Logs, rows[:500])
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
	}
	write(t, s, rowstore.Events, rows[500:])
	write(t, s, rowstore.Logs, rows[500:])
	var steps []int
	erased, err := s.Erase(t.Context(), rowstore.Is("user", person), func(done, of int) {
		require.LessOrEqual(t, done, of)
		steps = append(steps, done)
	})
	require.NoError(t, err)
	require.True(t, slices.IsSorted(steps))
	require.Equal(t, int64(10), erased.Rows[rowstore.Events])
	require.Equal(t, int64(10), erased.Rows[rowstore.Logs])
	require.Zero(t, erased.Rows[rowstore.Spans])
	require.GreaterOrEqual(t, erased.From, int64(noon))
	require.GreaterOrEqual(t, erased.To, erased.From)
	for _, table := range []rowstore.Table{rowstore.Events, rowstore.Logs} {
		require.Equal(t, prints(kept), prints(all(t, s, table, rowstore.Everything)))
	}
	// DuckDB compresses text, so that finding nothing proves little for it: engines test their files on their own as well.
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		require.False(t, bytes.Contains(text, []byte(person)), "%s holds what was erased", path)
		return nil
	}))
	require.NoError(t, s.Close())
	s = open(t, dir)
	require.Equal(t, prints(kept), prints(all(t, s, rowstore.Events, rowstore.Everything)))
	require.NoError(t, s.Close())
}

func exports(t *testing.T, open Open) {
	s := opened(t, open)
	rows := randomRows(rand.New(rand.NewPCG(12, 12)), 1000)
	write(t, s, rowstore.Events, rows)
	of := func(r rowstore.Row, d int64) bool { return r.Time/day == noon/day+d && r.Service == "intake" }
	eachAge(t, s, func(t *testing.T) {
		for d := range int64(4) { // the last one has no rows
			var want []string
			var weight float64
			for _, r := range rows {
				if of(r, d) {
					want = append(want, r.Body+"\x00"+r.User)
					weight += float64(r.Weight)
				}
			}
			slices.Sort(want)
			file := filepath.Join(t.TempDir(), "export.parquet")
			w, err := os.Create(file)
			require.NoError(t, err)
			n, err := s.Export(t.Context(), rowstore.Events, time.UnixMicro(noon+d*day).UTC().Truncate(24*time.Hour), rowstore.Is("service", "intake"), w)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			require.Equal(t, int64(len(want)), n)
			db, err := sql.Open("duckdb", "")
			require.NoError(t, err)
			var got []string
			back, err := db.QueryContext(t.Context(), "SELECT body, user_id FROM read_parquet(?)", file)
			require.NoError(t, err)
			for back.Next() {
				var body, user string
				require.NoError(t, back.Scan(&body, &user))
				got = append(got, body+"\x00"+user)
			}
			require.NoError(t, back.Err())
			slices.Sort(got)
			require.Equal(t, want, got)
			var sum float64
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT coalesce(sum(weight), 0) FROM read_parquet(?)", file).Scan(&sum))
			require.InDelta(t, weight, sum, 1e-3)
			var codec sql.NullString
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT min(compression) FROM parquet_metadata(?)", file).Scan(&codec))
			if len(want) > 0 {
				require.Equal(t, "ZSTD", codec.String)
			}
			require.NoError(t, db.Close())
		}
	})
}
