package evaluate

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

const (
	chunk       = 2000 // units closed under one hold of the lock, so that ingest never waits long
	maxCatchUp  = 2000 // periods of an outage that are closed one by one; older ones stay without a datapoint
	keepUnsaved = 200_000
)

// batch collects what a round of closing yields, to be written in one go.
type batch struct {
	at       int64 // Unix ms
	entries  []ledger.Entry
	moves    []kpi.Transition
	saved    []ledger.Standing
	gone     []ledger.Standing
	signals  []kpi.PageSignal
	changed  []string
	restated []ledger.Statement
}

// Run closes datapoints as they fall due until the context ends.
func (e *Engine) Run(ctx context.Context) error {
	slow := make(chan struct{})
	go func() {
		defer close(slow)
		e.lane(ctx, true)
	}()
	e.lane(ctx, false)
	<-slow
	return nil
}

// lane closes the units of one lane: the fast one, or the slow one with the indicators that must ask PromQL.
func (e *Engine) lane(ctx context.Context, slow bool) {
	var backlog batch
	clock := stepwatch{now: e.o.Now}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var lastBeat, lastPrune int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-e.wake:
		}
		if !slow {
			if from, to, jumped := clock.step(); jumped {
				e.log.Warn("the clock was set forward; the span counts as unobserved", "from", from, "to", to)
				e.Refused(from, to, "the clock was set forward")
			}
		}
		now := e.o.Now().UnixMilli()
		e.closeDue(ctx, now, slow, &backlog)
		if !slow && now-lastBeat >= 1000 {
			lastBeat = now
			if err := e.o.Ledger.Heartbeat(ctx, now); err != nil && ctx.Err() == nil {
				e.log.Error("the heartbeat could not be written", "err", err)
			}
		}
		if !slow && now-lastPrune >= 3600_000 {
			lastPrune = now
			e.prune(now)
		}
		wait := time.Second
		if next := e.nextDue(slow); next > 0 {
			wait = min(wait, time.Duration(next-e.o.Now().UnixMilli())*time.Millisecond)
		}
		timer.Reset(max(wait, 2*time.Millisecond))
	}
}

// stepwatch notices when the wall clock jumps ahead of the monotonic one.
type stepwatch struct {
	now  func() time.Time
	last time.Time
}

func (s *stepwatch) step() (from, to time.Time, jumped bool) {
	now := s.now()
	defer func() { s.last = now }()
	if s.last.IsZero() {
		return from, to, false
	}
	wall := now.Round(0).Sub(s.last.Round(0))
	if wall-now.Sub(s.last) > 2*time.Second {
		return s.last, now, true
	}
	return from, to, false
}

// all calls f for every unit that still has periods to close. Callers hold e.mu.
func (e *Engine) all(f func(*unit)) {
	for _, u := range e.retiring {
		f(u)
	}
	for _, u := range e.units {
		f(u)
	}
}

// nextDue returns when the next datapoint closes, Unix ms; 0 without units.
func (e *Engine) nextDue(slow bool) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := int64(math.MaxInt64)
	e.all(func(u *unit) {
		if u.slow == slow && (u.until == 0 || u.closed < u.until) {
			next = min(next, u.closed+u.period+u.delay())
		}
	})
	if next == math.MaxInt64 {
		return 0
	}
	return next
}

// CloseDue closes everything that is due now, in both lanes, and returns when it is written. Run does this by itself; it is
// for tests and for the last close before a shutdown.
func (e *Engine) CloseDue(ctx context.Context) {
	var backlog batch
	now := e.o.Now().UnixMilli()
	e.closeDue(ctx, now, false, &backlog)
	e.closeDue(ctx, now, true, &backlog)
}

