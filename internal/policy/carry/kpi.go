package carry

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Indicator writes an indicator in flow form.
func Indicator(in kpi.Indicator) string {
	sel := func(key string, s *kpi.Selector) Field {
		if s == nil {
			return Field{}
		}
		return Field{key, quoted(s.Text)}
	}
	field := func(key, name string) Field {
		if name == "" {
			return Field{}
		}
		return Field{key, Text(name)}
	}
	number := func(v float64) string {
		if a := math.Abs(v); a >= 1e-6 && a < 1e15 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	var value string
	switch in.Kind {
	case kpi.Ratio:
		value = Map(sel("good", in.Good), sel("bad", in.Bad), sel("total", in.Total))
	case kpi.Mean:
		value = Map(sel("sum", in.Sum), sel("count", in.Count), sel("of", in.Of), field("value", in.Value))
	case kpi.ShareBelow:
		value = Map(sel("histogram", in.Histogram), sel("of", in.Of), field("value", in.Value), Field{"below", number(in.Below)})
	case kpi.Quantile:
		value = Map(sel("histogram", in.Histogram), sel("of", in.Of), field("value", in.Value), Field{"q", number(in.Q)})
	case kpi.Apdex:
		value = Map(sel("histogram", in.Histogram), sel("of", in.Of), field("value", in.Value), Field{"t", number(in.T)})
	case kpi.Unique:
		value = Map(sel("of", in.Of), field("value", in.Value))
	case kpi.Pair:
		value = Map(sel("first", in.First), sel("then", in.Then), field("on", in.On), Field{"within", Span(in.Within)})
	case kpi.SQL:
		value = quoted(in.SQL)
	case kpi.Gauge:
		value = Map(sel("of", in.Of), Field{"over", in.Over}, Field{"across", in.Across})
	case kpi.Rate, kpi.Availability, kpi.Freshness:
		value = quoted(in.Of.Text)
	case kpi.Expr:
		return Map(Field{"expr", quoted(in.Expr)}, Field{"inputs", Labels(in.Inputs)})
	case kpi.PromQL:
		value = quoted(in.PromQL)
	}
	return Map(Field{string(in.Kind), value})
}

// quoted writes a text in quotes always, as people do with queries.
func quoted(s string) string {
	if t := Text(s); strings.HasPrefix(t, "'") || strings.HasPrefix(t, `"`) {
		return t
	}
	return "'" + s + "'"
}

// Span writes a duration as people do.
func Span(d time.Duration) string { return model.Duration(d).String() }

// MaxPoints is how many datapoints thresholds can look at.
const MaxPoints = 1440

// Spacing returns the longest period that is at most the interval at which the source is evaluated, divides a day and fits
// the window; 0 stands for a window of one period. If none fits the window is lengthened to whole seconds.
func Spacing(interval, window time.Duration) (period, fitted time.Duration) {
	const day = 24 * time.Hour
	if interval < time.Second {
		interval = time.Second
	}
	if window%time.Second != 0 {
		window += time.Second - window%time.Second
	}
	top := min(interval, day)
	if window > 0 {
		top = min(top, window)
	}
	for p := top.Truncate(time.Second); p >= time.Second; p -= time.Second {
		if day%p == 0 && window%p == 0 {
			return p, max(window, p)
		}
	}
	return time.Second, max(window, time.Second)
}

// Owner returns who answers for a document: what the source said, what the importing person said, or nobody yet, which is a
// line of the report at v.
func (a *Account) Owner(v *strict.Value, named, instead string) string {
	named = strings.TrimSpace(Clip(named))
	switch {
	case named != "":
		return named
	case a.Options.Owner != "":
		return a.Options.Owner
	case instead != "":
		a.Note(v, Changed, "owner", "the source names no owner, its service stands in; say who with --owner or in the document")
		return Clip(instead)
	}
	a.Note(v, Changed, "owner", "the source names no owner; say who with --owner or in the document")
	return Unassigned
}

// Address reports whether a text is an address that a runbook can have.
func Address(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !Template(text) && !strings.ContainsAny(text, " \n\t")
}

// Template reports whether a text waits to be filled in.
func Template(text string) bool { return strings.Contains(text, "{{") }

// PageOf writes page; without an address of a runbook there is none, which is a line of the report at v.
func (a *Account) PageOf(v *strict.Value, severity, runbook string, noData int) string {
	if runbook == "" {
		runbook = a.Runbook
	}
	if runbook == "" {
		a.Note(v, Lost, "paging", "a KPI that pages needs a runbook and the source names none, so its light turns red and nobody is told; name one with --runbook or add page to the document")
		return ""
	}
	f := []Field{{"severity", Flow(severity)}, {"runbook", Flow(runbook)}}
	if noData > 0 {
		f = append(f, Field{"no_data", strconv.Itoa(noData)})
	}
	return Map(f...)
}

// LabelsOf writes the labels that a KPI can carry; the ones that it cannot are lines of the report.
func (a *Account) LabelsOf(labels []LabelAt, by []string) string {
	kept := map[string]string{}
	for _, l := range labels {
		switch {
		case l.Name == "kpi" || l.Name == "alertname" || l.Name == "severity" || strings.HasPrefix(l.Name, "__"):
			a.Lost(l.At, "label "+l.Name+": "+l.Text, "Signalbox sets this label itself")
		case Template(l.Text):
			a.Lost(l.At, "label "+l.Name+": "+l.Text, "labels are not templates here; the group's labels are on the alert anyway")
		case slices.Contains(by, l.Name):
			a.Lost(l.At, "label "+l.Name+": "+l.Text, "the KPI is by this label, so the group's own value stands")
		case strings.TrimSpace(l.Text) == "":
			a.Lost(l.At, "label "+l.Name, "it is empty")
		default:
			kept[l.Name] = l.Text
			a.Take(l.At)
		}
	}
	return Labels(kept)
}

// LabelAt is a label with its place.
type LabelAt struct {
	Name, Text string
	At         *strict.Value
}

// LabelsAt lists the scalars of a map.
func LabelsAt(v *strict.Value) []LabelAt {
	if v == nil {
		return nil
	}
	var out []LabelAt
	for _, p := range v.Keys {
		if p.Value.Form == strict.Scalar {
			out = append(out, LabelAt{p.Key.Text, p.Value.Text, p.Value})
		}
	}
	return out
}
