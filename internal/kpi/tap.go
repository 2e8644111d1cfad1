package kpi

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// Tap takes the samples of one series on one side of one KPI.
type Tap struct {
	m        *Meter
	g        *group
	in       *inst // the histogram or sum/count pair it is part of, else nil
	moved    *Tap  // after a replay: the tap of the same series in the meter that took over
	labels   labels.Labels
	last     float64
	lastT    int64
	slots    []slot
	cur      slot   // what the period being closed holds, read by its group and by the whole
	interval int32  // ms
	comp     uint16 // its place in inst
	side     uint8
	seen     uint8 // one bit a period, newest lowest: reported
	has      bool  // last and lastT are set
	dead     bool
	pulled   bool
}

// slot holds what a series added to one period that is not closed yet (for gauges: to one period of the window).
type slot struct {
	end int64
	v   float64
	n   uint32 // increases placed, or samples
	rep bool   // the series reported in the period
	gap bool   // an increase across a gap ended here
	saw bool   // in cur: the series reported in one of the last five periods
}

// Labels returns the series.
func (t *Tap) Labels() labels.Labels { return t.labels }

// Together identifies what the series is a part of, a histogram or a sum with its count: the samples of all parts must be
// fed in order of time, while apart from that series are independent. It is nil for a series that stands by itself.
func (t *Tap) Together() any {
	if t.in == nil {
		return nil
	}
	return t.in
}

// Side returns the side it was attached to.
func (t *Tap) Side() int { return int(t.side) }

// Moved returns the tap that took over this one's series after a replay, or nil.
func (t *Tap) Moved() *Tap {
	for t.moved != nil && t.moved.moved != nil {
		t.moved = t.moved.moved
	}
	return t.moved
}

// Silent reports whether nothing arrived since before.
func (t *Tap) Silent(before int64) bool {
	if t.in != nil {
		return t.in.newest() < before
	}
	return t.lastT < before
}

// Feed takes one committed sample: ts and st in Unix ms (st 0: start unknown), the value in v, or in h or fh for a native
// histogram. The first sample of a timestamp stands.
func (t *Tap) Feed(ts, st int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	m := t.m
	if t.dead {
		if !m.bind(t) {
			m.OverLimit++
			return
		}
		if t.dead {
			return // a bucket without a number for its edge
		}
	}
	native := h != nil || fh != nil
	if t.in != nil {
		if native != (m.sides[t.side].role == roleNative) {
			return
		}
		t.in.feed(t, ts, st, v, h, fh)
		return
	}
	if native || value.IsStaleNaN(v) {
		return // a stale marker is no sample, and a native histogram no counter
	}
	if t.has && ts <= t.lastT {
		if ts < t.lastT {
			m.late(ts)
		}
		return
	}
	if ts <= m.closed {
		m.late(ts)
	}
	switch m.k.Indicator.Kind {
	case Availability, Gauge, Freshness:
		t.observe(ts, v)
	default:
		t.count(ts, st, v)
	}
}

// count places a counter's increase into the period of its sample.
func (t *Tap) count(ts, st int64, v float64) {
	m := t.m
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		m.Skipped++
		return
	}
	m.touch(t, ts)
	s := t.slot(m.periodEnd(ts))
	s.rep = true
	if !t.has {
		t.has = true
		o := t.origin(ts)
		startsHere := st > 0 && st <= ts && m.periodEnd(st) == m.periodEnd(ts)
		switch {
		case o.Has && !startsHere:
			t.last, t.lastT = o.V, o.T
		case startsHere || o.Born:
			s.v += v
			s.n++
			t.last, t.lastT = v, ts
			return
		default:
			t.last, t.lastT = v, ts
			return
		}
	}
	inc := v - t.last
	if inc < 0 || (st > t.lastT && st <= ts) {
		inc = v // a reset: all of it came since
	}
	if ts-t.lastT > m.maxGap(t.interval) {
		s.gap = true
		if m.k.Indicator.Kind != Ratio || m.sides[t.side].role == roleTotal {
			m.bookUnplaced(t.g, t.labels, ts, inc)
		}
	} else {
		s.v += inc
		s.n++
	}
	t.last, t.lastT = v, ts
}

