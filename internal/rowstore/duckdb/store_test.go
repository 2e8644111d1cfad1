package duckdb

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

var day0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func openIn(t *testing.T, opt Options) *Store {
	t.Helper()
	if opt.Dir == "" {
		opt.Dir = t.TempDir()
	}
	if opt.FloorBytes == 0 {
		opt.FloorBytes = -1
	}
	s, err := Open(t.Context(), opt)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// keepRows writes rows whose bodies are marked, one each minute from a time on.
func keepRows(t *testing.T, s *Store, table rowstore.Table, at time.Time, n int, f func(i int, b *rowstore.Batch, r *rowstore.Row)) {
	t.Helper()
	var b rowstore.Batch
	b.Reset(table)
	for i := range n {
		r := b.Add()
		r.Time = at.Add(time.Duration(i) * time.Minute).UnixMicro()
		r.Service, r.Body = "intake", fmt.Sprintf("row %d", i)
		if f != nil {
			f(i, &b, r)
		}
	}
	require.NoError(t, s.Write(context.Background(), &b))
}

// numbersOf asks each source of a table and adds up.
func numbersOf(t *testing.T, s *Store, table rowstore.Table, what, where string) (sum float64) {
	t.Helper()
	r, err := s.reading(context.Background(), table, rowstore.Between{From: -1 << 60})
	require.NoError(t, err)
	defer r.Close()
	for _, src := range r.Sources {
		where := where
		for k, col := range src.Promoted {
			where = strings.ReplaceAll(where, "attrs['"+k+"']", col)
		}
		var v float64
		require.NoError(t, r.Conn.QueryRowContext(context.Background(), "SELECT coalesce("+what+", 0)::DOUBLE FROM "+src.Name+" WHERE "+where).Scan(&v))
		sum += v
	}
	return sum
}

func count(t *testing.T, s *Store, table rowstore.Table) int {
	t.Helper()
	return int(numbersOf(t, s, table, "count(*)", "TRUE"))
}

func TestRowsAreSealedByDayAndMerged(t *testing.T) {
	s := openIn(t, Options{MergedRows: 5000})
	for range 3 {
		keepRows(t, s, rowstore.Logs, day0.Add(22*time.Hour), 240, func(i int, b *rowstore.Batch, r *rowstore.Row) { b.Attr("k", "v") })
		keepRows(t, s, rowstore.Events, day0, 10, nil)
		require.NoError(t, s.sealAll(t.Context(), true))
	}
	st, err := s.Stat(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 720, st.Tables[0].Rows)
	require.Equal(t, 6, st.Tables[0].Files)
	require.Equal(t, 3, st.Tables[2].Files)
	require.Equal(t, day0.Add(22*time.Hour).UnixMicro(), st.Tables[0].Oldest)
	require.Empty(t, st.Notes)
	require.Equal(t, 720, count(t, s, rowstore.Logs))

	s.work.Lock()
	err = s.merge(t.Context())
	s.work.Unlock()
	require.NoError(t, err)
	st, _ = s.Stat(t.Context())
	require.Equal(t, 2, st.Tables[0].Files)
	require.Equal(t, 720, count(t, s, rowstore.Logs))
	require.EqualValues(t, 720, numbersOf(t, s, rowstore.Logs, "count(*)", "attrs['k'] = 'v'"))

	r, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{From: day0.Add(24 * time.Hour).UnixMicro()})
	require.NoError(t, err)
	require.Len(t, r.Sources, 1)
	require.True(t, r.Sources[0].Sealed() && r.Sources[0].HasKey("k") && r.Sources[0].Rows == 360)
	r.Close()
	require.Len(t, onDisk(t, s, "hot"), 1, "only the active log")
}

func onDisk(t *testing.T, s *Store, dir string) (paths []string) {
	require.NoError(t, filepath.WalkDir(s.dir(dir), func(p string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			paths = append(paths, p)
		}
		return err
	}))
	return paths
}

