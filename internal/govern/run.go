package govern

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/policy"
)

// look is how often Run looks at what is due when nothing tells it to.
const look = 5 * time.Second

// lead is how long before a wanted instant a scheduled change is applied, so that it holds from that instant and not from the
// boundary after it. Periods are whole seconds, so a change of less than a second early is never effective early.
const lead = 750 * time.Millisecond

// Run does what time asks for: scheduled changes, expired proposals, emergency changes that nobody approved, and back-tests.
// It blocks until the context ends.
func (g *Govern) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		g.runTests(ctx)
	}()
	defer wg.Wait()
	c := newClockwork()
	for {
		wait := g.due(ctx, &c)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		case <-g.wake:
			t.Stop()
		}
	}
}

// clockwork is what Run remembers between two looks.
type clockwork struct {
	tried map[int64]int64      // when what failed may be tried again, by proposal
	told  map[policy.Ref]int64 // overdue reviews that were told, by the instant they were due
}

func newClockwork() clockwork {
	return clockwork{tried: map[int64]int64{}, told: map[policy.Ref]int64{}}
}

// due does everything that is due and returns how long to wait.
func (g *Govern) due(ctx context.Context, c *clockwork) time.Duration {
	g.turn.Lock()
	defer g.turn.Unlock()
	now := g.now()
	wait := look
	open, err := g.book.proposals(ctx, g.o.DB.SQL(), "open", 10000)
	if err != nil {
		if ctx.Err() == nil {
			g.o.Logger.Error("open proposals could not be read", "err", err)
		}
		return wait
	}
	for i := len(open) - 1; i >= 0; i-- { // oldest first: who came first is applied first
		f := open[i]
		if now < c.tried[f.ID] {
			continue
		}
		err := g.book.attach(ctx, g.o.DB.SQL(), f)
		if err == nil {
			err = g.dueOne(ctx, f, now)
		}
		if err != nil && ctx.Err() == nil {
			g.o.Logger.Error("what was due for a proposal failed and is tried again", "proposal", f.ID, "state", f.State, "err", err)
			c.tried[f.ID] = now + time.Minute.Milliseconds()
		}
		at := f.ExpiresAt
		if f.State == "scheduled" {
			at = f.EffectiveFrom - lead.Milliseconds()
		}
		if d := time.Duration(at-now) * time.Millisecond; d > 0 && d < wait {
			wait = d
		}
	}
	g.tellReviews(ctx, c, now)
	return wait
}

func (g *Govern) dueOne(ctx context.Context, f *filed, now int64) error {
	switch {
	case f.waits && f.ExpiresAt <= now:
		return g.undo(ctx, houseAsker(), f, "Nobody approved the emergency change in time", nil)
	case f.waits:
		return nil
	case f.ExpiresAt <= now && f.State != "scheduled":
		g.jobs.cancel(f.ID)
		return g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
			return g.end(ctx, tx, houseAsker(), f, "expired", "expire", "Nobody decided in time", now)
		})
	case f.State == "scheduled" && f.EffectiveFrom-lead.Milliseconds() <= now, f.State == "approved":
		m := g.matterOf(f, now)
		if m.stale != "" || !m.Met || failed(m.findings) != nil {
			return g.late(ctx, f, m, now)
		}
		return g.enact(ctx, deed{f: f, ws: m.ws, by: houseAsker(), action: "apply", word: "Its time has come", reason: f.Reason})
	}
	return nil
}

// late ends a scheduled change whose hour has come while it cannot be applied: a law that appears at an hour nobody expects
// would be worse than none.
func (g *Govern) late(ctx context.Context, f *filed, m *matter, now int64) error {
	if f.State != "scheduled" {
		return nil
	}
	why := "its time came, and it could not be applied: " + m.stale
	switch {
	case m.stale != "":
	case !m.Met:
		why = "its time came, and it could not be applied. " + m.Sentence
	default:
		why = "its time came, and it could not be applied: " + failed(m.findings).Error()
	}
	return g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		f.State, f.Why, f.UpdatedAt = "failed", why, now
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return err
		}
		if err := g.book.putWord(ctx, tx, f.ID, houseWho, now, "fail", why); err != nil {
			return err
		}
		r := houseAsker().record("apply", onProposal(f.ID))
		r.Outcome, r.Before, r.Reason, r.Detail = "failed", f.Hash, why, detail(f)
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
}

// tellReviews says once of each review that it has become overdue.
func (g *Govern) tellReviews(ctx context.Context, c *clockwork, now int64) {
	var late []policy.Ref
	s := surroundings{}
	for ref, l := range g.force.Load().laws {
		if !l.inForce() || l.doc.ReviewEvery == 0 || l.rev.AppliedAt+l.doc.ReviewEvery.Milliseconds() > now {
			continue
		}
		if s.reviews == nil {
			var err error
			if s, err = g.surroundings(ctx); err != nil {
				return
			}
		}
		if v := g.reviewOf(ref, l, s); v.State == "overdue" && c.told[ref] != v.DueAt {
			c.told[ref] = v.DueAt
			late = append(late, ref)
			g.o.Logger.Warn("the review of a policy is overdue", "policy", ref.String(), "owner", v.Owner)
		}
	}
	if len(late) > 0 {
		g.o.Changed(late)
	}
}
