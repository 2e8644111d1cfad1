package kpi_test

import (
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"

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

// The tests' native histograms have schema 0, positive buckets 1 to nativeBuckets ((1,2], (2,4], ...) in one span, and a zero bucket.
const nativeBuckets = 6

func nativeOf(zero float64, counts [nativeBuckets]float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: 0, ZeroThreshold: 0.001, ZeroCount: zero, Count: zero, PositiveSpans: []histogram.Span{{Offset: 1, Length: nativeBuckets}}}
	bound := 1.0
	for _, c := range counts {
		h.PositiveBuckets = append(h.PositiveBuckets, c)
		h.Count += c
		h.Sum += c * bound
		bound *= 2
	}
	return h
}

func countsOf(h *histogram.FloatHistogram) (zero float64, counts [nativeBuckets]float64) {
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		switch {
		case b.Lower < 0:
			zero += b.Count
		case b.Count != 0:
			counts[int(math.Round(math.Log2(b.Upper)))-1] += b.Count
		}
	}
	return zero, counts
}

// minus is a-b, or a after a reset in any bucket.
func minus(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	za, ca := countsOf(a)
	zb, cb := countsOf(b)
	if za < zb {
		return a
	}
	for i := range ca {
		if ca[i] < cb[i] {
			return a
		}
		cb[i] = ca[i] - cb[i]
	}
	return nativeOf(za-zb, cb)
}

func plus(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	if a == nil {
		return b
	}
	za, ca := countsOf(a)
	zb, cb := countsOf(b)
	for i := range ca {
		ca[i] += cb[i]
	}
	return nativeOf(za+zb, ca)
}

type expected struct {
	published bool
	missing   kpi.MissingReason
	value     float64
	good      float64 // NaN = not looked at
	total     float64
	upper     float64
	coverage  float64
	unplaced  float64 // of the period alone
}

// at computes the datapoint of the group with the given labels (whole: of every series) at e.
func (o *oracle) at(group labels.Labels, whole bool, e int64, unobserved bool) expected {
	x := expected{value: math.NaN(), good: math.NaN(), total: math.NaN(), upper: math.NaN()}
	var us []*unit
	birth := int64(math.MaxInt64)
	if whole {
		birth = o.from
	}
	for _, u := range o.units {
		if whole || labels.Equal(o.k.GroupLabels(u.labels), group) {
			us = append(us, u)
			birth = min(birth, u.first)
		}
	}
	x.published = birth <= e-o.period
	k := o.k.Indicator
	reported, seen := 0, 0
	for _, u := range us {
		if k.Kind == kpi.Ratio && u.side == 0 {
			continue
		}
		if u.reports[e] {
			reported++
		}
		for back := range int64(5) {
			if u.reports[e-back*o.period] {
				seen++
				break
			}
		}
		for _, s := range u.steps {
			if s.gap && s.end == e {
				x.unplaced += s.total
			}
		}
	}
	if seen > 0 {
		x.coverage = float64(reported) / float64(seen)
	}
	in := func(s step) bool { return s.end > e-o.window && s.end <= e }
	placed, gap := false, false
	note := func(s step, decides bool) bool {
		if !in(s) {
			return false
		}
		gap = gap || s.gap
		placed = placed || (decides && !s.gap)
		return !s.gap
	}
	switch {
	case k.Kind == kpi.Ratio:
		var first, total float64
		for _, u := range us {
			for _, s := range u.steps {
				if note(s, u.side == 1) {
					if u.side == 1 {
						total += s.inc
					} else {
						first += s.inc
					}
				}
			}
		}
		if placed {
			x.good, x.total, x.value = first, total, first/total
			if k.Bad != nil {
				x.good = total - first
			}
		}
	case k.Kind == kpi.Rate:
		sum := 0.0
		for _, u := range us {
			for _, s := range u.steps {
				if note(s, true) {
					sum += s.inc
				}
			}
		}
		if placed {
			x.value, x.total = sum/(float64(o.window)/1000), sum
		}
	case k.Kind == kpi.Availability:
		x.good, x.total = 0, 0
		for _, u := range us {
			for _, s := range u.raw {
				if s.t > e-o.window && s.t <= e {
					placed = true
					x.total++
					if s.v == 1 {
						x.good++
					}
				}
			}
		}
		x.value = x.good / x.total
	case k.Kind == kpi.Gauge:
		x.value, placed = o.gauge(us, e)
	case k.Kind == kpi.Freshness:
		newest := int64(0)
		for _, u := range us {
			for _, s := range u.raw {
				if s.t <= e {
					newest = max(newest, s.t)
				}
			}
		}
		if placed = newest > 0; placed {
			x.value, x.coverage = float64(e-newest)/1000, 1
		}
		if placed && unobserved && newest <= e-o.period {
			x.missing = kpi.Unobserved
			return x
		}
	case k.Kind == kpi.Mean:
		var sum, count float64
		for p := e - o.window + o.period; p <= e; p += o.period {
			for _, u := range us {
				s, c, any, lacks := 0.0, 0.0, false, false
				for _, st := range u.steps {
					if st.end != p {
						continue
					}
					if st.gap {
						gap = true
						continue
					}
					any, lacks = true, lacks || len(st.vec) < 2
					s, c = s+st.vec[0], c+st.vec[1]
				}
				if any && !lacks {
					placed, sum, count = true, sum+s, count+c
				}
			}
		}
		if placed {
			x.value, x.total = sum/count, count
		}
	default:
		placed, gap = o.histogram(us, e, &x)
	}
	switch {
	case placed:
	case unobserved:
		x.missing = kpi.Unobserved
	case !o.seenBy(e):
		x.missing = kpi.NeverSeen
	case gap:
		x.missing = kpi.Gap
	default:
		x.missing = kpi.NoData
	}
	if !placed {
		return x
	}
	counted := k.Kind != kpi.Rate && k.Kind != kpi.Gauge && k.Kind != kpi.Freshness
	first, ok := o.sideFirst[0]
	switch {
	case x.missing != "":
	case k.Good != nil && (!ok || first > e):
		x.missing = kpi.NeverSeen
	case counted && x.total == 0:
		x.missing = kpi.Few
	case math.IsNaN(x.value) || math.IsInf(x.value, 0):
		x.missing = kpi.Invariant
	case (k.Kind == kpi.Ratio || k.Kind == kpi.ShareBelow || k.Kind == kpi.Apdex) && (x.good > x.total || x.good < 0 || x.value > 1):
		x.missing = kpi.Invariant
	}
	return x
}

