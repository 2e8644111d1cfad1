package test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestOthersClientsCountInCountOut runs the clients that other people use, unchanged, against one server: what they were told
// to send is what the API counts. A client that is not installed here skips its step and says how to get it.
func TestOthersClientsCountInCountOut(t *testing.T) {
	h := openRows(t, "")
	app := page(t)
	h.allow(t, "http://"+app)
	t.Run("OpenTelemetry for Go", func(t *testing.T) { h.at(t).goSDK(t) })
	t.Run("OpenTelemetry for Node", func(t *testing.T) { h.at(t).nodeSDK(t) })
	t.Run("OpenTelemetry in a browser", func(t *testing.T) { h.at(t).browserSDK(t, app) })
	t.Run("OpenTelemetry for Python", func(t *testing.T) { h.at(t).pythonSDK(t) })
	t.Run("telemetrygen", func(t *testing.T) { h.at(t).telemetrygen(t) })
	t.Run("Segment's library for Node", func(t *testing.T) { h.at(t).segment(t) })
	t.Run("logger over syslog", func(t *testing.T) { h.at(t).logger(t) })
}

const many = 200 // of each client and way

func (h *rowsHouse) goSDK(t *testing.T) {
	ctx := t.Context()
	gt := otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(h.grpc), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
	ht := otlptracehttp.NewClient(otlptracehttp.WithEndpoint(h.http), otlptracehttp.WithInsecure(), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	mt := otlptracehttp.NewClient(otlptracehttp.WithEndpoint(h.addr), otlptracehttp.WithInsecure())
	gl, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(h.grpc), otlploggrpc.WithInsecure())
	require.NoError(t, err)
	hl, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(h.http), otlploghttp.WithInsecure(), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	require.NoError(t, err)
	ml, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(h.addr), otlploghttp.WithInsecure())
	require.NoError(t, err)
	gm, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(h.grpc), otlpmetricgrpc.WithInsecure())
	require.NoError(t, err)
	hm, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(h.http), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	require.NoError(t, err)
	mm, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(h.addr), otlpmetrichttp.WithInsecure())
	require.NoError(t, err)
	for way, e := range map[string]struct {
		traces  otlptrace.Client
		logs    sdklog.Exporter
		metrics sdkmetric.Exporter
	}{"grpc": {gt, gl, gm}, "http": {ht, hl, hm}, "main": {mt, ml, mm}} {
		h.goWay(ctx, t, "go-"+way, e.traces, e.logs, e.metrics)
		h.came(t, "go-"+way, 2*many, many, "go_filed_total", 2*many)
	}
	require.Equal(t, 3*many, h.count("spans", `name:store status:error error_type:*errors.errorString`), "the child of each pair")
}

func (h *rowsHouse) goWay(ctx context.Context, t *testing.T, service string, traces otlptrace.Client, logs sdklog.Exporter, metrics sdkmetric.Exporter) {
	who, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", service), attribute.String("deployment.environment.name", "test")))
	require.NoError(t, err)
	exporter, err := otlptrace.New(ctx, traces)
	require.NoError(t, err)
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(who))
	lp := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logs)), sdklog.WithResource(who))
	mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics, sdkmetric.WithInterval(time.Hour))), sdkmetric.WithResource(who))
	filed, err := mp.Meter("portal").Int64Counter("go.filed")
	require.NoError(t, err)
	for i := range many {
		c, parent := tp.Tracer("portal").Start(ctx, "POST /file", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.route", "/file"), attribute.Int("i", i)))
		_, child := tp.Tracer("portal").Start(c, "store")
		child.RecordError(fmt.Errorf("no space"))
		child.SetStatus(codes.Error, "")
		child.End()
		var r log.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(log.SeverityWarn)
		r.SetBody(attribute.StringValue("Filing is slow"))
		r.AddAttributes(attribute.String("case.id", fmt.Sprint(i)))
		lp.Logger("portal").Emit(c, r)
		parent.End()
		filed.Add(ctx, 2, metric.WithAttributes(attribute.String("form", "1040")))
	}
	require.NoError(t, tp.Shutdown(ctx))
	require.NoError(t, lp.Shutdown(ctx))
	require.NoError(t, mp.Shutdown(ctx))
}

