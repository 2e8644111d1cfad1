// Package scoped bounds what a person reads to the labels that their roles cover. It stands in one place between every
// door and the stores: a querier adds the scope to each selection that the engine makes, so that no query text, however it
// is written, reaches a series outside; a lens says the same of KPIs, groups and alerts. It never edits a query.
package scoped

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/kpi"
)

// Lens is what one person may see of what an action reads. The zero value sees nothing.
type Lens struct {
	whole  bool
	scopes []access.Scope
}

// Everything is the lens of the house itself.
func Everything() Lens { return Lens{whole: true} }

// Of returns the lens of who makes the request; nobody sees nothing.
func Of(ctx context.Context, a access.Action) Lens {
	p, ok := access.From(ctx)
	if !ok {
		return Lens{}
	}
	return For(p, a)
}

// For returns the lens of a principal.
func For(p access.Principal, a access.Action) Lens {
	scopes, whole := p.Scopes(a)
	return Lens{whole: whole, scopes: scopes}
}

// Whole reports whether the lens hides nothing.
func (l Lens) Whole() bool { return l.whole }

// Key tells lenses apart: equal keys see the same.
func (l Lens) Key() string {
	if l.whole {
		return "*"
	}
	keys := make([]string, len(l.scopes))
	for i, s := range l.scopes {
		ms := make([]string, len(s))
		for j, m := range s {
			ms[j] = m.String()
		}
		slices.Sort(ms)
		keys[i] = strings.Join(ms, ",")
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " | ")
}

// Labels reports whether something with these labels is in sight.
func (l Lens) Labels(ls labels.Labels) bool {
	return l.whole || slices.ContainsFunc(l.scopes, func(s access.Scope) bool { return matches(s, ls) })
}

func matches(s access.Scope, ls labels.Labels) bool {
	for _, m := range s {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return len(s) > 0
}

// Pinned reports whether everything that the matchers select is in sight, whatever is stored: one scope's every condition
// is implied by a matcher on the same label.
func (l Lens) Pinned(ms []*labels.Matcher) bool {
	return l.whole || slices.ContainsFunc(l.scopes, func(s access.Scope) bool { return pinned(s, ms) })
}

func pinned(s access.Scope, ms []*labels.Matcher) bool {
	for _, want := range s {
		if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return implies(m, want) }) {
			return false
		}
	}
	return len(s) > 0
}

// implies reports whether a label that m accepts is always one that want accepts.
func implies(m, want *labels.Matcher) bool {
	if m.Name != want.Name {
		return false
	}
	switch m.Type {
	case labels.MatchEqual:
		return want.Matches(m.Value)
	case labels.MatchRegexp:
		if m.Type == want.Type && m.Value == want.Value {
			return true
		}
		set := m.SetMatches()
		return len(set) > 0 && !slices.ContainsFunc(set, func(v string) bool { return !want.Matches(v) })
	}
	return false
}

// Reach says how much of a KPI is in sight.
type Reach struct {
	Whole  bool // the indicator without `by`, and with it every group
	Groups bool // single groups, by their labels
}

// KPI says how much of a KPI the lens shows. A KPI as a whole is in sight only if all that it is made of lies within one
// scope; what its author wrote under labels says nothing, because an author may write anything there. lookup finds the
// inputs of an expr.
func (l Lens) KPI(k *kpi.KPI, lookup func(name string) *kpi.KPI) Reach {
	if l.whole {
		return Reach{Whole: true, Groups: true}
	}
	return l.reach(k, lookup, 0)
}

// deepest bounds how far inputs of inputs are followed; policy refuses circles.
const deepest = 16

func (l Lens) reach(k *kpi.KPI, lookup func(string) *kpi.KPI, depth int) Reach {
	for _, s := range l.scopes {
		if l.inside(k, s, lookup, depth) {
			return Reach{Whole: true, Groups: true}
		}
	}
	if len(k.By) == 0 || depth > deepest {
		return Reach{}
	}
	if k.Indicator.Kind != kpi.Expr {
		return Reach{Groups: true}
	}
	// A group of an expression mixes in whole what an input without groups says.
	for _, name := range k.Indicator.Inputs {
		in := lookup(name)
		if in == nil {
			return Reach{}
		}
		if r := l.reach(in, lookup, depth+1); !r.Whole && (!r.Groups || len(in.By) == 0) {
			return Reach{}
		}
	}
	return Reach{Groups: true}
}

// inside reports whether all that a KPI reads lies within one scope.
func (l Lens) inside(k *kpi.KPI, s access.Scope, lookup func(string) *kpi.KPI, depth int) bool {
	if depth > deepest || len(s) == 0 {
		return false
	}
	if k.Indicator.Kind == kpi.Expr {
		for _, name := range k.Indicator.Inputs {
			in := lookup(name)
			if in == nil || !l.inside(in, s, lookup, depth+1) {
				return false
			}
		}
		return len(k.Indicator.Inputs) > 0
	}
	all := Selections(&k.Indicator)
	return len(all) > 0 && !slices.ContainsFunc(all, func(ms []*labels.Matcher) bool { return !pinned(s, ms) })
}

// Selections are the matchers of everything that an indicator reads from the stores; none if a query cannot be read.
func Selections(in *kpi.Indicator) [][]*labels.Matcher {
	var out [][]*labels.Matcher
	for _, s := range in.Selectors() {
		out = append(out, s.Matchers)
	}
	if in.Kind == kpi.PromQL {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(in.PromQL)
		if err != nil {
			return nil
		}
		out = append(out, parser.ExtractSelectors(e)...)
	}
	return out
}

// Scopes returns the conjunctions of which one has to hold; none when nothing is hidden.
func (l Lens) Scopes() []access.Scope { return l.scopes }

// Sees reports whether one group of a KPI is in sight; an empty group is the KPI as a whole.
func (r Reach) Sees(l Lens, k *kpi.KPI, group labels.Labels) bool {
	switch {
	case r.Whole:
		return true
	case !r.Groups || group.IsEmpty() || len(k.By) == 0:
		return false
	}
	return l.Labels(group)
}
