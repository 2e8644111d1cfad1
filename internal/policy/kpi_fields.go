package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

func kpiFields(k *kpi.KPI) []Field {
	t := k.Thresholds
	fs := []Field{bandField("thresholds.red", red, k), bandForField("thresholds.for.red", red, k), bandField("thresholds.yellow", yellow, k), bandForField("thresholds.for.yellow", yellow, k)}
	back := Field{Path: "thresholds.recover", Say: "recovers after " + mOfNWords(t.Recover), Words: mOfNWords(t.Recover), Gone: "recovers as soon as too few datapoints breach"}
	if t.Recover != (kpi.MofN{}) {
		back.Value = mOfNWords(t.Recover)
	}
	fs = append(fs, back,
		Field{Path: "thresholds.missing", Say: treatmentWords(t.Missing), Words: strings.ReplaceAll(string(t.Missing), "_", " "), Value: string(t.Missing)},
		optionalNumber("thresholds.min_count", t.MinCount, "datapoints of fewer than "+kpi.Count(t.MinCount)+" events are left out", kpi.Count(t.MinCount)+" events", "datapoints of any number of events are used"),
		optionalNumber("thresholds.range", float64(t.Range), "looks at the newest "+plural(t.Range, "datapoint"), plural(t.Range, "datapoint"), "looks at two datapoints more than the rule needs"),
		indicatorField(k.Indicator))
	fs = append(fs, indicatorNumbers(k)...)
	fs = append(fs, byField(k.By), listField("expect", "the groups that must exist", groupStrings(k.Expect), "no group must exist"),
		Field{Path: "max_groups", Say: "has at most " + plural(k.MaxGroups, "group"), Words: count(k.MaxGroups), Value: float64(k.MaxGroups)},
		textField("unit", "the unit", k.Unit),
		spanField("period", "the period", k.Period), spanField("window", "the window of a datapoint", k.Window))
	if k.Delay != nil {
		fs = append(fs, Field{Path: "delay", Say: "a period closes " + spanWords(*k.Delay) + " after its end", Words: spanWords(*k.Delay), Gone: "a period closes as its source allows", Value: k.Delay.Seconds()})
	}
	if k.Interval > 0 {
		fs = append(fs, Field{Path: "interval", Say: "samples are pushed every " + spanWords(k.Interval), Words: spanWords(k.Interval), Gone: "samples are pushed once a period", Value: k.Interval.Seconds()})
	}
	fs = append(fs, textField("zone", "the zone of calendar windows", k.Zone),
		optionalNumber("min_coverage", k.MinCoverage, "datapoints with less than "+shareWords(k.MinCoverage)+" of the data are left out", shareWords(k.MinCoverage), "datapoints with any share of the data are used"),
		Field{Path: "restate_for", Say: "late data restates a value for " + spanWords(k.RestateFor), Words: spanWords(k.RestateFor), Value: k.RestateFor.Seconds()})
	if o := k.Objective; o != nil {
		fs = append(fs,
			Field{Path: "objective.target", Say: "promises " + shareWords(o.Target) + " " + objectiveWindow(o), Words: shareWords(o.Target), Gone: "promises nothing over a longer time", Value: o.Target},
			Field{Path: "objective.window", Say: "the promise holds " + objectiveWindow(o), Words: strings.TrimPrefix(objectiveWindow(o), "over "), Gone: "there is no error budget", Value: objectiveSpan(o)})
	}
	if p := k.Page; p != nil {
		fs = append(fs,
			Field{Path: "page.severity", Say: "pages with the severity " + p.Severity, Words: p.Severity, Gone: "nobody is paged", Value: p.Severity},
			textField("page.runbook", "the runbook", p.Runbook),
			optionalNumber("page.no_data", float64(p.NoData), "tells the owner after "+plural(p.NoData, "datapoint")+" without data", plural(p.NoData, "datapoint"), "tells nobody that data is missing"))
	}
	return append(fs, Field{Path: "outcome", Say: "is a " + string(k.Outcome) + " KPI", Words: string(k.Outcome), Value: string(k.Outcome)})
}

// optionalNumber is a number that is not stated where it is 0.
func optionalNumber(path string, x float64, say, words, gone string) Field {
	f := Field{Path: path, Say: say, Words: words, Gone: gone}
	if x != 0 {
		f.Value = x
	}
	return f
}

