package kpi

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// Formula is the arithmetic of an expr indicator: numbers, input names, + - * / % ^, unary minus and parentheses, in
// PromQL's notation and precedence.
type Formula struct {
	root   parser.Expr
	inputs []string
}

// ParseFormula reads an expr. Names must be keys of inputs, and every input must be used; anything but arithmetic is an
// error that names it.
func ParseFormula(text string, inputs map[string]string) (*Formula, error) {
	root, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return nil, fmt.Errorf("expr %q: %w", text, err)
	}
	f := &Formula{root: root}
	used := map[string]bool{}
	if err := f.check(root, inputs, used); err != nil {
		return nil, fmt.Errorf("expr %q: %w", text, err)
	}
	for name := range inputs {
		if !used[name] {
			return nil, fmt.Errorf("expr %q: input %q is not used", text, name)
		}
	}
	return f, nil
}

func (f *Formula) check(e parser.Expr, inputs map[string]string, used map[string]bool) error {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return nil
	case *parser.ParenExpr:
		return f.check(e.Expr, inputs, used)
	case *parser.UnaryExpr:
		return f.check(e.Expr, inputs, used)
	case *parser.BinaryExpr:
		switch e.Op {
		case parser.ADD, parser.SUB, parser.MUL, parser.DIV, parser.MOD, parser.POW:
		default:
			return fmt.Errorf("operator %q: want + - * / %% or ^", e.Op)
		}
		if v := e.VectorMatching; v != nil && (v.On || len(v.MatchingLabels) > 0 || v.Card != parser.CardOneToOne || v.FillValues != (parser.VectorMatchFillValues{})) {
			return fmt.Errorf("%s: want no matching modifier, inputs join on equal labels", e)
		}
		if err := f.check(e.LHS, inputs, used); err != nil {
			return err
		}
		return f.check(e.RHS, inputs, used)
	case *parser.VectorSelector:
		if len(e.LabelMatchers) != 1 || e.Offset != 0 || e.OriginalOffset != 0 || e.Timestamp != nil || e.StartOrEnd != 0 {
			return fmt.Errorf("%s: want the plain name of an input", e)
		}
		if _, ok := inputs[e.Name]; !ok {
			return fmt.Errorf("name %q is not an input", e.Name)
		}
		if !used[e.Name] {
			used[e.Name] = true
			f.inputs = append(f.inputs, e.Name)
		}
		return nil
	default:
		return fmt.Errorf("%s: want arithmetic over inputs", e)
	}
}

// Inputs returns the names the formula uses, in the order of their first use.
func (f *Formula) Inputs() []string { return f.inputs }

// Value computes the formula. A division by zero, and any other result that is not finite, is NaN.
func (f *Formula) Value(of func(name string) float64) float64 {
	v := eval(f.root, of)
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func eval(e parser.Expr, of func(string) float64) float64 {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val
	case *parser.ParenExpr:
		return eval(e.Expr, of)
	case *parser.UnaryExpr:
		if e.Op == parser.SUB {
			return -eval(e.Expr, of)
		}
		return eval(e.Expr, of)
	case *parser.BinaryExpr:
		l, r := eval(e.LHS, of), eval(e.RHS, of)
		switch e.Op {
		case parser.ADD:
			return l + r
		case parser.SUB:
			return l - r
		case parser.MUL:
			return l * r
		case parser.DIV:
			if r == 0 {
				return math.NaN() // also deep inside: 1/(a/0) is not 0
			}
			return l / r
		case parser.MOD:
			return math.Mod(l, r)
		default:
			if math.IsNaN(l) || math.IsNaN(r) {
				return math.NaN() // Pow(NaN, 0) is 1, but a missing input stays missing
			}
			return math.Pow(l, r)
		}
	case *parser.VectorSelector:
		return of(e.Name)
	default:
		return math.NaN()
	}
}
