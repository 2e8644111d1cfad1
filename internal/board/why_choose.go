package board

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// choose settles on the instant and the group that are explained.
func (x *inquiry) choose(ctx context.Context) error {
	end := x.q.At
	if x.q.To != 0 {
		end = x.q.To
	}
	if err := x.define(ctx, end); err != nil {
		return err
	}
	if err := x.ofTheKPI(); err != nil {
		return err
	}
	var err error
	f := ledger.Filter{KPI: x.q.KPI, To: x.until(end) + x.period(), Limit: mostFacts}
	if x.moves, err = x.b.o.History.Transitions(ctx, f); err != nil {
		return err
	}
	if x.q.Group != nil {
		x.group = labels.FromMap(x.q.Group)
	}
	x.at = x.q.At
	if x.q.To != 0 {
		if err := x.moment(ctx); err != nil {
			return err
		}
	}
	if x.q.Group == nil {
		x.worst()
	}
	return x.define(ctx, x.at)
}

// ofTheKPI refuses a group that is none of the KPI, neither now nor then.
func (x *inquiry) ofTheKPI() error {
	var err error
	for _, k := range []*kpi.KPI{x.k, x.here} {
		if k == nil {
			continue
		}
		if err = knows(k, x.q.Group); err == nil {
			return nil
		}
	}
	return err
}

// moment picks the instant of a span that matters most: a page, else a message that was held back, else the worst light.
func (x *inquiry) moment(ctx context.Context) error {
	from, to := x.q.From, x.q.To
	rs, err := x.b.o.History.Receipts(ctx, ledger.Filter{KPI: x.q.KPI, From: from, To: to, Limit: mostFacts})
	if err != nil {
		return err
	}
	var best *ledger.Receipt
	for i := range rs { // newest first: of equals the earliest wins
		r := &rs[i]
		if !r.Firing || !x.meant(r.Receiver) || x.q.Group != nil && !labels.Equal(r.Group, x.group) {
			continue
		}
		if best == nil || receiptRank(r.Status) <= receiptRank(best.Status) {
			best = r
		}
	}
	if best != nil {
		x.at = best.At
		if x.q.Group == nil {
			x.q.Group, x.group = best.Group.Map(), best.Group
		}
		return nil
	}
	x.at = to
	rank, found := 0, false
	for i := range x.moves {
		t := &x.moves[i]
		if t.End > to || x.q.Group != nil && !labels.Equal(t.Group, x.group) {
			continue
		}
		begin := max(t.End, from)
		if t.End < from && x.movedBefore(t, from) {
			continue // it had another light when the span began
		}
		if r := lightRank(t.To.String()); !found || r < rank || r == rank && begin < x.at {
			rank, found, x.at = r, true, begin
		}
	}
	if !found || rank == lightRank(kpi.Green.String()) {
		x.at = to
	}
	return nil
}

// movedBefore reports whether the group of t changed its light again at or before an instant.
func (x *inquiry) movedBefore(t *kpi.Transition, at int64) bool {
	return slices.ContainsFunc(x.moves, func(o kpi.Transition) bool {
		return o.End > t.End && o.End <= at && labels.Equal(o.Group, t.Group)
	})
}

func receiptRank(status string) int {
	return map[string]int{"sent": 0, "failed": 1, "silenced": 2, "muted": 3, "inhibited": 4}[status]
}

// worst picks the group whose light was worst, and lists the others that were not on target.
func (x *inquiry) worst() {
	x.group = labels.EmptyLabels()
	k := x.shown()
	if len(k.By) == 0 {
		return
	}
	var now []*kpi.Transition // the newest of each group
	seen := map[string]bool{}
	for i := range x.moves {
		t := &x.moves[i]
		if key := t.Group.String(); t.End <= x.at && !t.Group.IsEmpty() && !seen[key] {
			seen[key] = true
			now = append(now, t)
		}
	}
	slices.SortStableFunc(now, func(a, b *kpi.Transition) int {
		return cmp.Or(cmp.Compare(lightRank(a.To.String()), lightRank(b.To.String())), cmp.Compare(b.End, a.End), labels.Compare(a.Group, b.Group))
	})
	if len(now) == 0 || now[0].To == kpi.Green {
		return
	}
	x.group = now[0].Group
	for _, t := range now[1:] {
		if t.To != kpi.Green && len(x.w.Others) < mostOthers {
			x.w.Others = append(x.w.Others, WhyOther{Group: t.Group.Map(), Text: groupText(k, t.Group), Light: t.To.String(), Word: t.To.Word()})
		}
	}
}

// mostOthers is how many other groups an answer names.
const mostOthers = 20
