package emit

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var (
	requestsDesc = prometheus.NewDesc("http_requests_total",
		"Requests that have ended, by method, route pattern and status code.", []string{"code", "method", "route"}, nil)
	durationDesc = prometheus.NewDesc("http_request_duration_seconds",
		"Time from a request's arrival to the end of its handler.", []string{"code", "method", "route"}, nil)
	errorsDesc = prometheus.NewDesc("http_errors_total",
		"Requests that ended badly, by method, route pattern and type: 4xx, 5xx, panic, abort or canceled.", []string{"method", "route", "type"}, nil)
	requestSizeDesc = prometheus.NewDesc("http_request_size_bytes",
		"Size of request bodies.", []string{"method", "route"}, nil)
	responseSizeDesc = prometheus.NewDesc("http_response_size_bytes",
		"Size of response bodies.", []string{"method", "route"}, nil)
	inFlightDesc = prometheus.NewDesc("http_requests_in_flight",
		"Requests being handled now.", nil, nil)
	overflowDesc = prometheus.NewDesc("emit_requests_overflow_total",
		"Requests counted under route=\"other\" because too many combinations of method, route and code exist.", nil, nil)
)

// collector turns the counters into metrics. It writes protobuf itself because client_golang's constant histograms are
// either classic or native, and ours are both.
type collector struct{ emitter *Emitter }

func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		requestsDesc, durationDesc, errorsDesc, requestSizeDesc, responseSizeDesc, inFlightDesc, overflowDesc,
	} {
		out <- d
	}
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	e := c.emitter
	out <- metric{inFlightDesc, &dto.Metric{Gauge: &dto.Gauge{Value: new(float64(e.inFlight.value()))}}}
	out <- metric{overflowDesc, &dto.Metric{Counter: counter(e.table.overflow.Load(), timestamppb.New(e.clock.base))}}
	e.table.each(func(p *endpoint) {
		created := timestamppb.New(p.created)
		labels := []*dto.LabelPair{label("method", p.method), label("route", p.route)}
		out <- metric{requestSizeDesc, &dto.Metric{Label: labels, Histogram: p.requestSize.write(created)}}
		out <- metric{responseSizeDesc, &dto.Metric{Label: labels, Histogram: p.responseSize.write(created)}}
		for kind := range p.errors {
			labels := append(labels[:2:2], label("type", errorLabels[kind]))
			out <- metric{errorsDesc, &dto.Metric{Label: labels, Counter: counter(p.errors[kind].Load(), created)}}
		}
		for _, c := range *p.children.Load() {
			created := timestamppb.New(c.created)
			labels := append([]*dto.LabelPair{label("code", c.label)}, labels...)
			h := c.duration.write(created)
			out <- metric{requestsDesc, &dto.Metric{Label: labels, Counter: counter(h.GetSampleCount(), created)}}
			// The 500 that is there from the start needs a counter at 0, not a histogram of nothing.
			if h.GetSampleCount() > 0 {
				out <- metric{durationDesc, &dto.Metric{Label: labels, Histogram: h}}
			}
		}
	})
}

// metric is a finished prometheus.Metric.
type metric struct {
	desc *prometheus.Desc
	data *dto.Metric
}

func (m metric) Desc() *prometheus.Desc { return m.desc }

// Write copies the label slice: a registerer with constant labels appends to it.
func (m metric) Write(out *dto.Metric) error {
	out.Label = append([]*dto.LabelPair(nil), m.data.Label...)
	out.Gauge, out.Counter, out.Histogram = m.data.Gauge, m.data.Counter, m.data.Histogram
	return nil
}

func label(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }

func counter(n uint64, created *timestamppb.Timestamp) *dto.Counter {
	return &dto.Counter{Value: new(float64(n)), CreatedTimestamp: created}
}

// write is the histogram in both forms, as client_golang's own histogram writes itself.
func (h *histogram) write(created *timestamppb.Timestamp) *dto.Histogram {
	s := h.snapshot()
	d := &dto.Histogram{
		SampleCount:      &s.count,
		SampleSum:        &s.sum,
		CreatedTimestamp: created,
		Schema:           new(int32(nativeSchema)),
		ZeroThreshold:    new(zeroThreshold),
		ZeroCount:        &s.zero,
	}
	var cumulative uint64
	for i, bound := range h.layout.bounds {
		cumulative += s.classic[i]
		d.Bucket = append(d.Bucket, &dto.Bucket{CumulativeCount: new(cumulative), UpperBound: new(bound)})
	}
	for i, e := range s.exemplars {
		if e == nil {
			continue
		}
		x := e.write()
		d.Exemplars = append(d.Exemplars, x)
		if i == len(d.Bucket) {
			// +Inf is implied by the count, but an exemplar needs a bucket to hang on.
			d.Bucket = append(d.Bucket, &dto.Bucket{CumulativeCount: &s.count, UpperBound: new(math.Inf(1))})
		}
		d.Bucket[i].Exemplar = x
	}
	d.PositiveSpan, d.PositiveDelta = spans(s.native)
	return d
}

func (e *exemplar) write() *dto.Exemplar {
	return &dto.Exemplar{
		Label:     []*dto.LabelPair{label("span_id", e.trace.SpanID()), label("trace_id", e.trace.TraceID())},
		Value:     &e.value,
		Timestamp: timestamppb.New(e.at),
	}
}

// spans encodes native buckets: runs of neighbours, each count as the difference to the one before. A gap of one or
// two empty buckets is cheaper written out than as a new span.
func spans(buckets []nativeBucket) ([]*dto.BucketSpan, []int64) {
	var (
		out    []*dto.BucketSpan
		deltas []int64
		next   int
		last   int64
	)
	add := func(n int64) {
		*out[len(out)-1].Length++
		deltas = append(deltas, n-last)
		last = n
	}
	for _, b := range buckets {
		if gap := b.key - next; len(out) == 0 || gap > 2 {
			out = append(out, &dto.BucketSpan{Offset: new(int32(gap)), Length: new(uint32(0))})
		} else {
			for range gap {
				add(0)
			}
		}
		add(int64(b.count))
		next = b.key + 1
	}
	return out, deltas
}
