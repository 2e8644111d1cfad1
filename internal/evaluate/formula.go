package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/signalbox/signalbox/internal/kpi"
)

// inputsClosed reports whether all inputs of an expr have their datapoint of the period.
func (u *unit) inputsClosed(end int64) bool {
	for _, in := range u.inputs {
		if in.closed < end && (in.until == 0 || in.until >= end) {
			return false
		}
	}
	return true
}

// compute makes the datapoints of an expr from those of its inputs, joined on equal labels; an input without `by` joins
// every group. The KPI as a whole is computed from the inputs as wholes.
func (u *unit) compute(end int64) []kpi.GroupPoint {
	var out []kpi.GroupPoint
	if len(u.k.By) > 0 {
		groups := map[string]labels.Labels{}
		for _, in := range u.inputs {
			if len(in.k.By) == 0 {
				continue
			}
			for key, g := range in.groups {
				groups[key] = g.labels
			}
		}
		for _, l := range u.k.Expect {
			groups[l.String()] = l
		}
		for _, key := range sortedNames(groups) {
			out = append(out, u.combine(end, key, groups[key], false))
		}
		for key := range u.groups {
			if _, ok := groups[key]; !ok {
				out = append(out, kpi.GroupPoint{Key: key, Retired: true})
			}
		}
	}
	return append(out, u.combine(end, labels.EmptyLabels().String(), labels.EmptyLabels(), true))
}

func (u *unit) combine(end int64, key string, l labels.Labels, whole bool) kpi.GroupPoint {
	p := emptyPoint(end, kpi.NotMissing)
	p.Coverage = 1
	values := map[string]float64{}
	for _, name := range u.formula.Inputs() {
		in := u.inputs[name]
		g := in.whole
		if !whole && len(in.k.By) > 0 {
			g = in.groups[key]
		}
		x, ok := pointAt(g, end)
		switch {
		case !ok:
			p.Missing, p.Detail = kpi.InputGone, fmt.Sprintf("the input %s has no datapoint of this period", in.k.Name)
		case !x.Real():
			p.Missing, p.Detail = kpi.InputGone, fmt.Sprintf("the input %s has no data: %s", in.k.Name, x.Missing)
		}
		values[name] = x.Value
		p.Coverage = math.Min(p.Coverage, x.Coverage)
	}
	if p.Missing == kpi.NotMissing {
		p.Value = u.formula.Value(func(name string) float64 { return values[name] })
		if math.IsNaN(p.Value) {
			p.Missing, p.Detail = kpi.InputGone, "the expression divides by zero or has no finite result"
		} else {
			p = kpi.Settle(u.k, p)
		}
	}
	return kpi.GroupPoint{Labels: l, Key: key, Whole: whole, Point: p, SliceGood: math.NaN(), SliceTotal: math.NaN()}
}

func pointAt(g *standing, end int64) (kpi.Point, bool) {
	if g == nil {
		return emptyPoint(end, kpi.NoData), false
	}
	if p := g.points.find(end); p != nil {
		return *p, true
	}
	return emptyPoint(end, kpi.NoData), false
}

// answer evaluates a promql or sql indicator over the window (from, to], Unix ms.
func (e *Engine) answer(ctx context.Context, in *kpi.Indicator, from, to int64) (promql.Vector, error) {
	switch {
	case in.Kind == kpi.PromQL:
		return e.o.Query(ctx, in.PromQL, time.UnixMilli(to))
	case e.o.SQL == nil:
		return nil, errors.New("nobody answers SQL here")
	}
	return e.o.SQL(ctx, in.SQL, time.UnixMilli(from), time.UnixMilli(to))
}

// ask evaluates a query at the end of a period.
func (e *Engine) ask(ctx context.Context, u *unit, end int64) []kpi.GroupPoint {
	ctx, cancel := context.WithTimeout(ctx, min(max(u.k.Period, time.Second), 30*time.Second))
	defer cancel()
	vector, err := e.answer(ctx, &u.k.Indicator, end-u.k.Window.Milliseconds(), end)
	if err != nil {
		u.queryErr = err.Error()
		return nil
	}
	u.queryErr = ""
	var out []kpi.GroupPoint
	seen := map[string]bool{}
	for _, s := range vector {
		l := u.k.GroupLabels(s.Metric)
		key := l.String()
		if seen[key] {
			u.queryErr = fmt.Sprintf("the query returns more than one value for %s; aggregate it by (%s)", key, strings.Join(u.k.By, ", "))
			return nil
		}
		seen[key] = true
		if len(u.k.By) > 0 && u.k.MaxGroups > 0 && len(seen) > u.k.MaxGroups {
			u.queryErr = fmt.Sprintf("the query returns more than %d groups by %s", u.k.MaxGroups, strings.Join(u.k.By, ", "))
			break
		}
		p := emptyPoint(end, kpi.NotMissing)
		p.Value, p.Coverage = s.F, 1
		out = append(out, kpi.GroupPoint{Labels: l, Key: key, Whole: len(u.k.By) == 0, Point: kpi.Settle(u.k, p), SliceGood: math.NaN(), SliceTotal: math.NaN()})
	}
	return out
}

// fill completes the answer of a query: groups that were there before and are not in it have no data; those that were
// silent for too long retire. Callers hold e.mu.
func (u *unit) fill(answer []kpi.GroupPoint, end int64, unobserved bool) []kpi.GroupPoint {
	have := map[string]bool{}
	for i := range answer {
		have[answer[i].Key] = true
	}
	miss := func(key string, l labels.Labels, whole bool) {
		p := emptyPoint(end, kpi.QueryFailed)
		p.Detail = kpi.NoAnswer
		switch {
		case unobserved:
			p.Missing, p.Detail = kpi.Unobserved, kpi.NotObserved
		case u.queryErr != "":
			p.Detail = "the query failed: " + u.queryErr
		}
		answer = append(answer, kpi.GroupPoint{Labels: l, Key: key, Whole: whole, Point: p, SliceGood: math.NaN(), SliceTotal: math.NaN()})
	}
	silence := max(int64(3600_000), int64(kpi.RangeOf(u.k.Thresholds))*u.period)
	for _, key := range sortedNames(u.groups) {
		g := u.groups[key]
		if have[key] {
			continue
		}
		if len(u.k.By) > 0 && end-g.realAt > silence {
			answer = append(answer, kpi.GroupPoint{Key: key, Retired: true})
			continue
		}
		miss(key, g.labels, len(u.k.By) == 0)
		have[key] = true
	}
	for _, l := range u.k.Expect {
		if !have[l.String()] {
			miss(l.String(), l, false)
		}
	}
	if key := labels.EmptyLabels().String(); len(u.k.By) == 0 && !have[key] {
		miss(key, labels.EmptyLabels(), true)
	}
	return answer
}
