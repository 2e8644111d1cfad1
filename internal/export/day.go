package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// due is a day of a table that has to be written.
type due struct {
	table rowstore.Table
	day   string
	at    time.Time
}

// wish is what somebody asked for.
type wish struct {
	id       int64
	table    rowstore.Table
	from, to string
	again    bool
	askedAt  int64
}

// Range is which days somebody wants written now.
type Range struct {
	Tables   []rowstore.Table // none: all of the plan
	From, To time.Time        // first and last day
	Again    bool             // those too that stand in the folder as they are in the store
}

// mostDays bounds one wish.
const mostDays = 3700

// Ask has days written now that are over, without waiting for the beat of the plan. It is on record when Ask returns, and
// survives a restart.
func (x *Exporter) Ask(ctx context.Context, r Range, who audit.Record) error {
	p := x.planned()
	if p == nil {
		return fault.New(fault.NotFound, "no folder is configured to export to").Hint("Add export: {parquet: {dir: /mnt/pipeline}} to signalbox.yaml, or ask for one day as a file")
	}
	if len(r.Tables) == 0 {
		r.Tables = p.Tables
	}
	from, to := r.From.UTC().Format(time.DateOnly), r.To.UTC().Format(time.DateOnly)
	now := x.o.Now().UTC()
	switch {
	case from > to:
		return fault.New(fault.Invalid, "from %s is after to %s", from, to)
	case to >= now.Format(time.DateOnly):
		return fault.New(fault.Invalid, "to %s: the day is not over; want %s or before", to, now.AddDate(0, 0, -1).Format(time.DateOnly))
	case r.To.Sub(r.From) > mostDays*24*time.Hour:
		return fault.New(fault.TooLarge, "from %s to %s are more than %d days", from, to, mostDays)
	}
	var names []string
	for _, t := range r.Tables {
		if !p.wants(t) {
			return fault.New(fault.Invalid, "tables: %s is not among export.parquet.tables of signalbox.yaml", t)
		}
		names = append(names, t.String())
	}
	return x.wished(ctx, r, from, to, strings.Join(names, ","), p.Dir, who, now.UnixMilli())
}

// due lists the days that have to be written, oldest first: days that are over and have rows, and are not in the folder or
// have more rows now than when they were written, or fewer after an erasure; and what somebody wants.
func (x *Exporter) due(ctx context.Context, p *Plan) (all []due, wishes []wish, err error) {
	now := x.o.Now().UTC()
	over := now.Truncate(24 * time.Hour).UnixMicro()
	closed := now.Add(-p.After).Truncate(24 * time.Hour).UnixMicro() // the schedule's own
	for _, t := range p.Tables {
		stored, err := x.stored(ctx, t, over)
		if err != nil {
			return nil, nil, fmt.Errorf("count the rows of %s by day: %w", t, err)
		}
		have, err := x.entries(ctx, "days", p.Dir, t.String())
		if err != nil {
			return nil, nil, err
		}
		written := map[string]Entry{}
		for _, e := range have {
			written[e.Day] = e
			if _, ok := stored[e.Day]; !ok && e.recheck {
				stored[e.Day] = 0 // everything of that day may have been erased
			}
		}
		ws, err := x.wishes(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		wishes = append(wishes, ws...)
		for day, n := range stored {
			at, err := dayOf(day)
			if err != nil {
				return nil, nil, err
			}
			e, ok := written[day]
			wanted := slices.ContainsFunc(ws, func(w wish) bool {
				return w.from <= day && day <= w.to && (!ok || w.again && e.BeganAt < w.askedAt)
			})
			if !wanted && at.UnixMicro() >= closed {
				continue
			}
			change := !ok || n > e.Rows || e.recheck && n < e.Rows && x.whole(t, at)
			switch {
			case wanted, change:
				all = append(all, due{t, day, at})
			case e.recheck:
				if err := x.exec(ctx, "checked", e.ID); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b due) int { return a.at.Compare(b.at) })
	return all, wishes, nil
}

// whole reports whether retention has not yet taken the rows of a day: after that the folder holds what the store has not,
// and writing the day again would lose it. Classes that live shorter do not count: what they let go is to be forgotten.
func (x *Exporter) whole(t rowstore.Table, day time.Time) bool {
	kept := x.o.Kept(t)
	return kept == 0 || !day.Before(x.o.Now().Add(-kept))
}

// stored counts the rows of a table by day, before an instant in Unix microseconds.
func (x *Exporter) stored(ctx context.Context, t rowstore.Table, before int64) (map[string]int64, error) {
	g, err := x.o.Rows.Count(ctx, rowstore.Count{
		Table: t, Between: rowstore.Between{To: before}, Step: 24 * time.Hour, Of: []rowstore.Aggregate{{Kind: "stored"}}, Top: mostDays,
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64, len(g.Rows))
	for _, r := range g.Rows {
		if r.Numbers[0] > 0 {
			out[time.UnixMicro(r.At).UTC().Format(time.DateOnly)] = int64(r.Numbers[0])
		}
	}
	return out, nil
}
