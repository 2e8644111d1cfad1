package board

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// WhyQuestion asks why somebody was paged, or was not. Times are Unix ms. At asks about one instant; From and To about a
// span, of which the instant that matters most is answered; without any of them it is now.
type WhyQuestion struct {
	KPI      string
	Group    map[string]string // nil: the group that was worst then
	At       int64
	From, To int64
	Receiver string // name of a receiver or the address of a person; empty: anybody
}

// WhyLink names the stored fact behind a reason.
type WhyLink struct {
	Kind string `json:"kind" enum:"decision,revision,policy,silence,receipt"`
	ID   string `json:"id" doc:"Id of the decision, silence or receipt; the number of the revision; Kind/name of the policy"`
	Text string `json:"text"`
}

// WhyReason is one link of the chain from the datapoints to the message.
type WhyReason struct {
	Kind     string   `json:"kind" enum:"time,outage,light,rule,page,alert,route,silenced,inhibited,muted,delivery,repeat,retired,kept,next"`
	Effect   string   `json:"effect" enum:"leads,stops,told,fact,unknown" doc:"leads: on to a page; stops: here it ended; told: somebody was told; unknown: no stored fact says"`
	Sentence string   `json:"sentence"`
	At       int64    `json:"at" doc:"When it happened, 0 for what has no instant"`
	Link     *WhyLink `json:"link"`
}

// WhyOther is a group beside the one that is explained.
type WhyOther struct {
	Group map[string]string `json:"group"`
	Text  string            `json:"text"`
	Light string            `json:"light" enum:"green,yellow,red,grey"`
	Word  string            `json:"word"`
}

// Why is the answer: a sentence and the chain of reasons, each from a stored fact or from the law that was in force then.
type Why struct {
	KPI       string            `json:"kpi"`
	Title     string            `json:"title"`
	Group     map[string]string `json:"group"`
	GroupText string            `json:"group_text"`
	At        int64             `json:"at" doc:"The instant that is explained"`
	From      int64             `json:"from" doc:"Of the span that was asked about; 0 for an instant"`
	To        int64             `json:"to"`
	Receiver  string            `json:"receiver"`
	Paged     bool              `json:"paged"`
	Answer    string            `json:"answer" enum:"paged,told_before,silenced,inhibited,muted,failed,other_receiver,untold,not_paging,not_red,no_data,unobserved,retired,not_yet,not_judged,too_old"`
	Sentence  string            `json:"sentence"`
	Light     string            `json:"light" enum:"green,yellow,red,grey,none" doc:"none: not judged then"`
	Word      string            `json:"word"`
	Revision  int               `json:"revision" doc:"The revision that judged, 0 if none is known"`
	Decision  string            `json:"decision" doc:"Id of the record of how the light came about; empty if none is kept"`
	Reasons   []WhyReason       `json:"reasons"`
	Points    []DecisionPoint   `json:"points" doc:"The datapoints that the rule looked at, oldest first"`
	Receipts  []Receipt         `json:"receipts" doc:"What became of the messages of this alert until then, newest first"`
	Others    []WhyOther        `json:"others" doc:"Other groups that were not on target then"`
}

const (
	// settle is how long after an instant a message still belongs to it: grouping and attempts take their time.
	settle = 15 * time.Minute
	// lately is how long before an instant a message may have been sent to be the page that is meant.
	lately = 5 * time.Minute
	// mostFacts bounds the records that are read for one answer.
	mostFacts = 10_000
)

// inquiry is one question on its way to an answer.
type inquiry struct {
	b     *Board
	q     WhyQuestion
	now   int64
	at    int64
	kept  time.Duration
	who   []string // receivers that are meant; nil: any
	revs  []ledger.Revision
	here  *kpi.KPI // as it is now; nil if it is gone
	k     *kpi.KPI // as the revision of the instant defined it; nil if that is not kept
	rev   ledger.Revision
	group labels.Labels
	moves []kpi.Transition // of the KPI until the instant's messages, newest first
	facts facts
	w     Why
}

// Why answers a question from what is kept; what is not kept is said to be unknown, never guessed.
func (b *Board) Why(ctx context.Context, q WhyQuestion) (Why, error) {
	x := &inquiry{b: b, q: q, now: b.o.Now().UnixMilli()}
	if err := x.open(ctx); err != nil {
		return Why{}, err
	}
	if err := x.choose(ctx); err != nil {
		return Why{}, err
	}
	if err := x.gather(ctx); err != nil {
		return Why{}, err
	}
	return x.answer(ctx)
}

