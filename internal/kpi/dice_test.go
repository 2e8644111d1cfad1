package kpi_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

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
