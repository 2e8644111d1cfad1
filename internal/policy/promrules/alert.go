package promrules

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var severityForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// verdict is what an expression became.
type verdict struct {
	indicator   kpi.Indicator
	by          []string
	window      time.Duration
	red         string
	minCount    string
	differences []string
	noDataPages bool // it was about silence, so silence pages
}

func readAlert(a *carry.Account, g group, v *strict.Value) {
	alert, expr := a.Text(v, "alert"), v.Get("expr")
	got, why := judge(v, g.interval)
	if why != "" {
		a.Lost(v, "alert "+alert+": "+a.Text(v, "expr"), "%s", stays+why)
		return
	}
	labels := merged(g.labels, carry.LabelsAt(v.Get("labels")))
	name := carry.Slug(alert)
	severity := of(labels, "severity")
	if severity != nil && a.Has("KPI", name) {
		name = carry.Slug(alert + " " + severity.Text)
	}
	d := carry.NewDoc("KPI", a.Name("KPI", name), fmt.Sprintf("Imported from %s: alert %s of the rule group %s", where(v), alert, g.name))
	a.Imported(v, "alert "+alert, "as KPI %s, an indicator of the kind %s", d.Name, got.indicator.Kind)
	a.Take(expr)
	for _, difference := range got.differences {
		a.Changed(expr, "expr: "+expr.Text, "%s", difference)
	}
	if got.indicator.Kind == kpi.PromQL {
		a.Changed(expr, "expr: "+expr.Text, "no other indicator says exactly this, so it is asked as a query once a period; its values are not restated when data comes late")
	}
	d.Set("indicator", carry.Indicator(got.indicator))
	d.Set("by", carry.Texts(got.by))

	period := times(a, v, g, d, got)
	thresholds(a, v, d, got, period)
	notes := annotations(a, v, d, alert)
	if owner := ownerOf(labels, notes); owner != nil {
		d.Set("owner", carry.Text(a.Owner(v, owner.Text, "")))
		a.Take(owner.At)
	} else {
		d.Set("owner", carry.Text(a.Owner(v, "", "")))
	}
	page(a, v, d, got, severity, notes)
	labels = slices.DeleteFunc(labels, func(l carry.LabelAt) bool { return l.Name == "severity" })
	d.Set("labels", a.LabelsOf(labels, got.by))
	a.Add(v, d)
}

func ownerOf(labels, notes []carry.LabelAt) *carry.LabelAt {
	for _, name := range []string{"owner", "team"} {
		for _, list := range [][]carry.LabelAt{labels, notes} {
			if l := of(list, name); l != nil && !carry.Template(l.Text) && strings.TrimSpace(l.Text) != "" {
				return l
			}
		}
	}
	return nil
}

// judge says what the expression becomes, or why it stays where it is.
func judge(v *strict.Value, interval time.Duration) (got verdict, why string) {
	text := v.Get("expr")
	if text == nil {
		return got, "it has no expr"
	}
	e, err := idiom.Parse(text.Text)
	if err != nil {
		return got, carry.Clip(err.Error())
	}
	if call, arg, ok := idiom.Absent(e); ok {
		return absent(call, arg, v, interval)
	}
	c, err := idiom.Split(e)
	if err != nil {
		return got, err.Error()
	}
	if r, op, x, ok := c.Indicator(); ok {
		got = verdict{indicator: r.Indicator, by: r.By, window: r.Window, red: string(op) + " " + idiom.Quantity(r.Indicator.Kind, x), differences: slices.Concat(c.Differences, r.Differences)}
		if r.EachSeries && c.Reading == nil {
			got.differences = append(got.differences, eachSeries(r.By, r.Indicator.Across))
		}
		if r.Scale.Cmp(big.NewRat(1, 1)) != 0 || r.Offset.Sign() != 0 {
			got.differences = append(got.differences, fmt.Sprintf("the threshold %s %s of the expression is %s of the indicator", c.Op, idiom.Decimal(c.X), got.red))
		}
		if c.Least != nil {
			got.minCount = idiom.Decimal(c.Least.Events)
		}
		return got, ""
	}
	if c.Least != nil {
		return got, "its comparison lies outside the share that it is of"
	}
	q, err := idiom.AsQuery(c.Value, idiom.Up(c.Op))
	if err != nil {
		return got, err.Error()
	}
	return verdict{
		indicator: kpi.Indicator{Kind: kpi.PromQL, PromQL: q.Text}, by: q.By, red: string(c.Op) + " " + idiom.Decimal(c.X),
		differences: slices.Concat(c.Differences, q.Differences),
	}, ""
}

