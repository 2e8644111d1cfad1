package line

import (
	"encoding/hex"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// traceID reads 32 hexadecimal digits that are not all 0.
func traceID(s string) (id rowstore.TraceID, ok bool) {
	if len(s) != 32 {
		return id, false
	}
	var b rowstore.TraceID
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return id, false
	}
	return b, b != rowstore.TraceID{}
}

// spanID reads 16 hexadecimal digits that are not all 0.
func spanID(s string) (id rowstore.SpanID, ok bool) {
	var b [8]byte
	if len(s) != 16 {
		return 0, false
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return 0, false
	}
	for _, c := range b {
		id = id<<8 | rowstore.SpanID(c)
	}
	return id, id != 0
}

// parent reads a traceparent of W3C's trace context.
func parent(row *rowstore.Row, s string) bool {
	if len(s) < 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" {
		return false
	}
	t, ok := traceID(s[3:35])
	p, pok := spanID(s[36:52])
	if ok && pok {
		row.Trace, row.Span = t, p
	}
	return ok && pok
}

// mentioned finds a trace and span that a text names, such as trace_id=… span_id=….
func mentioned(s string) (t rowstore.TraceID, p rowstore.SpanID) {
	for _, name := range [...]string{"trace_id", "traceId", "trace.id", "traceID"} {
		if v := after(s, name, 32); v != "" {
			t, _ = traceID(v)
		}
	}
	if t == (rowstore.TraceID{}) {
		return t, 0
	}
	for _, name := range [...]string{"span_id", "spanId", "span.id", "spanID"} {
		if v := after(s, name, 16); v != "" {
			p, _ = spanID(v)
		}
	}
	return t, p
}

// after returns the n bytes behind a name and its = or :.
func after(s, name string, n int) string {
	i := strings.Index(s, name)
	if i < 0 {
		return ""
	}
	s = strings.TrimLeft(s[i+len(name):], `"':= `)
	if len(s) < n {
		return ""
	}
	return s[:n]
}
