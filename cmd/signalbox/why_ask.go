package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// whyQuestion asks about an instant or a span of a KPI: was somebody paged, and why, or why not.
type whyQuestion struct {
	At       string   `help:"The instant: 2026-11-21T14:05:00Z, 14:05 (UTC, the newest one past) or \"2h ago\"." placeholder:"TIME"`
	From     string   `help:"Begin of a span; the instant of it that matters most is explained." placeholder:"TIME"`
	To       string   `help:"End of the span; now when left out." placeholder:"TIME"`
	Group    []string `help:"A label of the group, name=value; repeat for more. Left out: the group that was worst then." placeholder:"NAME=VALUE"`
	Receiver string   `help:"A receiver, or the address of a person; anybody when left out." placeholder:"NAME"`
	Not      bool     `help:"Why nobody was paged: print only what stopped the page."`
}

// asked reports whether a question is stated at all.
func (q *whyQuestion) asked() bool {
	return q.At != "" || q.From != "" || q.To != "" || q.Receiver != "" || q.Not || len(q.Group) > 0
}

// whyView is what the command reads of an answer.
type whyView struct {
	KPI      string            `json:"kpi"`
	Title    string            `json:"title"`
	Group    map[string]string `json:"group"`
	At       int64             `json:"at"`
	Paged    bool              `json:"paged"`
	Sentence string            `json:"sentence"`
	Light    string            `json:"light"`
	Word     string            `json:"word"`
	Reasons  []struct {
		Effect   string `json:"effect"`
		Sentence string `json:"sentence"`
		Link     *struct {
			Kind string `json:"kind"`
			ID   string `json:"id"`
		} `json:"link"`
	} `json:"reasons"`
	Others []struct {
		Text string `json:"text"`
		Word string `json:"word"`
	} `json:"others"`
}

// silenceID is how the ids of silences look.
var silenceID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// query makes the question's part of the address.
func (q *whyQuestion) query(now time.Time) (string, error) {
	v := url.Values{}
	for _, t := range []struct{ flag, text string }{{"at", q.At}, {"from", q.From}, {"to", q.To}} {
		if t.text == "" {
			continue
		}
		at, err := instantOf(t.flag, t.text, now)
		if err != nil {
			return "", err
		}
		v.Set(t.flag, strconv.FormatInt(at.UnixMilli(), 10))
	}
	if q.At != "" && (q.From != "" || q.To != "") {
		return "", usage("--at %q: want --at for an instant, or --from and --to for a span, not both", q.At)
	}
	if q.To != "" && q.From == "" {
		return "", usage("--to %q: want --from too, the begin of the span", q.To)
	}
	if len(q.Group) > 0 {
		group := map[string]string{}
		for _, l := range q.Group {
			name, value, ok := strings.Cut(l, "=")
			if !ok || name == "" {
				return "", usage("--group %q: want name=value", l)
			}
			group[name] = strings.Trim(value, `"`)
		}
		b, err := json.Marshal(group)
		if err != nil {
			return "", err
		}
		v.Set("group", string(b))
	}
	if q.Receiver != "" {
		v.Set("receiver", q.Receiver)
	}
	if len(v) == 0 {
		return "", nil
	}
	return "?" + v.Encode(), nil
}

// instantOf reads an instant as people say it. Clocks are UTC, as everything that is printed.
func instantOf(flag, text string, now time.Time) (time.Time, error) {
	now = now.UTC()
	s := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "UTC"))
	if s == "now" {
		return now, nil
	}
	if ago, ok := strings.CutSuffix(s, " ago"); ok {
		if d, err := model.ParseDuration(strings.ReplaceAll(ago, " ", "")); err == nil {
			return now.Add(-time.Duration(d)), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if at.After(now) {
			at = at.AddDate(0, 0, -1)
		}
		return at, nil
	}
	return time.Time{}, usage("--%s %q: want a time such as 2026-11-21T14:05:00Z, a clock of the last 24 hours such as 14:05 (UTC), or how long ago, such as \"2h ago\"", flag, text)
}

// answer asks about a KPI and prints the sentence and the chain.
func (c *whyCmd) answer(w *world) error {
	query, err := c.query(time.Now())
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/kpis/"+esc(c.What)+"/why"+query), nil, &raw); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	var v whyView
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	c.tell(w, &v)
	return nil
}

// record explains a message or a silence by its id.
func (c *whyCmd) record(w *world) error {
	if c.asked() {
		return usage("%s: want a KPI's name beside --at, --from, --to, --group, --receiver and --not; an id says all of that", c.What)
	}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/why/"+esc(c.What)), nil, &raw); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	var v struct {
		Sentence string    `json:"sentence"`
		Answers  []whyView `json:"answers"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	fmt.Fprintln(w.out, v.Sentence)
	for i := range v.Answers {
		fmt.Fprintln(w.out)
		c.tell(w, &v.Answers[i])
	}
	return nil
}

// effects are the marks of the chain: a shape, never colour alone.
var effects = map[string]string{"leads": "→", "stops": "■", "told": "✉", "fact": "·", "unknown": "?"}

// tell prints one answer.
func (c *whyCmd) tell(w *world, v *whyView) {
	name := v.KPI
	if len(v.Group) > 0 {
		name += " {" + labelText(v.Group) + "}"
	}
	state := "not judged"
	if v.Light != "none" {
		state = light(w, v.Light, v.Word)
	}
	if c.Not && v.Paged {
		fmt.Fprintln(w.out, "Somebody was told after all.")
	}
	fmt.Fprintf(w.out, "%s\n%s at %s: %s\n", v.Sentence, name, when(v.At), state)
	for _, r := range v.Reasons {
		if c.Not && !v.Paged && r.Effect != "stops" && r.Effect != "unknown" {
			continue
		}
		link := ""
		if r.Link != nil && !strings.Contains(r.Sentence, r.Link.ID) {
			link = " [" + r.Link.Kind + " " + r.Link.ID + "]"
		}
		fmt.Fprintf(w.out, "  %s %s%s\n", effects[r.Effect], r.Sentence, link)
	}
	for _, o := range v.Others {
		fmt.Fprintf(w.out, "  · %s was %s too.\n", o.Text, o.Word)
	}
}