// seenBy reports whether the selector a value cannot do without had matched by e.
func (o *oracle) seenBy(e int64) bool {
	k := o.k.Indicator
	sides := []int{0}
	switch {
	case k.Kind == kpi.Ratio:
		sides = []int{1}
	case k.Kind == kpi.Mean:
		sides = []int{0, 1}
	case k.Histogram != nil:
		for side := range 3 {
			if f, ok := o.sideFirst[side]; ok && f <= e {
				return true
			}
		}
		return false
	}
	for _, side := range sides {
		if f, ok := o.sideFirst[side]; !ok || f > e {
			return false
		}
	}
	return true
}

func fold(how string, vs []float64) float64 {
	if slices.ContainsFunc(vs, math.IsNaN) && how != "last" {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range vs {
		sum += v
	}
	switch how {
	case "last":
		return vs[len(vs)-1]
	case "min":
		return slices.Min(vs)
	case "max":
		return slices.Max(vs)
	case "avg":
		return sum / float64(len(vs))
	default:
		return sum
	}
}

func (o *oracle) gauge(us []*unit, e int64) (float64, bool) {
	var across []float64
	for _, u := range us {
		var over []float64
		for _, s := range u.raw {
			if s.t > e-o.window && s.t <= e {
				over = append(over, s.v)
			}
		}
		if len(over) > 0 {
			across = append(across, fold(o.k.Indicator.Over, over))
		}
	}
	if len(across) == 0 {
		return math.NaN(), false
	}
	return fold(o.k.Indicator.Across, across), true
}

func (o *oracle) histogram(us []*unit, e int64, x *expected) (placed, gap bool) {
	buckets := map[float64]float64{}
	var common map[float64]bool // edges that every contribution knows
	var native *histogram.FloatHistogram
	for p := e - o.window + o.period; p <= e; p += o.period {
		var periodNative *histogram.FloatHistogram
		type part struct {
			vals  map[float64]float64
			lacks map[float64]bool
		}
		var parts []part
		for _, u := range us {
			c := part{map[float64]float64{}, map[float64]bool{}}
			any := false
			for _, s := range u.steps {
				if s.end != p {
					continue
				}
				if s.gap {
					gap = true
					continue
				}
				if s.native != nil {
					periodNative = plus(periodNative, s.native)
					continue
				}
				for le, v := range s.vec {
					c.vals[le] += v
					any = any || !math.IsInf(le, -1)
				}
				for le := range s.lacks {
					c.lacks[le] = true
				}
			}
			if any {
				parts = append(parts, c)
			}
		}
		placed = placed || periodNative != nil || len(parts) > 0
		if periodNative != nil {
			native = plus(native, periodNative)
			continue // never mixed in one period
		}
		for _, c := range parts {
			known := map[float64]bool{}
			for le, v := range c.vals {
				if !math.IsInf(le, -1) && !c.lacks[le] {
					known[le] = common == nil || common[le]
					if !known[le] {
						delete(known, le)
					}
					buckets[le] += v
				}
			}
			common = known
		}
	}
	if !placed {
		return placed, gap
	}
	k := o.k.Indicator
	if native != nil {
		x.total = native.Count
		switch k.Kind {
		case kpi.Quantile:
			x.value, _ = promql.HistogramQuantile(k.Q, native, "", posrange.PositionRange{})
		case kpi.ShareBelow:
			lo, hi := nativeBounds(native, k.Below)
			x.share(lo, hi)
		default:
			l1, h1 := nativeBounds(native, k.T)
			l4, h4 := nativeBounds(native, 4*k.T)
			x.share(l1+(l4-l1)/2, h1+(h4-h1)/2)
		}
		return placed, gap
	}
	var les []float64
	for le := range common {
		les = append(les, le)
	}
	sort.Float64s(les)
	if len(les) == 0 || !math.IsInf(les[len(les)-1], 1) {
		x.missing = kpi.Invariant
		return placed, gap
	}
	x.total = buckets[math.Inf(1)]
	bounds := func(v float64) (lo, hi float64) {
		for _, le := range les {
			if le <= v {
				lo = buckets[le]
			}
		}
		for _, le := range slices.Backward(les) {
			if le >= v {
				hi = buckets[le]
			}
		}
		return lo, hi
	}
	switch k.Kind {
	case kpi.ShareBelow:
		x.share(bounds(k.Below))
	case kpi.Apdex:
		l1, h1 := bounds(k.T)
		l4, h4 := bounds(4 * k.T)
		x.share(l1+(l4-l1)/2, h1+(h4-h1)/2)
	default:
		x.value, x.upper = quantile(k.Q, les, buckets)
	}
	return placed, gap
}

func (x *expected) share(lo, hi float64) {
	x.good, x.value = lo, lo/x.total
	if hi > lo {
		x.upper = hi / x.total
	}
}

func nativeBounds(h *histogram.FloatHistogram, v float64) (lo, hi float64) {
	zero, counts := countsOf(h)
	lo, hi = zero, zero
	for i, c := range counts {
		if upper := math.Pow(2, float64(i+1)); upper <= v {
			lo += c
		}
		if lower := math.Pow(2, float64(i)); lower < v {
			hi += c
		}
	}
	return lo, hi
}

// quantile is PromQL's histogram_quantile, written from its documentation: linear within the bucket in which the rank
// falls, from 0 for a lowest bucket with a positive edge, and the last finite edge beyond it.
func quantile(q float64, les []float64, counts map[float64]float64) (v, upper float64) {
	total := counts[math.Inf(1)]
	if total == 0 || len(les) < 2 {
		return math.NaN(), math.NaN()
	}
	rank := q * total
	for i, le := range les {
		if counts[le] < rank {
			continue
		}
		if math.IsInf(le, 1) {
			return les[i-1], math.Inf(1)
		}
		lowest, before := 0.0, 0.0
		if i > 0 {
			lowest, before = les[i-1], counts[les[i-1]]
		} else if le <= 0 {
			return le, math.NaN()
		}
		return lowest + (le-lowest)*(rank-before)/(counts[le]-before), math.NaN()
	}
	return math.NaN(), math.NaN()
}
