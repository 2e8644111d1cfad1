package govern

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// soon is how long before a review is due it is shown as such.
const soon = 14 * 24 * time.Hour

// reviewOf says when a policy has to be looked at again: its interval after the last change or review. DueAt is 0 if none
// is asked for.
func (g *Govern) reviewOf(ref policy.Ref, l *law, s surroundings) Review {
	v := Review{Kind: string(ref.Kind), Name: ref.Name, Title: l.title(), Owner: l.doc.Owner, Revision: l.rev.Number, State: "ok"}
	from := l.rev.AppliedAt
	if r, ok := s.reviews[ref]; ok && r.At >= from {
		from, v.ReviewedAt, v.ReviewedBy, v.Note = r.At, r.At, &r.Who, r.Note
	} else if ok {
		v.ReviewedAt, v.ReviewedBy, v.Note = r.At, &r.Who, r.Note
	}
	if !l.inForce() || l.doc.ReviewEvery == 0 {
		return v
	}
	v.DueAt = from + l.doc.ReviewEvery.Milliseconds()
	now := g.now()
	switch {
	case v.DueAt <= now:
		v.State, v.Sentence = "overdue", fmt.Sprintf("Nobody has looked at it for %s; it asks for a review every %s", days(now-from), policy.Span(l.doc.ReviewEvery))
	case v.DueAt-now <= soon.Milliseconds():
		v.State, v.Sentence = "soon", fmt.Sprintf("Due in %s", days(v.DueAt-now))
	default:
		v.Sentence = fmt.Sprintf("Due in %s", days(v.DueAt-now))
	}
	return v
}

func days(ms int64) string {
	switch n := ms / (24 * 3600_000); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}

// Reviews is the review calendar: emergency changes that wait for approval, then policies by how soon they are due.
func (g *Govern) Reviews(ctx context.Context) ([]Review, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	s, err := g.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	out := []Review{}
	for ref, l := range g.force.Load().laws {
		if !a.may(access.ReadPolicies, l.labels) {
			continue
		}
		if v := g.reviewOf(ref, l, s); v.DueAt != 0 {
			v.May = a.may(access.Review, l.labels)
			out = append(out, v)
		}
	}
	now := g.now()
	for id := range s.waiting {
		f, err := g.book.proposal(ctx, g.o.DB.SQL(), id)
		if err != nil {
			return nil, err
		}
		if !g.sees(a, f) {
			continue
		}
		m := g.matterOf(f, now)
		for _, c := range f.Changes {
			v := Review{
				Kind: c.Kind, Name: c.Name, Title: c.Title, Revision: g.force.Load().laws[c.ref()].number(), DueAt: f.ExpiresAt, State: "emergency", Proposal: id,
				Sentence: fmt.Sprintf("Emergency change by %s: %s. %s, or it is taken back", f.Author.Name, strings.TrimRight(f.Reason, "."), m.Sentence),
				May:      g.may(a, m, "approve", now) == nil,
			}
			if l := g.force.Load().laws[c.ref()]; l != nil {
				v.Owner = l.doc.Owner
			}
			out = append(out, v)
		}
	}
	slices.SortFunc(out, byTime)
	return out, nil
}

// CompleteReview notes that somebody looked at a policy and found it still right.
func (g *Govern) CompleteReview(ctx context.Context, kind, name, note string) (Review, error) {
	if err := words("note", note, false, maxReason); err != nil {
		return Review{}, err
	}
	a, err := askerOf(ctx)
	if err != nil {
		return Review{}, err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	ref, l, err := g.known(a, kind, name)
	if err != nil {
		return Review{}, err
	}
	if !a.may(access.Review, l.labels) {
		return Review{}, g.denied(ctx, a, "review", onPolicy(ref), fault.New(fault.Forbidden, "%s may not complete a review of %s", a.Name, ref))
	}
	if !l.inForce() {
		return Review{}, fault.New(fault.Conflict, "%s is not in force", ref)
	}
	err = g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := g.book.putReview(ctx, tx, ref, reviewed{At: g.now(), Revision: l.rev.Number, Who: a.Who, Note: note}); err != nil {
			return err
		}
		r := a.record("review", onPolicy(ref))
		r.After, r.Reason, r.Detail = l.rev.Hash, note, map[string]string{"revision": fmt.Sprint(l.rev.Number)}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
	if err != nil {
		return Review{}, fmt.Errorf("review %s: %w", ref, err)
	}
	g.o.Changed([]policy.Ref{ref})
	s, err := g.surroundings(ctx)
	if err != nil {
		return Review{}, err
	}
	v := g.reviewOf(ref, l, s)
	v.May = true
	return v, nil
}
