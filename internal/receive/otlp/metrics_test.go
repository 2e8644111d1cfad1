package otlp_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/receive/otlp"
)

func metricsRequest(ms ...*metricspb.Metric) *colmetrics.ExportMetricsServiceRequest {
	return &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{Resource: resource(), ScopeMetrics: []*metricspb.ScopeMetrics{{Metrics: ms}}}}}
}

func nano(d time.Duration) uint64 { return uint64(base.Add(d).UnixNano()) }

// counter is a sum of one datapoint.
func counter(name string, delta bool, start, at time.Duration, v float64) *metricspb.Metric {
	t := metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	if delta {
		t = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	return &metricspb.Metric{Name: name, Data: &metricspb.Metric_Sum{Sum: &metricspb.Sum{AggregationTemporality: t, IsMonotonic: true, DataPoints: []*metricspb.NumberDataPoint{
		{StartTimeUnixNano: nano(start), TimeUnixNano: nano(at), Value: &metricspb.NumberDataPoint_AsDouble{AsDouble: v}}}}}}
}

func answerMetrics(t testing.TB, h *house, m proto.Message) *colmetrics.ExportMetricsPartialSuccess {
	w := h.send(m)
	require.Equal(t, 200, w.Code, w.Body)
	res := &colmetrics.ExportMetricsServiceResponse{}
	require.NoError(t, proto.Unmarshal(w.Body.Bytes(), res))
	return res.PartialSuccess
}

// samples are "start time value" of a series, in seconds since base.
func (h *house) samplesOf(name string) (out []string) {
	l := labels.FromStrings("__name__", name, "job", "intake")
	for _, p := range conformance.Read(h.t, h.samples, l, base.Add(-time.Hour).UnixMilli(), base.Add(time.Hour).UnixMilli()) {
		st := "-"
		if p.ST != 0 {
			st = fmt.Sprint((p.ST - base.UnixMilli()) / 1000)
		}
		v := fmt.Sprint(p.V)
		if p.FH != nil {
			v = fmt.Sprintf("%v/%v", p.FH.Count, p.FH.Sum)
		}
		if value.IsStaleNaN(p.V) {
			v = "stale"
		}
		out = append(out, fmt.Sprint(st, " ", (p.T-base.UnixMilli())/1000, " ", v))
	}
	return out
}

const s = time.Second

func TestDeltasAddUp(t *testing.T) {
	h := build(t, gate.Limits{})
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 0, 10*s, 5))))
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 10*s, 20*s, 2))))
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 10*s, 20*s, 2))), "a retry")
	require.EqualValues(t, 1, answerMetrics(t, h, metricsRequest(counter("n", true, 10*s, 20*s, 3))).RejectedDataPoints, "another value")
	require.EqualValues(t, 1, answerMetrics(t, h, metricsRequest(counter("n", true, 0, 10*s, 5))).RejectedDataPoints, "an old one")
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 20*s, 20*s+1000, 1))), "within a millisecond")
	require.EqualValues(t, 1, answerMetrics(t, h, metricsRequest(counter("n", true, 20*s, 2*time.Hour, 100))).RejectedDataPoints, "in the future")
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 20*s, 30*s, 4))))
	require.Equal(t, []string{"0 10 5", "0 20 7", "0 30 12"}, h.samplesOf("n_total"))
}

func TestDeltasAreTakenBackWithTheirRequest(t *testing.T) {
	h := build(t, gate.Limits{})
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 0, 10*s, 5))))
	b, err := proto.Marshal(metricsRequest(counter("n", true, 10*s, 20*s, 2)))
	require.NoError(t, err)
	require.Equal(t, 400, h.post("/v1/metrics", protobuf, "", append(b, 0xff)).Code, "malformed behind the datapoint")
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, 10*s, 20*s, 2))))
	require.Equal(t, []string{"0 10 5", "0 20 7"}, h.samplesOf("n_total"))
}

