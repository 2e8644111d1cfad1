package kpi

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// gapIncrease is an increase across a gap too long to say when it happened.
type gapIncrease struct {
	end    int64 // of the period in which its sample was taken
	labels labels.Labels
	v      float64
}

// bookUnplaced notes an increase that no period can claim. It counts once the period of its sample closes.
func (m *Meter) bookUnplaced(g *group, l labels.Labels, ts int64, inc float64) {
	gap := gapIncrease{m.periodEnd(ts), l, inc}
	g.gaps = append(g.gaps, gap)
	if m.overall != nil {
		m.overall.gaps = append(m.overall.gaps, gap)
	}
}

// settleGaps adds the gaps of the period that ends at end to those of its UTC day, in the order of the series' labels.
func (g *group) settleGaps(end int64) {
	const day = 86_400_000
	if d := (end - 1) / day; d != g.unplacedDay {
		g.unplacedDay, g.unplaced = d, 0
	}
	if len(g.gaps) == 0 {
		return
	}
	slices.SortStableFunc(g.gaps, func(a, b gapIncrease) int {
		return cmp.Or(cmp.Compare(a.end, b.end), labels.Compare(a.labels, b.labels))
	})
	n := 0
	for n < len(g.gaps) && g.gaps[n].end <= end {
		if g.gaps[n].end == end { // an older one came late, and the replay that it asks for counts it
			g.unplaced += g.gaps[n].v
		}
		n++
	}
	if g.gaps = slices.Delete(g.gaps, 0, n); len(g.gaps) == 0 {
		g.gaps = nil
	}
}
