package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Maintenance says when KPIs are judged and nobody is paged.
type Maintenance struct {
	Name   string
	KPIs   []string          // names; empty = all that match
	Match  []*labels.Matcher // over the alert's labels; all must hold
	From   time.Time         // one-off: its start; weekly: the first instant it holds for; zero = always
	To     time.Time         // one-off: its end; weekly: the end of all of them; zero = never
	Weekly *Weekly           // nil = one-off
	Reason string
}

// Weekly is a recurrence by the clock on the wall of a zone.
type Weekly struct {
	Days  []time.Weekday
	Start int    // minutes after midnight
	End   int    // minutes after midnight; at or before Start it is the next day's
	Zone  string // IANA name
}

func maintenanceKeys() []strict.Key {
	return []strict.Key{
		{Name: "kpis", Shape: list("KPIs that do not page in this time.", "[efile-error-rate]", "efile-error-rate")},
		{Name: "match", Shape: matchShape("Labels that the alert must have; with kpis, both must hold.")},
		{Name: "from", Shape: text("Start of the one-off, or the instant from which the weekly one holds, in RFC 3339.", "2026-04-14T22:00:00-04:00")},
		{Name: "to", Shape: text("End of the one-off, or the instant at which the weekly one ends for good.", "2026-04-15T02:00:00-04:00")},
		{Name: "weekly", Shape: strict.Shape{Doc: "A time that comes back each week by the clock of a zone.", Example: `{days: [sunday], from: "02:00", to: "04:00", zone: America/New_York}`, Keys: []strict.Key{
			{Name: "days", Required: true, Shape: strict.Shape{Doc: "Days on which it starts.", Forms: strict.List, NonEmpty: true, Example: "[sunday]", Each: &strict.Shape{Enum: weekdays()}}},
			{Name: "from", Required: true, Shape: text("Start by the clock, 00:00 to 23:59.", `"02:00"`)},
			{Name: "to", Required: true, Shape: text("End by the clock, to 24:00; at or before from it is the next day's.", `"04:00"`)},
			{Name: "zone", Required: true, Shape: text("Zone of the clock, a name of the IANA list.", "America/New_York")},
		}}},
		{Name: "reason", Required: true, Shape: text("Why nobody needs to be paged.", "The database is moved to new machines.")},
	}
}

func weekdays() []string {
	return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
}

func (r *reader) maintenance(root *strict.Value) *Maintenance {
	o := &Maintenance{Name: r.doc.Name, Reason: r.text(root.Get("reason")), KPIs: r.kpiNames(root.Get("kpis")), Match: r.matchers(root.Get("match"))}
	if !root.Has("kpis") && !root.Has("match") {
		r.Errorf(root.Key("name"), "%q names nothing; want kpis or match, so that nobody mutes the whole house by leaving a key out", clip(o.Name))
	}
	o.From, o.To = r.instant(root.Get("from")), r.instant(root.Get("to"))
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		r.Errorf(root.Get("to"), "%q is not after from, %q", root.Get("to").Text, root.Get("from").Text)
	}
	if v := root.Get("weekly"); v.Usable() {
		o.Weekly = r.weekly(v)
	} else if !root.Has("weekly") && (!root.Has("from") || !root.Has("to")) {
		r.Errorf(root.Key("name"), "%q has no time; want from and to, or weekly", clip(o.Name))
	}
	return o
}

func (r *reader) instant(v *strict.Value) time.Time {
	if !v.Usable() {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v.Text)
	if err != nil {
		r.Errorf(v, "%q: want a time with its zone, such as 2026-04-14T22:00:00-04:00 or 2026-04-15T02:00:00Z", clip(v.Text))
		return time.Time{}
	}
	return t.UTC()
}

