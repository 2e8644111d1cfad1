package kpi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

const (
	start   = int64(1_700_000_000_000) / 3_600_000 * 3_600_000 // whole hour
	periods = 130
)

func named(name string) *kpi.Selector {
	return &kpi.Selector{Text: name, Matchers: sel(eq("__name__", name)).Matchers}
}

// dice makes a world's samples.
type dice struct {
	*rand.Rand
	whole  bool // counters count whole things
	clean  bool // no partial histograms
	noGaps bool
	period int64
}

func (d *dice) one(in int) bool { return d.IntN(in) == 0 }

// times returns a series' sample times: about every interval, on period boundaries now and then, with gaps.
func (d *dice) times(interval int64) []int64 {
	if interval == 0 {
		interval = d.period
	}
	var ts []int64
	t := start + d.Int64N(interval)
	if d.one(4) {
		t += d.Int64N(20) * d.period
	}
	for t < start+periods*d.period {
		at := t
		if d.one(8) {
			at = end(t, d.period)
		}
		if len(ts) == 0 || at > ts[len(ts)-1] {
			ts = append(ts, at)
		}
		t = at + interval - 300 + d.Int64N(600)
		if d.one(60) && !d.noGaps {
			t += d.Int64N(18) * interval
		}
	}
	return ts
}

// counter makes a counter's samples with resets, start timestamps, duplicates and rubbish.
func (d *dice) counter(interval int64, steps int) []sample {
	var out []sample
	v, st := float64(d.IntN(100)), int64(0)
	created := d.one(2)
	prev := int64(0)
	for i, t := range d.times(interval) {
		inc := float64(d.IntN(steps))
		if !d.whole {
			inc *= d.Float64()
		}
		v += inc
		switch {
		case i == 0 && created:
			if st = t - d.Int64N(2*d.period); d.one(2) {
				st = t - 1
			}
		case d.one(40) && i > 0:
			if v = float64(d.IntN(10)); created {
				st = prev + 1 + d.Int64N(t-prev)
				v += float64(d.IntN(2)) * 1e6 // higher than before: only the start timestamp shows it
			}
		}
		prev = t
		junk := []float64{math.NaN(), math.Inf(1), -5, math.Float64frombits(value.StaleNaN)}
		if d.one(30) {
			out = append(out, sample{t: t, st: st, v: junk[d.IntN(4)]})
			if d.one(2) {
				continue
			}
		}
		out = append(out, sample{t: t, st: st, v: v})
		if d.one(30) {
			out = append(out, sample{t: t, st: st, v: v + 7})
		}
	}
	return out
}

func (d *dice) gauge(interval int64, of func() float64) []sample {
	var out []sample
	for _, t := range d.times(interval) {
		x := sample{t: t, v: of()}
		if d.one(30) {
			x.v = math.Float64frombits(value.StaleNaN)
		}
		out = append(out, x)
		if d.one(30) {
			out = append(out, sample{t: t, v: of()})
		}
	}
	return out
}

func (d *dice) interval() int64 { return []int64{0, d.period, d.period / 2}[d.IntN(3)] }

var edgeSets = [][]string{{"0.5", "1", "2", "4", "+Inf"}, {"0.50", "1.0", "2.5", "4", "10", "+Inf"}, {"1", "2", "4e0", "8", "Inf"}}

// histogram makes the series of one instance.
func (d *dice) histogram(base labels.Labels, interval int64) []*series {
	edges := edgeSets[d.IntN(len(edgeSets))]
	of := func(side int, name, le string) *series {
		b := labels.NewBuilder(base).Set("__name__", name)
		if le != "" {
			b.Set("le", le)
		}
		return &series{side: side, labels: b.Labels(), interval: interval}
	}
	var ss []*series
	for _, le := range edges {
		ss = append(ss, of(0, "lat_bucket", le))
	}
	ss = append(ss, of(1, "lat_count", ""))
	counts := make([]float64, len(edges))
	late, st := d.IntN(100), int64(0) // when the lowest edge appears
	if d.clean || d.one(2) {
		late = 0
	}
	created, prev := d.one(2), int64(0)
	for i, t := range d.times(interval) {
		for b := range counts {
			counts[b] += float64(d.IntN(6)) * float64(d.IntN(2))
		}
		if d.one(50) && i > 0 {
			clear(counts)
			if created {
				st = prev + 1 + d.Int64N(t-prev)
				counts[2] = 1e5
			}
		}
		prev = t
		sum := 0.0
		for b, s := range ss {
			if b < len(counts) {
				sum += counts[b]
			}
			x := sample{t: t, st: st, v: sum}
			switch {
			case b == 0 && i < late, !d.clean && d.one(150):
				continue
			case d.one(200):
				s.samples = append(s.samples, x)
				x.v += 100
			case !d.clean && d.one(200):
				x.v = math.NaN()
			}
			s.samples = append(s.samples, x)
		}
	}
	return ss
}

