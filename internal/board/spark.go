package board

import (
	"math"

	"github.com/signalbox/signalbox/internal/kpi"
)

const (
	dayMS     = int64(24 * 60 * 60 * 1000)
	sparkMost = 96
)

// slot holds the worst value of a stretch of time: that of the period whose number times width is its end.
type slot struct {
	at int64 // (end-1) / width
	v  float64
}

// spark gathers at most 96 slots over the last 24 hours (30 periods for slower KPIs). It begins with a slot for each period
// and doubles their width when they no longer fit, so that a young KPI has a line as well.
type spark struct {
	k     *kpi.KPI
	span  int64
	width int64
	slots []slot
}

func newSpark(k *kpi.KPI) spark {
	p := k.Period.Milliseconds()
	return spark{k: k, width: p, span: max(dayMS, 30*p)}
}

// add takes the next datapoint in time; older ones than the newest slot are passed over.
func (s *spark) add(p kpi.Point) {
	v := p.Value
	if !p.Real() {
		v = math.NaN()
	}
	at := (p.End - 1) / s.width
	if n := len(s.slots); n > 0 && s.slots[n-1].at >= at {
		if s.slots[n-1].at == at {
			s.slots[n-1].v = s.worse(s.slots[n-1].v, v)
		}
		return
	}
	s.slots = append(s.slots, slot{at, v})
	for s.slots[0].at <= at-sparkMost {
		if s.width*sparkMost >= s.span {
			s.slots = s.slots[1:]
			continue
		}
		s.width *= 2
		out := s.slots[:0]
		for _, x := range s.slots {
			x.at /= 2
			if n := len(out); n > 0 && out[n-1].at == x.at {
				out[n-1].v = s.worse(out[n-1].v, x.v)
			} else {
				out = append(out, x)
			}
		}
		s.slots, at = out, at/2
	}
}

// worse returns the value nearer to or further beyond the breach: a line that hid the bad minute would flatter.
func (s *spark) worse(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	if math.IsNaN(b) {
		return a
	}
	c := s.k.Thresholds.Red
	if c == nil {
		c = s.k.Thresholds.Yellow
	}
	up := s.k.Indicator.Bad != nil
	down := s.k.Indicator.Kind == kpi.ShareBelow || s.k.Indicator.Kind == kpi.Availability || s.k.Indicator.Kind == kpi.Apdex || s.k.Indicator.Good != nil
	if c != nil {
		up = c.Op == kpi.Above || c.Op == kpi.AtLeast
		down = c.Op == kpi.Below || c.Op == kpi.AtMost
		if c.Op == kpi.OutsideOf {
			mid := (c.A + c.B) / 2
			if math.Abs(a-mid) > math.Abs(b-mid) {
				return a
			}
			return b
		}
	}
	switch {
	case up:
		return math.Max(a, b)
	case down:
		return math.Min(a, b)
	}
	return b
}

// line returns the sparkline; a stretch without datapoints breaks it with one null.
func (s *spark) line(now int64) Spark {
	out := Spark{T: make(Instants, 0, len(s.slots)+4), V: make(Numbers, 0, len(s.slots)+4), Threshold: Number(edge(s.k))}
	for i, x := range s.slots {
		end := (x.at + 1) * s.width
		if end <= now-s.span {
			continue
		}
		if n := len(out.T); n > 0 && x.at > s.slots[i-1].at+1 {
			out.T, out.V = append(out.T, out.T[n-1]+s.width), append(out.V, math.NaN())
		}
		out.T, out.V = append(out.T, end), append(out.V, x.v)
	}
	return out
}
