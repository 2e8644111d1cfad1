package conformance

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func counts(t *testing.T, open Open) {
	s := opened(t, open)
	rows := randomRows(rand.New(rand.NewPCG(7, 7)), 3000)
	write(t, s, rowstore.Spans, rows)
	one := slices.Clone(rows)
	for i := range one {
		one[i].Weight = 1
	}
	write(t, s, rowstore.Logs, one)
	eachAge(t, s, func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 8))
		for range 60 {
			q := rowstore.Count{Table: pick(r, []rowstore.Table{rowstore.Spans, rowstore.Logs}), Between: ever, Where: randomExpr(r, 1), Top: 100_000}
			if r.IntN(2) == 0 {
				q.Between = rowstore.Between{From: noon + int64(r.IntN(2*day)), To: noon + int64(r.IntN(3*day))}
			}
			q.Step = pick(r, []time.Duration{0, time.Hour, 24 * time.Hour})
			for range r.IntN(3) {
				q.By = append(q.By, pick(r, []string{"service", "level", "status", "kind", "user", "duration", "value", "weight", "time", "trace_id", "span_id", "http_status_code", "k", "no.such"}))
			}
			for range 1 + r.IntN(3) {
				q.Of = append(q.Of, rowstore.Aggregate{
					Kind:  pick(r, []string{"rows", "stored", "sum", "mean", "min", "max", "quantile", "unique", "share_error", "first", "last"}),
					Field: pick(r, []string{"duration", "value", "weight", "time", "amount", "http_status_code", "version", "user", "level", "trace_id", "service"}),
					Q:     pick(r, []float64{0, 0.5, 0.95, 1}),
				})
			}
			of := rows
			if q.Table == rowstore.Logs {
				of = one
			}
			want := brute(t, of, q)
			got, err := s.Count(t.Context(), q)
			require.NoError(t, err, "%+v", q)
			require.False(t, got.Cut)
			require.True(t, slices.IsSortedFunc(got.Rows, func(a, b rowstore.Group) int {
				return cmp.Compare(b.Numbers[0], a.Numbers[0]) // NaN is the least
			}), "biggest first")
			byName := func(a, b rowstore.Group) int { return strings.Compare(groupName(a), groupName(b)) }
			slices.SortFunc(got.Rows, byName)
			slices.SortFunc(want, byName)
			require.Len(t, got.Rows, len(want), "%+v", q)
			for i := range want {
				require.Equal(t, groupName(want[i]), groupName(got.Rows[i]), "%+v", q)
				for k := range q.Of {
					if x, y := want[i].Numbers[k], got.Rows[i].Numbers[k]; math.IsNaN(x) {
						require.True(t, math.IsNaN(y), "%+v: %v of %s is %v, want none", q, q.Of[k], groupName(want[i]), y)
					} else {
						require.InDelta(t, x, y, 1e-6*max(1, math.Abs(x)), "%+v: %v of %s", q, q.Of[k], groupName(want[i]))
					}
				}
			}
		}
		cut, err := s.Count(t.Context(), rowstore.Count{Table: rowstore.Spans, Between: ever, By: []string{"service"}, Top: 2})
		require.NoError(t, err)
		require.True(t, cut.Cut)
		require.Len(t, cut.Rows, 2)
	})
}

func groupName(g rowstore.Group) string {
	return time.UnixMicro(g.At).UTC().Format(time.RFC3339Nano) + "\x00" + strings.Join(g.Keys, "\x00")
}

// brute computes a count from the rows.
func brute(t *testing.T, rows []rowstore.Row, q rowstore.Count) []rowstore.Group {
	holds, err := q.Where.Compile()
	require.NoError(t, err)
	groups := map[string][]*rowstore.Row{}
	named := map[string]rowstore.Group{}
	for i := range rows {
		r := &rows[i]
		if r.Time < q.From || r.Time >= q.To || !holds(r) {
			continue
		}
		g := rowstore.Group{Keys: make([]string, len(q.By))}
		if step := q.Step.Microseconds(); step > 0 {
			g.At = r.Time - r.Time%step
		}
		for k, by := range q.By {
			g.Keys[k] = r.Get(by)
		}
		named[groupName(g)] = g
		groups[groupName(g)] = append(groups[groupName(g)], r)
	}
	var out []rowstore.Group
	for name, g := range named {
		for _, a := range q.Of {
			g.Numbers = append(g.Numbers, number(groups[name], a, q.Table))
		}
		out = append(out, g)
	}
	return out
}

// number computes one number of a group.
func number(rows []*rowstore.Row, a rowstore.Aggregate, table rowstore.Table) float64 {
	type weighed struct{ v, w float64 }
	var vs []weighed
	var weight, sum, of, bad float64
	texts := map[string]bool{}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, r := range rows {
		w := float64(r.Weight)
		weight += w
		first, last = min(first, r.Time), max(last, r.Time)
		if table == rowstore.Logs && r.Severity >= 17 || table != rowstore.Logs && r.Status == rowstore.StatusError {
			bad += w
		}
		if v, ok := r.Number(a.Field); ok {
			vs, sum, of = append(vs, weighed{v, w}), sum+v*w, of+w
		}
		if v := r.Get(a.Field); v != "" {
			texts[v] = true
		}
	}
	switch a.Kind {
	case "rows":
		return weight
	case "stored":
		return float64(len(rows))
	case "unique":
		return float64(len(texts))
	case "share_error":
		return bad / weight
	case "first":
		return float64(first)
	case "last":
		return float64(last)
	}
	if len(vs) == 0 {
		return math.NaN()
	}
	slices.SortFunc(vs, func(a, b weighed) int { return cmp.Compare(a.v, b.v) })
	switch a.Kind {
	case "sum":
		return sum
	case "mean":
		return sum / of
	case "min":
		return vs[0].v
	case "max":
		return vs[len(vs)-1].v
	}
	upto := 0.0
	for _, v := range vs {
		if upto += v.w; upto >= a.Q*of {
			return v.v
		}
	}
	return vs[len(vs)-1].v
}