func eachSeries(by []string, across string) string {
	if len(by) == 0 {
		return fmt.Sprintf("Prometheus alerts for each series; here there is one light, and the %s of the series counts", across)
	}
	return fmt.Sprintf("Prometheus alerts for each series; here there is one light for each %s, and the %s of its series counts", strings.Join(by, " and "), across)
}

// absent reads absent(SELECTOR) and absent_over_time(SELECTOR[w]) as freshness, and absent(SELECTOR == x) as a count.
func absent(call *parser.Call, arg parser.Expr, v *strict.Value, interval time.Duration) (verdict, string) {
	pending := time.Duration(0)
	if f := v.Get("for"); f != nil {
		pending = duration(f.Text)
	}
	if m, ok := arg.(*parser.MatrixSelector); ok {
		if s, ok := idiom.Plain(m.VectorSelector); ok && m.RangeExpr == nil {
			return fresh(s, m.Range, "with for, the age alone says how long"), ""
		}
	}
	if s, ok := idiom.Plain(arg); ok {
		age := max(pending, interval)
		if pending == 0 {
			age = 5 * time.Minute
		}
		return fresh(s, age, fmt.Sprintf("absent is judged by the age of the newest sample: red when it is older than %s. Prometheus begins to count when the series goes stale: at once if the target says so, else up to 5m after its newest sample", carry.Span(age))), ""
	}
	b, ok := arg.(*parser.BinaryExpr)
	if !ok || !b.Op.IsComparisonOperator() || b.ReturnBool || call.Func.Name != "absent" {
		return verdict{}, "only absent of a selector, or of a selector with a comparison, can be judged without asking for what is not there"
	}
	if _, ok := idiom.Plain(b.LHS); !ok || idiom.Number(b.RHS) == nil {
		return verdict{}, "only absent of a selector, or of a selector with a comparison, can be judged without asking for what is not there"
	}
	counted := *b
	counted.ReturnBool = true
	query := "sum(" + counted.String() + ") or vector(0)"
	return verdict{indicator: kpi.Indicator{Kind: kpi.PromQL, PromQL: query}, red: "< 1", noDataPages: true, differences: []string{
		"absent of a comparison became the number of series for which the comparison holds, red below 1",
	}}, ""
}

func fresh(s *kpi.Selector, age time.Duration, how string) verdict {
	return verdict{indicator: kpi.Indicator{Kind: kpi.Freshness, Of: s}, red: "> " + carry.Span(age), noDataPages: true, differences: []string{
		how, "a series that was never seen is grey here, not red; Prometheus fires",
	}}
}

// times states period and window.
func times(a *carry.Account, v *strict.Value, g group, d *carry.Doc, got verdict) time.Duration {
	period, window := carry.Spacing(g.interval, got.window)
	pending := duration(textOf(v, "for"))
	// A long wait at a short interval would be more datapoints than thresholds can look at.
	for points(pending, period) > carry.MaxPoints {
		next, fitted := carry.Spacing(period*2, got.window)
		if next <= period {
			break
		}
		period, window = next, fitted
	}
	if !g.stated {
		a.Note(v, carry.Changed, "interval", fmt.Sprintf("the group states none, and evaluation_interval is not in a rule file; %s is assumed, and the period is %s (--interval says otherwise)", carry.Span(g.interval), carry.Span(period)))
	} else if period != g.interval {
		a.Note(v, carry.Changed, "interval: "+carry.Span(g.interval), fmt.Sprintf("the period is %s, because it must divide a day and the window", carry.Span(period)))
	}
	if window != got.window && got.window > 0 {
		a.Note(v, carry.Changed, "range "+carry.Span(got.window), fmt.Sprintf("the window is %s, because it must be whole periods", carry.Span(window)))
	}
	d.Set("period", carry.Span(period))
	if window > period {
		d.Set("window", carry.Span(window))
	}
	return period
}

// textOf reads without taking.
func textOf(v *strict.Value, key string) string {
	if at := v.Get(key); at != nil && at.Form == strict.Scalar {
		return strings.TrimSpace(at.Text)
	}
	return ""
}

