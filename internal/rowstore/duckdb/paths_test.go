package duckdb

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestPartsOfPeopleAreTheWhole compares the rows of all parts with a list of rows: each person in one part, in order of time,
// from sealed files, from hot rows and where DuckDB has to sort, the first time and again.
func TestPartsOfPeopleAreTheWhole(t *testing.T) {
	now := time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	store, err := Open(t.Context(), Options{Dir: dir, Now: func() time.Time { return now }, IndexRows: 1, MergedRows: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	r := rand.New(rand.NewPCG(3, 4))
	var all []rowstore.Row
	for part := range 4 {
		batch := rowstore.Batch{Table: rowstore.Events}
		for i := range 3000 {
			x := batch.Add()
			x.Time, x.Received = now.UnixMicro()-r.Int64N(3*86400e6), int64(part*10_000+i+1)
			x.Service, x.Name, x.Status = "portal", fmt.Sprint("n", r.IntN(300)), uint8(r.IntN(3))
			x.Route, x.Release, x.Duration = fmt.Sprint("/r", r.IntN(4)), []string{"", "1.0"}[r.IntN(2)], r.Int64N(9e9)
			x.Trace, x.Weight = rowstore.TraceIDOf(1, uint64(r.IntN(50))), float32(1+r.IntN(3))
			switch r.IntN(6) {
			case 0: // nobody
			case 1:
				x.Session = fmt.Sprint("visit-", r.IntN(40))
			default:
				x.User, x.Session = fmt.Sprintf("person-é%d", r.IntN(80)), fmt.Sprint("visit-", r.IntN(40))
			}
			x.Body = "text"
		}
		for i := range batch.Rows {
			all = append(all, batch.Rows[i].Clone())
		}
		require.NoError(t, store.Write(t.Context(), &batch))
		if part < 3 {
			require.NoError(t, store.sealAll(t.Context(), true))
		}
	}
	is := rowstore.Is
	wheres := []rowstore.Expr{
		{}, is("name", "n7"), rowstore.Any(is("name", "n1"), is("name", "n2"), is("route", "/r3")), rowstore.Any(),
		rowstore.All(is("status", "error"), rowstore.Expr{Not: &rowstore.Expr{Match: &rowstore.Match{Field: "route", Op: rowstore.Matches, Value: "/r[01]"}}}),
		{Match: &rowstore.Match{Field: "duration", Op: rowstore.Greater, Value: "4"}}, is("trace_id", rowstore.TraceIDOf(1, 7).String()), is("user", "person-é7"), is("session", "visit-3"),
		rowstore.All(is("release", ""), rowstore.Expr{Match: &rowstore.Match{Field: "weight", Op: rowstore.AtLeast, Value: "2"}}), is("body", "text"),
	}
	fields := []string{"time", "user", "session", "name", "status", "route", "release", "trace_id", "received", "weight", "duration"}
	beside := func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "paths", "*"))
		require.NoError(t, err)
		return files
	}
	for round := range 6 {
		switch round {
		case 2:
			store.paths.forget()
			require.Empty(t, beside())
		case 3: // beside columns that are in memory
			for more := true; more; {
				var err error
				more, err = store.makeBeside(t.Context())
				require.NoError(t, err)
			}
			require.Len(t, beside(), len(store.filesNow()))
		case 4: // with nothing in memory
			store.paths.forget()
		case 5: // where two cannot be read
			require.NoError(t, store.Close())
			body, err := os.ReadFile(beside()[0])
			require.NoError(t, err)
			body[len(body)/2] ^= 1
			require.NoError(t, os.WriteFile(beside()[0], body, 0o600))
			require.NoError(t, os.Truncate(beside()[1], 100))
			store, err = Open(t.Context(), Options{Dir: dir, Now: func() time.Time { return now }, IndexRows: 1, MergedRows: 2})
			require.NoError(t, err)
		}
		for n, where := range wheres {
			test, err := where.Compile()
			require.NoError(t, err)
			from, to := now.UnixMicro()-int64(r.IntN(4))*86400e6, now.UnixMicro()-r.Int64N(86400e6)
			tell := []rowstore.Teller{
				{Fields: []string{"name", "status"}, Of: func(r *rowstore.Row) uint32 { return uint32(len(r.Name))<<8 + uint32(r.Status) }},
				{Fields: []string{"duration", "weight", "route"}, Of: func(r *rowstore.Row) uint32 { return uint32(r.Duration)*7 + uint32(r.Weight) + uint32(len(r.Route)) }},
				{Fields: []string{[]string{"time", "release", "session"}[r.IntN(3)]}, Of: func(*rowstore.Row) uint32 { return ^uint32(0) }},
			}
			if tell[2].Fields[0] == "time" {
				tell[2].Of = func(r *rowstore.Row) uint32 { return uint32(r.Time) }
			}
			var want []rowstore.Row
			for _, x := range all {
				if x.Time >= from && x.Time < to && test(&x) {
					want = append(want, x)
				}
			}
			(&rowstore.Scan{Tell: tell}).Told(want)
			parts := 1 + r.IntN(3)
			got := make([][]rowstore.Row, parts)
			var wait sync.WaitGroup
			for part := range parts {
				wait.Go(func() {
					q := rowstore.Scan{Table: rowstore.Events, Between: rowstore.Between{From: from, To: to}, Where: where, ByUser: true, Part: part, Parts: parts, Fields: fields, Tell: tell}
					if err := store.Scan(t.Context(), q, func(rows []rowstore.Row) error {
						for i := range rows {
							got[part] = append(got[part], rows[i].Clone())
						}
						return nil
					}); err != nil {
						t.Errorf("question %d: %v", n, err)
					}
				})
			}
			wait.Wait()
			where := map[string]int{}
			for part, rows := range got {
				last := map[string]int64{}
				user, gone := "", map[string]bool{}
				for _, x := range rows {
					if x.User != user {
						require.False(t, gone[x.User], "a person's rows come together")
						gone[user], user = true, x.User
					}
					who := cmp.Or(x.User, "|"+x.Session)
					require.GreaterOrEqual(t, x.Time, last[who])
					last[who] = x.Time
					other, ok := where[who]
					require.True(t, !ok || other == part, "a person is in one part")
					where[who] = part
				}
			}
			order := func(a, b rowstore.Row) int { return cmp.Compare(a.Received, b.Received) }
			have := slices.SortedFunc(slices.Values(slices.Concat(got...)), order)
			slices.SortFunc(want, order)
			require.Len(t, have, len(want), "round %d question %d", round, n)
			for i := range want {
				w, h := want[i], have[i]
				w.Service, w.Body, h.Service, h.Body = "", "", "", ""
				if w.User != "" {
					w.Session, h.Session = "", ""
				}
				require.Equal(t, w, h, "round %d question %d", round, n)
			}
		}
	}
}

