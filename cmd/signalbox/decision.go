package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// explain prints one decision record: what was judged, by which rule, with which points, and who was told.
func (c *whyCmd) explain(w *world, raw json.RawMessage) error {
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	var d decisionView
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	name := d.KPI
	if len(d.Group) > 0 {
		name += " {" + labelText(d.Group) + "}"
	}
	fmt.Fprintf(w.out, "%s went from %s to %s\n", name, light(w, d.From, d.FromWord), light(w, d.To, d.ToWord))
	fmt.Fprintf(w.out, "  %s.\n  Judged %s for the period that ended %s, by revision %d. Decision %s.\n", d.Sentence, when(d.At), when(d.End), d.Revision, d.ID)
	for _, b := range []struct {
		name string
		bandView
	}{{"Red", d.Red}, {"Yellow", d.Yellow}} {
		if b.Rule != "" {
			fmt.Fprintf(w.out, "  %s\n", b.sentence(b.name))
		}
	}
	t := table{}
	for _, p := range d.Points {
		why := p.Detail
		if why == "" {
			why = p.Missing
		}
		band := map[string]string{"red": "red", "yellow": "yellow", "missing": "missing"}[p.Band]
		t = append(t, []string{"    " + when(p.End), p.Display, band, why})
	}
	printTable(w.out, t)
	for _, r := range d.Receipts {
		fmt.Fprintf(w.out, "  %s\n", r.sentence())
	}
	if len(d.Receipts) == 0 {
		fmt.Fprintln(w.out, "  Nobody was told.")
	}
	return nil
}

// sentence says how a band came to its state.
func (b bandView) sentence(name string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s asks for %s: of %s %d breached", name, b.Rule, plural(b.Real, "real datapoint"), b.Breaching)
	if b.Filled > 0 {
		fmt.Fprintf(&s, ", %d missing (treated as %s)", b.Filled, b.Treatment)
	}
	if b.Before == b.After {
		fmt.Fprintf(&s, "; it stayed %s", b.After)
	} else {
		fmt.Fprintf(&s, "; it went from %s to %s", b.Before, b.After)
	}
	if b.Note != "" {
		fmt.Fprintf(&s, " (%s)", b.Note)
	}
	return s.String() + "."
}

// sentence says what became of one message.
func (r receiptView) sentence() string {
	what := "the message about the breach"
	if !r.Firing {
		what = "the message that it is over"
	}
	verb := map[string]string{
		"sent": "was sent to", "failed": "could not be sent to", "silenced": "was held back by a silence from",
		"inhibited": "was held back by another alert from", "muted": "was held back by a time interval from",
	}[r.Status]
	if verb == "" {
		verb = r.Status
	}
	s := fmt.Sprintf("%s: %s %s %s by %s", when(r.At), what, verb, r.Receiver, r.Integration)
	if r.Attempt > 1 {
		s += fmt.Sprintf(", at attempt %d", r.Attempt)
	}
	if r.Rule != "" && r.Rule != "{}" {
		s += ", by the route " + r.Rule
	}
	if r.Error != "" {
		s += ": " + r.Error
	}
	return s + "."
}
