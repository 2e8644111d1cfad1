package policy

import (
	"slices"
	"strings"
)

// RowField is a column of rows as selectors, `value`, `on` and `by` name it; every other name is an attribute.
type RowField struct {
	Name    string
	Numeric bool
	Tables  []string // that have it; nil: all
	Values  []string // the only values it takes; nil: any
	Person  bool     // it tells people, visits or single cases apart, and is no group
}

// RowFields lists the columns, as rowstore.Fields does.
func RowFields() []RowField {
	levels := []string{"trace", "debug", "info", "warn", "error", "fatal"}
	return []RowField{
		{Name: "time", Numeric: true, Person: true}, {Name: "service"}, {Name: "name"}, {Name: "level", Tables: []string{"logs"}, Values: levels},
		{Name: "body", Person: true}, {Name: "status", Tables: []string{"spans", "events"}, Values: []string{"unset", "ok", "error"}},
		{Name: "duration", Numeric: true, Tables: []string{"spans", "events"}, Person: true}, {Name: "value", Numeric: true, Tables: []string{"events"}, Person: true},
		{Name: "route"}, {Name: "error_type"}, {Name: "env"}, {Name: "agency"}, {Name: "version"}, {Name: "release"},
		{Name: "user", Person: true}, {Name: "session", Person: true}, {Name: "business_id", Person: true},
		{Name: "trace_id", Person: true}, {Name: "span_id", Person: true}, {Name: "parent_id", Person: true},
		{Name: "kind", Tables: []string{"spans"}, Values: []string{"internal", "server", "client", "producer", "consumer"}},
		{Name: "source"}, {Name: "trust"}, {Name: "received", Numeric: true, Person: true}, {Name: "weight", Numeric: true, Person: true},
	}
}

// rowField returns the column of a name; ok is false for an attribute.
func rowField(name string) (f RowField, ok bool) {
	all := RowFields()
	at := slices.IndexFunc(all, func(f RowField) bool { return f.Name == name })
	if at < 0 {
		return RowField{Name: name}, false
	}
	return all[at], true
}

// of reports whether a table has the column.
func (f RowField) of(table string) bool { return f.Tables == nil || slices.Contains(f.Tables, table) }

// meant is the column that an attribute's name looks like, or nothing: an attribute may have any name, but one letter off a
// column is seldom meant.
func meant(name string) string {
	for _, f := range RowFields() {
		if f.Name != name && len(name) > 3 && strings.EqualFold(strings.NewReplacer("_", "", "-", "", ".", "").Replace(f.Name), strings.NewReplacer("_", "", "-", "", ".", "").Replace(name)) {
			return f.Name
		}
	}
	for otel, column := range map[string]string{
		"service_name": "service", "service.name": "service", "severity": "level", "user_id": "user", "enduser_id": "user", "session_id": "session",
		"http_route": "route", "http.route": "route", "service_version": "version", "service.version": "version", "event": "name", "event_name": "name",
		"deployment_environment_name": "env", "environment": "env", "case_id": "business_id", "filing_id": "business_id", "business": "business_id", "servce": "service",
	} {
		if otel == name {
			return column
		}
	}
	return nearColumn(name)
}

// nearColumn is a column one edit away.
func nearColumn(name string) string {
	if len(name) < 4 {
		return ""
	}
	for _, f := range RowFields() {
		if len(f.Name) >= 4 && oneEdit(name, f.Name) {
			return f.Name
		}
	}
	return ""
}

// oneEdit reports whether one letter inserted, dropped or changed, or two neighbours swapped, makes b of a.
func oneEdit(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	switch len(a) - len(b) {
	case 0:
		return i < len(a) && (a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:])
	case 1:
		return a[i+1:] == b[i:]
	}
	return false
}