// came checks how many spans, lines of a warning and increments of a counter came from a service, and that its first line leads
// to its trace.
func (h *rowsHouse) came(t *testing.T, service string, spans, lines int, counter string, value float64) {
	t.Helper()
	require.Equal(t, spans, h.count("spans", "service:"+service), "spans")
	require.Equal(t, lines, h.count("logs", "service:"+service), "logs")
	got := h.query(fmt.Sprintf(`sum(%s{job="%s"})`, counter, service))
	require.Equal(t, []float64{value}, got, "%s of %s", counter, service)
	line := h.find("logs", "service:"+service)[0]
	require.NotEmpty(t, line.TraceID)
	require.NotZero(t, h.count("spans", "service:"+service+" trace_id:"+line.TraceID), "the trace of the line")
}

func (h *rowsHouse) nodeSDK(t *testing.T) {
	node(t, "sdk.mjs", h.grpc, h.http, fmt.Sprint(many))
	for _, way := range []string{"grpc", "proto", "json"} {
		h.came(t, "node-"+way, 2*many, many, "node_filed_total", 2*many)
	}
	require.Equal(t, 3*many, h.count("spans", `name:store status:error error_type:RangeError`))
}

// allow has pages of an origin send OTLP, by a reload.
func (h *rowsHouse) allow(t *testing.T, origin string) {
	t.Helper()
	write(t, h.dir, map[string]string{"signalbox.yaml": fmt.Sprintf("host: {enabled: false}\notlp: {grpc: %q, http: %q, cors_origins: [%q]}\nsyslog: {udp: %q, tcp: %q, service: syslog}\n", h.grpc, h.http, origin, h.syslog, h.syslog)})
	require.Equal(t, http.StatusOK, h.reload().code)
}

