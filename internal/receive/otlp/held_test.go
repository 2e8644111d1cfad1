package otlp_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/receive/otlp"
)

// TestASenderWithoutAnOrderLosesNothing sends one metric of many series in an order that changes with each request, several
// datapoints of a series in each, some of them refused, and then in one order for a while.
func TestASenderWithoutAnOrderLosesNothing(t *testing.T) {
	const series = 700
	for _, c := range []struct {
		name  string
		known int
	}{{"known", 0}, {"half forgotten", series / 2}} {
		t.Run(c.name, func(t *testing.T) {
			seen := &sequence{last: []int64{0}}
			h := build(t, gate.Limits{})
			h.gate = gate.New(gate.Options{Store: h.samples, Observers: []gate.Observer{seen}, Limits: gate.Limits{Ahead: time.Minute}, Now: func() time.Time { return base }})
			h.receiver = otlp.New(otlp.Options{Gate: h.gate, Series: c.known, Now: func() time.Time { return base }})
			h.handler = h.receiver.Handler()
			r := rand.New(rand.NewPCG(3, 4))
			type sample struct {
				t int64
				v float64
			}
			want := map[int][]sample{}
			newest := base.Add(-40 * time.Minute)
			order := r.Perm(series)
			for round := range 14 {
				if round < 8 {
					r.Shuffle(series, func(i, k int) { order[i], order[k] = order[k], order[i] })
				}
				var points []*metricspb.NumberDataPoint
				refused := int64(0)
				for range 1 + round%3 { // three times 700 are more than are held at once
					newest = newest.Add(time.Second)
					for _, i := range order {
						if round < 4 && i > 100*(round+1) {
							continue // born later
						}
						at := newest
						if v := r.Float64(); v < 0.01 {
							at = base.Add(time.Hour)
							refused++
						} else {
							want[i] = append(want[i], sample{at.UnixMilli(), v})
						}
						v := 0.0
						if n := len(want[i]); n > 0 {
							v = want[i][n-1].v
						}
						points = append(points, &metricspb.NumberDataPoint{TimeUnixNano: uint64(at.UnixNano()), Attributes: kv("n", fmt.Sprint(i)),
							Value: &metricspb.NumberDataPoint_AsDouble{AsDouble: v}})
					}
				}
				m := &metricspb.Metric{Name: "depth", Data: &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: points}}}
				res := answerMetrics(t, h, metricsRequest(m, counter("between", false, -time.Hour, newest.Sub(base), float64(round))))
				require.Equal(t, refused, res.GetRejectedDataPoints(), "%d: %s", round, res.GetErrorMessage())
			}
			for i := range series {
				var got []sample
				for _, p := range conformance.Read(t, h.samples, labels.FromStrings("__name__", "depth", "job", "intake", "n", fmt.Sprint(i)), base.Add(-time.Hour).UnixMilli(), base.UnixMilli()) {
					got = append(got, sample{p.T, p.V})
				}
				require.Equal(t, want[i], got, i)
			}
			require.Len(t, h.samplesOf("between_total"), 14)
			require.Zero(t, seen.back, "datapoints of one series change places")
		})
	}
}

// sequence counts samples that came after a later one of their series.
type sequence struct {
	last []int64 // by gate.Watch
	back int
}

func (s *sequence) Born(labels.Labels) gate.Watch {
	s.last = append(s.last, 0)
	return gate.Watch(len(s.last) - 1)
}

func (s *sequence) Observe(samples []gate.Sample) {
	for _, x := range samples {
		if x.T < s.last[x.Watch] {
			s.back++
		}
		s.last[x.Watch] = max(s.last[x.Watch], x.T)
	}
}
