package kpi_test

import (
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/signalbox/signalbox/internal/kpi"
)

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
