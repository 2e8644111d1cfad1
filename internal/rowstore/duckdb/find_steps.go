package duckdb

import (
	"cmp"
	"math"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// firstStep is how many blocks the first of the steps towards the rows at one end of time looks at, and stepGrowth how many
// times as many each further one does.
const (
	firstStep  = 4
	stepGrowth = 8
)

// findStep is rows of a source that are looked at together.
type findStep struct {
	rows []span
	end  int64 // no row of this step or a later one is beyond this time
}

// behind reports whether all rows of the step come behind a time.
func (f findStep) behind(time int64, oldest bool) bool {
	if oldest {
		return f.end > time
	}
	return f.end < time
}

// steps divides a source into blocks that are looked at one after the other, those at the wanted end of time first. Rows that
// are sought by an id are few, and looked for at once.
func (s *seeker) steps(q rowstore.Find, between rowstore.Between) []findStep {
	end := int64(math.MaxInt64)
	if q.Oldest {
		end = math.MinInt64
	}
	all := findStep{[]span{{0, s.Rows - 1}}, end}
	if s.index == nil || rare(q.Where) {
		return []findStep{all}
	}
	type block struct {
		number int
		end    int64
	}
	var blocks []block
	of := []span{{0, s.Rows - 1}}
	if s.narrow {
		of = s.spans
	}
	next := 0
	for _, x := range of {
		for i := max(next, int(x.from>>indexBits)); i <= int(x.to>>indexBits); i++ {
			if z := s.index.zones[i]; overlaps(z.from, z.to, between) {
				b := block{i, z.to}
				if q.Oldest {
					b.end = z.from
				}
				blocks = append(blocks, b)
			}
			next = i + 1
		}
	}
	slices.SortFunc(blocks, func(a, b block) int {
		if q.Oldest {
			return cmp.Compare(a.end, b.end)
		}
		return cmp.Compare(b.end, a.end)
	})
	var out []findStep
	for n := firstStep; len(blocks) > 0; n *= stepGrowth {
		n := min(n, len(blocks))
		step := findStep{end: blocks[0].end}
		slices.SortFunc(blocks[:n], func(a, b block) int { return cmp.Compare(a.number, b.number) })
		for _, b := range blocks[:n] {
			step.rows = s.index.append(step.rows, b.number)
		}
		out, blocks = append(out, step), blocks[n:]
	}
	return out
}

// rare reports whether an expression asks for an id, which few rows have.
func rare(e rowstore.Expr) bool {
	if m := e.Match; m != nil {
		return m.Op == rowstore.Equal && m.Value != "" && slices.Contains([]string{"trace_id", "span_id", "parent_id", "user", "session", "business_id"}, m.Field)
	}
	return slices.ContainsFunc(e.And, rare)
}
