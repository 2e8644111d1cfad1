package kpi_test

import (
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"github.com/signalbox/signalbox/internal/kpi"
)

// The oracle computes datapoints the slow way, from whole series and straight from the sentences of the KPI semantics. It
// shares nothing with Meter but the types.

type sample struct {
	t, st int64
	v     float64
	fh    *histogram.FloatHistogram
}

type series struct {
	side     int
	labels   labels.Labels
	interval int64 // ms, 0 = pushed
	samples  []sample
}

type world struct {
	k      *kpi.KPI
	series []*series
	born   func(l labels.Labels, t, interval int64) kpi.Origin
	from   int64
}

// step is one increase of one series, or of the series of one instance.
type step struct {
	end    int64
	gap    bool
	inc    float64             // scalars
	vec    map[float64]float64 // histograms: le -> increase; mean: 0 -> sum, 1 -> count
	lacks  map[float64]bool    // components that are unknown in this step
	native *histogram.FloatHistogram
	total  float64 // the count's increase, for unplaced
}

type unit struct { // a series, or an instance
	labels  labels.Labels
	side    int
	steps   []step
	reports map[int64]bool // periods in which it reported
	first   int64
	raw     []sample // accepted samples
}

type oracle struct {
	world
	period, window int64
	units          []*unit
	sideFirst      map[int]int64
}

func end(t, period int64) int64 { return int64(math.Ceil(float64(t)/float64(period))) * period }

func (o *oracle) maxGap(interval int64) int64 {
	if interval == 0 {
		interval = o.period
		if o.k.Interval > 0 {
			interval = o.k.Interval.Milliseconds()
		}
	}
	return max(o.window, 2*interval)
}

func newOracle(w world) *oracle {
	o := &oracle{world: w, period: w.k.Period.Milliseconds(), window: w.k.Window.Milliseconds(), sideFirst: map[int]int64{}}
	switch i := w.k.Indicator; {
	case i.Histogram != nil, i.Kind == kpi.Mean:
		o.instances()
	default:
		for _, s := range w.series {
			o.scalar(s)
		}
	}
	slices.SortFunc(o.units, func(a, b *unit) int { return labels.Compare(a.labels, b.labels) })
	return o
}

func (o *oracle) saw(side int, t int64) {
	if f, ok := o.sideFirst[side]; !ok || t < f {
		o.sideFirst[side] = t
	}
}

func (o *oracle) scalar(s *series) {
	counter := o.k.Indicator.Kind == kpi.Ratio || o.k.Indicator.Kind == kpi.Rate
	u := &unit{labels: s.labels, side: s.side, reports: map[int64]bool{}}
	last := math.MinInt64
	for _, x := range s.samples {
		bad := value.IsStaleNaN(x.v) || (counter && (math.IsNaN(x.v) || math.IsInf(x.v, 0) || x.v < 0))
		if bad || int(x.t) == last {
			continue
		}
		last = int(x.t)
		u.raw = append(u.raw, x)
		u.reports[end(x.t, o.period)] = true
		o.saw(s.side, x.t)
	}
	if len(u.raw) == 0 {
		return
	}
	u.first = u.raw[0].t
	o.units = append(o.units, u)
	if !counter {
		return
	}
	for i, x := range u.raw {
		st := step{end: end(x.t, o.period)}
		var prev sample
		if i == 0 {
			origin := o.born(s.labels, x.t, s.interval)
			startsHere := x.st > 0 && x.st <= x.t && end(x.st, o.period) == st.end
			switch {
			case startsHere, origin.Born && !origin.Has:
				st.inc = x.v
				u.steps = append(u.steps, st)
				continue
			case origin.Has:
				prev = sample{t: origin.T, v: origin.V}
			default:
				continue
			}
		} else {
			prev = u.raw[i-1]
		}
		st.inc = x.v - prev.v
		if x.v < prev.v || (x.st > prev.t && x.st <= x.t) {
			st.inc = x.v
		}
		st.gap = x.t-prev.t > o.maxGap(s.interval)
		st.total = st.inc
		u.steps = append(u.steps, st)
	}
}