func TestDeltaHistogramsAddUp(t *testing.T) {
	h := build(t, gate.Limits{})
	hist := func(start, at time.Duration, scale, offset int32, counts ...uint64) *metricspb.Metric {
		var n uint64
		for _, c := range counts {
			n += c
		}
		sum := float64(n)
		return &metricspb.Metric{Name: "h", Data: &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
			AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA,
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{StartTimeUnixNano: nano(start), TimeUnixNano: nano(at), Count: n, Sum: &sum, Scale: scale,
				Positive: &metricspb.ExponentialHistogramDataPoint_Buckets{Offset: offset, BucketCounts: counts}}}}}}
	}
	require.Nil(t, answerMetrics(t, h, metricsRequest(hist(0, 10*s, 3, 0, 1, 2, 3))))
	require.Nil(t, answerMetrics(t, h, metricsRequest(hist(10*s, 20*s, 2, -4, 4, 0, 0, 1))))
	require.Nil(t, answerMetrics(t, h, metricsRequest(hist(10*s, 20*s, 2, -4, 4, 0, 0, 1))))
	require.Equal(t, []string{"0 10 6/6", "0 20 11/11"}, h.samplesOf("h"))
}

// TestDeltasGoOnAcrossARestart gives the store to a receiver and gate that know nothing, after each request: no increment is lost
// or counted twice, whatever the client heard of it, and there is no reset.
func TestDeltasGoOnAcrossARestart(t *testing.T) {
	h := build(t, gate.Limits{})
	hist := func(start, at time.Duration, counts ...uint64) *metricspb.Metric {
		var n uint64
		for _, c := range counts {
			n += c
		}
		sum := float64(n)
		return &metricspb.Metric{Name: "h", Data: &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
			AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA,
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{StartTimeUnixNano: nano(start), TimeUnixNano: nano(at), Count: n, Sum: &sum, Scale: 3,
				Positive: &metricspb.ExponentialHistogramDataPoint_Buckets{BucketCounts: counts}}}}}}
	}
	both := func(start, at time.Duration, n float64, counts ...uint64) {
		t.Helper()
		require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n", true, start, at, n), hist(start, at, counts...))))
		h.restart()
	}
	both(0, 10*s, 5, 1, 2, 3)
	both(10*s, 20*s, 9, 4) // more than the total before: nobody could see a reset
	both(10*s, 20*s, 9, 4) // a retry: no answer came before the end
	both(20*s, 30*s, 1, 0, 0, 1)
	require.EqualValues(t, 2, answerMetrics(t, h, metricsRequest(counter("n", true, 10*s, 20*s, 9), hist(10*s, 20*s, 4))).RejectedDataPoints, "an old one")
	both(35*s, 40*s, 2, 1) // the client began anew
	require.Equal(t, []string{"0 10 5", "0 20 14", "0 30 15", "0 40 17"}, h.samplesOf("n_total"))
	require.Equal(t, []string{"0 10 6/6", "0 20 10/10", "0 30 11/11", "0 40 12/12"}, h.samplesOf("h"))
}

func TestDeltaTotalsAreBounded(t *testing.T) {
	h := build(t, gate.Limits{}, func(o *otlp.Options) { o.Deltas = 3 })
	for i := range 5 {
		p := answerMetrics(t, h, metricsRequest(counter(fmt.Sprint("n", i), true, 0, 10*s, 5)))
		require.Equal(t, i >= 3, p.GetRejectedDataPoints() == 1)
	}
	h.now.Add(2 * time.Hour.Milliseconds())
	require.Nil(t, answerMetrics(t, h, metricsRequest(counter("n9", true, 0, 2*time.Hour, 5))), "the silent ones make room")
}

