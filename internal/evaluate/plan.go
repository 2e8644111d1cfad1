package evaluate

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
)

// The ways of a rehearsal, as backtest.Side names them.
const (
	byPoints = "points" // published datapoints are judged anew
	byRaw    = "raw"    // stored samples are replayed
	byQuery  = "query"  // a promql indicator is asked at the end of each period
)

// maxAsked bounds how often a rehearsal asks a promql indicator.
const maxAsked = 50_000

// plan says which way a rehearsal goes and what it can cover.
type plan struct {
	u        *unit
	way      string
	from, to int64 // covered: the periods that end in (from, to]; both bound periods
	lead     int64 // how much before from is judged to know how things stood then, ms
	limits   []string
	inputs   map[string]*kpi.KPI // of an expr that is computed from the datapoints of these, by name
}

func (p *plan) periods() int64 { return max(0, p.to-p.from+p.lead) / p.u.period }

// narrow keeps to what another side can cover.
func (p *plan) narrow(from, to int64) {
	at := kpi.PeriodEnd(from, p.u.period)
	if at > p.from {
		p.from = min(at, p.to)
	}
	if to < p.to {
		p.to = max(kpi.PeriodEnd(to+1, p.u.period)-p.u.period, p.from)
	}
}

func (e *Engine) plan(ctx context.Context, o Rehearsal) (*plan, error) {
	k := o.KPI
	u, err := newUnit(k)
	if err != nil {
		return nil, err
	}
	p := &plan{u: u}
	p.from = kpi.PeriodEnd(o.From, u.period)
	p.to = kpi.PeriodEnd(min(o.To, e.o.Now().UnixMilli())+1, u.period) - u.period // the newest end at or before
	if p.to <= p.from {
		return nil, fault.New(fault.Invalid, "the span of %s holds no whole period of %s", time.Duration(max(0, o.To-o.From))*time.Millisecond, k.Period).
			Hint("ask for a longer span of the past")
	}
	if u.revision, err = e.knownAs(ctx, k); err != nil {
		return nil, err
	}
	p.lead = p.leadOf(k)
	if err := e.chooseWay(ctx, o, p); err != nil {
		return nil, err
	}
	p.lead = min(p.lead, p.from)
	return p, nil
}

// knownAs returns the revision number that k has in the ledger, 0 for a definition that was never in force.
func (e *Engine) knownAs(ctx context.Context, k *kpi.KPI) (int, error) {
	revisions, err := e.o.Ledger.Revisions(ctx, k.Name)
	if err != nil {
		return 0, err
	}
	for _, r := range revisions {
		if r.Hash == k.Hash && (k.Number == 0 || k.Number == r.Number) {
			return r.Number, nil
		}
	}
	return 0, nil
}

// leadOf is how long before its start a rehearsal begins to judge: twice what Judge looks at, and an objective's window.
func (p *plan) leadOf(k *kpi.KPI) int64 {
	lead := max(3600_000, 2*int64(kpi.RangeOf(k.Thresholds))*p.u.period)
	if k.Objective != nil {
		lead = max(lead, objectiveWindow(k.Objective).Milliseconds())
	}
	return kpi.PeriodEnd(lead, p.u.period)
}

// objectiveWindow is the longest that an objective looks back.
func objectiveWindow(o *kpi.Objective) time.Duration {
	if o.Calendar != "" {
		return 92 * 24 * time.Hour
	}
	return o.Window
}

// chooseWay finds what covers most of the span.
func (e *Engine) chooseWay(ctx context.Context, o Rehearsal, p *plan) error {
	k := o.KPI
	points, why, err := e.pointsSince(ctx, o, p)
	if err != nil {
		return err
	}
	if points > 0 && points <= p.from {
		p.way = byPoints
		return nil
	}
	since, what := int64(0), ""
	switch k.Indicator.Kind {
	case kpi.Expr:
		p.inputs = map[string]*kpi.KPI{}
		for _, name := range k.Indicator.Inputs {
			p.inputs[name] = e.inForce(o, name)
		}
		since, what, err = e.inputsSince(ctx, o, p)
	case kpi.PromQL, kpi.SQL:
		since, what = p.from, ""
		if n := (p.to - p.from) / p.u.period; n > maxAsked {
			since = p.to - maxAsked*p.u.period
			what = fmt.Sprintf("a query is asked at most %d times, which reaches back to %s", maxAsked, day(since))
		}
	default:
		thing := "sample"
		if p.u.rows != nil {
			thing = "row"
			since, err = e.rowsSince(ctx, p)
		} else {
			since, err = e.samplesSince(ctx, p)
		}
		what = "stored " + thing + "s that match reach back to " + day(since)
		if since == 0 {
			what = "no stored " + thing + " of this time matches"
		}
	}
	if err != nil {
		return err
	}
	switch {
	case points > 0 && (since == 0 || points <= since): // published datapoints reach as far, and are what people saw
		p.way = byPoints
		since, what = points, why
	case k.Indicator.Kind == kpi.Expr:
		p.way = byPoints
	case k.Indicator.Kind.Asked():
		p.way = byQuery
	default:
		p.way = byRaw
	}
	if p.way == byPoints && since == points {
		p.inputs = nil
	}
	if p.way == byQuery {
		p.limits = append(p.limits, "a query is evaluated over what is stored today, and its values are not promised to be those of then")
	}
	if p.way != byPoints { // what has not closed yet is not judged either
		p.to = min(p.to, kpi.PeriodEnd(e.o.Now().UnixMilli()-e.delayOf(p.u)+1, p.u.period)-p.u.period)
		p.from = min(p.from, p.to)
	}
	if since == 0 {
		since = p.to
	}
	if since > p.from {
		p.from = min(kpi.PeriodEnd(since, p.u.period), p.to)
		p.limits = append(p.limits, what)
	}
	return nil
}

