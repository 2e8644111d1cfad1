package idiom

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Condition is what an alerting expression says: it holds for the values for which `Value Op X` holds.
type Condition struct {
	Value       parser.Expr
	Reading     *Reading // the indicator, where the comparison says more than the value alone
	Op          kpi.Op
	X           *big.Rat
	Least       *Least   // the expression also asks for a smallest total
	Differences []string // in what it is not the expression
}

// Least is `and sum(rate(total[w])) > x`: a guard against few events.
type Least struct {
	Total  *kpi.Selector
	Events *big.Rat // within the window
}

// Split parts an alerting expression into a value and a comparison. The error says in a sentence why it has none.
func Split(e parser.Expr) (Condition, error) {
	return split(e, 0)
}

func split(e parser.Expr, depth int) (Condition, error) {
	if depth > maxDepth {
		return Condition{}, errors.New("it is nested too deep")
	}
	b, ok := bare(e).(*parser.BinaryExpr)
	switch {
	case !ok:
		return Condition{}, errors.New("it compares nothing: it fires for whatever the query returns, and a KPI needs a value and a threshold")
	case b.Op == parser.LAND:
		return both(b, depth)
	case b.Op == parser.LOR || b.Op == parser.LUNLESS:
		return Condition{}, fmt.Errorf("it joins conditions with %q, and a KPI has one value that is always there", b.Op.String())
	case !b.Op.IsComparisonOperator():
		return Condition{}, errors.New("it compares nothing at its end: it fires for whatever the query returns, and a KPI needs a value and a threshold")
	case b.ReturnBool:
		return Condition{}, errors.New("its comparison has bool, so it fires always: as 0 and as 1")
	}
	if c, ok := isDown(b); ok {
		return c, nil
	}
	op, known := map[parser.ItemType]kpi.Op{parser.GTR: kpi.Above, parser.GTE: kpi.AtLeast, parser.LSS: kpi.Below, parser.LTE: kpi.AtMost}[b.Op]
	if x := Number(b.RHS); x != nil && known && b.LHS.Type() == parser.ValueTypeVector {
		return Condition{Value: bare(b.LHS), Op: op, X: x}, nil
	}
	if x := Number(b.LHS); x != nil && known && b.RHS.Type() == parser.ValueTypeVector {
		return Condition{Value: bare(b.RHS), Op: Mirror(op), X: x}, nil
	}
	// Two queries, or == and !=: the comparison itself is the value, 1 while it holds.
	copied := *b
	copied.ReturnBool = true
	return Condition{Value: &copied, Op: kpi.Above, X: zero(), Differences: []string{
		"the comparison has no constant side that could be a threshold, so the KPI's value is 1 while it holds and 0 while it does not",
	}}, nil
}

// isDown reads up == 0, up != 1 and up < 1: of the samples of a target none has the value 1.
func isDown(b *parser.BinaryExpr) (Condition, bool) {
	sel, ok := plain(b.LHS)
	c := Number(b.RHS)
	if c == nil || !ok || !slices.Contains(updown, sel.Name) {
		return Condition{}, false
	}
	isOne := c.Cmp(one()) == 0
	if !(b.Op == parser.EQLC && c.Sign() == 0) && !(b.Op == parser.NEQ && isOne) && !(b.Op == parser.LSS && isOne) {
		return Condition{}, false
	}
	r := reading(kpi.Indicator{Kind: kpi.Availability, Of: selector(sel)}, targetLabels(sel.Name), 0,
		"a datapoint is red when no sample of its period is 1; Prometheus looks at the newest sample alone, so with several samples a period it sees a target that goes down up to one period earlier",
		"there is one light for each job and instance; Prometheus alerts for each series, with all labels of the target")
	return Condition{Value: sel, Reading: &r, Op: kpi.AtMost, X: zero()}, true
}