func (d *dice) native(base labels.Labels, interval int64) *series {
	s := &series{side: 2, labels: labels.NewBuilder(base).Set("__name__", "lat").Labels(), interval: interval}
	var counts [nativeBuckets]float64
	zero, st, prev := 0.0, int64(0), int64(0)
	for _, t := range d.times(interval) {
		zero += float64(d.IntN(2))
		for b := range counts {
			counts[b] += float64(d.IntN(5))
		}
		if d.one(40) {
			zero, counts = 0, [nativeBuckets]float64{1}
		}
		if d.one(40) && prev > 0 { // only the start timestamp shows it
			zero, st = zero+1e6, prev+1+d.Int64N(t-prev)
		}
		prev = t
		s.samples = append(s.samples, sample{t: t, st: st, fh: nativeOf(zero, counts)})
	}
	return s
}

// worldOf draws a world for a kind.
func worldOf(seed uint64, ind kpi.Indicator, w int, by bool, whole, clean bool) (world, *dice) {
	d := &dice{Rand: rand.New(rand.NewPCG(seed, 7)), whole: whole, clean: clean, period: 10_000}
	k := &kpi.KPI{Name: "k", Period: 10 * time.Second, Window: time.Duration(w) * 10 * time.Second, Indicator: ind}
	groups := []string{""}
	if by {
		k.By = []string{"svc"}
		groups = []string{"a", "b", "c"}
	}
	wo := world{k: k, from: start - 1000}
	for _, g := range groups {
		for pod := range 1 + d.IntN(4) {
			base := labels.FromStrings("svc", g, "pod", strconv.Itoa(pod))
			l := func(name string) labels.Labels { return labels.NewBuilder(base).Set("__name__", name).Labels() }
			i := d.interval()
			add := func(side int, name string, ss []sample) {
				wo.series = append(wo.series, &series{side: side, labels: l(name), interval: i, samples: ss})
			}
			switch ind.Kind {
			case kpi.Ratio:
				add(1, "total", d.counter(i, 40))
				if d.one(2) { // or the group has no good or bad series at all
					add(0, "part", d.counter(i, 12))
				}
			case kpi.Rate:
				add(0, "of", d.counter(i, 40))
			case kpi.Mean:
				ts := d.counter(i, 10)
				if clean { // a sum may be negative and a count not: then one of the two is missing
					ts = slices.DeleteFunc(ts, func(x sample) bool { return x.v < 0 })
				}
				sum := slices.Clone(ts)
				for n := range sum {
					sum[n].v *= 3
				}
				add(0, "lat_sum", sum)
				add(1, "lat_count", ts)
			case kpi.Availability:
				add(0, "up", d.gauge(i, func() float64 { return []float64{1, 1, 1, 0, math.NaN()}[d.IntN(5)] }))
			case kpi.Gauge:
				add(0, "g", d.gauge(i, func() float64 {
					if d.one(400) {
						return math.NaN()
					}
					return d.NormFloat64()*10 + float64(pod)
				}))
			case kpi.Freshness:
				add(0, "f", d.gauge(i, func() float64 { return 1 }))
			default:
				if d.one(3) {
					wo.series = append(wo.series, d.native(base, i))
				} else {
					wo.series = append(wo.series, d.histogram(base, i)...)
				}
			}
		}
	}
	wo.born = func(l labels.Labels, _, interval int64) kpi.Origin {
		pod := l.Get("pod")
		switch {
		case interval == 0:
			return kpi.Origin{}
		case pod == "1":
			return kpi.Origin{Born: true}
		case pod == "2" && ind.Kind != kpi.Mean && ind.Histogram == nil:
			return kpi.Origin{Has: true, T: start - 15_000, V: 3}
		default:
			return kpi.Origin{}
		}
	}
	return wo, d
}

// lane is what must be fed in the order of time: a series, or all series of an instance.
type lane struct {
	events []event
	next   int
}

type event struct {
	s *series
	sample
}

