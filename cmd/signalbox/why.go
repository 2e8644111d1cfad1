package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// whyCmd explains a light or a page from stored facts.
type whyCmd struct {
	connection
	output
	whyQuestion
	What  string `arg:"" help:"Name of a KPI, id of a decision, Message-ID of a page, or id of a silence."`
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
	Receipts []receiptView `json:"receipts"`
}

// receiptView is what became of one message to people.
type receiptView struct {
	At          int64  `json:"at"`
	Receiver    string `json:"receiver"`
	Integration string `json:"integration"`
	Status      string `json:"status"`
	Error       string `json:"error"`
	Attempt     int    `json:"attempt"`
	Firing      bool   `json:"firing"`
	Rule        string `json:"rule"`
	MessageID   string `json:"message_id"`
}

type bandView struct {
	Before, After, Rule, Note, Treatment string
	Breaching, Real, Filled              int
}

// decisionID is how the ids of decision records look: the period's end and a hash, both in base 36.
var decisionID = regexp.MustCompile(`^[0-9a-z]{7,10}-[0-9a-z]{6,14}$`)

// Run prints the record in sentences.
func (c *whyCmd) Run(w *world) error {
	if strings.Contains(c.What, "@") || silenceID.MatchString(c.What) {
		return c.record(w)
	}
	if c.asked() {
		return c.answer(w)
	}
	if decisionID.MatchString(c.What) {
		var raw json.RawMessage
		err := c.call(w, http.MethodGet, own("/decisions/"+esc(c.What)), nil, &raw)
		if err == nil {
			return c.explain(w, raw)
		}
	}
	if c.Limit < 1 || c.Limit > 1000 {
		return usage("--limit %d: want 1 to 1000", c.Limit)
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
