package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// Apply makes the KPIs the ones in force. A new or changed KPI is built completely, its windows filled from the store,
// before anything is swapped; an error changes nothing. A changed KPI takes effect at the first instant that bounds both
// its old and its new period. Apply ends by having the gate ask anew which of its series are watched.
func (e *Engine) Apply(ctx context.Context, kpis []*kpi.KPI) error {
	return e.ApplyWith(ctx, kpis, nil)
}

// ApplyWith is Apply for a change that somebody else must make durable at the same time: when everything is built, commit
// is called with the instant (Unix ms) at which each new, changed or removed KPI takes effect, and only if it succeeds are
// the units swapped. An error of building or of commit changes nothing, in the ledger neither. After commit nothing can
// fail any more: a revision that the ledger cannot write then is tried again with the next close. commit runs while no
// period is closed, so it must be short and must not call the engine. A nil commit commits to nothing.
func (e *Engine) ApplyWith(ctx context.Context, kpis []*kpi.KPI, commit func(effective map[string]int64) error) error {
	e.closing.Lock()
	defer e.closing.Unlock()
	now := e.o.Now().UnixMilli()
	e.mu.Lock()
	old := e.units
	e.mu.Unlock()
	next := map[string]*unit{}
	var fresh []*unit
	for _, k := range kpis {
		if next[k.Name] != nil {
			return fmt.Errorf("apply: two KPIs are called %q", k.Name)
		}
		if was := old[k.Name]; was != nil && was.k.Hash == k.Hash && (k.Number == 0 || k.Number == was.revision) {
			next[k.Name] = was
			continue
		}
		u, err := newUnit(k)
		if err != nil {
			return fmt.Errorf("apply %s: %w", k.Name, err)
		}
		next[k.Name] = u
		fresh = append(fresh, u)
	}
	inputs := map[*unit]map[string]*unit{}
	for _, u := range next {
		in, err := u.wire(next)
		if err != nil {
			return fmt.Errorf("apply %s: %w", u.k.Name, err)
		}
		inputs[u] = in
	}
	found := batch{at: now} // what a kill had left undecided; written once the change is certain
	revisions := make([]ledger.Effective, 0, len(fresh))
	effective := map[string]int64{}
	for _, u := range fresh {
		if err := e.prepare(ctx, u, old[u.k.Name], now); err != nil {
			return fmt.Errorf("apply %s: %w", u.k.Name, err)
		}
		revisions = append(revisions, ledger.Effective{KPI: u.k, Number: u.revision, From: u.from})
		effective[u.k.Name] = u.from
	}
	defer e.filled()
	if err := e.fillRows(ctx, fresh, now); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	for _, u := range fresh {
		if old[u.k.Name] != nil {
			continue
		}
		if err := e.recall(ctx, u, u.amended, &found); err != nil {
			return fmt.Errorf("apply %s: %w", u.k.Name, err)
		}
	}
	for name, was := range old {
		if next[name] == nil {
			effective[name] = was.closed
		}
	}
	if commit != nil {
		if err := commit(effective); err != nil {
			return err
		}
	}
	e.unrevised = append(e.unrevised, revisions...)
	if err := e.revise(ctx); err != nil && commit == nil {
		e.unrevised = e.unrevised[:len(e.unrevised)-len(revisions)]
		return fmt.Errorf("apply: %w", err)
	}
	e.write(ctx, &found, &batch{})
	e.swap(old, next, inputs, fresh, now)
	if e.o.Rewatch != nil {
		e.o.Rewatch()
	}
	e.metrics.kpis.Set(float64(len(next)))
	e.resignal(ctx, fresh, now)
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return nil
}

// revise writes the revisions that the ledger does not hold yet. Callers hold e.closing.
func (e *Engine) revise(ctx context.Context) error {
	if len(e.unrevised) == 0 {
		return nil
	}
	if err := e.o.Ledger.ReviseAll(ctx, e.unrevised); err != nil {
		e.metrics.unwritten.Inc()
		e.log.Error("revisions could not be written to the ledger and will be tried again", "err", err, "revisions", len(e.unrevised))
		return err
	}
	e.unrevised = nil
	return nil
}

// swap puts next in the place of old.
func (e *Engine) swap(old, next map[string]*unit, inputs map[*unit]map[string]*unit, fresh []*unit, now int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for u, in := range inputs {
		u.inputs = in
	}
	for _, u := range next {
		u.rank(0)
	}
	for name, was := range old {
		u := next[name]
		if u == was {
			continue
		}
		was.until = was.closed
		if u != nil {
			was.until = max(u.from, was.closed)
		}
		e.retiring = append(e.retiring, was)
	}
	e.units = next
	all := slices.Clone(e.retiring)
	for _, name := range sortedNames(next) {
		all = append(all, next[name])
	}
	e.index, e.rows, e.filling = newIndex(all), newRowIndex(all), nil
	e.nextGeneration(now)
	for _, u := range fresh {
		if len(old) > 0 {
			u.dirty = min(u.dirty, now) // what was committed while the windows were being filled
		}
	}
}

