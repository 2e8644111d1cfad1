package otel

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/signalbox/signalbox/emit"
)

// LogHandler sends records over OTLP, with the trace and span of the context they are logged with, and hands them to next,
// which may be nil. Debug records are sent if next, or without one the level info, enables them.
func (t *Telemetry) LogHandler(next slog.Handler) slog.Handler {
	return &logHandler{logger: t.logger, next: next}
}

// logHandler keeps the attributes ready and the open groups as a prefix: OTLP's attributes are flat, with dots.
type logHandler struct {
	logger log.Logger
	next   slog.Handler
	prefix string
	attrs  []attribute.KeyValue
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	if h.next != nil {
		return h.next.Enabled(ctx, level)
	}
	return level >= slog.LevelInfo
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		c.attrs = appendAttr(c.attrs, h.prefix, a)
	}
	if h.next != nil {
		c.next = h.next.WithAttrs(attrs)
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	if h.next != nil {
		c.next = h.next.WithGroup(name)
	}
	return &c
}

// Handle implements slog.Handler.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	var out log.Record
	out.SetTimestamp(r.Time)
	out.SetBody(attribute.StringValue(r.Message))
	// OTLP's numbers go up by one as slog's levels do, and info is 9.
	out.SetSeverity(log.Severity(min(max(int(r.Level)+9, 1), 24)))
	out.SetSeverityText(r.Level.String())
	out.AddAttributes(h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttributes(appendAttr(nil, h.prefix, a)...)
		return true
	})
	h.logger.Emit(traced(ctx), out)
	if h.next == nil {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// traced is ctx with the span that the record belongs to: the one at hand, else that of emit's request.
func traced(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	if own, ok := emit.TraceFrom(ctx); ok {
		return trace.ContextWithSpanContext(ctx, spanContext(own))
	}
	return ctx
}

// appendAttr flattens an attribute; an error gives its type as well, so that errors can be grouped.
func appendAttr(to []attribute.KeyValue, prefix string, a slog.Attr) []attribute.KeyValue {
	v := a.Value.Resolve()
	key := prefix + a.Key
	switch v.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			prefix = key + "."
		}
		for _, inner := range v.Group() {
			to = appendAttr(to, prefix, inner)
		}
		return to
	case slog.KindString:
		return append(to, attribute.String(key, v.String()))
	case slog.KindInt64:
		return append(to, attribute.Int64(key, v.Int64()))
	case slog.KindUint64:
		return append(to, attribute.String(key, fmt.Sprint(v.Uint64()))) // OTLP's integers have a sign
	case slog.KindFloat64:
		return append(to, attribute.Float64(key, v.Float64()))
	case slog.KindBool:
		return append(to, attribute.Bool(key, v.Bool()))
	case slog.KindDuration:
		return append(to, attribute.Float64(key, v.Duration().Seconds()))
	case slog.KindTime:
		return append(to, attribute.String(key, v.Time().Format(time.RFC3339Nano)))
	}
	switch x := v.Any().(type) {
	case nil:
		if a.Key == "" {
			return to // slog: an empty attribute is left out
		}
		return append(to, attribute.String(key, ""))
	case error:
		return append(to, attribute.String(key, x.Error()), attribute.String("error.type", fmt.Sprintf("%T", x)))
	default:
		return append(to, attribute.String(key, fmt.Sprintf("%+v", x)))
	}
}