// origin asks for the series' past at its first sample.
func (t *Tap) origin(ts int64) Origin {
	if t.m.o.Origin == nil {
		return Origin{}
	}
	interval := int64(0)
	if t.pulled {
		interval = int64(t.interval)
	}
	return t.m.o.Origin(t.labels, ts, interval)
}

// maxGap is the longest distance between two samples across which an increase can be placed: max(window, two intervals).
func (m *Meter) maxGap(interval int32) int64 { return max(m.window, 2*int64(interval)) }

// observe books a gauge's sample.
func (t *Tap) observe(ts int64, v float64) {
	m := t.m
	t.has, t.last, t.lastT = true, v, ts
	m.touch(t, ts)
	s := t.slot(m.periodEnd(ts))
	s.rep = true
	switch {
	case m.k.Indicator.Kind == Availability:
		if v == 1 {
			s.v++
		}
	case m.k.Indicator.Kind == Freshness:
		s.v = float64(ts)
	case m.k.Indicator.Over == "avg":
		s.v += v
	case m.k.Indicator.Over == "min":
		if s.n == 0 || v < s.v || math.IsNaN(v) {
			s.v = v
		}
	case m.k.Indicator.Over == "max":
		if s.n == 0 || v > s.v || math.IsNaN(v) {
			s.v = v
		}
	default:
		s.v = v
	}
	s.n++
}

// slot returns the slot of the period that ends at end. Slots are kept in order of time, so that a window is added up in
// the same order whenever its samples came.
func (t *Tap) slot(end int64) *slot {
	at := len(t.slots)
	for at > 0 && t.slots[at-1].end > end {
		at--
	}
	if at > 0 && t.slots[at-1].end == end {
		return &t.slots[at-1]
	}
	if t.slots == nil {
		t.slots = make([]slot, 0, 2)
	} else if n := len(t.slots); n == cap(t.slots) { // a gauge's window: no more than it can hold and what is open
		t.slots = append(make([]slot, 0, min(2*n, max(n+2, t.m.w+6))), t.slots...)
	}
	t.slots = slices.Insert(t.slots, at, slot{end: end})
	return &t.slots[at]
}

// settle moves what the period that ends at end holds into cur and frees the slots that no later close needs.
func (t *Tap) settle(end int64) {
	t.cur = slot{}
	span := t.m.period // what cur covers: a gauge looks at its samples of the whole window
	if t.m.k.Indicator.Kind == Gauge {
		span = t.m.window
	}
	free := 0
	for i := range t.slots {
		s := &t.slots[i]
		if s.end > end {
			break
		}
		if s.end == end {
			t.cur.rep, t.cur.gap = s.rep, s.gap
		}
		if s.end > end-span {
			t.combine(s)
		}
		if s.end <= end-span+t.m.period {
			free = i + 1
		}
	}
	if free > 0 {
		t.slots = t.slots[:copy(t.slots, t.slots[free:])]
	}
	t.seen <<= 1
	if t.cur.rep {
		t.seen |= 1
	}
	t.cur.saw = t.seen&0x1f != 0
}

// combine folds the next slot of the window into cur, oldest first.
func (t *Tap) combine(s *slot) {
	c := &t.cur
	switch over := t.m.k.Indicator.Over; {
	case t.m.k.Indicator.Kind != Gauge:
		c.v = s.v
	case over == "avg":
		c.v += s.v
	case c.n == 0,
		over == "min" && (s.v < c.v || math.IsNaN(s.v)),
		over == "max" && (s.v > c.v || math.IsNaN(s.v)),
		over == "last":
		c.v = s.v
	}
	c.n += s.n
}
