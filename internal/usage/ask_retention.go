package usage

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Retention answers from what is kept or, with a start, a return or a filter, from the rows.
func (r *Room) Retention(ctx context.Context, q RetentionQuestion) (Retention, error) {
	standing := q.Where.IsEverything() && q.Start.IsEverything() && q.Return.IsEverything() && !q.AdHoc
	if standing && r.kept(q.Scope) {
		return r.retention(q)
	}
	period, err := q.Period.valid()
	if err != nil {
		return Retention{}, err
	}
	columns, err := q.columns()
	if err != nil {
		return Retention{}, err
	}
	tests, err := compiled([]rowstore.Expr{q.Start, q.Return}, "event")
	if err != nil {
		return Retention{}, err
	}
	now := r.opt.Now()
	starts, end, err := period.span(q.Range, now)
	if err != nil {
		return Retention{}, err
	}
	today := dayOf(now.UnixMicro())
	g := grid{starts: starts, cohorts: len(starts)}
	for end <= today && (q.OnOrAfter || len(g.starts) < len(starts)+columns) {
		g.starts, end = append(g.starts, end), period.next(end)
	}
	for _, at := range g.starts {
		if period.next(at) <= today {
			g.complete++
		}
	}
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where, rowstore.Any(q.Start, q.Return)), Fields: needs(nil)}
	if q.Start.IsEverything() || q.Return.IsEverything() {
		scan.Where = rowstore.All(q.expr(), q.Where)
	}
	scan.To = millisOf(end) * 1000
	if q.Recurring {
		scan.From = millisOf(starts[0]) * 1000
	} // else: who began for the first time is known only from everything before
	type visit struct {
		day         int32
		start, back bool
	}
	var of [walkers]grid
	_, err = walk(ctx, r, q.See, scan, func(part int) walker[visit] {
		c, number := &of[part], uint32(part)
		for range g.starts {
			c.begin, c.back = append(c.begin, roaring.New()), append(c.back, roaring.New())
		}
		tell := tested(tests, []rowstore.Expr{q.Start, q.Return})
		return walker[visit]{tell: []rowstore.Teller{tell}, take: func(row *rowstore.Row) (visit, bool) {
			told := row.Told[0]
			return visit{dayOf(row.Time), told&1 != 0, told&2 != 0}, told != 0
		}, each: func(vs []visit) {
			began, find := false, newFinder(g.starts)
			beganIn, backIn := -1, -1 // the last periods that were marked
			for _, v := range vs {
				i := find.of(v.day)
				if v.start && (q.Recurring || !began) {
					began = true
					if i >= 0 && i != beganIn {
						c.begin[i].Add(number)
						beganIn = i
					}
				}
				if v.back && i >= 0 && i != backIn {
					c.back[i].Add(number)
					backIn = i
				}
			}
			number += walkers
		}}
	})
	if err != nil {
		return Retention{}, err
	}
	for i := range g.starts {
		begin, back := roaring.New(), roaring.New()
		for _, c := range of {
			begin.Or(c.begin[i])
			back.Or(c.back[i])
		}
		g.begin, g.back = append(g.begin, begin), append(g.back, back)
	}
	out := Retention{Period: period, Notes: notes(nil)}
	if !q.Recurring {
		out.Notes = append(out.Notes, "First time means: as far back as rows are kept.")
	}
	out.Cohorts, out.Weighted, out.Simple = g.retention(columns, q.OnOrAfter)
	if standing {
		out.Notes = unkept(out.Notes, "applications")
	}
	return out, nil
}
