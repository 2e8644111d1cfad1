package board

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// answer makes the sentence and the chain of the facts.
func (x *inquiry) answer(ctx context.Context) (Why, error) {
	w, f, k := &x.w, &x.facts, x.shown()
	w.KPI, w.Title, w.Group, w.At, w.From, w.To, w.Receiver = x.q.KPI, title(k), x.group.Map(), x.at, x.q.From, x.q.To, x.q.Receiver
	if !x.group.IsEmpty() {
		w.GroupText = groupText(k, x.group)
	}
	w.Light, w.Points, w.Receipts = "none", []DecisionPoint{}, []Receipt{}
	if w.Others == nil {
		w.Others = []WhyOther{}
	}
	if f.judged {
		w.Light, w.Word, w.Revision = f.light.String(), f.light.Word(), x.rev.Number
		if f.last != nil {
			w.Decision = f.last.ID
		}
		for _, p := range f.points {
			w.Points = append(w.Points, x.point(p))
		}
	}
	for i := range f.receipts {
		r := f.receipts[i]
		r.Rule = x.sighted(r)
		w.Receipts = append(w.Receipts, receipt(&r))
	}
	if x.q.To != 0 {
		x.say("time", "fact", x.at, nil, "Of the span from %s to %s the instant that matters most is %s", instant(x.q.From, x.now), instant(x.q.To, x.now), instant(x.at, x.now))
	}
	x.downtime()
	if horizon := x.now - x.kept.Milliseconds(); x.kept > 0 && x.at < horizon {
		x.tooOld()
	} else if !f.judged {
		x.noDatapoint()
	} else if err := x.chain(ctx); err != nil {
		return Why{}, err
	}
	x.soon()
	w.Paged = w.Answer == "paged" || w.Answer == "told_before"
	w.Sentence = sentence(w.Sentence)
	return *w, nil
}

// say adds a reason.
func (x *inquiry) say(kind, effect string, at int64, link *WhyLink, format string, args ...any) {
	x.w.Reasons = append(x.w.Reasons, WhyReason{Kind: kind, Effect: effect, Sentence: sentence(fmt.Sprintf(format, args...)), At: at, Link: link})
}

// end states the answer.
func (x *inquiry) end(answer, format string, args ...any) {
	x.w.Answer, x.w.Sentence = answer, fmt.Sprintf(format, args...)
}

// about names the KPI and the group inside a sentence.
func (x *inquiry) about() string {
	if x.w.GroupText != "" {
		return x.w.Title + " (" + x.w.GroupText + ")"
	}
	return x.w.Title
}

func (x *inquiry) point(p kpi.Point) DecisionPoint {
	k, v := x.shown(), p.Value
	if !p.Real() {
		v = math.NaN()
		if p.Detail == "" {
			p.Detail = k.Explain(p)
		}
	}
	return DecisionPoint{
		End: p.End, Value: Number(v), Good: Number(p.Good), Total: Number(p.Total), Coverage: Number(p.Coverage),
		Missing: string(p.Missing), Detail: p.Detail, Display: text(k, v), Band: bandOf(k, p),
	}
}

// downtime says that the server was away, or refused data, at the instant.
func (x *inquiry) downtime() {
	for _, o := range x.facts.outages {
		x.say("outage", "fact", o.From, nil, "From %s to %s nothing could be observed: %s", instant(o.From, x.now), instant(o.To, x.now), o.Reason)
	}
}

func (x *inquiry) tooOld() {
	f := &x.facts
	days := int(x.kept / (24 * time.Hour))
	if f.judged {
		x.say("light", "fact", f.newest.End, nil, "The datapoints say that the light was %s (%s)", f.light, f.light.Word())
	}
	x.say("kept", "unknown", 0, nil, "Decision records and receipts are kept for %s, and the instant is older than that", plural(days, "day"))
	x.end("too_old", "%s lies further back than the %s for which decision records and receipts are kept, so nothing says any more who was told about %s",
		instant(x.at, x.now), plural(days, "day"), x.about())
}

