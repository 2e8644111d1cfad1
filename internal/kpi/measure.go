package kpi

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// What a period held, in a group's has ring.
const (
	emptyPeriod  = 0
	placedPeriod = 1
	gapPeriod    = 2
)

func parseLe(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsNaN(v)
}

// measure computes the point of one group for the period that ends at end, before Settle.
func (m *Meter) measure(g *group, end int64, p *Point, gp *GroupPoint) {
	switch kind := m.k.Indicator.Kind; {
	case m.k.Indicator.Histogram != nil:
		m.measureHistogram(g, end, p, gp)
	case kind == Mean:
		m.measureMean(g, end, p)
	case kind == Gauge:
		m.measureGauge(g, end, p)
	case kind == Freshness:
		m.measureFreshness(g, end, p)
	default:
		m.measureCounts(g, end, p, gp)
	}
}

// tally is what the series of one side did in a period.
type tally struct {
	sum           float64
	n             uint32
	gap           bool
	reported, saw int
}

// sumTaps settles a list's taps (unless its group is the whole, whose taps their own groups settled) and adds them up in
// the fixed order.
func (m *Meter) sumTaps(g *group, list int, end int64) tally {
	var y tally
	for _, t := range g.taps[list] {
		if g != m.overall {
			t.settle(end)
		}
		y.sum += t.cur.v
		y.n += t.cur.n
		y.gap = y.gap || t.cur.gap
		y.reported += int(b2f(t.cur.rep))
		y.saw += int(b2f(t.cur.saw))
	}
	return y
}

func (y tally) coverage() float64 {
	if y.saw == 0 {
		return 0
	}
	return float64(y.reported) / float64(y.saw)
}

// measureCounts: ratio, rate, availability.
func (m *Meter) measureCounts(g *group, end int64, p *Point, gp *GroupPoint) {
	first := m.sumTaps(g, 0, end)
	whole := first
	good, total := first.sum, first.sum
	switch m.k.Indicator.Kind {
	case Ratio:
		whole = m.sumTaps(g, 1, end)
		total = whole.sum
	case Availability:
		total = float64(first.n)
	}
	p.Coverage = whole.coverage()
	held := emptyPeriod
	switch {
	case whole.n > 0:
		held = placedPeriod
	case whole.gap || first.gap:
		held = gapPeriod
	}
	bad := m.k.Indicator.Bad != nil
	if held == placedPeriod && m.k.Indicator.Kind != Rate {
		gp.SliceGood, gp.SliceTotal = good, total
		if bad {
			gp.SliceGood = total - good
		}
	}
	if m.w > 1 {
		g.good.push(good)
		g.total.push(total)
		held = g.hold(held)
		good, total = g.good.total(), g.total.total()
	}
	if held != placedPeriod {
		p.Missing = missingFor(held)
		return
	}
	switch m.k.Indicator.Kind {
	case Rate:
		p.Value = good / (float64(m.window) / 1000)
		p.Total = good
	default:
		p.Value = good / total
		p.Good, p.Total = good, total
		if bad {
			p.Good = total - good
		}
	}
}

// hold notes what the period held and returns what the window holds: placed if any period placed something, else gap if
// any saw one.
func (g *group) hold(held int) int {
	g.has.push(float64(held))
	if held == placedPeriod {
		return held
	}
	for back := range g.has.len() {
		if g.has.at(back) == placedPeriod {
			return placedPeriod
		}
		if g.has.at(back) == gapPeriod {
			held = gapPeriod
		}
	}
	return held
}

func missingFor(held int) MissingReason {
	if held == gapPeriod {
		return Gap
	}
	return NoData
}

// settleInsts settles a group's instances and says what the period held.
func (m *Meter) settleInsts(g *group, end int64, p *Point) (held int) {
	var y tally
	for _, in := range g.insts {
		if g != m.overall {
			in.settle(m, end)
		}
		y.n += in.cur.n
		y.gap = y.gap || in.cur.gap
		y.reported += int(b2f(in.cur.rep))
		y.saw += int(b2f(in.cur.saw))
	}
	p.Coverage = y.coverage()
	switch {
	case y.n > 0:
		return placedPeriod
	case y.gap:
		return gapPeriod
	default:
		return emptyPeriod
	}
}