func newUnit(k *kpi.KPI) (*unit, error) {
	u := &unit{k: k, period: k.Period.Milliseconds(), groups: map[string]*standing{}, dirty: math.MaxInt64, zone: time.UTC}
	if k.Zone != "" {
		z, err := time.LoadLocation(k.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone %q: %w", k.Zone, err)
		}
		u.zone = z
	}
	switch k.Indicator.Kind {
	case kpi.Expr:
		f, err := kpi.ParseFormula(k.Indicator.Expr, k.Indicator.Inputs)
		if err != nil {
			return nil, err
		}
		u.formula = f
	case kpi.PromQL, kpi.SQL:
		u.slow = true
	}
	if k.Indicator.Table() != "" {
		rows, err := newRowUnit(k)
		if err != nil {
			return nil, err
		}
		u.rows = rows
	}
	return u, nil
}

// wire finds the inputs of an expr.
func (u *unit) wire(units map[string]*unit) (map[string]*unit, error) {
	if u.formula == nil {
		return nil, nil
	}
	in := map[string]*unit{}
	for name, of := range u.k.Indicator.Inputs {
		x := units[of]
		if x == nil {
			return nil, fmt.Errorf("input %s: there is no KPI %q", name, of)
		}
		if x.period != u.period {
			return nil, fmt.Errorf("input %s: %s has the period %s, this KPI %s; they must be equal", name, of, x.k.Period, u.k.Period)
		}
		in[name] = x
	}
	return in, nil
}

// rank sets how deep an expr stands above its deepest input, and whether it must wait for the slow lane.
func (u *unit) rank(guard int) int {
	u.depth = 0
	if u.formula != nil {
		u.slow = false
	}
	for _, in := range u.inputs {
		if guard < 100 {
			u.depth = max(u.depth, in.rank(guard+1)+1)
			u.slow = u.slow || in.slow
		}
	}
	return u.depth
}

// boundary is the first instant at or after now that bounds periods of both lengths; both divide a day.
func boundary(now, a, b int64) int64 {
	step := max(a, b)
	for t := kpi.PeriodEnd(now, step); ; t += step {
		if t%a == 0 && t%b == 0 {
			return t
		}
	}
}

// prepare gives a new unit its revision and fills its windows from the store, those of row indicators apart. It writes
// nothing.
func (e *Engine) prepare(ctx context.Context, u, was *unit, now int64) error {
	running := kpi.PeriodEnd(now, u.period) - u.period // the end of the newest period that is over
	u.from = running
	if was != nil {
		u.from = boundary(now, was.period, u.period)
	}
	revision, fresh, err := e.o.Ledger.NumberOf(ctx, u.k)
	if err != nil {
		return err
	}
	u.revision = revision
	u.closed = u.from
	begun := was != nil
	defer func() { u.amended, u.inForce = fresh, cmp.Or(u.inForce, u.from) }()
	if was == nil {
		// Periods that ended while we were down close in order; a KPI without history starts now.
		last, err := e.o.Ledger.LastEnd(ctx, u.k.Name, now-maxCatchUp*u.period-24*3600_000, now)
		if err != nil {
			return err
		}
		if last > 0 && last%u.period == 0 {
			u.closed, u.from = min(last, running), min(last, running)
			begun = true
			// A kill before the boundary leaves a revision that has judged nothing yet.
			judged, err := e.o.Ledger.LastRevision(ctx, u.k.Name, last-max(60_000, u.period), last)
			if err != nil {
				return err
			}
			fresh = fresh || (judged > 0 && judged != u.revision)
			if !fresh {
				if u.inForce, err = e.inForceSince(ctx, u); err != nil {
					return err
				}
			}
		}
	}
	if u.rows != nil { // all of them are filled in one pass
		u.rows.begun = begun
		return nil
	}
	u.meter, err = e.fillMeter(ctx, u, u.closed, now, !begun)
	return err
}

// inForceSince is the instant at which the unit's revision came into force.
func (e *Engine) inForceSince(ctx context.Context, u *unit) (int64, error) {
	revisions, err := e.o.Ledger.Revisions(ctx, u.k.Name)
	if err != nil {
		return 0, err
	}
	for _, r := range revisions {
		if r.Number == u.revision {
			return min(r.EffectiveFrom, u.from), nil
		}
	}
	return u.from, nil
}

