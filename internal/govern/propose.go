package govern

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// Bounds of what people write.
const (
	maxTitle     = 200
	maxReason    = 4000
	maxComment   = 10000
	maxDocuments = 1000
)

// Origins of a proposal.
var origins = []string{"page", "api", "command", "file", "import", "revert", "feedback"}

// words checks what a person wrote beside the documents.
func words(what, text string, needed bool, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case needed && strings.TrimSpace(text) == "":
		return fault.New(fault.Invalid, "%s: want a sentence; it is kept with the change for good", what)
	case n > most:
		return fault.New(fault.Invalid, "%s: %d characters: want %d at most", what, n, most)
	}
	return nil
}

// Propose makes a proposal of a draft. Where nobody has to approve it is applied at once; an emergency change is applied at
// once and waits for its approval afterwards.
func (g *Govern) Propose(ctx context.Context, d Draft, origin string) (Proposal, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Proposal{}, err
	}
	if !slices.Contains(origins, origin) || origin == "file" {
		return Proposal{}, fault.New(fault.Invalid, "origin %q: want one of page, api, command, import, revert and feedback", origin)
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	f, err := g.propose(ctx, a, d, origin, 0)
	if err != nil {
		return Proposal{}, err
	}
	return g.shown(ctx, a, f.ID)
}

// propose is Propose for any asker, with the turn held.
func (g *Govern) propose(ctx context.Context, a asker, d Draft, origin string, revertOf int64) (*filed, error) {
	ws, err := g.wanted(ctx, a, d)
	if err != nil {
		return nil, err
	}
	now := g.now()
	f := &filed{Proposal: Proposal{
		Title: titleOf(d.Title, ws), Reason: strings.TrimSpace(d.Reason), State: "draft", Emergency: d.Emergency, Origin: origin, Author: a.Who,
		CreatedAt: now, UpdatedAt: now, EffectiveFrom: d.EffectiveFrom, RevertOf: revertOf, Changes: changesOf(ws),
	}}
	f.Hash = proposalHash(f.Changes, f.Reason, f.EffectiveFrom)
	if d.Emergency {
		if err := g.mayHurry(ctx, a, g.demandOf(ws), ws); err != nil {
			return nil, err
		}
	}
	if f.Feedback, err = g.linkable(ctx, a, d.Feedback); err != nil {
		return nil, err
	}
	return f, g.admit(ctx, a, f, ws, nil, true)
}

// admit writes a new proposal, and makes it law at once if nobody has to approve it and its checks pass. learn is what is
// known of files with it.
func (g *Govern) admit(ctx context.Context, a asker, f *filed, ws []wish, learn map[policy.Ref]memory, good bool) (err error) {
	now := g.now()
	s := g.stand(f, ws, now, false)
	f.ExpiresAt, f.Votes = now+s.demand.Expires.Milliseconds(), s.votes
	if f.ID, err = g.book.nextProposal(ctx, g.o.DB.SQL()); err != nil {
		return err
	}
	write := func(tx *sql.Tx) error { return g.writeNew(ctx, tx, a, f, now) }
	switch {
	case f.Emergency:
		return g.hurry(ctx, a, f, ws, s, write)
	case s.Met && good && f.EffectiveFrom > now:
		f.State = "scheduled"
	case s.Met && good:
		// It is inserted and applied in one transaction: nobody ever sees it half done.
		f.State = "approved"
		return g.enact(ctx, deed{f: f, ws: ws, by: a, action: "apply", word: s.Sentence, reason: f.Reason, first: write, learn: learn})
	}
	return g.store(ctx, f, write, learn)
}