func TestRowsOfManyDaysShareAFile(t *testing.T) {
	s := openIn(t, Options{})
	keepRows(t, s, rowstore.Logs, day0, 100, func(i int, b *rowstore.Batch, r *rowstore.Row) {
		r.Time = time.Unix(int64(i)*86400*300, 0).UnixMicro()
	})
	keepRows(t, s, rowstore.Logs, time.Unix(-1, 0), 1, nil)
	require.NoError(t, s.sealAll(t.Context(), true))
	st, _ := s.Stat(t.Context())
	require.EqualValues(t, 101, st.Tables[0].Rows)
	require.LessOrEqual(t, st.Tables[0].Files, 3)
	require.Equal(t, 101, count(t, s, rowstore.Logs))
}

func TestAReadingKeepsWhatItSaw(t *testing.T) {
	s := openIn(t, Options{})
	keepRows(t, s, rowstore.Logs, day0, 10, nil)
	hot, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	require.NoError(t, s.sealAll(t.Context(), true))
	sealed, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	_, err = s.Expire(t.Context(), day0.Add(72*time.Hour), rowstore.Keep{Tables: map[rowstore.Table]time.Duration{rowstore.Logs: time.Hour}})
	require.NoError(t, err)
	for _, r := range []*reading{hot, sealed} {
		var n int
		require.NoError(t, r.Conn.QueryRowContext(t.Context(), "SELECT count(*) FROM "+r.Sources[0].Name).Scan(&n))
		require.Equal(t, 10, n)
	}
	require.Len(t, onDisk(t, s, "hot"), 2)
	require.Len(t, onDisk(t, s, "sealed"), 1)
	hot.Close()
	sealed.Close()
	require.Len(t, onDisk(t, s, "hot"), 1)
	require.Empty(t, onDisk(t, s, "sealed"))
	require.Equal(t, 0, count(t, s, rowstore.Logs))
}

func TestClassesHaveARetentionOfTheirOwn(t *testing.T) {
	s := openIn(t, Options{})
	for d := range 4 {
		keepRows(t, s, rowstore.Logs, day0.AddDate(0, 0, d), 10, func(i int, b *rowstore.Batch, r *rowstore.Row) {
			b.Attr("class", []string{"short", "long", "none"}[i%3])
		})
		if d != 2 {
			require.NoError(t, s.sealAll(t.Context(), true))
		}
	}
	keep := rowstore.Keep{Tables: map[rowstore.Table]time.Duration{rowstore.Logs: 2 * 24 * time.Hour}, Classes: []rowstore.Class{
		{Name: "short", Table: rowstore.Logs, Where: rowstore.Is("class", "short"), Keep: time.Hour},
		{Name: "long", Table: rowstore.Logs, Where: rowstore.Is("class", "long"), Keep: 240 * time.Hour},
		{Name: "others", Table: rowstore.Spans, Keep: time.Hour},
	}}
	for range 2 {
		_, err := s.Expire(t.Context(), day0.AddDate(0, 0, 3).Add(12*time.Hour), keep)
		require.NoError(t, err)
		require.EqualValues(t, 4, numbersOf(t, s, rowstore.Logs, "count(*)", "attrs['class'] = 'short'"), "of the last day")
		require.EqualValues(t, 12, numbersOf(t, s, rowstore.Logs, "count(*)", "attrs['class'] = 'long'"))
		require.EqualValues(t, 9, numbersOf(t, s, rowstore.Logs, "count(*)", "attrs['class'] = 'none'"), "of three days")
	}
}