// recall restores the groups of a unit from the ledger. fresh says that the definition changed while we were down.
func (e *Engine) recall(ctx context.Context, u *unit, fresh bool, b *batch) error {
	standings, err := e.o.Ledger.Standings(ctx, u.k.Name)
	if err != nil {
		return err
	}
	var replayed map[string][]kpi.Point
	if fresh && len(standings) > 0 && u.meter != nil {
		e.mu.Lock()
		replayed = e.replayPoints(ctx, u)
		e.mu.Unlock()
	}
	for _, key := range sortedNames(standings) {
		s := standings[key]
		g := &standing{key: key, labels: s.Labels, mem: s.Memory, birth: s.Birth, realAt: u.closed, firing: s.Firing, firingFrom: s.FiringFrom,
			noDataFrom: s.NoDataFrom, cause: s.Cause, decision: s.Decision, saved: s, track: e.o.Ledger.Track(u.k.Name, s.Labels, false), ladder: u.newLadder(),
			points: newRecent(kpi.RangeOf(u.k.Thresholds))}
		if len(u.k.By) == 0 {
			u.whole = g
		}
		u.groups[key] = g
		if err := e.recallPoints(ctx, u, g, false); err != nil {
			return err
		}
		switch {
		case !fresh:
			e.rejudge(u, g, b)
		case u.meter != nil:
			g.points.replace(replayed[key])
			g.calm = 0
		}
	}
	if len(u.k.By) > 0 && len(u.groups) > 0 {
		u.whole = &standing{key: labels.EmptyLabels().String(), track: e.o.Ledger.Track(u.k.Name, labels.EmptyLabels(), true), ladder: u.newLadder(),
			points: newRecent(kpi.RangeOf(u.k.Thresholds))}
		return e.recallPoints(ctx, u, u.whole, true)
	}
	return nil
}

// recallPoints reads the datapoints that Judge looks at, with what is known of them now, and the objective's window.
func (e *Engine) recallPoints(ctx context.Context, u *unit, g *standing, whole bool) error {
	n := kpi.RangeOf(u.k.Thresholds)
	from := u.closed - int64(n+1)*u.period
	group, key := g.labels, g.key
	if whole {
		group, key = labels.EmptyLabels(), wholeKey
	}
	if u.rows != nil {
		if err := e.recallSaid(ctx, u, g, group, key, whole); err != nil {
			return err
		}
	}
	points, err := e.o.Ledger.Points(ctx, u.k.Name, group, from, u.closed, 0)
	if err != nil {
		return err
	}
	restated, err := e.o.Ledger.Statements(ctx, u.k.Name, key, from, u.closed)
	if err != nil {
		return err
	}
	for i := range points {
		for _, s := range restated {
			if s.Point.End == points[i].End {
				points[i] = s.Point
			}
		}
		if !points[i].Real() && points[i].Detail == "" {
			points[i].Detail = u.k.Explain(points[i])
		}
		points[i] = kpi.Settle(u.k, points[i])
		if points[i].Real() {
			g.realAt = points[i].End
		}
	}
	if len(points) > n {
		points = points[len(points)-n:]
	}
	g.points.replace(points)
	if len(points) > 0 {
		_, g.verdict = kpi.Judge(u.k, g.mem, points, nil)
		g.verdict.Light = g.mem.Light
	}
	if g.mem.Judged && g.mem.Light == kpi.Grey {
		g.grey = int((u.closed-g.mem.Since)/u.period) + 1
	}
	if g.ladder == nil {
		return nil
	}
	if err := e.recallLadder(ctx, u, g, group, key); err != nil {
		return err
	}
	g.verdict.Budget = g.budget(u, u.closed)
	return nil
}

// recallLadder books the objective's window anew, each period with what was said of it last.
func (e *Engine) recallLadder(ctx context.Context, u *unit, g *standing, group labels.Labels, key string) error {
	o := *u.k.Objective
	span := o.Window
	if o.Calendar != "" {
		span = 92 * 24 * time.Hour
	}
	from := u.closed - span.Milliseconds()
	last := map[int64]kpi.Point{}
	if u.k.Window == u.k.Period {
		restated, err := e.o.Ledger.Statements(ctx, u.k.Name, key, from, u.closed)
		if err != nil {
			return err
		}
		for _, s := range restated {
			last[s.Point.End] = s.Point
		}
	}
	if !kpi.CountsOccurrences(u.k) {
		ps, err := e.o.Ledger.Points(ctx, u.k.Name, group, from, u.closed, 0)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if s, ok := last[p.End]; ok {
				p = s
			}
			if good, total, ok := kpi.SliceOf(u.k, kpi.Settle(u.k, p), 0, 0); ok {
				g.ladder.Add(p.End, good, total)
			}
		}
		return nil
	}
	counted, err := e.o.Ledger.Slices(ctx, u.k.Name, group, from, u.closed, u.k.Window > u.k.Period)
	if err != nil {
		return err
	}
	for _, s := range counted {
		if p, ok := last[s.End]; ok {
			s.Good, s.Total, _ = kpi.SliceOf(u.k, p, p.Good, p.Total)
			delete(last, s.End)
		}
		g.ladder.Add(s.End, s.Good, s.Total)
	}
	for _, end := range slices.Sorted(maps.Keys(last)) { // what had no counts when it was published
		p := last[end]
		if good, total, ok := kpi.SliceOf(u.k, p, p.Good, p.Total); ok {
			g.ladder.Add(p.End, good, total)
		}
	}
	return nil
}