// both reads `A and B`: a share with a smallest total, or the product of two comparisons where that cannot pair wrongly.
func both(b *parser.BinaryExpr, depth int) (Condition, error) {
	if c, err := split(b.LHS, depth+1); err == nil && c.Least == nil {
		if r, ok := c.recognise(); ok && r.Indicator.Kind == kpi.Ratio {
			if l, ok := least(b.RHS, r); ok && joined(&parser.VectorMatching{On: b.VectorMatching.On, MatchingLabels: b.VectorMatching.MatchingLabels}, r.By) {
				c.Least = l
				c.Differences = append(c.Differences, "the smallest total became thresholds.min_count: with fewer events the light is grey (few), in Prometheus there is no alert")
				return c, nil
			}
		}
	}
	left, right, err := bools(b)
	if err != nil {
		return Condition{}, err
	}
	m := b.VectorMatching
	matching := &parser.VectorMatching{Card: parser.CardOneToOne, On: m.On, MatchingLabels: m.MatchingLabels}
	labelsL, knownL := keeps(left, 0)
	labelsR, knownR := keeps(right, 0)
	subset := func(all []string, of []string) bool {
		return !slices.ContainsFunc(all, func(l string) bool { return !slices.Contains(of, l) })
	}
	switch {
	case !knownR || (!knownL && !m.On):
		return Condition{}, errors.New(`it joins two conditions with "and", and the labels of its sides are not known, so that they cannot be paired`)
	case knownL && slices.Equal(labelsL, labelsR) && (!m.On && len(m.MatchingLabels) == 0 || m.On && subset(labelsR, m.MatchingLabels)):
	case m.On && subset(labelsR, m.MatchingLabels):
		matching.Card = parser.CardManyToOne
	default:
		return Condition{}, errors.New(`it joins two conditions with "and" over different labels, so that they cannot be paired`)
	}
	product := &parser.BinaryExpr{Op: parser.MUL, LHS: &parser.ParenExpr{Expr: left}, RHS: &parser.ParenExpr{Expr: right}, VectorMatching: matching}
	return Condition{Value: product, Op: kpi.Above, X: zero(), Differences: []string{
		"two conditions became the product of two comparisons, so the KPI's value is 1 while both hold and 0 while one does not",
	}}, nil
}

// bools turns the comparisons on both sides of `and` into ones that return 0 or 1.
func bools(b *parser.BinaryExpr) (left, right parser.Expr, err error) {
	out := [2]parser.Expr{}
	for i, side := range []parser.Expr{b.LHS, b.RHS} {
		c, ok := bare(side).(*parser.BinaryExpr)
		if !ok || !c.Op.IsComparisonOperator() || c.ReturnBool {
			return nil, nil, errors.New(`it joins with "and" something that is no comparison, and a KPI has one value that is always there`)
		}
		copied := *c
		copied.ReturnBool = true
		out[i] = &copied
	}
	return out[0], out[1], nil
}

// least reads sum(rate(total[w])) > x for the total of a ratio.
func least(e parser.Expr, ratio Reading) (*Least, bool) {
	c, err := split(e, maxDepth)
	if err != nil || !Up(c.Op) {
		return nil, false
	}
	r, ok := Recognise(c.Value)
	if !ok || r.Indicator.Kind != kpi.Rate || r.Scale.Sign() <= 0 || !slices.Equal(r.By, ratio.By) || r.Indicator.Of.Text != ratio.Indicator.Total.Text {
		return nil, false
	}
	_, perSecond := r.Threshold(c.Op, c.X)
	if perSecond.Sign() <= 0 {
		return nil, false
	}
	return &Least{Total: r.Indicator.Of, Events: new(big.Rat).Mul(perSecond, seconds(ratio.Window))}, true
}

// Absent reads absent(...) and absent_over_time(...) and returns what is asked for.
func Absent(e parser.Expr) (call *parser.Call, arg parser.Expr, ok bool) {
	c, isCall := bare(e).(*parser.Call)
	if !isCall || (c.Func.Name != "absent" && c.Func.Name != "absent_over_time") || len(c.Args) != 1 {
		return nil, nil, false
	}
	return c, bare(c.Args[0]), true
}

// recognise says which indicator the value is.
func (c *Condition) recognise() (Reading, bool) {
	if c.Reading != nil {
		return *c.Reading, true
	}
	return Recognise(c.Value)
}

// Indicator says which indicator the condition's value is, with the comparison that breaches; ok is false if there is none
// that is exact.
func (c *Condition) Indicator() (r Reading, op kpi.Op, x *big.Rat, ok bool) {
	r, ok = c.recognise()
	if !ok {
		return r, "", nil, false
	}
	op, x = r.Threshold(c.Op, c.X)
	if IsShare(r.Indicator.Kind) && (x.Sign() < 0 || x.Cmp(one()) > 0) {
		return r, "", nil, false // a share is never there; the query says what was meant
	}
	r.Turn(Up(op))
	return r, op, x, true
}