func TestErasedBytesAreGone(t *testing.T) {
	s := openIn(t, Options{QueryMemory: 64 << 20})
	s.work.Lock()
	p, err := s.openShop(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.run("SET force_compression = 'uncompressed'")) // so that a search for bytes finds them
	s.work.Unlock()
	const id, name = "subject-7f3a9c5512e8", "pseudonym-of-the-person-4711"
	for table := range rowstore.Tables() {
		for range 2 {
			keepRows(t, s, rowstore.Table(table), day0, 3000, func(i int, b *rowstore.Batch, r *rowstore.Row) {
				b.Attr("k", "v")
				if i%100 == 7 {
					r.User = name
					r.Body = "something about " + id
					b.Attr("who", id)
				}
			})
			if table != 1 {
				require.NoError(t, s.sealAll(t.Context(), true))
			}
		}
	}
	require.NotEmpty(t, having(t, s.opt.Dir, id), "the search finds what is there")
	var steps []int
	out, err := s.Erase(t.Context(), rowstore.Is("user", name), func(done, of int) { steps = append(steps, of-done) })
	require.NoError(t, err)
	require.Equal(t, map[rowstore.Table]int64{0: 60, 1: 60, 2: 60}, out.Rows)
	require.Equal(t, day0.Add(7*time.Minute).UnixMicro(), out.From)
	require.Equal(t, day0.Add(2907*time.Minute).UnixMicro(), out.To)
	require.Positive(t, out.Files)
	require.Zero(t, out.Whole, "each file holds others, too")
	require.GreaterOrEqual(t, out.Bytes, int64(out.Files)*4096, "a file of DuckDB has twelve kilobytes before the first row")
	require.Zero(t, steps[len(steps)-1])
	require.Empty(t, having(t, s.opt.Dir, id))
	require.Empty(t, having(t, s.opt.Dir, name))
	for _, table := range rowstore.Tables() {
		require.Equal(t, 5940, count(t, s, table))
	}
	_, err = s.Erase(t.Context(), rowstore.Expr{Match: &rowstore.Match{Field: "user", Op: rowstore.Matches, Value: "("}}, nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

// having lists the files under a directory that have the bytes.
func having(t *testing.T, dir, what string) (found []string) {
	require.NoError(t, filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			b, err := os.ReadFile(p)
			require.NoError(t, err)
			if bytes.Contains(b, []byte(what)) {
				found = append(found, p)
			}
		}
		return err
	}))
	return found
}

func TestTracesAreSampledWhenTheyAreSealed(t *testing.T) {
	rules := []TailRule{{Where: rowstore.Is("service", "intake"), KeepErrors: true, SlowerThan: time.Second, Share: 0.25},
		{Where: rowstore.Is("service", "portal"), Share: 0}}
	s := openIn(t, Options{Tail: func() []TailRule { return rules }})
	rnd := rand.New(rand.NewPCG(1, 1))
	const traces = 4000
	keepRows(t, s, rowstore.Spans, day0, traces*2, func(i int, b *rowstore.Batch, r *rowstore.Row) {
		r.Time = day0.UnixMicro()
		if i%2 == 0 {
			r.Trace = rowstore.TraceIDOf(rnd.Uint64(), rnd.Uint64())
		} else {
			r.Trace = b.Rows[i-1].Trace
			r.Service = "helper" // the other span of a trace
		}
		switch n := i / 2; {
		case n < 10 && i%2 == 1:
			r.Status = rowstore.StatusError
		case n >= 10 && n < 30:
			r.Duration = 2e9
		}
	})
	keepRows(t, s, rowstore.Spans, day0, 5, func(i int, b *rowstore.Batch, r *rowstore.Row) {
		r.Trace, r.Service = rowstore.TraceIDOf(7, 7), "portal"
	})
	keepRows(t, s, rowstore.Spans, day0, 6, func(i int, b *rowstore.Batch, r *rowstore.Row) {
		r.Trace, r.Service = rowstore.TraceIDOf(8, 8), "other"
	})
	keepRows(t, s, rowstore.Spans, day0, 7, nil) // without a trace
	require.NoError(t, s.sealAll(t.Context(), true))
	require.EqualValues(t, 20, numbersOf(t, s, rowstore.Spans, "sum(weight)", "trace_lo > 9 AND status = 2 OR trace_lo > 9 AND weight = 1 AND duration = 0 AND service = 'helper'")+10, "10 helpers that failed, and no other with weight 1")
	require.EqualValues(t, 40, numbersOf(t, s, rowstore.Spans, "sum(weight)", "duration > 1000000000"))
	require.InDelta(t, traces*2, numbersOf(t, s, rowstore.Spans, "sum(weight)", "trace_lo > 9"), traces*2*0.1)
	require.InDelta(t, traces*2/4, numbersOf(t, s, rowstore.Spans, "count(*)", "trace_lo > 9 AND weight = 4"), traces*2/4*0.1)
	require.EqualValues(t, 0, numbersOf(t, s, rowstore.Spans, "count(*)", "service = 'portal'"))
	require.EqualValues(t, 6, numbersOf(t, s, rowstore.Spans, "count(*)", "service = 'other'"))
	require.EqualValues(t, 7, numbersOf(t, s, rowstore.Spans, "count(*)", "trace_lo = 0"))
}

