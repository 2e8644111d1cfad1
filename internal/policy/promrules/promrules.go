// Package promrules turns Prometheus' alerting rules into KPI documents. A rule whose expression is a ratio, quantile, rate,
// availability, freshness or gauge with a threshold becomes a KPI of that kind; another that can be asked as a query that
// always returns a value becomes a promql KPI; the rest stays in rule_files, where Signalbox runs it unchanged. Every
// difference in meaning is a line of the report.
package promrules

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

const stays = "keep it in rule_files, where Signalbox runs it unchanged: "

// Import reads one rule file, in Prometheus' own form or as a PrometheusRule object of its operator.
func Import(a *carry.Account, file string, src []byte) {
	for i, root := range a.YAML(file, src) {
		at, text := root, src
		if root.Has("kind") || root.Has("spec") {
			kind := a.Text(root, "kind")
			if kind != "PrometheusRule" {
				a.Lost(root, "kind: "+kind, "want a rule file with groups, or an object of the kind PrometheusRule")
				continue
			}
			a.Take(root.Get("apiVersion"))
			a.Imported(root, "PrometheusRule "+a.Text(root.Get("metadata"), "name")+" ("+a.Text(root, "apiVersion")+")", "its groups follow")
			if at = root.Get("spec"); at == nil {
				continue
			}
			text = []byte(carry.Emit(at))
		} else if i > 0 {
			a.Lost(root, "a further document", "Prometheus reads the first document of a rule file only")
			continue
		}
		if err := valid(text); err != nil {
			a.Lost(root, "the rules", "Prometheus refuses them: %s", carry.Clip(err.Error()))
			continue
		}
		if groups := at.Get("groups"); groups != nil {
			for _, g := range groups.Items {
				readGroup(a, g)
			}
		}
	}
}

// valid asks Prometheus itself.
func valid(src []byte) error {
	_, errs := rulefmt.Parse(src, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// group is what the rules of a group share.
type group struct {
	name     string
	interval time.Duration
	stated   bool
	labels   []carry.LabelAt
}

func readGroup(a *carry.Account, v *strict.Value) {
	g := group{name: a.Text(v, "name"), interval: a.Interval}
	if g.interval <= 0 {
		g.interval = time.Minute
	}
	if d, err := model.ParseDuration(a.Text(v, "interval")); err == nil && d > 0 {
		g.interval, g.stated = time.Duration(d), true
	}
	a.LostKey(v, "query_offset", "a KPI's delay says how long a period waits for its samples; it follows from the scrape interval unless the document states delay")
	a.LostKey(v, "limit", "the bound here is max_groups of each KPI, 1000 unless stated")
	g.labels = carry.LabelsAt(v.Get("labels"))
	rules := v.Get("rules")
	if rules == nil {
		return
	}
	alerts := 0
	for _, r := range rules.Items {
		if r.Has("record") {
			a.Lost(r, "record "+a.Text(r, "record")+" = "+a.Text(r, "expr"), "a recording rule: keep it in rule_files, where Signalbox runs it unchanged, and KPIs can use its series")
			continue
		}
		alerts++
		readAlert(a, g, r)
	}
	if alerts == 0 {
		for _, l := range g.labels {
			a.Lost(l.At, "label "+l.Name+": "+l.Text, "no alert of the group was carried over")
		}
		if g.stated {
			a.LostKey(v, "interval", "no alert of the group was carried over")
		}
	}
}

// merged is the group's labels under the rule's own.
func merged(group, own []carry.LabelAt) []carry.LabelAt {
	var out []carry.LabelAt
	for _, g := range group {
		if of(own, g.Name) == nil {
			out = append(out, g)
		}
	}
	return append(out, own...)
}

func of(labels []carry.LabelAt, name string) *carry.LabelAt {
	for i := range labels {
		if labels[i].Name == name {
			return &labels[i]
		}
	}
	return nil
}

// points is how many datapoints in a row breach before Prometheus' `for` has passed: it fires at the first evaluation that
// is at least so long after the first breach.
func points(d, period time.Duration) int { return int((d+period-1)/period) + 1 }

func duration(text string) time.Duration {
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0
	}
	return time.Duration(d)
}

func where(v *strict.Value) string { return fmt.Sprintf("%s:%d", v.File, v.Line) }

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(s)
}
