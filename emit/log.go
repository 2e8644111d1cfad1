package emit

import (
	"context"
	"log/slog"
	"slices"
)

// LogHandler adds trace_id and span_id to every record that is logged with the context of a request, so that a light,
// an exemplar and a log line meet:
//
//	log := slog.New(emit.LogHandler(slog.NewJSONHandler(os.Stdout, nil)))
//	log.InfoContext(r.Context(), "filed", "form", "1040")
//
// The two stand at the top level even where the logger has groups, because that is where a log store looks for them.
func LogHandler(next slog.Handler) slog.Handler { return &logHandler{next: next} }

// logHandler keeps the groups that were opened and their attributes itself: what next is told inside a group, it would
// nest, and the ids with it. Attributes outside any group go to next at once, which can format them ahead.
type logHandler struct {
	next   slog.Handler
	groups []logGroup // outermost first
}

type logGroup struct {
	name  string
	attrs []slog.Attr
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.groups) == 0 {
		return &logHandler{next: h.next.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &logHandler{next: h.next, groups: groups}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logHandler{next: h.next, groups: append(slices.Clone(h.groups), logGroup{name: name})}
}

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	trace, traced := TraceFrom(ctx)
	switch {
	case len(h.groups) > 0:
		record = h.nest(record)
	case traced:
		record = record.Clone() // the caller's copy shares its attributes
	}
	if traced {
		record.AddAttrs(slog.String("trace_id", trace.TraceID()), slog.String("span_id", trace.SpanID()))
	}
	return h.next.Handle(ctx, record)
}

// nest is the record with its attributes inside the groups.
func (h *logHandler) nest(record slog.Record) slog.Record {
	var attrs []slog.Attr
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, attrs)...)}}
	}
	nested := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	nested.AddAttrs(attrs...)
	return nested
}
