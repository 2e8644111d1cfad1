package duckdb

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// foldRows fills a store with spans of some days in files and in memory, whose texts, levels, weights and times differ.
func foldRows(t *testing.T, r *rand.Rand) *Store {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), IndexRows: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	const day = 86_400_000_000
	for part := range 5 {
		batch := &rowstore.Batch{}
		batch.Reset(rowstore.Spans)
		for range 200 + r.IntN(300) {
			row := batch.Add()
			row.Time = int64(part-1)*day + r.Int64N(day) // before 1970, too
			row.Service = fmt.Sprint("s", r.IntN(3))
			row.Severity, row.Status, row.Kind = uint8(r.IntN(256)), uint8(r.IntN(4)), uint8(r.IntN(9))
			row.Duration, row.Weight = r.Int64N(1e10)-1e9, 1
			if part > 2 || r.IntN(9) == 0 {
				row.Weight = float32(1 + r.IntN(3))
			}
			row.User = []string{"", "ann", fmt.Sprintf("somebody with a name of number %d", r.IntN(40+10*part))}[r.IntN(3)]
			if r.IntN(3) > 0 {
				batch.Attr("amount", []string{"1", "2.5", "none", "-7e3"}[r.IntN(4)])
			}
		}
		require.NoError(t, s.Write(t.Context(), batch))
		if part < 4 {
			require.NoError(t, s.sealAll(t.Context(), true))
		}
	}
	return s
}

// TestFoldsSideBySideAreOne splits the sources of counts at each place: the groups are always those of one fold, and those that
// DuckDB computes.
func TestFoldsSideBySideAreOne(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	s := foldRows(t, r)
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for range 60 {
		q := rowstore.Count{Table: rowstore.Spans, Step: []time.Duration{0, time.Hour, 24 * time.Hour}[r.IntN(3)], Top: countMost}
		q.From, q.To = -200_000_000_000, 400_000_000_000-r.Int64N(300_000_000_000)
		if r.IntN(2) == 0 {
			q.Where = rowstore.Is("service", pick("s0", "s1", "nobody"))
		}
		for range r.IntN(4) {
			q.By = append(q.By, pick("level", "status", "kind", "user", "amount"))
		}
		for range 1 + r.IntN(4) {
			kind := pick("rows", "stored", "sum", "mean", "min", "max", "quantile", "unique", "share_error", "first", "last")
			a := rowstore.Aggregate{Kind: kind, Field: pick("duration", "weight", "amount", "value"), Q: []float64{0, 0.5, 0.95, 1}[r.IntN(4)]}
			if kind == "unique" {
				a.Field = pick("user", "amount", "time")
			}
			q.Of = append(q.Of, a)
		}
		read, err := s.reading(t.Context(), q.Table, q.Between)
		require.NoError(t, err)
		t.Cleanup(read.Close)
		c := &counting{question: new(question), q: q, where: q.Where, times: true}
		fields := slices.Clone(q.By)
		for _, a := range q.Of {
			fields = append(fields, a.Field)
		}
		sources, err := s.seekers(t.Context(), c.question, read, q.Between, q.Where, fields...)
		require.NoError(t, err)
		if len(sources) == 0 {
			read.Close()
			continue
		}
		for _, by := range q.By {
			c.keys = append(c.keys, keyOf(by))
		}
		require.True(t, c.foldable())
		whole, err := s.foldBeside(t.Context(), c, sources, len(sources))
		require.NoError(t, err)
		want := whole.groups()
		sameGroups(t, bySQL(t, s, c, sources), want, q)
		for half := 1; half < len(sources); half++ {
			two, err := s.foldBeside(t.Context(), c, sources, half)
			require.NoError(t, err)
			sameGroups(t, want, two.groups(), q)
		}
		read.Close()
	}
}

// bySQL lets DuckDB count. Quantiles of rows that differ in weight are not its.
func bySQL(t *testing.T, s *Store, of *counting, sources []*seeker) []rowstore.Group {
	c := &counting{question: new(question), q: of.q, where: of.where, keys: of.keys, weighs: true}
	for _, src := range sources {
		src.question = c.question
	}
	text, err := c.statement(sources)
	require.NoError(t, err)
	c.WriteString(text)
	out := &rowstore.Groups{}
	require.NoError(t, s.ask(t.Context(), c.question, func(ch chunk) error { return c.read(ch, out, nil) }))
	if c.mixed {
		require.NoError(t, s.weighQuantiles(t.Context(), c, sources, out))
	}
	return out.Rows
}

func sameGroups(t *testing.T, want, got []rowstore.Group, q rowstore.Count) {
	t.Helper()
	require.Len(t, got, len(want), "%+v", q)
	byName := func(a, b rowstore.Group) int {
		return strings.Compare(fmt.Sprint(a.At, a.Keys), fmt.Sprint(b.At, b.Keys))
	}
	want, got = slices.SortedFunc(slices.Values(want), byName), slices.SortedFunc(slices.Values(got), byName)
	for i, w := range want {
		require.Equal(t, fmt.Sprint(w.At, w.Keys), fmt.Sprint(got[i].At, got[i].Keys), "%+v", q)
		for k, x := range w.Numbers {
			if y := got[i].Numbers[k]; x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
				require.InDelta(t, x, y, 1e-9*math.Abs(x), "%+v: %v", q, q.Of[k])
			}
		}
	}
}

// TestAFoldEndsWithTheOther lets both folds know when one of them may not go on.
func TestAFoldEndsWithTheOther(t *testing.T) {
	s := foldRows(t, rand.New(rand.NewPCG(1, 2)))
	read, err := s.reading(t.Context(), rowstore.Spans, rowstore.Between{From: math.MinInt64 / 2})
	require.NoError(t, err)
	defer read.Close()
	c := &counting{question: new(question), times: true, q: rowstore.Count{Table: rowstore.Spans, Top: 10, Of: []rowstore.Aggregate{{Kind: "rows"}}}}
	sources, err := s.seekers(t.Context(), c.question, read, rowstore.Between{}, rowstore.Everything)
	require.NoError(t, err)
	require.Greater(t, len(sources), 2)
	sources[0].Name = "nothing_of_this_name"
	_, err = s.foldBeside(t.Context(), c, sources, 1)
	require.ErrorContains(t, err, "nothing_of_this_name")
	_, err = s.foldBeside(t.Context(), c, append(slices.Clone(sources[1:]), sources[0]), len(sources)-1)
	require.ErrorContains(t, err, "nothing_of_this_name")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.foldBeside(gone, c, sources[1:], 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestHalfOfTheRows(t *testing.T) {
	for _, x := range []struct {
		rows []int64
		want int
	}{{nil, 0}, {[]int64{5}, 1}, {[]int64{5, 5}, 1}, {[]int64{9, 1, 1}, 1}, {[]int64{1, 1, 1, 9}, 3}, {[]int64{2, 2, 2, 2}, 2}} {
		var sources []*seeker
		for _, n := range x.rows {
			sources = append(sources, &seeker{source: source{Rows: n}})
		}
		require.Equal(t, x.want, halfOf(sources), "%v", x.rows)
	}
}
