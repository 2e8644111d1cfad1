package otel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/signalbox/signalbox/emit"
)

// Handler makes a span of each request. It goes between [emit.Emitter.Handler] and the router; without emit around it, or
// where emit is untraced, it does nothing.
//
// The span carries method, route and status, not the path, which may name a person.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, ok := emit.TraceFrom(r.Context())
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		_, span := t.tracer.Start(identified(r, own), r.Method, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", r.Method)))
		if span.SpanContext().IsSampled() {
			emit.Recorded(r.Context())
		}
		// The span alone, without the ids that are reserved for it: children get their own.
		inner := r.WithContext(trace.ContextWithSpan(r.Context(), span))
		completed := false
		defer func() {
			// What emit reads of the request that it handed on.
			r.Pattern, r.MultipartForm = inner.Pattern, inner.MultipartForm
			if completed {
				finish(span, inner, nil)
				return
			}
			value := recover()
			finish(span, inner, value)
			if value != nil {
				panic(value)
			}
		}()
		next.ServeHTTP(w, inner)
		completed = true
	})
}

// finish names the span's route and outcome, and ends it.
func finish(span trace.Span, r *http.Request, panicked any) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	if route := routeOf(r.Pattern); route != "" {
		span.SetName(r.Method + " " + route)
		span.SetAttributes(attribute.String("http.route", route))
	}
	status := emit.Status(r.Context())
	if panicked != nil {
		status = http.StatusInternalServerError
		span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", panicked)))
		span.SetStatus(codes.Error, "panic")
	} else if status == 0 {
		status = http.StatusOK
	}
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= 500 && panicked == nil {
		span.SetAttributes(attribute.String("error.type", fmt.Sprint(status)))
		span.SetStatus(codes.Error, "")
	}
}

// routeOf is a ServeMux pattern without its method.
func routeOf(pattern string) string {
	if _, route, ok := strings.Cut(pattern, " "); ok {
		return strings.TrimLeft(route, " ")
	}
	return pattern
}

type identityKey struct{}

// identified is a context in which a span gets emit's ids for the request; its parent is the caller's span.
func identified(r *http.Request, own emit.Trace) context.Context {
	ctx := context.WithValue(r.Context(), identityKey{}, own)
	if parents := r.Header["Traceparent"]; len(parents) == 1 {
		if caller, err := emit.ParseTraceparent(parents[0]); err == nil {
			return trace.ContextWithRemoteSpanContext(ctx, spanContext(caller))
		}
	}
	return trace.ContextWithSpanContext(ctx, trace.SpanContext{})
}

func spanContext(t emit.Trace) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: t.ID, SpanID: t.Span, TraceFlags: trace.TraceFlags(t.Flags)})
}

// ids makes ids as the SDK does, but for the span of a request, which has them.
type ids struct{}

// NewIDs implements the SDK's IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if own, ok := ctx.Value(identityKey{}).(emit.Trace); ok {
		return own.ID, own.Span
	}
	var id trace.TraceID
	for !id.IsValid() {
		hi, lo := rand.Uint64(), rand.Uint64()
		for i := range 8 {
			id[i], id[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
		}
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements the SDK's IDGenerator.
func (ids) NewSpanID(ctx context.Context, of trace.TraceID) trace.SpanID {
	if own, ok := ctx.Value(identityKey{}).(emit.Trace); ok && own.ID == of {
		return own.Span
	}
	var id trace.SpanID
	for !id.IsValid() {
		n := rand.Uint64()
		for i := range id {
			id[i] = byte(n >> (8 * i))
		}
	}
	return id
}
