package govern

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// matter is an open question: a proposal with everything that decisions on it look at.
type matter struct {
	f        *filed
	ws       []wish
	scope    []labels.Labels
	findings []policy.Finding
	standing
	stale string // why; empty when it is not
}

// matterOf reads a proposal against what is in force.
func (g *Govern) matterOf(f *filed, now int64) *matter {
	cur := g.force.Load()
	m := &matter{f: f}
	if !f.open() || f.waits {
		m.ws = g.asWas(f.Changes)
	} else {
		m.ws, m.findings = g.again(f.Changes, cur)
		m.stale = staleness(f, cur)
	}
	m.scope = scopes(m.ws)
	m.standing = g.stand(f, m.ws, now, m.stale != "")
	f.Votes = list(m.votes)
	return m
}

// asWas reads the changes of a proposal that has been decided: the law before is the one it started from.
func (g *Govern) asWas(changes []Change) []wish {
	out := make([]wish, 0, len(changes))
	limits := g.o.Limits()
	for _, c := range changes {
		w := wish{Change: c}
		if c.Before != "" {
			w.old = g.read(Revision{Kind: c.Kind, Name: c.Name, Number: c.Base, Hash: c.BaseHash, Text: c.Before})
		}
		if c.After != "" {
			if docs, _ := policy.Read(c.ref().String(), []byte(c.After), limits); len(docs) == 1 && docs[0].Good() {
				w.new = &docs[0]
			}
		}
		out = append(out, w)
	}
	return out
}

// staleness says why what a proposal starts from is no longer in force; empty while it is.
func staleness(f *filed, cur *force) string {
	var parts []string
	for _, c := range f.Changes {
		l := cur.laws[c.ref()]
		if l.number() == c.Base && l.hash() == c.BaseHash {
			continue
		}
		switch {
		case l.hash() == "":
			parts = append(parts, fmt.Sprintf("%s was removed", c.ref()))
		case c.BaseHash == "":
			parts = append(parts, fmt.Sprintf("%s exists since revision %d", c.ref(), l.number()))
		default:
			parts = append(parts, fmt.Sprintf("%s is at revision %d, the proposal starts from %d", c.ref(), l.number(), c.Base))
		}
	}
	return strings.Join(parts, "; ")
}

// actions are what can be asked of a proposal, in the order in which the page shows them.
var actions = []string{"edit", "test", "approve", "reject", "apply", "cancel", "rebase", "comment", "revert"}

