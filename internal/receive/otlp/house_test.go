package otlp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// base is the tests' present.
var base = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// shelf is a store of rows that keeps them in memory.
type shelf struct {
	rowstore.Store
	mu   sync.Mutex
	rows map[rowstore.Table][]rowstore.Row
	fail atomic.Pointer[error]
	lose bool // count only
	n    atomic.Int64
}

func (s *shelf) Writable() error { return nil }

func (s *shelf) Write(_ context.Context, batches ...*rowstore.Batch) error {
	if p := s.fail.Load(); p != nil {
		return *p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		s.n.Add(int64(len(b.Rows)))
		if s.lose {
			continue
		}
		for i := range b.Rows {
			s.rows[b.Table] = append(s.rows[b.Table], clone(&b.Rows[i]))
		}
	}
	return nil
}

// clone copies a row out of its batch.
func clone(r *rowstore.Row) rowstore.Row {
	c := *r
	for _, p := range []*string{&c.Service, &c.Env, &c.Agency, &c.Version, &c.Release, &c.Source, &c.Trust, &c.User, &c.Session,
		&c.Business, &c.Name, &c.Route, &c.ErrorType, &c.Body, &c.Detail} {
		*p = strings.Clone(*p)
	}
	c.Attrs = nil
	for _, a := range r.Attrs {
		c.Attrs = append(c.Attrs, rowstore.Attr{Key: strings.Clone(a.Key), Value: strings.Clone(a.Value)})
	}
	return c
}

func (s *shelf) of(t rowstore.Table) []rowstore.Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]rowstore.Row(nil), s.rows[t]...)
}

// house is a receiver over a real gate and store of samples.
type house struct {
	t        testing.TB
	samples  *tsdb.Store
	rows     *shelf
	gate     *gate.Gate
	receiver *otlp.Receiver
	handler  http.Handler
	now      atomic.Int64
}

type watcher struct{}

func (watcher) Born(labels.Labels) gate.Watch { return 1 }
func (watcher) Observe([]gate.Sample)         {}

func build(t testing.TB, l gate.Limits, change ...func(*otlp.Options)) *house {
	h := &house{t: t, rows: &shelf{rows: map[rowstore.Table][]rowstore.Row{}}}
	h.now.Store(base.UnixMilli())
	now := func() time.Time { return time.UnixMilli(h.now.Load()) }
	var err error
	h.samples, err = tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1, Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.samples.Close() })
	h.gate = gate.New(gate.Options{Store: h.samples, Rows: h.rows, Observers: []gate.Observer{watcher{}}, Limits: l, Now: now})
	o := otlp.Options{Gate: h.gate, Now: now}
	for _, f := range change {
		f(&o)
	}
	h.receiver = otlp.New(o)
	h.handler = h.receiver.Handler()
	return h
}

// restart gives the stores to a gate and a receiver that know nothing.
func (h *house) restart() {
	now := func() time.Time { return time.UnixMilli(h.now.Load()) }
	h.gate = gate.New(gate.Options{Store: h.samples, Rows: h.rows, Observers: []gate.Observer{watcher{}}, Now: now})
	h.receiver = otlp.New(otlp.Options{Gate: h.gate, Now: now})
	h.handler = h.receiver.Handler()
}

const (
	protobuf = "application/x-protobuf"
	jsonType = "application/json"
)

// post sends a body and returns the answer.
func (h *house) post(path, contentType, encoding string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// send sends a message as protobuf.
func (h *house) send(m proto.Message) *httptest.ResponseRecorder {
	h.t.Helper()
	b, err := proto.Marshal(m)
	require.NoError(h.t, err)
	return h.post(pathOf(m), protobuf, "", b)
}

func pathOf(m proto.Message) string {
	switch m.(type) {
	case *collogs.ExportLogsServiceRequest:
		return "/v1/logs"
	case *coltrace.ExportTraceServiceRequest:
		return "/v1/traces"
	case *colmetrics.ExportMetricsServiceRequest:
		return "/v1/metrics"
	}
	return "/"
}

func read(t testing.TB, r io.Reader) string {
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func str(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

// kv makes string attributes of pairs.
func kv(pairs ...string) (out []*commonpb.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &commonpb.KeyValue{Key: pairs[i], Value: str(pairs[i+1])})
	}
	return out
}

func resource() *resourcepb.Resource {
	return &resourcepb.Resource{Attributes: kv("service.name", "intake", "service.version", "1.4.2", "deployment.environment.name", "prod",
		"agency", "IRS", "host.name", "node-7", "release", "r1")}
}

func logsRequest(records ...*logspb.LogRecord) *collogs.ExportLogsServiceRequest {
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{Resource: resource(),
		ScopeLogs: []*logspb.ScopeLogs{{Scope: &commonpb.InstrumentationScope{Name: "intake/http", Version: "2"}, LogRecords: records}}}}}
}

func spansRequest(spans ...*tracepb.Span) *coltrace.ExportTraceServiceRequest {
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{Resource: resource(),
		ScopeSpans: []*tracepb.ScopeSpans{{Scope: &commonpb.InstrumentationScope{Name: "otelhttp"}, Spans: spans}}}}}
}

func id(n byte, size int) []byte {
	b := make([]byte, size)
	b[0], b[size-1] = n, n
	return b
}

// span is a span that is as it should be.
func span(n byte) *tracepb.Span {
	at := uint64(base.UnixNano())
	return &tracepb.Span{TraceId: id(n, 16), SpanId: id(n, 8), Name: "POST /file", Kind: tracepb.Span_SPAN_KIND_SERVER, StartTimeUnixNano: at, EndTimeUnixNano: at + 1_500_000_000}
}

func record(body string) *logspb.LogRecord {
	return &logspb.LogRecord{TimeUnixNano: uint64(base.UnixNano()), SeverityNumber: 9, Body: str(body)}
}

// laxMarshal marshals text that is not UTF-8: the bad bytes are put in afterwards.
func laxMarshal(t testing.TB, m proto.Message) []byte {
	c := proto.Clone(m)
	mend(c.(*collogs.ExportLogsServiceRequest))
	b, err := proto.Marshal(c)
	require.NoError(t, err)
	return bytes.ReplaceAll(b, []byte(stand), []byte("\xff"))
}

// stand stands for a byte that is not UTF-8.
const stand = "\x7f"

func mend(m *collogs.ExportLogsServiceRequest) {
	for _, a := range m.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Attributes {
		if s, ok := a.Value.Value.(*commonpb.AnyValue_StringValue); ok {
			s.StringValue = strings.ReplaceAll(s.StringValue, "\xff", stand)
		}
	}
}

func dial(t testing.TB, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// storeOf is a store of samples of its own.
func storeOf(t testing.TB) *tsdb.Store {
	s, err := tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1, Now: func() time.Time { return base }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// liveStore is one whose clock is the real one.
func liveStore(t testing.TB) *tsdb.Store {
	s, err := tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// full is a store that cannot write.
type full struct{ *tsdb.Store }

func (full) Writable() error { return errFull }
