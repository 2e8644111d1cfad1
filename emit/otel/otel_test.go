package otel_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/emit"
	"github.com/signalbox/signalbox/emit/otel"
)

// receiver is an OTLP/HTTP receiver that keeps what it is sent.
type receiver struct {
	t        *testing.T
	mu       sync.Mutex
	spans    []*traces.Span
	records  []*logs.LogRecord
	resource *resource.Resource
	token    string
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(z)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.token = r.Header.Get("Authorization")
	w.Header().Set("Content-Type", "application/x-protobuf")
	switch r.URL.Path {
	case "/v1/traces":
		var m coltrace.ExportTraceServiceRequest
		if proto.Unmarshal(body, &m) == nil {
			for _, rs := range m.ResourceSpans {
				rc.resource = rs.Resource
				for _, s := range rs.ScopeSpans {
					rc.spans = append(rc.spans, s.Spans...)
				}
			}
		}
	case "/v1/logs":
		var m collogs.ExportLogsServiceRequest
		if proto.Unmarshal(body, &m) == nil {
			for _, rl := range m.ResourceLogs {
				for _, s := range rl.ScopeLogs {
					rc.records = append(rc.records, s.LogRecords...)
				}
			}
		}
	default:
		http.NotFound(w, r)
	}
}

func (rc *receiver) span(name string) *traces.Span {
	for _, s := range rc.spans {
		if s.Name == name {
			return s
		}
	}
	rc.t.Fatalf("no span %s among %d", name, len(rc.spans))
	return nil
}

func values(kvs []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, kv := range kvs {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			out[kv.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			out[kv.Key] = v.IntValue
		case *common.AnyValue_DoubleValue:
			out[kv.Key] = v.DoubleValue
		case *common.AnyValue_BoolValue:
			out[kv.Key] = v.BoolValue
		}
	}
	return out
}

// start returns a receiver, telemetry that sends there, and an emitter.
func start(t *testing.T, share float64) (*receiver, *otel.Telemetry, *emit.Emitter) {
	rc := &receiver{t: t}
	s := httptest.NewServer(rc)
	t.Cleanup(s.Close)
	o, err := otel.New(otel.Options{URL: s.URL, Token: "secret", Service: "efile", Version: "1.2", Env: "prod", Agency: "IRS", Share: share})
	require.NoError(t, err)
	return rc, o, emit.New(emit.Options{Registry: prometheus.NewRegistry()})
}

const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestOneIdentity(t *testing.T) {
	rc, o, e := start(t, 0)
	var plain bytes.Buffer
	log := slog.New(o.LogHandler(slog.NewJSONHandler(&plain, nil)))
	var own emit.Trace
	var sentOn http.Header
	mux := http.NewServeMux()
	mux.HandleFunc("POST /forms/{id}", func(w http.ResponseWriter, r *http.Request) {
		own, _ = emit.TraceFrom(r.Context())
		sentOn = http.Header{}
		emit.Inject(r.Context(), sentOn)
		ctx, child := o.Tracer("app").Start(r.Context(), "save")
		log.ErrorContext(ctx, "not saved", "err", errors.New("disk full"), "took", time.Second, slog.Group("form", "id", "1040", "pages", 3))
		child.End()
		log.InfoContext(r.Context(), "answered")
		log.DebugContext(r.Context(), "not enabled")
		w.WriteHeader(http.StatusBadGateway)
	})
	h := e.Handler(o.Handler(mux))
	r := httptest.NewRequest("POST", "/forms/7", nil)
	r.Header.Set("traceparent", caller)
	h.ServeHTTP(httptest.NewRecorder(), r)
	log.Info("outside")
	require.NoError(t, o.Shutdown(t.Context()))

	require.Equal(t, "Bearer secret", rc.token)
	require.Equal(t, map[string]any{"service.name": "efile", "service.version": "1.2", "deployment.environment.name": "prod", "agency": "IRS"}, values(rc.resource.Attributes))
	require.Len(t, rc.spans, 2)
	server, child := rc.span("POST /forms/{id}"), rc.span("save")
	require.Equal(t, own.ID[:], server.TraceId)
	require.Equal(t, own.Span[:], server.SpanId, "the span is the one of the exemplar")
	require.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", server.ParentSpanId))
	require.Equal(t, traces.Span_SPAN_KIND_SERVER, server.Kind)
	require.Equal(t, traces.Status_STATUS_CODE_ERROR, server.Status.Code)
	require.Equal(t, map[string]any{"http.request.method": "POST", "http.route": "/forms/{id}", "http.response.status_code": int64(502), "error.type": "502"}, values(server.Attributes))
	require.Equal(t, server.SpanId, child.ParentSpanId)
	require.Equal(t, own.Traceparent(), sentOn.Get("Traceparent"))

	require.Len(t, rc.records, 3)
	require.Equal(t, child.SpanId, rc.records[0].SpanId)
	require.Equal(t, server.TraceId, rc.records[0].TraceId)
	require.Equal(t, server.SpanId, rc.records[1].SpanId)
	require.Empty(t, rc.records[2].TraceId)
	require.Equal(t, "not saved", rc.records[0].Body.GetStringValue())
	require.Equal(t, logs.SeverityNumber_SEVERITY_NUMBER_ERROR, rc.records[0].SeverityNumber)
	require.Equal(t, map[string]any{"err": "disk full", "error.type": "*errors.errorString", "took": 1.0, "form.id": "1040", "form.pages": int64(3)}, values(rc.records[0].Attributes))
	require.Equal(t, 3, bytes.Count(plain.Bytes(), []byte("\n")), "next has them, too")

	w := httptest.NewRecorder()
	e.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, w.Body.String(), `http_requests_total{code="502",method="POST",route="/forms/{id}"} 1`)
}

