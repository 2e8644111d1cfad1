package kpi

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
)

// feedNative books a native histogram: the difference to the last one, or all of it after a reset.
func (in *inst) feedNative(t *Tap, ts, st int64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	m := t.m
	if fh == nil {
		fh = h.ToFloat(nil)
	} else {
		fh = fh.Copy()
	}
	if value.IsStaleNaN(fh.Sum) {
		return
	}
	if math.IsNaN(fh.Count) || math.IsInf(fh.Count, 0) || fh.Count < 0 {
		m.Skipped++
		return
	}
	if in.lastFH != nil && ts <= in.lastFHT {
		if ts < in.lastFHT {
			m.late(ts)
		}
		return
	}
	if ts <= m.closed {
		m.late(ts)
	}
	m.touch(t, ts)
	s := in.slot(m.periodEnd(ts))
	s.rep = true
	last, lastT := in.lastFH, in.lastFHT
	in.lastFH, in.lastFHT = fh, ts
	if last == nil {
		startsHere := st > 0 && st <= ts && m.periodEnd(st) == m.periodEnd(ts)
		if startsHere || t.origin(ts).Born {
			in.bookNative(m, s, ts, fh.Copy())
		}
		return
	}
	delta := fh.Copy()
	reset := (st > lastT && st <= ts) || fh.CounterResetHint == histogram.CounterReset || fh.DetectReset(last)
	if !reset {
		prev := last.Copy()
		// A counter reset hint on either side must not turn the subtraction into a warning: we have just decided it.
		delta.CounterResetHint, prev.CounterResetHint = histogram.GaugeType, histogram.GaugeType
		d, _, _, err := delta.Sub(prev)
		if err != nil {
			s.gap = true // two layouts that cannot be subtracted: the increase exists and has no place
			m.bookUnplaced(in.g, in.labels, ts, fh.Count-last.Count)
			return
		}
		delta = d
	}
	if ts-lastT > m.maxGap(in.interval) {
		m.bookUnplaced(in.g, in.labels, ts, delta.Count)
		s.gap = true
		return
	}
	in.bookNative(m, s, ts, delta)
}

func (in *inst) bookNative(m *Meter, s *vslot, ts int64, delta *histogram.FloatHistogram) {
	delta.CounterResetHint = histogram.GaugeType
	if s.fh == nil {
		s.fh = delta
	} else if sum, _, _, err := s.fh.Add(delta); err == nil {
		s.fh = sum
	} else {
		m.bookUnplaced(in.g, in.labels, ts, delta.Count)
		s.gap = true
		return
	}
	s.n++
}

// nativePeriod is what a group's native histograms added to one period of the window.
type nativePeriod struct {
	end int64
	fh  *histogram.FloatHistogram
}

// nativeWindow takes a period's histogram in, nil for none, lets those before the window go, and adds up what is left.
func (g *group) nativeWindow(m *Meter, end int64, fh *histogram.FloatHistogram) *histogram.FloatHistogram {
	for len(g.natives) > 0 && g.natives[0].end <= end-m.window {
		g.natives = slices.Delete(g.natives, 0, 1)
	}
	if fh != nil {
		g.natives = append(g.natives, nativePeriod{end, fh})
	}
	var sum *histogram.FloatHistogram
	for _, p := range g.natives {
		sum = addNative(sum, p.fh)
	}
	return sum
}

// mergeNative adds the native histograms of a group's period; nil when none has one.
func mergeNative(insts []*inst) *histogram.FloatHistogram {
	var sum *histogram.FloatHistogram
	for _, in := range insts {
		if in.cur.fh == nil {
			continue
		}
		sum = addNative(sum, in.cur.fh)
	}
	return sum
}

// addNative returns a+b without changing b; what cannot be added is left out.
func addNative(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	if b == nil {
		return a
	}
	if a == nil {
		return b.Copy()
	}
	if sum, _, _, err := a.Add(b); err == nil {
		return sum
	}
	return a
}

// nativeBelow returns how many observations lie at or below x for certain (lower) and at most (upper).
func nativeBelow(h *histogram.FloatHistogram, x float64) (lower, upper float64) {
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		switch {
		case b.Upper <= x:
			lower += b.Count
			upper += b.Count
		case b.Lower < x || (b.Lower == x && b.LowerInclusive):
			upper += b.Count
		}
	}
	return lower, upper
}

// finiteCount returns how many observations lie in buckets with a finite upper edge.
func finiteCount(h *histogram.FloatHistogram) float64 {
	n := 0.0
	for it := h.AllBucketIterator(); it.Next(); {
		if b := it.At(); !math.IsInf(b.Upper, 1) {
			n += b.Count
		}
	}
	return n
}