// measureMean: the increase of the sum over that of the count, joined on equal labels.
func (m *Meter) measureMean(g *group, end int64, p *Point) {
	held := m.settleInsts(g, end, p)
	var sum, count float64
	for _, in := range g.insts {
		if in.cur.n > 0 && len(in.cur.v) > 1 {
			sum += in.cur.v[0]
			count += in.cur.v[1]
		}
	}
	if m.w > 1 {
		g.good.push(sum)
		g.total.push(count)
		held = g.hold(held)
		sum, count = g.good.total(), g.total.total()
	}
	if held != placedPeriod {
		p.Missing = missingFor(held)
		return
	}
	p.Value, p.Total = sum/count, count
}

// measureGauge: Over in time per series, then Across the series.
func (m *Meter) measureGauge(g *group, end int64, p *Point) {
	var n, reported, saw int
	v := math.NaN()
	for _, t := range g.taps[0] {
		if g != m.overall {
			t.settle(end)
		}
		reported += int(b2f(t.cur.rep))
		saw += int(b2f(t.cur.saw))
		if t.cur.n == 0 {
			continue
		}
		x := t.cur.v
		if m.k.Indicator.Over == "avg" {
			x /= float64(t.cur.n)
		}
		switch {
		case n == 0:
			v = x
		case m.k.Indicator.Across == "min":
			v = math.Min(v, x)
		case m.k.Indicator.Across == "max":
			v = math.Max(v, x)
		default:
			v += x
		}
		n++
	}
	if saw > 0 {
		p.Coverage = float64(reported) / float64(saw)
	}
	if n == 0 {
		p.Missing = NoData
		return
	}
	if m.k.Indicator.Across == "avg" {
		v /= float64(n)
	}
	p.Value = v
}

// measureFreshness: the age in seconds of the newest sample at the period's end.
func (m *Meter) measureFreshness(g *group, end int64, p *Point) {
	y := tally{}
	for _, t := range g.taps[0] {
		if g != m.overall {
			t.settle(end)
		}
		y.reported += int(b2f(t.cur.rep))
		y.saw += int(b2f(t.cur.saw))
		if t.cur.n > 0 {
			g.newest = max(g.newest, int64(t.cur.v))
		}
	}
	p.Coverage = y.coverage()
	if g.newest == 0 {
		p.Missing = NoData
		return
	}
	p.Coverage = 1 // an age is always known once a sample was seen
	p.Value = float64(end-g.newest) / 1000
}

// SeeFresh tells a freshness meter of a sample that lies before the history it was fed.
func (m *Meter) SeeFresh(key string, ts int64) {
	if g := m.groups[key]; g != nil {
		g.newest = max(g.newest, ts)
	}
	if m.overall != nil {
		m.overall.newest = max(m.overall.newest, ts)
	}
}

// measureHistogram: share_below, quantile, apdex.
func (m *Meter) measureHistogram(g *group, end int64, p *Point, gp *GroupPoint) {
	held := m.settleInsts(g, end, p)
	native := mergeNative(g.insts)
	edges, vals, classic := m.merge(g)
	if native != nil {
		edges, vals, classic = nil, nil, false // never mixed in one period; native wins
	}
	if sg, st, ok := m.slice(edges, vals, native, classic); ok {
		gp.SliceGood, gp.SliceTotal = sg, st
	}
	if m.w > 1 {
		if g.vec == nil {
			g.vec = &vecWindow{}
		}
		g.vec.push(edges, vals, classic, &g.has)
		native = g.nativeWindow(m, end, native)
		held = g.hold(held)
		edges, vals = g.vec.sums(&m.scratch)
	}
	if held != placedPeriod {
		p.Missing = missingFor(held)
		return
	}
	if native != nil {
		m.valueOfNative(native, p)
		return
	}
	m.valueOfBuckets(edges, vals, p)
}