func TestNoValueIsAStaleMarker(t *testing.T) {
	h := build(t, gate.Limits{})
	m := counter("n", false, 0, 10*s, 5)
	require.Nil(t, answerMetrics(t, h, metricsRequest(m)))
	m = counter("n", false, 0, 20*s, 0)
	m.GetSum().DataPoints[0].Flags = 1
	require.Nil(t, answerMetrics(t, h, metricsRequest(m)))
	require.Equal(t, []string{"0 10 5", "0 20 stale"}, h.samplesOf("n_total"))
}

func TestEveryDatapointThatIsRefusedIsCounted(t *testing.T) {
	h := build(t, gate.Limits{LabelValueBytes: 100})
	good, old, long, strange, none := counter("a", false, 0, 0, 1), counter("b", false, 0, -300*time.Hour, 1), counter("c", false, 0, 0, 1), counter("d", false, 0, 0, 1), counter("e", false, 0, 0, 1)
	require.Nil(t, answerMetrics(t, h, metricsRequest(good)))
	old.GetSum().DataPoints[0].TimeUnixNano = 1
	long.GetSum().DataPoints[0].Attributes = kv("k", strings.Repeat("x", 101))
	strange.GetSum().DataPoints[0].Attributes = kv("...", "x")
	none.GetSum().AggregationTemporality = 0
	nameless := counter("...", false, 0, 0, 1)
	nameless.Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: nameless.GetSum().DataPoints}}
	future := counter("f", false, 0, 100*365*24*time.Hour, 1)
	deep := &metricspb.Metric{Name: "h", Data: &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{AggregationTemporality: 2, DataPoints: []*metricspb.HistogramDataPoint{
		{TimeUnixNano: 1, Count: 3, BucketCounts: []uint64{1, 1, 1}, ExplicitBounds: []float64{1, 2}},
		{TimeUnixNano: nano(0), Count: 3, BucketCounts: []uint64{1, 1, 1}, ExplicitBounds: []float64{1, 2}}}}}}
	p := answerMetrics(t, h, metricsRequest(good, old, long, strange, none, nameless, future, deep))
	require.EqualValues(t, 7, p.RejectedDataPoints, p.ErrorMessage)
	require.Contains(t, p.ErrorMessage, "7 were refused: ")
	require.Equal(t, []string{"0 0 1"}, h.samplesOf("a_total"))
	src := h.gate.Sources()[0]
	require.NotZero(t, src.Refused["metrics"]["label_length"])
	require.NotZero(t, src.Refused["metrics"]["future"])
}

func TestExemplarsAreKept(t *testing.T) {
	h := build(t, gate.Limits{})
	m := counter("n", false, 0, 0, 5)
	m.GetSum().DataPoints[0].Exemplars = []*metricspb.Exemplar{
		{TimeUnixNano: nano(-s), Value: &metricspb.Exemplar_AsInt{AsInt: 3}, TraceId: id(1, 16), SpanId: id(2, 8), FilteredAttributes: kv("k", "v")},
		{TimeUnixNano: nano(0), Value: &metricspb.Exemplar_AsDouble{AsDouble: 2}, FilteredAttributes: kv("k", strings.Repeat("x", 200))},
	}
	require.Nil(t, answerMetrics(t, h, metricsRequest(m)))
	q, err := h.samples.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	got, err := q.Select(0, math.MaxInt64, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "n_total")})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Len(t, got[0].Exemplars, 2)
	require.Equal(t, `{k="v", span_id="0200000000000002", trace_id="01000000000000000000000000000001"}`, got[0].Exemplars[0].Labels.String())
	require.True(t, got[0].Exemplars[1].Labels.IsEmpty())
}

func TestAStoreThatIsFullIsNoSuccess(t *testing.T) {
	h := build(t, gate.Limits{}, func(o *otlp.Options) {
		o.Gate = gate.New(gate.Options{Store: full{storeOf(t)}, Now: o.Now})
	})
	w := h.send(metricsRequest(counter("n", false, 0, 0, 1)))
	require.Equal(t, 503, w.Code)
	require.Equal(t, "5", w.Header().Get("Retry-After"))
}

var errFull = fault.New(fault.Unavailable, "the disk is full")
