// Package otel sends the traces and logs of a service that emit measures to Signalbox, or any other receiver of OTLP/HTTP,
// through the OpenTelemetry SDK. Who does not import it does not pay for it.
//
//	t, err := otel.New(otel.Options{URL: "http://127.0.0.1:9700", Service: "efile", Env: "prod"})
//	defer t.Shutdown(ctx)
//	slog.SetDefault(slog.New(t.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
//	http.ListenAndServe(addr, e.Handler(t.Handler(mux)))
//
// A request has one identity: its span has the ids that emit gave it, which are in its exemplar, its log lines and its events.
// Spans of the application's own, made by [Telemetry.Tracer] with the request's context, are its children.
package otel

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names this package as the one that made spans and log records.
const scope = "github.com/signalbox/signalbox/emit/otel"

// Options say where telemetry goes and who sends it. URL and Service are required.
type Options struct {
	URL     string // of the receiver; /v1/traces and /v1/logs are appended
	Token   string // of a sender; on Signalbox's own machine none is needed
	Service string // service.name
	Version string // service.version
	Env     string // deployment.environment.name
	Agency  string
	// Share is the share of traces to record that begin here, above 0 and at most 1; 0 means all. A trace that a caller began
	// is recorded if the caller records it.
	Share float64
}

// Validate says what is wrong with the options: the field, its value and what would be accepted.
func (o Options) Validate() error {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("otel: URL %q: want http or https and a host, such as https://signalbox.example:9700", o.URL)
	case o.Service == "":
		return errors.New("otel: service is missing: want the service's name")
	case !(o.Share >= 0 && o.Share <= 1): // NaN fails too
		return fmt.Errorf("otel: share %v: want a number above 0 and at most 1, or 0 for all", o.Share)
	}
	return nil
}

// Telemetry is the service's tracer and logger. It is made by [New] and safe for concurrent use.
type Telemetry struct {
	traces *sdktrace.TracerProvider
	logs   *sdklog.LoggerProvider
	tracer trace.Tracer
	logger log.Logger
}

// New returns the telemetry of a service. The SDK's senders run from here on until [Telemetry.Shutdown]; they connect when
// there is something to send, send again what did not arrive, and drop what does not fit into their bounded queues.
func New(o Options) (*Telemetry, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	tracesTo, err := url.JoinPath(o.URL, "/v1/traces")
	if err != nil {
		return nil, fmt.Errorf("otel: URL %q: %w", o.URL, err)
	}
	logsTo, err := url.JoinPath(o.URL, "/v1/logs")
	if err != nil {
		return nil, fmt.Errorf("otel: URL %q: %w", o.URL, err)
	}
	var headers map[string]string
	if o.Token != "" {
		headers = map[string]string{"Authorization": "Bearer " + o.Token}
	}
	ctx := context.Background() // nothing is dialled here
	spans, err := otlptrace.New(ctx, otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(tracesTo), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression)))
	if err != nil {
		return nil, fmt.Errorf("otel: traces to %s: %w", tracesTo, err)
	}
	records, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(logsTo), otlploghttp.WithHeaders(headers),
		otlploghttp.WithCompression(otlploghttp.GzipCompression))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("otel: logs to %s: %w", logsTo, err), spans.Shutdown(ctx))
	}
	root := sdktrace.AlwaysSample()
	if o.Share > 0 {
		root = sdktrace.TraceIDRatioBased(o.Share)
	}
	who := o.resource()
	t := &Telemetry{
		traces: sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(who),
			sdktrace.WithIDGenerator(ids{}), sdktrace.WithSampler(sdktrace.ParentBased(root))),
		logs: sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)), sdklog.WithResource(who)),
	}
	t.tracer, t.logger = t.traces.Tracer(scope), t.logs.Logger(scope)
	return t, nil
}

func (o Options) resource() *resource.Resource {
	attrs := []attribute.KeyValue{attribute.String("service.name", o.Service)}
	for _, a := range [][2]string{{"service.version", o.Version}, {"deployment.environment.name", o.Env}, {"agency", o.Agency}} {
		if a[1] != "" {
			attrs = append(attrs, attribute.String(a[0], a[1]))
		}
	}
	return resource.NewSchemaless(attrs...)
}

// Tracer makes spans of the application's own.
func (t *Telemetry) Tracer(name string) trace.Tracer { return t.traces.Tracer(name) }

// Flush sends what waits.
func (t *Telemetry) Flush(ctx context.Context) error {
	return errors.Join(t.traces.ForceFlush(ctx), t.logs.ForceFlush(ctx))
}

// Shutdown sends what waits, until ctx ends, and stops.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	return errors.Join(t.traces.Shutdown(ctx), t.logs.Shutdown(ctx))
}
