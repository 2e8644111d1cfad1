package kpi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

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
