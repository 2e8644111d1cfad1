package kpi_test

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

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
