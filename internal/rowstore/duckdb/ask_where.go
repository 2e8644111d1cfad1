package duckdb

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// seeker renders what is asked of one source.
type seeker struct {
	*question
	source
	resources []string // keys of its rows' resources
	narrow    bool     // only rows in spans can match
	spans     []span
}

// where renders an expression as a condition that holds for exactly the rows for which e.Compile's test holds. plain says
// that NULL may stand for FALSE there, which is so outside of every NOT.
func (s *seeker) where(e rowstore.Expr, plain bool) (string, error) {
	switch {
	case e.IsEverything():
		return "TRUE", nil
	case e.Match != nil:
		return s.match(e.Match, plain)
	case e.Not != nil:
		x, err := s.where(*e.Not, false)
		return "(NOT " + x + ")", err
	case len(e.Or) > 0:
		return s.join(e.Or, " OR ", plain)
	default:
		return s.join(e.And, " AND ", plain)
	}
}

func (s *seeker) join(es []rowstore.Expr, by string, plain bool) (string, error) {
	parts := make([]string, len(es))
	for i, e := range es {
		var err error
		if parts[i], err = s.where(e, plain); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(parts, by) + ")", nil
}

func (s *seeker) match(m *rowstore.Match, plain bool) (string, error) {
	holds, err := rowstore.Expr{Match: m}.Compile()
	if err != nil {
		return "", fault.New(fault.Invalid, "%w", err)
	}
	f := rowstore.FieldOf(m.Field)
	switch f.Name {
	case "level", "status", "kind":
		return enumerated(f, holds), nil
	case "duration":
		return s.duration(m)
	case "value", "weight":
		return s.double(m, f.Column)
	case "time":
		return s.instant(m, holds)
	}
	switch m.Op {
	case rowstore.Equal:
		if f.Type == rowstore.TypeID {
			return s.id(f.Name, m.Value), nil
		}
		return "(" + s.text(m.Field, plain && m.Value != "") + " = " + s.arg(m.Value) + ")", nil
	case rowstore.NotEqual:
		if f.Type == rowstore.TypeID {
			return "(NOT " + s.id(f.Name, m.Value) + ")", nil
		}
		return "(" + s.text(m.Field, false) + " <> " + s.arg(m.Value) + ")", nil
	case rowstore.Exists:
		return "(" + s.text(m.Field, plain) + " <> '')", nil
	case rowstore.Matches:
		return s.regexp(s.text(m.Field, false), m.Value)
	case rowstore.NoMatch:
		x, err := s.regexp(s.text(m.Field, false), m.Value)
		return "(NOT " + x + ")", err
	case rowstore.Contains:
		return s.contains(m.Field, m.Value, plain), nil
	}
	if f.Type == rowstore.TypeID {
		return "FALSE", nil // an id is no number
	}
	n, err := m.Number()
	return "coalesce(" + numeric(s.text(m.Field, false)) + " " + string(m.Op) + " " + s.arg(n) + ", FALSE)", err
}

// enumerated renders a condition on a small number by trying all of them.
func enumerated(f rowstore.Field, holds func(*rowstore.Row) bool) string {
	var ranges []string
	from := -1
	for v := 0; v <= 256; v++ {
		in := v < 256 && holds(&rowstore.Row{Severity: uint8(v), Status: uint8(v), Kind: uint8(v)})
		if in && from < 0 {
			from = v
		}
		if !in && from >= 0 {
			ranges = append(ranges, fmt.Sprintf("%s BETWEEN %d AND %d", f.Column, from, v-1))
			from = -1
		}
	}
	if ranges == nil {
		return "FALSE"
	}
	return "(" + strings.Join(ranges, " OR ") + ")"
}

// duration renders a condition on the duration. The ends of the range for which it holds are searched for, so that DuckDB
// compares integers and can skip row groups.
func (s *seeker) duration(m *rowstore.Match) (string, error) {
	if m.Op == rowstore.Exists {
		return "TRUE", nil
	}
	n, err := m.Number()
	from := func(op rowstore.Op) string { // the condition that a duration is so long
		v, ok := lowest(func(v int64) bool {
			if op == rowstore.Greater {
				return float64(v)/1e9 > n
			}
			return float64(v)/1e9 >= n
		})
		if !ok {
			return "FALSE"
		}
		return "duration >= " + s.arg(v)
	}
	switch m.Op {
	case rowstore.Greater, rowstore.AtLeast:
		return "(" + from(m.Op) + ")", err
	case rowstore.Less:
		return "(NOT " + from(rowstore.AtLeast) + ")", err
	case rowstore.AtMost:
		return "(NOT " + from(rowstore.Greater) + ")", err
	case rowstore.Equal:
		return "(" + from(rowstore.AtLeast) + " AND NOT " + from(rowstore.Greater) + ")", err
	default:
		return "(NOT (" + from(rowstore.AtLeast) + " AND NOT " + from(rowstore.Greater) + "))", err
	}
}

// lowest returns the lowest number for which f holds, where it holds for all above that.
func lowest(f func(int64) bool) (int64, bool) {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	if !f(hi) {
		return 0, false
	}
	for lo < hi {
		mid := int64(uint64(lo) + (uint64(hi)-uint64(lo))/2)
		if f(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, true
}

func (s *seeker) double(m *rowstore.Match, column string) (string, error) {
	if m.Op == rowstore.Exists {
		return "TRUE", nil
	}
	n, err := m.Number()
	if err != nil {
		return "", err
	}
	op := string(m.Op)
	if m.Op == rowstore.NotEqual {
		op = "<>" // NaN differs from every number
	}
	x := column + "::DOUBLE " + op + " " + s.arg(n)
	if column == "value" && (m.Op == rowstore.Greater || m.Op == rowstore.AtLeast) {
		x += " AND NOT isnan(value)" // which DuckDB takes for the largest number
	}
	return "(" + x + ")", nil
}

// instant renders a condition on the time.
func (s *seeker) instant(m *rowstore.Match, holds func(*rowstore.Row) bool) (string, error) {
	switch m.Op {
	case rowstore.Greater, rowstore.AtLeast, rowstore.Less, rowstore.AtMost:
		n, err := m.Number()
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return "(time " + string(m.Op) + " " + s.time(int64(n)) + ")", err
		}
		return "(epoch_us(time)::DOUBLE " + string(m.Op) + " " + s.arg(n) + ")", err
	case rowstore.Equal:
		if n, err := strconv.ParseInt(m.Value, 10, 64); err == nil && holds(&rowstore.Row{Time: n}) {
			return "(time = " + s.time(n) + ")", nil
		}
		return "FALSE", nil
	case rowstore.NotEqual:
		x, err := s.instant(&rowstore.Match{Field: m.Field, Op: rowstore.Equal, Value: m.Value}, func(r *rowstore.Row) bool { return !holds(r) })
		return "(NOT " + x + ")", err
	case rowstore.Exists:
		return "TRUE", nil
	case rowstore.Contains:
		return "contains(" + s.text("time", false) + ", " + s.arg(lower(m.Value)) + ")", nil
	}
	x, err := s.regexp(s.text("time", false), m.Value)
	if m.Op == rowstore.NoMatch {
		x = "(NOT " + x + ")"
	}
	return x, err
}

// id renders that a trace, span or parent has an id, in the form in which ids print.
func (s *seeker) id(field, value string) string {
	if field == "trace_id" {
		id, ok := rowstore.TraceOf(value)
		if value != "" && (!ok || id.String() != value) {
			return "FALSE"
		}
		hi, lo := id.Halves()
		return "(trace_hi = " + s.arg(hi) + " AND trace_lo = " + s.arg(lo) + ")"
	}
	n, err := strconv.ParseUint(value, 16, 64)
	if value != "" && (err != nil || rowstore.SpanID(n).String() != value) {
		return "FALSE"
	}
	return "(" + rowstore.FieldOf(field).Column + " = " + s.arg(n) + ")"
}

// regexp renders that a text fits a regular expression as a whole. Simple ones need none.
func (s *seeker) regexp(x, value string) (string, error) {
	if fast, err := labels.NewFastRegexMatcher(value); err == nil && len(fast.SetMatches()) > 0 {
		var set []string
		for _, v := range fast.SetMatches() {
			set = append(set, s.arg(v))
		}
		return "(" + x + " IN (" + strings.Join(set, ", ") + "))", nil
	}
	// Go's parser writes the expression out, so that what DuckDB's RE2 reads does not depend on its version of Unicode.
	re, err := syntax.Parse(value, syntax.Perl|syntax.DotNL)
	if err != nil {
		return "", fault.New(fault.Invalid, "%q is no regular expression: %w", value, err)
	}
	switch lit, before, after := literal(re); {
	case lit == "" && before && after:
		return "(" + x + " IS NOT NULL)", nil // any text; the parameters of x want to be used
	case lit == "":
	case before && after:
		return "contains(" + x + ", " + s.arg(lit) + ")", nil
	case before:
		return "ends_with(" + x + ", " + s.arg(lit) + ")", nil
	case after:
		return "starts_with(" + x + ", " + s.arg(lit) + ")", nil
	}
	return "regexp_full_match(" + x + ", " + s.arg(re.String()) + ")", nil
}

// literal takes .*text.* apart; all is empty for any other expression.
func literal(re *syntax.Regexp) (text string, before, after bool) {
	any := func(re *syntax.Regexp) bool { return re.Op == syntax.OpStar && re.Sub[0].Op == syntax.OpAnyChar }
	subs := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		subs = re.Sub
	}
	if len(subs) > 0 && any(subs[0]) {
		before, subs = true, subs[1:]
	}
	if len(subs) > 0 && any(subs[len(subs)-1]) {
		after, subs = true, subs[:len(subs)-1]
	}
	switch {
	case len(subs) == 0 && before:
		return "", true, true
	case len(subs) == 1 && subs[0].Op == syntax.OpLiteral && subs[0].Flags&syntax.FoldCase == 0:
		return string(subs[0].Rune), before, after
	}
	return "", false, false
}

func lower(s string) string { return strings.Map(unicode.ToLower, s) }

// contains renders that a field contains a text, whatever the case.
func (s *seeker) contains(field, value string, plain bool) string {
	if value == "" {
		return "TRUE"
	}
	part := s.arg(lower(value))
	if field != "*" {
		return "contains(lower(" + s.text(field, false) + "), " + part + ")"
	}
	var parts []string
	for _, column := range []string{"body", "name", "route", "error_type", "detail"} {
		parts = append(parts, "contains(lower("+column+"), "+part+")")
	}
	mapped := len(s.keys) == 0
	for _, key := range s.keys {
		column, ok := s.Promoted[key]
		if !ok {
			mapped = true
			continue
		}
		x := "contains(lower(" + column + "), " + part + ")"
		if !plain {
			x = "coalesce(" + x + ", FALSE)"
		}
		parts = append(parts, x)
	}
	if mapped {
		// The values are joined by a character that the text does not have.
		sep := 1
		for strings.ContainsRune(value, rune(sep)) {
			sep++
		}
		parts = append(parts, "contains(lower(array_to_string(map_values(attrs), chr("+strconv.Itoa(sep)+"))), "+part+")")
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// numeric renders a text as a DOUBLE, NULL where rowstore.ParseNumber reads none.
func numeric(x string) string {
	return "(CASE WHEN isfinite(TRY_CAST(" + x + " AS DOUBLE)) AND regexp_full_match(" + x +
		", '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN TRY_CAST(" + x + " AS DOUBLE) END)"
}

// text renders a field as text, ” where it is missing; with null it may be NULL there.
func (s *seeker) text(field string, null bool) string {
	f := rowstore.FieldOf(field)
	switch {
	case f.Name == "trace_id":
		return "CASE WHEN trace_hi = 0 AND trace_lo = 0 THEN '' ELSE printf('%016x%016x', trace_hi, trace_lo) END"
	case f.Type == rowstore.TypeID:
		return "CASE WHEN " + f.Column + " = 0 THEN '' ELSE printf('%016x', " + f.Column + ") END"
	case f.Name == "time":
		return "epoch_us(time)::VARCHAR"
	case f.Column != "":
		return f.Column
	}
	parts := s.attribute(field)
	switch {
	case !null:
		return "coalesce(" + strings.Join(append(parts, "''"), ", ") + ")"
	case len(parts) == 0:
		return "NULL::VARCHAR"
	case len(parts) == 1:
		return parts[0]
	default:
		return "coalesce(" + strings.Join(parts, ", ") + ")"
	}
}

// attribute renders where the value of an attribute may be, the first that is not NULL counts: the row's own keys that the
// name stands for, then the resource's.
func (s *seeker) attribute(name string) (parts []string) {
	for _, key := range meant(name, s.keys) {
		if column, ok := s.Promoted[key]; ok {
			parts = append(parts, column)
		} else {
			parts = append(parts, "attrs["+s.arg(key)+"]")
		}
	}
	for _, key := range meant(name, s.resources) {
		path := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		parts = append(parts, "CASE WHEN resource <> '' THEN json_extract_string(resource, "+s.arg(path)+") END")
	}
	return parts
}

// meant returns the keys that a name stands for: itself, then the others in order.
func meant(name string, keys []string) (out []string) {
	for _, key := range keys {
		if rowstore.StandsFor(name, key) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == name:
			return -1
		case b == name:
			return 1
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}