// pointsSince is the instant since which the datapoints that were published are those that k's indicator makes, 0 if there
// are none, and in words what lies before it.
func (e *Engine) pointsSince(ctx context.Context, o Rehearsal, p *plan) (since int64, why string, err error) {
	k := o.KPI
	if k.Objective != nil && k.Window > k.Period {
		// A period's own counts are kept only while an objective needs them.
		if now := e.inForce(o, k.Name); now == nil || now.Objective == nil {
			return 0, "", nil
		}
	}
	revisions, err := e.o.Ledger.Revisions(ctx, k.Name)
	if err != nil {
		return 0, "", err
	}
	shape := k.Shape()
	until := int64(math.MaxInt64) // the newest first: what a revision was in force until
	for _, r := range revisions {
		if r.EffectiveFrom < until { // else it was replaced before it judged anything
			if r.Shape != shape {
				why = fmt.Sprintf("until %s revision %d was in force, whose indicator is another", day(until), r.Number)
				break
			}
			until = r.EffectiveFrom
			since = r.EffectiveFrom
		}
	}
	if since == 0 {
		return 0, "", nil
	}
	if why == "" {
		since = 0
	}
	first, err := e.o.Ledger.FirstEnd(ctx, k.Name, max(since+1, p.from-p.lead), p.to)
	if err != nil || first == 0 {
		return 0, "", err
	}
	if first-p.u.period > since {
		since = first - p.u.period
		why = "datapoints were published since " + day(since)
	}
	return max(since, 1), why, nil
}

// inputsSince is the instant since which all inputs of an expr have datapoints of the indicators that they have now.
func (e *Engine) inputsSince(ctx context.Context, o Rehearsal, p *plan) (since int64, why string, err error) {
	for _, name := range sortedNames(p.inputs) {
		in := p.inputs[name]
		if in == nil {
			return 0, "", fault.New(fault.Invalid, "there is no KPI %q, which is an input of %s", name, o.KPI.Name).Hint("name a KPI that is in force, or bring its document into force first")
		}
		if in.Period != o.KPI.Period {
			return 0, "", fault.New(fault.Invalid, "the input %s has the period %s, %s has %s; they must be equal", name, in.Period, o.KPI.Name, o.KPI.Period)
		}
		of := o
		of.KPI = in
		at, what, err := e.pointsSince(ctx, of, p)
		if err != nil {
			return 0, "", err
		}
		if at == 0 {
			return 0, "the input " + name + " has no datapoints of this time", nil
		}
		if at > since {
			since, why = at, "of the input "+name+", "+what
		}
	}
	return since, why, nil
}

// samplesSince is the start of the first whole period of which samples are stored, 0 if nothing matches. It notes how
// the series come in, for the delay.
func (e *Engine) samplesSince(ctx context.Context, p *plan) (int64, error) {
	m := kpi.NewMeter(p.u.k, kpi.MeterOptions{})
	for at := p.from - p.lead - lookback(p.u.k); at < p.to; at += stride {
		feed := newStream(e, m)
		oldest, err := feed.open(ctx, at, min(at+stride-1, p.to))
		if err != nil {
			return 0, err
		}
		feed.close()
		if oldest == math.MaxInt64 {
			continue
		}
		m.Intervals(p.u.comesIn)
		if oldest <= p.from {
			return p.from, nil
		}
		return kpi.PeriodEnd(oldest, p.u.period), nil
	}
	return 0, nil
}

// comesIn notes how a series comes in: pulled at an interval in ms, or pushed (0).
func (u *unit) comesIn(interval int64) {
	if interval == 0 {
		u.pushed = true
	}
	u.pulled, u.waits = max(u.pulled, interval), 0
}

// inForce is the definition of a KPI that is in force, nil if there is none.
func (e *Engine) inForce(o Rehearsal, name string) *kpi.KPI {
	if o.InForce != nil {
		return o.InForce(name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if u := e.units[name]; u != nil {
		return u.k
	}
	return nil
}

// delayOf is how long after its end a period of the unit closes, ms: what is live knows it best.
func (e *Engine) delayOf(u *unit) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if live := e.units[u.k.Name]; live != nil && u.k.Delay == nil && u.pulled == 0 {
		return live.delay()
	}
	return u.delayNow()
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 Jan 2006 15:04 UTC") }
