package policy

import (
	"math"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

func (r *reader) condition(v *strict.Value, kinds []Kind) Condition {
	c := Condition{When: AnyChange}
	if !v.Usable() || v.Form == strict.Scalar {
		return c
	}
	both := v.Has("before_after") && v.Has("size")
	if both || (!v.Has("before_after") && !v.Has("size")) {
		r.Errorf(v, "has %s; want any_change, or exactly one of before_after and size", map[bool]string{true: "both before_after and size", false: "neither before_after nor size"}[both])
		return c
	}
	if at := v.Get("before_after"); at.Usable() {
		c.When, c.Field = BeforeAfter, r.fieldPath(at.Get("field"), kinds)
		c.From, c.To = r.bound(at.Get("from")), r.bound(at.Get("to"))
		if !at.Has("from") && !at.Has("to") {
			r.Errorf(at, "has neither from nor to; want at least one, such as to: \"> 3%%\"")
		}
	}
	if at := v.Get("size"); at.Usable() {
		c.When, c.Field = Size, r.fieldPath(at.Get("field"), kinds)
		if m := at.Get("more_than"); m.Usable() {
			x, n, err := strict.Quantity(m.Text)
			if err != nil || (n != strict.Percent && n != strict.Plain) || x < 0 || (n == strict.Plain && x > 1) {
				r.Errorf(m, "%q: want a share of the earlier value such as 10%% or 0.1", clip(m.Text))
			}
			c.MoreThan = x
		}
	}
	return c
}

// fieldPath reads the path of a key that one of the kinds has.
func (r *reader) fieldPath(v *strict.Value, kinds []Kind) string {
	if !v.Usable() {
		return ""
	}
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	var paths []string
	for _, k := range kinds {
		if found := keyPaths(documentShape(k), ""); hasPath(found, v.Text) {
			return v.Text
		} else {
			paths = append(paths, found...)
		}
	}
	hint := ""
	if n := strict.Nearest(v.Text, paths); n != "" {
		hint = "; did you mean \"" + n + "\"?"
	}
	r.Errorf(v, "%q is no key of %s%s", clip(v.Text), kindList(kinds), hint)
	return v.Text
}

func kindList(kinds []Kind) string {
	if len(kinds) == len(Kinds()) {
		return "any kind"
	}
	words := make([]string, 0, len(kinds))
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return joinWords(words)
}

// keyPaths lists the paths of a shape's keys. A key whose entries are named by people ends in ".*".
func keyPaths(s strict.Shape, prefix string) []string {
	var out []string
	for _, k := range s.Keys {
		if k.Hidden || (prefix == "" && (k.Name == "kind" || k.Name == "name")) {
			continue
		}
		path := prefix + k.Name
		out = append(out, path)
		if len(k.Keys) > 0 {
			out = append(out, keyPaths(k.Shape, path+".")...)
		}
		if k.Each != nil && (k.Forms&strict.Map != 0 || len(k.Each.Keys) > 0) {
			out = append(out, path+".*")
		}
	}
	return out
}

func hasPath(paths []string, path string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		prefix, open := strings.CutSuffix(p, "*")
		return p == path || (open && strings.HasPrefix(path, prefix) && len(path) > len(prefix))
	})
}

func (r *reader) bound(v *strict.Value) *Bound {
	if !v.Usable() {
		return nil
	}
	b := &Bound{Text: strings.TrimSpace(v.Text)}
	if !comparisonForm.MatchString(b.Text) && !outsideForm.MatchString(b.Text) {
		b.Is = b.Text
		return b
	}
	// Any notation is accepted: the unit is that of the policy, which is not known here.
	loose := &reader{Report: r.Report, k: &kpi.KPI{}}
	b.Compare = loose.comparison(v)
	return b
}

// holds reports whether the condition asks for a change. Fields that a kind does not have never change; where a document
// was not there before, or a value of it, that is a change.
func (c Condition) holds(before, after *Document) bool {
	if c.When == AnyChange || after == nil {
		return true
	}
	was, is := valuesAt(before, c.Field), valuesAt(after, c.Field)
	if before == nil && c.When == Size {
		return hasPath(keyPaths(documentShape(after.Kind), ""), c.Field)
	}
	for path := range union(was, is) {
		old, now := was[path], is[path] // nil where it is not stated, which every bound accepts and which no size measures
		switch {
		case equalValue(old, now):
		case c.When == BeforeAfter && c.From.holds(old) && c.To.holds(now):
			return true
		case c.When == Size && growth(old, now) > c.MoreThan:
			return true
		}
	}
	return false
}

func union(a, b map[string]any) map[string]bool {
	out := map[string]bool{}
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

// valuesAt returns the values at a path and below it.
func valuesAt(d *Document, path string) map[string]any {
	out := map[string]any{}
	if d == nil {
		return out
	}
	for _, f := range d.Fields() {
		if f.Path == path || strings.HasPrefix(f.Path, path+".") {
			out[f.Path] = f.Value
		}
	}
	return out
}

// holds reports whether a value is within the bound. A nil bound accepts all; a bound that cannot be compared with the
// value accepts it too, because a doubt asks for the approval.
func (b *Bound) holds(v any) bool {
	if b == nil {
		return true
	}
	if c, ok := v.(comparisonValue); ok {
		v = c.A
		if b.Compare == nil {
			if x, _, err := strict.Quantity(b.Is); err == nil {
				return x == c.A
			}
			return b.Is == c.Text
		}
	}
	switch v := v.(type) {
	case float64:
		if b.Compare != nil {
			return b.Compare.Holds(v)
		}
		x, _, err := strict.Quantity(b.Is)
		return err != nil || x == v
	case string:
		return b.Compare != nil || strings.EqualFold(b.Is, v)
	case bool:
		return b.Compare != nil || b.Is == map[bool]string{true: "true", false: "false"}[v]
	default:
		return true
	}
}

// growth is how much larger or smaller a value became, of what it was; infinite where it cannot be measured.
func growth(old, now any) float64 {
	if a, ok := old.(comparisonValue); ok {
		b, ok := now.(comparisonValue)
		if !ok || a.Op != b.Op {
			return math.Inf(1)
		}
		return max(growth(a.A, b.A), growth(a.B, b.B))
	}
	a, okA := old.(float64)
	b, okB := now.(float64)
	switch {
	case !okA || !okB:
		return math.Inf(1)
	case a == b:
		return 0
	}
	return math.Abs(b-a) / math.Abs(a) // infinite from 0
}

func (c Condition) words() string {
	switch c.When {
	case BeforeAfter:
		s := "when " + c.Field + " changes"
		if c.From != nil {
			s += " from " + c.From.Text
		}
		if c.To != nil {
			s += " to " + c.To.Text
		}
		return s
	case Size:
		return "when " + c.Field + " changes by more than " + shareWords(c.MoreThan)
	default:
		return "however small the change"
	}
}

func (c Condition) value() any {
	bound := func(b *Bound) string {
		switch {
		case b == nil:
			return ""
		case b.Compare != nil:
			return comparisonValue{b.Compare.Op, b.Compare.A, b.Compare.B, ""}.key() + b.Is
		default:
			return "is " + b.Is
		}
	}
	return []any{string(c.When), c.Field, bound(c.From), bound(c.To), c.MoreThan}
}