// A trace that begins here is recorded, and says so to those who are called.
func TestRootIsRecordedDownstream(t *testing.T) {
	_, o, e := start(t, 0)
	var sentOn http.Header
	h := e.Handler(o.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sentOn = http.Header{}
		emit.Inject(r.Context(), sentOn)
	})))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	trace, err := emit.ParseTraceparent(sentOn.Get("Traceparent"))
	require.NoError(t, err)
	require.NotZero(t, trace.Flags&emit.FlagSampled)
	require.NoError(t, o.Shutdown(t.Context()))
}

func TestCallerDecidesWhatIsRecorded(t *testing.T) {
	rc, o, e := start(t, 1e-9)
	h := e.Handler(o.Handler(http.NotFoundHandler()))
	for _, parent := range []string{caller, caller[:len(caller)-2] + "00", ""} {
		r := httptest.NewRequest("GET", "/", nil)
		if parent != "" {
			r.Header.Set("traceparent", parent)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	require.NoError(t, o.Shutdown(t.Context()))
	require.Len(t, rc.spans, 1)
}

func TestPanicIsAnErrorAndGoesOn(t *testing.T) {
	rc, o, e := start(t, 0)
	h := e.Handler(o.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })))
	require.PanicsWithValue(t, "broken", func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	})
	require.NoError(t, o.Shutdown(t.Context()))
	require.Equal(t, traces.Status_STATUS_CODE_ERROR, rc.spans[0].Status.Code)
	require.Equal(t, int64(500), values(rc.spans[0].Attributes)["http.response.status_code"])
}

// Counts in = counts out, from many requests at once.
func TestCounts(t *testing.T) {
	rc, o, e := start(t, 0)
	log := slog.New(o.LogHandler(nil))
	h := e.Handler(o.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { log.InfoContext(r.Context(), "hello") })))
	const workers, each = 8, 100
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			}
		})
	}
	wg.Wait()
	require.NoError(t, o.Shutdown(t.Context()))
	require.Len(t, rc.spans, workers*each)
	require.Len(t, rc.records, workers*each)
	seen := map[string]bool{}
	for _, s := range rc.spans {
		seen[string(s.SpanId)] = true
	}
	require.Len(t, seen, workers*each)
	for _, r := range rc.records {
		require.True(t, seen[string(r.SpanId)])
	}
}

func TestOptions(t *testing.T) {
	for want, o := range map[string]otel.Options{
		`URL "here"`:            {URL: "here", Service: "a"},
		"service is missing":    {URL: "http://x"},
		"share 2: want":         {URL: "http://x", Service: "a", Share: 2},
		`URL "ftp://x": want h`: {URL: "ftp://x", Service: "a"},
	} {
		_, err := otel.New(o)
		require.ErrorContains(t, err, want)
	}
}

// BenchmarkHandler is what recording adds to emit's own cost.
func BenchmarkHandler(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer s.Close()
	o, err := otel.New(otel.Options{URL: s.URL, Service: "a"})
	require.NoError(b, err)
	defer func() { _ = o.Shutdown(context.Background()) }()
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, h := range map[string]http.Handler{"emit": emit.New(emit.Options{}).Handler(ok), "emit+otel": emit.New(emit.Options{}).Handler(o.Handler(ok))} {
		b.Run(name, func(b *testing.B) {
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
