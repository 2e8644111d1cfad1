package kpi

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
)

// inst is one instance of an indicator whose series only make sense together: a histogram with its buckets and count (and
// its native form), or the sum and count of a mean. The samples of one timestamp are collected and booked as one step, so
// that a reset seen in one series resets them all.
type inst struct {
	g         *group
	labels    labels.Labels // what its series share: without the name and le
	les       []float64     // per component: upper bound; of a count +Inf too, told apart by isCount
	taps      []*Tap        // per component
	nativeTap *Tap
	isCount   []bool
	last      []float64 // NaN = absent
	pend      []float64
	slots     []vslot
	cur       vslot
	lastT     int64
	pendT     int64
	pendST    int64
	lastFH    *histogram.FloatHistogram
	lastFHT   int64
	interval  int32
	seen      uint8
	has       bool
	born      bool // its target was seen without it: the first sample counts whole
	dead      bool
	pair      bool // sum and count of a mean: only the count shows a reset
}

// vslot is what an instance added to one period.
type vslot struct {
	end int64
	v   []float64 // per component; NaN = not known for the whole period
	fh  *histogram.FloatHistogram
	n   uint32
	rep bool
	gap bool
	saw bool
}

// inst returns the instance that a tap belongs to, making it if need be.
func (m *Meter) inst(g *group, t *Tap) *inst {
	b := labels.NewBuilder(t.labels)
	b.Del(model.MetricNameLabel)
	if m.k.Indicator.Histogram != nil {
		b.Del(labels.BucketLabel)
	}
	id := b.Labels()
	at, found := slices.BinarySearchFunc(g.insts, id, func(in *inst, l labels.Labels) int { return labels.Compare(in.labels, l) })
	if found {
		return g.insts[at]
	}
	in := &inst{g: g, labels: id, interval: t.interval, pair: m.k.Indicator.Kind == Mean}
	g.insts = slices.Insert(g.insts, at, in)
	if m.overall != nil {
		at, _ := slices.BinarySearchFunc(m.overall.insts, id, func(in *inst, l labels.Labels) int { return labels.Compare(in.labels, l) })
		m.overall.insts = slices.Insert(m.overall.insts, at, in)
	}
	return in
}

// attach gives a tap its component. Components are ordered by upper bound, a count last; a mean has sum, then count.
func (in *inst) attach(m *Meter, t *Tap) {
	t.in = in
	r := m.sides[t.side].role
	if r == roleNative {
		in.nativeTap = t
		return
	}
	le, isCount := math.Inf(1), r == roleCount
	switch r {
	case roleSum:
		le = 0
	case roleBucket:
		var ok bool
		if le, ok = parseLe(t.labels.Get(labels.BucketLabel)); !ok {
			t.in = nil
			t.dead = true
			m.Skipped++
			return
		}
	}
	at := 0
	for at < len(in.les) && (in.les[at] < le || (in.les[at] == le && !in.isCount[at])) {
		at++
	}
	in.les = slices.Insert(in.les, at, le)
	in.isCount = slices.Insert(in.isCount, at, isCount)
	in.taps = slices.Insert(in.taps, at, t)
	in.last = slices.Insert(in.last, at, math.NaN())
	in.pend = slices.Insert(in.pend, at, math.NaN())
	for i := range in.slots {
		fill := 0.0
		if in.slots[i].n > 0 {
			fill = math.NaN()
		}
		if in.slots[i].end != 0 {
			in.slots[i].v = slices.Insert(in.slots[i].v, at, fill)
		}
	}
	for i := range in.taps {
		in.taps[i].comp = uint16(i)
	}
}

func (in *inst) kill() {
	in.dead = true
	for _, t := range in.all() {
		t.dead = true
	}
}