// slice returns the period's own good and total for an objective by occurrences.
func (m *Meter) slice(edges, vals []float64, native *histogram.FloatHistogram, classic bool) (good, total float64, ok bool) {
	if m.k.Indicator.Kind == Quantile || (native == nil && !classic) {
		return 0, 0, false
	}
	var p Point
	if native != nil {
		m.valueOfNative(native, &p)
	} else {
		m.valueOfBuckets(edges, vals, &p)
	}
	return p.Good, p.Total, p.Missing == NotMissing && !math.IsNaN(p.Good)
}

// below returns the cumulative counts at the nearest edges under and over x; equal when x is an edge.
func below(edges, vals []float64, x float64) (lower, upper float64) {
	for i, e := range edges {
		if e <= x {
			lower = vals[i]
		}
		if e >= x {
			return lower, vals[i]
		}
	}
	return lower, lower
}

// between says which edges a value without an edge of its own lies between.
func (i Indicator) between(x float64, edges []float64) string {
	unit := ""
	for _, m := range i.Histogram.Matchers {
		if m.Name == model.MetricNameLabel && strings.HasSuffix(m.Value, "_seconds") {
			unit = " s"
		}
	}
	at, _ := slices.BinarySearch(edges, x)
	if at == 0 || at == len(edges) {
		return fmt.Sprintf("%s%s lies outside the edges", number(x), unit)
	}
	return fmt.Sprintf("%s%s lies between the edges %s and %s", number(x), unit, number(edges[at-1]), number(edges[at]))
}

func (m *Meter) valueOfBuckets(edges, vals []float64, p *Point) {
	if len(edges) == 0 || !math.IsInf(edges[len(edges)-1], 1) {
		p.Missing, p.Detail = Invariant, "the histograms of the group have no +Inf bucket in common"
		return
	}
	i, total := m.k.Indicator, vals[len(vals)-1]
	p.Total = total
	switch i.Kind {
	case ShareBelow:
		lower, upper := below(edges, vals, i.Below)
		m.share(p, lower, upper, total)
		if upper > lower {
			p.Detail = i.between(i.Below, edges)
		}
	case Apdex:
		l1, u1 := below(edges, vals, i.T)
		l4, u4 := below(edges, vals, 4*i.T)
		m.share(p, (l1+l4)/2, (u1+u4)/2, total)
		if u1 > l1 {
			p.Detail = i.between(i.T, edges)
		} else if u4 > l4 {
			p.Detail = i.between(4*i.T, edges)
		}
	default:
		buckets := m.scratch.buckets[:0]
		for k := range edges {
			buckets = append(buckets, promql.Bucket{UpperBound: edges[k], Count: vals[k]})
		}
		m.scratch.buckets = buckets
		p.Value, _, _, _, _, _ = promql.BucketQuantile(i.Q, buckets)
		if len(edges) > 1 {
			last := edges[len(edges)-2]
			if i.Q*total > vals[len(vals)-2] {
				p.Detail = fmt.Sprintf("the quantile lies beyond the last finite edge %s", number(last))
				p.Value, p.Upper = last, math.Inf(1) // beyond the last finite edge: known to be more, not how much
			}
		}
	}
}

func (m *Meter) valueOfNative(h *histogram.FloatHistogram, p *Point) {
	i := m.k.Indicator
	p.Total = h.Count
	switch i.Kind {
	case ShareBelow:
		lower, upper := nativeBelow(h, i.Below)
		m.share(p, lower, upper, h.Count)
	case Apdex:
		l1, u1 := nativeBelow(h, i.T)
		l4, u4 := nativeBelow(h, 4*i.T)
		m.share(p, (l1+l4)/2, (u1+u4)/2, h.Count)
	default:
		p.Value, _ = promql.HistogramQuantile(i.Q, h, "", posrange.PositionRange{})
		if h.UsesCustomBuckets() && i.Q*h.Count > finiteCount(h) {
			p.Upper = math.Inf(1) // beyond the last finite edge, as with classic buckets
		}
	}
}

// share sets a lower bound, and the upper one where they differ.
func (m *Meter) share(p *Point, lower, upper, total float64) {
	p.Good, p.Value, p.Upper = lower, lower/total, math.NaN()
	if upper > lower {
		p.Upper = upper / total
	}
}
