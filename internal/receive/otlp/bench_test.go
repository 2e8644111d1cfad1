package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/otlp"
)

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(s int)           { d.status = s }

// BenchmarkRows takes requests of a thousand rows with eight attributes in, up to the store of rows.
func BenchmarkRows(b *testing.B) {
	attrs := append(kv("http.route", "/file/1040", "http.request.method", "POST", "session.id", "0af7651916cd43dd", "case.id", "C-20261121-0007",
		"net.peer.ip", "10.1.2.3", "thread.name", "worker-7"),
		&commonpb.KeyValue{Key: "http.response.status_code", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: 503}}},
		&commonpb.KeyValue{Key: "queue.share", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: 0.125}}})
	logs, spans := logsRequest(), spansRequest()
	for i := range 1000 {
		r := record(fmt.Sprintf("Filing %d was not accepted by the upstream service within 30 seconds and goes back to the queue, attempt 2 of 5", i))
		r.TraceId, r.SpanId, r.Attributes = id(byte(i), 16), id(byte(i), 8), attrs
		logs.ResourceLogs[0].ScopeLogs[0].LogRecords = append(logs.ResourceLogs[0].ScopeLogs[0].LogRecords, r)
		s := span(byte(i) | 1)
		s.Attributes = attrs
		spans.ResourceSpans[0].ScopeSpans[0].Spans = append(spans.ResourceSpans[0].ScopeSpans[0].Spans, s)
	}
	for name, m := range map[string]proto.Message{"logs": logs, "spans": spans} {
		b.Run(name, func(b *testing.B) {
			body, err := proto.Marshal(m)
			require.NoError(b, err)
			h := build(b, gate.Limits{})
			h.rows.lose = true
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var used time.Duration
			n := 0
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, pathOf(m), bytes.NewReader(body))
				r.Header.Set("Content-Type", protobuf)
				w := &discard{h: http.Header{}}
				c := cpu()
				h.handler.ServeHTTP(w, r)
				used += cpu() - c
				n += 1000
				if w.status != 200 {
					b.Fatal(w.status)
				}
			}
			b.ReportMetric(float64(n)/used.Seconds(), "rows/cpu-s")
		})
	}
}

// metricsBodies are requests for n series, a thousand datapoints each, at an instant. A shuffled sender keeps no order.
func metricsBodies(t testing.TB, n int, at time.Time, shuffle *rand.Rand) (out [][]byte, parsed []pmetric.Metrics) {
	for from := 0; from < n; from += 1000 {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "intake")
		rm.Resource().Attributes().PutStr("service.instance.id", fmt.Sprint("node-", from))
		rm.Resource().Attributes().PutStr("host.name", "node-7.example")
		sm := rm.ScopeMetrics().AppendEmpty()
		for k := range 10 {
			m := sm.Metrics().AppendEmpty()
			m.SetName(fmt.Sprint("http.server.requests.", k))
			m.SetUnit("{request}")
			s := m.SetEmptySum()
			s.SetIsMonotonic(true)
			s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			order := make([]int, 100)
			for i := range order {
				order[i] = i
			}
			if shuffle != nil {
				order = shuffle.Perm(100)
			}
			for _, i := range order {
				p := s.DataPoints().AppendEmpty()
				p.Attributes().PutStr("http.request.method", []string{"GET", "POST"}[i%2])
				p.Attributes().PutStr("http.route", fmt.Sprint("/file/", i/2))
				p.Attributes().PutInt("http.response.status_code", int64(200+i%5))
				p.Attributes().PutInt("n", int64(i))
				p.SetTimestamp(pcommonTime(at))
				p.SetStartTimestamp(pcommonTime(base.Add(-time.Hour)))
				p.SetIntValue(at.UnixMilli() - base.UnixMilli() + int64(i))
			}
		}
		b, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		require.NoError(t, err)
		out, parsed = append(out, b), append(parsed, md)
	}
	return out, parsed
}

// BenchmarkDatapoints takes 100,000 known series in once a second: from a sender with an order, from one without, and by
// Prometheus' own converter over a store of the same options.
func BenchmarkDatapoints(b *testing.B) {
	const n = 100_000
	run := func(b *testing.B, shuffle *rand.Rand, send func(body []byte, md pmetric.Metrics)) {
		at := base.Add(-30 * time.Minute)
		round := func() time.Duration {
			at = at.Add(time.Second)
			bodies, parsed := metricsBodies(b, n, at, shuffle)
			var used time.Duration
			for i := range bodies {
				c := cpu()
				send(bodies[i], parsed[i])
				used += cpu() - c
			}
			return used
		}
		born := round()
		round()
		var used time.Duration
		rounds := 0
		b.ReportAllocs()
		for b.Loop() {
			used += round()
			rounds++
		}
		b.ReportMetric(float64(rounds*n)/used.Seconds(), "datapoints/cpu-s")
		b.ReportMetric(float64(used.Nanoseconds())/float64(rounds*n), "cpu-ns/datapoint")
		b.ReportMetric(float64(born.Nanoseconds())/n, "cpu-ns/new-series")
	}
	ours := func(b *testing.B, o ...func(*otlp.Options)) func([]byte, pmetric.Metrics) {
		h := build(b, gate.Limits{}, o...)
		return func(body []byte, _ pmetric.Metrics) {
			r := httptest.NewRequest(http.MethodPost, "/v1/metrics", bytes.NewReader(body))
			r.Header.Set("Content-Type", protobuf)
			w := &discard{h: http.Header{}}
			h.handler.ServeHTTP(w, r)
			if w.status != 200 {
				b.Fatal(w.status)
			}
		}
	}
	b.Run("ordered", func(b *testing.B) { run(b, nil, ours(b)) })
	b.Run("shuffled", func(b *testing.B) { run(b, rand.New(rand.NewPCG(1, 1)), ours(b)) })
	b.Run("prometheus", func(b *testing.B) {
		s := storeOf(b)
		run(b, nil, func(body []byte, _ pmetric.Metrics) {
			q := pmetricotlp.NewExportRequest()
			require.NoError(b, q.UnmarshalProto(body))
			app := s.AppenderV2(context.Background())
			_, err := prometheusremotewrite.NewPrometheusConverter(app).FromMetrics(context.Background(), q.Metrics(), prometheusremotewrite.Settings{AddMetricSuffixes: true})
			require.NoError(b, err)
			require.NoError(b, app.Commit())
		})
	})
}
