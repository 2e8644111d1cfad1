package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

type policyBacktestCmd struct {
	output
	Server string   `help:"Address of the running signalbox." default:"http://127.0.0.1:9700" env:"SIGNALBOX_SERVER" placeholder:"URL"`
	Token  string   `help:"Bearer token; without it the admin.token of ./signalbox-data is read." env:"SIGNALBOX_ADMIN_TOKEN" placeholder:"TOKEN"`
	File   string   `arg:"" help:"File with KPI documents, - for standard input."`
	Last   string   `help:"How far to look back." default:"30d" placeholder:"SPAN"`
	KPI    []string `name:"kpi" help:"Only this KPI of the file; may be repeated." placeholder:"NAME"`
	Data   string   `help:"Read the history of this data directory, without asking a server; nothing of it is changed." placeholder:"DIR"`
	Config string   `help:"With --data: the configuration whose KPIs are in force (default ./signalbox.yaml)." env:"SIGNALBOX_CONFIG" placeholder:"FILE"`
}

// Help says where history is read.
func (*policyBacktestCmd) Help() string {
	return "Replays what the file's KPIs would have done, beside those in force, through the step that judges live. Without --data the running server does it, over whole days; with --data this command does, beside a server or without one, and takes the KPIs of --config as those in force."
}

// Run prints one table a KPI and what would change.
func (c *policyBacktestCmd) Run(w *world) error {
	span, err := model.ParseDuration(c.Last)
	if err != nil || span <= 0 {
		return usage("--last %q: want a span such as 30d, 12h or 90m", c.Last)
	}
	texts, err := readTexts(w, []string{c.File})
	if err != nil {
		return err
	}
	var results []backtest.Comparison
	if c.Data == "" {
		results, err = c.ask(w, texts[0].Text, time.Duration(span))
	} else {
		results, err = c.offline(w, texts[0].Text, time.Duration(span))
	}
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, results)
	}
	if len(results) == 0 {
		fmt.Fprintln(w.out, "Nothing that the file says changes how a KPI is judged.")
	}
	for i := range results {
		if i > 0 {
			fmt.Fprintln(w.out)
		}
		printBacktest(w, &results[i])
	}
	return nil
}

// wanted reports whether a KPI was asked for.
func (c *policyBacktestCmd) wanted(name string) bool {
	return len(c.KPI) == 0 || slices.Contains(c.KPI, name)
}

// pick returns the KPIs of the text that are asked for, each with its own text.
func (c *policyBacktestCmd) pick(w *world, text string, limits policy.Limits) ([]policy.Document, error) {
	docs, findings := policy.Read(c.File, []byte(text), limits)
	for _, f := range findings {
		fmt.Fprintln(w.err, f)
	}
	if strict.Failed(findings) {
		return nil, errFindings
	}
	docs = slices.DeleteFunc(docs, func(d policy.Document) bool { return d.KPI == nil || !c.wanted(d.KPI.Name) })
	if len(docs) == 0 {
		if len(c.KPI) > 0 {
			return nil, usage("--kpi %s: %s has no such KPI", strings.Join(c.KPI, ", "), c.File)
		}
		return nil, fault.New(fault.Invalid, "%s has no KPI documents", c.File).Hint("only KPIs judge; other kinds have no past to replay")
	}
	return docs, nil
}

// ask has the server do it.
func (c *policyBacktestCmd) ask(w *world, text string, span time.Duration) ([]backtest.Comparison, error) {
	docs, err := c.pick(w, text, policy.Limits{})
	if err != nil {
		return nil, err
	}
	type document struct {
		Text string `json:"text"`
	}
	in := struct {
		Documents []document `json:"documents"`
		Days      int        `json:"days"`
	}{Days: int(math.Ceil(span.Hours() / 24))}
	for _, d := range docs {
		in.Documents = append(in.Documents, document{d.Text})
	}
	var out struct {
		Results []backtest.Comparison `json:"results"`
	}
	to := connection{Server: c.Server, Token: c.Token, Data: "./signalbox-data"}
	return out.Results, to.call(w, http.MethodPost, own("/policies/backtest"), in, &out)
}

