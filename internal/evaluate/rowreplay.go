package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// rowsBack is how much history fills the windows of a row indicator: what late rows can still restate, too.
func rowsBack(k *kpi.KPI) int64 {
	return lookback(k) + keepFor(k) + k.Window.Milliseconds() + k.Indicator.Within.Milliseconds()
}

// keepFor is how long the rows of a period stay countable, ms: a row that comes at the last moment waits for the next mend.
func keepFor(k *kpi.KPI) int64 {
	return restateFor(k) + 2*max(k.Period.Milliseconds(), 10_000) + k.Period.Milliseconds()
}

// manyFilled is how many selectors one scan names; beyond it all rows are read and tested here.
const manyFilled = 64

// fillRows gives the row units among fresh meters whose windows hold what is stored. The tap feeds them from the start, so
// that nothing that is committed meanwhile is lost: what arrived before the cut comes from the store, the rest from the tap.
// One pass over a table fills all units that it feeds.
func (e *Engine) fillRows(ctx context.Context, fresh []*unit, now int64) error {
	var tables [3][]*unit
	n := 0
	cut := e.o.Now().UnixMicro()
	e.mu.Lock()
	for _, u := range fresh {
		if u.rows == nil {
			continue
		}
		birth := u.closed
		if !u.rows.begun {
			birth = now // its first whole period begins after now, unless stored rows show that the group is older
		}
		u.meter = kpi.NewMeter(u.k, kpi.MeterOptions{From: birth, Alive: e.alive(u.rows.table), Keep: keepFor(u.k)})
		u.rows.cut, u.rows.start = cut, u.closed-rowsBack(u.k)
		tables[u.rows.table] = append(tables[u.rows.table], u)
		n++
	}
	if n > 0 {
		e.filling = fresh
		e.reindexRows()
	}
	e.mu.Unlock()
	for t, units := range tables {
		if len(units) == 0 {
			continue
		}
		if err := e.fillFrom(ctx, rowstore.Table(t), units, cut); err != nil {
			return err
		}
		for _, u := range units {
			if err := e.sawBefore(ctx, u.rows, u.meter, u.rows.start, &e.mu); err != nil {
				return err
			}
			e.mu.Lock()
			if u.k.Indicator.Kind == kpi.Freshness {
				e.recallFresh(ctx, u, u.meter, u.closed)
			}
			u.meter.Resume(min(u.closed, kpi.PeriodEnd(now, u.period)-u.period))
			if u.rows.begun {
				u.meter.Anew(max(u.inForce, u.closed-keepFor(u.k))) // a kill may have come before late rows were said anew
			}
			e.mu.Unlock()
		}
	}
	return nil
}

// filled ends fillRows, whether the units came into force or not.
func (e *Engine) filled() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.filling != nil {
		e.filling = nil
		e.reindexRows()
	}
}

// reindexRows makes the row index anew from the units in force, those on their way out and those being filled. Callers hold e.mu.
func (e *Engine) reindexRows() {
	var all []*unit
	e.all(func(u *unit) { all = append(all, u) })
	e.rows = newRowIndex(append(all, e.filling...))
}