// lanes puts a world's samples into lanes. Within an instance the series of one timestamp are shuffled.
func (wo world) lanes(r *rand.Rand) []*lane {
	joined := wo.k.Indicator.Histogram != nil || wo.k.Indicator.Kind == kpi.Mean
	byID := map[string]*lane{}
	var out []*lane
	for _, s := range wo.series {
		id := fmt.Sprint(s.side, s.labels)
		if joined {
			id = s.labels.Get("svc") + "/" + s.labels.Get("pod")
		}
		l := byID[id]
		if l == nil {
			l = &lane{}
			byID[id] = l
			out = append(out, l)
		}
		for _, x := range s.samples {
			l.events = append(l.events, event{s, x})
		}
	}
	for _, l := range out {
		shuffled := map[*series]int{}
		for _, n := range r.Perm(len(l.events)) {
			shuffled[l.events[n].s] = n
		}
		slices.SortStableFunc(l.events, func(a, b event) int {
			if a.t != b.t {
				return int(a.t - b.t)
			}
			return shuffled[a.s] - shuffled[b.s] // the samples of one series keep their order
		})
	}
	return out
}

// run feeds a world into a meter and closes every period that ends in (from, to], handing each to check. ahead says how
// far beyond the period's end series may already have been fed when it closes.
func (wo world) run(t testing.TB, m *kpi.Meter, r *rand.Rand, from, to int64, ahead func() int64, check func(end int64, ps []kpi.GroupPoint)) {
	t.Helper()
	lanes := wo.lanes(r)
	taps := map[*series]*kpi.Tap{}
	for _, l := range lanes {
		for l.next < len(l.events) && l.events[l.next].t <= from {
			l.next++
		}
	}
	for e := from + 10_000; e <= to; e += 10_000 {
		horizon := make([]int64, len(lanes))
		for i := range lanes {
			horizon[i] = e + ahead()
		}
		for open := sequence(len(lanes)); len(open) > 0; {
			at := r.IntN(len(open))
			l := lanes[open[at]]
			for range 1 + r.IntN(20) {
				if l.next == len(l.events) || l.events[l.next].t > horizon[open[at]] {
					open = slices.Delete(open, at, at+1)
					break
				}
				x := l.events[l.next]
				l.next++
				tap := taps[x.s]
				if tap == nil {
					tap = m.Attach(x.s.side, x.s.labels, x.s.interval)
					taps[x.s] = tap
				}
				tap.Feed(x.t, x.st, x.v, nil, x.fh)
			}
		}
		check(e, m.Close(e, unobservedAt(e)))
		_, dirty := m.Dirty()
		require.False(t, dirty, "nothing came late")
	}
}

// unobservedAt makes one stretch of every world unobserved.
func unobservedAt(e int64) bool { n := (e - start) / 10_000; return n >= 60 && n < 63 }

func near(t *testing.T, want, got float64, msg ...any) {
	t.Helper()
	switch {
	case math.IsNaN(want) || math.IsInf(want, 0):
		require.True(t, (math.IsNaN(want) && math.IsNaN(got)) || want == got, "want %v, got %v: %v", want, got, msg)
	default:
		require.InDelta(t, want, got, 1e-9*math.Max(1, math.Abs(want)), msg...)
	}
}

func indicators() map[string]kpi.Indicator {
	h := named("lat")
	out := map[string]kpi.Indicator{
		"ratio/bad":    {Kind: kpi.Ratio, Bad: named("part"), Total: named("total")},
		"ratio/good":   {Kind: kpi.Ratio, Good: named("part"), Total: named("total")},
		"rate":         {Kind: kpi.Rate, Of: named("of")},
		"mean":         {Kind: kpi.Mean, Sum: named("lat_sum"), Count: named("lat_count")},
		"share/edge":   {Kind: kpi.ShareBelow, Histogram: h, Below: 4},
		"share/off":    {Kind: kpi.ShareBelow, Histogram: h, Below: 3},
		"share/beyond": {Kind: kpi.ShareBelow, Histogram: h, Below: 100},
		"apdex":        {Kind: kpi.Apdex, Histogram: h, T: 1},
		"apdex/off":    {Kind: kpi.Apdex, Histogram: h, T: 0.7},
		"p50":          {Kind: kpi.Quantile, Histogram: h, Q: 0.5},
		"p95":          {Kind: kpi.Quantile, Histogram: h, Q: 0.95},
		"p5":           {Kind: kpi.Quantile, Histogram: h, Q: 0.05},
		"availability": {Kind: kpi.Availability, Of: named("up")},
		"freshness":    {Kind: kpi.Freshness, Of: named("f")},
	}
	for _, over := range []string{"last", "avg", "min", "max"} {
		for _, across := range []string{"sum", "avg", "min", "max"} {
			out["gauge/"+over+"/"+across] = kpi.Indicator{Kind: kpi.Gauge, Of: named("g"), Over: over, Across: across}
		}
	}
	return out
}

