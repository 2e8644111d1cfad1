package board

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// Through returns the options of a board that knows only what the lens shows: it is a board of its own, so that nothing it
// remembers or sums up can hold what is out of sight. A KPI of which one group is in sight stands for that group; one of
// which several are has their worst light and no value of its own.
func (o Options) Through(l scoped.Lens) Options {
	if l.Whole() {
		return o
	}
	n := narrow{o, l}
	out := o
	out.Statuses, out.Status, out.History = n.statuses, n.status, narrowHistory{n}
	if o.Alerts != nil {
		out.Alerts = n.alerts
	}
	if o.Silences != nil {
		out.Silences = n.silences
	}
	if o.Sources != nil {
		out.Sources = n.sources
	}
	return out
}

// narrow is the wide board's options seen through a lens.
type narrow struct {
	o Options
	l scoped.Lens
}

func (n narrow) lookup(name string) *kpi.KPI {
	st, ok := n.o.Status(name)
	if !ok {
		return nil
	}
	return st.KPI
}

func (n narrow) reach(name string) (*kpi.KPI, scoped.Reach) {
	k := n.lookup(name)
	if k == nil {
		return nil, scoped.Reach{}
	}
	return k, n.l.KPI(k, n.lookup)
}

func (n narrow) statuses() []kpi.Status {
	out := []kpi.Status{}
	for _, st := range n.o.Statuses() {
		if st, ok := n.narrowed(st); ok {
			out = append(out, st)
		}
	}
	return out
}

func (n narrow) status(name string) (kpi.Status, bool) {
	st, ok := n.o.Status(name)
	if !ok {
		return st, false
	}
	return n.narrowed(st)
}

// narrowed leaves of a status what is in sight; false if that is nothing.
func (n narrow) narrowed(st kpi.Status) (kpi.Status, bool) {
	r := n.l.KPI(st.KPI, n.lookup)
	if r.Whole {
		return st, true
	}
	if !r.Groups {
		return kpi.Status{}, false
	}
	st.Groups = slices.DeleteFunc(slices.Clone(st.Groups), func(g kpi.GroupStatus) bool { return !n.l.Labels(g.Labels) })
	if len(st.Groups) == 0 {
		return kpi.Status{}, false
	}
	worst := st.Groups[0] // they are sorted so
	st.Light, st.Since, st.Reason, st.Warnings = worst.Light, worst.Since, worst.Reason, nil
	if len(st.Groups) == 1 {
		st.Last, st.Budget = worst.Last, worst.Budget
		return st, true
	}
	st.Last = kpi.Point{End: st.Last.End, Value: math.NaN(), Upper: math.NaN(), Good: math.NaN(), Total: math.NaN(), Coverage: math.NaN(),
		Missing: kpi.OutOfScope, Detail: "the KPI as a whole reaches beyond what you may see; its groups are listed"}
	st.Budget = nil
	return st, true
}

// visible are the labels of a KPI's groups that are in sight.
func (n narrow) visible(name string) []labels.Labels {
	st, ok := n.status(name)
	if !ok {
		return nil
	}
	var out []labels.Labels
	for _, g := range st.Groups {
		out = append(out, g.Labels)
	}
	return out
}

// groups says which groups answer a question about one: itself, or for the KPI as a whole what is in sight of it.
func (n narrow) groups(name string, group labels.Labels) []labels.Labels {
	k, r := n.reach(name)
	switch {
	case k == nil:
		return nil
	case r.Sees(n.l, k, group):
		return []labels.Labels{group}
	case group.IsEmpty() && r.Groups:
		return n.visible(name)
	}
	return nil
}

func (n narrow) sees(name string, group labels.Labels) bool {
	k, r := n.reach(name)
	return k != nil && r.Sees(n.l, k, group)
}

func (n narrow) alerts(ctx context.Context) ([]Alert, error) {
	all, err := n.o.Alerts(ctx)
	return slices.DeleteFunc(slices.Clone(all), func(a Alert) bool { return !n.alert(a.Labels) }), err
}

// alert reports whether an alert is in sight: a KPI's by its group, any other by its labels.
func (n narrow) alert(ls map[string]string) bool {
	name, ok := ls["kpi"]
	if !ok {
		return n.l.Labels(labels.FromMap(ls))
	}
	k, r := n.reach(name)
	if k == nil {
		return false
	}
	group := map[string]string{}
	for _, by := range k.By {
		group[by] = ls[by]
	}
	return r.Sees(n.l, k, labels.FromMap(group))
}

func (n narrow) silences(ctx context.Context) ([]Silence, error) {
	all, err := n.o.Silences(ctx)
	return slices.DeleteFunc(slices.Clone(all), func(s Silence) bool { return !n.silence(s.Matchers) }), err
}