// may says why an asker may not do something with a proposal now; nil if they may.
func (g *Govern) may(a asker, m *matter, action string, now int64) *fault.Error {
	f := m.f
	forbidden := func(act access.Action) *fault.Error {
		if a.may(act, m.scope...) {
			return nil
		}
		return fault.New(fault.Forbidden, "%s may not %s here", a.Name, strings.ReplaceAll(string(act), "_", " "))
	}
	state := func(event policy.Event) *fault.Error {
		if f.waits {
			return fault.New(fault.Conflict, "proposal %d is applied as an emergency change; it can be approved or rejected", f.ID)
		}
		_, err := move(f.State, event)
		return asFault(err)
	}
	switch action {
	case "comment":
		return forbidden(access.GiveFeedback)
	case "edit":
		return first(forbidden(access.Propose), state(policy.EventEdit))
	case "test":
		if no := forbidden(access.Propose); no != nil {
			return no
		}
		switch {
		case !f.waits && state(policy.EventTest) != nil:
			return state(policy.EventTest)
		case !slices.ContainsFunc(m.ws, judges):
			return fault.New(fault.Conflict, "nothing in it can be back-tested: only words change, or no KPI does")
		case g.o.BackTest == nil:
			return fault.New(fault.Unavailable, "this server runs no back-tests")
		case g.jobs.running(f.ID):
			return fault.New(fault.Conflict, "a back-test of proposal %d is running", f.ID)
		}
		return nil
	case "approve":
		return g.mayApprove(a, m, now)
	case "reject":
		switch no := forbidden(access.Approve); {
		case !a.person():
			return fault.New(fault.Forbidden, "rejecting takes a person who signed in; %s is a %s", a.Name, a.kindWord())
		case no != nil:
			return no
		case !f.waits && state(policy.EventReject) != nil:
			return state(policy.EventReject)
		case a.is(f.Author) && !f.waits:
			return fault.New(fault.Conflict, "proposal %d is your own; cancel it instead", f.ID)
		}
		return nil
	case "apply":
		if no := first(forbidden(access.Propose), state(policy.EventApply)); no != nil {
			return no
		}
		switch {
		case m.stale != "":
			return stale(m)
		case !m.Met:
			return fault.New(fault.Conflict, "proposal %d cannot be applied yet. %s", f.ID, m.Sentence)
		}
		return asFault(failed(m.findings))
	case "cancel":
		switch no := state(policy.EventCancel); {
		case !a.is(f.Author):
			return fault.New(fault.Forbidden, "only %s, who made it, can cancel proposal %d", f.Author.Name, f.ID)
		case no != nil:
			return no
		case m.Given > 0 && m.stale == "":
			return fault.New(fault.Conflict, "somebody approved proposal %d already; it can be rejected, not cancelled", f.ID)
		}
		return nil
	case "rebase":
		if no := first(forbidden(access.Propose), state(policy.EventRebase)); no != nil {
			return no
		}
		if m.stale == "" {
			return fault.New(fault.Conflict, "proposal %d starts from what is in force; there is nothing to rebase", f.ID)
		}
		return nil
	case "revert":
		if no := forbidden(access.Propose); no != nil {
			return no
		}
		if f.State != "applied" || f.waits {
			return fault.New(fault.Conflict, "proposal %d is %s; only what was applied can be reverted", f.ID, f.State)
		}
		return nil
	}
	return fault.New(fault.Invalid, "%q is no action on a proposal", action)
}

// mayApprove says why an asker's approval cannot be taken.
func (g *Govern) mayApprove(a asker, m *matter, now int64) *fault.Error {
	f := m.f
	switch {
	case !a.person():
		return fault.New(fault.Forbidden, "approving takes a person who signed in; %s is a %s, and programs may propose and never approve", a.Name, a.kindWord())
	case !a.may(access.Approve, m.scope...):
		return fault.New(fault.Forbidden, "%s may not approve changes of %s", a.Name, policyNames(f))
	case !f.open() || f.State == "failed":
		return fault.New(fault.Conflict, "proposal %d is %s", f.ID, f.State)
	case wrote(f, a.Who) && m.demand.Regulated:
		return fault.New(fault.Forbidden, "%s had a hand in proposal %d and it is regulated: another person must approve it", a.Name, f.ID)
	case wrote(f, a.Who) && !m.demand.AllowAuthor:
		return fault.New(fault.Forbidden, "%s had a hand in proposal %d: another person must approve it", a.Name, f.ID)
	}
	word := ballot{Vote: Vote{Who: a.Who, At: now, Verdict: "approve"}, roles: a.roles(m.scope), signedIn: now}.word()
	if ok, why := m.demand.Counts(word, authorsOf(f)); !ok {
		return fault.New(fault.Forbidden, "%s", why)
	}
	for _, b := range f.ballots {
		if a.is(b.Who) && b.Hash == f.Hash && b.Verdict == "approve" {
			return fault.New(fault.Conflict, "you approved proposal %d already", f.ID)
		}
	}
	switch {
	case m.stale != "":
		return stale(m)
	case f.State == "scheduled", f.State == "approved" && m.Met:
		return fault.New(fault.Conflict, "proposal %d is %s already", f.ID, f.State)
	case m.Need.Evidence && !m.current:
		return fault.New(fault.Conflict, "proposal %d needs a back-test of exactly this text before it can be approved", f.ID).Hint("Run the test, look at it, then approve")
	}
	if err := asFault(failed(m.findings)); err != nil {
		return err
	}
	if limit := m.demand.RecentSignIn; limit > 0 && now-a.p.SignedInAt > limit.Milliseconds() {
		no := fault.New(fault.Forbidden, "approving asks for a personal sign-in within the last %s", policy.Span(limit)).Hint("Confirm your password, then approve again")
		no.Err = ErrConfirm
		return no
	}
	return nil
}

