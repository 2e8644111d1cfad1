package kpi_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

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