// feed takes a sample of one component, or a native histogram.
func (in *inst) feed(t *Tap, ts, st int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	m := t.m
	if h != nil || fh != nil {
		in.feedNative(t, ts, st, h, fh)
		return
	}
	if value.IsStaleNaN(v) || m.sides[t.side].role == roleNative {
		return
	}
	if math.IsNaN(v) || math.IsInf(v, 0) || (v < 0 && (!in.pair || in.isCount[t.comp])) {
		m.Skipped++
		return
	}
	c := t.comp
	switch {
	case ts == in.pendT:
		if math.IsNaN(in.pend[c]) {
			in.pend[c], in.pendST = v, max(in.pendST, st)
			m.touch(t, ts)
		}
		return
	case ts == in.lastT && !math.IsNaN(in.last[c]):
		return // the first sample of a timestamp stands
	case ts < in.pendT || ts <= in.lastT:
		m.late(ts)
		return
	}
	if in.pendT != 0 {
		in.flush(m)
	}
	if ts <= m.closed {
		m.late(ts)
	}
	in.pendT, in.pendST = ts, st
	in.pend[c] = v
	if !in.has { // asked now, because who answers may remember the newest scrapes only
		in.born = t.origin(ts).Born
	}
	m.touch(t, ts)
}

// flush books the collected samples of one timestamp.
func (in *inst) flush(m *Meter) {
	ts, st := in.pendT, in.pendST
	in.pendT = 0
	s := in.slot(m.periodEnd(ts))
	s.rep = true
	whole := false // the first sample counts whole
	if !in.has {
		in.has = true
		startsHere := st > 0 && st <= ts && m.periodEnd(st) == m.periodEnd(ts)
		if whole = startsHere || in.born; !whole {
			in.shift(ts)
			return
		}
	} else if st > in.lastT && st <= ts {
		whole = true
	} else {
		for c, p := range in.pend {
			if p < in.last[c] && (!in.pair || in.isCount[c]) { // false with NaN
				whole = true
			}
		}
	}
	if in.lastT != 0 && ts-in.lastT > m.maxGap(in.interval) {
		for c := len(in.pend) - 1; c >= 0; c-- { // the count, else the highest bucket that is known
			inc := in.pend[c]
			if !whole {
				inc -= in.last[c]
			}
			if in.pair && !in.isCount[c] {
				break
			}
			if !math.IsNaN(inc) {
				m.bookUnplaced(in.g, in.labels, ts, inc)
				break
			}
		}
		s.gap = true
		in.shift(ts)
		return
	}
	placed := false
	for c, p := range in.pend {
		d := p
		if !whole {
			d -= in.last[c]
		}
		s.v[c] += d                                                        // NaN where the component was absent on either side: then it is unknown for this period
		placed = placed || (!math.IsNaN(d) && (in.pair || !in.isCount[c])) // a count alone, say of a summary, is no histogram
	}
	if in.pair && (math.IsNaN(s.v[0]) || len(s.v) < 2 || math.IsNaN(s.v[1])) {
		placed = false
		s.n = 0 // one of the two was absent: the period's share of the other has no partner
	}
	if placed {
		s.n++
	}
	in.shift(ts)
}

// shift makes the collected samples the last ones.
func (in *inst) shift(ts int64) {
	in.lastT = ts
	in.last, in.pend = in.pend, in.last
	for c := range in.pend {
		in.pend[c] = math.NaN()
	}
}

// newest returns when the instance last reported, 0 before its first sample.
func (in *inst) newest() int64 { return max(in.lastT, in.pendT, in.lastFHT) }

func (in *inst) slot(end int64) *vslot {
	free := -1
	for i := range in.slots {
		if in.slots[i].end == end {
			return &in.slots[i]
		}
		if in.slots[i].end == 0 {
			free = i
		}
	}
	if free < 0 {
		in.slots = append(in.slots, vslot{})
		free = len(in.slots) - 1
	}
	s := &in.slots[free]
	v := s.v
	if cap(v) < len(in.les) {
		v = make([]float64, len(in.les))
	}
	v = v[:len(in.les)]
	clear(v)
	*s = vslot{end: end, v: v}
	return s
}

