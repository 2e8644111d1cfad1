package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	amcommoncfg "github.com/prometheus/alertmanager/config/common"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Route says who is told about what. Routes are tried in order before the ones of signalbox.yaml.
type Route struct {
	Name           string
	Match          []*labels.Matcher // over the alert's labels; all must hold
	KPIs           []string          // names; any of them; empty = all
	Receiver       string
	GroupBy        []string       // label names, or "..." alone for each alert by itself; nil = as the parent route
	GroupWait      *time.Duration // nil = as the parent route
	GroupInterval  *time.Duration
	RepeatInterval *time.Duration
	Active         []string // names of time intervals; outside them nobody is told
	Mute           []string // names of time intervals; inside them nobody is told
	Continue       bool     // routes after it are tried too
	Order          int      // smaller first, then by name; DefaultOrder unless stated
}

// DefaultOrder is the order of a Route that states none.
const DefaultOrder = 100

func routeKeys() []strict.Key {
	names := func(doc string) strict.Shape { return list(doc, "[business-hours]", "business-hours") }
	return []strict.Key{
		{Name: "match", Shape: matchShape("Labels that the alert must have, as Alertmanager's matchers.")},
		{Name: "kpis", Shape: list("KPIs whose alerts this is about; all unless stated.", "[efile-error-rate]", "efile-error-rate")},
		{Name: "receiver", Required: true, Shape: text("Name of a receiver under alerting.receivers.", "oncall")},
		{Name: "group_by", Shape: list("Labels by which alerts are put into one message, or [...] for each by itself.", "[kpi]", "kpi")},
		{Name: "group_wait", Shape: text("How long a first message waits for more alerts.", "30s")},
		{Name: "group_interval", Shape: text("How long a message about new alerts of a group waits.", "5m")},
		{Name: "repeat_interval", Shape: text("How often a message is sent again while nothing changes.", "4h")},
		{Name: "active_time_intervals", Shape: names("Time intervals outside of which nobody is told.")},
		{Name: "mute_time_intervals", Shape: names("Time intervals in which nobody is told.")},
		{Name: "continue", Shape: flag("true: routes after this one are tried too.")},
		{Name: "order", Shape: whole("Smaller is tried first, then by name; 100 unless stated.", "100")},
	}
}

func (r *reader) route(root *strict.Value) *Route {
	o := &Route{Name: r.doc.Name, Order: DefaultOrder, Continue: r.flag(root, "continue")}
	o.Match, o.KPIs = r.matchers(root.Get("match")), r.kpiNames(root.Get("kpis"))
	if v := root.Get("receiver"); v.Usable() {
		o.Receiver = r.known(v, r.limits.Receivers, "receiver", "alerting.receivers")
	}
	o.Active = r.intervals(root.Get("active_time_intervals"))
	o.Mute = r.intervals(root.Get("mute_time_intervals"))
	o.GroupWait = r.routeTime(root, "group_wait", 0)
	o.GroupInterval = r.routeTime(root, "group_interval", time.Millisecond)
	o.RepeatInterval = r.routeTime(root, "repeat_interval", time.Millisecond)
	if v := root.Get("group_by"); v.Usable() {
		o.GroupBy = r.texts(v)
		if slices.Contains(o.GroupBy, "...") && len(o.GroupBy) > 1 {
			r.Errorf(v, "has \"...\" beside labels; want \"...\" alone, which is all labels, or labels")
		}
		for _, item := range v.Items {
			if item.Usable() && item.Text != "..." && !labelForm.MatchString(item.Text) {
				r.Errorf(item, "%q is no label name; want such as kpi or service", clip(item.Text))
			}
		}
	}
	if v := root.Get("order"); v.Usable() {
		n, ok := v.Integer()
		if !ok || n < 0 || n > 1_000_000 {
			r.Errorf(v, "%q: want a whole number from 0 to 1000000", v.Text)
		}
		o.Order = n
	}
	return o
}

var labelForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// known reads a name that must be one of words, unless words is nil.
func (r *reader) known(v *strict.Value, words []string, what, where string) string {
	name := strings.TrimSpace(v.Text)
	if words != nil && !slices.Contains(words, name) {
		r.Errorf(v, "there is no %s %q under %s%s", what, clip(name), where, near(name, words))
	}
	return name
}

func (r *reader) intervals(v *strict.Value) []string {
	if !v.Usable() {
		return nil
	}
	for _, item := range v.Items {
		if item.Usable() {
			r.known(item, r.limits.Intervals, "time interval", "alerting.time_intervals")
		}
	}
	return r.texts(v)
}