func TestADayIsExportedAsParquet(t *testing.T) {
	s := openIn(t, Options{})
	keepRows(t, s, rowstore.Logs, day0.Add(23*time.Hour), 120, func(i int, b *rowstore.Batch, r *rowstore.Row) { b.Attr("k", fmt.Sprint(i%2)) })
	require.NoError(t, s.sealAll(t.Context(), true))
	keepRows(t, s, rowstore.Logs, day0.Add(23*time.Hour), 120, func(i int, b *rowstore.Batch, r *rowstore.Row) { b.Attr("k", fmt.Sprint(i%2)) })
	for match, want := range map[string]int64{"": 120, "1": 60, "x": 0} {
		e := rowstore.Everything
		if match != "" {
			e = rowstore.Is("k", match)
		}
		var out bytes.Buffer
		n, err := s.Export(t.Context(), rowstore.Logs, day0.Add(5*time.Hour), e, &out)
		require.NoError(t, err)
		require.Equal(t, want, n)
		path := filepath.Join(t.TempDir(), "x.parquet")
		require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
		var got int64
		var codec string
		require.NoError(t, s.query.sql.QueryRow("SELECT count(*), coalesce(any_value(attrs['k']), '') FROM read_parquet("+quote(path)+")").Scan(&got, &codec))
		require.Equal(t, want, got)
		if want > 0 {
			require.NoError(t, s.query.sql.QueryRow("SELECT any_value(compression) FROM parquet_metadata("+quote(path)+")").Scan(&codec))
			require.Equal(t, "ZSTD", codec)
		}
	}
	require.Empty(t, having(t, s.dir("temp"), "PAR1"), "no export is left behind")
}

func TestManyWritersAtOnce(t *testing.T) {
	s := openIn(t, Options{SegmentRows: 2000, MaxSegments: 1000})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 40 {
				keepRows(t, s, rowstore.Table(w%3), day0, 50, func(_ int, b *rowstore.Batch, r *rowstore.Row) { r.Service = strings.Repeat("s", i) })
			}
		})
	}
	all.Wait()
	got := count(t, s, rowstore.Logs) + count(t, s, rowstore.Spans) + count(t, s, rowstore.Events)
	require.Equal(t, 8*40*50, got)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, s.sealAll(t.Context(), true))
	require.Equal(t, 8*40*50, count(t, s, rowstore.Logs)+count(t, s, rowstore.Spans)+count(t, s, rowstore.Events))
}

func TestAFileOfAnOlderVersionIsReadByName(t *testing.T) {
	s := openIn(t, Options{})
	keepRows(t, s, rowstore.Logs, day0, 3, nil)
	require.NoError(t, s.sealAll(t.Context(), true))
	require.Equal(t, 3, count(t, s, rowstore.Logs)) // attaches the file
	f := s.filesNow()[0]
	added := []addedColumn{{1, "body", "''"}, {2, "region", "''"}, {3, "score", "7"}}
	var n, scores int
	require.NoError(t, s.query.sql.QueryRow("SELECT count(*), sum(score) FROM "+f.behindFrom(added)+" WHERE region = '' AND body LIKE 'row%'").Scan(&n, &scores))
	require.Equal(t, []int{3, 21}, []int{n, scores})
	newer := f.sealedFile
	newer.Schema = 3
	require.Equal(t, fmt.Sprintf("f%d.rows", f.ID), newer.behindFrom(added))
}