func seeds(t *testing.T) uint64 {
	if testing.Short() {
		return 1
	}
	return 3
}

func TestMeterAgreesWithTheSentences(t *testing.T) {
	for name, ind := range indicators() {
		for _, w := range []int{1, 2, 5, 60} {
			t.Run(fmt.Sprintf("%s/W=%d", name, w), func(t *testing.T) {
				for seed := range seeds(t) {
					wo, d := worldOf(seed, ind, w, seed%3 != 0, seed%2 == 0, seed%4 == 0)
					o := newOracle(wo)
					m := kpi.NewMeter(wo.k, kpi.MeterOptions{Origin: wo.born, From: wo.from})
					unplaced := map[string]float64{}
					wo.run(t, m, d.Rand, start, start+periods*10_000, func() int64 { return d.Int64N(25_000) }, func(e int64, ps []kpi.GroupPoint) {
						got := map[string]kpi.GroupPoint{}
						for i, p := range ps {
							require.False(t, p.Retired)
							require.Equal(t, p.Whole, i == len(ps)-1 && (len(wo.k.By) == 0 || o.at(labels.EmptyLabels(), true, e, false).published), "the whole comes last")
							key := p.Key
							if p.Whole {
								key = "whole"
							}
							got[key] = p
						}
						groups := []labels.Labels{labels.EmptyLabels()}
						if len(wo.k.By) > 0 {
							for _, g := range []string{"a", "b", "c"} {
								groups = append(groups, labels.FromStrings("svc", g))
							}
						}
						for i, g := range groups {
							key, whole := g.String(), i == 0
							if whole {
								key = "whole"
							}
							want := o.at(g, whole, e, unobservedAt(e))
							unplaced[key] += want.unplaced
							p, ok := got[key]
							msg := fmt.Sprintf("seed %d group %s period %d: want %+v got %+v", seed, key, (e-start)/10_000, want, p.Point)
							require.Equal(t, want.published, ok, msg)
							if !ok {
								continue
							}
							require.Equal(t, want.missing, p.Point.Missing, msg)
							near(t, want.coverage, p.Point.Coverage, msg)
							near(t, unplaced[key], p.Unplaced, msg)
							if want.missing == kpi.NotMissing {
								near(t, want.value, p.Point.Value, msg)
								near(t, want.good, p.Point.Good, msg)
								near(t, want.total, p.Point.Total, msg)
								near(t, want.upper, p.Point.Upper, msg)
							}
						}
					})
				}
			})
		}
	}
}

// identical says whether two points are the same to the last bit.
func identical(a, b kpi.GroupPoint) bool {
	bit := func(x, y float64) bool {
		return math.Float64bits(x) == math.Float64bits(y) || (math.IsNaN(x) && math.IsNaN(y))
	}
	return a.Key == b.Key && a.Whole == b.Whole && a.Retired == b.Retired && a.Point.End == b.Point.End && a.Point.Missing == b.Point.Missing &&
		a.Point.Detail == b.Point.Detail && bit(a.Point.Value, b.Point.Value) && bit(a.Point.Upper, b.Point.Upper) && bit(a.Point.Good, b.Point.Good) &&
		bit(a.Point.Total, b.Point.Total) && bit(a.Point.Coverage, b.Point.Coverage) && bit(a.SliceGood, b.SliceGood) && bit(a.SliceTotal, b.SliceTotal) && bit(a.Unplaced, b.Unplaced)
}

func requireIdentical(t *testing.T, want, got []kpi.GroupPoint, msg string) {
	t.Helper()
	require.Len(t, got, len(want), msg)
	for i := range want {
		require.True(t, identical(want[i], got[i]), "%s\nwant %+v\ngot  %+v", msg, want[i], got[i])
	}
}

// replayed is one pass in order of time, as a replay from the store does it: every series attached first, no look ahead.
func (wo world) replayed(from, last int64, origin func(labels.Labels, int64, int64) kpi.Origin) (*kpi.Meter, map[int64][]kpi.GroupPoint) {
	m := kpi.NewMeter(wo.k, kpi.MeterOptions{Origin: origin, From: wo.from})
	var es []event
	taps := map[*series]*kpi.Tap{}
	for _, s := range wo.series {
		taps[s] = m.Attach(s.side, s.labels, s.interval)
		for _, x := range s.samples {
			if x.t > from && x.t <= last {
				es = append(es, event{s, x})
			}
		}
	}
	slices.SortStableFunc(es, func(a, b event) int { return int(a.t - b.t) })
	out := map[int64][]kpi.GroupPoint{}
	next := from + 10_000
	closeTo := func(t int64) {
		for ; next < t && next <= last; next += 10_000 {
			out[next] = slices.Clone(m.Close(next, unobservedAt(next)))
		}
	}
	for _, x := range es {
		closeTo(x.t)
		taps[x.s].Feed(x.t, x.st, x.v, nil, x.fh)
	}
	closeTo(last + 1)
	return m, out
}

