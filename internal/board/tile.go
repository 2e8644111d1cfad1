package board

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// view puts one KPI into the form that every door shows.
func (b *Board) view(st *kpi.Status, ps pauses, now int64) View {
	k, p := st.KPI, st.Last
	v := View{
		Name: k.Name, Title: title(k), Description: k.Description, Outcome: string(k.Outcome), Owner: k.Owner, Unit: k.Unit,
		Labels: k.Labels, By: k.By, Revision: st.Revision, Light: st.Light.String(), Word: st.Light.Word(), Since: st.Since, Reason: st.Reason,
		Value: Number(p.Value), Upper: Number(p.Upper), Good: Number(p.Good), Total: Number(p.Total), Counts: counts(k, p), Coverage: Number(p.Coverage),
		PeriodEnd: p.End, PeriodMS: k.Period.Milliseconds(), WindowMS: k.Window.Milliseconds(), WindowText: long(k.Window),
		DelayMS: st.Delay.Milliseconds(), FreshMS: (2*k.Period + st.Delay).Milliseconds(), Missing: string(p.Missing), Detail: p.Detail,
		Axis: axis(k, p.Value), Thresholds: thresholds(k), Objective: objective(k), Budget: budget(st.Budget),
		Groups: []Group{}, Warnings: st.Warnings, Indicator: indicator(k), Source: k.Source,
	}
	if !p.Real() {
		v.Value = None() // a withheld value is evidence, not a value
	}
	v.Display = show(k, float64(v.Value))
	v.Promise = promise(k)
	if v.Labels == nil {
		v.Labels = map[string]string{}
	}
	if v.By == nil {
		v.By = []string{}
	}
	if v.Warnings == nil {
		v.Warnings = []string{}
	}
	if k.Page != nil {
		v.Page = &Page{Severity: k.Page.Severity, Runbook: k.Page.Runbook}
	}
	paused, onTarget := 0, 0
	for i := range st.Groups {
		g := &st.Groups[i]
		pause := ps.of(k, g.Labels)
		if pause != nil {
			paused++
			v.Paused = pause
		}
		if g.Light == kpi.Green {
			onTarget++
		}
		if len(k.By) > 0 {
			v.Groups = append(v.Groups, group(k, g, pause))
		}
	}
	switch {
	case len(st.Groups) == 0:
		v.Paused = ps.of(k, labels.EmptyLabels())
	case paused < len(st.Groups):
		v.Paused = nil // some of it is still being watched
	}
	if len(k.By) > 0 && len(st.Groups) > 0 {
		v.GroupsText = fmt.Sprintf("%s of %s on target", kpi.Count(float64(onTarget)), kpi.Count(float64(len(st.Groups))))
	}
	v.Why = why(st, now)
	return v
}

func group(k *kpi.KPI, g *kpi.GroupStatus, pause *Pause) Group {
	p := g.Last
	out := Group{
		Labels: g.Labels.Map(), Text: groupText(k, g.Labels), Light: g.Light.String(), Word: g.Light.Word(), Reason: g.Reason,
		Value: Number(p.Value), Since: g.Since, PeriodEnd: p.End, Coverage: Number(p.Coverage), Good: Number(p.Good), Total: Number(p.Total),
		Missing: string(p.Missing), Counts: counts(k, p), Paused: pause, Budget: budget(g.Budget),
	}
	if !p.Real() {
		out.Value = None()
	}
	out.Display = show(k, float64(out.Value))
	return out
}

// why is a tile's second line: the plain definition when all is well, otherwise the reason.
func why(st *kpi.Status, now int64) string {
	k := st.KPI
	if st.Light == kpi.Green {
		if k.Description != "" {
			return k.Description
		}
		return definition(k)
	}
	reason := st.Reason
	if reason == "" {
		reason = strings.ToLower(st.Light.Word())
		if st.Since > 0 {
			reason += " since " + since(st.Since, now)
		}
	}
	if len(k.By) > 0 && len(st.Groups) > 0 && st.Groups[0].Light == st.Light {
		same := 0
		for i := range st.Groups {
			if st.Groups[i].Light == st.Light {
				same++
			}
		}
		at := groupText(k, st.Groups[0].Labels)
		if same > 1 {
			at = fmt.Sprintf("%s and %s more", at, number(same-1))
		}
		return at + ": " + reason
	}
	return capital(reason)
}

// promise is what the KPI promises: by its red band, else its yellow one, else its objective.
func promise(k *kpi.KPI) string {
	switch {
	case k.Thresholds.Red != nil:
		return k.Thresholds.Red.Promise(k.Unit)
	case k.Thresholds.Yellow != nil:
		return k.Thresholds.Yellow.Promise(k.Unit)
	case k.Objective != nil:
		return objective(k).Display
	}
	return ""
}

func thresholds(k *kpi.KPI) Thresholds {
	t := &k.Thresholds
	out := Thresholds{Yellow: threshold(k, t.Yellow), Red: threshold(k, t.Red)}
	var parts []string
	if t.Red != nil {
		parts = append(parts, "red after "+mOfN(t.ForRed))
	}
	if t.Yellow != nil {
		parts = append(parts, "yellow after "+mOfN(t.ForYellow))
	}
	if t.Recover.N > 0 && len(parts) > 0 {
		parts = append(parts, fmt.Sprintf("recovers after %d good of %d", t.Recover.M, t.Recover.N))
	}
	out.ForText = strings.Join(parts, ", ")
	return out
}

