package govern

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// Bounds of back-tests.
const (
	defaultDays = 30
	maxDays     = 760
	maxTested   = 100              // KPIs in one back-test
	maxQueued   = 100              // back-tests that wait
	jobTime     = 30 * time.Minute // of one back-test
)

// jobs are the back-tests that wait or run. One runs at a time: they read history and must not slow down what judges.
type jobs struct {
	mu    sync.Mutex
	queue []*job
	now   *job
	more  chan struct{}
}

// job is one back-test.
type job struct {
	id       string // of the evidence
	proposal int64
	hash     string
	days     int
	from, to int64
	by       asker
	stop     context.CancelFunc // set while it runs
	gone     bool               // cancelled
	done     float64
}

func newJobs() *jobs { return &jobs{more: make(chan struct{}, 1)} }

func (j *jobs) add(x *job) {
	j.mu.Lock()
	j.queue = append(j.queue, x)
	j.mu.Unlock()
	select {
	case j.more <- struct{}{}:
	default:
	}
}

func (j *jobs) full() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.queue) >= maxQueued
}

// running reports whether a back-test of the proposal waits or runs.
func (j *jobs) running(proposal int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.now != nil && j.now.proposal == proposal && !j.now.gone ||
		slices.ContainsFunc(j.queue, func(x *job) bool { return x.proposal == proposal && !x.gone })
}

// cancel stops the back-tests of a proposal and reports whether there was one.
func (j *jobs) cancel(proposal int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	found := false
	for _, x := range append(slices.Clone(j.queue), j.now) {
		if x == nil || x.proposal != proposal || x.gone {
			continue
		}
		x.gone, found = true, true
		if x.stop != nil {
			x.stop()
		}
	}
	return found
}

func (j *jobs) progress(id string) float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.now != nil && j.now.id == id {
		return j.now.done
	}
	return 0
}

// next waits for a job and makes it the one that runs.
func (j *jobs) next(ctx context.Context) (*job, context.Context, context.CancelFunc) {
	for {
		j.mu.Lock()
		if len(j.queue) > 0 {
			x := j.queue[0]
			j.queue = j.queue[1:]
			own, stop := context.WithTimeout(ctx, jobTime)
			x.stop = stop
			if x.gone {
				stop()
			}
			j.now = x
			j.mu.Unlock()
			return x, own, stop
		}
		j.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, nil, nil
		case <-j.more:
		}
	}
}

func (j *jobs) tell(x *job, done float64) {
	if math.IsNaN(done) {
		return
	}
	j.mu.Lock()
	x.done = max(x.done, min(done, 1))
	j.mu.Unlock()
}

func (j *jobs) finish() {
	j.mu.Lock()
	j.now = nil
	j.mu.Unlock()
}

// Test starts a back-test of a proposal over the last days (0 = 30) and returns at once; one that runs is its evidence.
func (g *Govern) Test(ctx context.Context, id int64, days int) (Proposal, error) {
	if days == 0 {
		days = defaultDays
	}
	if days < 1 || days > maxDays {
		return Proposal{}, fault.New(fault.Invalid, "days %d: want 1 to %d, such as 7, 30 or 90", days, maxDays)
	}
	return g.on(ctx, id, "test", func(a asker, m *matter, now int64) error { return g.test(ctx, a, m.f, m.ws, days, now) })
}

// test queues a back-test, with the turn held.
func (g *Govern) test(ctx context.Context, a asker, f *filed, ws []wish, days int, now int64) error {
	if n := len(tested(ws)); n > maxTested {
		return fault.New(fault.TooLarge, "proposal %d changes %d KPIs; a back-test takes %d at most", f.ID, n, maxTested).Hint("Propose them in parts")
	}
	if g.jobs.full() {
		return fault.New(fault.Limited, "%d back-tests wait already", maxQueued).Hint("Try again when some are done")
	}
	e := &Evidence{ID: newID(), Hash: f.Hash, State: "running", From: now - int64(days)*24*3600_000, To: now, At: now, By: a.Who, Results: json.RawMessage("[]")}
	f.testDays, f.UpdatedAt = days, now
	err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := g.book.putEvidence(ctx, tx, f.ID, e); err != nil {
			return err
		}
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return err
		}
		r := a.record("test", onProposal(f.ID))
		r.After, r.Detail = f.Hash, map[string]string{"days": fmt.Sprint(days), "evidence": e.ID}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("test proposal %d: %w", f.ID, err)
	}
	g.jobs.add(&job{id: e.ID, proposal: f.ID, hash: f.Hash, days: days, from: e.From, to: e.To, by: a})
	g.o.Changed(f.refs())
	return nil
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// tested are the changes that a back-test replays.
func tested(ws []wish) []wish {
	var out []wish
	for _, w := range ws {
		if judges(w) {
			out = append(out, w)
		}
	}
	return out
}

// CancelTest stops the back-test of a proposal.
func (g *Govern) CancelTest(ctx context.Context, id int64) (Proposal, error) {
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
	m := g.matterOf(f, g.now())
	if no := g.may(a, m, "test", g.now()); no != nil && no.Kind == fault.Forbidden {
		return Proposal{}, g.denied(ctx, a, "test", onProposal(id), no)
	}
	e := f.Proposal.Evidence
	if e == nil || e.State != "running" {
		return Proposal{}, fault.New(fault.Conflict, "no back-test of proposal %d is running", id)
	}
	e.State, e.Error = "cancelled", "cancelled by "+a.Name
	err = g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := g.book.putEvidence(ctx, tx, id, e); err != nil {
			return err
		}
		r := a.record("test", onProposal(id))
		r.After, r.Reason, r.Detail = f.Hash, "cancelled", map[string]string{"evidence": e.ID}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	})
	if err != nil {
		return Proposal{}, fmt.Errorf("cancel the back-test of proposal %d: %w", id, err)
	}
	g.jobs.cancel(id)
	return g.shown(ctx, a, id)
}

