package rowstore

import (
	"slices"
	"strconv"
	"strings"
)

// Type is the type of a field's values.
type Type uint8

// The types.
const (
	TypeText   Type = iota // compared as text; as a number where both sides are one
	TypeNumber             // duration in seconds, value, weight, severity, kind
	TypeTime               // Unix microseconds
	TypeID                 // trace, span and parent: hexadecimal
)

// Field names a column of a row, or an attribute, by the name people use in selectors, searches and the API.
type Field struct {
	Name   string
	Column string // the column; empty for an attribute
	Type   Type
	Doc    string
}

// Fields lists the fields that are columns, in the order in which people read them. `level` is the severity's name, `status`
// of a span or event is unset, ok or error, `duration` is in seconds.
func Fields() []Field { return slices.Clone(fields) }

var fields = []Field{
	{"time", "time", TypeTime, "When it happened"},
	{"service", "service", TypeText, "Service that sent it (service.name)"},
	{"name", "name", TypeText, "Operation, event name or logger"},
	{"level", "severity", TypeText, "Log level: trace, debug, info, warn, error or fatal"},
	{"body", "body", TypeText, "Log message, status message or comment"},
	{"status", "status", TypeText, "Outcome of a span or event: unset, ok or error"},
	{"duration", "duration", TypeNumber, "Duration in seconds"},
	{"value", "value", TypeNumber, "Number that an event carries: a score, an amount, a web vital"},
	{"route", "route", TypeText, "Route or page path, without query"},
	{"error_type", "error_type", TypeText, "Type of the error or exception"},
	{"env", "env", TypeText, "Environment (deployment.environment.name)"},
	{"agency", "agency", TypeText, "Agency"},
	{"version", "version", TypeText, "Version of the service (service.version)"},
	{"release", "release", TypeText, "Release or flag that was active"},
	{"user", "user_id", TypeText, "Pseudonym of the person"},
	{"session", "session_id", TypeText, "Session"},
	{"business_id", "business_id", TypeText, "Case, payment or other business id"},
	{"trace_id", "trace", TypeID, "Trace"},
	{"span_id", "span", TypeID, "Span"},
	{"parent_id", "parent", TypeID, "Parent span; of an event a hash of the id that its sender gave it"},
	{"kind", "kind", TypeText, "Kind of a span: internal, server, client, producer or consumer"},
	{"source", "source", TypeText, "Who sent it"},
	{"trust", "trust", TypeText, "public for what came in by the public door"},
	{"received", "received", TypeTime, "When it came in"},
	{"weight", "weight", TypeNumber, "How many rows it stands for after sampling"},
}

// FieldOf returns the field of a name: a column, else the attribute of that name.
func FieldOf(name string) Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return Field{Name: name, Type: TypeText, Doc: "Attribute"}
}

// SpanKinds names OTLP's span kinds by their number.
func SpanKinds() []string {
	return []string{"", "internal", "server", "client", "producer", "consumer"}
}

// Statuses names the statuses by their number.
func Statuses() []string { return []string{"unset", "ok", "error"} }

// Get returns a field of the row as text; missing is empty. A label name of PromQL cannot hold a dot, so an attribute is
// found under its name with underscores for dots, too.
func (r *Row) Get(name string) string {
	switch name {
	case "service":
		return r.Service
	case "name":
		return r.Name
	case "level":
		return Level(r.Severity)
	case "body":
		return r.Body
	case "status":
		return Statuses()[min(r.Status, 2)]
	case "duration":
		return strconv.FormatFloat(float64(r.Duration)/1e9, 'g', -1, 64)
	case "value":
		return strconv.FormatFloat(r.Value+0, 'g', -1, 64) // -0 is 0
	case "route":
		return r.Route
	case "error_type":
		return r.ErrorType
	case "env":
		return r.Env
	case "agency":
		return r.Agency
	case "version":
		return r.Version
	case "release":
		return r.Release
	case "user":
		return r.User
	case "session":
		return r.Session
	case "business_id":
		return r.Business
	case "trace_id":
		return r.Trace.String()
	case "span_id":
		return r.Span.String()
	case "parent_id":
		return r.Parent.String()
	case "kind":
		return SpanKinds()[min(r.Kind, 5)]
	case "source":
		return r.Source
	case "trust":
		return r.Trust
	case "weight":
		return strconv.FormatFloat(float64(r.Weight), 'g', -1, 32)
	case "time":
		return strconv.FormatInt(r.Time, 10)
	case "received":
		return strconv.FormatInt(r.Received, 10)
	}
	v, _ := r.Attribute(name)
	return v
}

// Attribute returns an attribute of the row or of its resource; the row's own wins. Where several keys fit the name, the
// name itself wins, then the smallest key.
func (r *Row) Attribute(name string) (string, bool) {
	if i := find(r.Attrs, name); i >= 0 {
		return r.Attrs[i].Value, true
	}
	if r.Resource != nil {
		if i := find(r.Resource.Attrs, name); i >= 0 {
			return r.Resource.Attrs[i].Value, true
		}
	}
	return "", false
}

func find(attrs []Attr, name string) int {
	found := -1
	for i := range attrs {
		if attrs[i].Key == name {
			return i
		}
		if StandsFor(name, attrs[i].Key) && (found < 0 || attrs[i].Key < attrs[found].Key) {
			found = i
		}
	}
	return found
}

// StandsFor reports whether an attribute's key is meant by a name: a dot of the key may stand as an underscore in the name.
func StandsFor(name, key string) bool {
	if key == name {
		return true
	}
	if len(key) != len(name) || strings.IndexByte(key, '.') < 0 {
		return false
	}
	for i := range len(key) {
		if key[i] != name[i] && (key[i] != '.' || name[i] != '_') {
			return false
		}
	}
	return true
}

// Number returns a field of the row as a number; ok is false where it is none.
func (r *Row) Number(name string) (v float64, ok bool) {
	switch name {
	case "duration":
		return float64(r.Duration) / 1e9, true
	case "value":
		return r.Value, true
	case "weight":
		return float64(r.Weight), true
	case "time":
		return float64(r.Time), true
	case "received":
		return float64(r.Received), true
	case "trace_id", "span_id", "parent_id":
		return 0, false
	}
	return ParseNumber(r.Get(name))
}

// ParseNumber reads a finite decimal number such as 12, -0.5 or 6.02e23. It takes no hexadecimal, no "inf" and no spaces, so
// that each engine reads the same texts as numbers.
func ParseNumber(s string) (float64, bool) {
	digits, dot, i := 0, false, 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	for ; i < len(s); i++ {
		if s[i] == '.' && !dot {
			dot = true
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			break
		}
		digits++
	}
	if digits == 0 {
		return 0, false
	}
	if i < len(s) {
		if s[i] != 'e' && s[i] != 'E' || i+1 == len(s) {
			return 0, false
		}
		for _, c := range []byte(strings.TrimLeft(s[i+1:i+2], "+-") + s[i+2:]) {
			if c < '0' || c > '9' {
				return 0, false
			}
		}
		if last := s[len(s)-1]; last < '0' || last > '9' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}