func TestOrderOfArrivalAndReplayChangeNoBit(t *testing.T) {
	for name, ind := range indicators() {
		for _, w := range []int{1, 5} {
			t.Run(fmt.Sprintf("%s/W=%d", name, w), func(t *testing.T) {
				for seed := range seeds(t) {
					wo, d := worldOf(seed+100, ind, w, seed%2 == 0, false, false)
					stop := start + periods*10_000
					_, want := wo.replayed(start, stop, wo.born)
					for range 2 {
						m := kpi.NewMeter(wo.k, kpi.MeterOptions{Origin: wo.born, From: wo.from})
						wo.run(t, m, d.Rand, start, stop, func() int64 { return d.Int64N(30_000) }, func(e int64, ps []kpi.GroupPoint) {
							requireIdentical(t, want[e], ps, fmt.Sprintf("seed %d", seed))
						})
					}
				}
			})
		}
	}
}

// A restart, and a replay for late data, begin in the middle of history. From the present on nothing may differ.
func TestRestartAndTakeOverContinueAsIfNothingHappened(t *testing.T) {
	for name, ind := range indicators() {
		for _, w := range []int{1, 5} {
			t.Run(fmt.Sprintf("%s/W=%d", name, w), func(t *testing.T) {
				for seed := range seeds(t) {
					wo, d := worldOf(seed+200, ind, w, seed%2 == 0, true, false)
					stop, now, from := start+periods*10_000, start+70*10_000, start+10*10_000
					_, want := wo.replayed(start, stop, wo.born)
					old, _ := wo.replayed(start, now, wo.born)
					earlier := func(l labels.Labels, at, _ int64) kpi.Origin { return wo.newest(l, at, from) }
					m, _ := wo.replayed(from, now, earlier)
					m.Resume(now)
					m.SetOrigin(wo.born)
					m.TakeOver(old)
					r := wo.lanesAfter(d.Rand, now)
					for e := now + 10_000; e <= stop; e += 10_000 {
						for _, x := range r {
							if x.t > e-10_000 && x.t <= e {
								tap := old.Find(x.s.side, x.s.labels)
								require.NotNil(t, tap)
								if next := tap.Moved(); next != nil {
									tap = next // the old taps hand over
								}
								tap.Feed(x.t, x.st, x.v, nil, x.fh)
							}
						}
						requireIdentical(t, want[e], m.Close(e, unobservedAt(e)), fmt.Sprintf("seed %d, period %d", seed, (e-start)/10_000))
					}
				}
			})
		}
	}
}

// newest answers from history what a series' newest sample before at was, if it lies before the replayed part.
func (wo world) newest(l labels.Labels, at, from int64) kpi.Origin {
	for _, s := range wo.series {
		if !labels.Equal(s.labels, l) {
			continue
		}
		counter := wo.k.Indicator.Kind == kpi.Ratio || wo.k.Indicator.Kind == kpi.Rate
		var o kpi.Origin
		for _, x := range s.samples {
			if x.t < at && x.t <= from && x.t > o.T && x.fh == nil && (!counter || (x.v >= 0 && !math.IsInf(x.v, 0))) {
				o = kpi.Origin{Has: true, T: x.t, V: x.v}
			}
		}
		if o.Has || wo.k.Indicator.Histogram != nil || wo.k.Indicator.Kind == kpi.Mean {
			return o
		}
	}
	interval := int64(0)
	for _, s := range wo.series {
		if labels.Equal(s.labels, l) {
			interval = s.interval
		}
	}
	return wo.born(l, at, interval)
}

func (wo world) lanesAfter(r *rand.Rand, now int64) []event {
	var out []event
	for _, l := range wo.lanes(r) {
		for _, x := range l.events {
			if x.t > now {
				out = append(out, x)
			}
		}
	}
	return out
}

