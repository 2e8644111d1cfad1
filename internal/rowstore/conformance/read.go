package conformance

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func roundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	long := strings.Repeat("0123456789", 20_000)
	extremes := []rowstore.Row{
		{Weight: 1, Time: noon},
		{Weight: 1, Time: noon, Received: math.MaxInt64 / 4, Trace: rowstore.TraceIDOf(math.MaxUint64, math.MaxUint64), Span: math.MaxUint64, Parent: math.MaxUint64,
			Kind: 255, Severity: 255, Status: 255, Duration: math.MaxInt64, Value: math.MaxFloat64},
		{Weight: math.MaxFloat32, Time: 0, Received: -1, Duration: math.MinInt64, Value: math.SmallestNonzeroFloat64},
		{Weight: 1, Time: 4_102_444_800_000_000, Value: math.Inf(-1)}, // 2100
		{Weight: 1, Time: noon, Body: long, Detail: long, Name: "a\x00b", Attrs: []rowstore.Attr{{Key: "long", Value: long}, {Key: "", Value: ""}, {Key: "nul\x00", Value: "\x00"}}},
		{Weight: 1, Time: noon, Body: "twelve bytes", Service: "thirteen byte", Resource: resource(map[string]string{"a": `"`, "ü": "\n"})},
	}
	many := rowstore.Row{Weight: 1, Time: noon}
	for i := range 1000 {
		many.Attrs = append(many.Attrs, rowstore.Attr{Key: "key" + string(rune('a'+i%26)) + strings.Repeat("x", i/26), Value: "v"})
	}
	want := append(append(extremes, many), randomRows(rand.New(rand.NewPCG(1, 1)), 3000)...)
	for _, table := range rowstore.Tables() {
		write(t, s, table, want)
	}
	eachAge(t, s, func(t *testing.T) {
		for _, table := range rowstore.Tables() {
			require.Equal(t, prints(want), prints(all(t, s, table, rowstore.Everything)))
		}
		rows, err := s.Find(t.Context(), rowstore.Find{Table: rowstore.Logs, Between: ever, Where: rowstore.Is("service", "thirteen byte")})
		require.NoError(t, err)
		require.Equal(t, prints(want[5:6]), prints(rows))
		require.Equal(t, want[5].Resource, rows[0].Resource)
	})
}

func badText(t *testing.T, open Open) {
	s := opened(t, open)
	b := &rowstore.Batch{}
	b.Reset(rowstore.Logs)
	r := b.Add()
	r.Time, r.Body, r.Service = noon, "bad \xff\xfe text", "s\xc3"
	b.Attr("k\xff", "\xed\xa0\x80")
	if err := s.Write(t.Context(), b); err != nil {
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		return
	}
	rows := all(t, s, rowstore.Logs, rowstore.Everything)
	require.Len(t, rows, 1)
	require.Equal(t, strings.ToValidUTF8("bad \xff\xfe text", "\uFFFD"), rows[0].Body)
	require.Equal(t, "s\uFFFD", rows[0].Service)
}

func pages(t *testing.T, open Open) {
	s := opened(t, open)
	rows := randomRows(rand.New(rand.NewPCG(2, 2)), 2000)
	for i := range rows { // many of one microsecond, and some that are the same in all
		rows[i].Time = noon + int64(i%7)*day/2
		if i%10 == 0 {
			rows[i] = rows[0]
		}
	}
	write(t, s, rowstore.Events, rows[:1000])
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
	}
	write(t, s, rowstore.Events, rows[1000:])
	for _, oldest := range []bool{false, true} {
		for _, limit := range []int{1999, 100, 37} {
			var got []rowstore.Row
			q := rowstore.Find{Table: rowstore.Events, Between: ever, Oldest: oldest, Limit: limit}
			for {
				page, err := s.Find(t.Context(), q)
				require.NoError(t, err)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				last := got[len(got)-1].Time
				q.After = &rowstore.Cursor{Time: last}
				for i := len(got) - 1; i >= 0 && got[i].Time == last; i-- {
					q.After.Skip++
				}
			}
			require.True(t, slices.IsSortedFunc(got, func(a, b rowstore.Row) int {
				if oldest {
					a, b = b, a
				}
				return int(b.Time - a.Time)
			}))
			require.Equal(t, prints(rows), prints(got), "limit %d, oldest %v", limit, oldest)
		}
	}
	page, err := s.Find(t.Context(), rowstore.Find{Table: rowstore.Events, Between: rowstore.Between{From: noon, To: noon + day/2}})
	require.NoError(t, err)
	require.Len(t, page, 100)
	for _, r := range page {
		require.Equal(t, int64(noon), r.Time, "From is inclusive, To exclusive")
	}
}

func expressions(t *testing.T, open Open) {
	s := opened(t, open)
	r := rand.New(rand.NewPCG(3, 3))
	rows := randomRows(r, 400)
	write(t, s, rowstore.Spans, rows[:200])
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
	}
	write(t, s, rowstore.Spans, rows[200:])
	eachAge(t, s, func(t *testing.T) {
		n := 60
		if os.Getenv("SIGNALBOX_LONG") != "" {
			n = 2000
		}
		r := rand.New(rand.NewPCG(4, uint64(n)))
		for range n {
			e := randomExpr(r, r.IntN(4))
			holds, err := e.Compile()
			require.NoError(t, err)
			want := 0.0
			for i := range rows {
				if holds(&rows[i]) {
					want++
				}
			}
			got, err := s.Find(t.Context(), rowstore.Find{Table: rowstore.Spans, Between: ever, Where: e, Limit: 1000})
			require.NoError(t, err, e)
			for i := range got {
				require.True(t, holds(&got[i]), "%s does not hold for %s", e, print(got[i]))
			}
			require.Len(t, got, int(want), "%s", e)
		}
	})
}

