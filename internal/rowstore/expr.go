package rowstore

import (
	"github.com/prometheus/common/model"
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

// Match compares one field. With the field `*` Contains looks into body, name, route, error type and the values of the row's
// own attributes. The levels of logs are ordered: level >= warn holds for warn, error and fatal. Elsewhere > >= < <= compare
// decimal numbers, and hold for no row whose field is none. A number is compared by value and not searched for text: = on
// duration, value and weight wants a number, and =~ and contains are refused there.
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
		if m.Name == model.MetricNameLabel {
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
