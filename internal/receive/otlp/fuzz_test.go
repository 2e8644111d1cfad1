package otlp_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/gate"
)

// FuzzLogs, FuzzTraces and FuzzMetrics send anything as a message: the answer is 200 or 400, never a crash, and 200 for what
// the library takes, written by the library. FuzzJSON does so with JSON.
func FuzzLogs(f *testing.F) {
	r := record("a")
	r.Attributes, r.TraceId, r.EventName = kv("a", "b", "user.id", "u"), id(1, 16), "e"
	fuzz(f, "/v1/logs", logsRequest(r, record("")), func() proto.Message { return &collogs.ExportLogsServiceRequest{} })
}

func FuzzTraces(f *testing.F) {
	s := span(1)
	s.Attributes = kv("a", "b")
	s.Events = []*tracepb.Span_Event{{Name: "exception", Attributes: kv("exception.type", "T")}}
	s.Links = []*tracepb.Span_Link{{TraceId: id(1, 16)}}
	s.Status = &tracepb.Status{Code: 2, Message: "m"}
	fuzz(f, "/v1/traces", spansRequest(s), func() proto.Message { return &coltrace.ExportTraceServiceRequest{} })
}

func FuzzMetrics(f *testing.F) {
	for i := range 20 {
		md := randomMetrics(rand.New(rand.NewPCG(7, uint64(i))))
		b, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		require.NoError(f, err)
		f.Add(b)
	}
	d := counter("n", true, 0, time.Second, 5)
	d.GetSum().DataPoints[0].Exemplars = []*metricspb.Exemplar{{TraceId: id(1, 16), Value: &metricspb.Exemplar_AsInt{AsInt: 1}}}
	fuzz(f, "/v1/metrics", metricsRequest(d), func() proto.Message { return &colmetrics.ExportMetricsServiceRequest{} })
}

func FuzzJSON(f *testing.F) {
	for i := range 5 {
		js, err := pmetricotlp.NewExportRequestFromMetrics(randomMetrics(rand.New(rand.NewPCG(8, uint64(i))))).MarshalJSON()
		require.NoError(f, err)
		f.Add(js)
	}
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"00","body":{"kvlistValue":{"values":[{"key":"a"}]}}}]}]}],"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"","kind":2}]}]}]}`))
	h := build(f, gate.Limits{Series: 10_000})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, path := range []string{"/v1/logs", "/v1/traces", "/v1/metrics"} {
			if w := h.post(path, jsonType, "", b); w.Code != 200 && w.Code != 400 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
}

func fuzz(f *testing.F, path string, seed proto.Message, empty func() proto.Message) {
	b, err := proto.Marshal(seed)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte{})
	f.Add(append(b, b...))
	h := build(f, gate.Limits{Series: 10_000})
	h.rows.lose = true
	f.Fuzz(func(t *testing.T, b []byte) {
		began := spent()
		w := h.post(path, protobuf, "", b)
		if d := spent() - began; d > 2*time.Second {
			t.Fatalf("took %s", d)
		}
		if w.Code != 200 && w.Code != 400 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		m := empty()
		if (proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 60}).Unmarshal(b, m) != nil {
			return
		}
		clean, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if w := h.post(path, protobuf, "", clean); w.Code != 200 {
			t.Fatalf("%d for what the library takes: %s", w.Code, w.Body)
		}
	})
}

// spent is the processor time of this process so far: unlike the clock it does not run while others have the machine.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
