package evaluate

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/ledger"
)

// play runs a planned rehearsal.
func (e *Engine) play(ctx context.Context, o Rehearsal, p *plan) (*backtest.Rehearsed, error) {
	begun := time.Now()
	k := o.KPI
	zone := o.Zone
	if zone == nil {
		zone = p.u.zone
	}
	r := &rehearsal{
		e: e, o: o, u: p.u, from: p.from, start: p.from - p.lead, last: p.to, total: p.periods(), delay: e.delayOf(p.u), asked: begun,
		rec: backtest.NewRecorder(p.from, p.to, k.Period, zone),
	}
	var err error
	switch {
	case p.from >= p.to:
	case p.way == byRaw:
		err = r.overSamples(ctx)
	case p.way == byQuery:
		err = r.overQuery(ctx)
	case len(p.inputs) > 0:
		err = r.overInputs(ctx, p.inputs)
	default:
		err = r.overPoints(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("rehearse %s: %w", k.Name, err)
	}
	if o.Progress != nil {
		o.Progress(r.total, r.total)
	}
	out := &backtest.Rehearsed{KPI: k.Name, Revision: p.u.revision, Way: p.way, From: p.from, To: p.to, Silent: k.Page == nil, Limited: sentences(p.limits)}
	if k.Thresholds.Red != nil {
		out.Threshold = k.Thresholds.Red.Text
	} else if k.Thresholds.Yellow != nil {
		out.Threshold = k.Thresholds.Yellow.Text
	}
	r.rec.Result(out)
	if w := p.u.whole; w != nil {
		if b := w.budget(p.u, max(r.newest, p.from)); b != nil {
			if !math.IsNaN(b.Remaining) {
				out.BudgetLeft = &b.Remaining
			}
			if b.Partial {
				out.Limited = sentences(append(p.limits, fmt.Sprintf("the error budget looks back %s, more than is kept, and is of what is kept", b.Window)))
			}
		}
	}
	out.Took = time.Since(begun)
	return out, nil
}

// sentences makes one text of clauses.
func sentences(clauses []string) string {
	if len(clauses) == 0 {
		return ""
	}
	s := strings.Join(clauses, "; ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// rehearsal is a Rehearse under way.
type rehearsal struct {
	e      *Engine
	o      Rehearsal
	u      *unit
	step   step
	rec    *backtest.Recorder
	b      batch
	start  int64 // judging begins after it
	from   int64 // recording does
	last   int64
	delay  int64
	total  int64
	newest int64 // end of the newest closed period
	asked  time.Time
	points []kpi.GroupPoint
}

// close judges the datapoints of a period as a live close does and records what it would have led to.
func (r *rehearsal) close(ctx context.Context, end int64, points []kpi.GroupPoint) error {
	b := &r.b
	b.at = end + r.delay
	b.entries, b.moves, b.saved, b.gone, b.signals, b.changed = b.entries[:0], b.moves[:0], b.saved[:0], b.gone[:0], b.signals[:0], b.changed[:0]
	r.step.publish(r.u, points, b)
	r.u.closed, r.newest = end, end
	worst, groups := kpi.Green, 0
	var whole *kpi.Point
	var wholeLight kpi.Light
	at := 0
	for i := range points {
		gp := &points[i]
		if gp.Retired {
			continue
		}
		en := &b.entries[at]
		at++
		if gp.Whole {
			whole, wholeLight = &en.Point, en.Light
		}
		if !gp.Whole || len(r.u.k.By) == 0 {
			groups++
			worst = kpi.Worst(worst, en.Light)
			r.rec.Group(gp.Key, gp.Labels, &en.Point, en.Light)
		}
	}
	switch {
	case whole != nil:
		r.rec.Whole(end, whole, wholeLight)
	case groups > 0:
		r.rec.Whole(end, nil, worst)
	}
	for i := range b.signals {
		r.rec.Signal(&b.signals[i])
	}
	for i := range b.moves {
		r.rec.Move(b.moves[i])
	}
	return r.breathe(ctx, end)
}

// breathe is called once a period: every few milliseconds it says how far it is, stops when nobody wants the result any
// more, and lets live work go first.
func (r *rehearsal) breathe(ctx context.Context, end int64) error {
	now := time.Now()
	if now.Sub(r.asked) < 5*time.Millisecond {
		return nil
	}
	r.asked = now
	if r.o.Progress != nil {
		r.o.Progress(min((end-r.start)/r.u.period, r.total), r.total)
	}
	for r.e.judging.Load() > 0 { // a close is under way
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	runtime.Gosched()
	return ctx.Err()
}

// overSamples replays what is stored.
func (r *rehearsal) overSamples(ctx context.Context) error {
	outages, err := r.e.o.Ledger.Outages(ctx, r.start-lookback(r.u.k), r.last)
	if err != nil {
		return err
	}
	_, err = r.e.replay(ctx, r.u.k, span{from: r.start, last: r.last, to: r.last, birth: r.from, all: true}, outages, func(end int64, points []kpi.GroupPoint) error {
		return r.close(ctx, end, points)
	})
	return err
}

// overQuery asks a promql indicator at the end of each period.
func (r *rehearsal) overQuery(ctx context.Context) error {
	switch sql := r.u.k.Indicator.Kind == kpi.SQL; {
	case sql && r.e.o.SQL == nil:
		return fault.New(fault.Unavailable, "%s is an sql indicator, and SQL is answered by a running server only", r.u.k.Name).Hint("Have the server do the back-test: leave --data out")
	case !sql && r.e.o.Query == nil:
		return fault.New(fault.Unavailable, "nobody answers PromQL here")
	}
	outages, err := r.e.o.Ledger.Outages(ctx, r.from, r.last)
	if err != nil {
		return err
	}
	r.start = r.from - min(r.from-r.start, 2*int64(kpi.RangeOf(r.u.k.Thresholds))*r.u.period) // each question costs
	r.total = (r.last - r.start) / r.u.period
	for end := r.start + r.u.period; end <= r.last; end += r.u.period {
		if err := ctx.Err(); err != nil {
			return err
		}
		points := r.u.fill(r.e.ask(ctx, r.u, end), end, touches(outages, end-r.u.period, end))
		if err := r.close(ctx, end, points); err != nil {
			return err
		}
	}
	return nil
}

// overPoints judges anew what was published.
func (r *rehearsal) overPoints(ctx context.Context) error {
	k := r.u.k
	windowed := k.Window > k.Period
	return r.e.o.Ledger.Walk(ctx, []string{k.Name}, r.start+1, r.last, func(c *ledger.Closed) error {
		for i := range c.Said {
			if err := r.amend(ctx, &c.Said[i]); err != nil {
				return err
			}
		}
		points := r.points[:0]
		var there map[string]bool
		if len(k.By) > 0 {
			there = map[string]bool{}
			for i := range c.Points {
				there[c.Points[i].Key] = there[c.Points[i].Key] || !c.Points[i].Whole
			}
			for _, key := range sortedNames(r.u.groups) { // it was judged before, and then no more
				if !there[key] {
					points = append(points, kpi.GroupPoint{Key: key, Retired: true})
				}
			}
		}
		whole := false
		expected := func() { // what is expected and was never published has no data
			for _, l := range k.Expect {
				if key := l.String(); !there[key] {
					p := emptyPoint(c.End, kpi.NoData)
					points = append(points, kpi.GroupPoint{Labels: l, Key: key, Point: r.settle(p), SliceGood: math.NaN(), SliceTotal: math.NaN()})
				}
			}
		}
		for i := range c.Points {
			p := &c.Points[i]
			if whole = p.Whole; whole {
				expected()
			}
			gp := kpi.GroupPoint{Labels: p.Group, Key: p.Key, Whole: p.Whole || len(k.By) == 0, Point: r.settle(p.Point), SliceGood: p.Point.Good, SliceTotal: p.Point.Total}
			if windowed {
				gp.SliceGood, gp.SliceTotal = p.SliceGood, p.SliceTotal
			}
			points = append(points, gp)
		}
		if !whole && len(k.By) > 0 {
			expected()
		}
		r.points = points
		return r.close(ctx, c.End, points)
	})
}

// settle makes of a datapoint as it was kept what the rehearsed definition makes of it.
func (r *rehearsal) settle(p kpi.Point) kpi.Point {
	if !p.Real() && p.Detail == "" {
		p.Detail = r.u.k.Explain(p)
	}
	return kpi.Settle(r.u.k, p)
}

// amend works in what was said anew of a datapoint before the period was closed.
func (r *rehearsal) amend(ctx context.Context, s *ledger.Statement) error {
	g := r.u.groups[s.Group]
	if s.Group == wholeKey && len(r.u.k.By) > 0 {
		g = r.u.whole
	}
	if g == nil {
		return nil
	}
	now := r.settle(s.Point)
	var was kpi.Point
	if at := g.points.find(now.End); at != nil {
		was = *at
	} else if g.ladder != nil {
		ps, err := r.e.o.Ledger.Points(ctx, s.KPI, g.labels, now.End, now.End, 0)
		if err != nil || len(ps) == 0 {
			return err
		}
		was = ps[0]
		before, err := r.e.o.Ledger.Statements(ctx, s.KPI, s.Group, now.End, now.End)
		if err != nil {
			return err
		}
		for i := range before {
			if before[i].KnownAt < s.KnownAt {
				was = before[i].Point
			}
		}
		was = r.settle(was)
	}
	g.amend(r.u, was, now, now.Good, now.Total)
	return nil
}

// overInputs computes an expr from what was published of its inputs.
func (r *rehearsal) overInputs(ctx context.Context, inputs map[string]*kpi.KPI) error {
	r.u.inputs = map[string]*unit{}
	byName := map[string]*unit{}
	for variable, name := range r.u.k.Indicator.Inputs {
		if byName[name] == nil {
			byName[name] = &unit{k: inputs[name], period: r.u.period}
		}
		r.u.inputs[variable] = byName[name]
	}
	return r.e.o.Ledger.Walk(ctx, sortedNames(byName), r.start+1, r.last, func(c *ledger.Closed) error {
		for _, in := range byName {
			in.groups, in.whole = map[string]*standing{}, nil
		}
		for i := range c.Points {
			p := &c.Points[i]
			in := byName[p.KPI]
			g := &standing{key: p.Key, labels: p.Group, points: newRecent(1)}
			g.points.push(p.Point)
			if p.Whole || len(in.k.By) == 0 {
				in.whole = g
			}
			if !p.Whole {
				in.groups[p.Key] = g
			}
		}
		return r.close(ctx, c.End, r.u.compute(c.End))
	})
}
