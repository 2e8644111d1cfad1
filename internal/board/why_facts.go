package board

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// facts are what is kept of one group around one instant.
type facts struct {
	points  []kpi.Point // that the rule looked at, oldest first, as they were known then
	newest  kpi.Point   // the datapoint in force
	judged  bool        // there is one
	light   kpi.Light
	last    *kpi.Transition // how the light came about
	began   *kpi.Transition // how the alert began; nil without one, or where it is not kept
	from    int64           // since when the alert stands, 0 without one
	noData  bool            // the alert is about missing data
	over    int64           // when the alert was judged to be over, 0 as far as is known it was not
	own     map[string]bool // decisions of the group: true for those of this alert
	next    *kpi.Transition // the next change of the light, if it came soon
	outages []ledger.Outage
	lastEnd int64 // newest datapoint before, where none is in force; 0 if none is kept
	alive   bool  // other groups of the KPI were judged then
	// receipts of the alert until the instant, newest first; held are those of receivers that are not meant.
	receipts, held []ledger.Receipt
}

// alerting reports whether there was something to page about.
func (f *facts) alerting() bool { return f.from != 0 }

// farBack is how far before an instant the last datapoint of a group is looked for, and the messages of an alert whose
// beginning is not kept.
const farBack = 31 * 24 * time.Hour

// belongs reports whether a receipt is about this alert and not about the group's alert before or after it.
func (f *facts) belongs(r *ledger.Receipt) bool {
	if own, known := f.own[r.Decision]; known {
		return own
	}
	return f.over == 0 || r.At <= f.over
}

// gather reads the facts of the instant.
func (x *inquiry) gather(ctx context.Context) error {
	f, period := &x.facts, x.period()
	if err := x.read(ctx, period); err != nil {
		return err
	}
	if f.judged {
		if err := x.define(ctx, f.newest.End); err != nil {
			return err
		}
	}
	var err error
	if f.outages, err = x.b.o.History.Outages(ctx, x.at-period, x.at); err != nil {
		return err
	}
	if !f.judged {
		return x.unjudged(ctx, period)
	}
	x.follow()
	if !f.alerting() {
		return nil
	}
	from := f.from - time.Minute.Milliseconds()
	if f.began == nil && !f.noData {
		from = x.at - farBack.Milliseconds()
	}
	rs, err := x.b.o.History.Receipts(ctx, ledger.Filter{KPI: x.q.KPI, From: max(from, 1), To: x.until(x.at), Limit: mostFacts})
	if err != nil {
		return err
	}
	for _, r := range rs {
		switch {
		case !r.Firing || !labels.Equal(r.Group, x.group) || !f.belongs(&r):
		case x.meant(r.Receiver):
			f.receipts = append(f.receipts, r)
		default:
			f.held = append(f.held, r)
		}
	}
	return nil
}

// read fills in the datapoints and the light.
func (x *inquiry) read(ctx context.Context, period int64) error {
	f, h := &x.facts, x.b.o.History
	reach := 3
	if k := x.k; k != nil {
		reach += kpi.RangeOf(k.Thresholds)
	}
	fresh := x.at - max(3*period, (10*time.Minute).Milliseconds())
	from := min(x.at-int64(reach)*period, fresh)
	ps, err := h.Points(ctx, x.q.KPI, x.group, from, x.at, 0)
	if err != nil {
		return err
	}
	lights, err := h.Lights(ctx, x.q.KPI, x.group, fresh, x.at, 0)
	if err != nil {
		return err
	}
	if len(ps) == 0 && x.group.IsEmpty() && len(lights) > 0 {
		ps = []kpi.Point{{End: lights[len(lights)-1].T, Value: math.NaN(), Missing: kpi.OutOfScope}} // groups of which some are out of sight
	}
	if len(ps) == 0 || ps[len(ps)-1].End <= fresh {
		return nil
	}
	f.judged, f.newest = true, ps[len(ps)-1]
	said, err := h.Statements(ctx, x.q.KPI, x.group.String(), from, x.at)
	if err != nil {
		return err
	}
	for _, s := range said {
		if i := slices.IndexFunc(ps, func(p kpi.Point) bool { return p.End == s.Point.End }); i >= 0 && s.FirstEnd <= f.newest.End {
			ps[i] = s.Point
		}
	}
	f.newest = ps[len(ps)-1]
	if x.k != nil {
		ps = ps[max(0, len(ps)-kpi.RangeOf(x.k.Thresholds)):]
	} else {
		ps = ps[max(0, len(ps)-5):]
	}
	f.points, f.light = ps, kpi.Grey
	for _, l := range lights {
		if l.T <= f.newest.End {
			f.light = l.Light
		}
	}
	return nil
}

// follow walks the group's changes of light back to the beginning of what stands.
func (x *inquiry) follow() {
	f := &x.facts
	var mine []*kpi.Transition // newest first
	for i := range x.moves {
		t := &x.moves[i]
		if !labels.Equal(t.Group, x.group) {
			continue
		}
		if t.End <= f.newest.End {
			mine = append(mine, t)
			continue
		}
		f.next = t // the earliest in the end
		if t.To == kpi.Green || t.To == kpi.Yellow {
			f.over = t.At
		}
	}
	if len(mine) > 0 {
		f.last = mine[0]
		f.light = mine[0].To
		if len(mine[0].Verdict.Range) > 0 && mine[0].End == f.newest.End {
			f.points = mine[0].Verdict.Range // exactly what was judged
		}
	}
	f.own = map[string]bool{}
	for i := range x.moves {
		if t := &x.moves[i]; labels.Equal(t.Group, x.group) {
			f.own[t.ID] = t.End > f.newest.End && (f.over == 0 || t.At < f.over)
		}
	}
	for i, t := range mine {
		if t.To == kpi.Green || t.To == kpi.Yellow || i > 0 && t.To != mine[i-1].From {
			break // recovered, or forgotten between
		}
		f.own[t.ID] = true
		if t.To == kpi.Red {
			f.began = t
		}
	}
	pages := x.k == nil || x.k.Page != nil
	switch {
	case !pages:
	case f.began != nil:
		f.from = f.began.End
	case f.light == kpi.Red:
		f.from = max(1, x.at-farBack.Milliseconds()) // how it began is not kept
	case f.light == kpi.Grey && f.last != nil && x.k != nil && x.k.Page.NoData > 0:
		begin := f.last.End + int64(x.k.Page.NoData-1)*x.period()
		if begin <= f.newest.End {
			f.from, f.noData = begin, true
		}
	}
}

// unjudged looks for what is kept where no datapoint is in force.
func (x *inquiry) unjudged(ctx context.Context, period int64) error {
	f, h := &x.facts, x.b.o.History
	f.light = kpi.Grey
	back := max(farBack.Milliseconds(), 3*period)
	ps, err := h.Points(ctx, x.q.KPI, x.group, x.at-back, x.at, 0)
	if err != nil {
		return err
	}
	if len(ps) > 0 {
		f.lastEnd = ps[len(ps)-1].End
	}
	if x.group.IsEmpty() {
		return nil
	}
	if ps, err = h.Points(ctx, x.q.KPI, labels.EmptyLabels(), x.at-3*period, x.at, 0); err == nil {
		f.alive = len(ps) > 0
	}
	return err
}
