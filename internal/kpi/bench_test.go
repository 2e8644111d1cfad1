package kpi_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

func eq(name, v string) *labels.Matcher { return labels.MustNewMatcher(labels.MatchEqual, name, v) }

func sel(ms ...*labels.Matcher) *kpi.Selector { return &kpi.Selector{Matchers: ms} }

// fleet is n KPIs of one kind with their taps, one service each.
type fleet struct {
	meters []*kpi.Meter
	taps   []*kpi.Tap
	counts []float64
}

func errorRatios(n int, period, window time.Duration) *fleet {
	f := &fleet{}
	for i := range n {
		svc := "svc-" + strconv.Itoa(i)
		k := &kpi.KPI{Name: svc, Period: period, Window: window, Indicator: kpi.Indicator{Kind: kpi.Ratio,
			Bad:   sel(eq("__name__", "http_requests_total"), eq("service", svc), labels.MustNewMatcher(labels.MatchRegexp, "code", "5..")),
			Total: sel(eq("__name__", "http_requests_total"), eq("service", svc))}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		for _, code := range []string{"200", "301", "404", "500"} {
			l := labels.FromStrings("__name__", "http_requests_total", "service", svc, "code", code)
			if code == "500" {
				f.taps = append(f.taps, m.Attach(0, l, period.Milliseconds()))
			}
			f.taps = append(f.taps, m.Attach(1, l, period.Milliseconds()))
		}
		f.meters = append(f.meters, m)
	}
	f.counts = make([]float64, len(f.taps))
	return f
}

func p95s(n int, period, window time.Duration) *fleet {
	f := &fleet{}
	for i := range n {
		svc := "svc-" + strconv.Itoa(i)
		k := &kpi.KPI{Name: svc, Period: period, Window: window, Indicator: kpi.Indicator{Kind: kpi.Quantile, Q: 0.95,
			Histogram: sel(eq("__name__", "http_request_duration_seconds"), eq("service", svc))}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		for _, le := range []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"} {
			f.taps = append(f.taps, m.Attach(0, labels.FromStrings("__name__", "http_request_duration_seconds_bucket", "service", svc, "le", le), period.Milliseconds()))
		}
		f.meters = append(f.meters, m)
	}
	f.counts = make([]float64, len(f.taps))
	return f
}

func (f *fleet) feed(t int64, order []int) {
	for _, i := range order {
		f.counts[i] += float64(i%12) + 1
		f.taps[i].Feed(t, 0, f.counts[i], nil, nil)
	}
}

// gauges is n KPIs of four series each, the mean of a window summed up.
func gauges(n int, period, window time.Duration) *fleet {
	f := &fleet{}
	for i := range n {
		svc := "svc-" + strconv.Itoa(i)
		k := &kpi.KPI{Name: svc, Period: period, Window: window, Indicator: kpi.Indicator{Kind: kpi.Gauge, Over: "avg", Across: "sum", Of: sel(eq("__name__", "queue"), eq("service", svc))}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		for pod := range 4 {
			f.taps = append(f.taps, m.Attach(0, labels.FromStrings("__name__", "queue", "service", svc, "pod", strconv.Itoa(pod)), period.Milliseconds()))
		}
		f.meters = append(f.meters, m)
	}
	f.counts = make([]float64, len(f.taps))
	return f
}

// crowd is one KPI by service with its taps; the labels are made by the caller, as the gate does it.
func crowd(ind kpi.Indicator, window time.Duration, sides []int, ls []labels.Labels) *fleet {
	k := &kpi.KPI{Period: time.Second, Window: window, By: []string{"service"}, Indicator: ind}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	f := &fleet{meters: []*kpi.Meter{m}}
	for i, l := range ls {
		f.taps = append(f.taps, m.Attach(sides[i%len(sides)], l, 1000))
	}
	f.counts = make([]float64, len(f.taps))
	order := sequence(len(f.taps))
	for t := int64(1_000_000); t <= 1_310_000; t += 1000 {
		f.feed(t, order)
		m.Close(t, false)
	}
	f.counts = nil
	return f
}

// BenchmarkMemory says what one more group and one more of its series cost, labels left out.
func BenchmarkMemory(b *testing.B) {
	bucket := func(i int) []string {
		return []string{"__name__", "lat_bucket", "le", []string{"0.1", "0.25", "0.5", "1", "2", "+Inf"}[i%6]}
	}
	for _, c := range []struct {
		name  string
		ind   kpi.Indicator
		sides []int
		step  int // series that come together
		label func(i int) []string
	}{
		{"ratio", kpi.Indicator{Kind: kpi.Ratio, Bad: named("part"), Total: named("total")}, []int{0, 1}, 2, func(int) []string { return []string{"__name__", "total"} }},
		{"p95", kpi.Indicator{Kind: kpi.Quantile, Histogram: named("lat"), Q: 0.95}, []int{0}, 6, bucket},
		{"gauge", kpi.Indicator{Kind: kpi.Gauge, Of: named("g"), Over: "avg", Across: "sum"}, []int{0}, 2, func(int) []string { return []string{"__name__", "g"} }},
	} {
		for _, w := range []time.Duration{time.Second, 5 * time.Minute} {
			b.Run(fmt.Sprintf("%s/window=%s", c.name, w), func(b *testing.B) {
				const groups = 500
				heap := func(n int) float64 {
					var ls []labels.Labels
					for g := range groups {
						for i := range n {
							ls = append(ls, labels.FromStrings(append(c.label(i), "service", strconv.Itoa(g), "pod", strconv.Itoa(i/c.step))...))
						}
					}
					return heapOf(func() any { return crowd(c.ind, w, c.sides, ls) })
				}
				for b.Loop() {
					once, twice := heap(2*c.step), heap(4*c.step)
					series := (twice - once) / groups / float64(2*c.step)
					b.ReportMetric(series, "B/series")
					b.ReportMetric(once/groups-series*float64(2*c.step), "B/group")
				}
			})
		}
	}
}

func heapOf(build func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := build()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func BenchmarkFeed(b *testing.B) {
	for _, random := range []bool{false, true} {
		b.Run(fmt.Sprintf("series=40000/random=%v", random), func(b *testing.B) {
			f := errorRatios(8000, time.Second, time.Second)
			order := sequence(len(f.taps))
			if random {
				rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			t := int64(1_000_000)
			f.feed(t, order)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(order) {
				t += 1000
				f.feed(t, order)
				b.StopTimer()
				for _, m := range f.meters {
					m.Close(t, false)
				}
				b.StartTimer()
			}
		})
	}
}

func BenchmarkClose(b *testing.B) {
	for _, c := range []struct {
		name  string
		fleet func(int, time.Duration, time.Duration) *fleet
	}{{"ratio", errorRatios}, {"p95", p95s}, {"gauge", gauges}} {
		for _, w := range []time.Duration{time.Second, 5 * time.Minute} {
			b.Run(fmt.Sprintf("%s/kpis=5000/window=%s", c.name, w), func(b *testing.B) {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				f := c.fleet(5000, time.Second, w)
				order := sequence(len(f.taps))
				t := int64(1_000_000)
				for range 310 {
					t += 1000
					f.feed(t, order)
					for _, m := range f.meters {
						m.Close(t, false)
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; n += 5000 {
					b.StopTimer()
					t += 1000
					f.feed(t, order)
					b.StartTimer()
					for _, m := range f.meters {
						m.Close(t, false)
					}
				}
				runtime.KeepAlive(f)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/5000, "B/kpi") // here, because ResetTimer forgets it
			})
		}
	}
}
