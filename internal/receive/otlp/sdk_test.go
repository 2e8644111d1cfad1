package otlp_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// street is a house with both doors open on ports of its own.
type street struct {
	*house
	got        *ledger
	http, grpc string
}

func open(t testing.TB, change ...func(*otlp.Options)) *street {
	s := &street{got: &ledger{}, house: &house{t: t, rows: &shelf{rows: map[rowstore.Table][]rowstore.Row{}}}}
	s.gate = gate.New(gate.Options{Store: liveStore(t), Rows: s.rows, Observers: []gate.Observer{s.got}})
	o := otlp.Options{Gate: s.gate}
	for _, f := range change {
		f(&o)
	}
	s.receiver = otlp.New(o)
	srv := httptest.NewServer(s.receiver.Handler())
	t.Cleanup(srv.Close)
	s.http = srv.Listener.Addr().String()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.grpc = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.receiver.ServeGRPC(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return s
}

func where(t testing.TB) *sdkresource.Resource {
	r, err := sdkresource.New(context.Background(), sdkresource.WithAttributes(attribute.String("service.name", "intake"), attribute.String("deployment.environment.name", "test")))
	require.NoError(t, err)
	return r
}

// TestTheSDKsTracesAndLogs sends by every exporter of the Go SDK; what goes in comes out.
func TestTheSDKsTracesAndLogs(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	clients := map[string]otlptrace.Client{
		"http":      otlptracehttp.NewClient(otlptracehttp.WithEndpoint(s.http), otlptracehttp.WithInsecure()),
		"http gzip": otlptracehttp.NewClient(otlptracehttp.WithEndpoint(s.http), otlptracehttp.WithInsecure(), otlptracehttp.WithCompression(otlptracehttp.GzipCompression)),
		"grpc":      otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(s.grpc), otlptracegrpc.WithInsecure()),
		"grpc gzip": otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(s.grpc), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip")),
	}
	want := 0
	for name, c := range clients {
		e, err := otlptrace.New(ctx, c)
		require.NoError(t, err)
		p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(e), sdktrace.WithResource(where(t)))
		for i := range 700 {
			c, parent := p.Tracer(name).Start(ctx, "POST /file", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.route", "/file"), attribute.Int("n", i)))
			_, child := p.Tracer(name).Start(c, "store")
			child.RecordError(fmt.Errorf("no space"))
			child.SetStatus(codes.Error, "")
			child.End()
			parent.End()
			want += 2
		}
		require.NoError(t, p.Shutdown(ctx))
	}
	rows := s.rows.of(rowstore.Spans)
	require.Len(t, rows, want)
	children := 0
	for _, r := range rows {
		require.Equal(t, "intake", r.Service)
		require.Equal(t, "test", r.Env)
		if r.Parent != 0 {
			children++
			require.Equal(t, "*errors.errorString", strings.Replace(r.ErrorType, "fmt.wrapError", "errors.errorString", 1))
			require.Equal(t, "no space", r.Body)
			require.EqualValues(t, rowstore.StatusError, r.Status)
		} else {
			require.Equal(t, "/file", r.Route)
		}
	}
	require.Equal(t, want/2, children)

	hl, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(s.http), otlploghttp.WithInsecure(), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	require.NoError(t, err)
	gl, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(s.grpc), otlploggrpc.WithInsecure(), otlploggrpc.WithCompressor("gzip"))
	require.NoError(t, err)
	for _, e := range []sdklog.Exporter{hl, gl} {
		p := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(e)), sdklog.WithResource(where(t)))
		for i := range 1000 {
			var r log.Record
			r.SetTimestamp(time.Now())
			r.SetSeverity(log.SeverityWarn)
			r.SetBody(attribute.StringValue("Filing is slow"))
			r.AddAttributes(attribute.String("case.id", fmt.Sprint(i)), attribute.Map("m", attribute.Int("k", 1)))
			p.Logger("portal").Emit(ctx, r)
		}
		require.NoError(t, p.Shutdown(ctx))
	}
	rows = s.rows.of(rowstore.Logs)
	require.Len(t, rows, 2000)
	require.Equal(t, []string{"portal", "warn", "Filing is slow", `{"k":1}`}, []string{rows[9].Name, rows[9].Get("level"), rows[9].Body, rows[9].Get("m")})
	require.NotEmpty(t, rows[9].Business)
}

// tick waits for the next millisecond: the store keeps one sample of each.
func tick() {
	for now := time.Now().UnixMilli(); time.Now().UnixMilli() == now; {
		runtime.Gosched()
	}
}