func scans(t *testing.T, open Open) {
	s := opened(t, open)
	rows := randomRows(rand.New(rand.NewPCG(5, 5)), 5000)
	write(t, s, rowstore.Events, rows)
	where := rowstore.Expr{Match: &rowstore.Match{Field: "service", Op: rowstore.NotEqual, Value: "portal"}}
	var want []rowstore.Row
	for _, r := range rows {
		if r.Service != "portal" {
			want = append(want, r)
		}
	}
	eachAge(t, s, func(t *testing.T) {
		got := all(t, s, rowstore.Events, where)
		require.True(t, slices.IsSortedFunc(got, func(a, b rowstore.Row) int { return int(a.Time - b.Time) }))
		require.Equal(t, prints(want), prints(got))
		n, user, last := 0, "", int64(math.MinInt64)
		amounts := 0
		err := s.Scan(t.Context(), rowstore.Scan{Table: rowstore.Events, Between: ever, Where: where, ByUser: true, Fields: []string{"user", "name", "amount"}}, func(rows []rowstore.Row) error {
			for i := range rows {
				if r := &rows[i]; r.User != user {
					require.Greater(t, r.User, user)
					user, last = strings.Clone(r.User), r.Time
				} else {
					require.LessOrEqual(t, last, r.Time)
					last = r.Time
				}
				if _, ok := rows[i].Attribute("amount"); ok {
					amounts++
				}
				n++
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, len(want), n)
		for i := range want {
			if _, ok := want[i].Attribute("amount"); ok {
				amounts--
			}
		}
		require.Zero(t, amounts)
	})
	stop, calls := context.Canceled, 0
	require.ErrorIs(t, s.Scan(t.Context(), rowstore.Scan{Table: rowstore.Events, Between: ever}, func([]rowstore.Row) error { calls++; return stop }), stop)
	require.Equal(t, 1, calls)
}

// told compares what tellers say in every kind of scan with what they say of a list.
func told(t *testing.T, open Open) {
	s := opened(t, open)
	rows := randomRows(rand.New(rand.NewPCG(6, 6)), 3000)
	write(t, s, rowstore.Events, rows)
	tell := []rowstore.Teller{
		{Fields: []string{"service", "status"}, Of: func(r *rowstore.Row) uint32 { return uint32(len(r.Service))<<8 + uint32(r.Status) }},
		{Fields: []string{"amount"}, Of: func(r *rowstore.Row) uint32 { return uint32(len(r.Get("amount"))) }},
		{Fields: []string{}, Of: func(*rowstore.Row) uint32 { return 42 }},
	}
	type seen struct {
		time int64
		told [rowstore.Tellers]uint32
	}
	want := map[seen]int{}
	(&rowstore.Scan{Tell: tell}).Told(rows)
	for i := range rows {
		want[seen{rows[i].Time, rows[i].Told}]++
	}
	eachAge(t, s, func(t *testing.T) {
		for _, q := range []rowstore.Scan{{}, {ByUser: true}, {Parts: 2}, {Fields: []string{"name"}}, {ByUser: true, Fields: []string{"name"}}, {Parts: 2, Fields: []string{"name"}}} {
			got := map[seen]int{}
			for part := range max(1, q.Parts) {
				q.Table, q.Between, q.Tell, q.ByUser, q.Part = rowstore.Events, ever, tell, q.ByUser || q.Parts > 0, part
				require.NoError(t, s.Scan(t.Context(), q, func(rows []rowstore.Row) error {
					for i := range rows {
						got[seen{rows[i].Time, rows[i].Told}]++
					}
					return nil
				}))
			}
			require.Equal(t, want, got, "%+v", q)
		}
	})
}

func attributes(t *testing.T, open Open) {
	s := opened(t, open)
	b := &rowstore.Batch{}
	b.Reset(rowstore.Logs)
	for range 10 {
		b.Add().Time = noon
		b.Attr("often", "x")
	}
	b.Attr("seldom", "y")
	require.NoError(t, s.Write(t.Context(), b))
	eachAge(t, s, func(t *testing.T) {
		names, err := s.Attributes(t.Context(), rowstore.Logs, ever)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"often", "seldom"}, names)
		names, err = s.Attributes(t.Context(), rowstore.Logs, rowstore.Between{From: noon + 400*day, To: noon + 401*day})
		require.NoError(t, err)
		require.Empty(t, names)
	})
}

func refusals(t *testing.T, open Open) {
	s := opened(t, open)
	write(t, s, rowstore.Logs, randomRows(rand.New(rand.NewPCG(6, 6)), 10))
	bad := rowstore.Expr{Match: &rowstore.Match{Field: "body", Op: rowstore.Matches, Value: "("}}
	_, err := s.Find(t.Context(), rowstore.Find{Between: ever, Where: bad})
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	_, err = s.Find(t.Context(), rowstore.Find{Between: ever, Limit: 10_001})
	require.Equal(t, fault.TooLarge, fault.KindOf(err), "%v", err)
	for _, q := range []rowstore.Count{
		{Between: ever, Where: bad},
		{Between: ever, Of: []rowstore.Aggregate{{Kind: "sum"}}},
		{Between: ever, Of: []rowstore.Aggregate{{Kind: "mode", Field: "value"}}},
		{Between: ever, Of: []rowstore.Aggregate{{Kind: "quantile", Field: "value", Q: 95}}},
		{Between: ever, Step: -1},
	} {
		_, err = s.Count(t.Context(), q)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	}
	rows, err := s.Find(t.Context(), rowstore.Find{Between: rowstore.Between{From: noon + day, To: noon}})
	require.NoError(t, err)
	require.Empty(t, rows)
}
