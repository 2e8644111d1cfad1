package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// read takes a chunk of groups.
func (c *counting) read(ch chunk, out *rowstore.Groups, matched []map[int64]bool) error {
	starts := column[int64](ch, 0)
	keys := make([][]string, len(c.keys))
	for i, k := range c.keys {
		keys[i] = k.text(ch, 1+i)
	}
	var numbers [][]float64
	for i := range c.q.Of {
		numbers = append(numbers, column[float64](ch, 1+len(keys)+i))
	}
	next := 1 + len(keys) + len(numbers)
	var least, most []float64
	if c.weighs {
		least, most = column[float64](ch, next), column[float64](ch, next+1)
		next += 2
	}
	if c.learns {
		list := raw.DataChunkGetVector(ch.data, raw.IdxT(next))
		of := raw.VectorGetData(raw.ListVectorGetChild(list))
		for i := range int(raw.ListVectorGetSize(list)) {
			v := *at[int64](of, i)
			if blocks := matched[v>>learnBits]; len(blocks) < maxLearned {
				blocks[v&(1<<learnBits-1)] = true
			}
		}
	}
	for i := range ch.n {
		g := rowstore.Group{At: starts[i], Keys: make([]string, len(keys)), Numbers: make([]float64, len(numbers))}
		for k := range keys {
			g.Keys[k] = keys[k][i]
		}
		for k := range numbers {
			g.Numbers[k] = numbers[k][i]
		}
		out.Rows = append(out.Rows, g)
		c.mixed = c.mixed || c.weighs && least[i] != most[i]
	}
	return nil
}

// weighQuantiles computes the quantiles of groups whose rows differ in weight.
func (s *Store) weighQuantiles(ctx context.Context, c *counting, sources []*seeker, out *rowstore.Groups) error {
	index := map[string]int{}
	name := func(at int64, keys []string) string {
		return strconv.FormatInt(at, 10) + "\x00" + strings.Join(keys, "\x00")
	}
	for i, g := range out.Rows {
		index[name(g.At, g.Keys)] = i
	}
	for n, a := range c.q.Of {
		if a.Kind != "quantile" {
			continue
		}
		w := &counting{question: new(question), q: c.q, where: c.where, keys: c.keys}
		w.q.Of = []rowstore.Aggregate{a}
		var parts []string
		for i, src := range sources {
			src.question = w.question
			part, err := w.branch(src, i)
			if err != nil {
				return err
			}
			parts = append(parts, part)
		}
		by := "b"
		for i := range c.keys {
			by += ", k" + strconv.Itoa(i)
		}
		fmt.Fprintf(w, "SELECT %s, min(v) FROM (SELECT %s, v, sum(w) OVER (PARTITION BY %s ORDER BY v) AS upto, sum(w) OVER (PARTITION BY %s) AS total "+
			"FROM (SELECT %s, v0 AS v, sum(w::DOUBLE) AS w FROM (%s) WHERE v0 IS NOT NULL GROUP BY %s, v0)) WHERE upto >= %s * total GROUP BY %s",
			by, by, by, by, by, strings.Join(parts, " UNION ALL "), by, w.arg(a.Q), by)
		err := s.ask(ctx, w.question, func(ch chunk) error {
			at := column[int64](ch, 0)
			keys := make([][]string, len(c.keys))
			for i, k := range c.keys {
				keys[i] = k.text(ch, 1+i)
			}
			values := column[float64](ch, 1+len(keys))
			for i := range ch.n {
				group := make([]string, len(keys))
				for k := range keys {
					group[k] = keys[k][i]
				}
				if g, ok := index[name(at[i], group)]; ok {
					out.Rows[g].Numbers[n] = values[i]
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	// The order is by the first number, which may have changed.
	slices.SortStableFunc(out.Rows, func(a, b rowstore.Group) int {
		if x, y := a.Numbers[0], b.Numbers[0]; x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
			return cmp.Compare(y, x) // NaN is the least
		}
		return 0
	})
	return nil
}