// silence reports whether a silence concerns nothing but what is in sight.
func (n narrow) silence(ms []Matcher) bool {
	var out []*labels.Matcher
	for _, m := range ms {
		c, err := m.Compile()
		if err != nil {
			return false
		}
		out = append(out, c)
		if m.Name == "kpi" && m.IsEqual && !m.IsRegex {
			if _, r := n.reach(m.Value); r.Whole {
				return true
			}
		}
	}
	return n.l.Pinned(out)
}

func (n narrow) sources(ctx context.Context) ([]Source, error) {
	all, err := n.o.Sources(ctx)
	return slices.DeleteFunc(slices.Clone(all), func(s Source) bool { return !n.l.Labels(labels.FromMap(s.Labels)) }), err
}

// narrowHistory is the past through the lens.
type narrowHistory struct{ n narrow }

// Points implements History. Several groups have no value together.
func (h narrowHistory) Points(ctx context.Context, name string, group labels.Labels, from, to int64, most int) ([]kpi.Point, error) {
	gs := h.n.groups(name, group)
	if len(gs) != 1 {
		return nil, nil
	}
	return h.n.o.History.Points(ctx, name, gs[0], from, to, most)
}

// Lights implements History: of several groups, the worst at each step.
func (h narrowHistory) Lights(ctx context.Context, name string, group labels.Labels, from, to, step int64) ([]ledger.LightPoint, error) {
	at := map[int64]int{}
	var out []ledger.LightPoint
	for _, g := range h.n.groups(name, group) {
		ps, err := h.n.o.History.Lights(ctx, name, g, from, to, step)
		if err != nil {
			return nil, err
		}
		for _, p := range ps {
			if i, ok := at[p.T]; ok {
				out[i].Light = kpi.Worst(out[i].Light, p.Light)
				continue
			}
			at[p.T] = len(out)
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b ledger.LightPoint) int { return int(a.T - b.T) })
	return out, nil
}

// Slices implements History.
func (h narrowHistory) Slices(ctx context.Context, name string, group labels.Labels, from, to int64, windowed bool) ([]ledger.Slice, error) {
	gs := h.n.groups(name, group)
	if len(gs) != 1 {
		return nil, nil
	}
	return h.n.o.History.Slices(ctx, name, gs[0], from, to, windowed)
}

// mostRead is how many records are read to find those in sight; the ledger gives no more at once.
const mostRead = 10_000

// Transitions implements History.
func (h narrowHistory) Transitions(ctx context.Context, f ledger.Filter) ([]kpi.Transition, error) {
	want := f.Limit
	f.Limit = mostRead
	all, err := h.n.o.History.Transitions(ctx, f)
	all = slices.DeleteFunc(all, func(t kpi.Transition) bool { return !h.n.sees(t.KPI, t.Group) })
	return first(all, want), err
}

func first[T any](all []T, want int) []T {
	if want == 0 {
		want = 100
	}
	return all[:min(len(all), want)]
}

// Transition implements History.
func (h narrowHistory) Transition(ctx context.Context, id string) (kpi.Transition, error) {
	t, err := h.n.o.History.Transition(ctx, id)
	if err == nil && !h.n.sees(t.KPI, t.Group) {
		return kpi.Transition{}, fault.New(fault.NotFound, "there is no decision %q", id)
	}
	return t, err
}

// Receipts implements History.
func (h narrowHistory) Receipts(ctx context.Context, f ledger.Filter) ([]ledger.Receipt, error) {
	want := f.Limit
	f.Limit = mostRead
	all, err := h.n.o.History.Receipts(ctx, f)
	all = slices.DeleteFunc(all, func(r ledger.Receipt) bool { return !h.n.sees(r.KPI, r.Group) })
	for i := range all {
		all[i].Rule = veiled(all[i])
	}
	return first(all, want), err
}

// veiled is what a person with a part in sight is told of the rule behind a receipt: another alert's labels may lie beyond it.
func veiled(r ledger.Receipt) string {
	if r.Status == "inhibited" {
		return "another alert"
	}
	return r.Rule
}

// Revisions implements History.
func (h narrowHistory) Revisions(ctx context.Context, name string) ([]ledger.Revision, error) {
	if _, r := h.n.reach(name); !r.Whole && !r.Groups {
		return nil, nil
	}
	return h.n.o.History.Revisions(ctx, name)
}

// Alert reports whether an alert with these labels is in sight.
func (o Options) Alert(l scoped.Lens, ls map[string]string) bool {
	return l.Whole() || narrow{o, l}.alert(ls)
}

// Silence reports whether a silence concerns nothing but what is in sight.
func (o Options) Silence(l scoped.Lens, ms []Matcher) bool {
	return l.Whole() || narrow{o, l}.silence(ms)
}