// offline does it over a data directory.
func (c *policyBacktestCmd) offline(w *world, text string, span time.Duration) ([]backtest.Comparison, error) {
	cfg, findings := app.Load(configPath(c.Config), w.env, app.Flags{Data: c.Data})
	if cfg == nil {
		for _, f := range findings {
			fmt.Fprintln(w.err, f)
		}
		return nil, errFindings
	}
	docs, err := c.pick(w, text, policy.Limits{History: cfg.KPI.Retention, Samples: cfg.Metrics.Retention, OutOfOrder: cfg.Metrics.OutOfOrder, Jobs: cfg.Jobs})
	if err != nil {
		return nil, err
	}
	o := app.OfflineBacktest{Data: c.Data, KPIs: policy.KPIs(docs), Last: span}
	told := time.Now()
	o.Progress = func(name string, done, total int64) {
		if time.Since(told) < 2*time.Second || total == 0 {
			return
		}
		told = time.Now()
		fmt.Fprintf(w.err, "%s: %d %%\n", name, 100*done/total)
	}
	results, notes, err := app.BacktestOffline(w.ctx, cfg, o)
	for _, n := range notes {
		fmt.Fprintln(w.err, "note:", n)
	}
	return results, err
}

// printBacktest prints both sides of a comparison and the sentence.
func printBacktest(w *world, c *backtest.Comparison) {
	name := c.KPI
	if c.Title != "" && c.Title != c.KPI {
		name += ": " + c.Title
	}
	side := c.Proposed
	if side == nil {
		side = c.Now
	}
	if side == nil {
		fmt.Fprintln(w.out, name)
		return
	}
	fmt.Fprintf(w.out, "%s\n%s to %s\n\n", name, when(side.From), when(side.To))
	t := table{{""}}
	var sides []*backtest.Side
	for _, s := range []*backtest.Side{c.Now, c.Proposed} {
		if s != nil {
			sides = append(sides, s)
			t[0] = append(t[0], s.Label)
		}
	}
	row := func(name string, cell func(*backtest.Side) string) {
		line := []string{name}
		for _, s := range sides {
			line = append(line, cell(s))
		}
		t = append(t, line)
	}
	row("threshold", func(s *backtest.Side) string { return s.Threshold })
	row("pages", func(s *backtest.Side) string {
		if s.To-s.From < 2*24*3600_000 { // too little to tell of weeks
			return strconv.Itoa(s.PageCount)
		}
		return fmt.Sprintf("%d (%s a week)", s.PageCount, short(s.PerWeek))
	})
	row("at night", func(s *backtest.Side) string { return strconv.Itoa(s.NightCount) })
	row("real caught", func(s *backtest.Side) string {
		if s.Real == 0 {
			return "-"
		}
		return fmt.Sprintf("%d of %d", s.Caught, s.Real)
	})
	row("first alert", func(s *backtest.Side) string {
		if s.FirstAlert == nil {
			return "-"
		}
		return time.Duration(*s.FirstAlert * float64(time.Second)).Round(time.Second).String()
	})
	for _, l := range []kpi.Light{kpi.Red, kpi.Yellow, kpi.Grey} {
		row("minutes "+l.String(), func(s *backtest.Side) string { return short(s.Minutes[l.String()]) })
	}
	if slices.ContainsFunc(sides, func(s *backtest.Side) bool { return s.BudgetLeft != nil }) {
		row("budget left", func(s *backtest.Side) string {
			if s.BudgetLeft == nil {
				return "-"
			}
			return short(*s.BudgetLeft*100) + " %"
		})
	}
	row("datapoints", func(s *backtest.Side) string {
		return fmt.Sprintf("%d %s", s.Points, map[string]string{"points": "published", "raw": "replayed", "query": "asked"}[s.Way])
	})
	row("today", func(s *backtest.Side) string { return light(w, s.Light, wordOf(s.Light)) })
	row("a light a day", func(s *backtest.Side) string {
		var b strings.Builder
		for _, d := range s.Strip {
			b.WriteString(light(w, d.Light, ""))
		}
		return b.String()
	})
	printTable(w.out, t)
	fmt.Fprintln(w.out)
	for _, s := range sides {
		if s.Limited != "" {
			fmt.Fprintf(w.out, "%s: %s.\n", s.Label, s.Limited)
		}
	}
	fmt.Fprintln(w.out, c.Sentence)
}

// wordOf is what people read for a light's name.
func wordOf(name string) string {
	var l kpi.Light
	if l.UnmarshalText([]byte(name)) != nil {
		return name
	}
	return l.Word()
}

// short prints a number with at most one digit after the point.
func short(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