// settle moves what the period that ends at end holds into cur.
func (in *inst) settle(m *Meter, end int64) {
	if in.pendT != 0 && in.pendT <= end {
		in.flush(m)
	}
	old := in.cur.v
	in.cur = vslot{}
	for i := range in.slots {
		s := &in.slots[i]
		if s.end == 0 || s.end > end {
			continue
		}
		if s.end == end {
			in.cur = *s
			s.v = old // the vectors change places, so that closing allocates nothing
		}
		s.end = 0
	}
	in.seen <<= 1
	if in.cur.rep {
		in.seen |= 1
	}
	in.cur.saw = in.seen&0x1f != 0
}

// scratch holds what merging instances needs, reused from close to close.
type scratch struct {
	edges, vals, edges2, vals2 []float64
	buckets                    promql.Buckets
}

// merge adds the instances of a group that placed something in the period, over the edges that all of them know. ok is
// false when none did.
func (m *Meter) merge(g *group) (edges, vals []float64, ok bool) {
	sc := &m.scratch
	sc.edges, sc.vals = sc.edges[:0], sc.vals[:0]
	for _, in := range g.insts {
		if in.cur.n == 0 {
			continue
		}
		if !ok {
			ok = true
			for c, le := range in.les {
				if !in.isCount[c] && !math.IsNaN(in.cur.v[c]) {
					sc.edges, sc.vals = append(sc.edges, le), append(sc.vals, in.cur.v[c])
				}
			}
			continue
		}
		sc.edges2, sc.vals2 = sc.edges2[:0], sc.vals2[:0]
		c := 0
		for i, e := range sc.edges {
			for c < len(in.les) && (in.les[c] < e) {
				c++
			}
			if c < len(in.les) && in.les[c] == e && !in.isCount[c] && !math.IsNaN(in.cur.v[c]) {
				sc.edges2, sc.vals2 = append(sc.edges2, e), append(sc.vals2, sc.vals[i]+in.cur.v[c])
			}
		}
		sc.edges, sc.edges2, sc.vals, sc.vals2 = sc.edges2, sc.edges, sc.vals2, sc.vals
	}
	return sc.edges, sc.vals, ok
}

// vecWindow keeps the merged buckets of the window's periods.
type vecWindow struct {
	edges []float64
	rings []ring
	lacks []*ring // per edge: the periods with data that do not know it; nil = none
}

// push adds a period. has is the group's ring of periods with data before this one is pushed to it.
func (w *vecWindow) push(edges, vals []float64, data bool, has *ring) {
	n := has.len()
	for _, e := range edges {
		at, found := slices.BinarySearchFunc(w.edges, e, func(a, b float64) int { return cmp.Compare(a, b) })
		if found {
			continue
		}
		var lack *ring
		if has.total() > 0 {
			l := newRing(n)
			for back := n - 1; back >= 0; back-- {
				l.push(b2f(has.at(back) == placedPeriod))
			}
			lack = &l
		}
		w.edges = slices.Insert(w.edges, at, e)
		w.rings = slices.Insert(w.rings, at, newRing(n))
		w.lacks = slices.Insert(w.lacks, at, lack)
	}
	i := 0
	for at, e := range w.edges {
		for i < len(edges) && edges[i] < e {
			i++
		}
		known := i < len(edges) && edges[i] == e
		if known {
			w.rings[at].push(vals[i])
		} else {
			w.rings[at].push(0)
		}
		lacking := data && !known
		if w.lacks[at] == nil && lacking {
			l := newRing(n)
			w.lacks[at] = &l
		}
		if w.lacks[at] != nil {
			w.lacks[at].push(b2f(lacking))
			if w.lacks[at].total() == 0 {
				w.lacks[at] = nil
			}
		}
	}
}

// sums returns the window's buckets over the edges that every period with data knows.
func (w *vecWindow) sums(sc *scratch) (edges, vals []float64) {
	sc.edges2, sc.vals2 = sc.edges2[:0], sc.vals2[:0]
	for i, e := range w.edges {
		if w.lacks[i] == nil {
			sc.edges2, sc.vals2 = append(sc.edges2, e), append(sc.vals2, w.rings[i].total())
		}
	}
	return sc.edges2, sc.vals2
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
