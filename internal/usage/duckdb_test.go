package usage

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

func duck(t testing.TB) *duckdb.Store { return duckIn(t, t.TempDir()) }

func duckIn(t testing.TB, dir string) *duckdb.Store {
	store, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir, Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// TestTheRealStoreAnswersTheSame asks the embedded store what the list of rows was asked.
func TestTheRealStoreAnswersTheSame(t *testing.T) {
	list, real := &memory{}, duck(t)
	r := rand.New(rand.NewPCG(51, 1))
	events := stream(r, 600)
	for i := range events {
		events[i].Business = fmt.Sprint("case-", i%50)
		events[i].Trace = rowstore.TraceIDOf(9, uint64(i%100+1))
		events[i].Time += int64(i % 1000) // no two at one instant: their order is the store's
	}
	both := func(b *rowstore.Batch) { require.NoError(t, real.Write(t.Context(), b)) }
	feed(t, list, rowstore.Events, events, both)
	feed(t, list, rowstore.Spans, forest(r, 200), both)
	a, b := open(t, t.TempDir(), list), open(t, t.TempDir(), real)
	require.Equal(t, answers(t, a), answers(t, b), "caught up from the store")
	ask := func(r *Room) (out []any) {
		ctx := t.Context()
		rg := Range{From: now.AddDate(0, 0, -20).UnixMilli()}
		filter := rowstore.Is("route", "/a")
		keep := func(x any, err error) {
			require.NoError(t, err)
			out = append(out, x)
		}
		keep(r.Sessions(ctx, SessionsQuestion{Range: rg, Where: filter}))
		keep(r.Retention(ctx, RetentionQuestion{Range: rg, Start: rowstore.Is("name", "click"), Return: rowstore.Is("name", "submit")}))
		keep(r.Adoption(ctx, AdoptionQuestion{Range: rg, Where: filter, Releases: true}))
		for _, order := range []Order{Sequential, Strict, AnyOrder} {
			f, err := r.Funnel(ctx, FunnelQuestion{Range: rg, Steps: steps("page_view", "click"), Order: order, By: "service"})
			for i := range f.Steps { // people come in the order of the store
				f.Steps[i].Traces = nil
				for k := range f.Groups {
					f.Groups[k].Steps[i].Traces = nil
				}
			}
			keep(f, err)
		}
		keep(r.Success(ctx, SuccessQuestion{Range: rg, Table: rowstore.Events, Start: rowstore.Is("name", "click"), End: rowstore.Is("name", "submit"), Within: 3600}))
		keep(r.People(ctx, PeopleQuestion{Range: rg, Did: []rowstore.Expr{rowstore.Is("name", "click")}}))
		keep(r.Map(ctx, MapQuestion{Range: rg, Exact: true}))
		keep(r.Traces(ctx, TraceQuestion{Range: rg, Limit: 5, Where: rowstore.Is("status", "error")}))
		keep(r.Trace(ctx, rowstore.TraceIDOf(9, 1).String(), rowstore.Everything))
		keep(r.Related(ctx, RelatedQuestion{Business: "case-1"}))
		return out
	}
	want, got := ask(a), ask(b)
	for i := range want {
		if m, ok := want[i].(Related); ok { // rows of one instant
			n := got[i].(Related)
			for _, x := range []*Related{&m, &n} {
				slices.SortFunc(x.Rows, func(a, b TraceRow) int {
					return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Span, b.Span), cmp.Compare(a.Name, b.Name))
				})
			}
			require.Equal(t, m, n)
			continue
		}
		require.Equal(t, want[i], got[i], "question %d", i)
	}
}

// settle waits until files are merged and have people's paths beside them.
func settle(b *testing.B, store *duckdb.Store) {
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- store.Run(ctx) }()
	bytes := func() int64 {
		stat, err := store.Stat(ctx)
		require.NoError(b, err)
		var n int64
		for _, t := range stat.Tables {
			n += t.Bytes
		}
		return n
	}
	for last, same := bytes(), 0; same < 15; {
		time.Sleep(time.Second)
		if n := bytes(); n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
	stop()
	require.NoError(b, <-done)
}

