package duckdb

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestPagesOfASealedFile walks through files that are big enough to be located in: every row comes once, in order of time,
// also where many share a microsecond.
func TestPagesOfASealedFile(t *testing.T) {
	s := openIn(t, Options{})
	rnd := rand.New(rand.NewPCG(3, 3))
	const n = 20_000
	want := map[string]int{}
	keepRows(t, s, rowstore.Logs, day0, n, func(i int, b *rowstore.Batch, r *rowstore.Row) {
		r.Time = day0.UnixMicro() + int64(rnd.IntN(4000))
		if rnd.IntN(20) == 0 {
			r.Time = day0.UnixMicro() + 2000 // more than are looked at beyond a page
		}
		r.Service, r.Span = fmt.Sprint("s", rnd.IntN(5)), rowstore.SpanID(i+1)
		r.Name = []string{"seldom", "often", "often", "often"}[min(3, rnd.IntN(2000))]
		want[r.Service]++
		want[r.Name]++
	})
	require.NoError(t, s.sealAll(t.Context(), true))
	for _, where := range []rowstore.Expr{rowstore.Everything, rowstore.Is("service", "s3"), rowstore.Is("name", "seldom"), rowstore.Is("name", "never")} {
		total := n
		if where.Match != nil {
			total = want[where.Match.Value]
		}
		for _, oldest := range []bool{false, true} {
			seen := map[rowstore.SpanID]bool{}
			q := rowstore.Find{Table: rowstore.Logs, Where: where, Oldest: oldest, Limit: 700}
			last := int64(0)
			for {
				rows, err := s.Find(t.Context(), q)
				require.NoError(t, err)
				if len(rows) == 0 {
					break
				}
				for _, r := range rows {
					require.False(t, seen[r.Span], "twice")
					require.True(t, last == 0 || oldest && r.Time >= last || !oldest && r.Time <= last, "order")
					seen[r.Span], last = true, r.Time
				}
				c := rowstore.Cursor{Time: last}
				for i := len(rows) - 1; i >= 0 && rows[i].Time == last; i-- {
					c.Skip++
				}
				if q.After != nil && q.After.Time == last {
					c.Skip += q.After.Skip
				}
				q.After = &c
			}
			require.Len(t, seen, total, "%s %v", where, oldest)
		}
	}
}

// TestPeopleInOrder compares the order that Go makes with the rows that were kept.
func TestPeopleInOrder(t *testing.T) {
	s := openIn(t, Options{})
	rnd := rand.New(rand.NewPCG(4, 4))
	type seen struct {
		user, name string
		time       int64
		severity   uint8
		weight     float32
		trace      rowstore.TraceID
	}
	var want []seen
	for part := range 3 {
		keepRows(t, s, rowstore.Logs, day0, 3000, func(i int, b *rowstore.Batch, r *rowstore.Row) {
			r.Time = day0.Add(time.Duration(rnd.Int64N(int64(60 * 24 * time.Hour)))).UnixMicro()
			r.User = strings.Repeat("u", rnd.IntN(20)) + fmt.Sprint(rnd.IntN(300))
			r.Name, r.Severity, r.Weight = fmt.Sprint("a name of more than twelve bytes ", rnd.IntN(5)), uint8(rnd.IntN(24)), float32(part+1)
			r.Trace = rowstore.TraceIDOf(rnd.Uint64(), rnd.Uint64())
			want = append(want, seen{r.User, r.Name, r.Time, r.Severity, r.Weight, r.Trace})
		})
		if part < 2 {
			require.NoError(t, s.sealAll(t.Context(), true))
		}
	}
	order := func(a, b seen) int {
		return cmp.Or(strings.Compare(a.user, b.user), cmp.Compare(a.time, b.time), strings.Compare(a.trace.String(), b.trace.String()))
	}
	var got []seen
	require.NoError(t, s.Scan(t.Context(), rowstore.Scan{Table: rowstore.Logs, ByUser: true, Fields: []string{"user", "name", "level", "weight", "trace_id"}}, func(rows []rowstore.Row) error {
		for _, r := range rows {
			require.Zero(t, r.Received)
			got = append(got, seen{r.User, r.Name, r.Time, r.Severity, r.Weight, r.Trace})
		}
		return nil
	}))
	require.True(t, slices.IsSortedFunc(got, func(a, b seen) int { return cmp.Or(strings.Compare(a.user, b.user), cmp.Compare(a.time, b.time)) }))
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	require.Equal(t, want, got)

	stop := fmt.Errorf("enough")
	calls := 0
	require.ErrorIs(t, s.Scan(t.Context(), rowstore.Scan{Table: rowstore.Logs, ByUser: true, Fields: []string{"user"}}, func([]rowstore.Row) error { calls++; return stop }), stop)
	require.Equal(t, 1, calls)
}
