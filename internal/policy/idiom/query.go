package idiom

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// Query is an expression as a promql indicator can ask it: it filters nothing, and has one value for each group.
type Query struct {
	Text        string
	By          []string
	Differences []string
}

// AsQuery turns an expression into such a query. up says that large values breach, so that of several series the largest
// counts. The error says in a sentence why it cannot be one. The expression may be changed.
func AsQuery(e parser.Expr, up bool) (Query, error) {
	var q Query
	e, err := unfilter(bare(e), &q, 0)
	if err != nil {
		return q, err
	}
	if t := e.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return q, fmt.Errorf("it yields a %s, and a KPI needs a number", parser.DocumentedType(t))
	}
	if e.Type() == parser.ValueTypeScalar {
		q.Text = e.String()
		return q, nil
	}
	worst := "min"
	if up {
		worst = "max"
	}
	by, known := keeps(e, 0)
	switch {
	case known && reserved(by):
		by = slices.DeleteFunc(by, Reserved)
		q.Differences = append(q.Differences, fmt.Sprintf("a KPI cannot be by kpi, alertname, severity, le, quantile and __*: of the series that differ in these the %s counts", worst))
	case !known:
		by = origin(e)
		of := "for all series together"
		if len(by) > 0 {
			of = "for each " + strings.Join(by, " and ")
		}
		q.Differences = append(q.Differences, fmt.Sprintf("the query has a value for each series; here there is one light %s, and the %s of its series counts", of, worst))
	default:
		q.Text, q.By = e.String(), by
		return q, nil
	}
	q.By = by
	op := parser.ItemType(parser.MIN)
	if up {
		op = parser.MAX
	}
	q.Text = (&parser.AggregateExpr{Op: op, Expr: e, Grouping: by}).String()
	return q, nil
}

// unfilter turns count(x == 1) into sum(x == bool 1) and refuses every other filter.
func unfilter(e parser.Expr, q *Query, depth int) (parser.Expr, error) {
	if depth > maxNested {
		return nil, errors.New("it is nested too deep")
	}
	var err error
	step := func(x parser.Expr) parser.Expr {
		if err != nil || x == nil {
			return x
		}
		x, err = unfilter(x, q, depth+1)
		return x
	}
	switch x := e.(type) {
	case *parser.ParenExpr:
		x.Expr = step(x.Expr)
	case *parser.UnaryExpr:
		x.Expr = step(x.Expr)
	case *parser.SubqueryExpr:
		x.Expr = step(x.Expr)
	case *parser.Call:
		if x.Func.Name == "absent" || x.Func.Name == "absent_over_time" {
			return nil, fmt.Errorf("it holds %s, which returns nothing while the series exist, and a KPI's query must always return a value", x.Func.Name)
		}
		for i := range x.Args {
			x.Args[i] = step(x.Args[i])
		}
	case *parser.AggregateExpr:
		if b, ok := bare(x.Expr).(*parser.BinaryExpr); ok && x.Op == parser.COUNT && b.Op.IsComparisonOperator() && !b.ReturnBool {
			x.Op, b.ReturnBool = parser.SUM, true
			q.Differences = append(q.Differences, "count of a comparison became sum of the comparison with bool: it is 0 where count returns nothing")
		}
		x.Expr = step(x.Expr)
	case *parser.BinaryExpr:
		switch {
		case x.Op.IsComparisonOperator() && !x.ReturnBool:
			return nil, fmt.Errorf("it filters with %s inside, so that it returns nothing when all is well, and a KPI's query must always return a value", x.Op)
		case x.Op == parser.LAND || x.Op == parser.LUNLESS:
			return nil, fmt.Errorf("it filters with %q inside, and a KPI's query must always return a value", x.Op.String())
		}
		x.LHS = step(x.LHS)
		x.RHS = step(x.RHS)
	}
	return e, err
}

// maxNested bounds the recursion over a whole expression.
const maxNested = 200

// keeps names the labels that an expression's series have; known is false where that depends on the data.
func keeps(e parser.Expr, depth int) (by []string, known bool) {
	if depth > maxNested {
		return nil, false
	}
	switch e := bare(e).(type) {
	case *parser.AggregateExpr:
		switch e.Op {
		case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO, parser.COUNT_VALUES:
			return nil, false
		}
		return slices.Sorted(slices.Values(e.Grouping)), !e.Without
	case *parser.BinaryExpr:
		return keepsBoth(e, depth)
	case *parser.UnaryExpr:
		return keeps(e.Expr, depth+1)
	case *parser.NumberLiteral:
		return nil, true
	case *parser.SubqueryExpr:
		return keeps(e.Expr, depth+1)
	case *parser.Call:
		switch e.Func.Name {
		case "vector", "scalar", "time", "pi":
			return nil, true
		case "label_replace", "label_join", "info", "histogram_quantiles":
			return nil, false
		}
		for _, a := range e.Args {
			if t := a.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
				by, known = keeps(a, depth+1)
				if strings.HasPrefix(e.Func.Name, "histogram_") {
					by = slices.DeleteFunc(by, func(l string) bool { return l == "le" })
				}
				return by, known
			}
		}
		return nil, len(e.Args) > 0
	}
	return nil, false
}

func keepsBoth(e *parser.BinaryExpr, depth int) ([]string, bool) {
	l, knownL := keeps(e.LHS, depth+1)
	r, knownR := keeps(e.RHS, depth+1)
	m := e.VectorMatching
	switch {
	case m == nil && e.LHS.Type() == parser.ValueTypeScalar:
		return r, knownR
	case m == nil:
		return l, knownL
	case e.Op == parser.LOR:
		return l, knownL && knownR && slices.Equal(l, r)
	case m.Card == parser.CardOneToOne && m.On:
		return slices.Sorted(slices.Values(m.MatchingLabels)), true
	case m.Card == parser.CardOneToOne && len(m.MatchingLabels) > 0:
		by := slices.DeleteFunc(slices.Clone(l), func(x string) bool { return slices.Contains(m.MatchingLabels, x) })
		return by, knownL
	case m.Card == parser.CardOneToOne:
		return l, knownL && knownR && slices.Equal(l, r)
	case m.Card == parser.CardManyToOne:
		return merged(l, m.Include), knownL
	case m.Card == parser.CardOneToMany:
		return merged(r, m.Include), knownR
	}
	return nil, false
}

func merged(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(a), b...))))
}

// origin names the labels of the targets that an expression asks about, or none where it asks about recorded series or has
// been aggregated on the way.
func origin(e parser.Expr) []string {
	by := []string{"job", "instance"}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			if strings.Contains(n.Name, ":") {
				by = nil
			}
		case *parser.AggregateExpr:
			if n.Op != parser.TOPK && n.Op != parser.BOTTOMK {
				by = without(by, n)
			}
		}
		return nil
	})
	return by
}

// without drops the labels that an aggregation drops.
func without(by []string, agg *parser.AggregateExpr) []string {
	return slices.DeleteFunc(by, func(l string) bool { return slices.Contains(agg.Grouping, l) == agg.Without })
}
