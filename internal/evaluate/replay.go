package evaluate

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// lookback is how much history fills a KPI's windows: last values live for max(1h, window), and a group is only retired
// after it was silent for as long as that takes.
func lookback(k *kpi.KPI) int64 {
	return max(3600_000, k.Window.Milliseconds(), int64(kpi.RangeOf(k.Thresholds))*k.Period.Milliseconds()) + 2*k.Period.Milliseconds()
}

// Replay runs the step that judges live over stored samples: a new meter of k is fed everything in [from-lookback, to]
// period by period, and sink gets the datapoints of each period that ends in (from, last]. Samples after last stay in the
// meter's open periods. It is what fills windows at start, places late data, and tests a proposal.
func (e *Engine) Replay(ctx context.Context, k *kpi.KPI, from, last, to int64, sink func(end int64, points []kpi.GroupPoint)) (*kpi.Meter, error) {
	e.mu.Lock()
	outages := slices.Clone(e.outages)
	e.mu.Unlock()
	return e.replay(ctx, k, span{from: from, last: last, to: to, birth: from}, outages, func(end int64, points []kpi.GroupPoint) error {
		if sink != nil {
			sink(end, points)
		}
		return nil
	})
}

// span says what a replay covers, in Unix ms; birth is when the KPI's expected groups began unless samples show them older.
type span struct {
	from, last, to, birth int64
	all                   bool // rows that came too late to count then, too
}