// open checks the question and reads what it is about.
func (x *inquiry) open(ctx context.Context) error {
	q := &x.q
	switch {
	case q.At != 0 && (q.From != 0 || q.To != 0):
		return fault.New(fault.Invalid, "at and from or to: want an instant or a span, not both")
	case q.To != 0 && q.From >= q.To:
		return fault.New(fault.Invalid, "from %d: want a time before to %d, both Unix milliseconds", q.From, q.To)
	case max(q.At, q.From) > x.now:
		return fault.New(fault.Invalid, "%s has not come yet: want a time up to now, %s", instant(max(q.At, q.From), x.now), instant(x.now, x.now))
	}
	if q.From != 0 && (q.To == 0 || q.To > x.now) {
		q.To = x.now
	}
	if q.At == 0 && q.To == 0 {
		q.At = x.now
	}
	var err error
	if x.revs, err = x.b.o.History.Revisions(ctx, q.KPI); err != nil {
		return err
	}
	st, ok := x.b.o.Status(q.KPI)
	if ok {
		x.here = st.KPI
	}
	// What is gone is explained from its revisions; of what is out of sight nothing is.
	if _, narrow := x.b.o.History.(narrowHistory); !ok && (narrow || len(x.revs) == 0) {
		_, err := x.b.status(q.KPI)
		return err
	}
	if x.b.o.Law != nil {
		x.kept = x.b.o.Law.Kept()
	}
	return x.receivers(ctx)
}

// receivers resolves whom the question means.
func (x *inquiry) receivers(ctx context.Context) error {
	if x.q.Receiver == "" {
		return nil
	}
	x.who = []string{x.q.Receiver}
	if x.b.o.Law == nil {
		return nil
	}
	names, err := x.b.o.Law.Receivers(ctx, x.q.Receiver)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		x.who = names
		return nil
	}
	// A receiver that is gone still stands in the receipts of its time.
	rs, err := x.b.o.History.Receipts(ctx, ledger.Filter{KPI: x.q.KPI, Limit: mostFacts})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rs, func(r ledger.Receipt) bool { return r.Receiver == x.q.Receiver }) {
		return nil
	}
	return fault.New(fault.Invalid, "receiver %.200q: want the name of a receiver under alerting.receivers or an address that one of them mails to", x.q.Receiver).
		Hint("No receipt of KPI %s names it either", x.q.KPI)
}

// meant reports whether the question is about a receiver.
func (x *inquiry) meant(name string) bool { return x.who == nil || slices.Contains(x.who, name) }

// until is up to when messages are looked at.
func (x *inquiry) until(at int64) int64 { return min(at+settle.Milliseconds(), x.now) }

// revisionAt is the revision that judges a period that ends at end.
func (x *inquiry) revisionAt(end int64) (ledger.Revision, bool) {
	for _, r := range x.revs {
		if r.EffectiveFrom < end {
			return r, true
		}
	}
	return ledger.Revision{}, false
}

// define reads what the KPI was to the revision that judges periods which end at end.
func (x *inquiry) define(ctx context.Context, end int64) error {
	r, ok := x.revisionAt(end)
	if !ok {
		if len(x.revs) == 0 {
			x.k = x.here
		}
		return nil
	}
	if x.k != nil && x.rev == r {
		return nil
	}
	x.rev, x.k = r, nil
	if x.b.o.Law != nil {
		k, err := x.b.o.Law.Definition(ctx, x.q.KPI, r.Number)
		if err != nil {
			return err
		}
		x.k = k
	}
	if x.k == nil && x.here != nil && x.here.Hash == r.Hash {
		x.k = x.here
	}
	return nil
}

// shown is the KPI by which values and names are printed.
func (x *inquiry) shown() *kpi.KPI {
	switch {
	case x.k != nil:
		return x.k
	case x.here != nil:
		return x.here
	}
	return &kpi.KPI{Name: x.q.KPI}
}

func (x *inquiry) period() int64 {
	if p := x.shown().Period; p > 0 {
		return p.Milliseconds()
	}
	return time.Minute.Milliseconds()
}