func (e *Engine) closeDue(ctx context.Context, now int64, slow bool, backlog *batch) {
	started := time.Now()
	e.closing.Lock()
	defer e.closing.Unlock()
	if !slow {
		e.judging.Add(1)
		defer e.judging.Add(-1)
	}
	for {
		due := e.due(now, slow)
		if len(due) == 0 {
			break
		}
		b := batch{at: now, entries: e.spare[:0]}
		for len(due) > 0 {
			n := min(chunk, len(due))
			if slow {
				n = 1
			}
			e.closeChunk(ctx, due[:n], &b)
			due = due[n:]
		}
		e.write(ctx, &b, backlog)
		if len(backlog.entries) == 0 {
			clear(b.entries)
			e.spare = b.entries[:0]
		}
	}
	_ = e.revise(ctx) // logged, and tried again with the next close
	e.retire(ctx, now, backlog)
	e.metrics.closing.Add(time.Since(started).Seconds())
}

// due returns the units with a period to close, those that others depend on first.
func (e *Engine) due(now int64, slow bool) []*unit {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*unit
	mixed := false
	e.all(func(u *unit) {
		if u.slow != slow || u.closed+u.period+u.delay() > now || (u.until > 0 && u.closed >= u.until) || !e.ready(u) {
			return
		}
		out = append(out, u)
		mixed = mixed || u.depth > 0 || u.closed+u.period+u.delay() != out[0].closed+out[0].period+out[0].delay()
	})
	if mixed {
		slices.SortStableFunc(out, func(a, b *unit) int {
			if c := cmp.Compare(a.closed+a.period+a.delay(), b.closed+b.period+b.delay()); c != 0 {
				return c
			}
			return cmp.Compare(a.depth, b.depth)
		})
	}
	return out
}

// ready reports whether a unit may close its next period: the revision it follows has finished.
func (e *Engine) ready(u *unit) bool {
	for _, old := range e.retiring {
		if old != u && old.k.Name == u.k.Name && old.closed < old.until {
			return false
		}
	}
	return true
}

