package kpi

import "math"

// closeRows computes the datapoint of one group. It changes nothing, so that a closed period can be computed again.
func (m *Meter) closeRows(g *group, end int64, unobserved, whole bool) {
	g.touched = false
	if g.birth == math.MaxInt64 || end-m.period < g.birth {
		return // judged from the first whole period
	}
	gp := GroupPoint{Labels: g.labels, Whole: whole, Key: g.key, Keeper: &g.keeper, SliceGood: math.NaN(), SliceTotal: math.NaN()}
	p := Point{End: end, Value: math.NaN(), Upper: math.NaN(), Good: math.NaN(), Total: math.NaN(), Coverage: 1}
	if m.k.Indicator.Kind == Freshness {
		m.ageOfRows(g, end, unobserved, &p)
	} else {
		m.measureRows(g, end, unobserved, &p, &gp)
	}
	switch {
	case p.Missing == NoData && unobserved:
		p.Missing, p.Detail = Unobserved, NotObserved
	case p.Missing == NoData && m.neverMatched(end) != "":
		p.Missing, p.Detail = NeverSeen, unmatched(m.neverMatched(end))
	case p.Missing == NoData:
		p.Detail = noRows
	case p.Missing == NotMissing && m.goodNeverMatched(end):
		p.Missing, p.Detail = NeverSeen, unmatchedGood(m.k.Indicator.goodSide())
	}
	gp.Point = Settle(m.k, p)
	m.out = append(m.out, gp)
}

// ageOfRows is the age in seconds of the newest row at the period's end.
func (m *Meter) ageOfRows(g *group, end int64, unobserved bool, p *Point) {
	newest := g.rows.newest
	if g.newest <= end { // else it was recalled, and the slots say more
		newest = max(newest, g.newest)
	}
	for i := range g.rows.slots {
		if s := &g.rows.slots[i]; s.end <= end {
			newest = max(newest, s.newest)
		}
	}
	if newest == 0 || unobserved && newest <= end-m.period {
		p.Missing = NoData
		return
	}
	p.Value = float64(end-newest) / 1000
}

// measureRows adds up the window's slots. A window without any row that counts is a zero if the table got other rows, and
// else no data: rows have no scrape that could say that they were looked for.
func (m *Meter) measureRows(g *group, end int64, unobserved bool, p *Point, gp *GroupPoint) {
	in := &m.k.Indicator
	var rows, whole, part, half int64
	var shape *spread
	var set *distinct
	sum := &m.rows.sum
	sum.reset()
	shared := false // shape and set are of the window and not of a slot
	for i := range g.rows.slots {
		s := &g.rows.slots[i]
		if s.end <= end-m.window || s.end > end {
			continue
		}
		rows, whole, part, half = rows+s.rows, whole+s.whole, part+s.part, half+s.half
		switch {
		case s.rows == 0:
		case in.Kind == Mean:
			sum.merge(&s.sum)
		case in.Kind == Quantile && shape == nil:
			shape = s.spread
		case in.Kind == Quantile:
			if !shared {
				m.rows.spread.reset()
				m.rows.spread.merge(shape)
				shape, shared = &m.rows.spread, true
			}
			shape.merge(s.spread)
		case in.Kind == Unique && set == nil:
			set = s.unique
		case in.Kind == Unique:
			if !shared {
				first := set
				set, shared = &distinct{}, true
				set.merge(first)
			}
			set.merge(s.unique)
		}
		if s.end == end && s.whole > 0 {
			gp.SliceGood, gp.SliceTotal = m.good(s.whole, s.part, s.half), rowsOf(s.whole)
		}
	}
	if whole > 0 {
		p.Coverage = min(1, float64(rows)*unit/float64(whole))
	} else if part == 0 && (unobserved || !m.quiet(end)) {
		p.Missing = NoData
		return
	}
	p.Total = rowsOf(whole)
	switch in.Kind {
	case Rate:
		p.Value = p.Total / (float64(m.window) / 1000)
	case Mean:
		p.Value = sum.value() / p.Total
	case Quantile:
		if shape != nil {
			p.Value = shape.quantile(m.rows.mapping, in.Q, whole)
		}
	case Unique:
		p.Value = 0
		if set != nil {
			p.Value = set.count()
		}
		p.Total = p.Value // min_count hides groups of few people
	default:
		p.Good = m.good(whole, part, half)
		p.Value = p.Good / p.Total
		if in.Bad != nil {
			p.Value = rowsOf(part) / p.Total
		}
	}
}

// good is the part of a share that went well.
func (m *Meter) good(whole, part, half int64) float64 {
	switch in := &m.k.Indicator; {
	case in.Kind == Mean || in.Kind == Rate || in.Kind == Quantile || in.Kind == Unique:
		return math.NaN()
	case in.Bad != nil:
		return rowsOf(whole - part)
	default:
		return rowsOf(2*part+half) / 2
	}
}

// quiet reports whether silence in the window that ends at end means that nothing happened: rows that count were seen before,
// and the table got others meanwhile.
func (m *Meter) quiet(end int64) bool {
	side := 0
	if m.k.Indicator.Kind == Ratio {
		side = 1
	}
	return m.sides[side].since <= end && (m.o.Alive == nil || m.o.Alive(end-m.window, end))
}
