package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	usagepkg "github.com/signalbox/signalbox/internal/usage"
)

// usageCmd shows how people use what is watched.
type usageCmd struct {
	Actives   usageActivesCmd   `cmd:"" help:"How many people were active."`
	Sessions  usageSessionsCmd  `cmd:"" help:"Sessions, how long they last and what is done in them."`
	Retention usageRetentionCmd `cmd:"" help:"Who came back."`
	Funnel    usageFunnelCmd    `cmd:"" help:"How many people get through steps."`
	Adoption  usageAdoptionCmd  `cmd:"" help:"Who uses what."`
	Success   usageSuccessCmd   `cmd:"" help:"How many transactions came to their end in time."`
}

// usageFlags are what all questions of usage have.
type usageFlags struct {
	connection
	output
	Range   string `help:"How far to look back." placeholder:"DURATION"`
	Service string `help:"Only this service."`
	Env     string `help:"Only this environment."`
	Agency  string `help:"Only this agency."`
	Q       string `short:"q" help:"Only these events, such as 'route:/refund release:4.2'." placeholder:"SEARCH"`
}

// ask puts the question and decodes the answer, which it also returns as it came.
func (c *usageFlags) ask(w *world, view string, q url.Values, out any) (json.RawMessage, error) {
	for name, v := range map[string]string{"service": c.Service, "env": c.Env, "agency": c.Agency, "q": c.Q} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if c.Range != "" {
		d, err := model.ParseDuration(c.Range)
		if err != nil || d <= 0 {
			return nil, usage("--range %q: want a duration such as 7d, 12w or 1y", c.Range)
		}
		q.Set("from", fmt.Sprint(time.Now().Add(-time.Duration(d)).UnixMilli()))
	}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/usage/"+view+"?"+q.Encode()), nil, &raw); err != nil {
		return nil, err
	}
	return raw, json.Unmarshal(raw, out)
}

// show prints a table and what has to be said beside it.
func (c *usageFlags) show(w *world, t table, raw json.RawMessage, notes []string) error {
	if err := c.print(w, t, raw); err != nil {
		return err
	}
	if c.Output != "json" {
		for _, n := range notes {
			fmt.Fprintln(w.err, n)
		}
	}
	return nil
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02") }

// running marks what is not over yet.
func running(text string, complete bool) string {
	if complete {
		return text
	}
	return text + " (running)"
}

// persons prints a count of people; of too few nothing is said.
func persons(n int64) string {
	if n == usagepkg.Few {
		return "few"
	}
	return fmt.Sprint(n)
}

func share(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x*100, 'f', 1, 64) + " %"
}

func seconds(x *float64) string {
	if x == nil {
		return "-"
	}
	return time.Duration(*x * float64(time.Second)).Round(100 * time.Millisecond).String()
}

func decimal(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x, 'f', 1, 64)
}

type usageActivesCmd struct {
	usageFlags
	Period string `help:"Width of a point." default:"day" enum:"day,week,month"`
}

// Run prints one line a period.
func (c *usageActivesCmd) Run(w *world) error {
	var a usagepkg.Actives
	raw, err := c.ask(w, "actives", url.Values{"period": {c.Period}}, &a)
	if err != nil {
		return err
	}
	t := table{{"FROM", "PEOPLE", "NEW", "EVENTS"}}
	for _, p := range a.Points {
		t = append(t, []string{running(day(p.At), p.Complete), persons(p.People), persons(p.New), fmt.Sprint(p.Events)})
	}
	return c.show(w, t, raw, append(a.Notes, fmt.Sprintf("newest day %s, 7 days %s, 30 days %s people", persons(a.Day), persons(a.Week), persons(a.Month))))
}

type usageSessionsCmd struct {
	usageFlags
	Period string `help:"Width of a point." default:"day" enum:"day,week,month"`
}

// Run prints one line a period and the whole.
func (c *usageSessionsCmd) Run(w *world) error {
	var a usagepkg.Sessions
	raw, err := c.ask(w, "sessions", url.Values{"period": {c.Period}}, &a)
	if err != nil {
		return err
	}
	t := table{{"FROM", "SESSIONS", "PEOPLE", "MEDIAN", "P95", "MEAN", "ACTIONS/SESSION", "BOUNCE"}}
	line := func(head string, p usagepkg.SessionPoint) []string {
		return []string{head, fmt.Sprint(p.Sessions), persons(p.People), seconds(p.Median), seconds(p.P95), seconds(p.Mean), decimal(p.Per), share(p.Bounce)}
	}
	for _, p := range a.Points {
		t = append(t, line(running(day(p.At), p.Complete), p))
	}
	t = append(t, line("all", a.Total))
	return c.show(w, t, raw, a.Notes)
}

type usageRetentionCmd struct {
	usageFlags
	Period    string `help:"Width of a cohort." default:"week" enum:"day,week,month"`
	Periods   int    `help:"Columns." default:"8"`
	Recurring bool   `help:"Everybody active in a period is its cohort; else only who was new."`
	OnOrAfter bool   `help:"Came back in that period or later; else in that very period."`
	Start     string `help:"What makes somebody part of a cohort." placeholder:"SEARCH"`
	Return    string `help:"What counts as coming back." placeholder:"SEARCH"`
}

