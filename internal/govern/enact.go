package govern

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// enactTime bounds one Apply: building new machines reads history.
const enactTime = 5 * time.Minute

// deed is one Apply: what is to be written when the new machines are built.
type deed struct {
	f      *filed
	ws     []wish
	by     asker
	action string                 // of the audit records and the word: apply, revert, emergency
	word   string                 // in the discussion
	reason string                 // of the revisions
	first  func(tx *sql.Tx) error // written before everything else in the same transaction; may be nil
	learn  map[policy.Ref]memory  // what is known of files by then
	quiet  bool                   // when the machines cannot be built nothing is written: it is tried again
}

// enact makes the changes law: the machines are built, then one transaction writes revisions, proposal, discussion and audit
// records, then the machines swap. A kill leaves all of it or nothing. When the machines cannot be built the old stay in
// force and the proposal is failed, with why. The caller holds the turn.
func (g *Govern) enact(ctx context.Context, d deed) error {
	// Whoever asked may go away in the middle: what was begun is ended one way or the other.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enactTime)
	defer cancel()
	now, cur := g.now(), g.force.Load()
	changed := make(map[policy.Ref]*law, len(d.ws))
	var refs []policy.Ref
	for i := range d.ws {
		w := &d.ws[i]
		ref := w.ref()
		l := &law{rev: Revision{
			Kind: w.Kind, Name: w.Name, Number: w.old.number() + 1, Hash: w.Hash, Text: w.After, Removed: w.Action == "remove",
			Author: d.f.Author, Editors: list(d.f.Editors), Approvers: approvers(d.f), Reason: d.reason, Proposal: d.f.ID, Emergency: d.f.waits,
			AppliedAt: now, EffectiveFrom: max(now, d.f.EffectiveFrom), Source: d.sourceOf(w),
		}}
		if w.by.ID != "" {
			l.rev.Author = w.by.Who
		}
		if l.rev.Number == 1 && g.o.Numbers != nil {
			l.rev.Number = max(1, g.o.Numbers(w.Kind, w.Name, w.Hash))
		}
		if w.new != nil {
			l.doc = *w.new
			l.number2doc()
		}
		changed[ref] = l
		refs = append(refs, ref)
	}
	next := cur.with(g, changed)
	committed := false
	var files map[policy.Ref]memory
	var failure error // of the transaction
	err := g.o.Swap(ctx, next.docs, func(effective map[string]int64) error {
		for ref, l := range changed {
			if at, ok := effective[ref.Name]; ok && ref.Kind == policy.KindKPI {
				l.rev.EffectiveFrom = at
			}
		}
		failure = g.o.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
			files, err = g.writeDeed(ctx, tx, d, changed, refs, now)
			return err
		})
		committed = failure == nil
		return failure
	})
	if !committed {
		return g.miscarried(ctx, d, err, failure)
	}
	if err != nil {
		g.o.Logger.Error("a change is law, but the machines said after the fact that something is wrong", "proposal", d.f.ID, "err", err)
	}
	g.force.Store(next)
	for _, ref := range refs {
		g.metrics.applied.WithLabelValues(string(ref.Kind)).Inc()
	}
	g.files.Store(&files)
	g.writeFiles(ctx)
	g.o.Logger.Info("policies applied", "proposal", d.f.ID, "policies", len(refs), "by", d.by.ID, "action", d.action)
	g.o.Changed(refs)
	g.stir()
	return nil
}

// writeDeed writes everything of one Apply in its transaction and returns the file memory as it will be.
func (g *Govern) writeDeed(ctx context.Context, tx *sql.Tx, d deed, changed map[policy.Ref]*law, refs []policy.Ref, now int64) (map[policy.Ref]memory, error) {
	f := d.f
	if d.first != nil {
		if err := d.first(tx); err != nil {
			return nil, err
		}
	}
	f.State, f.Why, f.AppliedAt, f.UpdatedAt = "applied", "", now, now
	files, err := g.oweFiles(ctx, tx, d, changed)
	if err != nil {
		return nil, err
	}
	for i, ref := range refs {
		l, w := changed[ref], d.ws[i]
		l.rev.Proposal = f.ID
		if err := g.book.putRevision(ctx, tx, l.rev); err != nil {
			return nil, err
		}
		by := d.by
		if w.by.ID != "" {
			by = w.by
		}
		r := by.record(d.action, onPolicy(ref))
		r.Before, r.After, r.Reason = w.BaseHash, l.rev.Hash, d.reason
		r.Detail = map[string]string{
			"proposal": fmt.Sprint(f.ID), "revision": fmt.Sprint(l.rev.Number), "change": w.Action,
			"effective_from": time.UnixMilli(l.rev.EffectiveFrom).UTC().Format(time.RFC3339),
		}
		if f.ID == 0 {
			delete(r.Detail, "proposal")
			r.Detail["first_load"] = "read from the files at the first start; an Approval read with it governs later changes only"
		}
		if names := namesOf(l.rev.Approvers); names != "" {
			r.Detail["approvers"] = names
		}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return nil, unwritten(err)
		}
	}
	if f.ID != 0 {
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return nil, err
		}
		if err := g.book.putWord(ctx, tx, f.ID, d.by.Who, now, d.action, d.word); err != nil {
			return nil, err
		}
		if err := g.book.feedbackFollows(ctx, tx, f.ID, "changed", f.ID); err != nil {
			return nil, err
		}
	}
	if err := g.overtake(ctx, tx, f.ID, changed, now); err != nil {
		return nil, err
	}
	return files, nil
}