// noDatapoint says why nothing was judged.
func (x *inquiry) noDatapoint() {
	f := &x.facts
	first := x.now + 1
	if n := len(x.revs); n > 0 {
		first = x.revs[n-1].EffectiveFrom
	}
	switch {
	case len(f.outages) > 0:
		o := f.outages[len(f.outages)-1]
		x.end("unobserved", "Nobody was paged about %s then because nothing was observed from %s to %s: %s", x.about(), instant(o.From, x.now), instant(o.To, x.now), o.Reason)
	case len(x.revs) > 0 && x.at <= first:
		x.say("rule", "stops", first, x.revision(x.revs[len(x.revs)-1]), "The first revision that is known, %d, judges what came after %s", x.revs[len(x.revs)-1].Number, instant(first, x.now))
		x.end("not_yet", "%s was not judged yet: its first revision judges what came after %s", x.about(), instant(first, x.now))
	case !x.group.IsEmpty() && f.alive && f.lastEnd > 0:
		x.say("retired", "stops", f.lastEnd, nil, "The last datapoint of the group ended %s; the KPI was judged after that, and the group was retired because it had been silent", instant(f.lastEnd, x.now))
		x.end("retired", "Nobody was paged about %s then because the group was retired after %s: it had been silent", x.about(), instant(f.lastEnd, x.now))
	case !x.group.IsEmpty() && f.alive:
		x.say("retired", "stops", 0, nil, "The KPI was judged then, and there was no such group")
		x.end("not_judged", "Nobody was paged about %s then because the KPI had no such group at that time", x.about())
	case x.here == nil:
		x.say("rule", "stops", f.lastEnd, nil, "There is no KPI of this name any more, and no datapoint of that time")
		x.end("not_judged", "Nobody was paged about %s then because it was not judged: the KPI had been removed", x.about())
	default:
		x.say("light", "unknown", f.lastEnd, nil, "No datapoint of that time is kept%s", x.lastOne())
		x.end("not_judged", "No datapoint of %s is kept for %s, so nothing was judged then", x.about(), instant(x.at, x.now))
	}
}

func (x *inquiry) lastOne() string {
	if x.facts.lastEnd == 0 {
		return ""
	}
	return "; the last before it ended " + instant(x.facts.lastEnd, x.now)
}

// chain follows the datapoint to the message.
func (x *inquiry) chain(ctx context.Context) error {
	f, k := &x.facts, x.k
	x.light()
	x.rule()
	if k != nil && k.Page == nil {
		x.say("page", "stops", 0, x.revision(x.rev), "Revision %d states no page, so nobody is told whatever the light is", x.rev.Number)
		x.end("not_paging", "Nobody was paged because %s paged nobody then: revision %d states no page", x.about(), x.rev.Number)
		if f.light != kpi.Red {
			x.w.Sentence += "; its light was " + f.light.String()
		}
		return nil
	}
	if k != nil {
		x.say("page", "leads", 0, x.revision(x.rev), "Revision %d pages when the light is red%s", x.rev.Number, severity(k))
	} else {
		x.say("page", "unknown", 0, x.revision(x.rev), "The text of revision %d is not at hand, so whether it pages is not known from it", x.rev.Number)
	}
	if !f.alerting() {
		x.calm()
		return nil
	}
	x.alert()
	return x.messages(ctx)
}

func severity(k *kpi.KPI) string {
	if k.Page.Severity == "" {
		return ""
	}
	return ", with the severity " + k.Page.Severity
}

// light says what the light was and which datapoints made it so.
func (x *inquiry) light() {
	f := &x.facts
	effect := "stops"
	if f.light == kpi.Red || f.alerting() {
		effect = "leads"
	}
	s := fmt.Sprintf("The light was %s (%s)", f.light, f.light.Word())
	if f.last != nil {
		s += " since " + instant(f.last.End, x.now)
	}
	if n := x.numbers(); n != "" {
		s += ": " + n
	}
	if f.last != nil && f.last.Cause == "burn" {
		s += ". The record says: " + f.last.Sentence
	}
	x.say("light", effect, f.newest.End, x.decision(f.last), "%s", s)
}