// instances joins series that only make sense together.
func (o *oracle) instances() {
	type frame struct {
		st   int64
		vals map[float64]float64
	}
	type instance struct {
		labels   labels.Labels
		interval int64
		frames   map[int64]*frame
		native   []sample
	}
	mean := o.k.Indicator.Kind == kpi.Mean
	byID := map[string]*instance{}
	for _, s := range o.series {
		b := labels.NewBuilder(s.labels).Del("__name__")
		comp, native := 0.0, false
		switch {
		case mean:
			comp = float64(s.side) // 0 sum, 1 count
		case s.side == 0:
			comp, _ = strconv.ParseFloat(s.labels.Get("le"), 64)
			b.Del("le")
		case s.side == 1:
			comp = math.Inf(-1) // the count, only looked at for resets
		default:
			native = true
		}
		id := b.Labels()
		in := byID[id.String()]
		if in == nil {
			in = &instance{labels: id, interval: s.interval, frames: map[int64]*frame{}}
			byID[id.String()] = in
		}
		for _, x := range s.samples {
			if native {
				if n := len(in.native); n == 0 || in.native[n-1].t < x.t {
					in.native = append(in.native, x)
					o.saw(s.side, x.t)
				}
				continue
			}
			if math.IsNaN(x.v) || math.IsInf(x.v, 0) || (x.v < 0 && !(mean && s.side == 0)) {
				continue
			}
			f := in.frames[x.t]
			if f == nil {
				f = &frame{vals: map[float64]float64{}}
				in.frames[x.t] = f
			}
			if _, ok := f.vals[comp]; !ok {
				f.vals[comp], f.st = x.v, max(f.st, x.st)
				o.saw(s.side, x.t)
			}
		}
	}
	for _, in := range byID {
		u := &unit{labels: in.labels, reports: map[int64]bool{}, first: math.MaxInt64}
		ts := make([]int64, 0, len(in.frames))
		for t := range in.frames {
			ts = append(ts, t)
		}
		slices.Sort(ts)
		var comps []float64
		for _, t := range ts {
			for c := range in.frames[t].vals {
				if !slices.Contains(comps, c) {
					comps = append(comps, c)
				}
			}
		}
		sort.Float64s(comps)
		for i, t := range ts {
			f := in.frames[t]
			u.first = min(u.first, t)
			u.reports[end(t, o.period)] = true
			s := step{end: end(t, o.period), vec: map[float64]float64{}, lacks: map[float64]bool{}}
			whole := false
			var prev *frame
			if i == 0 {
				startsHere := f.st > 0 && f.st <= t && end(f.st, o.period) == s.end
				if !startsHere && !o.born(in.labels, t, in.interval).Born {
					continue
				}
				whole = true
			} else {
				prev = in.frames[ts[i-1]]
				whole = f.st > ts[i-1] && f.st <= t
				for c, v := range f.vals {
					if before, ok := prev.vals[c]; ok && v < before && (!mean || c == 1) {
						whole = true
					}
				}
				s.gap = t-ts[i-1] > o.maxGap(in.interval)
			}
			for _, c := range comps {
				v, ok := f.vals[c]
				if !whole {
					before, had := prev.vals[c]
					v, ok = v-before, ok && had
				}
				if !ok {
					s.lacks[c] = true
				} else {
					s.vec[c] = v
				}
			}
			// The count, else the highest bucket that is known.
			order := append([]float64{math.Inf(-1)}, slices.Clone(comps)...)
			if mean {
				order = []float64{1}
			} else {
				slices.Reverse(order[1:])
			}
			for _, c := range order {
				if v, ok := s.vec[c]; ok {
					s.total = v
					break
				}
			}
			u.steps = append(u.steps, s)
		}
		for i, x := range in.native {
			u.first = min(u.first, x.t)
			s := step{end: end(x.t, o.period)}
			u.reports[s.end] = true
			if i == 0 {
				if (x.st > 0 && end(x.st, o.period) == s.end) || o.born(in.labels, x.t, in.interval).Born {
					s.native = x.fh
					u.steps = append(u.steps, s)
				}
				continue
			}
			prev := in.native[i-1]
			s.native = minus(x.fh, prev.fh)
			if x.st > prev.t {
				s.native = x.fh
			}
			s.gap, s.total = x.t-prev.t > o.maxGap(in.interval), s.native.Count
			u.steps = append(u.steps, s)
		}
		if u.first < math.MaxInt64 {
			o.units = append(o.units, u)
		}
	}
}