func (r *reader) routeTime(root *strict.Value, key string, least time.Duration) *time.Duration {
	d, v := r.duration(root, key)
	if v == nil {
		return nil
	}
	if d < least {
		r.Errorf(v, "%q: want more than 0s", v.Text)
	}
	return &d
}

// AlertmanagerRoute is the route in Alertmanager's own type, ready to stand among the routes of the root. Defaults that it
// leaves to its parent stay unset.
func (o *Route) AlertmanagerRoute() *amconfig.Route {
	a := &amconfig.Route{
		Receiver: o.Receiver, GroupByStr: slices.Clone(o.GroupBy), Continue: o.Continue,
		ActiveTimeIntervals: slices.Clone(o.Active), MuteTimeIntervals: slices.Clone(o.Mute),
		GroupWait: modelDuration(o.GroupWait), GroupInterval: modelDuration(o.GroupInterval), RepeatInterval: modelDuration(o.RepeatInterval),
		Matchers: o.alertmanagerMatchers(),
	}
	for _, name := range o.GroupBy {
		if name == "..." {
			a.GroupByAll = true
			continue
		}
		a.GroupBy = append(a.GroupBy, model.LabelName(name))
	}
	return a
}

func (o *Route) alertmanagerMatchers() amcommoncfg.Matchers {
	var out amcommoncfg.Matchers
	for _, m := range append(slices.Clone(o.Match), kpiMatcher(o.KPIs)...) {
		a, err := amlabels.NewMatcher(alertmanagerType(m.Type), m.Name, m.Value)
		if err != nil {
			panic("policy: a matcher that was read before is refused: " + err.Error()) // both compile ^(?:value)$
		}
		out = append(out, a)
	}
	return out
}

func alertmanagerType(t labels.MatchType) amlabels.MatchType {
	return map[labels.MatchType]amlabels.MatchType{
		labels.MatchEqual: amlabels.MatchEqual, labels.MatchNotEqual: amlabels.MatchNotEqual,
		labels.MatchRegexp: amlabels.MatchRegexp, labels.MatchNotRegexp: amlabels.MatchNotRegexp,
	}[t]
}

// kpiMatcher matches the alerts of the named KPIs; none for no names.
func kpiMatcher(names []string) []*labels.Matcher {
	switch len(names) {
	case 0:
		return nil
	case 1:
		return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "kpi", names[0])}
	}
	quoted := make([]string, 0, len(names))
	for _, n := range names {
		quoted = append(quoted, regexp.QuoteMeta(n))
	}
	return []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "kpi", strings.Join(quoted, "|"))}
}

func modelDuration(d *time.Duration) *model.Duration {
	if d == nil {
		return nil
	}
	m := model.Duration(*d)
	return &m
}

// Routes returns the Route policies of the documents in the order in which they are tried.
func Routes(docs []Document) []*Route {
	out := specs(docs, func(d *Document) *Route { return d.Route })
	slices.SortStableFunc(out, func(a, b *Route) int {
		if a.Order != b.Order {
			return a.Order - b.Order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func (o *Route) fields() []Field {
	fs := append(matchFields("", o.Match), listField("kpis", "the KPIs", o.KPIs, "it is about all KPIs"))
	fs = append(fs,
		Field{Path: "receiver", Say: "sends to " + o.Receiver, Words: o.Receiver, Value: o.Receiver},
		listField("group_by", "the labels that alerts are grouped by", o.GroupBy, "alerts are grouped as the parent route says"),
		optional("group_wait", "the wait before a first message", o.GroupWait), optional("group_interval", "the wait before a message about new alerts", o.GroupInterval),
		optional("repeat_interval", "the time until a message is repeated", o.RepeatInterval),
		listField("active_time_intervals", "the times in which people are told", o.Active, "people are told at all times"),
		listField("mute_time_intervals", "the times in which nobody is told", o.Mute, "there are no times in which nobody is told"),
		flagField("continue", o.Continue, "routes after it are tried too", "routes after it are not tried"),
		Field{Path: "order", Say: "its place in the order is " + count(o.Order), Words: count(o.Order), Value: float64(o.Order)})
	return fs
}

func (o *Route) describe(Common) string {
	s := "Sends " + alertsOf(o.KPIs, o.Match) + " to " + o.Receiver
	if o.RepeatInterval != nil {
		s += ", again every " + spanWords(*o.RepeatInterval)
	}
	if len(o.Active) > 0 {
		s += ", only in " + joinWords(o.Active)
	}
	if len(o.Mute) > 0 {
		s += ", not in " + joinWords(o.Mute)
	}
	if o.Continue {
		return s + ". Routes after it are tried too."
	}
	return s + "."
}