// BenchmarkAsk asks a million sealed events, or SIGNALBOX_EVENTS, of a twentieth as many people in seven days in the embedded
// store. The directory that SIGNALBOX_EVENTS_KEEP names keeps them for the next time.
func BenchmarkAsk(b *testing.B) {
	all := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("SIGNALBOX_EVENTS")); err == nil {
		all = n
	}
	dir := os.Getenv("SIGNALBOX_EVENTS_KEEP")
	if dir == "" {
		dir = b.TempDir()
	}
	store := duckIn(b, dir)
	if have, err := store.Count(b.Context(), rowstore.Count{Table: rowstore.Events}); err != nil || len(have.Rows) == 0 {
		require.NoError(b, err)
		fill(b, store, all)
	}
	settle(b, store)
	room, err := New(Options{Dir: b.TempDir(), Rows: store, Now: func() time.Time { return now }})
	require.NoError(b, err)
	rg := Range{From: now.AddDate(0, 0, -7).UnixMilli()}
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"funnel": func() error {
			_, err := room.Funnel(ctx, FunnelQuestion{Range: rg, Steps: steps("page_view", "click", "submit")})
			return err
		},
		"strict": func() error {
			_, err := room.Funnel(ctx, FunnelQuestion{Range: rg, Steps: steps("page_view", "click"), Order: Strict})
			return err
		},
		"actives":   func() error { _, err := room.Actives(ctx, ActivesQuestion{Range: rg, AdHoc: true}); return err },
		"sessions":  func() error { _, err := room.Sessions(ctx, SessionsQuestion{Range: rg, AdHoc: true}); return err },
		"retention": func() error { _, err := room.Retention(ctx, RetentionQuestion{Range: rg, AdHoc: true}); return err },
		"adoption":  func() error { _, err := room.Adoption(ctx, AdoptionQuestion{Range: rg, AdHoc: true}); return err },
		"success": func() error {
			_, err := room.Success(ctx, SuccessQuestion{Range: rg, Table: rowstore.Events, Start: rowstore.Is("name", "click"), End: rowstore.Is("name", "submit")})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(walkers)) // people are read in so many parts
			used := processor(b)
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processor(b)-used).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// fill writes visits of one to nine events, two minutes apart at most, and seals them.
func fill(b *testing.B, store *duckdb.Store, all int) {
	r := rand.New(rand.NewPCG(1, 1))
	batch := rowstore.Batch{}
	at, left, user := int64(0), 0, ""
	for i := 0; i < all; i += 10_000 {
		batch.Reset(rowstore.Events)
		for range 10_000 {
			if left--; left < 0 {
				at, left, user = now.UnixMicro()-r.Int64N(7*dayMicros), r.IntN(9), fmt.Sprintf("pseudonym-%06x", r.IntN(all/20))
			}
			at += r.Int64N(120e6)
			x := batch.Add()
			x.Time, x.Received, x.User = at, at, user
			x.Service, x.Name = "portal", []string{"page_view", "click", "submit", "help"}[r.IntN(4)]
			x.Route, x.Release, x.Business, x.Trace = fmt.Sprint("/r", r.IntN(30)), "1.0", fmt.Sprint((i+r.IntN(3000))/6), rowstore.TraceIDOf(r.Uint64(), r.Uint64())
		}
		if err := store.Write(b.Context(), &batch); err != nil { // too many segments wait
			_, err = store.Erase(b.Context(), rowstore.Any(), nil)
			require.NoError(b, err)
			require.NoError(b, store.Write(b.Context(), &batch))
		}
	}
	_, err := store.Erase(b.Context(), rowstore.Any(), nil) // seals
	require.NoError(b, err)
}
