package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// promql reads a query that must be able to return a value always: what filters its own result is refused, because an empty
// answer would be grey exactly when things are well.
func (r *reader) promql(v *strict.Value) string {
	e := r.parse(v, "PromQL query")
	if e == nil {
		return ""
	}
	if t := e.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		r.Errorf(v, "%s yields a %s; want a query that yields a vector or a number", show(v.Text), parser.DocumentedType(t))
		return v.Text
	}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.BinaryExpr:
			at := int(n.LHS.PositionRange().End)
			switch {
			case n.Op.IsComparisonOperator() && !n.ReturnBool:
				r.ErrorAt(v, at, "%s filters with %s and returns nothing when all is well; write %s bool, or compare in thresholds", show(v.Text), n.Op, n.Op)
			case n.Op == parser.LAND || n.Op == parser.LUNLESS:
				r.ErrorAt(v, at, "%s filters with %q and may return nothing; want a query that always returns a value", show(v.Text), n.Op.String())
			}
		case *parser.Call:
			if n.Func.Name == "absent" || n.Func.Name == "absent_over_time" {
				r.ErrorAt(v, int(n.PosRange.Start), "%s: %s returns nothing while the series exist; use an indicator of the kind freshness, or count(...) or vector(0)", show(v.Text), n.Func.Name)
			}
		}
		return nil
	})
	r.promqlGroups(v, e)
	return strings.TrimSpace(v.Text)
}

// promqlGroups compares by with what the outermost aggregation keeps.
func (r *reader) promqlGroups(v *strict.Value, e parser.Expr) {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			break
		}
		e = p.Expr
	}
	agg, ok := e.(*parser.AggregateExpr)
	if !ok || agg.Without || agg.Op == parser.TOPK || agg.Op == parser.BOTTOMK || agg.Op == parser.LIMITK || agg.Op == parser.LIMIT_RATIO || agg.Op == parser.COUNT_VALUES {
		return
	}
	for _, name := range r.k.By {
		if !slices.Contains(agg.Grouping, name) {
			r.Errorf(v, "%s does not keep the label %q that by asks for; write %s by (%s) (...)", show(v.Text), name, agg.Op, strings.Join(r.k.By, ", "))
			return
		}
	}
	for _, name := range agg.Grouping {
		if !slices.Contains(r.k.By, name) {
			r.Errorf(v, "%s returns one value for each %q; want the same labels in by, so that each has its light, or a query without the label", show(v.Text), name)
			return
		}
	}
}

// expr reads the arithmetic over other KPIs. PromQL's grammar and precedence hold; only numbers, variables and + - * / % ^ are accepted.
func (r *reader) expr(v, at *strict.Value) {
	in := &r.k.Indicator
	in.Expr = strings.TrimSpace(at.Text)
	in.Inputs = map[string]string{}
	table := v.Get("inputs")
	if !v.Has("inputs") {
		r.Errorf(at, "%s has no inputs; add inputs: {a: name-of-a-kpi}", show(at.Text))
	}
	if table.Usable() {
		for _, p := range table.Keys {
			if p.Value.Usable() {
				in.Inputs[p.Key.Text] = p.Value.Text
			}
		}
	}
	e := r.parse(at, "arithmetic expression")
	if e == nil {
		return
	}
	used := map[string]bool{}
	r.exprNode(at, e, used)
	if table == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if _, ok := in.Inputs[name]; !ok && !table.Has(name) {
			r.Errorf(at, "%s uses %q, which is not in inputs%s", show(at.Text), name, near(name, inputs(r.k)))
		}
	}
	for _, p := range table.Keys {
		if !used[p.Key.Text] && p.Value.Usable() {
			r.Errorf(p.Key, "%q is not used in expr %s", p.Key.Text, show(at.Text))
		}
	}
}

func (r *reader) exprNode(at *strict.Value, e parser.Expr, used map[string]bool) {
	refuse := func() {
		r.ErrorAt(at, int(e.PositionRange().Start), "%s: want numbers, the variables of inputs and + - * / %% ^ with brackets, nothing else", show(at.Text))
	}
	switch e := e.(type) {
	case *parser.NumberLiteral:
	case *parser.ParenExpr:
		r.exprNode(at, e.Expr, used)
	case *parser.UnaryExpr:
		r.exprNode(at, e.Expr, used)
	case *parser.BinaryExpr:
		plain := e.VectorMatching == nil || (!e.VectorMatching.On && len(e.VectorMatching.MatchingLabels) == 0 && e.VectorMatching.Card == parser.CardOneToOne)
		if !slices.Contains([]parser.ItemType{parser.ADD, parser.SUB, parser.MUL, parser.DIV, parser.MOD, parser.POW}, e.Op) || !plain {
			refuse()
			return
		}
		r.exprNode(at, e.LHS, used)
		r.exprNode(at, e.RHS, used)
	case *parser.VectorSelector:
		if len(e.LabelMatchers) != 1 || e.Name == "" || e.OriginalOffset != 0 || e.OriginalOffsetExpr != nil || e.Timestamp != nil || e.StartOrEnd != 0 {
			refuse()
			return
		}
		used[e.Name] = true
	default:
		refuse()
	}
}

func near(word string, words []string) string {
	if n := strict.Nearest(word, words); n != "" {
		return "; did you mean \"" + n + "\"?"
	}
	if len(words) == 0 {
		return ""
	}
	if len(words) > 12 {
		return ""
	}
	return "; there are " + strings.Join(words, ", ")
}