func (e *Engine) closeChunk(ctx context.Context, due []*unit, b *batch) {
	// A query asks its question without the lock.
	var answer []kpi.GroupPoint
	if u := due[0]; u.k.Indicator.Kind.Asked() {
		answer = e.ask(ctx, u, u.closed+u.period)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, u := range due {
		end := u.closed + u.period
		if behind := (b.at - end) / u.period; behind > maxCatchUp && e.unobserved(end, b.at-maxCatchUp*u.period) {
			end = kpi.PeriodEnd(b.at-maxCatchUp*u.period, u.period)
		}
		if u.formula != nil && !u.inputsClosed(end) {
			continue
		}
		e.mend(ctx, u, end, b)
		unobserved := e.unobserved(end-u.period, end)
		var points []kpi.GroupPoint
		switch {
		case u.meter != nil:
			points = u.meter.Close(end, unobserved)
		case u.formula != nil:
			points = u.compute(end)
		default:
			points = u.fill(answer, end, unobserved)
		}
		u.closed = end
		if u.rows != nil {
			u.rows.note(points, end)
			if u.meter.OverLimit > 0 {
				e.over(u)
			}
		}
		e.step.publish(u, points, b)
		e.metrics.closed.Add(float64(len(points)))
	}
}

func (u *unit) newLadder() *kpi.Ladder {
	if u.k.Objective == nil {
		return nil
	}
	return kpi.NewLadder(*u.k.Objective, u.k.Period)
}

// push appends a datapoint to the range that Judge looks at and books it in the objective's ladder.
func (g *standing) push(u *unit, gp *kpi.GroupPoint) {
	g.points.push(gp.Point)
	g.unplaced = gp.Unplaced
	if gp.Point.Real() || g.realAt == 0 {
		g.realAt = gp.Point.End
	}
	if g.ladder != nil {
		if good, total, ok := kpi.SliceOf(u.k, gp.Point, gp.SliceGood, gp.SliceTotal); ok {
			g.ladder.Add(gp.Point.End, good, total)
		}
	}
}

func (g *standing) budget(u *unit, end int64) *kpi.BudgetView {
	if g.ladder == nil {
		return nil
	}
	guard := 0.0
	if kpi.CountsOccurrences(u.k) {
		guard = u.k.Thresholds.MinCount // counts events; timeslices are too few to be held to it
	}
	return g.ladder.View(*u.k.Objective, end, guard, u.zone)
}

func (g *standing) entry(u *unit, gp *kpi.GroupPoint) ledger.Entry {
	en := ledger.Entry{Track: g.track, Point: gp.Point, Light: g.mem.Light, Revision: u.revision, SliceGood: gp.SliceGood, SliceTotal: gp.SliceTotal}
	en.Slices = u.k.Objective != nil && u.k.Window > u.k.Period
	if g.firing && u.k.Page != nil {
		en.Alert, en.AlertSince = u.alertLabels(g), g.firingFrom
	}
	return en
}

// alertLabels are the labels of a KPI's alert: alertname, kpi, severity, the group's and the policy's.
func (u *unit) alertLabels(g *standing) labels.Labels {
	b := labels.NewBuilder(g.labels)
	for k, v := range u.k.Labels {
		b.Set(k, v)
	}
	b.Set(labels.AlertName, u.k.Name)
	b.Set("kpi", u.k.Name)
	if u.k.Page.Severity != "" {
		b.Set("severity", u.k.Page.Severity)
	}
	return b.Labels()
}

// write makes a batch durable and then tells of it: datapoints, then decisions, then pages.
func (e *Engine) write(ctx context.Context, b, backlog *batch) {
	if len(backlog.entries) > 0 || len(backlog.moves) > 0 || len(backlog.saved) > 0 || len(backlog.restated) > 0 {
		b.entries = append(backlog.entries, b.entries...)
		b.moves = append(backlog.moves, b.moves...)
		b.saved = append(backlog.saved, b.saved...)
		b.gone = append(backlog.gone, b.gone...)
		b.restated = append(backlog.restated, b.restated...)
		*backlog = batch{}
	}
	// A failed write is tried again with the next round: an unwritten datapoint is late, not lost. People are paged all
	// the same, because a full disk is no reason to let them sleep.
	if err := e.o.Ledger.Publish(ctx, b.entries); err != nil {
		e.metrics.unwritten.Inc()
		e.log.Error("datapoints could not be written and will be tried again", "err", err, "datapoints", len(b.entries))
		if len(b.entries) < keepUnsaved {
			backlog.entries = b.entries
		}
	}
	if len(b.restated) > 0 {
		if err := e.o.Ledger.Restate(ctx, b.restated); err != nil {
			e.log.Error("restatements could not be written and will be tried again", "err", err)
			backlog.restated = b.restated
		}
	}
	if err := e.o.Ledger.Decide(ctx, b.moves, b.saved, b.gone); err != nil {
		e.metrics.unwritten.Inc()
		e.log.Error("decisions could not be written and will be tried again", "err", err, "transitions", len(b.moves))
		backlog.moves, backlog.saved, backlog.gone = b.moves, b.saved, b.gone
	}
	if len(b.signals) > 0 && e.o.Page != nil {
		e.o.Page(ctx, newest(b.signals))
	}
	if len(b.changed) > 0 && e.o.Changed != nil {
		e.o.Changed(b.changed)
	}
}

// newest keeps the last signal of each group: of periods that are closed in one go only the final state may page.
func newest(signals []kpi.PageSignal) []kpi.PageSignal {
	last := map[string]int{}
	for i, s := range signals {
		last[s.KPI.Name+"\xff"+s.Group.String()] = i
	}
	out := signals[:0]
	for i, s := range signals {
		if last[s.KPI.Name+"\xff"+s.Group.String()] == i {
			out = append(out, s)
		}
	}
	return out
}

// retire drops units whose last period is closed. What a removed KPI was paging for is resolved; a replaced one hands its
// standings to its successor.
func (e *Engine) retire(ctx context.Context, now int64, backlog *batch) {
	b := batch{at: now}
	e.mu.Lock()
	e.retiring = slices.DeleteFunc(e.retiring, func(u *unit) bool {
		if u.closed < u.until {
			return false
		}
		if next := e.units[u.k.Name]; next != nil {
			e.succeed(ctx, next, u)
		} else {
			for key := range u.groups {
				e.step.retireGroup(u, key, "retired", &b)
			}
			b.changed = append(b.changed, u.k.Name)
		}
		return true
	})
	e.mu.Unlock()
	if len(b.signals)+len(b.moves)+len(b.changed)+len(b.gone) > 0 {
		e.write(ctx, &b, backlog)
	}
}