// runTests runs back-tests until the context ends.
func (g *Govern) runTests(ctx context.Context) {
	for {
		x, own, stop := g.jobs.next(ctx)
		if x == nil {
			return
		}
		results, sentence, err := g.rehearse(own, x)
		if err == nil {
			err = own.Err() // a test that was cancelled at its last step is cancelled
		}
		stop()
		if err := g.tested(context.WithoutCancel(ctx), x, results, sentence, err); err != nil {
			g.o.Logger.Error("a back-test could not be kept", "proposal", x.proposal, "err", err)
		}
		g.jobs.finish()
	}
}

// rehearse replays each KPI of a proposal, one after the other.
func (g *Govern) rehearse(ctx context.Context, x *job) (results json.RawMessage, sentence string, err error) {
	f, err := g.book.proposal(ctx, g.o.DB.SQL(), x.proposal)
	if err != nil {
		return nil, "", err
	}
	if f.Hash != x.hash {
		return nil, "", fault.New(fault.Conflict, "the proposal was changed")
	}
	todo := tested(g.matterOf(f, g.now()).ws)
	var parts []json.RawMessage
	var said []string
	for i, w := range todo {
		var old, new *kpi.KPI
		if w.old.inForce() {
			old = w.old.doc.KPI
		}
		if w.new != nil {
			new = w.new.KPI
		}
		part, s, err := g.o.BackTest(ctx, old, new, x.from, x.to, func(p float64) { g.jobs.tell(x, (float64(i)+min(max(p, 0), 1))/float64(len(todo))) })
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", w.ref(), err)
		}
		parts = append(parts, part)
		if s = strings.TrimSpace(s); s != "" && len(said) < 5 {
			if len(todo) > 1 {
				s = w.title() + ": " + s
			}
			said = append(said, s)
		}
	}
	b, err := json.Marshal(parts)
	return b, strings.Join(said, " "), err
}

func (w *wish) title() string {
	if w.Title != "" {
		return w.Title
	}
	return w.Name
}

// tested writes how a back-test ended. One of what the proposal still says makes it tested, and law if that was all it needed.
func (g *Govern) tested(ctx context.Context, x *job, results json.RawMessage, sentence string, failure error) error {
	g.turn.Lock()
	defer g.turn.Unlock()
	f, err := g.book.proposal(ctx, g.o.DB.SQL(), x.proposal)
	if err != nil {
		return err
	}
	e := f.Proposal.Evidence
	if e == nil || e.ID != x.id || e.State != "running" {
		return nil // somebody cancelled it, or started another
	}
	now := g.now()
	e.Progress, e.Sentence, e.Results = 1, sentence, results
	outcome := audit.Done
	word := sentence
	switch {
	case errors.Is(failure, context.Canceled):
		e.State, e.Error, e.Results = "cancelled", "cancelled", json.RawMessage("[]")
	case failure != nil:
		e.State, e.Error, e.Results, outcome = "failed", sentenceOf(failure), json.RawMessage("[]"), audit.Failed
		word = "The back-test failed: " + e.Error
		g.o.Logger.Warn("a back-test failed", "proposal", f.ID, "err", failure)
	default:
		e.State = "done"
	}
	m := g.matterOf(f, now)
	if e.State == "done" && f.Hash == x.hash && f.open() && !f.waits {
		if to, err := move(f.State, policy.EventTest); err == nil {
			f.State = to
		}
	}
	f.UpdatedAt = now
	write := func(tx *sql.Tx) error {
		if err := g.book.putEvidence(ctx, tx, f.ID, e); err != nil {
			return err
		}
		if e.State == "cancelled" {
			return nil
		}
		if err := g.book.putProposal(ctx, tx, f); err != nil {
			return err
		}
		if err := g.book.putWord(ctx, tx, f.ID, x.by.Who, now, "test", word); err != nil {
			return err
		}
		r := x.by.record("test", onProposal(f.ID))
		r.Outcome, r.After, r.Reason, r.Detail = outcome, x.hash, word, map[string]string{"evidence": e.ID, "days": fmt.Sprint(x.days)}
		if err := g.o.Audit(ctx, tx, r); err != nil {
			return unwritten(err)
		}
		return nil
	}
	s := g.stand(f, m.ws, now, m.stale != "")
	f.Votes = s.votes
	good := e.State == "done" && s.Met && m.stale == "" && failed(m.findings) == nil
	switch {
	case good && f.waits:
		return g.o.DB.Tx(ctx, func(tx *sql.Tx) error { return errors.Join(write(tx), g.ratified(ctx, tx, x.by, f, now)) })
	case good && (f.State == "draft" || f.State == "tested") && f.EffectiveFrom <= now:
		return g.enact(ctx, deed{f: f, ws: m.ws, by: x.by, action: "apply", word: "Everything that was asked for is there", reason: f.Reason, first: write})
	case good && (f.State == "draft" || f.State == "tested"):
		f.State = "scheduled"
	}
	if err := g.o.DB.Tx(ctx, write); err != nil {
		return err
	}
	g.o.Changed(f.refs())
	return nil
}

// sentenceOf is what a person may read of a failed back-test.
func sentenceOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("it took longer than %s; ask for fewer days", jobTime)
	}
	return sentence(err)
}
