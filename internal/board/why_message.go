package board

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/ledger"
)

// messages follows the alert to the people.
func (x *inquiry) messages(ctx context.Context) error {
	f := &x.facts
	routing, err := x.routing(ctx)
	if err != nil {
		return err
	}
	newest := newestOf(f.receipts)
	if len(newest) == 0 {
		x.untold(routing)
		return nil
	}
	said := map[string]bool{}
	for _, r := range newest {
		if !said[r.Receiver] {
			said[r.Receiver] = true
			x.route(r, routing)
		}
	}
	for i := range newest {
		x.message(&newest[i])
	}
	best := slices.MinFunc(newest, func(a, b ledger.Receipt) int { return receiptRank(a.Status) - receiptRank(b.Status) })
	var earlier *ledger.Receipt // what the same receiver was told before it was withheld
	for i := range f.receipts {
		if r := &f.receipts[i]; best.Status != "sent" && r.Status == "sent" && r.At < best.At {
			earlier = r
			break
		}
	}
	x.conclude(best, earlier, routing)
	return nil
}

// conclude states the answer by the message that says most.
func (x *inquiry) conclude(r ledger.Receipt, earlier *ledger.Receipt, routing Routing) {
	at := instant(r.At, x.now)
	before := ""
	if earlier != nil {
		before = fmt.Sprintf("; of its beginning %s was told at %s", earlier.Receiver, instant(earlier.At, x.now))
	}
	switch r.Status {
	case "sent":
		if r.At >= x.at-max(lately.Milliseconds(), 2*x.period()) {
			x.end("paged", "%s was paged at %s because %s", x.name(r.Receiver), at, x.cause())
			return
		}
		again := "until something changes or the repeat_interval of the route has passed"
		for _, t := range routing.Routes {
			if t.Receiver == r.Receiver && t.Repeat > 0 {
				again = fmt.Sprintf("again before %s have passed (repeat_interval) while nothing changes", long(t.Repeat))
			}
		}
		x.say("repeat", "stops", 0, nil, "The same alert is not told %s", again)
		x.end("told_before", "No new message was due: %s was told of this alert at %s already, and the alert still stood", x.name(r.Receiver), at)
	case "failed":
		x.end("failed", "%s was not reached: the message by %s failed at attempt %d, %s (%s)%s", x.name(r.Receiver), r.Integration, max(r.Attempt, 1), at, r.Err, before)
	case "silenced":
		by := "a silence"
		if ss := silencesIn(r.Rule); len(ss) > 0 {
			by = x.silence(ss[0])
		}
		x.end("silenced", "%s was not told because the alert was silenced by %s%s", x.name(r.Receiver), by, before)
	case "inhibited":
		x.end("inhibited", "%s was not told because another alert held this one back: %s%s", x.name(r.Receiver), x.sighted(r), before)
	case "muted":
		x.end("muted", "%s was not told because of the time of day: %s%s", x.name(r.Receiver), x.sighted(r), before)
	}
}

// cause is why there was an alert, for the end of a sentence: what was judged when it began, where that is kept.
func (x *inquiry) cause() string {
	n := x.numbers()
	if b := x.facts.began; b != nil && b.Revision == x.rev.Number {
		n = x.counted(b.Verdict.Range)
	}
	if n != "" && !x.facts.noData && (x.facts.last == nil || x.facts.last.Cause != "burn") {
		return x.about() + " was red: " + n
	}
	if l := x.facts.last; l != nil {
		return x.about() + ": " + l.Sentence
	}
	return x.about() + " was " + x.facts.light.String()
}

// name is a receiver, or a person by their address, inside a sentence.
func (x *inquiry) name(receiver string) string {
	switch {
	case receiver != x.q.Receiver && x.q.Receiver != "":
		return "the receiver " + receiver + ", which reaches " + x.q.Receiver + ","
	case strings.Contains(receiver, "@"):
		return "whoever has the address " + receiver
	}
	return "the receiver " + receiver
}

// message says what became of one message.
func (x *inquiry) message(r *ledger.Receipt) {
	at := instant(r.At, x.now)
	link := &WhyLink{Kind: "receipt", ID: r.ID, Text: "receipt of " + at}
	switch r.Status {
	case "sent":
		s := fmt.Sprintf("A message to %s by %s was accepted at %s", r.Receiver, r.Integration, at)
		if r.Attempt > 1 {
			s += fmt.Sprintf(", at attempt %d", r.Attempt)
		}
		if r.MessageID != "" {
			s += ", as " + r.MessageID
		}
		x.say("delivery", "told", r.At, link, "%s", s)
	case "failed":
		x.say("delivery", "stops", r.At, link, "The message to %s by %s was not accepted; %s was the newest, %s: %s", r.Receiver, r.Integration, attempt(r.Attempt), at, r.Err)
	case "silenced":
		for _, s := range silencesIn(r.Rule) {
			x.say("silenced", "stops", r.At, s.link(), "From %s the alert was withheld from %s by %s", at, r.Receiver, x.silence(s))
		}
		if len(silencesIn(r.Rule)) == 0 {
			x.say("silenced", "stops", r.At, link, "From %s the alert was withheld from %s by a silence", at, r.Receiver)
		}
	case "inhibited":
		x.say("inhibited", "stops", r.At, link, "From %s the alert was withheld from %s: %s", at, r.Receiver, x.sighted(*r))
	case "muted":
		x.say("muted", "stops", r.At, link, "From %s the alert was withheld from %s: %s", at, r.Receiver, x.sighted(*r))
	}
}

func attempt(n int) string { return fmt.Sprintf("attempt %d", max(n, 1)) }

