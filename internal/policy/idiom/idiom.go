// Package idiom recognises what PromQL expressions say in the words of the house: which indicator yields the same number, by
// which labels, over which window, and how a comparison at its end parts into a value and a threshold. What it recognises is
// exact up to the differences that Reading.Differences names; everything else stays a query.
package idiom

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Reading is what an expression says: expression = Scale x indicator + Offset.
type Reading struct {
	Indicator     kpi.Indicator // of a share: its part is Good until Turn decides; of a gauge by series: Across is set by Turn
	By            []string
	Window        time.Duration // 0 = the newest sample, so that a datapoint covers its own period
	Scale, Offset *big.Rat
	EachSeries    bool     // the expression has a value for each series, and By names only the labels that every target has
	Differences   []string // in what the indicator is not the expression, one sentence each
}

// Sentences on how increases are counted here and in PromQL.
const (
	NoExtrapolation = "PromQL's rate and increase extrapolate to the edges of their window; here an increase belongs to the period of its sample and nothing is extrapolated, so values differ slightly"
	NoLookBack      = "PromQL looks back up to 5m for the newest sample; here a period without a sample is missing"
)

// Parse reads an expression.
func Parse(text string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(text)
}

// Recognise says which indicator an expression is; ok is false if there is none.
func Recognise(e parser.Expr) (Reading, bool) {
	return recognise(e, 0)
}

func one() *big.Rat  { return big.NewRat(1, 1) }
func zero() *big.Rat { return new(big.Rat) }

func reading(in kpi.Indicator, by []string, window time.Duration, differences ...string) Reading {
	return Reading{Indicator: in, By: by, Window: window, Scale: one(), Offset: zero(), Differences: differences}
}

// maxDepth bounds the recursion into arithmetic around an indicator; nobody writes more.
const maxDepth = 20

func recognise(e parser.Expr, depth int) (Reading, bool) {
	if depth > maxDepth {
		return Reading{}, false
	}
	e = regroup(bare(e))
	if b, ok := e.(*parser.BinaryExpr); ok {
		if r, ok := affine(b, depth); ok {
			return r, true
		}
	}
	for _, f := range []func(parser.Expr) (Reading, bool){ratio, quantile, rate, availability, gauge} {
		if r, ok := f(e); ok {
			return r, true
		}
	}
	return Reading{}, false
}

// regroup writes (c * x) / y, as PromQL reads 100 * x / y, as c * (x / y).
func regroup(e parser.Expr) parser.Expr {
	b, ok := e.(*parser.BinaryExpr)
	if !ok || b.Op != parser.DIV || Number(b.RHS) != nil {
		return e
	}
	m, ok := bare(b.LHS).(*parser.BinaryExpr)
	if !ok || m.Op != parser.MUL {
		return e
	}
	c, x := m.LHS, m.RHS
	if Number(c) == nil {
		c, x = x, c
	}
	if Number(c) == nil || Number(x) != nil {
		return e
	}
	quotient := *b
	quotient.LHS = x
	return &parser.BinaryExpr{Op: parser.MUL, LHS: c, RHS: &quotient}
}

// affine reads a number added to, multiplied with or divided into what is an indicator: 100 * x, 1 - x, x / 60.
func affine(b *parser.BinaryExpr, depth int) (Reading, bool) {
	inner, c, left := b.LHS, Number(b.RHS), false
	if c == nil {
		inner, c, left = b.RHS, Number(b.LHS), true
	}
	if c == nil {
		return Reading{}, false
	}
	r, ok := recognise(inner, depth+1)
	if !ok {
		return r, false
	}
	switch {
	case b.Op == parser.ADD:
		r.Offset = new(big.Rat).Add(r.Offset, c)
	case b.Op == parser.SUB && !left:
		r.Offset = new(big.Rat).Sub(r.Offset, c)
	case b.Op == parser.SUB:
		r.Scale = new(big.Rat).Neg(r.Scale)
		r.Offset = new(big.Rat).Sub(c, r.Offset)
	case b.Op == parser.MUL && c.Sign() != 0:
		r.Scale, r.Offset = new(big.Rat).Mul(r.Scale, c), new(big.Rat).Mul(r.Offset, c)
	case b.Op == parser.DIV && !left && c.Sign() != 0:
		r.Scale, r.Offset = new(big.Rat).Quo(r.Scale, c), new(big.Rat).Quo(r.Offset, c)
	default:
		return Reading{}, false
	}
	return r, true
}

// counter is sum [by (...)] (rate|increase(SELECTOR[w])).
type counter struct {
	sel      *parser.VectorSelector
	by       []string
	window   time.Duration
	increase bool
}

func asCounter(e parser.Expr) (counter, bool) {
	agg, ok := bare(e).(*parser.AggregateExpr)
	if !ok || agg.Op != parser.SUM || agg.Without || agg.Param != nil {
		return counter{}, false
	}
	c, ok := asRate(agg.Expr)
	c.by = slices.Sorted(slices.Values(agg.Grouping))
	return c, ok
}

// asRate reads rate(SELECTOR[w]) or increase(SELECTOR[w]).
func asRate(e parser.Expr) (counter, bool) {
	call, ok := bare(e).(*parser.Call)
	if !ok || (call.Func.Name != "rate" && call.Func.Name != "increase") || len(call.Args) != 1 {
		return counter{}, false
	}
	sel, w, ok := matrix(call.Args[0])
	return counter{sel: sel, window: w, increase: call.Func.Name == "increase"}, ok
}

