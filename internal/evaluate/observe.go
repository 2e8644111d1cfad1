package evaluate

import (
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/kpi"
)

// A gate.Watch is an index into the watches of one generation: the upper four bits name the generation. Apply begins a new
// one and the gate then asks anew for every series; samples in flight still carry handles of the generation before.
const (
	genShift  = 28
	indexMask = 1<<genShift - 1
)

// watch is what the engine knows of one watched series.
type watch struct {
	taps   []*kpi.Tap
	uptime *uptime // the series is `up`
}

// target names a scraped target as its series do.
type target struct{ job, instance string }

// uptime remembers a target's newest scrapes.
type uptime struct {
	t [2]int64 // newest first, Unix ms
	v [2]float64
}

// before returns the newest scrape before t.
func (u *uptime) before(t int64) (at int64, ok bool) {
	for i := range u.t {
		if u.t[i] > 0 && u.t[i] < t {
			return u.t[i], u.v[i] == 1
		}
	}
	return 0, false
}

// Born implements gate.Observer.
func (e *Engine) Born(l labels.Labels) gate.Watch {
	e.mu.Lock()
	defer e.mu.Unlock()
	var w watch
	e.index.match(l, func(en entry) {
		if t := e.attach(en.u, en.side, l); t != nil {
			w.taps = append(w.taps, t)
		}
	})
	if l.Get(model.MetricNameLabel) == "up" {
		w.uptime = e.uptimeOf(target{l.Get("job"), l.Get("instance")})
	}
	if len(w.taps) == 0 && w.uptime == nil {
		return 0
	}
	e.metrics.watched.Inc()
	ws := &e.watches[e.gen&15]
	*ws = append(*ws, w)
	return gate.Watch(e.gen&15<<genShift | uint32(len(*ws)-1))
}

// attach returns the tap of a series on a side, the one it has already or a new one.
func (e *Engine) attach(u *unit, side int, l labels.Labels) *kpi.Tap {
	if t := u.meter.Find(side, l); t != nil {
		return t
	}
	interval := e.interval(l)
	if interval == 0 {
		u.pushed = true
	} else if interval > u.pulled {
		u.pulled = interval
	}
	u.waits = 0
	t := u.meter.Attach(side, l, interval)
	if t == nil {
		e.over(u)
	}
	return t
}

// over tells once of a unit that has reached max_groups.
func (e *Engine) over(u *unit) {
	if u.wasOver {
		return
	}
	u.wasOver = true
	e.metrics.overLimit.WithLabelValues(u.k.Name).Inc()
	e.log.Warn("a KPI has reached max_groups; further groups are left out", "kpi", u.k.Name, "max_groups", u.k.MaxGroups, "by", u.k.By)
}

func (e *Engine) uptimeOf(t target) *uptime {
	u := e.targets[t]
	if u == nil {
		u = &uptime{}
		e.targets[t] = u
	}
	return u
}

// Observe implements gate.Observer.
func (e *Engine) Observe(batch []gate.Sample) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range batch {
		s := &batch[i]
		ws := e.watches[uint32(s.Watch)>>genShift]
		at := uint32(s.Watch) & indexMask
		if at >= uint32(len(ws)) {
			continue // of a generation long gone
		}
		w := &ws[at]
		if w.uptime != nil && s.H == nil && s.FH == nil && !math.IsNaN(s.V) && s.T > w.uptime.t[0] {
			w.uptime.t[1], w.uptime.v[1] = w.uptime.t[0], w.uptime.v[0]
			w.uptime.t[0], w.uptime.v[0] = s.T, s.V
		}
		for k, t := range w.taps {
			if moved := t.Moved(); moved != nil {
				t = moved
				w.taps[k] = t
			}
			t.Feed(s.T, s.ST, s.V, s.H, s.FH)
		}
	}
}
