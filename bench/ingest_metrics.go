package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// ingestMetrics sends the same datapoints of known series to both servers, in turn.
func (b *bench) ingestMetrics(ctx context.Context, shuffled bool) error {
	n, rounds := pick(b, 100_000, 20_000), pick(b, 15, 3)
	ours, peer, stop, err := b.startBoth(ctx, setup{})
	if err != nil {
		return err
	}
	defer stop()
	costs := [2][]float64{}
	at := time.Now().Add(-time.Duration(rounds+5) * time.Second)
	for round := range rounds + 2 {
		at = at.Add(time.Second)
		bodies, err := metricBodies(n, at, shuffled)
		if err != nil {
			return err
		}
		for i, p := range []*process{ours, peer} {
			before := p.cpu()
			for _, body := range bodies {
				if err := p.otlp(ctx, []string{"/v1/metrics", "/api/v1/otlp/v1/metrics"}[i], body); err != nil {
					return err
				}
			}
			costs[i] = append(costs[i], float64((p.cpu()-before).Nanoseconds())/float64(n))
		}
		if round == 1 { // the series are known now
			costs = [2][]float64{}
		}
	}
	if err := stored(ctx, []*process{ours, peer}, float64(n*(rounds+2))); err != nil {
		return err
	}
	mean := func(v []float64) (sum float64) {
		for _, x := range v {
			sum += x / float64(len(v))
		}
		return sum
	}
	o, p := mean(costs[0]), mean(costs[1])
	name := "metrics"
	if shuffled {
		name = "metrics without an order"
	}
	b.table.atLeast(name+": datapoints of known series a CPU-second", plain, 1e9/o, none, 1e6)
	b.table.info(name+": CPU a datapoint", nanos, o, p)
	b.table.note("%d series, %d rounds, in turn; the kernel counts CPU time in steps of 10 ms", n, rounds)
	return nil
}

// metricBodies encodes one datapoint of each of n counters, 5,000 a request; shuffled, those of a metric come in another order
// each time, as from an SDK that keeps them in a map.
func metricBodies(n int, at time.Time, shuffled bool) (out [][]byte, err error) {
	for from := 0; from < n; from += 5000 {
		d := pmetric.NewMetrics()
		g := d.ResourceMetrics().AppendEmpty()
		g.Resource().Attributes().PutStr("service.name", "intake")
		g.Resource().Attributes().PutStr("service.instance.id", instance(from))
		metrics := g.ScopeMetrics().AppendEmpty().Metrics()
		for m := range 50 {
			metric := metrics.AppendEmpty()
			metric.SetName(fmt.Sprintf("http.server.requests.%d", m))
			sum := metric.SetEmptySum()
			sum.SetIsMonotonic(true)
			sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			order := rand.Perm(100)
			for i := range 100 {
				if shuffled {
					i = order[i]
				}
				p := sum.DataPoints().AppendEmpty()
				p.SetTimestamp(pcommon.NewTimestampFromTime(at))
				p.SetStartTimestamp(pcommon.NewTimestampFromTime(rowsStart.Add(-time.Hour)))
				p.SetIntValue(at.UnixMilli() - rowsStart.UnixMilli() + 3_600_000 + int64(i))
				p.Attributes().PutStr("http.request.method", []string{"GET", "POST"}[i%2])
				p.Attributes().PutStr("http.route", "/file/"+strconv.Itoa(i/2))
				p.Attributes().PutInt("http.response.status_code", int64(200+i%5))
			}
		}
		body, err := pmetricotlp.NewExportRequestFromMetrics(d).MarshalProto()
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}
