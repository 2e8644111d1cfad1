package search

import (
	"encoding/hex"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func match(field string, op rowstore.Op, value string) rowstore.Expr {
	return rowstore.Expr{Match: &rowstore.Match{Field: field, Op: op, Value: value}}
}

// expr returns what a term says.
func (t token) expr() (rowstore.Expr, error) {
	if !t.named {
		return t.words()
	}
	want := func(what string) error {
		m := &Mistake{At: t.valAt + 1, Found: short(t.text[t.valAt-t.at:]), Want: what}
		if m.Found == "" {
			m.At, m.Found = t.at+1, short(t.text)
		}
		return m
	}
	value := joined(t.value)
	switch t.op {
	case "~":
		if _, err := syntax.Parse(value, syntax.Perl|syntax.DotNL); err != nil {
			return rowstore.Expr{}, want("a regular expression in RE2 syntax, best in quotes (" + err.Error() + ")")
		}
		return t.checked(match(t.field, rowstore.Matches, value), want)
	case ">", ">=", "<", "<=":
		v, what := operand(t.field, value)
		if what != "" {
			return rowstore.Expr{}, want(what)
		}
		return t.checked(match(t.field, rowstore.Op(t.op), v), want)
	}
	if len(t.value) == 0 {
		return rowstore.Expr{}, want(`a value behind the colon, "" for nothing, or * for anything`)
	}
	if pattern, ok := globbed(t.value); ok {
		return t.checked(pattern.expr(t.field), want)
	}
	switch f := rowstore.FieldOf(t.field); {
	case f.Type == rowstore.TypeNumber, f.Type == rowstore.TypeTime:
		v, what := operand(t.field, value)
		if what != "" && value != "" {
			return rowstore.Expr{}, want(what)
		}
		return match(t.field, rowstore.Equal, v), nil
	case f.Type == rowstore.TypeID:
		if _, err := hex.DecodeString(value); err == nil {
			value = strings.ToLower(value)
		}
	default:
		if names := choices(t.field); names != nil && value != "" {
			if value = strings.ToLower(value); !slices.Contains(names, value) {
				return rowstore.Expr{}, want("one of " + strings.Join(names, ", "))
			}
		}
	}
	return match(t.field, rowstore.Equal, value), nil
}

// checked compiles an expression, so that what a field cannot be asked is said at its place.
func (t token) checked(e rowstore.Expr, want func(string) error) (rowstore.Expr, error) {
	if _, err := e.Compile(); err != nil {
		_, what, _ := strings.Cut(err.Error(), "want ")
		if what == "" {
			what = "another comparison (" + err.Error() + ")"
		}
		return rowstore.Expr{}, want(what)
	}
	return e, nil
}

// words returns what a term without a field says: a text anywhere, a trace, or everything.
func (t token) words() (rowstore.Expr, error) {
	value := joined(t.value)
	if len(t.value) == 1 && !t.value[0].quoted {
		if value == "*" {
			return rowstore.Everything, nil
		}
		if id, ok := rowstore.TraceOf(value); ok {
			return rowstore.Is("trace_id", id.String()), nil
		}
		if trimmed := strings.Trim(value, "*"); trimmed != "" { // a text is looked for inside of others anyway
			value = trimmed
		}
	}
	return match("*", rowstore.Contains, value), nil
}

func joined(ps []piece) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.text)
	}
	return b.String()
}

// choices lists the values of a field that has only these.
func choices(field string) []string {
	switch field {
	case "level":
		return rowstore.Levels()
	case "status":
		return rowstore.Statuses()
	case "kind":
		return rowstore.SpanKinds()[1:]
	}
	return nil
}

// glob is a value with stars: what stands between them.
type glob []string

// globbed splits a value at its bare stars; ok is false where it has none.
func globbed(ps []piece) (g glob, ok bool) {
	g = glob{""}
	for _, p := range ps {
		if p.quoted {
			g[len(g)-1] += p.text
			continue
		}
		parts := strings.Split(p.text, "*")
		g[len(g)-1] += parts[0]
		g = append(g, parts[1:]...)
	}
	return g, len(g) > 1
}

func (g glob) expr(field string) rowstore.Expr {
	if len(g) == 3 && g[0] == "" && g[2] == "" {
		return match(field, rowstore.Contains, g[1])
	}
	if len(g) == 2 && g[0] == "" && g[1] == "" {
		return match(field, rowstore.Exists, "")
	}
	parts := make([]string, len(g))
	for i, s := range g {
		parts[i] = regexp.QuoteMeta(s)
	}
	return match(field, rowstore.Matches, strings.Join(parts, ".*"))
}

// units are the units of durations, in seconds, and of sizes, in bytes.
var units = map[string]float64{
	"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400,
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// operand returns what a field is compared with, without its unit; else what would be accepted.
func operand(field, value string) (v, want string) {
	switch field {
	case "level":
		if v = strings.ToLower(value); slices.Contains(rowstore.Levels(), v) {
			return v, ""
		}
		return "", "one of " + strings.Join(rowstore.Levels(), ", ")
	case "time", "received":
		if _, ok := rowstore.ParseNumber(value); ok && !strings.Contains(value, "-") {
			return value, ""
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
			if at, err := time.Parse(layout, value); err == nil {
				return strconv.FormatInt(at.UnixMicro(), 10), ""
			}
		}
		return "", "a time in UTC such as 2026-11-21, 2026-11-21T10:00 or 2026-11-21T10:00:00Z"
	}
	if _, ok := rowstore.ParseNumber(value); ok {
		return value, ""
	}
	digits := strings.TrimRightFunc(value, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	n, ok := rowstore.ParseNumber(digits)
	if by := units[value[len(digits):]]; ok && by != 0 {
		if n *= by; !math.IsInf(n, 0) {
			// 500ms is 0.5 and not what 500 * 1e-3 may leave behind.
			return strconv.FormatFloat(rounded(n), 'g', -1, 64), ""
		}
	}
	if field == "duration" {
		return "", "a number of seconds, or one with a unit: ns us ms s m h d, such as 2s or 250ms"
	}
	return "", "a number, or one with a unit: ns us ms s m h d, B kB MB GB TB KiB MiB GiB TiB"
}

// rounded drops what a multiplication leaves behind the fifteenth digit.
func rounded(n float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil {
		return n
	}
	return r
}