func thresholds(a *carry.Account, v *strict.Value, d *carry.Doc, got verdict, period time.Duration) {
	f := []carry.Field{{Key: "red", Value: carry.Flow(got.red)}}
	if wait := v.Get("for"); wait != nil {
		pending := duration(wait.Text)
		n := points(pending, period)
		switch {
		case got.indicator.Kind == kpi.Freshness:
			a.Changed(wait, "for: "+wait.Text, "the age of the newest sample says how long it has been absent; no further datapoints are waited for")
		case n > carry.MaxPoints:
			a.Changed(wait, "for: "+wait.Text, "at most %d datapoints of %s can be looked at, so it turns red earlier", carry.MaxPoints, carry.Span(period))
			f = append(f, carry.Field{Key: "for", Value: fmt.Sprint(carry.MaxPoints)})
		case n > 1:
			a.Changed(wait, "for: "+wait.Text, "it is %d datapoints of %s in a row, the first and those until %s later; here the light turns red with the last of them and nothing is pending before", n, carry.Span(period), carry.Span(pending))
			f = append(f, carry.Field{Key: "for", Value: fmt.Sprint(n)})
		default:
			a.Take(wait)
		}
	}
	if keep := v.Get("keep_firing_for"); keep != nil {
		if n := points(duration(keep.Text), period); n > carry.MaxPoints {
			a.Changed(keep, "keep_firing_for: "+keep.Text, "at most %d datapoints of %s can be looked at, so it recovers earlier", carry.MaxPoints, carry.Span(period))
			f = append(f, carry.Field{Key: "recover", Value: fmt.Sprint(carry.MaxPoints)})
		} else {
			a.Changed(keep, "keep_firing_for: "+keep.Text, "it is %d good datapoints in a row; a missing one does not count as good, in Prometheus it does", n)
			f = append(f, carry.Field{Key: "recover", Value: fmt.Sprint(n)})
		}
	}
	if got.indicator.Kind != kpi.Freshness {
		f = append(f, carry.Field{Key: "missing", Value: "not_breaching"})
		a.Note(v, carry.Changed, "no data", "a missing datapoint does not breach, as in Prometheus, but the light is grey, and a light that is red stays red until a good datapoint; Prometheus resolves the alert")
	}
	f = append(f, carry.Field{Key: "min_count", Value: got.minCount})
	d.Set("thresholds", carry.Map(f...))
}

// annotations carries summary, description and the runbook, and keeps the others as comments.
func annotations(a *carry.Account, v *strict.Value, d *carry.Doc, alert string) []carry.LabelAt {
	notes := carry.LabelsAt(v.Get("annotations"))
	d.Set("title", carry.Text(alert))
	var description []string
	for _, n := range notes {
		text := strings.TrimSpace(n.Text)
		switch n.Name {
		case "summary":
			if text != "" && !carry.Template(text) && text == firstLine(text) && len(text) <= 200 {
				d.Set("title", carry.Text(text))
				d.From = append(d.From, "alert: "+alert)
				a.Take(n.At)
				continue
			}
			fallthrough
		case "description", "message":
			if text == "" {
				continue
			}
			description = append(description, text)
			if carry.Template(text) {
				a.Changed(n.At, n.Name+": "+text, "it is kept as the KPI's description, letter by letter: templates are not filled in. The alert's own sentence says value, threshold and group")
			} else {
				a.Take(n.At)
			}
		case "runbook_url", "runbook", "owner", "team":
		default:
			d.From = append(d.From, "annotation "+n.Name+": "+carry.Clip(text))
			a.Lost(n.At, "annotation "+n.Name+": "+text, "an alert here carries value, threshold, summary, runbook_url, link and why; the text is kept as a comment of the document")
		}
	}
	if len(description) > 0 {
		d.Set("description", carry.Text(strings.Join(description, "\n")))
	}
	return notes
}

func page(a *carry.Account, v *strict.Value, d *carry.Doc, got verdict, severity *carry.LabelAt, notes []carry.LabelAt) {
	runbook := ""
	for _, name := range []string{"runbook_url", "runbook"} {
		n := of(notes, name)
		switch text := ""; {
		case n == nil:
		case carry.Address(strings.TrimSpace(n.Text)) && runbook == "":
			runbook = strings.TrimSpace(n.Text)
			a.Take(n.At)
		default:
			text = n.Text
			a.Lost(n.At, "annotation "+n.Name+": "+text, "a runbook is one address that begins with https:// or http:// and holds no template")
		}
	}
	word := "page"
	switch {
	case severity == nil:
		a.Note(v, carry.Changed, "severity", "the rule states none; page is assumed")
	case severityForm.MatchString(severity.Text):
		word = severity.Text
		a.Take(severity.At)
	default:
		a.Lost(severity.At, "label severity: "+severity.Text, "a severity is one word; page is assumed")
	}
	noData := 0
	if got.noDataPages {
		noData = 5
		a.Note(v, carry.Changed, "no data", "the rule is about silence, so the owner is also told after 5 grey datapoints")
	}
	p := a.PageOf(v, word, runbook, noData)
	if p == "" {
		if severity != nil {
			d.From = append(d.From, "severity: "+carry.Clip(severity.Text))
			a.Lost(severity.At, "label severity: "+severity.Text, "the KPI does not page, so nothing carries it; it is kept as a comment of the document")
		}
		return
	}
	d.Set("page", p)
}
