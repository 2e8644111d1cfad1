package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Cross checks documents against each other: names, what names another, KPIs made from KPIs, what is kept too short for those
// who look back, and KPIs that nobody judges or uses.
func Cross(docs []Document) []Finding {
	var report strict.Report
	taken := map[Ref]*Document{}
	byName := map[string]*Document{} // KPIs
	for i := range docs {
		d := &docs[i]
		if d.Name == "" || d.Kind == "" {
			continue
		}
		if first, ok := taken[d.Ref()]; ok {
			report.Errorf(d.root.Get("name"), "%q is taken by %s:%d; names are unique", d.Name, first.File, first.Line)
			d.clear()
			continue
		}
		taken[d.Ref()] = d
		if d.Kind == KindKPI {
			byName[d.Name] = d
		}
	}
	for i := range docs {
		if docs[i].KPI != nil && docs[i].KPI.Indicator.Kind == kpi.Expr {
			crossInputs(&docs[i], byName, &report)
		}
		crossNames(&docs[i], byName, &report)
	}
	crossCycles(docs, byName, &report)
	crossUnjudged(docs, &report)
	crossRetention(docs, &report)
	crossSampling(docs, &report)
	crossPublic(docs, byName, &report)
	return report.Findings()
}

// clear takes the spec out of a document that cannot be used.
func (d *Document) clear() {
	*d = Document{Common: d.Common, File: d.File, Line: d.Line, Text: d.Text, root: d.root}
}

// crossNames finds names of KPIs that do not exist.
func crossNames(d *Document, byName map[string]*Document, report *strict.Report) {
	check := func(at *strict.Value, say func(*strict.Value, string, ...any)) {
		if at.Usable() && at.Form == strict.Scalar && byName[at.Text] == nil {
			say(at, "there is no KPI %q%s", clip(at.Text), near(at.Text, slices.Sorted(maps.Keys(byName))))
		}
	}
	switch {
	case d.Route != nil || d.Maintenance != nil:
		for _, item := range d.root.Get("kpis").List() {
			check(item, report.Errorf)
		}
	case d.Board != nil:
		for _, panel := range d.root.Get("panels").List() {
			check(panel.Get("kpi"), report.Warnf)
			for _, item := range panel.Get("kpis").List() {
				check(item, report.Warnf)
			}
		}
	}
}

// crossRetention finds two policies for the same data, and KPIs that look further back than is kept.
func crossRetention(docs []Document, report *strict.Report) {
	first := map[[2]string]*Document{}
	for i := range docs {
		d := &docs[i]
		if d.Retention == nil {
			continue
		}
		key := [2]string{string(d.Retention.Signal), d.Retention.Class}
		if other, ok := first[key]; ok {
			report.Errorf(d.root.Get("signal"), "%s are kept by %s too (%s:%d); want one policy for each signal and class", d.Retention.what(), other.Ref(), other.File, other.Line)
			d.clear()
			continue
		}
		first[key] = d
		for _, k := range KPIs(docs) {
			if need, what := looksBack(k, d.Retention.Signal); d.Retention.Class == "" && need > d.Retention.Keep {
				report.Errorf(d.root.Get("keep"), "%q is shorter than the %s of KPI %q, which is %s", Span(d.Retention.Keep), what, k.Name, Span(need))
			}
		}
	}
}

// looksBack says how much of a signal a KPI needs.
func looksBack(k *kpi.KPI, s Signal) (need time.Duration, what string) {
	switch {
	case s == SignalMetrics && k.Indicator.Table() == "", string(s) == k.Indicator.Table():
		return k.Window + k.Indicator.Within, "window"
	case s == SignalKPI && k.Objective != nil && k.Objective.Calendar != "":
		return calendarSpan(k.Objective.Calendar), "objective's window"
	case s == SignalKPI && k.Objective != nil:
		return k.Objective.Window, "objective's window"
	}
	return 0, ""
}

// crossSampling finds KPIs whose period is shorter than a Sampling lets their jobs be scraped.
func crossSampling(docs []Document, report *strict.Report) {
	taken := map[string]*Document{}
	for i := range docs {
		d := &docs[i]
		if d.Sampling == nil {
			continue
		}
		for n, s := range d.Sampling.Scrape {
			at := d.root.Get("scrape")
			if at.Form == strict.List {
				at = at.Items[n]
			}
			if other, ok := taken[s.Job]; ok {
				report.Errorf(at.Get("job"), "the job %q has an interval in %s too (%s:%d); want one", s.Job, other.Ref(), other.File, other.Line)
				continue
			}
			taken[s.Job] = d
			for _, k := range KPIs(docs) {
				if k.Interval == 0 && k.Period < s.Interval && feeds(k, s.Job) {
					report.Errorf(at.Get("interval"), "%q is longer than the period %s of KPI %q, which the job %q feeds", Span(s.Interval), Span(k.Period), k.Name, s.Job)
				}
			}
		}
	}
}

