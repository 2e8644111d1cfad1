package alert

import (
	_ "embed"
	"fmt"
	tmplhtml "html/template"
	"maps"
	"slices"
	"strings"
	tmpltext "text/template"
	"unicode"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/kpi"
)

//go:embed mail.tmpl
var mailTemplates string

// mailer is the library's mail notifier with our templates where the receiver states none of its own, and a message id.
func (a *Alert) mailer(c *config.EmailConfig, tmpl *template.Template, id string) notify.Notifier {
	own := *c
	own.Headers = maps.Clone(c.Headers)
	if own.Headers == nil {
		own.Headers = map[string]string{}
	}
	if own.Headers["Subject"] == config.DefaultEmailSubject || own.Headers["Subject"] == "" {
		own.Headers["Subject"] = `{{ template "signalbox.subject" . }}`
	}
	if own.HTML == config.DefaultEmailConfig.HTML {
		own.HTML = `{{ template "signalbox.html" . }}`
		if own.Text == "" {
			own.Text = `{{ template "signalbox.text" . }}`
		}
	}
	if _, ok := own.Headers["Message-Id"]; !ok {
		own.Headers["Message-Id"] = id
	}
	return email.New(&own, tmpl, a.log)
}

// mailFuncs are the functions of our mail templates; a receiver's own templates may use them too.
func mailFuncs(text *tmpltext.Template, html *tmplhtml.Template) {
	funcs := map[string]any{"subjectOf": subjectOf, "stateOf": stateOf, "titleOf": titleOf, "groupOf": groupOf, "listing": listingOf, "summaryOf": summaryOf, "brief": brief}
	text.Funcs(funcs)
	html.Funcs(funcs)
}

// A mail shows the first alerts in full and further ones in a line each, and says how many it leaves out.
const (
	inFull  = 3
	inLines = 47
)

// listing is how a mail lists alerts: firing ones first.
type listing struct {
	Full  []template.Alert
	Lines []template.Alert
	More  int
}

func listingOf(d *template.Data) listing {
	all := slices.Concat(d.Alerts.Firing(), d.Alerts.Resolved())
	var l listing
	l.Full = all[:min(inFull, len(all))]
	rest := all[len(l.Full):]
	l.Lines = rest[:min(inLines, len(rest))]
	l.More = len(rest) - len(l.Lines)
	return l
}

// subjectOf says what is wrong and how much, in one line.
func subjectOf(d *template.Data) string {
	firing := d.Alerts.Firing()
	if len(firing) == 0 {
		return brief(200, endOf(d))
	}
	first := firing[0]
	s := "[" + stateOf(first) + "] "
	switch {
	case len(firing) == 1:
		s += titleOf(first) + valueOf(first) + words(" (limit: ", first.Annotations["limit"], ")") + words(" ", groupOf(first), "")
	case d.CommonLabels["alertname"] != "":
		s += fmt.Sprintf("%s: %d groups, the first%s", titleOf(first), len(firing), valueOf(first)) + words(" ", groupOf(first), "")
	default:
		s += fmt.Sprintf("%d alerts: ", len(firing)) + titles(firing)
	}
	return brief(200, s)
}

// endOf is the subject of a mail that tells of ends only.
func endOf(d *template.Data) string {
	if len(d.Alerts) == 0 {
		return ""
	}
	first := d.Alerts[0]
	s := "[" + stateOf(first) + "] "
	switch {
	case len(d.Alerts) == 1:
		s += titleOf(first) + valueOf(first) + words(", after ", first.Annotations["lasted"], "") + words(" ", groupOf(first), "")
	case d.CommonLabels["alertname"] != "":
		s += fmt.Sprintf("%s: %d groups", titleOf(first), len(d.Alerts))
	default:
		s += fmt.Sprintf("%d alerts: ", len(d.Alerts)) + titles(d.Alerts)
	}
	return s
}

func titles(alerts []template.Alert) string {
	var out []string
	for _, x := range alerts {
		if t := titleOf(x); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
}

// words puts text around s unless s is empty.
func words(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// stateOf is the state of an alert in a word: a KPI's light, or for an alert from elsewhere Firing or Resolved.
func stateOf(x template.Alert) string {
	switch {
	case x.Annotations["state"] != "":
		return x.Annotations["state"]
	case x.Status == "firing":
		return "Firing"
	default:
		return "Resolved"
	}
}

// titleOf is what an alert is called.
func titleOf(x template.Alert) string {
	for _, s := range []string{x.Annotations["title"], x.Labels["alertname"], x.Annotations["summary"]} {
		if s != "" {
			return s
		}
	}
	return "An alert without a name"
}

// valueOf says how much it is, for a subject.
func valueOf(x template.Alert) string {
	switch v := x.Annotations["value"]; {
	case v == "" || x.Annotations["state"] == ended || x.Annotations["state"] == kpi.Grey.Word():
		return ""
	case v == noData:
		return " has no data"
	default:
		return " is " + v
	}
}

// summaryOf says in a sentence what is wrong.
func summaryOf(x template.Alert) string {
	if x.Annotations["state"] == kpi.Grey.Word() {
		return sentence(x.Annotations["summary"])
	}
	return sentence(x.Annotations["summary"], x.Annotations["nodata"])
}

// groupOf are the labels that tell an alert from others of its name: a KPI's group.
func groupOf(x template.Alert) string {
	var out []string
	by, says := x.Annotations["by"]
	for _, p := range x.Labels.SortedPairs() {
		if grouped(by, says, p.Name) {
			out = append(out, p.Name+"="+p.Value)
		}
	}
	return strings.Join(out, " ")
}

// grouped reports whether a label is one of the group's. A KPI's alert says by which labels its groups are; of others all
// labels count but the name.
func grouped(by string, says bool, label string) bool {
	if says {
		return slices.Contains(strings.Split(by, ","), label)
	}
	return label != model.AlertNameLabel && label != "kpi" && label != "severity"
}

// brief is s on one line, with ordinary spaces, and at most n characters long.
func brief(n int, s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if rs := []rune(s); len(rs) > n {
		return string(rs[:n-1]) + "…"
	}
	return s
}

// sentence joins parts to one sentence with one full stop.
func sentence(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimRight(strings.TrimSpace(p), "."); p != "" {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "; ") + "."
}
