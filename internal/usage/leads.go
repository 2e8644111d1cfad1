package usage

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// followed are the labels of metrics that rows have as fields.
func followed() map[string]string {
	return map[string]string{"service": "service", "service_name": "service", "job": "service", "env": "env", "environment": "env", "deployment_environment": "env", "deployment_environment_name": "env",
		"agency": "agency", "version": "version", "service_version": "version", "release": "release", "route": "route", "http_route": "route", "handler": "route", "error_type": "error_type"}
}

// LeadsOf says where a KPI's period leads: to the failing traces, the log lines and what people did there and then. selectors are the
// matchers of the KPI's indicator, group the labels of the group that is red. A selector of rows leads to its own table with
// all it says; of a metric's labels only those that rows have lead on, and the others are Left. A scrape job is a service only
// where rows of a service of that name are there: known says so.
func LeadsOf(selectors [][]*labels.Matcher, group labels.Labels, r Range, known func(service string) bool) Leads {
	out := Leads{Range: r, Searches: []Lead{}, Left: []string{}}
	var common []rowstore.Expr
	own := map[rowstore.Table][]rowstore.Expr{}
	seen := map[string]bool{}
	add := func(field string, op rowstore.Op, value string) {
		m := &rowstore.Match{Field: field, Op: op, Value: value}
		key := m.String()
		if op == rowstore.Equal { // of two different values neither would be found
			key = field
		}
		if !seen[key] {
			seen[key] = true
			common = append(common, rowstore.Expr{Match: m})
		}
	}
	left := func(name string) {
		if !slices.Contains(out.Left, name) {
			out.Left = append(out.Left, name)
		}
	}
	names := followed()
	group.Range(func(l labels.Label) {
		if field, ok := names[l.Name]; ok && (l.Name != model.JobLabel || known(l.Value)) {
			add(field, rowstore.Equal, l.Value)
		} else {
			left(l.Name)
		}
	})
	for i, ms := range selectors {
		table, rows := rowstore.Table(0), false
		for _, m := range ms {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
				table, rows = rowstore.ParseTable(m.Value)
			}
		}
		if rows {
			own[table] = append(own[table], rowstore.OfMatchers(ms))
		}
		for _, m := range ms {
			field, ok := names[m.Name]
			switch {
			case m.Name == model.MetricNameLabel:
			case m.Name == model.JobLabel && !rows && (m.Type != labels.MatchEqual || !known(m.Value)):
				left(m.Name)
			case !ok && !rows:
				left(m.Name)
			case ok && (i == 0 || m.Type == labels.MatchEqual): // good and total say the same where they lead
				add(field, ops()[m.Type], m.Value)
			}
		}
	}
	search := func(t rowstore.Table, title string, more ...rowstore.Expr) {
		e := rowstore.All(append(slices.Clone(common), more...)...)
		out.Searches = append(out.Searches, Lead{Table: t.String(), Where: e.String(), Title: title, Expr: e})
	}
	for _, t := range rowstore.Tables() {
		if es := own[t]; len(es) > 0 {
			search(t, map[rowstore.Table]string{rowstore.Logs: "The log lines it counts", rowstore.Spans: "The spans it counts", rowstore.Events: "The events it counts"}[t], rowstore.Any(es...))
		}
	}
	search(rowstore.Spans, "Failing traces", rowstore.Is("status", "error"))
	search(rowstore.Logs, "Warnings and errors in logs", rowstore.Expr{Match: &rowstore.Match{Field: "level", Op: rowstore.AtLeast, Value: "warn"}})
	search(rowstore.Events, "What people did")
	return out
}

func ops() map[labels.MatchType]rowstore.Op {
	return map[labels.MatchType]rowstore.Op{labels.MatchEqual: rowstore.Equal, labels.MatchNotEqual: rowstore.NotEqual, labels.MatchRegexp: rowstore.Matches, labels.MatchNotRegexp: rowstore.NoMatch}
}