func TestErasedBytesAreGoneFromTemporaryFiles(t *testing.T) {
	s := openIn(t, Options{QueryMemory: 48 << 20}) // too little for the hot rows
	const id = "subject-7f3a9c5512e8"
	for range 20 {
		keepRows(t, s, rowstore.Logs, day0, 4000, func(i int, b *rowstore.Batch, r *rowstore.Row) {
			if r.Body = strings.Repeat("x", 400); i%50 == 0 {
				r.User, r.Body = "person", strings.Repeat("x", 300)+id
			}
		})
	}
	r, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	var n int
	require.NoError(t, r.Conn.QueryRowContext(t.Context(), "SELECT count(*) FROM (SELECT body, row_number() OVER (ORDER BY body DESC) AS k FROM "+r.Sources[0].Name+") WHERE k > 3").Scan(&n))
	require.Equal(t, 79_997, n)
	r.Close()
	require.NotEmpty(t, having(t, s.dir("temp"), id), "hot rows went to temporary files")
	_, err = s.Erase(t.Context(), rowstore.Is("user", "person"), nil)
	require.NoError(t, err)
	require.Empty(t, having(t, s.opt.Dir, id))
	require.Equal(t, 78_400, count(t, s, rowstore.Logs))
}

func TestRowsAreSortedInRanges(t *testing.T) {
	s := openIn(t, Options{MergedRows: 1000})
	for range 2 {
		var b rowstore.Batch
		b.Reset(rowstore.Logs)
		for i := range 130_000 {
			r := b.Add()
			r.Time, r.Service = day0.UnixMicro()+int64(i*7919%130_000), "busy"
			if i%1000 == 0 {
				r.Service = []string{"", "a'b", "nul \x00 in it", "zz", "$1"}[i/1000%5]
			}
			if i%3 == 0 {
				r.Time = day0.UnixMicro() // many of one instant
			}
		}
		require.NoError(t, s.Write(t.Context(), &b))
		require.NoError(t, s.sealAll(t.Context(), true))
	}
	require.Equal(t, 260_000, count(t, s, rowstore.Logs))
	s.opt.MergedRows = 600_000
	s.work.Lock()
	err := s.join(t.Context(), s.filesNow())
	s.work.Unlock()
	require.NoError(t, err)
	require.Len(t, s.filesNow(), 1)
	require.Equal(t, 260_000, count(t, s, rowstore.Logs))
	require.EqualValues(t, 52, numbersOf(t, s, rowstore.Logs, "count(*)", "service = 'nul ' || chr(0) || ' in it'"))
	var back int
	require.NoError(t, s.query.sql.QueryRow("SELECT count(*) FROM (SELECT service, time, lag(service) OVER (ORDER BY rowid) AS s, lag(time) OVER (ORDER BY rowid) AS t FROM "+s.filesNow()[0].source().Name+") WHERE service < s OR service = s AND time < t").Scan(&back))
	require.Zero(t, back, "in order")
	_, err = s.Erase(t.Context(), rowstore.Is("service", "nul \x00 in it"), nil)
	require.NoError(t, err)
	require.Equal(t, 260_000-52, count(t, s, rowstore.Logs))
}

func TestSmallDaysThatAreOverShareAFile(t *testing.T) {
	s := openIn(t, Options{MergedRows: 5000, Now: func() time.Time { return day0.Add(30 * 24 * time.Hour) }})
	for d := range 20 {
		keepRows(t, s, rowstore.Logs, day0.Add(time.Duration(d)*24*time.Hour), 100, nil)
		require.NoError(t, s.sealAll(t.Context(), true))
	}
	s.work.Lock()
	err := s.merge(t.Context())
	s.work.Unlock()
	require.NoError(t, err)
	st, _ := s.Stat(t.Context())
	require.Less(t, st.Tables[0].Files, 9)
	require.Equal(t, 2000, count(t, s, rowstore.Logs))

	// Days go one by one all the same.
	_, err = s.Expire(t.Context(), day0.Add(33*24*time.Hour), rowstore.Keep{Tables: map[rowstore.Table]time.Duration{rowstore.Logs: 30 * 24 * time.Hour}})
	require.NoError(t, err)
	require.Equal(t, 1700, count(t, s, rowstore.Logs))
}
