package usage

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// KPIQuestion asks for a KPI of a view. View is actives, stickiness, sessions, session_duration, actions, bounce, retention,
// adoption, funnel, success or errors; the fields of that view say which number, and Value, where it is known, is what it is now: the thresholds proposed
// lie 10 % and 20 % worse.
type KPIQuestion struct {
	View    string          `json:"view"`
	Name    string          `json:"name"`  // of the KPI; made from the view if empty
	Title   string          `json:"title"` // likewise
	Owner   string          `json:"owner"`
	Value   *float64        `json:"value"`
	App     App             `json:"app"`     // empty: everything; otherwise one application, as its standing numbers carry it
	Span    string          `json:"span"`    // actives: day, week or month; sessions: day
	Stat    string          `json:"stat"`    // session_duration: median, p95 or mean
	After   int             `json:"after"`   // retention: 1, 7 or 30 days
	Kind    string          `json:"kind"`    // adoption: event, route or release
	Feature string          `json:"feature"` // adoption
	Step    int             `json:"step"`    // funnel: from 1; 0 is the last
	Funnel  FunnelQuestion  `json:"-"`
	Success SuccessQuestion `json:"-"`
	Error   ErrorGroup      `json:"-"`
}

// KPIDraft is the policy to propose. Watch, where there is one, has to be handed to Room.Watch so that the number exists.
type KPIDraft struct {
	Policy string   `json:"policy"` // YAML
	Watch  *Watched `json:"watch"`
	Notes  []string `json:"notes"`
}

// KPI writes the policy of a KPI for a view. What rows can count at once is an indicator over rows; the rest reads the series
// that the room publishes.
func KPI(q KPIQuestion) (KPIDraft, error) {
	p := plan{q: q, draft: KPIDraft{Notes: notes(nil)}, worse: -1, unit: "percent"}
	var err error
	switch q.View {
	case "actives":
		err = p.gauge("actives", cmp.Or(q.Span, "day"), []string{"day", "week", "month"}, "span", "People active: "+cmp.Or(q.Span, "day"), "count")
	case "stickiness":
		err = p.gauge("stickiness_ratio", "", []string{""}, "", "Share of a month's people who come on a day", "percent")
	case "sessions":
		err = p.gauge("sessions", "day", []string{"day"}, "span", "Sessions a day", "count")
	case "session_duration":
		err = p.gauge("session_seconds", cmp.Or(q.Stat, "median"), []string{"median", "p95", "mean"}, "stat", "Session duration, "+cmp.Or(q.Stat, "median"), "seconds")
	case "actions":
		err = p.gauge("session_actions", "", []string{""}, "", "Actions per session", "count")
	case "bounce":
		p.worse = 1
		err = p.gauge("bounce_ratio", "", []string{""}, "", "Share of sessions that bounce", "percent")
	case "retention":
		after := strconv.Itoa(cmp.Or(q.After, 7))
		err = p.gauge("retention_ratio", after, []string{"1", "7", "30"}, "after", "Came back after "+after+" days", "percent")
	case "adoption":
		err = p.adoption()
	case "funnel":
		err = p.funnel()
	case "success":
		err = p.success()
	case "errors":
		err = p.errors()
	default:
		err = fault.New(fault.Invalid, "view %q: want actives, stickiness, sessions, session_duration, actions, bounce, retention, adoption, funnel, success or errors", q.View)
	}
	if err != nil {
		return KPIDraft{}, err
	}
	p.write()
	return p.draft, nil
}

// plan is a KPI on its way to text.
type plan struct {
	q                      KPIQuestion
	draft                  KPIDraft
	indicator, title, unit string
	period                 string
	worse                  float64 // -1: lower is worse
}

func (p *plan) gauge(name, value string, accepted []string, label, title, unit string) error {
	ok := false
	for _, a := range accepted {
		ok = ok || a == value
	}
	if !ok {
		return fault.New(fault.Invalid, "%s %q: want %s", label, value, strings.Join(accepted, ", "))
	}
	var labels []string
	if label != "" {
		labels = []string{label, value}
	}
	p.published(name, labels...)
	p.title, p.unit = title, unit
	return nil
}

// published reads a series of the room's own.
func (p *plan) published(name string, labels ...string) {
	p.indicator = "gauge: {of: " + quoted(series(name, p.q.App, labels...)) + ", over: last, across: max}"
	p.period = "5m"
}

func (p *plan) adoption() error {
	if p.q.Feature == "" {
		return fault.New(fault.Invalid, "no feature is named; want the name of an event, route or release")
	}
	if _, err := kindOf(p.q.Kind); err != nil {
		return err
	}
	p.published("adoption_ratio", "kind", cmp.Or(p.q.Kind, "event"), "feature", p.q.Feature)
	p.title = "Use of " + p.q.Feature
	p.draft.Notes = append(p.draft.Notes, "The 20 most used features of each kind are published; one that falls out of them has no data.")
	return nil
}