// TestPathsGoWithTheirFile looks for the bytes of somebody who was erased, and for paths without a file.
func TestPathsGoWithTheirFile(t *testing.T) {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	batch := rowstore.Batch{Table: rowstore.Events}
	for i := range 500 {
		x := batch.Add()
		x.Time, x.Name, x.User = indexStart+int64(i), "view", fmt.Sprintf("somebody-%d", i%5)
	}
	require.NoError(t, s.Write(t.Context(), &batch))
	batch.Table = rowstore.Logs // of which nobody asks for paths
	require.NoError(t, s.Write(t.Context(), &batch))
	require.NoError(t, s.Settle(t.Context()))
	has := func() (found bool) {
		files, err := filepath.Glob(filepath.Join(dir, "paths", "*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		body, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.Contains(t, string(body), "somebody-3")
		return strings.Contains(string(body), "somebody-2")
	}
	require.True(t, has())
	_, err := s.Erase(t.Context(), rowstore.Is("user", "somebody-2"), nil)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "paths", "*"))
	require.NoError(t, err)
	require.Empty(t, files, "they go with the file, before the erasure is said to be done")
	require.NoError(t, s.Settle(t.Context()))
	require.False(t, has())

	stray := filepath.Join(dir, "paths", "999")
	require.NoError(t, os.WriteFile(stray, []byte("x"), 0o600))
	require.NoError(t, s.Close())
	indexedStore(t, dir)
	require.NoFileExists(t, stray)
}

// TestNothingIsMadeBesideWithoutRoom leaves the last room of a disk to rows.
func TestNothingIsMadeBesideWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	var minutes, free atomic.Int64
	free.Store(1 << 40)
	s, err := Open(t.Context(), Options{Dir: dir, IndexRows: 1, FloorBytes: 1 << 20,
		Now:       func() time.Time { return time.UnixMicro(indexStart + 10*dayMicros + minutes.Load()*60e6) },
		FreeSpace: func(string) (int64, error) { return free.Load(), nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	batch := rowstore.Batch{Table: rowstore.Events}
	*batch.Add() = rowstore.Row{Time: indexStart, Name: "view", User: "somebody"}
	require.NoError(t, s.Write(t.Context(), &batch))
	require.NoError(t, s.sealAll(t.Context(), true))
	made := func() (n int) {
		for _, kind := range []string{"index", "paths"} {
			files, err := filepath.Glob(filepath.Join(dir, kind, "*"))
			require.NoError(t, err)
			n += len(files)
		}
		return n
	}
	minutes.Add(1)
	free.Store(1000)
	more, err := s.makeBeside(t.Context())
	require.NoError(t, err)
	require.False(t, more)
	require.Zero(t, made())
	minutes.Add(1)
	free.Store(1 << 40)
	more, err = s.makeBeside(t.Context())
	require.NoError(t, err)
	require.True(t, more)
	_, err = s.makeBeside(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, made())
}

// TestPeopleOfOneHash are told apart by their ids.
func TestPeopleOfOneHash(t *testing.T) {
	anonymous := &pathColumn{texts: []string{""}}
	source := func(ids ...string) *pathRows {
		r := &pathRows{ids: pathTextsOf(ids)}
		r.columns[pathAnonymous] = anonymous
		for i := range ids {
			r.hash, r.ends, r.time = append(r.hash, 7), append(r.ends, uint32(i+1)), append(r.time, int64(i))
		}
		return r
	}
	w := newPathWalk([]int{pathAnonymous}, 3)
	for k, r := range []*pathRows{source("b", "d"), source("a", "b", "c"), source("b", "c")} {
		w.add(k, r)
	}
	var got []string
	require.NoError(t, w.walk(t.Context(), rowstore.Scan{}, func(rows []rowstore.Row) error {
		for i := range rows {
			got = append(got, rows[i].User)
		}
		return nil
	}))
	require.Equal(t, []string{"a", "b", "b", "b", "c", "c", "d"}, got)
}
