package board

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
)

// WhyRecord explains a record by its id: a decision, a message that somebody got, or a silence.
type WhyRecord struct {
	ID       string `json:"id"`
	Kind     string `json:"kind" enum:"decision,message,silence"`
	Sentence string `json:"sentence"`
	Answers  []Why  `json:"answers" doc:"One for each group that it concerns, at most 20"`
}

// mostAnswers bounds what one id explains.
const mostAnswers = 20

// silenceID is how the ids of silences look.
var silenceID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// WhyOf explains a decision by its id, a message by its Message-ID, or a silence by its id. Unknown is fault.NotFound.
func (b *Board) WhyOf(ctx context.Context, id string) (WhyRecord, error) {
	id = strings.TrimSpace(id)
	switch {
	case strings.Contains(id, "@"):
		return b.whyMessage(ctx, "<"+strings.Trim(id, "<>")+">")
	case silenceID.MatchString(id):
		return b.whySilence(ctx, id)
	}
	t, err := b.o.History.Transition(ctx, id)
	if err != nil {
		return WhyRecord{}, err
	}
	w := WhyRecord{ID: id, Kind: "decision", Sentence: sentence(t.Sentence)}
	err = b.explain(ctx, &w, t.KPI, t.Group, t.End, "")
	return w, err
}

// explain adds the answer of one group at one instant. A KPI or group that is out of sight adds nothing.
func (b *Board) explain(ctx context.Context, w *WhyRecord, name string, group labels.Labels, at int64, receiver string) error {
	if w.Answers == nil {
		w.Answers = []Why{}
	}
	if len(w.Answers) == mostAnswers {
		return nil
	}
	q := WhyQuestion{KPI: name, At: at, Receiver: receiver}
	if !group.IsEmpty() {
		q.Group = group.Map()
	}
	a, err := b.Why(ctx, q)
	if fault.KindOf(err) == fault.NotFound {
		return nil // an alert of a rule file, or a KPI that nothing is kept of
	}
	if err == nil {
		w.Answers = append(w.Answers, a)
	}
	return err
}

func (b *Board) whyMessage(ctx context.Context, id string) (WhyRecord, error) {
	rs, err := b.o.History.Receipts(ctx, ledger.Filter{Message: id, Limit: mostFacts})
	if err != nil {
		return WhyRecord{}, err
	}
	if len(rs) == 0 {
		return WhyRecord{}, fault.New(fault.NotFound, "no receipt that is kept is of a message %.300q", id)
	}
	r, now := rs[0], b.o.Now().UnixMilli()
	what, verb := "a breach", "was accepted"
	if !r.Firing {
		what = "an end"
	}
	if r.Status != "sent" {
		verb = "was not accepted"
	}
	w := WhyRecord{ID: id, Kind: "message", Answers: []Why{}, Sentence: fmt.Sprintf("The message to %s by %s about %s %s at %s.", r.Receiver, r.Integration, what, verb, instant(r.At, now))}
	for i := range rs {
		if err := b.explain(ctx, &w, rs[i].KPI, rs[i].Group, rs[i].At, rs[i].Receiver); err != nil {
			return WhyRecord{}, err
		}
	}
	return w, nil
}

func (b *Board) whySilence(ctx context.Context, id string) (WhyRecord, error) {
	rs, err := b.o.History.Receipts(ctx, ledger.Filter{Rule: "silence " + id + " ", Limit: mostFacts})
	if err != nil {
		return WhyRecord{}, err
	}
	w := WhyRecord{ID: id, Kind: "silence", Answers: []Why{}}
	now := b.o.Now().UnixMilli()
	if b.o.Silences != nil {
		all, err := b.o.Silences(ctx)
		if err != nil {
			return WhyRecord{}, err
		}
		for _, s := range all {
			if s.ID == id {
				w.Sentence = fmt.Sprintf("Silence by %s from %s until %s: %s. ", s.CreatedBy, instant(s.StartsAt, now), instant(s.EndsAt, now), strings.TrimSuffix(s.Comment, "."))
			}
		}
	}
	if w.Sentence == "" && len(rs) == 0 {
		return WhyRecord{}, fault.New(fault.NotFound, "there is no silence %q, and no receipt that is kept names it", id)
	}
	if len(rs) == 0 {
		w.Sentence += "It has held nothing back on record."
		return w, nil
	}
	w.Sentence += fmt.Sprintf("It held back %s on record, the newest at %s.", plural(len(rs), "message"), instant(rs[0].At, now))
	for i := range rs {
		if err := b.explain(ctx, &w, rs[i].KPI, rs[i].Group, rs[i].At, rs[i].Receiver); err != nil {
			return WhyRecord{}, err
		}
	}
	return w, nil
}