// page serves an empty page at an origin of its own and returns its host:port.
func page(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>A page</title>"))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// browserSDK has pages send to the HTTP door and to the main port: pages of the server's own origin, pages of the one other that
// may, and of others that may not, which get nothing in.
func (h *rowsHouse) browserSDK(t *testing.T, app string) {
	chromium(t)
	bundle := filepath.Join(t.TempDir(), "page.js")
	nodeModule(t, "esbuild")
	out, err := exec.CommandContext(t.Context(), "clients/node/node_modules/.bin/esbuild", "clients/node/page.mjs", "--bundle", "--format=iife", "--log-level=error", "--outfile="+bundle).CombinedOutput()
	require.NoError(t, err, string(out))
	node(t, "browser.mjs", bundle, "browser", fmt.Sprint(many/2), h.http, h.http, h.addr, h.addr)
	h.came(t, "browser", many, many, "browser_filed_total", many/2)
	node(t, "browser.mjs", bundle, "elsewhere", fmt.Sprint(many/2), app, h.http, app, h.addr)
	h.came(t, "elsewhere", many, many, "browser_filed_total", many/2)
	node(t, "browser.mjs", bundle, "stranger", "3", page(t), h.http, page(t), h.addr)
	require.Zero(t, h.count("spans", "service:stranger"))
	require.Zero(t, h.count("logs", "service:stranger"))
}

func (h *rowsHouse) pythonSDK(t *testing.T) {
	python, err := filepath.Abs("../.build/python/bin/python")
	require.NoError(t, err)
	if out, err := exec.CommandContext(t.Context(), python, "-c", "import opentelemetry.sdk").CombinedOutput(); err != nil {
		t.Skipf("the SDK is not installed (make deps-clients installs it where pip can): %v\n%s", err, out)
	}
	client(t, python, "clients/python/sdk.py", h.grpc, h.http, fmt.Sprint(many))
	for _, way := range []string{"grpc", "http"} {
		h.came(t, "python-"+way, many, many, "python_filed_total", 2*many)
	}
}

// telemetrygen is the collector's own generator; it takes minutes to build.
func (h *rowsHouse) telemetrygen(t *testing.T) {
	const module = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0"
	path := os.Getenv("SIGNALBOX_TELEMETRYGEN")
	if path == "" {
		if os.Getenv("SIGNALBOX_LONG") == "" {
			t.Skipf("building %s takes minutes: make soak does, or name the program in SIGNALBOX_TELEMETRYGEN", module)
		}
		dir := t.TempDir()
		build := exec.CommandContext(t.Context(), "go", "install", module)
		build.Env = append(os.Environ(), "GOBIN="+dir)
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
		path = filepath.Join(dir, "telemetrygen")
	}
	for way, flags := range map[string][]string{"grpc": {"--otlp-endpoint", h.grpc}, "http": {"--otlp-http", "--otlp-endpoint", h.http}} {
		common := append(flags, "--otlp-insecure", "--workers", "1", "--service", "gen-"+way)
		client(t, path, append([]string{"traces", "--rate", "0", "--traces", "100", "--child-spans", "2"}, common...)...)
		client(t, path, append([]string{"logs", "--rate", "0", "--logs", "300"}, common...)...)
		client(t, path, append([]string{"metrics", "--metrics", "1", "--otlp-metric-name", "gen_" + way}, common...)...)
		require.Equal(t, 300, h.count("spans", "service:gen-"+way))
		require.Equal(t, 300, h.count("logs", "service:gen-"+way))
		require.Len(t, h.query(fmt.Sprintf(`gen_%s{job="gen-%s"}`, way, way)), 1)
	}
}

// segment sends with a token of one person as the write key.
func (h *rowsHouse) segment(t *testing.T) {
	nodeModule(t, "@segment/analytics-node")
	key := h.token(t, "segment")
	node(t, "segment.mjs", h.addr, key, fmt.Sprint(many))
	require.Equal(t, 2*many+1, h.count("events", "service:segment-node source:segment"))
	require.Equal(t, many, h.count("events", "service:segment-node name:filing_submitted"))
	require.Equal(t, many, h.count("events", "service:segment-node route:/pay"))
	require.Zero(t, h.count("events", "person-1"), "people are pseudonyms")
	require.Zero(t, h.count("events", "example.org"), "who somebody is does not come in")
	identify := h.find("events", "service:segment-node name:identify")
	require.Len(t, identify, 1)
	require.Equal(t, 2*((many-2)/7+1)+1, h.count("events", "user:"+identify[0].User), "the calls of person-1")

	require.Equal(t, http.StatusUnauthorized, post(h.addr+"/v1/batch", asJSON, []byte(`{"batch":[]}`), "Authorization", "Basic c2Jfd3Jvbmc6").code, "a wrong key")
}

// token makes an API token that pushes as a source.
func (h *rowsHouse) token(t *testing.T, source string) string {
	t.Helper()
	h.starter().ask(http.MethodPost, "/users", map[string]any{"login": source + "@irs.example", "name": source, "password": rootPassword, "keep_password": true, "grants": []map[string]string{{"role": "developer"}}}, nil)
	var made struct{ Secret string }
	h.signIn(source+"@irs.example", rootPassword).ask(http.MethodPost, "/tokens", map[string]any{
		"name": source, "grants": []map[string]string{{"role": "developer"}}, "pushes_as": source, "expires_at": time.Now().Add(time.Hour).UnixMilli(),
	}, &made)
	require.True(t, strings.HasPrefix(made.Secret, "sb_"))
	return made.Secret
}

// logger is the program of every Linux machine, by datagram and by stream, old format and new.
func (h *rowsHouse) logger(t *testing.T) {
	path, err := exec.LookPath("logger")
	if err != nil {
		t.Skip("logger is not installed; it is in the package bsdutils or util-linux")
	}
	host, port, err := net.SplitHostPort(h.syslog)
	require.NoError(t, err)
	n := 0
	for _, flags := range [][]string{{"--udp", "--rfc3164"}, {"--udp", "--rfc5424"}, {"--tcp", "--rfc3164"}, {"--tcp", "--rfc5424", "--octet-count"}} {
		for i := range 5 {
			client(t, path, append(flags, "--server", host, "--port", port, "--tag", "filing", "--priority", "user.err", fmt.Sprintf("return %d was refused", i))...)
			n++
		}
	}
	h.until("all lines", func() bool { return h.count("logs", "service:syslog") == n })
	require.Equal(t, n, h.count("logs", `service:syslog level:error "was refused"`))
}

// node runs a program of clients/node.
func node(t *testing.T, name string, args ...string) {
	t.Helper()
	nodeModule(t, "@opentelemetry/api")
	client(t, "node", append([]string{"clients/node/" + name}, args...)...)
}

// nodeModule skips where a module is not installed.
func nodeModule(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat("clients/node/node_modules/" + name); err != nil {
		t.Skipf("%s is not installed: make deps-clients installs it", name)
	}
}

// chromium skips where there is none.
func chromium(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../ui/node_modules/playwright-core"); err != nil {
		t.Skip("playwright-core is not installed: make deps-ui installs it")
	}
	if os.Getenv("CHROMIUM") != "" {
		return
	}
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("there is no Chromium: make deps-browser says how to get it")
	}
}

// client runs a program to its end.
func client(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}
