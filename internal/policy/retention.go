package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Signal is what a Retention keeps.
type Signal string

// The signals.
const (
	SignalMetrics   Signal = "metrics"
	SignalKPI       Signal = "kpi"
	SignalLogs      Signal = "logs"
	SignalSpans     Signal = "spans"
	SignalEvents    Signal = "events"
	SignalDecisions Signal = "decisions"
	SignalAudit     Signal = "audit"
)

// Retention says how long one signal, or one data class of it, is kept.
type Retention struct {
	Name   string
	Signal Signal
	Class  string            // data class; empty = whatever has no class of its own
	Match  []*labels.Matcher // which rows belong to the class; all must hold
	Keep   time.Duration
	Min    time.Duration // what keep may never fall below while this stands; the house's own floor unless stated
	Reason string
}

// Signals returns all signals in the order in which people read them.
func Signals() []Signal {
	return []Signal{SignalMetrics, SignalKPI, SignalLogs, SignalSpans, SignalEvents, SignalDecisions, SignalAudit}
}

// Floor is the shortest time for which the house keeps a signal, whatever a policy says: who decided what, and why, must be
// answerable for a quarter.
func (s Signal) Floor() time.Duration {
	const day = 24 * time.Hour
	switch s {
	case SignalDecisions, SignalAudit:
		return 90 * day
	case SignalKPI:
		return 7 * day
	default:
		return time.Hour
	}
}

func (s Signal) words() string {
	return map[Signal]string{
		SignalMetrics: "samples", SignalKPI: "KPI datapoints", SignalLogs: "logs", SignalSpans: "spans", SignalEvents: "events",
		SignalDecisions: "decision records", SignalAudit: "audit records",
	}[s]
}

func retentionKeys() []strict.Key {
	var signals []string
	for _, s := range Signals() {
		signals = append(signals, string(s))
	}
	return []strict.Key{
		{Name: "signal", Required: true, Shape: word("What is kept.", signals...)},
		{Name: "class", Shape: text("Data class that this is about; all data without a policy of its own unless stated.", "personal")},
		{Name: "match", Shape: matchShape("Fields or attributes by which rows belong to the class.")},
		{Name: "keep", Required: true, Shape: text("How long; what is older is deleted.", "30d")},
		{Name: "min", Shape: text("What keep may not fall below while this stands.", "14d")},
		{Name: "reason", Required: true, Shape: text("Why this long: the law, the contract or the need.", "Tickets are answered within two weeks.")},
	}
}

func (r *reader) retention(root *strict.Value) *Retention {
	o := &Retention{Name: r.doc.Name, Reason: r.text(root.Get("reason")), Match: r.matchers(root.Get("match"))}
	if v := root.Get("signal"); v.Usable() {
		o.Signal = Signal(v.Text)
	}
	if v := root.Get("class"); v.Usable() {
		o.Class = v.Text
		switch {
		case slices.Contains([]Signal{SignalKPI, SignalDecisions, SignalAudit}, o.Signal):
			r.Errorf(v, "%q: %s have no data classes; leave the key out", clip(v.Text), o.Signal.words())
		case !nameForm.MatchString(v.Text):
			r.Errorf(v, "%q: want the name of a data class in lower-case letters, such as personal", clip(v.Text))
		}
	}
	if rows := slices.Contains([]Signal{SignalLogs, SignalSpans, SignalEvents}, o.Signal); root.Has("match") && (!rows || o.Class == "") {
		r.Errorf(root.Key("match"), "says which logs, spans or events belong to a class; add class: personal, or leave the key out")
	} else if rows && o.Class != "" && len(o.Match) == 0 {
		r.Warnf(root.Get("class"), "nothing says which %s belong to %q, so this keeps none of them shorter or longer; add match, such as ['service=\"portal\"']", o.Signal.words(), clip(o.Class))
	}
	floor := o.Signal.Floor()
	if d, v := r.duration(root, "min"); v != nil {
		if d < floor {
			r.Errorf(v, "%q: %s are kept at least %s", v.Text, o.Signal.words(), Span(floor))
		}
		o.Min = d
	}
	o.Min = max(o.Min, floor)
	if d, v := r.duration(root, "keep"); v != nil {
		switch {
		case d < floor && o.Signal != "":
			r.Errorf(v, "%q: %s are kept at least %s", v.Text, o.Signal.words(), Span(floor))
		case d < o.Min:
			r.Errorf(v, "%q is shorter than min, which is %s", v.Text, Span(o.Min))
		}
		o.Keep = d
	}
	return o
}

// Retentions returns the Retention policies of the documents.
func Retentions(docs []Document) []*Retention {
	return specs(docs, func(d *Document) *Retention { return d.Retention })
}

// KeepFor returns how long a signal's data class is kept by the policies: that of the class itself, else that of the signal.
// ok is false where no policy says so.
func KeepFor(policies []*Retention, s Signal, class string) (keep time.Duration, ok bool) {
	for _, p := range policies {
		if p.Signal == s && p.Class == class {
			return p.Keep, true
		}
		if p.Signal == s && p.Class == "" {
			keep, ok = p.Keep, true
		}
	}
	return keep, ok
}

// Classes returns the policies that keep a class of a signal's rows for a time of its own, by name.
func Classes(policies []*Retention, s Signal) []*Retention {
	var out []*Retention
	for _, p := range policies {
		if p.Signal == s && p.Class != "" && len(p.Match) > 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Retention) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (o *Retention) what() string {
	if o.Class != "" {
		return o.Class + " " + o.Signal.words()
	}
	return o.Signal.words()
}

func (o *Retention) fields() []Field {
	return []Field{
		{Path: "signal", Say: "is about " + o.Signal.words(), Words: o.Signal.words(), Value: string(o.Signal)},
		textField("class", "the data class", o.Class),
		matchFields("", o.Match)[0],
		{Path: "keep", Say: "keeps " + o.what() + " for " + spanWords(o.Keep), Words: spanWords(o.Keep), Value: o.Keep.Seconds()},
		spanField("min", "the shortest that may be kept", o.Min),
		textField("reason", "the reason", o.Reason),
	}
}

func (o *Retention) describe(Common) string {
	return "Keeps " + o.what() + from("", o.Match) + " for " + spanWords(o.Keep) + ". " + sentence(strings.TrimSuffix(o.Reason, "."))
}