// TestTheSDKsMetrics sends metrics of both temporalities by both exporters.
func TestTheSDKsMetrics(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	delta := func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }
	native := func(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
		if k == sdkmetric.InstrumentKindHistogram {
			return sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}
		}
		return sdkmetric.DefaultAggregationSelector(k)
	}
	he, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(s.http), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	require.NoError(t, err)
	hd, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(s.http), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithTemporalitySelector(delta), otlpmetrichttp.WithAggregationSelector(native))
	require.NoError(t, err)
	ge, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(s.grpc), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithAggregationSelector(native))
	require.NoError(t, err)
	gd, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(s.grpc), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithTemporalitySelector(delta))
	require.NoError(t, err)
	for name, e := range map[string]sdkmetric.Exporter{"http": he, "http_delta": hd, "grpc": ge, "grpc_delta": gd} {
		reader := sdkmetric.NewPeriodicReader(e, sdkmetric.WithInterval(time.Hour))
		p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(where(t)))
		m := p.Meter("m")
		c, err := m.Float64Counter(name+".requests", metric.WithUnit("{request}"))
		require.NoError(t, err)
		h, err := m.Float64Histogram(name+".duration", metric.WithUnit("s"))
		require.NoError(t, err)
		for range 3 {
			for i := range 5 {
				c.Add(ctx, 2, metric.WithAttributes(attribute.Int("code", 200+i)))
				h.Record(ctx, 0.3, metric.WithAttributes(attribute.Int("code", 200+i)))
			}
			require.NoError(t, reader.ForceFlush(ctx))
			tick()
		}
		require.NoError(t, p.Shutdown(ctx))
	}
	all := s.got.text()
	for _, name := range []string{"http", "http_delta", "grpc", "grpc_delta"} {
		newest := ""
		for _, l := range all {
			if strings.Contains(l, `__name__="`+name+`_requests_total", code="203"`) {
				newest = l
			}
		}
		require.Contains(t, newest, `job="intake"`, name)
		require.True(t, strings.HasSuffix(newest, " 4018000000000000"), "6 requests: %s", newest)
		hist := 0
		for _, l := range all {
			if strings.Contains(l, name+`_duration_seconds", code="203"`) && strings.Contains(l, "{count:3, sum:0.8999999999999999") ||
				strings.Contains(l, name+`_duration_seconds_count", code="203"`) && strings.HasSuffix(l, " 4008000000000000") {
				hist++
			}
		}
		require.Positive(t, hist, name)
	}
}

// TestARetryKeepsNothingTwice answers the first request with 503 after it was taken in, so that the exporter sends it again.
// Samples come out once; rows are at least once, as OTLP says.
func TestARetryKeepsNothingTwice(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			s.receiver.Handler().ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.receiver.Handler().ServeHTTP(w, r)
	}))
	defer srv.Close()
	e, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(srv.Listener.Addr().String()), otlpmetrichttp.WithInsecure(),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{Enabled: true, InitialInterval: time.Millisecond, MaxInterval: time.Millisecond, MaxElapsedTime: time.Minute}),
		otlpmetrichttp.WithTemporalitySelector(func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }))
	require.NoError(t, err)
	reader := sdkmetric.NewPeriodicReader(e, sdkmetric.WithInterval(time.Hour))
	p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(where(t)))
	c, err := p.Meter("m").Int64Counter("filings")
	require.NoError(t, err)
	c.Add(ctx, 5)
	require.NoError(t, reader.ForceFlush(ctx))
	tick()
	c.Add(ctx, 2)
	require.NoError(t, reader.ForceFlush(ctx))
	require.EqualValues(t, 3, n.Load())
	tick()
	require.NoError(t, p.Shutdown(ctx))
	var values []string
	for _, l := range s.got.text() {
		if strings.Contains(l, "filings_total") {
			values = append(values, l[strings.LastIndexByte(l, ' ')+1:])
		}
	}
	require.Equal(t, []string{"4014000000000000", "401c000000000000"}, slices.Compact(values), "5, then 7")
}

// TestTelemetrygen runs the collector's own load generator where SIGNALBOX_TELEMETRYGEN names its binary.
func TestTelemetrygen(t *testing.T) {
	bin := os.Getenv("SIGNALBOX_TELEMETRYGEN")
	if bin == "" {
		t.Skip("SIGNALBOX_TELEMETRYGEN does not name the binary")
	}
	s := open(t)
	for _, how := range [][]string{{"--otlp-endpoint", s.grpc}, {"--otlp-http", "--otlp-endpoint", s.http}} {
		for what, args := range map[string][]string{"traces": {"--traces", "300", "--child-spans", "2", "--rate", "0", "--workers", "2"},
			"logs": {"--logs", "300", "--rate", "0", "--workers", "2"}, "metrics": {"--metrics", "10", "--unique-timeseries", "--batch=false", "--rate", "100"}} {
			args = append(append([]string{what, "--otlp-insecure"}, args...), how...)
			out, err := exec.Command(bin, args...).CombinedOutput()
			require.NoError(t, err, string(out))
		}
	}
	require.Len(t, s.rows.of(rowstore.Spans), 2*2*300*3)
	require.Len(t, s.rows.of(rowstore.Logs), 2*2*300)
	require.Len(t, s.got.text(), 2*10)
}