// replay is Replay for callers that may hold e.mu. The first error of sink ends it; a nil sink takes nothing.
func (e *Engine) replay(ctx context.Context, k *kpi.KPI, sp span, outages []ledger.Outage, sink func(end int64, points []kpi.GroupPoint) error) (*kpi.Meter, error) {
	if k.Indicator.Table() != "" {
		return e.replayRows(ctx, k, sp, outages, sink)
	}
	start := sp.from - lookback(k)
	origin := &origins{ctx: ctx, store: e.o.Store}
	m := kpi.NewMeter(k, kpi.MeterOptions{Origin: origin.of, From: sp.birth})
	period := k.Period.Milliseconds()
	first := kpi.PeriodEnd(sp.from, period)
	end := first
	begun := false
	closeTo := func(t int64) error {
		for ; end <= t && end <= sp.last; end += period {
			if err := ctx.Err(); err != nil {
				return err
			}
			points := m.Close(end, touches(outages, end-period, end))
			if sink != nil && end > sp.from {
				if err := sink(end, points); err != nil {
					return err
				}
			}
		}
		return nil
	}
	feed := newStream(e, m)
	for at := start; at <= sp.to; at += stride {
		until := min(at+stride-1, sp.to)
		oldest, err := feed.open(ctx, at, until)
		if err != nil {
			return nil, err
		}
		if !begun && (oldest < math.MaxInt64 || until >= first) {
			// Windows are empty before the first sample, so that nothing is lost by beginning there.
			begun = true
			if oldest < math.MaxInt64 {
				end = min(first, kpi.PeriodEnd(oldest, period))
			}
		}
		for begun && end <= min(until, sp.last) && err == nil {
			feed.to(end)
			err = closeTo(end)
		}
		if err == nil {
			err = feed.finish(until)
		}
		if err != nil {
			feed.close()
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return m, closeTo(sp.last)
}

// fillMeter returns a meter whose windows hold what is stored up to now and whose newest closed period is closed. Live
// samples continue it.
func (e *Engine) fillMeter(ctx context.Context, u *unit, closed, now int64, fresh bool) (*kpi.Meter, error) {
	if u.k.Indicator.Kind == kpi.Expr || u.k.Indicator.Kind.Asked() {
		return nil, nil
	}
	e.mu.Lock()
	outages := slices.Clone(e.outages)
	e.mu.Unlock()
	sp := span{from: closed, last: closed, to: now, birth: closed}
	if fresh {
		sp.birth = now // its first whole period begins after now, unless stored samples show that the group is older
	}
	m, err := e.replay(ctx, u.k, sp, outages, nil)
	if err != nil {
		return nil, err
	}
	m.Resume(min(closed, kpi.PeriodEnd(now, u.period)-u.period))
	m.SetOrigin(e.origin)
	u.pulled, u.pushed, u.waits = 0, false, 0
	m.Intervals(func(interval int64) {
		if interval == 0 {
			u.pushed = true
		}
		u.pulled = max(u.pulled, interval)
	})
	if u.k.Indicator.Kind == kpi.Freshness {
		e.recallFresh(ctx, u, m, closed)
	}
	return m, nil
}

// recallFresh tells a freshness meter of the newest sample that lies before the replayed history, from the age that was
// published last.
func (e *Engine) recallFresh(ctx context.Context, u *unit, m *kpi.Meter, closed int64) {
	standings, err := e.o.Ledger.Standings(ctx, u.k.Name)
	if err != nil {
		return
	}
	for key, s := range standings {
		ps, err := e.o.Ledger.Points(ctx, u.k.Name, s.Labels, closed-24*3600_000, closed, 0)
		if err != nil || len(ps) == 0 {
			continue
		}
		for i := len(ps) - 1; i >= 0; i-- {
			if ps[i].Real() {
				m.EnsureGroup(s.Labels, s.Birth)
				m.SeeFresh(key, ps[i].End-int64(ps[i].Value*1000))
				break
			}
		}
	}
}

// replayPoints makes the datapoints that a new definition would have had in Judge's range. Callers hold e.mu.
func (e *Engine) replayPoints(ctx context.Context, u *unit) map[string][]kpi.Point {
	out := map[string][]kpi.Point{}
	if u.meter == nil {
		return out
	}
	from := u.closed - int64(kpi.RangeOf(u.k.Thresholds))*u.period
	_, err := e.replay(ctx, u.k, span{from: from, last: u.closed, to: u.closed, birth: from}, e.outages, func(_ int64, points []kpi.GroupPoint) error {
		for _, gp := range points {
			if !gp.Retired && (!gp.Whole || len(u.k.By) == 0) {
				out[gp.Key] = append(out[gp.Key], gp.Point)
			}
		}
		return nil
	})
	if err != nil {
		e.log.Error("a changed KPI's past could not be replayed; it is judged from its first period on", "kpi", u.k.Name, "err", err)
	}
	return out
}

// mend replays a unit whose samples came too late for their period: open periods get what belongs to them, and closed ones
// are restated. It runs at most once per period and ten seconds. Callers hold e.mu, which is kept: the samples that arrive
// meanwhile wait and find the new meter. closing is the end of the period that is about to be closed.
func (e *Engine) mend(ctx context.Context, u *unit, closing int64, b *batch) {
	if u.meter == nil {
		return
	}
	if u.rows != nil {
		e.mendRows(ctx, u, closing, b)
		return
	}
	if from, ok := u.meter.Dirty(); ok {
		u.dirty = min(u.dirty, from)
	}
	if u.dirty == math.MaxInt64 || b.at-u.replayed < max(u.period, 10_000) {
		return
	}
	restate := u.k.RestateFor.Milliseconds()
	if restate == 0 {
		restate = 3600_000
	}
	from := max(kpi.PeriodEnd(u.dirty, u.period)-u.period, u.inForce, kpi.PeriodEnd(b.at-restate, u.period)-u.period)
	u.dirty, u.replayed = math.MaxInt64, b.at
	e.metrics.replays.Inc()
	var anew []kpi.GroupPoint
	m, err := e.replay(ctx, u.k, span{from: from, last: u.closed, to: b.at, birth: u.inForce}, e.outages, func(_ int64, points []kpi.GroupPoint) error {
		for _, gp := range points {
			if !gp.Retired {
				anew = append(anew, gp)
			}
		}
		return nil
	})
	if err != nil {
		u.dirty = from
		e.log.Error("late data could not be placed and will be tried again", "kpi", u.k.Name, "err", err)
		return
	}
	m.Resume(u.closed)
	m.SetOrigin(e.origin)
	m.TakeOver(u.meter)
	u.meter = m
	for i := range anew {
		e.restate(ctx, u, anew[i], closing, b)
	}
}

// restate compares a replayed datapoint with what was said last and appends a statement where they differ. A past verdict
// never changes; later closes use what is known then.
func (e *Engine) restate(ctx context.Context, u *unit, gp kpi.GroupPoint, closing int64, b *batch) {
	g := u.groups[gp.Key]
	whole := gp.Whole && len(u.k.By) > 0
	if whole {
		g = u.whole
	}
	if g == nil {
		return
	}
	key := g.key
	if whole {
		key = wholeKey
	}
	at := g.points.find(gp.Point.End)
	var was kpi.Point
	known := false
	if u.rows != nil {
		was, known = u.rows.said[saidOf{gp.Key, whole, gp.Point.End}]
	}
	switch {
	case known:
	case at != nil:
		was = *at
	default:
		ps, err := e.o.Ledger.Points(ctx, u.k.Name, g.labels, gp.Point.End, gp.Point.End, 0)
		if err != nil || len(ps) == 0 {
			return
		}
		was = ps[0]
		if ss, err := e.o.Ledger.Statements(ctx, u.k.Name, key, gp.Point.End, gp.Point.End); err == nil && len(ss) > 0 {
			was = ss[len(ss)-1].Point
		}
	}
	if samePoint(was, gp.Point) || was.Missing == kpi.Unobserved && gp.Point.Missing != kpi.NotMissing {
		return
	}
	b.restated = append(b.restated, ledger.Statement{KPI: u.k.Name, Group: key, Point: gp.Point, KnownAt: b.at, FirstEnd: closing, Cause: "late data"})
	e.metrics.restated.Inc()
	if u.rows != nil && u.rows.said != nil {
		u.rows.said[saidOf{gp.Key, whole, gp.Point.End}] = gp.Point
	}
	g.amend(u, was, gp.Point, gp.SliceGood, gp.SliceTotal)
}

// amend puts what is said anew of a datapoint in the place of what was said of it.
func (g *standing) amend(u *unit, was, now kpi.Point, sliceGood, sliceTotal float64) {
	if at := g.points.find(now.End); at != nil {
		g.calm = 0 // a datapoint in range has another value now
		*at = now
	}
	if g.ladder == nil || u.k.Window > u.k.Period {
		return // a window's counts say nothing of the one period that changed; the next start reads the ledger
	}
	newGood, newTotal, _ := kpi.SliceOf(u.k, now, sliceGood, sliceTotal)
	oldGood, oldTotal, _ := kpi.SliceOf(u.k, was, was.Good, was.Total)
	g.ladder.Add(now.End, newGood-oldGood, newTotal-oldTotal)
}

// wholeKey is the group under which statements of a KPI as a whole are kept beside its groups.
const wholeKey = "whole"

func samePoint(a, b kpi.Point) bool {
	eq := func(x, y float64) bool { return x == y || (math.IsNaN(x) && math.IsNaN(y)) }
	if a.Missing != b.Missing {
		return false
	}
	return (!a.Real() || eq(a.Value, b.Value)) && eq(a.Good, b.Good) && eq(a.Total, b.Total)
}

// origin answers a live meter's question about a series' past. Callers hold e.mu.
func (e *Engine) origin(l labels.Labels, t, interval int64) kpi.Origin {
	if interval == 0 {
		return kpi.Origin{}
	}
	at, up := e.uptimeOf(target{l.Get("job"), l.Get("instance")}).before(t)
	if !up || t-at > 2*interval {
		return kpi.Origin{}
	}
	o := origins{ctx: context.Background(), store: e.o.Store}
	return o.earlier(l, t)
}

// origins answers the same question from the store alone.
type origins struct {
	ctx   context.Context
	store storage.Queryable
}

func (o *origins) of(l labels.Labels, t, interval int64) kpi.Origin {
	if interval == 0 {
		return kpi.Origin{}
	}
	up := labels.FromStrings(model.MetricNameLabel, "up", "job", l.Get("job"), "instance", l.Get("instance"))
	at, v, ok := o.newest(up, t-2*interval, t-1)
	if !ok || at == 0 || v != 1 {
		return kpi.Origin{}
	}
	return o.earlier(l, t)
}

// earlier says whether the store holds a sample of the series before t.
func (o *origins) earlier(l labels.Labels, t int64) kpi.Origin {
	at, v, ok := o.newest(l, 0, t-1)
	if !ok {
		return kpi.Origin{Born: true}
	}
	return kpi.Origin{Has: true, T: at, V: v}
}

// newest returns a series' newest sample in [from, to], looking at the youngest data first: what is asked for is nearly
// always minutes old. up is matched by job and instance alone, since targets carry more labels than the two.
func (o *origins) newest(l labels.Labels, from, to int64) (at int64, v float64, ok bool) {
	for wide := int64(10 * 60_000); to >= from; wide *= 12 {
		begin := max(from, to-wide)
		if begin < 0 || wide > 30*24*3600_000 {
			begin = from
		}
		if at, v, ok = o.newestIn(l, begin, to); ok || begin == from {
			return at, v, ok
		}
		to = begin - 1
	}
	return 0, 0, false
}

func (o *origins) newestIn(l labels.Labels, from, to int64) (at int64, v float64, ok bool) {
	q, err := o.store.Querier(from, to)
	if err != nil {
		return 0, 0, false
	}
	defer q.Close()
	var ms []*labels.Matcher
	l.Range(func(x labels.Label) { ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, x.Name, x.Value)) })
	exact := l.Get(model.MetricNameLabel) != "up"
	set := q.Select(o.ctx, false, &storage.SelectHints{Start: from, End: to}, ms...)
	for set.Next() {
		s := set.At()
		if exact && !labels.Equal(s.Labels(), l) {
			continue
		}
		it := s.Iterator(nil)
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			t := it.AtT()
			if t < at {
				continue
			}
			if typ == chunkenc.ValFloat {
				_, x := it.At()
				if value.IsStaleNaN(x) {
					continue
				}
				v = x
			}
			at, ok = t, true
		}
	}
	return at, v, ok
}

// prune forgets series that have been silent for long enough that the gate has forgotten them too, and begins a new
// generation of watches when most are of such series.
func (e *Engine) prune(now int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := now - 3*3600_000
	e.all(func(u *unit) {
		if u.meter != nil {
			u.meter.Prune(min(before, now-2*u.k.Window.Milliseconds()))
		}
	})
	dead := 0
	ws := e.watches[e.gen&15]
	for i := range ws {
		silent := true
		for _, t := range ws[i].taps {
			silent = silent && t.Silent(before)
		}
		if silent {
			dead++
		}
	}
	if dead > 10_000 && dead > len(ws)/2 && e.o.Rewatch != nil {
		e.nextGeneration(now)
		go e.o.Rewatch()
	}
}

// nextGeneration begins a new set of watches; samples in flight still find those of the generation before. Callers hold
// e.mu and have the gate rewatch.
func (e *Engine) nextGeneration(now int64) {
	e.gen++
	e.watches[e.gen&15] = make([]watch, 1)
	e.watches[(e.gen-2)&15] = nil
	for k, u := range e.targets {
		if u.t[0] > 0 && now-u.t[0] > 3600_000 {
			delete(e.targets, k)
		}
	}
}
