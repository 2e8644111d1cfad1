package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/rowstore"
)

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
	if err := e.sawBefore(ctx, ru, m, start, &sync.Mutex{}, foundRows{}); err != nil {
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
