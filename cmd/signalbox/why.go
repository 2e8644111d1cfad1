package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"github.com/signalbox/signalbox/internal/fault"
)

// whyCmd explains a light or a page from stored facts.
type whyCmd struct {
	connection
	output
	What  string `arg:"" help:"Name of a KPI, or the id of a decision."`
	Limit int    `help:"Decisions of a KPI to explain." default:"3"`
}

// decisionView is what the command reads of a decision record.
type decisionView struct {
	ID       string            `json:"id"`
	KPI      string            `json:"kpi"`
	Title    string            `json:"title"`
	Revision int               `json:"revision"`
	Group    map[string]string `json:"group"`
	From     string            `json:"from"`
	FromWord string            `json:"from_word"`
	To       string            `json:"to"`
	ToWord   string            `json:"to_word"`
	End      int64             `json:"end"`
	At       int64             `json:"at"`
	Sentence string            `json:"sentence"`
	Red      bandView          `json:"red"`
	Yellow   bandView          `json:"yellow"`
	Points   []struct {
		End     int64  `json:"end"`
		Display string `json:"display"`
		Missing string `json:"missing"`
		Detail  string `json:"detail"`
		Band    string `json:"band"`
	} `json:"range"`
	Receipts []struct {
		At          int64  `json:"at"`
		Receiver    string `json:"receiver"`
		Integration string `json:"integration"`
		Status      string `json:"status"`
		Error       string `json:"error"`
		Attempt     int    `json:"attempt"`
		Firing      bool   `json:"firing"`
		Rule        string `json:"rule"`
		MessageID   string `json:"message_id"`
	} `json:"receipts"`
}

type bandView struct {
	Before, After, Rule, Note, Treatment string
	Breaching, Real, Filled              int
}

// decisionID is how the ids of decision records look: the period's end and a hash, both in base 36.
var decisionID = regexp.MustCompile(`^[0-9a-z]{7,10}-[0-9a-z]{6,14}$`)

// Run prints the record in sentences.
func (c *whyCmd) Run(w *world) error {
	if decisionID.MatchString(c.What) {
		var raw json.RawMessage
		err := c.call(w, http.MethodGet, own("/decisions/"+esc(c.What)), nil, &raw)
		if err == nil {
			return c.explain(w, raw)
		}
	}
	if c.Limit < 1 || c.Limit > 1000 {
		return fault.New(fault.Invalid, "--limit %d: want 1 to 1000", c.Limit)
	}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own(fmt.Sprintf("/kpis/%s/decisions?limit=%d", esc(c.What), c.Limit)), nil, &raw); err != nil {
		return err
	}
	var body struct{ Decisions []json.RawMessage }
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	if len(body.Decisions) == 0 {
		fmt.Fprintf(w.out, "%s has had one light since it began; nothing was decided yet.\n", c.What)
		return nil
	}
	for i, d := range body.Decisions {
		if i > 0 {
			fmt.Fprintln(w.out)
		}
		if err := c.explain(w, d); err != nil {
			return err
		}
	}
	return nil
}

func (c *whyCmd) explain(w *world, raw json.RawMessage) error {
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	var d decisionView
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s {%s}: %s -> %s\n", d.KPI, labelText(d.Group), light(w, d.From, d.FromWord), light(w, d.To, d.ToWord))
	fmt.Fprintf(w.out, "  %s.\n  Judged %s for the period that ended %s, by revision %d. Decision %s.\n", d.Sentence, when(d.At), when(d.End), d.Revision, d.ID)
	band := func(name string, b bandView) {
		if b.Rule == "" {
			return
		}
		fmt.Fprintf(w.out, "  %s: %s; %d real, %d breaching, %d filled as %s: %s -> %s", name, b.Rule, b.Real, b.Breaching, b.Filled, b.Treatment, b.Before, b.After)
		if b.Note != "" {
			fmt.Fprintf(w.out, " (%s)", b.Note)
		}
		fmt.Fprintln(w.out)
	}
	band("Red", d.Red)
	band("Yellow", d.Yellow)
	t := table{}
	for _, p := range d.Points {
		why := p.Detail
		if why == "" {
			why = p.Missing
		}
		t = append(t, []string{"    " + when(p.End), p.Display, p.Band, why})
	}
	if err := c.print(w, t, nil); err != nil {
		return err
	}
	for _, r := range d.Receipts {
		what := "about the breach"
		if !r.Firing {
			what = "that it is over"
		}
		fmt.Fprintf(w.out, "  %s: %s %s by %s, %s", when(r.At), r.Status, r.Receiver, r.Integration, what)
		if r.Attempt > 1 {
			fmt.Fprintf(w.out, ", attempt %d", r.Attempt)
		}
		if r.Rule != "" {
			fmt.Fprintf(w.out, ", by %s", r.Rule)
		}
		if r.Error != "" {
			fmt.Fprintf(w.out, ": %s", r.Error)
		}
		fmt.Fprintln(w.out)
	}
	if len(d.Receipts) == 0 {
		fmt.Fprintln(w.out, "  Nobody was told.")
	}
	return nil
}