// Run prints the grid.
func (c *usageRetentionCmd) Run(w *world) error {
	q := url.Values{"period": {c.Period}, "periods": {fmt.Sprint(c.Periods)}, "recurring": {fmt.Sprint(c.Recurring)}, "on_or_after": {fmt.Sprint(c.OnOrAfter)}}
	if c.Start != "" {
		q.Set("start", c.Start)
	}
	if c.Return != "" {
		q.Set("return", c.Return)
	}
	var a usagepkg.Retention
	raw, err := c.ask(w, "retention", q, &a)
	if err != nil {
		return err
	}
	head := []string{"COHORT", "PEOPLE"}
	for i := 1; i <= c.Periods; i++ {
		head = append(head, "+"+strconv.Itoa(i))
	}
	t := table{head}
	for _, co := range a.Cohorts {
		row := []string{day(co.At), persons(co.Size)}
		for i, cell := range co.Cells {
			if i > 0 {
				text := share(cell.Share)
				if cell.People == usagepkg.Few {
					text = persons(cell.People)
				}
				row = append(row, running(text, cell.Complete || cell.Share == nil))
			}
		}
		t = append(t, row)
	}
	mean := []string{"mean", ""}
	for i, m := range a.Weighted {
		if i > 0 {
			mean = append(mean, share(m.Share))
		}
	}
	return c.show(w, append(t, mean), raw, a.Notes)
}

type usageFunnelCmd struct {
	usageFlags
	Steps   []string `arg:"" name:"step" help:"Search for one step's events, in order, such as name:filing_submitted."`
	Order   string   `help:"How steps follow each other." default:"sequential" enum:"sequential,strict,any"`
	Within  string   `help:"Time for all steps." default:"7d"`
	Exclude []string `help:"N:SEARCH removes people who do it after step N and before the next." placeholder:"N:SEARCH"`
	By      string   `help:"Field of the first step's event to break down by."`
}

// Run prints one line a step, for each group too.
func (c *usageFunnelCmd) Run(w *world) error {
	within, err := model.ParseDuration(c.Within)
	if err != nil || within <= 0 {
		return usage("--within %q: want a duration such as 30m or 7d", c.Within)
	}
	q := url.Values{"step": c.Steps, "order": {c.Order}, "within": {fmt.Sprint(time.Duration(within).Seconds())}, "exclude": c.Exclude}
	if c.By != "" {
		q.Set("by", c.By)
	}
	var a usagepkg.Funnel
	raw, err := c.ask(w, "funnel", q, &a)
	if err != nil {
		return err
	}
	t := table{{"GROUP", "STEP", "PEOPLE", "OF FIRST", "OF BEFORE", "MEDIAN", "P90"}}
	add := func(group string, steps []usagepkg.FunnelStep) {
		for i, s := range steps {
			t = append(t, []string{group, fmt.Sprintf("%d %s", i+1, s.Name), persons(s.People), share(s.Share), share(s.Of), seconds(s.Median), seconds(s.P90)})
		}
	}
	add("all", a.Steps)
	for _, g := range a.Groups {
		add(g.Value, g.Steps)
	}
	return c.show(w, t, raw, a.Notes)
}

type usageAdoptionCmd struct {
	usageFlags
	Kind     string   `help:"What is used." default:"event" enum:"event,route,release"`
	Names    []string `arg:"" optional:"" name:"name" help:"Only these."`
	Releases bool     `help:"Also per release."`
}

// Run prints one line a feature.
func (c *usageAdoptionCmd) Run(w *world) error {
	var a usagepkg.Adoption
	raw, err := c.ask(w, "adoption", url.Values{"kind": {c.Kind}, "name": c.Names, "releases": {fmt.Sprint(c.Releases)}}, &a)
	if err != nil {
		return err
	}
	t := table{{"NAME", "RELEASE", "PEOPLE", "SHARE", "EVENTS"}}
	for _, f := range a.Features {
		who := "-"
		if f.People != nil {
			who = persons(*f.People)
		}
		t = append(t, []string{f.Name, "", who, share(f.Share), fmt.Sprint(f.Events)})
		for _, r := range f.Releases {
			t = append(t, []string{"", r.Release, persons(r.People) + " of " + persons(r.Of), share(r.Share), ""})
		}
	}
	return c.show(w, t, raw, append(a.Notes, persons(a.Actives)+" people were active"))
}

type usageSuccessCmd struct {
	usageFlags
	Start  string `help:"What begins a transaction." required:"" placeholder:"SEARCH"`
	End    string `help:"What ends it well." required:"" placeholder:"SEARCH"`
	Fail   string `help:"What ends it badly." placeholder:"SEARCH"`
	Within string `help:"Time that it has." default:"30s"`
	Table  string `help:"Rows that tell of it." default:"events" enum:"logs,spans,events"`
}

// Run prints the outcomes and what did not succeed.
func (c *usageSuccessCmd) Run(w *world) error {
	within, err := model.ParseDuration(c.Within)
	if err != nil || within <= 0 {
		return usage("--within %q: want a duration such as 30s", c.Within)
	}
	q := url.Values{"start": {c.Start}, "end": {c.End}, "within": {fmt.Sprint(time.Duration(within).Seconds())}, "table": {c.Table}}
	if c.Fail != "" {
		q.Set("fail", c.Fail)
	}
	var a usagepkg.Success
	raw, err := c.ask(w, "success", q, &a)
	if err != nil {
		return err
	}
	t := table{
		{"STARTED", "SUCCEEDED", "FAILED", "LATE", "MISSING", "OPEN", "SUCCESS", "MEDIAN", "P90"},
		{fmt.Sprint(a.Started), fmt.Sprint(a.Succeeded), fmt.Sprint(a.Failed), fmt.Sprint(a.Late), fmt.Sprint(a.Missing), fmt.Sprint(a.Open), share(a.Share), seconds(a.Median), seconds(a.P90)},
	}
	notes := a.Notes
	for _, x := range a.Examples {
		notes = append(notes, fmt.Sprintf("%s %s %s trace %s", when(x.At), x.Outcome, x.Business, x.Trace))
	}
	return c.show(w, t, raw, notes)
}