func stale(m *matter) *fault.Error {
	return fault.New(fault.Conflict, "proposal %d is stale: %s", m.f.ID, m.stale).Hint("Rebase it; that starts it from what is in force and tests it again")
}

func first(errs ...*fault.Error) *fault.Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func asFault(err error) *fault.Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*fault.Error); ok {
		return e
	}
	return fault.New(fault.Internal, "%w", err)
}

func policyNames(f *filed) string {
	if len(f.Changes) == 1 {
		return f.Changes[0].ref().String()
	}
	return fmt.Sprintf("%s and %d more", f.Changes[0].ref(), len(f.Changes)-1)
}

// on is the beginning of everything that is done to a proposal: who asks, the turn, the proposal if they may see it, and
// whether they may. What is forbidden is noted in the audit log.
func (g *Govern) on(ctx context.Context, id int64, action string, do func(a asker, m *matter, now int64) error) (Proposal, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Proposal{}, err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	f, err := g.visible(ctx, a, id)
	if err != nil {
		return Proposal{}, err
	}
	now := g.now()
	m := g.matterOf(f, now)
	if no := g.may(a, m, action, now); no != nil {
		if no.Kind == fault.Forbidden || action == "approve" {
			return Proposal{}, g.denied(ctx, a, action, onProposal(id), no)
		}
		return Proposal{}, no
	}
	if err := do(a, m, now); err != nil {
		return Proposal{}, err
	}
	return g.shown(ctx, a, id)
}

// Approve says yes to exactly the text that hash stands for. With the last approval that is needed the change is applied,
// or scheduled.
func (g *Govern) Approve(ctx context.Context, id int64, hash, comment string) (Proposal, error) {
	if err := words("comment", comment, false, maxReason); err != nil {
		return Proposal{}, err
	}
	return g.on(ctx, id, "approve", func(a asker, m *matter, now int64) error {
		f := m.f
		if hash != f.Hash {
			return g.denied(ctx, a, "approve", onProposal(id), fault.New(fault.Conflict, "proposal %d is not what you read: it was changed since", id).
				Hint("Read it again, then approve"))
		}
		v := ballot{Vote: Vote{Who: a.Who, At: now, Verdict: "approve", Comment: comment, Hash: hash}, roles: list(a.roles(m.scope)), signedIn: a.p.SignedInAt, agent: a.p.Agent}
		f.ballots = append(f.ballots, v)
		s := g.stand(f, m.ws, now, false)
		f.Votes = s.votes
		err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
			if err := g.book.putVote(ctx, tx, id, v); err != nil {
				return err
			}
			if s.Met && !f.waits {
				to, err := move(f.State, policy.EventApprove)
				if err != nil {
					return err
				}
				if f.State = to; f.EffectiveFrom > now {
					f.State = "scheduled"
				}
			}
			f.UpdatedAt = now
			if err := g.book.putProposal(ctx, tx, f); err != nil {
				return err
			}
			if err := g.book.putWord(ctx, tx, id, a.Who, now, "approve", comment); err != nil {
				return err
			}
			if f.State == "scheduled" {
				if err := g.book.putWord(ctx, tx, id, houseWho, now, "schedule", "Will be applied at "+time.UnixMilli(f.EffectiveFrom).UTC().Format("2006-01-02 15:04 UTC")); err != nil {
					return err
				}
			}
			r := a.record("approve", onProposal(id))
			r.After, r.Reason, r.Detail = hash, comment, detail(f)
			if err := g.o.Audit(ctx, tx, r); err != nil {
				return unwritten(err)
			}
			if s.Met && f.waits {
				return g.ratified(ctx, tx, a, f, now)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("approve proposal %d: %w", id, err)
		}
		if f.State == "approved" {
			return g.enact(ctx, deed{f: f, ws: m.ws, by: a, action: "apply", word: "Everything that was asked for is there", reason: f.Reason})
		}
		g.o.Changed(f.refs())
		g.stir()
		return nil
	})
}