// feeds reports whether a KPI names a job as its source.
func feeds(k *kpi.KPI, job string) bool {
	return k.Indicator.Table() == "" && slices.ContainsFunc(k.Indicator.Selectors(), func(s *kpi.Selector) bool {
		named := false
		for _, m := range s.Matchers {
			if m.Name == "job" {
				if named = true; !m.Matches(job) {
					return false
				}
			}
		}
		return named
	})
}

// crossPublic warns of KPIs that strangers alone can make page: everything they count came in by the public door.
func crossPublic(docs []Document, byName map[string]*Document, report *strict.Report) {
	for i := range docs {
		if k := docs[i].KPI; k != nil && k.Page != nil && public(k, byName, 0) {
			report.Warnf(docs[i].root.Key("page"), "%q counts only what came in by the public door (trust=\"public\"), so a stranger who sends made-up events can page someone; take page out, or make it from a KPI of your own services too", k.Name)
		}
	}
}

// public reports whether all that a KPI counts came in by the public door.
func public(k *kpi.KPI, byName map[string]*Document, depth int) bool {
	for _, name := range k.Indicator.Inputs {
		in := byName[name]
		if in == nil || in.KPI == nil || depth > len(byName) || !public(in.KPI, byName, depth+1) {
			return false
		}
	}
	selectors := k.Indicator.Selectors()
	for _, s := range selectors {
		if s.Table() == "" || !slices.ContainsFunc(s.Matchers, func(m *labels.Matcher) bool {
			return m.Name == "trust" && m.Type == labels.MatchEqual && m.Value == "public"
		}) {
			return false
		}
	}
	return len(selectors)+len(k.Indicator.Inputs) > 0
}

func crossInputs(d *Document, byName map[string]*Document, report *strict.Report) {
	k := d.KPI
	table := d.root.Get("indicator").Get("inputs")
	for _, variable := range inputs(k) {
		name := k.Indicator.Inputs[variable]
		at := table.Get(variable)
		in, ok := byName[name]
		switch {
		case !ok:
			report.Errorf(at, "there is no KPI %q%s", clip(name), near(name, slices.Sorted(maps.Keys(byName))))
		case in.KPI == nil:
			// Its own errors are reported already.
		case in.KPI.Period != k.Period:
			report.Errorf(at, "%q has the period %s, %q has %s; want equal periods", name, Span(in.KPI.Period), k.Name, Span(k.Period))
		case len(k.By) > 0 && len(in.KPI.By) > 0 && !sameSet(k.By, in.KPI.By):
			report.Errorf(at, "%q is by %s, %q is by %s; want the same labels, or an input without by, which joins every group", name, strings.Join(in.KPI.By, ", "), k.Name, strings.Join(k.By, ", "))
		}
	}
	grouped := slices.ContainsFunc(inputs(k), func(v string) bool {
		in, ok := byName[k.Indicator.Inputs[v]]
		return !ok || in.KPI == nil || len(in.KPI.By) > 0
	})
	if len(k.By) > 0 && !grouped {
		report.Errorf(d.root.Get("by"), "no input has groups; want an input that is by %s too", strings.Join(k.By, ", "))
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// crossUnjudged warns of KPIs that are never judged, unless another KPI is made from them.
func crossUnjudged(docs []Document, report *strict.Report) {
	used := map[string]bool{}
	for _, d := range docs {
		if d.KPI != nil {
			for _, name := range d.KPI.Indicator.Inputs {
				used[name] = true
			}
		}
	}
	for _, d := range docs {
		if d.KPI != nil && !used[d.Name] && !d.root.Has("thresholds") && !d.root.Has("objective") {
			report.Warnf(d.root.Key("name"), "%q has no thresholds and no objective: it is shown and never judged", d.Name)
		}
	}
}

// crossCycles reports every cycle once, at the document of the cycle that was read first.
func crossCycles(docs []Document, byName map[string]*Document, report *strict.Report) {
	done := map[string]bool{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		d := byName[name]
		if d == nil || d.KPI == nil || done[name] {
			return
		}
		if i := slices.Index(path, name); i >= 0 {
			report.Errorf(d.root.Get("indicator").Key("inputs"), "%s form a circle; a KPI cannot be made from itself", strings.Join(append(slices.Clone(path[i:]), name), " -> "))
			return
		}
		path = append(path, name)
		for _, variable := range inputs(d.KPI) {
			visit(d.KPI.Indicator.Inputs[variable])
		}
		path = path[:len(path)-1]
		done[name] = true
	}
	for _, d := range docs {
		visit(d.Name)
	}
}
