package duckdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// seeker renders what is asked of one source.
type seeker struct {
	*question
	source
	resources []string // keys of its rows' resources
	narrow    bool     // only rows in spans can match
	chosen    []int64  // in order: the rows that are wanted; nil: they are not known
	spans     []span   // in order
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
	case "time", "received":
		return s.instant(m, f.Column, holds)
	}
	switch m.Op {
	case rowstore.Equal:
		if f.Name == "service" && s.ofService(m.Value) {
			return "TRUE", nil
		}
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

// instant renders a condition on a column of times.
func (s *seeker) instant(m *rowstore.Match, column string, holds func(*rowstore.Row) bool) (string, error) {
	switch m.Op {
	case rowstore.Greater, rowstore.AtLeast, rowstore.Less, rowstore.AtMost:
		n, err := m.Number()
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return "(" + column + " " + string(m.Op) + " " + s.time(int64(n)) + ")", err
		}
		return "(epoch_us(" + column + ")::DOUBLE " + string(m.Op) + " " + s.arg(n) + ")", err
	case rowstore.Equal:
		if n, err := strconv.ParseInt(m.Value, 10, 64); err == nil && holds(&rowstore.Row{Time: n, Received: n}) {
			return "(" + column + " = " + s.time(n) + ")", nil
		}
		return "FALSE", nil
	case rowstore.NotEqual:
		x, err := s.instant(&rowstore.Match{Field: m.Field, Op: rowstore.Equal, Value: m.Value}, column, func(r *rowstore.Row) bool { return !holds(r) })
		return "(NOT " + x + ")", err
	case rowstore.Exists:
		return "TRUE", nil
	case rowstore.Contains:
		return "contains(" + s.text(m.Field, false) + ", " + s.arg(lower(m.Value)) + ")", nil
	}
	x, err := s.regexp(s.text(m.Field, false), m.Value)
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