func mOfN(m kpi.MofN) string {
	if m.N <= 1 {
		return "1 datapoint"
	}
	return fmt.Sprintf("%d of %d datapoints", m.M, m.N)
}

func threshold(k *kpi.KPI, c *kpi.Comparison) *Threshold {
	if c == nil {
		return nil
	}
	t := &Threshold{Text: c.Text, Op: string(c.Op), A: Number(c.A), B: None(), Display: c.Limit(k.Unit), Promise: c.Promise(k.Unit)}
	if c.Op == kpi.OutsideOf {
		t.B = Number(c.B)
	}
	return t
}

func objective(k *kpi.KPI) *Objective {
	o := k.Objective
	if o == nil {
		return nil
	}
	window := "this " + o.Calendar
	if o.Calendar == "" {
		window = long(o.Window)
	}
	return &Objective{Target: o.Target, Window: window, Text: o.Text, Display: "≥ " + percentText(o.Target) + " over " + window}
}

func budget(v *kpi.BudgetView) *Budget {
	if v == nil {
		return nil
	}
	out := &Budget{
		Target: Number(v.Target), Window: v.Window, Good: Number(v.Good), Total: Number(v.Total), Attained: Number(v.Attained),
		Remaining: Number(v.Remaining), Burns: make([]Burn, 0, len(v.Burns)), Partial: v.Partial, Observed: Number(v.Observed),
		Light: v.Light.String(), Cause: v.Cause, Display: wholePercent(v.Remaining),
	}
	var fastest *kpi.Burn
	for i := range v.Burns {
		u := &v.Burns[i]
		out.Burns = append(out.Burns, Burn{
			Severity: u.Severity, LongMS: u.Long.Milliseconds(), ShortMS: u.Short.Milliseconds(), Factor: Number(u.Factor),
			LongRate: Number(u.LongRate), ShortRate: Number(u.ShortRate), Burning: u.Burning,
			Display: fmt.Sprintf("%s over %s, limit %s", times(u.LongRate), about(u.Long), times(u.Factor)),
		})
		if !math.IsNaN(u.LongRate) && (fastest == nil || u.LongRate/u.Factor > fastest.LongRate/fastest.Factor) {
			fastest = u
		}
	}
	if fastest != nil {
		verb := "pages"
		if fastest.Severity != "page" {
			verb = "at risk"
		}
		out.BurnText = fmt.Sprintf("%s allowed over %s, %s at %s", times(fastest.LongRate), about(fastest.Long), verb, times(fastest.Factor))
	}
	switch {
	case math.IsNaN(v.Remaining):
		out.Sentence = "No data for the error budget"
	case v.Remaining < 0:
		out.Sentence = "Error budget spent, " + joined(wholePercent(-v.Remaining)) + " over"
	case v.Remaining == 0:
		out.Sentence = "Error budget spent"
	default:
		out.Sentence = capital(joined(out.Display)) + " of error budget left"
	}
	return out
}

func times(rate float64) string {
	if math.IsNaN(rate) {
		return "—"
	}
	return kpi.Show("times", rate).Value + "\u2009×"
}

func indicator(k *kpi.KPI) Indicator {
	i := &k.Indicator
	out := Indicator{Kind: string(i.Kind), Text: definition(k), Metrics: []string{}, Inputs: slices.Sorted(maps.Values(i.Inputs))}
	for _, s := range i.Selectors() {
		out.Metrics = append(out.Metrics, s.Text)
	}
	if i.PromQL != "" {
		out.Metrics = append(out.Metrics, i.PromQL)
	}
	if i.SQL != "" {
		out.Metrics = append(out.Metrics, i.SQL)
	}
	if out.Inputs == nil {
		out.Inputs = []string{}
	}
	return out
}

// definition says how a number is made, for a KPI whose author gave no description.
func definition(k *kpi.KPI) string {
	i := &k.Indicator
	of := func(s *kpi.Selector) string {
		if s == nil {
			return ""
		}
		return s.Text
	}
	if i.Table() != "" {
		return i.Sentence()
	}
	switch i.Kind {
	case kpi.Ratio:
		part := i.Good
		if i.Bad != nil {
			part = i.Bad
		}
		return fmt.Sprintf("Share of %s in %s", of(part), of(i.Total))
	case kpi.Rate:
		return "Increase of " + of(i.Of) + " a second"
	case kpi.Mean:
		return fmt.Sprintf("Mean: %s by %s", of(i.Sum), of(i.Count))
	case kpi.ShareBelow:
		return fmt.Sprintf("Share of %s at or below %s", of(i.Histogram), kpi.Show("seconds", i.Below))
	case kpi.Quantile:
		return fmt.Sprintf("%s of %s lie at or below the value", percentText(i.Q), of(i.Histogram))
	case kpi.Apdex:
		return fmt.Sprintf("Apdex of %s, satisfied within %s", of(i.Histogram), kpi.Show("seconds", i.T))
	case kpi.Availability:
		return "Share of samples of " + of(i.Of) + " that are 1"
	case kpi.Gauge:
		return fmt.Sprintf("%s of %s in the window, %s over its series", capital(i.Over), of(i.Of), i.Across)
	case kpi.Freshness:
		return "Age of the newest sample of " + of(i.Of)
	case kpi.Expr:
		s := i.Expr
		for _, name := range slices.Sorted(maps.Keys(i.Inputs)) {
			s += fmt.Sprintf(", %s is %s", name, i.Inputs[name])
		}
		return s
	case kpi.PromQL:
		return i.PromQL
	case kpi.SQL:
		return i.SQL
	}
	return i.Text()
}