func matrix(e parser.Expr) (*parser.VectorSelector, time.Duration, bool) {
	m, ok := bare(e).(*parser.MatrixSelector)
	if !ok || m.RangeExpr != nil || m.Range <= 0 {
		return nil, 0, false
	}
	sel, ok := plain(m.VectorSelector)
	return sel, m.Range, ok
}

// plain reads a vector selector that asks about now.
func plain(e parser.Expr) (*parser.VectorSelector, bool) {
	s, ok := bare(e).(*parser.VectorSelector)
	if !ok || s.OriginalOffset != 0 || s.OriginalOffsetExpr != nil || s.Timestamp != nil || s.StartOrEnd != 0 || s.Anchored || s.Smoothed {
		return nil, false
	}
	return s, true
}

// Plain reads a vector selector that stands alone.
func Plain(e parser.Expr) (*kpi.Selector, bool) {
	s, ok := plain(e)
	if !ok {
		return nil, false
	}
	return selector(s), true
}

// bare takes brackets and a plus sign off.
func bare(e parser.Expr) parser.Expr {
	for {
		switch x := e.(type) {
		case *parser.ParenExpr:
			e = x.Expr
		case *parser.UnaryExpr:
			if x.Op != parser.ADD {
				return e
			}
			e = x.Expr
		case *parser.StepInvariantExpr:
			e = x.Expr
		default:
			return e
		}
	}
}

func selector(s *parser.VectorSelector) *kpi.Selector {
	return &kpi.Selector{Text: s.String(), Matchers: s.LabelMatchers}
}

// MetricName is the name that a selector fixes, or empty.
func MetricName(s *kpi.Selector) string {
	for _, m := range s.Matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// renamed is the selector with another metric name and without the matchers of a label.
func renamed(s *parser.VectorSelector, name, without string) *parser.VectorSelector {
	c := &parser.VectorSelector{Name: name}
	for _, m := range s.LabelMatchers {
		if m.Name != model.MetricNameLabel && m.Name != without {
			c.LabelMatchers = append(c.LabelMatchers, m)
		}
	}
	c.LabelMatchers = append(c.LabelMatchers, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))
	return c
}

// matcherTexts lists a selector's matchers but the name, sorted.
func matcherTexts(s *parser.VectorSelector, without string) []string {
	var out []string
	for _, m := range s.LabelMatchers {
		if m.Name != model.MetricNameLabel && m.Name != without {
			out = append(out, m.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// joined reports whether a binary operation joins two sides that are both by the given labels on exactly those.
func joined(v *parser.VectorMatching, by []string) bool {
	if v == nil || v.Card != parser.CardOneToOne || v.FillValues != (parser.VectorMatchFillValues{}) {
		return false
	}
	on := slices.Sorted(slices.Values(v.MatchingLabels))
	if v.On {
		return slices.Equal(on, by)
	}
	return !slices.ContainsFunc(on, func(l string) bool { return slices.Contains(by, l) })
}

// Number returns the value of an expression that is a constant; nil if it is none. It is exact: 0.1 is a tenth.
func Number(e parser.Expr) *big.Rat {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return Number(e.Expr)
	case *parser.UnaryExpr:
		n := Number(e.Expr)
		if n != nil && e.Op == parser.SUB {
			return new(big.Rat).Neg(n)
		}
		return n
	case *parser.NumberLiteral:
		return Exact(e.Val)
	case *parser.BinaryExpr:
		a, b := Number(e.LHS), Number(e.RHS)
		if a == nil || b == nil {
			return nil
		}
		switch {
		case e.Op == parser.ADD:
			return new(big.Rat).Add(a, b)
		case e.Op == parser.SUB:
			return new(big.Rat).Sub(a, b)
		case e.Op == parser.MUL:
			return new(big.Rat).Mul(a, b)
		case e.Op == parser.DIV && b.Sign() != 0:
			return new(big.Rat).Quo(a, b)
		}
	}
	return nil
}

// differ reports in words how two selectors of a share stand to each other, empty if the part is a part of the whole.
func differ(part, whole *parser.VectorSelector) string {
	if part.Name != whole.Name || part.Name == "" {
		return fmt.Sprintf("%s and %s are two metrics; if the first is ever more than the second the datapoint is grey here, in PromQL it is a number above 1", part.Name, whole.Name)
	}
	have := matcherTexts(part, "")
	for _, m := range matcherTexts(whole, "") {
		if !slices.Contains(have, m) {
			return fmt.Sprintf("the part does not state %s of the whole; if it is ever more than the whole the datapoint is grey here, in PromQL it is a number above 1", m)
		}
	}
	return ""
}

func trimmed(name, suffix string) (string, bool) {
	base, ok := strings.CutSuffix(name, suffix)
	return base, ok && base != ""
}

// SameMatchers reports whether two selectors match the same, whatever the order they are written in.
func SameMatchers(a, b *kpi.Selector) bool {
	list := func(s *kpi.Selector) []string {
		var out []string
		for _, m := range s.Matchers {
			out = append(out, m.String())
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(list(a), list(b))
}