func (r *reader) weekly(v *strict.Value) *Weekly {
	w := &Weekly{Start: -1, End: -1}
	if at := v.Get("days"); at.Usable() {
		for _, item := range at.Items {
			if !item.Usable() {
				continue
			}
			day := time.Weekday((slices.Index(weekdays(), item.Text) + 1) % 7)
			if slices.Contains(w.Days, day) {
				r.Errorf(item, "%q stands twice", item.Text)
			}
			w.Days = append(w.Days, day)
		}
		slices.SortFunc(w.Days, func(a, b time.Weekday) int { return int(a+6)%7 - int(b+6)%7 })
	}
	w.Start, w.End = r.clock(v.Get("from"), 24*60-1), r.clock(v.Get("to"), 24*60)
	if w.Start >= 0 && w.Start == w.End {
		r.Errorf(v.Get("to"), "%q is from too; for a whole day write from: \"00:00\" and to: \"24:00\"", v.Get("to").Text)
	}
	if at := v.Get("zone"); at.Usable() {
		w.Zone = at.Text
		if _, err := time.LoadLocation(at.Text); err != nil || at.Text == "Local" {
			r.Errorf(at, "%q is no time zone; want a name of the IANA list such as America/New_York or UTC", clip(at.Text))
		}
	}
	return w
}

// clock reads a time of day as minutes after midnight, -1 if it is none.
func (r *reader) clock(v *strict.Value, most int) int {
	if !v.Usable() {
		return -1
	}
	h, m, ok := strings.Cut(v.Text, ":")
	hours, err1 := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint(m, 10, 8)
	if n := int(hours*60 + minutes); ok && err1 == nil && err2 == nil && len(h) == 2 && len(m) == 2 && minutes < 60 && n <= most {
		return n
	}
	r.Errorf(v, "%q: want a time of day from 00:00 to %s, such as \"02:30\"", clip(v.Text), clockWords(most))
	return -1
}

func clockWords(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// Matches reports whether an alert of the KPI with these labels is covered.
func (o *Maintenance) Matches(kpiName string, l labels.Labels) bool {
	return (len(o.KPIs) == 0 || slices.Contains(o.KPIs, kpiName)) && matchesAll(o.Match, func(name string) string {
		if name == "kpi" || name == labels.AlertName {
			return kpiName
		}
		return l.Get(name)
	})
}

// Maintenances returns the Maintenance policies of the documents.
func Maintenances(docs []Document) []*Maintenance {
	return specs(docs, func(d *Document) *Maintenance { return d.Maintenance })
}

func (o *Maintenance) fields() []Field {
	fs := append([]Field{listField("kpis", "the KPIs", o.KPIs, "it is about all KPIs that match")}, matchFields("", o.Match)...)
	fs = append(fs, timeField("from", "it begins", o.From), timeField("to", "it ends", o.To))
	if w := o.Weekly; w != nil {
		fs = append(fs,
			Field{Path: "weekly", Say: "comes back each week", Words: "each week", Gone: "it does not come back", Value: true},
			listField("weekly.days", "the days", w.dayNames(), ""),
			Field{Path: "weekly.from", Say: "starts at " + clockWords(w.Start), Words: clockWords(w.Start), Value: float64(w.Start)},
			Field{Path: "weekly.to", Say: "ends at " + clockWords(w.End), Words: clockWords(w.End), Value: float64(w.End)},
			textField("weekly.zone", "the zone", w.Zone))
	}
	return append(fs, textField("reason", "the reason", o.Reason))
}

// dayNames are the days in the order of a week.
func (w *Weekly) dayNames() []string {
	out := make([]string, 0, len(w.Days))
	for _, d := range w.Days {
		out = append(out, d.String())
	}
	return out
}

func (o *Maintenance) describe(Common) string {
	var when string
	if w := o.Weekly; w != nil {
		when = "each " + joinWords(w.dayNames()) + " from " + clockWords(w.Start) + " to " + clockWords(w.End) + " (" + w.Zone + ")"
		if !o.From.IsZero() {
			when += " from " + timeWords(o.From) + " on"
		}
		if !o.To.IsZero() {
			when += " until " + timeWords(o.To)
		}
	} else {
		when = "from " + timeWords(o.From) + " to " + timeWords(o.To)
	}
	return "Nobody is paged by " + alertsOf(o.KPIs, o.Match) + " " + when + ". " + sentence("Reason: "+strings.TrimSuffix(o.Reason, "."))
}
