package sandbox

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// empty makes a table without rows for a table without files.
const empty = `CREATE TABLE nothing (time TIMESTAMP, received TIMESTAMP, trace_hi UBIGINT, trace_lo UBIGINT, span UBIGINT, parent UBIGINT,
service VARCHAR, env VARCHAR, agency VARCHAR, version VARCHAR, release VARCHAR, source VARCHAR, trust VARCHAR, user_id VARCHAR, session_id VARCHAR,
business_id VARCHAR, name VARCHAR, route VARCHAR, kind UTINYINT, severity UTINYINT, status UTINYINT, duration BIGINT, value DOUBLE, error_type VARCHAR,
body VARCHAR, detail VARCHAR, weight FLOAT, attrs MAP(VARCHAR, VARCHAR), resource VARCHAR)`

// columns renders what people see of a row: names for numbers, seconds for nanoseconds, hexadecimal ids, all attributes in
// one map, and the resource's as a JSON object.
func columns(promoted map[string]string) string {
	hex := func(x string) string { return "CASE WHEN " + x + " = 0 THEN '' ELSE printf('%016x', " + x + ") END" }
	attrs := "attrs"
	keys := make([]string, 0, len(promoted))
	for key := range promoted {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for i, key := range keys {
		keys[i] = "{'key': " + quote(key) + ", 'value': " + promoted[key] + "}"
	}
	if len(keys) > 0 {
		attrs = "map_concat(attrs, map_from_entries(list_filter([" + strings.Join(keys, ", ") + "], lambda x: x.value IS NOT NULL)))"
	}
	return strings.Join([]string{"time", "received",
		"CASE WHEN trace_hi = 0 AND trace_lo = 0 THEN '' ELSE printf('%016x%016x', trace_hi, trace_lo) END AS trace_id",
		hex("span") + " AS span_id", hex("parent") + " AS parent_id",
		"service", "env", "agency", "version", "release", "source", "trust", "user_id", "session_id", "business_id", "name", "route",
		pick("least(kind, 5)", rowstore.SpanKinds()) + " AS kind", "severity",
		"CASE WHEN severity = 0 THEN '' ELSE " + pick("least((severity - 1) // 4, 5)", rowstore.Levels()) + " END AS level",
		pick("least(status, 2)", rowstore.Statuses()) + " AS status", "duration / 1e9 AS duration", "value", "error_type", "body", "detail", "weight",
		attrs + " AS attrs", "resource"}, ", ")
}

func pick(index string, names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return "[" + strings.Join(quoted, ", ") + "][" + index + " + 1]"
}