// fillFrom feeds the rows of a table that arrived before cut (Unix µs) to units.
func (e *Engine) fillFrom(ctx context.Context, t rowstore.Table, units []*unit, cut int64) error {
	q := rowstore.Scan{Table: t}
	from := int64(math.MaxInt64)
	var xs []rowstore.Expr
	for _, u := range units {
		from = min(from, u.rows.start)
		xs = append(xs, u.rows.sides...)
		q.Fields = union(q.Fields, u.rows.fields)
	}
	q.From = from*1000 + 1
	if len(xs) <= manyFilled {
		q.Where = rowstore.Any(xs...)
	}
	ix := newRowIndex(units)
	err := e.scan(ctx, q, func(rows []rowstore.Row) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		for i := range rows {
			r := &rows[i]
			if r.Received >= cut && r.Received != 0 {
				continue // the tap brings it
			}
			for _, m := range ix.tables[t].match(r) {
				for _, f := range m.feeds {
					if ru := f.u.rows; ru.counts(r) && kpi.RowTime(r.Time) > ru.start {
						ru.feed(f.u.meter, f.side, r)
					}
				}
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("fill the windows from stored %s: %w", t, err)
	}
	return nil
}

func (e *Engine) scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	if e.o.Rows == nil {
		return nil
	}
	return e.o.Rows.Scan(ctx, q, f)
}

func union(a, b []string) []string {
	seen := map[string]bool{}
	for _, s := range a {
		seen[s] = true
	}
	for _, s := range b {
		if !seen[s] {
			a = append(a, s)
		}
	}
	return a
}

// sawBefore looks for the newest row before t (Unix ms) of each side that saw none since: a selector that is rare has matched
// all the same. It looks back thirty days, the youngest first. The meter is touched under lock.
func (e *Engine) sawBefore(ctx context.Context, ru *rowUnit, m *kpi.Meter, t int64, lock sync.Locker) error {
	for side, x := range ru.sides {
		lock.Lock()
		matched := m.Matched(side)
		lock.Unlock()
		if matched {
			continue
		}
		to := t
		for wide := 6 * int64(3600_000); wide < 30*24*3600_000 && to > 0; wide *= 4 {
			from := max(0, to-wide)
			newest := int64(0)
			err := e.scan(ctx, rowstore.Scan{Table: ru.table, Between: between(from, to), Where: x, Fields: ru.fields}, func(rows []rowstore.Row) error {
				for i := range rows {
					if ru.counts(&rows[i]) {
						newest = max(newest, rows[i].Time)
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("look for %s before %s: %w", x, day(t), err)
			}
			if newest > 0 {
				lock.Lock()
				m.SawBefore(side, kpi.RowTime(newest))
				lock.Unlock()
				break
			}
			to = from
		}
	}
	return nil
}

// replayRows is replay for an indicator over rows. It takes no lock.
func (e *Engine) replayRows(ctx context.Context, k *kpi.KPI, sp span, outages []ledger.Outage, sink func(end int64, points []kpi.GroupPoint) error) (*kpi.Meter, error) {
	ru, err := newRowUnit(k)
	if err != nil {
		return nil, err
	}
	if e.o.Rows == nil {
		return nil, fault.New(fault.Unavailable, "no row store is there to replay %s from", k.Name)
	}
	tests := make([]func(*rowstore.Row) bool, len(ru.sides))
	for i, x := range ru.sides {
		if tests[i], err = x.Compile(); err != nil {
			return nil, err
		}
	}
	m := kpi.NewMeter(k, kpi.MeterOptions{From: sp.birth, Alive: e.alive(ru.table)})
	period := k.Period.Milliseconds()
	end := kpi.PeriodEnd(sp.from, period)
	start := sp.from - rowsBack(k)
	if err := e.sawBefore(ctx, ru, m, start, &sync.Mutex{}); err != nil {
		return nil, err
	}
	q := rowstore.Scan{Table: ru.table, Where: rowstore.Any(ru.sides...), Fields: ru.fields}
	for at := start; at < sp.to; at += stride {
		until := min(at+stride, sp.to)
		q.Between = between(at, until)
		err := e.scan(ctx, q, func(rows []rowstore.Row) error {
			for i := range rows {
				r := &rows[i]
				if !sp.all && !ru.counts(r) {
					continue
				}
				for side, holds := range tests {
					if holds(r) {
						ru.feed(m, side, r)
					}
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("replay rows: %w", err)
		}
		for ; end <= until && end <= sp.last; end += period {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			points := m.Close(end, touches(outages, end-period, end))
			if sink != nil && end > sp.from {
				if err := sink(end, points); err != nil {
					return nil, err
				}
			}
		}
	}
	return m, nil
}

// rowsSince is the start of the first whole period of which rows that match are stored, 0 if nothing matches.
func (e *Engine) rowsSince(ctx context.Context, p *plan) (int64, error) {
	ru := p.u.rows
	for at := p.from - p.lead - rowsBack(p.u.k); at < p.to; at += stride {
		oldest := int64(math.MaxInt64)
		q := rowstore.Scan{Table: ru.table, Where: rowstore.Any(ru.sides...), Between: between(at, min(at+stride, p.to)), Fields: []string{"time"}}
		err := e.scan(ctx, q, func(rows []rowstore.Row) error {
			for i := range rows {
				oldest = min(oldest, kpi.RowTime(rows[i].Time))
			}
			if oldest < math.MaxInt64 {
				return errFound // rows come in the order of time
			}
			return nil
		})
		switch {
		case err != nil && !errors.Is(err, errFound):
			return 0, err
		case oldest <= p.from:
			return p.from, nil
		case oldest < math.MaxInt64:
			return kpi.PeriodEnd(oldest, p.u.period), nil
		}
	}
	return 0, nil
}

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
			e.restate(ctx, u, points[i], closing, b)
		}
	}
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
