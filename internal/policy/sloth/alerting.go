package sloth

import (
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// alerting states page from the page alert and returns the labels with those of the alerts. The ticket alert is the yellow
// light, of which nobody is told.
func alerting(a *carry.Account, v *strict.Value, d *carry.Doc, labels []carry.LabelAt) []carry.LabelAt {
	at := v.Get("alerting")
	if at == nil {
		a.Note(v, carry.Lost, "alerting", "the SLO states none, so nobody is told when its budget burns")
		return labels
	}
	if name := at.Get("name"); name != nil {
		a.Changed(name, "alerting.name: "+name.Text, "the alert is named after the KPI, %s; the title keeps the name", d.Name)
		d.Set("title", quotedUnlessEmpty(carry.Clip(name.Text)))
		if d.Has("title") {
			d.From = append(d.From, "SLO: "+carry.Clip(a.Text(v, "name")))
		}
	}
	page, ticket := get(at, "page_alert", "pageAlert"), get(at, "ticket_alert", "ticketAlert")
	readTicket(a, at, ticket)
	if disabled(a, page) {
		a.Note(page, carry.Changed, "page alert: disabled", "the KPI has no page, so nobody is told when it turns red")
		lostBelow(a, page, "the page alert is disabled")
		lostBelow(a, at, "the page alert is disabled, and the ticket alert only colours the light")
		return labels
	}
	labels = merge(labels, carry.LabelsAt(at.Get("labels")), carry.LabelsAt(page.Get("labels")))
	severity := "page"
	if s := find(labels, "severity"); s != nil {
		if severityForm.MatchString(s.Text) {
			severity = s.Text
			a.Take(s.At)
		} else {
			a.Lost(s.At, "severity: "+s.Text, "a severity is one word; page is assumed")
		}
		labels = drop(labels, "severity")
	}
	p := a.PageOf(v, severity, runbook(a, d, merge(carry.LabelsAt(at.Get("annotations")), carry.LabelsAt(page.Get("annotations")))), 0)
	d.Set("page", p)
	if p == "" {
		d.From = append(d.From, "severity: "+severity)
	}
	return labels
}

func readTicket(a *carry.Account, at, ticket *strict.Value) {
	if disabled(a, ticket) {
		a.Note(ticket, carry.Changed, "ticket alert: disabled", "the yellow light of a slow burn cannot be switched off; nobody is told of it")
	} else {
		where := ticket
		if where == nil {
			where = at
		}
		a.Note(where, carry.Changed, "ticket alert", "a slow burn turns the light yellow, and nobody is told of a yellow light")
	}
	lostBelow(a, ticket, "nobody is told of a yellow light, so nothing carries it")
}

// disabled reads disable.
func disabled(a *carry.Account, alert *strict.Value) bool {
	return alert != nil && a.Text(alert, "disable") == "true"
}

func lostBelow(a *carry.Account, v *strict.Value, why string) {
	if v == nil {
		return
	}
	a.LostKey(v, "labels", "%s", why)
	a.LostKey(v, "annotations", "%s", why)
}

// runbook finds the address among annotations and keeps the others as comments.
func runbook(a *carry.Account, d *carry.Doc, notes []carry.LabelAt) string {
	found := ""
	for _, n := range notes {
		text := strings.TrimSpace(n.Text)
		if name := strings.ToLower(n.Name); (name == "runbook" || name == "runbook_url") && carry.Address(text) && found == "" {
			found = text
			a.Take(n.At)
			continue
		}
		d.From = append(d.From, "annotation "+n.Name+": "+carry.Clip(text))
		a.Lost(n.At, "annotation "+n.Name+": "+text, "an alert here carries value, threshold, summary, runbook_url, link and why; the text is kept as a comment of the document")
	}
	return found
}

func drop(labels []carry.LabelAt, name string) []carry.LabelAt {
	out := labels[:0:0]
	for _, l := range labels {
		if l.Name != name {
			out = append(out, l)
		}
	}
	return out
}
