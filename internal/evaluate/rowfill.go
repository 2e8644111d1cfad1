package evaluate

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/signalbox/signalbox/internal/kpi"
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
		known := foundRows{}
		if err := e.fillFrom(ctx, rowstore.Table(t), units, cut); err != nil {
			return err
		}
		for _, u := range units {
			if err := e.sawBefore(ctx, u.rows, u.meter, u.rows.start, &e.mu, known); err != nil {
				return err
			}
			e.mu.Lock()
			if u.k.Indicator.Kind == kpi.Freshness {
				e.recallFresh(ctx, u, u.meter, u.closed)
			}
			u.meter.Resume(min(u.closed, kpi.PeriodEnd(now, u.period)-u.period))
			if u.rows.begun {
				u.rows.filled = true
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

// sawBefore looks for the newest row before t (Unix ms) of each side that saw none since: a selector that is rare has matched
// all the same. Whether a bad side ever matched makes no difference. The meter is touched under lock; known is what was found
// for other meters of the table.
func (e *Engine) sawBefore(ctx context.Context, ru *rowUnit, m *kpi.Meter, t int64, lock sync.Locker, known foundRows) error {
	for side, x := range ru.sides {
		lock.Lock()
		matched := m.Matched(side)
		lock.Unlock()
		if matched || side == 0 && ru.k.Indicator.Bad != nil {
			continue
		}
		key := foundOf{x.String(), t}
		at, ok := known[key]
		if !ok {
			var err error
			if at, err = e.newestRow(ctx, ru, x, t); err != nil {
				return fmt.Errorf("look for %s before %s: %w", x, day(t), err)
			}
			known[key] = at
		}
		if at > 0 {
			lock.Lock()
			m.SawBefore(side, at)
			lock.Unlock()
		}
	}
	return nil
}

// foundRows is the newest rows that selectors found before an instant, Unix ms; 0 = none.
type foundRows map[foundOf]int64

type foundOf struct {
	selector string
	before   int64
}

// newestRow returns the time (Unix ms) of the newest row at or before t that x selects, 0 if there is none. It looks back a
// month, the youngest first.
func (e *Engine) newestRow(ctx context.Context, ru *rowUnit, x rowstore.Expr, t int64) (int64, error) {
	to := t
	for wide := 6 * int64(3600_000); wide < 30*24*3600_000 && to > 0; wide *= 4 {
		from := max(0, to-wide)
		at := int64(0)
		err := e.scan(ctx, rowstore.Scan{Table: ru.table, Between: between(from, to), Where: x, Fields: []string{"time"}}, func(rows []rowstore.Row) error {
			for i := range rows {
				if ru.counts(&rows[i]) {
					at = max(at, kpi.RowTime(rows[i].Time))
				}
			}
			return nil
		})
		if err != nil || at > 0 {
			return at, err
		}
		to = from
	}
	return 0, nil
}
