package evaluate

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
)

// Rehearsal asks what a KPI would have done over a span of the past.
type Rehearsal struct {
	KPI      *kpi.KPI
	From, To int64                      // Unix ms; the periods that end in (From, To]
	Zone     *time.Location             // of nights and days; nil = the KPI's, else UTC
	Progress func(done, total int64)    // periods; called now and then, never with less than before; nil = nobody asks
	InForce  func(name string) *kpi.KPI // the definitions in force; nil = those of the engine
}

// Rehearse runs the step that judges live over the past: it pages nobody, writes nothing and holds no lock of the engine
// while it works; it lets a close that falls due go first. One rehearsal runs at a time and others wait, but for short ones,
// such as the preview of an editor. If only thresholds,
// objective, `for` or page differ from what was in force, the published datapoints are judged anew, with restatements as
// they were known at each close; an expr is computed from the published datapoints of its inputs; a changed indicator is
// replayed from stored samples; a promql indicator is asked at each period's end, which is slower. What less than the span
// is covered, and why, is said in the result.
func (e *Engine) Rehearse(ctx context.Context, o Rehearsal) (*backtest.Rehearsed, error) {
	p, err := e.plan(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("rehearse %s: %w", o.KPI.Name, err)
	}
	if p.periods() > quick {
		leave, err := e.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	return e.play(ctx, o, p)
}

// quick is how many periods a rehearsal may have that waits for no other.
const quick = 2000

// enter waits until no other rehearsal runs: each may take a whole processor.
func (e *Engine) enter(ctx context.Context) (leave func(), err error) {
	select {
	case e.stage <- struct{}{}:
		return func() { <-e.stage }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Backtest is a proposed definition beside the one in force over the same span.
type Backtest struct {
	Now, Proposed *kpi.KPI // nil: there is none, or it is to be removed
	From, To      int64
	Zone          *time.Location
	Progress      func(done, total int64)
	InForce       func(name string) *kpi.KPI
	Labelled      []backtest.Labelled
}

// Backtest rehearses both definitions over the span that both can cover, and compares them.
func (e *Engine) Backtest(ctx context.Context, o Backtest) (*backtest.Comparison, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	both := [2]*kpi.KPI{o.Now, o.Proposed}
	var plans [2]*plan
	var from, to, total, done int64
	to = math.MaxInt64
	for i, k := range both {
		if k == nil {
			continue
		}
		p, err := e.plan(ctx, o.rehearsal(k))
		if err != nil {
			return nil, fmt.Errorf("back-test %s: %w", k.Name, err)
		}
		plans[i] = p
		from, to = max(from, p.from), min(to, p.to)
	}
	for _, p := range plans {
		if p != nil {
			p.narrow(from, to)
			total += p.periods()
		}
	}
	var sides [2]*backtest.Rehearsed
	var shown *kpi.KPI
	for i, k := range both {
		if k == nil {
			continue
		}
		shown = k
		r := o.rehearsal(k)
		if o.Progress != nil {
			before := done
			r.Progress = func(n, _ int64) { o.Progress(before+n, total) }
		}
		side, err := e.play(ctx, r, plans[i])
		if err != nil {
			return nil, err
		}
		sides[i] = side
		done += plans[i].periods()
	}
	c := backtest.Compare(sides[0], sides[1], o.Labelled)
	if shown != nil {
		c.KPI, c.Title, c.Unit, c.From, c.To = shown.Name, title(shown), shown.Unit, o.From, o.To
	}
	return c, nil
}

func (o *Backtest) rehearsal(k *kpi.KPI) Rehearsal {
	return Rehearsal{KPI: k, From: o.From, To: o.To, Zone: o.Zone, InForce: o.InForce}
}