// For whole counts, periods and unplaced together are what the counters counted.
func TestPeriodsAndUnplacedAddUpToTheDaysIncrease(t *testing.T) {
	kinds := indicators()
	for _, name := range []string{"ratio/bad", "rate", "mean", "share/edge"} {
		t.Run(name, func(t *testing.T) {
			for seed := range 3 * seeds(t) {
				wo, d := worldOf(seed+300, kinds[name], 1, true, true, true)
				o := newOracle(wo)
				want := map[string]float64{}
				for _, u := range o.units {
					if u.side != 1 && name == "ratio/bad" {
						continue
					}
					for _, s := range u.steps {
						v := s.inc
						switch {
						case s.native != nil:
							v = s.native.Count
						case name == "mean":
							v = s.vec[1]
						case name == "share/edge":
							v = s.vec[math.Inf(1)]
						}
						want[wo.k.GroupLabels(u.labels).String()] += v
						want["whole"] += v
					}
				}
				if name == "share/edge" && mixed(wo) {
					continue // native wins over classic in a period, which then counts the native events alone
				}
				m := kpi.NewMeter(wo.k, kpi.MeterOptions{Origin: wo.born, From: start - 100_000})
				got, unplaced := map[string]float64{}, map[string]float64{}
				gaps := 0.0
				wo.run(t, m, d.Rand, start-10_000, start+(periods+3)*10_000, func() int64 { return 0 }, func(_ int64, ps []kpi.GroupPoint) {
					for _, p := range ps {
						key := p.Key
						if p.Whole {
							key = "whole"
						}
						if p.Point.Total > 0 {
							got[key] += p.Point.Total
						}
						unplaced[key] = p.Unplaced
					}
				})
				for key, v := range want {
					if key != "whole" {
						continue // groups are not judged before their first whole period
					}
					gaps += unplaced[key]
					require.Equal(t, v, got[key]+unplaced[key], "seed %d group %s", seed, key)
				}
				if seed == 0 {
					require.Positive(t, gaps, "the world has gaps")
				}
			}
		})
	}
}

func mixed(wo world) bool {
	var classic, native bool
	for _, s := range wo.series {
		classic, native = classic || s.side == 0, native || s.side == 2
	}
	return classic && native
}

func TestLateSamplesAreReported(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: named("of")}}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	a, b := m.Attach(0, labels.FromStrings("s", "a"), 1000), m.Attach(0, labels.FromStrings("s", "b"), 1000)
	a.Feed(10_500, 0, 1, nil, nil)
	a.Feed(11_500, 0, 2, nil, nil)
	m.Close(11_000, false)
	_, dirty := m.Dirty()
	require.False(t, dirty)
	b.Feed(10_900, 0, 1, nil, nil) // its period is closed
	from, dirty := m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(10_900), from)
	b.Feed(10_950, 0, 1, nil, nil)
	a.Feed(10_700, 0, 1, nil, nil) // before the series' newest
	from, dirty = m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(10_700), from)
	_, dirty = m.Dirty()
	require.False(t, dirty, "told once")

	for side, name := range []string{"lat_sum", "lat_count"} { // an instance's frame that comes in two orders
		k = &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["mean"]}
		m = kpi.NewMeter(k, kpi.MeterOptions{})
		x, y := m.Attach(side, labels.FromStrings("__name__", name), 1000), m.Attach(1-side, labels.FromStrings("__name__", "other"), 1000)
		x.Feed(500, 0, 1, nil, nil)
		x.Feed(600, 0, 1, nil, nil)
		y.Feed(500, 0, 1, nil, nil)
		from, dirty = m.Dirty()
		require.True(t, dirty)
		require.Equal(t, int64(500), from)
	}

	k = &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["p95"]}
	m = kpi.NewMeter(k, kpi.MeterOptions{})
	n := m.Attach(2, labels.FromStrings("__name__", "lat"), 1000)
	n.Feed(2000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	n.Feed(1000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	from, dirty = m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(1000), from)
}