// rejudge judges the newest remembered datapoint again: a kill may have come after it was written and before the decision
// was. The record's id is the same, so what was written before is not written twice.
func (e *Engine) rejudge(u *unit, g *standing, b *batch) {
	if g.points.len() == 0 {
		return
	}
	before := g.mem
	g.mem, g.verdict = kpi.Judge(u.k, g.mem, g.points.ordered(nil), g.budget(u, u.closed))
	if g.mem.Light == before.Light {
		return
	}
	t := u.transition(g, before.Light, g.cause4(u), b.at)
	g.decision = t.ID
	b.moves = append(b.moves, t)
	u.page(g, b)
	g.saved = g.standing(u)
	b.saved = append(b.saved, g.saved)
	b.signals = nil // resignal tells how every group stands
}

// resignal tells the alert room of every group that is alerting, because the room does not keep KPI alerts over a restart.
// What was alerting for a KPI that is no longer there is resolved.
func (e *Engine) resignal(ctx context.Context, fresh []*unit, now int64) {
	var signals []kpi.PageSignal
	e.mu.Lock()
	for _, u := range fresh {
		for _, key := range sortedNames(u.groups) {
			if g := u.groups[key]; g.firing && u.k.Page != nil {
				signals = append(signals, u.signal(g, now, ""))
			}
		}
	}
	e.mu.Unlock()
	if len(signals) > 0 && e.o.Page != nil {
		e.o.Page(ctx, signals)
	}
}

// succeed hands the groups of a replaced unit to its successor. If only thresholds changed, the datapoints in range are
// compared anew; otherwise they were replayed under the new definition, and a replay never pages. Callers hold e.mu.
func (e *Engine) succeed(ctx context.Context, u, was *unit) {
	u.dirty = min(u.dirty, u.closed)     // its windows were filled before the periods up to the boundary had ended
	same := u.k.Shape() == was.k.Shape() // then only thresholds differ
	replayed := map[string][]kpi.Point{}
	if !same {
		replayed = e.replayPoints(ctx, u)
	}
	for key, old := range was.groups {
		g := u.groups[key]
		if g == nil {
			if !same && replayed[key] == nil {
				continue
			}
			g = &standing{key: key, labels: old.labels, track: old.track, ladder: u.newLadder(), birth: old.birth, realAt: old.realAt,
				points: newRecent(kpi.RangeOf(u.k.Thresholds))}
			u.groups[key] = g
		}
		g.mem, g.decision, g.saved = old.mem, old.decision, old.saved
		g.firing, g.firingFrom, g.noDataFrom, g.cause = old.firing, old.firingFrom, old.noDataFrom, old.cause
		points := old.points.ordered(nil)
		if !same {
			points = replayed[key]
		}
		g.points, g.calm = newRecent(kpi.RangeOf(u.k.Thresholds)), 0
		for _, p := range points {
			g.points.push(kpi.Settle(u.k, p))
		}
		if g.ladder != nil && old.ladder != nil && sameObjective(u.k, was.k) && same {
			g.ladder = old.ladder
		}
		if len(u.k.By) == 0 {
			u.whole = g
		}
	}
	if len(u.k.By) > 0 && was.whole != nil && len(was.k.By) > 0 {
		u.whole = was.whole
	}
}

func sameObjective(a, b *kpi.KPI) bool {
	if a.Objective == nil || b.Objective == nil {
		return a.Objective == b.Objective
	}
	return a.Objective.Window == b.Objective.Window && a.Objective.Calendar == b.Objective.Calendar
}

// Removed resolves what was alerting for KPIs that the ledger remembers and that are gone from the files since the last
// start. It is called once, after the first Apply.
func (e *Engine) Removed(ctx context.Context) error {
	names, err := e.o.Ledger.StandingKPIs(ctx)
	if err != nil {
		return err
	}
	b := batch{at: e.o.Now().UnixMilli()}
	for _, name := range names {
		e.mu.Lock()
		_, there := e.units[name]
		e.mu.Unlock()
		if there {
			continue
		}
		standings, err := e.o.Ledger.Standings(ctx, name)
		if err != nil {
			return err
		}
		for key := range standings {
			b.gone = append(b.gone, ledger.Standing{KPI: name, Group: key})
		}
	}
	e.write(ctx, &b, &batch{})
	return nil
}