// funnel of two steps is a pair of rows of one person; any other is watched.
func (p *plan) funnel() error {
	f := p.q.Funnel
	rule, err := f.rule()
	if err != nil {
		return err
	}
	step := cmp.Or(p.q.Step, rule.Steps)
	if step < 2 || step > rule.Steps {
		return fault.New(fault.Invalid, "step %d: want 2 to %d", step, rule.Steps)
	}
	p.title = "Get as far as " + cmp.Or(f.Steps[step-1].Name, f.Steps[step-1].Where.String())
	if step == 2 && rule.Order == Sequential && len(f.Exclude) == 0 && rule.Within <= dayMicros {
		first, err1 := selector(rowstore.Events, rowstore.All(f.Where, f.Steps[0].Where))
		then, err2 := selector(rowstore.Events, rowstore.All(f.Where, f.Steps[1].Where))
		if err1 == nil && err2 == nil && first != then {
			p.pair(first, then, "user", rule.Within)
			p.draft.Notes = append(p.draft.Notes, "Counts each first step, where the funnel counts each person.")
			return nil
		}
	}
	name := p.name()
	p.draft.Watch = &Watched{Name: name, Ask: f}
	p.published("funnel_ratio", "funnel", name, "step", strconv.Itoa(step))
	p.draft.Notes = append(p.draft.Notes, "The funnel is asked anew each hour, about the newest day whose time to convert is over.")
	return nil
}

func (p *plan) pair(first, then, on string, within int64) {
	p.indicator = fmt.Sprintf("pair: {first: %s, then: %s, on: %s, within: %s}", quoted(first), quoted(then), on, span(within))
	p.period = "1m"
}

func (p *plan) success() error {
	q := p.q.Success
	first, err := selector(q.Table, rowstore.All(q.Where, q.Start))
	if err != nil {
		return err
	}
	then, err := selector(q.Table, rowstore.All(q.Where, q.End))
	if err != nil {
		return err
	}
	within := int64(cmp.Or(q.Within, 30) * 1e6)
	if within <= 0 || within > dayMicros {
		return fault.New(fault.Invalid, "within %v: want more than 0 and at most 86,400 seconds", q.Within)
	}
	if first == then {
		return fault.New(fault.Invalid, "start and end choose the same rows; want the row that completes a transaction as end")
	}
	p.title = "Transactions that succeed in time"
	p.pair(first, then, "business_id", within)
	if !q.Fail.IsEverything() {
		p.draft.Notes = append(p.draft.Notes, "A failure counts as not followed by the end in time, when the time is up.")
	}
	return nil
}

func (p *plan) errors() error {
	g := p.q.Error
	t := map[string]rowstore.Table{"log": rowstore.Logs, "span": rowstore.Spans, "event": rowstore.Events}[g.Origin]
	e := g.base()
	if part := plain(g.Message); t == rowstore.Logs && len(part) > 3 {
		e = rowstore.All(e, rowstore.Expr{Match: &rowstore.Match{Field: "body", Op: rowstore.Contains, Value: part}})
	}
	text, err := selector(t, e)
	if err != nil {
		return err
	}
	p.indicator, p.period, p.worse, p.unit = "rate: "+quoted(text), "1m", 1, "per_second"
	p.title = "Errors: " + cmp.Or(g.Type, g.Message)
	return nil
}

// name is the KPI's name: letters, digits and single dashes.
func (p *plan) name() string {
	text := cmp.Or(p.q.Name, strings.Join([]string{p.q.App.Service, p.q.View, p.q.Feature, p.title}, "-"))
	var out strings.Builder
	for _, c := range strings.ToLower(text) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			out.WriteRune(c)
		case out.Len() > 0 && !strings.HasSuffix(out.String(), "-"):
			out.WriteByte('-')
		}
	}
	name := strings.Trim(out.String()[:min(out.Len(), 60)], "-")
	return cmp.Or(name, "usage")
}

// write puts the document together.
func (p *plan) write() {
	yellow, red := 0.9, 0.8
	if p.worse > 0 {
		yellow, red = 1.1, 1.2
	}
	value := 1.0
	if p.q.Value != nil && *p.q.Value > 0 {
		value = *p.q.Value
	} else {
		p.draft.Notes = append(p.draft.Notes, "Nothing is known of the number yet: state the thresholds.")
	}
	op := map[bool]string{true: ">", false: "<"}[p.worse > 0]
	bound := func(f float64) string {
		x := value * f
		if p.unit == "percent" {
			return quoted(fmt.Sprintf("%s %s%%", op, number(100*x)))
		}
		return quoted(op + " " + number(x))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "kind: KPI\nname: %s\ntitle: %s\noutcome: business\nowner: %s\nunit: %s\nindicator:\n  %s\nperiod: %s\nthresholds: {yellow: %s, red: %s}\n",
		p.name(), quoted(cmp.Or(p.q.Title, p.title)), quoted(cmp.Or(p.q.Owner, "unowned")), p.unit, p.indicator, p.period, bound(yellow), bound(red))
	p.draft.Policy = b.String()
}

// number writes three significant digits.
func number(x float64) string {
	if x >= 1000 {
		return strconv.FormatFloat(math.Round(x), 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

func span(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// quoted is a YAML string in single quotes.
func quoted(s string) string {
	return "'" + strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "'", "''") + "'"
}