// rule names the revision and what it asked for.
func (x *inquiry) rule() {
	r, k := x.rev, x.k
	switch {
	case r.Number == 0 && k == nil:
		x.say("rule", "unknown", 0, nil, "No revision of that time is kept")
	case k == nil:
		s := ""
		if l := x.facts.last; l != nil && l.Verdict.Red.Rule != "" {
			s = "; the decision record has its rule: " + l.Verdict.Red.Rule
		}
		x.say("rule", "unknown", r.EffectiveFrom, x.revision(r), "Revision %d judged; its text is not at hand%s", r.Number, s)
	default:
		since := ""
		if r.Number > 0 {
			since = ", in force since " + instant(r.EffectiveFrom, x.now) + ","
		}
		x.say("rule", "fact", r.EffectiveFrom, x.revision(r), "Revision %d%s judged: %s", r.Number, since, asks(k))
	}
}

// calm ends where there was no alert.
func (x *inquiry) calm() {
	f := &x.facts
	n := x.numbers()
	if n != "" {
		n = ": " + n
	}
	switch f.light {
	case kpi.Grey:
		why := x.gap()
		off := "the revision does not page for missing data"
		if x.k != nil && x.k.Page != nil && x.k.Page.NoData > 0 {
			off = fmt.Sprintf("the revision pages for missing data only after %s", plural(x.k.Page.NoData, "grey datapoint"))
		}
		x.say("alert", "stops", 0, nil, "There was no alert: a grey light is no breach, and %s", off)
		if f.newest.Missing == kpi.Unobserved {
			x.end("unobserved", "Nobody was paged because %s was not observed then (%s)", x.about(), why)
			return
		}
		x.end("no_data", "Nobody was paged because %s had no data to judge then (%s), and %s", x.about(), why, off)
	case kpi.Yellow:
		x.say("alert", "stops", 0, nil, "There was no alert: only red pages")
		x.end("not_red", "Nobody was paged because %s was only yellow (At risk)%s", x.about(), n)
	default:
		x.say("alert", "stops", 0, nil, "There was no alert: the light was not red")
		x.end("not_red", "Nobody was paged because %s was not red%s", x.about(), n)
	}
}

// gap says why the newest datapoint has no value.
func (x *inquiry) gap() string {
	p := x.facts.newest
	if p.Real() {
		return "too few real datapoints"
	}
	if d := x.point(p).Detail; d != "" {
		return d
	}
	return string(p.Missing)
}

// alert says since when the alert stood.
func (x *inquiry) alert() {
	f := &x.facts
	switch {
	case f.noData:
		x.say("alert", "leads", f.from, x.decision(f.last), "An alert about missing data stood since %s", instant(f.from, x.now))
	case f.began == nil:
		x.say("alert", "leads", 0, nil, "An alert stood; the record of how it began is not kept")
	default:
		s := ""
		if f.light == kpi.Grey {
			s = "; it stays through grey, until a datapoint shows that the breach is over"
		}
		if late := f.began.At - f.began.End; late > max(10*x.period(), (10*time.Minute).Milliseconds()) {
			s += fmt.Sprintf("; it was judged only at %s, and of periods that are closed late together only the last state is told", instant(f.began.At, x.now))
		}
		x.say("alert", "leads", f.began.End, x.decision(f.began), "An alert stood since %s%s", instant(f.began.End, x.now), s)
	}
}

// soon names what came shortly after the instant.
func (x *inquiry) soon() {
	if t := x.facts.next; t != nil && x.w.Answer != "paged" {
		x.say("next", "fact", t.End, x.decision(t), "Afterwards, %s, the light went from %s to %s", instant(t.End, x.now), t.From, t.To)
	}
}

func (x *inquiry) decision(t *kpi.Transition) *WhyLink {
	if t == nil {
		return nil
	}
	return &WhyLink{Kind: "decision", ID: t.ID, Text: "decision " + t.ID}
}

func (x *inquiry) revision(r ledger.Revision) *WhyLink {
	if r.Number == 0 {
		return nil
	}
	return &WhyLink{Kind: "revision", ID: strconv.Itoa(r.Number), Text: "revision " + strconv.Itoa(r.Number)}
}

// newestOf returns of each receiver and integration the newest receipt, in the order of time, newest first.
func newestOf(rs []ledger.Receipt) []ledger.Receipt {
	var out []ledger.Receipt
	for _, r := range rs {
		if !slices.ContainsFunc(out, func(o ledger.Receipt) bool {
			return o.Receiver == r.Receiver && (o.Integration == r.Integration || o.Integration == "" || r.Integration == "")
		}) {
			out = append(out, r)
		}
	}
	return out
}
