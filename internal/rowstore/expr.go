package rowstore

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// Op compares a field with a value.
type Op string

// The comparisons. The regular expressions are anchored at both ends, as PromQL's are, and RE2.
const (
	Equal    Op = "="
	NotEqual Op = "!="
	Matches  Op = "=~"
	NoMatch  Op = "!~"
	Greater  Op = ">"
	AtLeast  Op = ">="
	Less     Op = "<"
	AtMost   Op = "<="
	Contains Op = "contains" // substring, case does not count
	Exists   Op = "exists"   // the field is not empty
)

// Expr chooses rows. Exactly one of its forms is set; the zero Expr holds for every row. A missing field is empty text, as a
// missing label is in PromQL.
type Expr struct {
	And   []Expr
	Or    []Expr
	Not   *Expr
	Match *Match
}

// Match compares one field. For `body` Contains looks into the message; with the field `*` it looks into body, name, route,
// error type and the values of all attributes.
type Match struct {
	Field string
	Op    Op
	Value string
}

// Everything is the Expr that holds for every row.
var Everything = Expr{}

// All returns the conjunction of expressions.
func All(es ...Expr) Expr {
	var out []Expr
	for _, e := range es {
		switch {
		case e.IsEverything():
		case e.And != nil:
			out = append(out, e.And...)
		default:
			out = append(out, e)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return Expr{And: out}
}

// Any returns the disjunction of expressions; of none it holds for no row.
func Any(es ...Expr) Expr {
	if len(es) == 1 {
		return es[0]
	}
	if len(es) == 0 {
		return Expr{Not: &Expr{}}
	}
	return Expr{Or: es}
}

// Is is the Expr that a field equals a value.
func Is(field, value string) Expr { return Expr{Match: &Match{field, Equal, value}} }

// IsEverything reports whether e holds for every row.
func (e Expr) IsEverything() bool {
	return len(e.And) == 0 && len(e.Or) == 0 && e.Not == nil && e.Match == nil
}

// OfMatchers is the Expr of PromQL matchers; the metric name, which names the table, is left out.
func OfMatchers(ms []*labels.Matcher) Expr {
	var es []Expr
	for _, m := range ms {
		if m.Name == labels.MetricName {
			continue
		}
		op := [...]Op{labels.MatchEqual: Equal, labels.MatchNotEqual: NotEqual, labels.MatchRegexp: Matches, labels.MatchNotRegexp: NoMatch}[m.Type]
		es = append(es, Expr{Match: &Match{m.Name, op, m.Value}})
	}
	return All(es...)
}

// Compile returns the expression as a test of rows that allocates nothing. The error names the regular expression or number
// that is none.
func (e Expr) Compile() (func(*Row) bool, error) {
	switch {
	case e.IsEverything():
		return func(*Row) bool { return true }, nil
	case e.Match != nil:
		return e.Match.compile()
	case e.Not != nil:
		f, err := e.Not.Compile()
		return func(r *Row) bool { return !f(r) }, err
	}
	parts, want := e.And, false
	if len(e.Or) > 0 {
		parts, want = e.Or, true
	}
	fs := make([]func(*Row) bool, len(parts))
	for i, p := range parts {
		var err error
		if fs[i], err = p.Compile(); err != nil {
			return nil, err
		}
	}
	return func(r *Row) bool {
		for _, f := range fs {
			if f(r) == want {
				return want
			}
		}
		return !want
	}, nil
}

func (m *Match) compile() (func(*Row) bool, error) {
	field, value := m.Field, m.Value
	numeric := FieldOf(field).Type == TypeNumber
	switch m.Op {
	case Equal, NotEqual:
		want := m.Op == Equal
		if numeric {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil && value != "" {
				return nil, fmt.Errorf("%s %s %q: want a number", field, m.Op, value)
			}
			return func(r *Row) bool { v, ok := r.Number(field); return (ok && v == n) == want }, nil
		}
		return func(r *Row) bool { return (r.Get(field) == value) == want }, nil
	case Matches, NoMatch:
		want := m.Op == Matches
		re, err := labels.NewFastRegexMatcher(value)
		if err != nil {
			return nil, fmt.Errorf("%s %s %q: %w", field, m.Op, value, err)
		}
		return func(r *Row) bool { return re.MatchString(r.Get(field)) == want }, nil
	case Greater, AtLeast, Less, AtMost:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("%s %s %q: want a number", field, m.Op, value)
		}
		op := m.Op
		return func(r *Row) bool {
			v, ok := r.Number(field)
			if !ok {
				return false
			}
			switch op {
			case Greater:
				return v > n
			case AtLeast:
				return v >= n
			case Less:
				return v < n
			default:
				return v <= n
			}
		}, nil
	case Contains:
		re, err := regexp.Compile("(?i)" + regexp.QuoteMeta(value))
		if err != nil {
			return nil, err
		}
		if field == "*" {
			return func(r *Row) bool { return anywhere(r, re) }, nil
		}
		return func(r *Row) bool { return re.MatchString(r.Get(field)) }, nil
	case Exists:
		return func(r *Row) bool { return r.Get(field) != "" }, nil
	}
	return nil, fmt.Errorf("%q is no comparison; want = != =~ !~ > >= < <= contains or exists", m.Op)
}

func anywhere(r *Row, re *regexp.Regexp) bool {
	if re.MatchString(r.Body) || re.MatchString(r.Name) || re.MatchString(r.Route) || re.MatchString(r.ErrorType) {
		return true
	}
	for i := range r.Attrs {
		if re.MatchString(r.Attrs[i].Value) {
			return true
		}
	}
	return false
}

// String returns the expression in the form that the search language reads.
func (e Expr) String() string {
	join := func(es []Expr, by string) string {
		parts := make([]string, len(es))
		for i, x := range es {
			parts[i] = x.String()
			if len(x.And) > 0 || len(x.Or) > 0 {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, by)
	}
	switch {
	case e.Match != nil:
		return e.Match.String()
	case e.Not != nil && e.Not.IsEverything():
		return "-*"
	case e.Not != nil && e.Not.Match != nil:
		return "-" + e.Not.String()
	case e.Not != nil:
		return "-(" + e.Not.String() + ")"
	case len(e.Or) > 0:
		return join(e.Or, " OR ")
	default:
		return join(e.And, " ")
	}
}

// String returns `field:value` and its like, quoted where need be.
func (m *Match) String() string {
	value := m.Value
	if value == "" || strings.ContainsAny(value, " \t\n\"():") || strings.HasPrefix(value, "-") {
		value = strconv.Quote(value)
	}
	switch {
	case m.Op == Contains && m.Field == "*":
		return value
	case m.Op == Contains:
		return m.Field + ":*" + value + "*"
	case m.Op == Exists:
		return m.Field + ":*"
	case m.Op == Equal:
		return m.Field + ":" + value
	case m.Op == NotEqual:
		return "-" + m.Field + ":" + value
	case m.Op == Matches:
		return m.Field + ":~" + strconv.Quote(m.Value)
	case m.Op == NoMatch:
		return "-" + m.Field + ":~" + strconv.Quote(m.Value)
	default:
		return m.Field + ":" + string(m.Op) + value
	}
}