func TestAGroupRetiresOnlyAfterAnHourOrItsRange(t *testing.T) {
	for _, kind := range []kpi.Kind{kpi.Rate, kpi.Freshness} {
		k := &kpi.KPI{Period: time.Minute, Window: time.Minute, By: []string{"svc"}, Expect: []labels.Labels{labels.FromStrings("svc", "must")},
			Indicator: kpi.Indicator{Kind: kind, Of: named("of")}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		l := labels.FromStrings("svc", "gone")
		tap := m.Attach(0, l, 15_000)
		for ts := int64(15_000); ts <= 300_000; ts += 15_000 {
			tap.Feed(ts, 0, float64(ts), nil, nil)
		}
		retired := int64(0)
		for e := int64(60_000); e <= 2*3600_000; e += 60_000 {
			for _, p := range m.Close(e, false) {
				if p.Retired {
					require.Equal(t, l.String(), p.Key)
					require.Zero(t, retired, "once")
					retired = e
				}
			}
		}
		if kind == kpi.Freshness {
			require.Zero(t, retired, "silence is what freshness measures")
			continue
		}
		require.Equal(t, int64(300_000+3600_000+60_000), retired)
		tap.Feed(7_230_000, 0, 1e6, nil, nil) // and comes back
		tap.Feed(7_250_000, 0, 1e6+60, nil, nil)
		tap.Feed(7_310_000, 0, 1e6+120, nil, nil)
		require.Len(t, m.Close(7_260_000, false), 2, "must and the whole: the group's first whole period is the next")
		ps := m.Close(7_320_000, false)
		require.Equal(t, l.String(), ps[0].Key)
		require.Equal(t, 1.0, ps[0].Point.Value)
	}
}

func TestPeriodsThatNobodyClosesFallOutOfTheWindow(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: 5 * time.Second, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: named("of")}}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(0, labels.FromStrings("s", "a"), 1000)
	tap.Feed(1000, 0, 100, nil, nil)
	tap.Feed(2000, 0, 200, nil, nil)
	m.Close(1000, false)
	require.Equal(t, 100.0, m.Close(2000, false)[0].Point.Total)
	require.Equal(t, kpi.Unobserved, m.Close(900_000, true)[0].Point.Missing)
	tap.Feed(900_500, 0, 300, nil, nil)
	tap.Feed(900_900, 0, 301, nil, nil)
	p := m.Close(901_000, false)[0]
	require.Equal(t, 1.0, p.Point.Total)
	require.Equal(t, 100.0, p.Unplaced)
}

func TestABucketWithoutAnEdgeIsSkipped(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, By: []string{"svc"}, Indicator: indicators()["p95"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "svc", "a", "le", "many"), 1000)
	for ts := int64(500); ts < 5000; ts += 500 {
		tap.Feed(ts, 0, float64(ts), nil, nil)
	}
	require.Len(t, m.Close(5000, false), 1, "no group comes of it beside the whole")
	require.Positive(t, m.Skipped)
}

// A summary's count beside a histogram of the same name must not take the group's buckets away.
func TestACountWithoutBucketsIsNoHistogram(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["share/edge"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	four := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "pod", "b", "le", "4"), 1000)
	inf := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "pod", "b", "le", "+Inf"), 1000)
	summary := m.Attach(1, labels.FromStrings("__name__", "lat_count", "pod", "a"), 1000)
	for i := range 4 {
		four.Feed(int64(500+i*1000), 0, float64(i*3), nil, nil)
		inf.Feed(int64(500+i*1000), 0, float64(i*4), nil, nil)
		summary.Feed(int64(500+i*1000), 0, float64(i*100), nil, nil)
	}
	m.Close(1000, false)
	p := m.Close(2000, false)[0].Point
	require.Equal(t, kpi.NotMissing, p.Missing, p.Detail)
	require.Equal(t, 0.75, p.Value)
}

// A share's good side counts as seen from its first sample on, in a replay too, which attaches every series first.
func TestGoodNeverMatchedIsAQuestionOfTime(t *testing.T) {
	wo := world{k: &kpi.KPI{Period: 10 * time.Second, Window: 10 * time.Second, Indicator: indicators()["ratio/good"]}, from: start,
		born: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{} }}
	total, good := &series{side: 1, labels: labels.FromStrings("__name__", "total"), interval: 10_000}, &series{labels: labels.FromStrings("__name__", "part"), interval: 10_000}
	for i := range int64(6) {
		total.samples = append(total.samples, sample{t: start + 5000 + i*10_000, v: float64(i * 10)})
		if i > 2 {
			good.samples = append(good.samples, sample{t: start + 5000 + i*10_000, v: float64(i * 9)})
		}
	}
	wo.series = []*series{total, good}
	_, ps := wo.replayed(start, start+60_000, wo.born)
	require.Equal(t, kpi.NeverSeen, ps[start+30_000][0].Point.Missing)
	require.Equal(t, 0.9, ps[start+50_000][0].Point.Value)
}

func TestHistogramsOfTwoLayoutsLeaveNothingBehind(t *testing.T) {
	k := &kpi.KPI{Period: 10 * time.Second, Window: 10 * time.Second, Indicator: indicators()["share/edge"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(2, labels.FromStrings("__name__", "lat"), 1000)
	custom := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: 8, Sum: 8, CustomValues: []float64{1, 4}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 2, 5}}
	tap.Feed(1000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	tap.Feed(2000, 0, 0, nil, nativeOf(3, [nativeBuckets]float64{}))
	tap.Feed(3000, 0, 0, nil, custom)
	p := m.Close(10_000, false)[0]
	require.Equal(t, 10.0, p.Point.Total+p.Unplaced, "two placed, eight without a place")
}

func TestCustomBucketsBeyondTheLastEdgeAreOnlyBoundedBelow(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["p95"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }})
	custom := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: 8, Sum: 8, CustomValues: []float64{1, 4}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 2, 5}}
	m.Attach(2, labels.FromStrings("__name__", "lat"), 1000).Feed(500, 0, 0, nil, custom)
	p := m.Close(1000, false)[0].Point
	require.Equal(t, 4.0, p.Value)
	require.Equal(t, math.Inf(1), p.Upper)
}