// band is red or yellow.
type band string

const (
	red    band = "red"
	yellow band = "yellow"
)

func (b band) of(k *kpi.KPI) (*kpi.Comparison, kpi.MofN) {
	if b == red {
		return k.Thresholds.Red, k.Thresholds.ForRed
	}
	return k.Thresholds.Yellow, k.Thresholds.ForYellow
}

// verb is what a KPI does when the band breaches.
func (b band) verb(k *kpi.KPI) string {
	switch {
	case b == yellow:
		return "is at risk"
	case k.Page != nil:
		return "pages"
	default:
		return "turns red"
	}
}

// clause is the whole rule: "pages when more than 2.5 % of filings fail for 3 minutes in a row".
func (b band) clause(k *kpi.KPI) string {
	c, m := b.of(k)
	return b.verb(k) + " when " + breach(k, c) + " " + lasting(m, k.Period)
}

func bandField(path string, b band, k *kpi.KPI) Field {
	c, _ := b.of(k)
	f := Field{Path: path, Gone: "never turns " + string(b)}
	if b == yellow {
		f.Gone = "is never at risk"
	}
	if c != nil {
		f.Say, f.Words, f.Value = b.clause(k), limitWords(c, k.Unit), comparisonValue{c.Op, c.A, c.B, c.Text}
	}
	return f
}

func bandForField(path string, b band, k *kpi.KPI) Field {
	c, m := b.of(k)
	f := Field{Path: path}
	if c != nil {
		f.Say, f.Words, f.Value = b.clause(k), lasting(m, k.Period), mOfNWords(m)
	}
	return f
}

// breach says in words when a value breaches a comparison.
func breach(k *kpi.KPI, c *kpi.Comparison) string {
	things := noun(k.Indicator.Total)
	if k.Indicator.Kind != kpi.Ratio || things == "" || c.Op == kpi.OutsideOf {
		return k.Title + " is " + limitWords(c, k.Unit)
	}
	does := "succeed"
	if k.Indicator.Bad != nil {
		does = "fail"
	}
	x := shown(k.Unit, c.A)
	return map[kpi.Op]string{kpi.Above: "more than " + x, kpi.AtLeast: x + " or more", kpi.Below: "less than " + x, kpi.AtMost: x + " or less"}[c.Op] + " of " + things + " " + does
}

// noun makes the plural noun that a counter's name holds: filings_submitted_total counts "filings submitted".
func noun(s *kpi.Selector) string {
	name := metricName(s)
	for _, suffix := range []string{"_total", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	words := strings.Split(name, "_")
	plural := false
	for i, w := range words {
		plural = plural || (len(w) > 3 && strings.HasSuffix(w, "s"))
		if slices.Contains([]string{"http", "api", "sql", "grpc", "dns", "tcp", "irs", "ssa"}, w) {
			words[i] = strings.ToUpper(w)
		}
	}
	if !plural {
		return ""
	}
	return strings.Join(words, " ")
}

// lasting says for how long a band must breach: "for 3 minutes in a row", "in 2 of 3 minutes".
func lasting(m kpi.MofN, period time.Duration) string {
	one, many := "period of "+spanWords(period), "periods of "+spanWords(period)
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{time.Second, "second"}, {time.Minute, "minute"}, {time.Hour, "hour"}, {24 * time.Hour, "day"}} {
		if period == u.d {
			one, many = u.name, u.name+"s"
		}
	}
	switch {
	case m.N <= 1:
		return "in one " + one
	case m.M == m.N:
		return "for " + count(m.N) + " " + many + " in a row"
	default:
		return "in " + count(m.M) + " of " + count(m.N) + " " + many
	}
}

func mOfNWords(m kpi.MofN) string { return count(m.M) + " of " + plural(m.N, "datapoint") }

func treatmentWords(t kpi.Treatment) string {
	return map[kpi.Treatment]string{
		kpi.TreatMissing:      "missing datapoints count as missing",
		kpi.TreatBreaching:    "missing datapoints count as breaching",
		kpi.TreatNotBreaching: "missing datapoints count as not breaching",
		kpi.TreatIgnore:       "missing datapoints leave the light as it is",
	}[t]
}

