package duckdb

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

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
	case f.Type == rowstore.TypeTime:
		return "epoch_us(" + f.Column + ")::VARCHAR"
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