// untold ends where an alert stood and no message about it is on record.
func (x *inquiry) untold(routing Routing) {
	for _, t := range routing.Routes {
		x.taken(t)
	}
	if !routing.Known {
		x.say("route", "unknown", 0, nil, "The routes of signalbox.yaml as they stood then are not kept, and no receipt names one")
	}
	if len(x.facts.held) > 0 {
		var names []string
		for _, r := range x.facts.held {
			if !slices.Contains(names, r.Receiver) {
				names = append(names, r.Receiver)
			}
		}
		x.say("route", "stops", 0, nil, "The receipts of the alert name only %s", strings.Join(names, ", "))
		x.end("other_receiver", "%s was not told because no route led the alert to it: it went to %s", x.name(x.q.Receiver), strings.Join(names, ", "))
		return
	}
	why := "nothing that is kept says why"
	switch {
	case routing.Known && len(routing.Routes) > 0 && !slices.ContainsFunc(routing.Routes, func(t RouteTaken) bool { return !t.Mute }):
		why = "the receiver " + routing.Routes[0].Receiver + " has nothing to send with"
	case routing.Known && x.who != nil && !slices.ContainsFunc(routing.Routes, func(t RouteTaken) bool { return x.meant(t.Receiver) }):
		why = "no route led to " + x.q.Receiver
	case x.facts.from > x.now-lately.Milliseconds():
		why = "it is young, and messages wait to be grouped (group_wait)"
	}
	x.say("delivery", "unknown", 0, nil, "No receipt of a message is kept: %s", why)
	x.end("untold", "An alert about %s stood, and no message was sent or withheld on record: %s", x.about(), why)
}

// routing asks the law for the way of the alert.
func (x *inquiry) routing(ctx context.Context) (Routing, error) {
	if x.b.o.Law == nil || x.k == nil {
		return Routing{}, nil
	}
	ls := map[string]string{}
	for _, name := range append([]string{"kpi", labels.AlertName, "severity"}, x.k.By...) {
		ls[name] = alertLabel(x.k, x.group, name)
	}
	for name := range x.k.Labels {
		ls[name] = alertLabel(x.k, x.group, name)
	}
	for name, v := range ls {
		if v == "" {
			delete(ls, name)
		}
	}
	return x.b.o.Law.Routing(ctx, x.at, ls)
}

// route says which route led to the receiver of a receipt.
func (x *inquiry) route(r ledger.Receipt, routing Routing) {
	for _, t := range routing.Routes {
		if t.Receiver == r.Receiver {
			x.taken(t)
			return
		}
	}
	if (r.Status == "sent" || r.Status == "failed") && r.Rule != "" {
		x.say("route", "leads", 0, nil, "The route %s led to the receiver %s", r.Rule, r.Receiver)
		return
	}
	x.say("route", "leads", 0, nil, "A route led to the receiver %s", r.Receiver)
}

func (x *inquiry) taken(t RouteTaken) {
	if t.Policy == "" {
		x.say("route", "leads", 0, nil, "The route %s of signalbox.yaml led to the receiver %s", t.ID, t.Receiver)
		return
	}
	x.say("route", "leads", 0, &WhyLink{Kind: "policy", ID: "Route/" + t.Policy, Text: "route " + t.Policy}, "Route %s, revision %d, led to the receiver %s", t.Policy, t.Revision, t.Receiver)
}

// withheld is a silence as a receipt remembers it.
type withheld struct{ id, by, until, comment string }

var silenceForm = regexp.MustCompile(`silence ([0-9A-Za-z-]{1,64}) by (.*?)(?: until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?: `)

// silencesIn reads the silences that a receipt names.
func silencesIn(rule string) []withheld {
	at := silenceForm.FindAllStringSubmatchIndex(rule, -1)
	var out []withheld
	for i, m := range at {
		end := len(rule)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		w := withheld{id: rule[m[2]:m[3]], by: rule[m[4]:m[5]], comment: strings.TrimSuffix(strings.TrimSpace(rule[m[1]:end]), ";")}
		if m[6] >= 0 {
			w.until = rule[m[6]:m[7]]
		}
		out = append(out, w)
	}
	return out
}

// policy is the Maintenance policy that made the silence; empty for a person's.
func (w withheld) policy() string {
	name, ok := strings.CutPrefix(w.by, "Maintenance/")
	if !ok {
		return ""
	}
	return name
}

func (w withheld) link() *WhyLink {
	if p := w.policy(); p != "" {
		return &WhyLink{Kind: "policy", ID: w.by, Text: "maintenance " + p}
	}
	return &WhyLink{Kind: "silence", ID: w.id, Text: "silence " + w.id}
}

func (x *inquiry) silence(w withheld) string {
	s := "silence " + w.id + " by " + w.by
	if p := w.policy(); p != "" {
		s = "the maintenance policy " + p + " (silence " + w.id + ")"
	}
	if w.until != "" {
		s += ", then until " + w.until
	}
	return s + ": " + w.comment
}

// sighted is the reason of a receipt as far as the asker may know it: the alert that held another back may be out of sight.
func (x *inquiry) sighted(r ledger.Receipt) string {
	h, narrow := x.b.o.History.(narrowHistory)
	if !narrow || r.Status != "inhibited" {
		return r.Rule
	}
	for _, part := range strings.Split(r.Rule, "inhibited by ") {
		part = strings.TrimSuffix(strings.TrimSpace(part), ";")
		if part == "" {
			continue
		}
		ls, err := parser.NewParser(parser.Options{}).ParseMetric(part)
		if err != nil || !h.n.alert(ls.Map()) {
			return "inhibited by an alert that is out of your sight"
		}
	}
	return r.Rule
}
