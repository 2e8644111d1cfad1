package govern

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// Rebase starts a proposal from what is in force now. A change of a policy that moved on is merged; where both sides
// changed the same thing a person has to decide, and nothing is touched. Votes and evidence are of the old text; a back-test
// that there was is run again.
func (g *Govern) Rebase(ctx context.Context, id int64) (Proposal, error) {
	return g.on(ctx, id, "rebase", func(a asker, m *matter, now int64) error {
		f, cur := m.f, g.force.Load()
		ws, err := g.rebased(f, cur)
		if err != nil {
			return err
		}
		if len(ws) == 0 {
			return g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
				return g.end(ctx, tx, a, f, "superseded", "supersede", "what it wants is in force", now)
			})
		}
		findings := g.against(ws, cur)
		if err := failed(findings); err != nil {
			return fault.New(fault.Conflict, "what is in force moved on, and the merged text has a mistake: %w", err).Hint("Edit the proposal; that starts it from what is in force")
		}
		to, err := move(f.State, policy.EventRebase)
		if err != nil {
			return err
		}
		g.jobs.cancel(f.ID)
		before, wasTested := f.Hash, f.testDays
		f.Changes, f.State, f.Why, f.UpdatedAt = changesOf(ws), to, "", now
		if f.EffectiveFrom <= now {
			f.EffectiveFrom = 0
		}
		f.Hash = proposalHash(f.Changes, f.Reason, f.EffectiveFrom)
		s := g.stand(f, ws, now, false)
		f.ExpiresAt, f.Votes = now+s.demand.Expires.Milliseconds(), s.votes
		write := func(tx *sql.Tx) error {
			if err := g.book.putProposal(ctx, tx, f); err != nil {
				return err
			}
			if err := g.book.putChanges(ctx, tx, f); err != nil {
				return err
			}
			if err := g.book.putWord(ctx, tx, f.ID, a.Who, now, "rebase", m.stale); err != nil {
				return err
			}
			r := a.record("rebase", onProposal(f.ID))
			r.Before, r.After, r.Reason, r.Detail = before, f.Hash, m.stale, detail(f)
			if err := g.o.Audit(ctx, tx, r); err != nil {
				return unwritten(err)
			}
			return nil
		}
		if s.Met && f.EffectiveFrom <= now {
			return g.enact(ctx, deed{f: f, ws: ws, by: a, action: "apply", word: s.Sentence, reason: f.Reason, first: write})
		}
		if s.Met {
			f.State = "scheduled"
		}
		if err := g.store(ctx, f, write, nil); err != nil {
			return err
		}
		if wasTested > 0 && g.o.BackTest != nil && len(tested(ws)) > 0 {
			return g.test(ctx, a, f, ws, wasTested, now)
		}
		return nil
	})
}

// rebased returns the changes of a proposal as they read from what is in force.
func (g *Govern) rebased(f *filed, cur *force) ([]wish, error) {
	var out []wish
	for _, c := range f.Changes {
		ref := c.ref()
		l := cur.laws[ref]
		same := l.number() == c.Base && l.hash() == c.BaseHash
		switch {
		case l.hash() == c.Hash:
			continue // in force already
		case c.Action == "remove" && !same && l.hash() != c.BaseHash:
			return nil, fault.New(fault.Conflict, "%s was changed since: whoever wanted it removed has not seen what it says now", ref).
				Hint("Look at revision %d, then propose the removal again", l.number())
		case c.Action == "remove":
			out = append(out, g.wishFor(ref, nil, cur))
			continue
		case l.hash() == "" && c.BaseHash != "":
			return nil, fault.New(fault.Conflict, "%s was removed since", ref).Hint("Cancel the proposal, or edit it to bring the policy back")
		}
		text := c.After
		if l.hash() != c.BaseHash {
			merged, torn := merge(c.Before, g.textOf(ref, l), c.After)
			if len(torn) > 0 {
				return nil, fault.New(fault.Conflict, "%s: revision %d changed what the proposal changes too, at %s", ref, l.number(), strings.Join(torn, "; ")).
					Hint("Edit the proposal and choose; nothing was changed")
			}
			text = merged
		}
		docs, findings := policy.Read("", []byte(text), g.o.Limits())
		if err := failed(findings); err != nil || len(docs) != 1 || docs[0].Ref() != ref {
			return nil, fault.New(fault.Conflict, "%s: the changes of both sides do not make one document: %v", ref, err).Hint("Edit the proposal and choose; nothing was changed")
		}
		if docs[0].Hash == l.hash() {
			continue
		}
		out = append(out, g.wishFor(ref, &docs[0], cur))
	}
	return out, nil
}

// merge brings both changes of a text into one, by lines, and within a line by words. torn names what both sides changed
// differently; the merged text is then of no use.
func merge(base, theirs, ours string) (merged string, torn []string) {
	if base == "" && theirs != "" {
		return "", []string{"every line: both sides are new"}
	}
	out, clashes := merge3(lines(base), lines(theirs), lines(ours))
	if len(clashes) == 0 {
		return strings.Join(out, ""), nil
	}
	var b strings.Builder
	at := 0
	for _, x := range clashes {
		b.WriteString(strings.Join(out[at:x.at], ""))
		at = x.at
		inner, again := merge3(tokens(strings.Join(x.base, "")), tokens(strings.Join(x.theirs, "")), tokens(strings.Join(x.ours, "")))
		if len(again) > 0 {
			torn = append(torn, fmt.Sprintf("%q against %q", strings.TrimSpace(strings.Join(x.theirs, "")), strings.TrimSpace(strings.Join(x.ours, ""))))
			continue
		}
		b.WriteString(strings.Join(inner, ""))
	}
	b.WriteString(strings.Join(out[at:], ""))
	return b.String(), torn
}