// Reject ends a proposal for a reason. An emergency change that waits for its approval is taken back at once.
func (g *Govern) Reject(ctx context.Context, id int64, reason string) (Proposal, error) {
	if err := words("reason", reason, true, maxReason); err != nil {
		return Proposal{}, err
	}
	return g.on(ctx, id, "reject", func(a asker, m *matter, now int64) error {
		f := m.f
		vote := func(tx *sql.Tx) error {
			return g.book.putVote(ctx, tx, id, ballot{Vote: Vote{Who: a.Who, At: now, Verdict: "reject", Comment: reason, Hash: f.Hash}, roles: list(a.roles(m.scope))})
		}
		if f.waits {
			return g.undo(ctx, a, f, "Rejected after the fact: "+reason, vote)
		}
		return g.close(ctx, a, f, policy.EventReject, reason, vote)
	})
}

// Cancel takes a proposal back that one made oneself.
func (g *Govern) Cancel(ctx context.Context, id int64, reason string) (Proposal, error) {
	if err := words("reason", reason, true, maxReason); err != nil {
		return Proposal{}, err
	}
	return g.on(ctx, id, "cancel", func(a asker, m *matter, now int64) error {
		return g.close(ctx, a, m.f, policy.EventCancel, "Cancelled by its author: "+reason, nil)
	})
}

// close ends a proposal by a person.
func (g *Govern) close(ctx context.Context, a asker, f *filed, event policy.Event, why string, also func(*sql.Tx) error) error {
	to, err := move(f.State, event)
	if err != nil {
		return err
	}
	g.jobs.cancel(f.ID)
	err = g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return g.end(ctx, tx, a, f, to, "reject", why, g.now())
	})
	if err != nil {
		return fmt.Errorf("%s proposal %d: %w", event, f.ID, err)
	}
	g.o.Changed(f.refs())
	return nil
}

// Apply applies what has everything that it needs: at once, also when it is scheduled for later.
func (g *Govern) Apply(ctx context.Context, id int64) (Proposal, error) {
	return g.on(ctx, id, "apply", func(a asker, m *matter, now int64) error {
		return g.enact(ctx, deed{f: m.f, ws: m.ws, by: a, action: "apply", word: "Applied by hand", reason: m.f.Reason})
	})
}

// Comment adds a word to the discussion of a proposal, open or closed.
func (g *Govern) Comment(ctx context.Context, id int64, text string) (Proposal, error) {
	if err := words("text", text, true, maxComment); err != nil {
		return Proposal{}, err
	}
	return g.on(ctx, id, "comment", func(a asker, m *matter, now int64) error {
		err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
			if err := g.book.putWord(ctx, tx, id, a.Who, now, "comment", text); err != nil {
				return err
			}
			r := a.record("comment", onProposal(id))
			r.After, r.Reason = m.f.Hash, text
			if err := g.o.Audit(ctx, tx, r); err != nil {
				return unwritten(err)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("comment on proposal %d: %w", id, err)
		}
		return nil
	})
}

// Revert proposes the text of an earlier revision again.
func (g *Govern) Revert(ctx context.Context, kind, name string, number int, reason string) (Proposal, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Proposal{}, err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	ref, l, err := g.known(a, kind, name)
	if err != nil {
		return Proposal{}, err
	}
	old, err := g.revisionOf(ctx, ref, number)
	if err != nil {
		return Proposal{}, err
	}
	switch {
	case old == nil:
		return Proposal{}, fault.New(fault.Invalid, "revision %d: want the number of an earlier revision, from 1", number)
	case number == l.number():
		return Proposal{}, fault.New(fault.Conflict, "revision %d of %s is in force", number, ref)
	case old.Removed && l.rev.Removed:
		return Proposal{}, fault.New(fault.Conflict, "%s is removed already", ref)
	}
	d := Draft{Title: fmt.Sprintf("Back to revision %d of %s", number, ref), Reason: reason, Documents: []Text{{Text: old.Text}}}
	if old.Removed {
		d.Documents = []Text{{Remove: ref.String()}}
	}
	f, err := g.propose(ctx, a, d, "revert", l.rev.Proposal)
	if err != nil {
		return Proposal{}, err
	}
	return g.shown(ctx, a, f.ID)
}