// Sums are added up in the order of labels, whatever the order in which series are found and fed.
func TestSumsDependOnNoOrder(t *testing.T) {
	d := rand.New(rand.NewPCG(5, 5))
	k := &kpi.KPI{Period: time.Second, Window: 3 * time.Second, By: []string{"svc"}, Indicator: indicators()["rate"]}
	vals := make([]float64, 40)
	for i := range vals {
		vals[i] = d.Float64() * math.Pow(10, float64(d.IntN(12)))
	}
	var want []kpi.GroupPoint
	for range 10 {
		m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }, From: -5000})
		taps := map[int]*kpi.Tap{}
		for _, i := range d.Perm(len(vals)) {
			taps[i] = m.Attach(0, labels.FromStrings("svc", strconv.Itoa(i%2), "pod", strconv.Itoa(i)), 1000)
		}
		for _, i := range d.Perm(len(vals)) {
			taps[i].Feed(500, 0, vals[i], nil, nil)
			taps[i].Feed(1500, 0, 3*vals[i], nil, nil)
			taps[i].Feed(90_500, 0, 7*vals[i], nil, nil) // across a gap
		}
		m.Close(1000, false)
		got := slices.Clone(m.Close(2000, false))
		got = append(got, m.Close(91_000, false)...)
		require.Len(t, got, 6)
		require.Positive(t, got[0].Point.Value)
		require.Positive(t, got[3].Unplaced)
		if want == nil {
			want = got
		}
		requireIdentical(t, want, got, "")
	}
}

// The start timestamp of any series of an instance shows the reset of all.
func TestAnInstancesStartTimestampNeedsOneWitness(t *testing.T) {
	for first := range 2 {
		k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["mean"]}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		taps := []*kpi.Tap{m.Attach(0, labels.FromStrings("__name__", "lat_sum"), 1000), m.Attach(1, labels.FromStrings("__name__", "lat_count"), 1000)}
		for _, i := range []int{first, 1 - first} {
			taps[i].Feed(500, 0, 10, nil, nil)
		}
		st := []int64{0, 800}
		for _, i := range []int{first, 1 - first} {
			taps[i].Feed(900, st[i], 20, nil, nil)
		}
		require.Equal(t, 20.0, m.Close(1000, false)[0].Point.Total)
	}
}

// What lies before the history that a replay reads is carried over.
func TestTakeOverRemembersSilentGroups(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, By: []string{"svc"}, Indicator: indicators()["freshness"]}
	old := kpi.NewMeter(k, kpi.MeterOptions{})
	l := labels.FromStrings("__name__", "f", "svc", "a")
	old.Attach(0, l, 1000).Feed(500, 0, 1, nil, nil)
	old.Close(1000, false)
	old.Close(2000, false)
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	m.Attach(0, l, 1000) // the replay knows the series and has no sample of it
	m.Resume(2000)
	m.TakeOver(old)
	ps := m.Close(3000, false)
	require.Len(t, ps, 2)
	require.Equal(t, 2.5, ps[0].Point.Value)
	require.Equal(t, 2.5, ps[1].Point.Value)
	require.Equal(t, kpi.Unobserved, m.Close(4000, true)[0].Point.Missing, "we were down")
}

// A bucket that appears while an older period is open says nothing of that period.
func TestANewEdgeDoesNotReachBack(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.ShareBelow, Histogram: named("lat"), Below: 2}}
	m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }})
	bucket := func(le string) *kpi.Tap {
		return m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "le", le), 1000)
	}
	four, inf := bucket("4"), bucket("+Inf")
	four.Feed(500, 0, 3, nil, nil)
	inf.Feed(500, 0, 4, nil, nil)
	four.Feed(1500, 0, 6, nil, nil)
	bucket("2").Feed(1500, 0, 5, nil, nil)
	inf.Feed(1500, 0, 8, nil, nil)
	p := m.Close(1000, false)[0].Point
	require.Equal(t, 0.0, p.Value)
	require.Equal(t, 0.75, p.Upper, "between nothing and what lies below 4")
}