// store writes an open proposal and what was learned of files.
func (g *Govern) store(ctx context.Context, f *filed, write func(*sql.Tx) error, learn map[policy.Ref]memory) error {
	files := maps.Clone(*g.files.Load())
	err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		for ref, m := range learn {
			if err := g.remember(ctx, tx, files, ref, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write proposal %d: %w", f.ID, err)
	}
	g.files.Store(&files)
	g.o.Changed(f.refs())
	g.stir()
	return nil
}

// writeNew writes a new proposal with its record.
func (g *Govern) writeNew(ctx context.Context, tx *sql.Tx, a asker, f *filed, now int64) error {
	if err := g.book.putProposal(ctx, tx, f); err != nil {
		return err
	}
	if err := g.book.putChanges(ctx, tx, f); err != nil {
		return err
	}
	if err := g.book.putWord(ctx, tx, f.ID, a.Who, now, "propose", f.Reason); err != nil {
		return err
	}
	if err := g.linkFeedback(ctx, tx, f); err != nil {
		return err
	}
	r := a.record("propose", onProposal(f.ID))
	r.After, r.Reason, r.Detail = f.Hash, f.Reason, detail(f)
	if err := g.o.Audit(ctx, tx, r); err != nil {
		return unwritten(err)
	}
	return nil
}

// wanted reads and checks a draft for an asker.
func (g *Govern) wanted(ctx context.Context, a asker, d Draft) ([]wish, error) {
	if err := words("reason", d.Reason, true, maxReason); err != nil {
		return nil, err
	}
	if err := words("title", d.Title, false, maxTitle); err != nil {
		return nil, err
	}
	switch now := g.now(); {
	case len(d.Documents) == 0:
		return nil, fault.New(fault.Invalid, "documents: want at least one")
	case len(d.Documents) > maxDocuments:
		return nil, fault.New(fault.Invalid, "documents: %d are too many for one proposal: want %d at most", len(d.Documents), maxDocuments)
	case d.EffectiveFrom != 0 && d.EffectiveFrom <= now:
		return nil, fault.New(fault.Invalid, "effective_from %d lies in the past; want a later instant in Unix milliseconds, or none for the next period boundary", d.EffectiveFrom)
	case d.Emergency && d.EffectiveFrom != 0:
		return nil, fault.New(fault.Invalid, "effective_from: an emergency change holds at once; leave it out")
	}
	ws, same, findings := g.wishes(d.Documents, g.force.Load())
	if err := g.covered(ctx, a, "propose", access.Propose, ws); err != nil {
		return nil, err
	}
	if err := failed(findings); err != nil {
		return nil, err
	}
	if len(ws) == 0 {
		names := make([]string, len(same))
		for i, ref := range same {
			names[i] = ref.String()
		}
		return nil, fault.New(fault.Invalid, "nothing would change: %s means what is in force already; comments and the order of keys do not count", strings.Join(names, ", "))
	}
	return ws, nil
}

func changesOf(ws []wish) []Change {
	out := make([]Change, len(ws))
	for i := range ws {
		out[i] = ws[i].Change
	}
	return out
}

// Edit changes an open proposal. Whoever edits is an author from then on; votes and evidence are of the old text and void.
func (g *Govern) Edit(ctx context.Context, id int64, d Draft) (Proposal, error) {
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
	if err := g.check(ctx, a, f, "edit"); err != nil {
		return Proposal{}, err
	}
	if d.Base != "" && d.Base != f.Hash {
		return Proposal{}, fault.New(fault.Conflict, "proposal %d was changed by somebody else since you opened it", id).Hint("Read it again; your text is still in your editor")
	}
	if d.Emergency {
		return Proposal{}, fault.New(fault.Invalid, "emergency: an open proposal cannot be made an emergency change; make a new one")
	}
	ws, err := g.wanted(ctx, a, d)
	if err != nil {
		return Proposal{}, err
	}
	if err := g.edit(ctx, a, f, d, ws, nil); err != nil {
		return Proposal{}, err
	}
	return g.shown(ctx, a, id)
}

// edit puts new documents into an open proposal, with the turn held.
func (g *Govern) edit(ctx context.Context, a asker, f *filed, d Draft, ws []wish, learn map[policy.Ref]memory) error {
	now, before := g.now(), f.Hash
	to, err := move(f.State, policy.EventEdit)
	if err != nil {
		return err
	}
	if !a.is(f.Author) && !slices.ContainsFunc(f.Editors, a.is) {
		f.Editors = append(f.Editors, a.Who)
	}
	f.Title, f.Reason, f.EffectiveFrom, f.Changes = titleOf(d.Title, ws), strings.TrimSpace(d.Reason), d.EffectiveFrom, changesOf(ws)
	f.Hash = proposalHash(f.Changes, f.Reason, f.EffectiveFrom)
	f.UpdatedAt = now
	if f.Hash != before { // another title alone is the same wish
		f.State = to
		g.jobs.cancel(f.ID)
	}
	s := g.stand(f, ws, now, false)
	f.ExpiresAt = now + s.demand.Expires.Milliseconds()
	f.Votes = s.votes
	first := func(tx *sql.Tx) error {
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return err
		}
		if err := g.book.putChanges(ctx, tx, f); err != nil {
			return err
		}
		if err := g.book.putWord(ctx, tx, f.ID, a.Who, now, "edit", f.Reason); err != nil {
			return err
		}
		r := a.record("edit", onProposal(f.ID))
		r.Before, r.After, r.Reason, r.Detail = before, f.Hash, f.Reason, detail(f)
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	}
	good := failed(g.against(ws, g.force.Load())) == nil && staleness(f, g.force.Load()) == ""
	if s.Met && good && f.EffectiveFrom <= now {
		return g.enact(ctx, deed{f: f, ws: ws, by: a, action: "apply", word: s.Sentence, reason: f.Reason, first: first, learn: learn})
	}
	if s.Met && good {
		f.State = "scheduled"
	}
	return g.store(ctx, f, first, learn)
}
