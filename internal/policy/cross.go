package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Cross checks documents against each other: names, inputs, their periods and groups, cycles, and KPIs that nobody judges or uses.
func Cross(docs []Document) []Finding {
	var report strict.Report
	byName := map[string]*Document{}
	for i := range docs {
		d := &docs[i]
		if d.Name == "" {
			continue
		}
		if first, ok := byName[d.Name]; ok {
			report.Errorf(d.root.Get("name"), "%q is taken by %s:%d; names are unique", d.Name, first.File, first.Line)
			d.KPI = nil
			continue
		}
		byName[d.Name] = d
	}
	for i := range docs {
		if docs[i].KPI != nil && docs[i].KPI.Indicator.Kind == kpi.Expr {
			crossInputs(&docs[i], byName, &report)
		}
	}
	crossCycles(docs, byName, &report)
	crossUnjudged(docs, &report)
	return report.Findings()
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
