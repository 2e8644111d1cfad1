package conformance

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// day is a UTC day in microseconds; the rows of the suite are of the three days from noon on.
const (
	day  = 86_400_000_000
	noon = 20_000*day + day/2
)

// ever is all of time that a store keeps.
var ever = rowstore.Between{From: math.MinInt64 / 4, To: math.MaxInt64 / 4}

// The values that random rows and expressions are made of: few, so that they meet.
var (
	services = []string{"", "intake", "portal", "Zahlung", "a b"}
	names    = []string{"", "GET /", "login", "error", "Filing Submitted"}
	bodies   = []string{"", "Timeout after 30 s", "TIMEOUT", "connection refused: 10.0.0.1", "Größe ÄÖÜ", "İstanbul ſtraße K", "line one\nline two", "100%_done", `a\b"c'd`, "日本語のログ", "tab\tand \x01 control", "12.5"}
	keys     = []string{"http.method", "http_method", "http.status_code", "http.status.code", "user-agent", "k", "", `odd "key"/~x`, "amount"}
	values   = []string{"", "GET", "get", "200", "503", "-1.5e3", "1e400", "0x10", "nan", " 5", "1_000", ".5", "5.", "timeout", "ÄÖ", "a\x01b", "12"}
	people   = []string{"", "p-1", "p-2", "p-3"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomRows returns n rows.
func randomRows(r *rand.Rand, n int) []rowstore.Row {
	resources := []*rowstore.Resource{nil, resource(map[string]string{"host.name": "a", "k": "of the resource"}),
		resource(map[string]string{"host_name": "b", "http.method": "GET", `odd "key"/~x`: "503"})}
	rows := make([]rowstore.Row, n)
	for i := range rows {
		rows[i] = rowstore.Row{
			Time: noon + int64(r.IntN(3))*day + int64(r.IntN(50))*3_600_000_000/7, Received: noon + int64(r.IntN(1000)),
			Service: pick(r, services), Env: pick(r, []string{"", "prod", "test"}), Agency: pick(r, []string{"", "IRS"}), Version: pick(r, []string{"", "1", "2.5", "v3"}),
			Release: pick(r, []string{"", "new-form"}), Source: pick(r, []string{"s1", "s2"}), Trust: pick(r, []string{"", "public"}), User: pick(r, people),
			Session: pick(r, []string{"", "x", "y"}), Business: pick(r, []string{"", "case-1", "case-2"}), Name: pick(r, names), Route: pick(r, []string{"", "/a/{id}", "/B"}),
			Kind: uint8(r.IntN(8)), Severity: uint8(r.IntN(27)), Status: uint8(r.IntN(4)),
			Duration:  pick(r, []int64{0, 1, 999_999_999, 1_000_000_000, 1_000_000_001, 2_500_000_000, -5, math.MaxInt64, math.MinInt64}),
			Value:     pick(r, []float64{0, 1, -1, 0.1, 1e300, 12.5, math.Copysign(0, -1)}),
			ErrorType: pick(r, []string{"", "IOError", "timeout"}), Body: pick(r, bodies), Detail: pick(r, []string{"", `[{"name":"e"}]`}),
			Weight: pick(r, []float32{1, 1, 1, 10, 2.5}), Resource: pick(r, resources),
		}
		if r.IntN(2) == 0 {
			rows[i].Trace, rows[i].Span = rowstore.TraceIDOf(uint64(r.IntN(3)), uint64(r.IntN(3))), rowstore.SpanID(r.IntN(4))
			rows[i].Parent = pick(r, []rowstore.SpanID{0, 1, math.MaxUint64})
		}
		for range r.IntN(5) {
			if k := pick(r, keys); !slices.ContainsFunc(rows[i].Attrs, func(a rowstore.Attr) bool { return a.Key == k }) {
				rows[i].Attrs = append(rows[i].Attrs, rowstore.Attr{Key: k, Value: pick(r, values)})
			}
		}
	}
	return rows
}

func resource(attrs map[string]string) *rowstore.Resource {
	text, err := json.Marshal(attrs)
	if err != nil {
		panic(err) // strings
	}
	res := &rowstore.Resource{JSON: string(text)}
	for k, v := range attrs {
		res.Attrs = append(res.Attrs, rowstore.Attr{Key: k, Value: v})
	}
	slices.SortFunc(res.Attrs, func(a, b rowstore.Attr) int { return strings.Compare(a.Key, b.Key) })
	return res
}

// randomExpr returns an expression that compiles.
func randomExpr(r *rand.Rand, depth int) rowstore.Expr {
	if depth > 0 {
		part := func() rowstore.Expr { return randomExpr(r, depth-1) }
		switch r.IntN(6) {
		case 0, 1:
			return rowstore.Expr{And: []rowstore.Expr{part(), part()}}
		case 2, 3:
			return rowstore.Expr{Or: []rowstore.Expr{part(), part()}}
		case 4:
			e := part()
			return rowstore.Expr{Not: &e}
		}
	}
	if r.IntN(30) == 0 {
		return rowstore.Everything
	}
	for {
		e := rowstore.Expr{Match: randomMatch(r)}
		if _, err := e.Compile(); err == nil {
			return e
		}
	}
}

func randomMatch(r *rand.Rand) *rowstore.Match {
	ops := []rowstore.Op{rowstore.Equal, rowstore.NotEqual, rowstore.Matches, rowstore.NoMatch, rowstore.Greater, rowstore.AtLeast, rowstore.Less,
		rowstore.AtMost, rowstore.Contains, rowstore.Exists}
	texts := slices.Concat(services, names, bodies, values, people, rowstore.Levels(), rowstore.Statuses(), rowstore.SpanKinds(),
		[]string{"case-1", "IRS", "IOError", "/a/{id}", "IME", "straSSe", "k", "ü", "00000000000000000000000000000001", "0000000000000001", "ffffffffffffffff",
			fmt.Sprint(noon), "0.1", "1", "2.5", "1.0000000005", "1e9", "-9e9", "0"})
	patterns := []string{"", ".*", ".+", "in.*", ".*out.*", ".*al", "(?i)timeout.*", "GET|get", "intake|portal", "[0-9]+", `\d+\.?\d*`, "a.b", "line.*two", "(?-s:line.*two)", "ÄÖ?", "[^a-z]*",
		`\pL+`, `(?P<x>p)-[12]`, "(?i)größe.*", "5..", "1", "(a|b)?", "0+1", "error|warn", ".*k.*"}
	fields := slices.Concat(keys, []string{"http_status_code", "host_name", "host.name", "no.such", "k", "amount"})
	for _, f := range rowstore.Fields() {
		fields = append(fields, f.Name)
	}
	m := &rowstore.Match{Field: pick(r, fields), Op: pick(r, ops)}
	switch {
	case m.Op == rowstore.Matches || m.Op == rowstore.NoMatch:
		m.Value = pick(r, patterns)
	case m.Op != rowstore.Exists:
		m.Value = pick(r, texts)
	}
	if m.Op == rowstore.Contains && r.IntN(3) == 0 {
		m.Field = "*"
	}
	return m
}

// print returns a row as one text in which the order of its attributes does not count.
func print(r rowstore.Row) string {
	attrs := slices.Clone(r.Attrs)
	slices.SortFunc(attrs, func(a, b rowstore.Attr) int { return strings.Compare(a.Key, b.Key) })
	var res []rowstore.Attr
	if r.Resource != nil {
		res = r.Resource.Attrs
	}
	if len(attrs) == 0 {
		attrs = nil
	}
	r.Attrs, r.Resource = nil, nil
	return fmt.Sprintf("%+v %q %q", r, attrs, res)
}

// prints returns rows as texts, sorted: the same rows in any order print the same.
func prints(rows []rowstore.Row) []string {
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = print(rows[i])
	}
	slices.Sort(out)
	return out
}
