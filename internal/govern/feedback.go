package govern

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

func onKPI(name string) policy.Ref { return policy.Ref{Kind: policy.KindKPI, Name: name} }

// Feedback returns what people said of a KPI, newest first; of all that the asker may see if kpi is empty.
func (g *Govern) Feedback(ctx context.Context, kpi string) ([]Feedback, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	if kpi != "" {
		if _, _, err := g.known(a, string(policy.KindKPI), kpi); err != nil {
			return nil, err
		}
	}
	all, err := g.book.feedback(ctx, g.o.DB.SQL(), kpi)
	if err != nil {
		return nil, err
	}
	cur := g.force.Load()
	return slices.DeleteFunc(all, func(f Feedback) bool {
		l := cur.laws[onKPI(f.KPI)]
		return l == nil && !a.whole(access.ReadPolicies) || l != nil && !g.reads(a, l)
	}), nil
}

// GiveFeedback keeps what somebody says of a KPI. Of f only KPI, Relevant, Accurate and Comment are used.
func (g *Govern) GiveFeedback(ctx context.Context, f Feedback) (Feedback, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Feedback{}, err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	ref, l, err := g.known(a, string(policy.KindKPI), f.KPI)
	if err != nil {
		return Feedback{}, err
	}
	if !a.may(access.GiveFeedback, l.labels) {
		return Feedback{}, g.denied(ctx, a, "feedback", onPolicy(ref), fault.New(fault.Forbidden, "%s may not give feedback on %s", a.Name, f.KPI))
	}
	answers := []string{"yes", "no", "unsaid"}
	for _, x := range []*string{&f.Relevant, &f.Accurate} {
		if *x == "" {
			*x = "unsaid"
		}
		if !slices.Contains(answers, *x) {
			return Feedback{}, fault.New(fault.Invalid, "%q: want yes, no or unsaid", *x)
		}
	}
	if err := words("comment", f.Comment, f.Relevant == "unsaid" && f.Accurate == "unsaid", maxReason); err != nil {
		return Feedback{}, err
	}
	f = Feedback{KPI: f.KPI, Who: a.Who, At: g.now(), Relevant: f.Relevant, Accurate: f.Accurate, Comment: strings.TrimSpace(f.Comment), State: "open"}
	err = g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, g.book.sql["next feedback"]).Scan(&f.ID); err != nil {
			return err
		}
		if err := g.book.putFeedback(ctx, tx, f); err != nil {
			return err
		}
		r := a.record("feedback", onPolicy(ref))
		r.Reason, r.Detail = f.Comment, map[string]string{"feedback": fmt.Sprint(f.ID), "relevant": f.Relevant, "accurate": f.Accurate}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
	if err != nil {
		return Feedback{}, fmt.Errorf("feedback on %s: %w", f.KPI, err)
	}
	g.o.Changed([]policy.Ref{ref})
	return f, nil
}

// AnswerFeedback answers feedback and closes it.
func (g *Govern) AnswerFeedback(ctx context.Context, id int64, answer string) (Feedback, error) {
	if err := words("answer", answer, true, maxReason); err != nil {
		return Feedback{}, err
	}
	a, err := askerOf(ctx)
	if err != nil {
		return Feedback{}, err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	f, err := g.book.oneFeedback(ctx, g.o.DB.SQL(), id)
	if err != nil {
		return Feedback{}, err
	}
	ref, l, err := g.known(a, string(policy.KindKPI), f.KPI)
	if err != nil {
		return Feedback{}, fault.New(fault.NotFound, "there is no feedback %d", id)
	}
	if !a.may(access.Review, l.labels) {
		return Feedback{}, g.denied(ctx, a, "feedback", onPolicy(ref), fault.New(fault.Forbidden, "%s may not answer feedback on %s", a.Name, f.KPI))
	}
	f.Answer, f.State = strings.TrimSpace(answer), "closed"
	err = g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := g.book.putFeedback(ctx, tx, f); err != nil {
			return err
		}
		r := a.record("feedback", onPolicy(ref))
		r.Reason, r.Detail = f.Answer, map[string]string{"feedback": fmt.Sprint(f.ID), "state": f.State}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
	if err != nil {
		return Feedback{}, fmt.Errorf("answer feedback %d: %w", id, err)
	}
	g.o.Changed([]policy.Ref{ref})
	return f, nil
}

// linkable checks the feedback that a draft wants to answer.
func (g *Govern) linkable(ctx context.Context, a asker, ids []int64) ([]int64, error) {
	cur := g.force.Load()
	for _, id := range ids {
		f, err := g.book.oneFeedback(ctx, g.o.DB.SQL(), id)
		if err != nil {
			return nil, err
		}
		if l := cur.laws[onKPI(f.KPI)]; l != nil && !a.may(access.ReadPolicies, l.labels) {
			return nil, fault.New(fault.NotFound, "there is no feedback %d", id)
		}
		if f.State == "closed" || f.Proposal != 0 {
			return nil, fault.New(fault.Conflict, "feedback %d is answered already", id)
		}
	}
	return ids, nil
}

// linkFeedback ties feedback to the new proposal that answers it.
func (g *Govern) linkFeedback(ctx context.Context, tx *sql.Tx, p *filed) error {
	for _, id := range p.Feedback {
		f, err := g.book.oneFeedback(ctx, tx, id)
		if err != nil {
			return err
		}
		f.State, f.Proposal = "proposed", p.ID
		if err := g.book.putFeedback(ctx, tx, f); err != nil {
			return err
		}
	}
	return nil
}
