package conformance

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// many asks for the ends of long lists in spans of time, where an engine wants to look at few of its rows only.
func many(t *testing.T, open Open) {
	s := opened(t, open)
	r := rand.New(rand.NewPCG(7, 7))
	rows := randomRows(r, 30_000)
	start := int64(noon - day/2)
	for i := range rows { // of one day, with rare things that lie anywhere
		rows[i].Time = start + int64(r.IntN(day))
		if r.IntN(3000) == 0 {
			rows[i].Body, rows[i].User = "a Needle in the hay", "p-"+strconv.Itoa(r.IntN(9))
			rows[i].Trace = rowstore.TraceIDOf(7, r.Uint64()|1)
		}
	}
	write(t, s, rowstore.Logs, rows)
	slices.SortFunc(rows, func(a, b rowstore.Row) int { return cmp.Compare(a.Time, b.Time) })
	contains := func(field, value string) rowstore.Expr {
		return rowstore.Expr{Match: &rowstore.Match{Field: field, Op: rowstore.Contains, Value: value}}
	}
	rare := []rowstore.Expr{rowstore.Everything, rowstore.Is("service", "portal"), rowstore.Is("service", "nobody"), contains("body", "NEEDLE"), contains("*", "needle in"),
		contains("*", "no such words"), rowstore.Is("user", "p-7"), rowstore.Is("user", "nobody"), rowstore.Is("session", "y"), rowstore.Is("business_id", "case-2")}
	for _, row := range rows {
		if hi, _ := row.Trace.Halves(); hi == 7 {
			rare = append(rare, rowstore.Is("trace_id", row.Trace.String()))
		}
	}
	eachAge(t, s, func(t *testing.T) {
		n := 40
		if os.Getenv("SIGNALBOX_LONG") != "" {
			n = 1000
		}
		r := rand.New(rand.NewPCG(8, uint64(n)))
		for i := range n + len(rare) {
			e := randomExpr(r, r.IntN(3))
			if i < len(rare) {
				e = rare[i]
			} else if r.IntN(2) == 0 {
				e = rowstore.Expr{And: []rowstore.Expr{pick(r, rare), e}}
			}
			q := rowstore.Find{Table: rowstore.Logs, Between: ever, Where: e, Oldest: r.IntN(2) == 0, Limit: 1 + r.IntN(150)}
			if r.IntN(2) == 0 {
				q.From = start + int64(r.IntN(day))
				q.To = q.From + int64(r.IntN(day))
			}
			holds, err := e.Compile()
			require.NoError(t, err)
			var want []int64
			for i := range rows {
				if at := rows[i].Time; at >= q.From && (q.To == 0 || at < q.To) && holds(&rows[i]) {
					want = append(want, at)
				}
			}
			counted, err := s.Count(t.Context(), rowstore.Count{Table: q.Table, Between: q.Between, Where: e, Of: []rowstore.Aggregate{{Kind: "stored"}}})
			require.NoError(t, err, e)
			stored := 0.0
			for _, g := range counted.Rows {
				stored += g.Numbers[0]
			}
			require.InDelta(t, len(want), stored, 0, "%s", e)
			found, err := s.Find(t.Context(), q)
			require.NoError(t, err, e)
			if !q.Oldest {
				slices.Reverse(want)
			}
			var got []int64
			for i := range found {
				require.True(t, holds(&found[i]), "%s does not hold for %s", e, print(found[i]))
				got = append(got, found[i].Time)
			}
			require.Equal(t, want[:min(len(want), q.Limit)], got, "%s", e)
		}
	})
}