func objectiveWindow(o *kpi.Objective) string {
	if o.Calendar != "" {
		return "over the calendar " + o.Calendar
	}
	return "over " + spanWords(o.Window)
}

func objectiveSpan(o *kpi.Objective) any {
	if o.Calendar != "" {
		return o.Calendar
	}
	return o.Window.Seconds()
}

func byField(by []string) Field {
	f := Field{Path: "by", Say: "each combination of " + joinWords(by) + " has a light of its own", Words: joinWords(by), Gone: "has one light, and no groups"}
	if len(by) > 0 {
		f.Value = slices.Clone(by)
	}
	return f
}

// indicatorField is how the number is made, without the numbers in it, which are fields of their own.
func indicatorField(in kpi.Indicator) Field {
	parts := []any{string(in.Kind)}
	var words []string
	for _, s := range []struct {
		name string
		sel  *kpi.Selector
	}{{"good", in.Good}, {"bad", in.Bad}, {"total", in.Total}, {"of", in.Of}, {"sum", in.Sum}, {"count", in.Count}, {"histogram", in.Histogram}, {"first", in.First}, {"then", in.Then}} {
		if s.sel != nil {
			parts = append(parts, s.name, selectorKey(s.sel))
			words = append(words, s.name+" "+s.sel.Text)
		}
	}
	for _, s := range [][2]string{{"over", in.Over}, {"across", in.Across}, {"expr", in.Expr}, {"promql", in.PromQL}, {"value", in.Value}, {"on", in.On}, {"sql", in.SQL}} {
		if s[1] != "" {
			parts = append(parts, s[0], s[1])
			words = append(words, s[0]+" "+s[1])
		}
	}
	for _, v := range slices.Sorted(maps.Keys(in.Inputs)) {
		parts = append(parts, v, in.Inputs[v])
		words = append(words, v+" = "+in.Inputs[v])
	}
	w := strings.ReplaceAll(string(in.Kind), "_", " ") + " (" + strings.Join(words, ", ") + ")"
	return Field{Path: "indicator", Say: "the number is the " + w, Words: "the " + w, Value: parts}
}

func indicatorNumbers(k *kpi.KPI) []Field {
	in := k.Indicator
	at := "indicator." + string(in.Kind) + "."
	var unit string
	if in.Kind == kpi.ShareBelow || in.Kind == kpi.Apdex {
		if strings.HasSuffix(metricName(in.Histogram), "_seconds") || in.Value == "duration" {
			unit = "seconds"
		}
	}
	show := func(x float64) string { return shown(unit, x) }
	var fs []Field
	if in.Below != 0 {
		fs = append(fs, Field{Path: at + "below", Say: "counts what is at or below " + show(in.Below), Words: show(in.Below), Gone: "counts by no bound", Value: in.Below})
	}
	if in.T != 0 {
		fs = append(fs, Field{Path: at + "t", Say: "people are satisfied up to " + show(in.T), Words: show(in.T), Gone: "satisfaction has no bound", Value: in.T})
	}
	if in.Within != 0 {
		fs = append(fs, Field{Path: at + "within", Say: "the second of a pair follows within " + spanWords(in.Within), Words: spanWords(in.Within), Gone: "pairs have no time", Value: in.Within.Seconds()})
	}
	if in.Q != 0 {
		q := strconv.FormatFloat(in.Q, 'g', -1, 64)
		fs = append(fs, Field{Path: at + "q", Say: "the quantile is " + q, Words: q, Gone: "no quantile is taken", Value: in.Q})
	}
	return fs
}

func describeKPI(c Common, k *kpi.KPI) string {
	var rules []string
	if k.Thresholds.Red != nil {
		rules = append(rules, red.clause(k))
	}
	if y := k.Thresholds.Yellow; y != nil {
		rules = append(rules, "is at risk "+limitWords(y, k.Unit)+" "+lasting(k.Thresholds.ForYellow, k.Period))
	}
	if o := k.Objective; o != nil {
		rules = append(rules, "promises "+shareWords(o.Target)+" "+objectiveWindow(o))
	}
	if len(rules) == 0 {
		rules = []string{"is shown and never judged"}
	}
	s := quoted(c.Title) + " " + joinWords(rules) + "."
	if len(k.By) > 0 {
		s += " Each combination of " + joinWords(k.By) + " has its own light."
	}
	return s
}
