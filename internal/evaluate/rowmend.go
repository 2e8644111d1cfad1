package evaluate

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// mendRows says anew what late rows changed of closed periods. It runs at most once per period and ten seconds. Callers hold
// e.mu. closing is the end of the period that is about to be closed.
func (e *Engine) mendRows(ctx context.Context, u *unit, closing int64, b *batch) {
	if b.at-u.replayed < max(u.period, 10_000) {
		return
	}
	e.refill(ctx, u, b.at)
	floor := max(u.inForce, kpi.PeriodEnd(b.at-keepFor(u.k), u.period)-u.period)
	ends := u.meter.Late(floor)
	if len(ends) == 0 {
		return
	}
	u.replayed = b.at
	e.metrics.replays.Inc()
	for _, end := range ends {
		points := u.meter.Again(end, e.unobserved(end-u.period, end))
		for i := range points {
			if !u.rows.filled || !u.rows.thinned(u, &points[i]) {
				e.restate(ctx, u, points[i], closing, b)
			}
		}
	}
	u.rows.filled = false
}

// thinned reports whether a datapoint of spans is known from fewer rows than when it was said: tail sampling thins traces out
// when they are sealed, and what was counted before that is the better number.
func (ru *rowUnit) thinned(u *unit, gp *kpi.GroupPoint) bool {
	if ru.table != rowstore.Spans {
		return false
	}
	was, ok := ru.said[saidOf{gp.Key, gp.Whole && len(u.k.By) > 0, gp.Point.End}]
	return ok && was.Real() && gp.Point.Coverage < was.Coverage-1e-9
}

// settled is how long after its cut a refill waits, so that what arrived before it is committed.
const settled = 2 * time.Second

// refill replaces a meter that may have missed rows: the tap feeds a second one from a new cut on, and when everything that
// arrived before that is committed, the store fills it. Callers hold e.mu.
func (e *Engine) refill(ctx context.Context, u *unit, now int64) {
	ru := u.rows
	switch {
	case ru.next == nil && ru.missed:
		ru.missed = false
		ru.next = &refill{cut: e.o.Now().UnixMicro(), meter: kpi.NewMeter(u.k, kpi.MeterOptions{From: u.inForce, Alive: e.alive(ru.table), Keep: keepFor(u.k)})}
	case ru.next != nil && now*1000 >= ru.next.cut+settled.Microseconds():
		next := ru.next
		ru.next, ru.missed = nil, false
		fill := &rowUnit{k: ru.k, table: ru.table, sides: ru.sides, by: ru.by, late: ru.late, fields: ru.fields}
		err := e.refillFrom(ctx, fill, next, u.closed-rowsBack(u.k))
		if err != nil {
			ru.missed = true
			e.log.Error("rows that were committed while a KPI came into force could not be read and will be tried again", "kpi", u.k.Name, "err", err)
			return
		}
		next.meter.Resume(u.closed)
		next.meter.TakeOver(u.meter)
		ru.filled = true
		next.meter.Anew(max(u.inForce, u.closed-keepFor(u.k)))
		u.meter, ru.cut = next.meter, next.cut
	}
}

func (e *Engine) refillFrom(ctx context.Context, ru *rowUnit, next *refill, start int64) error {
	tests := make([]func(*rowstore.Row) bool, len(ru.sides))
	for i, x := range ru.sides {
		var err error
		if tests[i], err = x.Compile(); err != nil {
			return err
		}
	}
	q := rowstore.Scan{Table: ru.table, Where: rowstore.Any(ru.sides...), Between: rowstore.Between{From: start*1000 + 1}, Fields: ru.fields}
	return e.scan(ctx, q, func(rows []rowstore.Row) error {
		for i := range rows {
			r := &rows[i]
			if r.Received != 0 && r.Received >= next.cut || !ru.counts(r) {
				continue
			}
			for side, holds := range tests {
				if holds(r) {
					ru.feed(next.meter, side, r)
				}
			}
		}
		return ctx.Err()
	})
}