// unwritten is the refusal of a change that cannot be proved.
func unwritten(err error) error {
	return fault.New(fault.Unavailable, "the change was refused, because its audit record cannot be written: %w", err).
		Hint("The server's log says why; nothing was changed")
}

// miscarried says what became of an Apply that was not committed.
func (g *Govern) miscarried(ctx context.Context, d deed, err, failure error) error {
	if failure != nil {
		return fmt.Errorf("apply proposal %d: %w", d.f.ID, failure)
	}
	if err == nil {
		err = errors.New("the machines did not take the change over")
	}
	why := fault.New(fault.Conflict, "the change could not be put into force, what was in force stays: %s", sentence(err))
	why.Err = err
	g.o.Logger.Error("a change could not be put into force", "proposal", d.f.ID, "err", err)
	now := g.now()
	if d.quiet {
		return why
	}
	files := maps.Clone(*g.files.Load())
	werr := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		for ref, m := range d.learn { // the file said so all the same, and is not asked again until it changes
			if d.f.ID != 0 {
				if err := g.remember(ctx, tx, files, ref, m); err != nil {
					return err
				}
			}
		}
		if d.first != nil {
			if err := d.first(tx); err != nil {
				return err
			}
		}
		if d.f.ID == 0 {
			return nil
		}
		d.f.State, d.f.Why, d.f.UpdatedAt, d.f.waits = "failed", why.Sentence, now, false
		if err := g.book.putProposal(ctx, tx, d.f); err != nil {
			return err
		}
		if err := g.book.putWord(ctx, tx, d.f.ID, houseWho, now, "fail", why.Sentence); err != nil {
			return err
		}
		if err := g.book.feedbackFollows(ctx, tx, d.f.ID, "open", 0); err != nil {
			return err
		}
		r := d.by.record(d.action, onProposal(d.f.ID))
		r.Outcome, r.Reason, r.Detail = audit.Failed, why.Sentence, detail(d.f)
		return g.o.Audit(ctx, tx, r)
	})
	if werr != nil {
		return errors.Join(why, werr)
	}
	g.files.Store(&files)
	g.o.Changed(d.f.refs())
	return why
}

// sentence is what a person may read of an error of the machines: they name documents and files, never secrets.
func sentence(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.Sentence
	}
	return err.Error()
}

// overtake ends the other open proposals whose every wish is now law. Those that wanted something else are stale by
// themselves, because what they start from is no longer in force.
func (g *Govern) overtake(ctx context.Context, tx *sql.Tx, by int64, changed map[policy.Ref]*law, now int64) error {
	open, err := g.book.openChanges(ctx, tx)
	if err != nil {
		return err
	}
	cur := g.force.Load()
	done := map[int64]bool{by: true}
	for ref := range changed {
		for _, id := range open[ref] {
			if done[id] {
				continue
			}
			done[id] = true
			f, err := g.book.proposal(ctx, tx, id)
			if err != nil {
				return err
			}
			if f.waits || !fulfilled(f, changed, cur) {
				continue
			}
			why := "what it wants is in force"
			if by != 0 {
				why = fmt.Sprintf("what it wants came into force with proposal %d", by)
			}
			if err := g.end(ctx, tx, houseAsker(), f, "superseded", "supersede", why, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// fulfilled reports whether everything that f wants is law.
func fulfilled(f *filed, changed map[policy.Ref]*law, cur *force) bool {
	for _, c := range f.Changes {
		l := changed[c.ref()]
		if l == nil {
			l = cur.laws[c.ref()]
		}
		if l.hash() != c.Hash {
			return false
		}
	}
	return true
}

// end closes a proposal that does not become law: rejected, expired or superseded.
func (g *Govern) end(ctx context.Context, tx *sql.Tx, by asker, f *filed, state, word, why string, now int64) error {
	f.State, f.Why, f.UpdatedAt = state, why, now
	if err := g.book.putProposal(ctx, tx, f); err != nil {
		return err
	}
	if err := g.book.putWord(ctx, tx, f.ID, by.Who, now, word, why); err != nil {
		return err
	}
	if err := g.book.feedbackFollows(ctx, tx, f.ID, "open", 0); err != nil {
		return err
	}
	action := map[string]string{"rejected": "reject", "expired": "expire", "superseded": "edit"}[state]
	r := by.record(action, onProposal(f.ID))
	r.Before, r.Reason, r.Detail = f.Hash, why, detail(f)
	r.Detail["state"] = state
	if err := g.o.Audit(ctx, tx, r); err != nil {
		return unwritten(err)
	}
	return nil
}

// approvers are those whose approval counts for the proposal as it stands.
func approvers(f *filed) []Who {
	out := []Who{}
	for _, v := range f.Votes {
		if v.Counts && v.Verdict == "approve" {
			out = append(out, v.Who)
		}
	}
	return out
}

func namesOf(ws []Who) string {
	s := ""
	for i, w := range ws {
		if i > 0 {
			s += ", "
		}
		s += w.Name
	}
	return s
}

// sourceOf says where a change came from.
func (d deed) sourceOf(w *wish) string {
	switch {
	case d.f.Origin == "file" && w.new != nil && w.new.Line > 0 && w.new.File != "":
		return fmt.Sprintf("%s:%d", w.new.File, w.new.Line)
	case d.f.Origin == "file":
		return d.f.Author.Name
	}
	return fmt.Sprintf("proposal %d", d.f.ID)
}
