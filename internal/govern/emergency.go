package govern

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// mayHurry refuses, and notes, an emergency change by somebody who may not make one.
func (g *Govern) mayHurry(ctx context.Context, a asker, d policy.Demand, ws []wish) error {
	object := onPolicy(ws[0].ref())
	switch {
	case !a.person():
		return g.denied(ctx, a, "emergency", object, fault.New(fault.Forbidden, "an emergency change takes a person who signed in; %s is a %s", a.Name, a.kindWord()))
	case !a.whole(access.Emergency):
		return g.denied(ctx, a, "emergency", object, fault.New(fault.Forbidden, "%s may not make emergency changes", a.Name))
	case d.Emergency.Never:
		return g.denied(ctx, a, "emergency", object, fault.New(fault.Forbidden, "the approval policy %s allows no emergency change", strings.Join(d.Policies, ", ")))
	case !d.Emergency.May(a.roles(scopes(ws))):
		var circles []string
		for _, c := range d.Emergency.Circles {
			circles = append(circles, strings.Join(c, " or "))
		}
		return g.denied(ctx, a, "emergency", object, fault.New(fault.Forbidden, "emergency changes here are for %s", strings.Join(circles, ", who is also ")))
	}
	return nil
}

// hurry applies a change before anybody approved it. Unless enough people do within the grace it is taken back.
func (g *Govern) hurry(ctx context.Context, a asker, f *filed, ws []wish, s standing, first func(*sql.Tx) error) error {
	now := g.now()
	f.State, f.waits = "approved", s.Approvals > 0 || s.Need.Evidence
	f.ExpiresAt = now + s.demand.Emergency.Expires.Milliseconds()
	f.Votes = s.votes
	word := "Applied before approval: " + f.Reason
	if !f.waits {
		word = "Applied as an emergency change; nobody has to approve it"
	}
	return g.enact(ctx, deed{f: f, ws: ws, by: a, action: "emergency", word: word, reason: f.Reason, first: first})
}

// undo takes an emergency change back that nobody approved, or that somebody refused: a new proposal of the house that is
// applied at once. What was changed again since by a proposal of its own is left alone. The caller holds the turn.
func (g *Govern) undo(ctx context.Context, by asker, f *filed, why string, also func(tx *sql.Tx) error) error {
	now, cur := g.now(), g.force.Load()
	var texts []Text
	for _, c := range f.Changes {
		l := cur.laws[c.ref()]
		if l == nil || l.rev.Proposal != f.ID {
			continue
		}
		old, err := g.revisionOf(ctx, c.ref(), c.Base)
		if err != nil {
			return err
		}
		switch {
		case (old == nil || old.Removed) && !l.rev.Removed:
			texts = append(texts, Text{Remove: c.ref().String()})
		case old != nil && !old.Removed:
			texts = append(texts, Text{Text: old.Text})
		}
	}
	to, err := policy.Standing{State: policy.Applied, Emergency: true}.Next(policy.EventLapse)
	if err != nil {
		return err
	}
	f.State, f.waits, f.UpdatedAt, f.Why = string(to.State), false, now, why
	closeOld := func(tx *sql.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return err
		}
		if err := g.book.putWord(ctx, tx, f.ID, by.Who, now, "revert", why); err != nil {
			return err
		}
		r := by.record("expire", onProposal(f.ID))
		if !by.house {
			r.Action = "reject"
		}
		r.Before, r.Reason, r.Detail = f.Hash, why, detail(f)
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	}
	ws, _, findings := g.wishes(texts, cur)
	if err := failed(findings); err != nil {
		// Another law leans on the change by now: a person has to untangle it. The change stays, and stays red.
		return fmt.Errorf("take emergency change %d back: %w", f.ID, err)
	}
	if len(ws) == 0 {
		if err := g.o.DB.Tx(ctx, closeOld); err != nil {
			return fmt.Errorf("close emergency change %d: %w", f.ID, err)
		}
		return nil
	}
	back := &filed{Proposal: Proposal{
		Title: "Take back: " + f.Title, Reason: why, State: "approved", Origin: "revert", Author: by.Who, CreatedAt: now, UpdatedAt: now,
		ExpiresAt: now, RevertOf: f.ID, Changes: changesOf(ws),
	}}
	back.Hash = proposalHash(back.Changes, back.Reason, 0)
	if back.ID, err = g.book.nextProposal(ctx, g.o.DB.SQL()); err != nil {
		return err
	}
	return g.enact(ctx, deed{f: back, ws: ws, by: by, action: "revert", word: why, reason: why, quiet: true, first: func(tx *sql.Tx) error {
		if err := closeOld(tx); err != nil {
			return err
		}
		return g.writeNew(ctx, tx, by, back, now)
	}})
}

// revisionOf returns one revision of a policy, nil for number 0.
func (g *Govern) revisionOf(ctx context.Context, ref policy.Ref, number int) (*Revision, error) {
	if number == 0 {
		return nil, nil
	}
	rs, err := g.book.revisions(ctx, g.o.DB.SQL(), ref)
	if err != nil {
		return nil, err
	}
	for i := range rs {
		if rs[i].Number == number {
			return &rs[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "%s has no revision %d", ref, number)
}

// ratified writes that an emergency change has what it needed: it stays.
func (g *Govern) ratified(ctx context.Context, tx *sql.Tx, by asker, f *filed, now int64) error {
	f.waits, f.UpdatedAt = false, now
	if err := g.book.putProposal(ctx, tx, f); err != nil {
		return err
	}
	if err := g.book.putWord(ctx, tx, f.ID, houseWho, now, "emergency", "Approved after the fact: the change stays"); err != nil {
		return err
	}
	r := by.record("emergency", onProposal(f.ID))
	r.Outcome, r.After, r.Reason, r.Detail = audit.Done, f.Hash, "approved after the fact", detail(f)
	if err := g.o.Audit(ctx, tx, r); err != nil {
		return unwritten(err)
	}
	return nil
}

func (a asker) kindWord() string {
	switch {
	case a.p.Agent:
		return "token of an agent"
	case a.Kind == "token":
		return "token"
	case a.Kind == "start":
		return "credential of the start, which is nobody in particular"
	}
	return a.Kind
}
