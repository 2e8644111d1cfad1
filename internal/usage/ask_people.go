package usage

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Actives answers from what is kept or, for applications beyond the bound, from the rows.
func (r *Room) Actives(ctx context.Context, q ActivesQuestion) (Actives, error) {
	kept := r.kept(q.Scope)
	if kept && !q.AdHoc {
		return r.actives(q)
	}
	period, err := q.Period.valid()
	if err != nil {
		return Actives{}, err
	}
	now := r.opt.Now()
	starts, end, err := period.span(q.Range, now)
	if err != nil {
		return Actives{}, err
	}
	today := dayOf(now.UnixMicro())
	last := min(end-1, today)
	out := Actives{Period: period, Points: make([]ActivePoint, len(starts)), Notes: notes(nil)}
	for i, at := range starts {
		out.Points[i].At, out.Points[i].Complete = millisOf(at), period.next(at) <= today
	}
	spans := [3]int32{1, 7, 30}
	type counted struct {
		apps        *appTeller
		people, new []int64
		weights     []float64
		newest      [3]int64
	}
	var of [walkers]counted
	scan := rowstore.Scan{Table: rowstore.Events, Where: q.expr(), Fields: needs(nil, "weight")}
	scan.To = millisOf(max(end, last+1)) * 1000 // from the beginning: who is new is known from everything before
	_, err = walk(ctx, r, q.See, scan, func(part int) walker[int32] {
		c, find := &of[part], newFinder(starts)
		*c = counted{&appTeller{}, make([]int64, len(starts)), make([]int64, len(starts)), make([]float64, len(starts)), [3]int64{}}
		return walker[int32]{tell: []rowstore.Teller{c.apps.teller()}, take: func(row *rowstore.Row) (int32, bool) {
			d := dayOf(row.Time)
			if i := find.of(d); i >= 0 && d < end {
				c.weights[i] += float64(row.Weight)
			}
			c.apps.seen[row.Told[0]] = true
			return d, true
		}, each: func(days []int32) {
			before, any := -1, [3]bool{}
			for k, d := range days {
				if i := periodAt(starts, d); i >= 0 && d < end {
					if i != before {
						c.people[i]++
					}
					if k == 0 {
						c.new[i]++
					}
					before = i
				}
				for j, n := range spans {
					any[j] = any[j] || d > last-n && d <= last
				}
			}
			for j := range spans {
				if any[j] {
					c.newest[j]++
				}
			}
		}}
	})
	if err != nil {
		return Actives{}, err
	}
	apps, weights := map[App]bool{}, make([]float64, len(starts))
	for _, c := range of {
		for n, a := range c.apps.list {
			if c.apps.seen[n] {
				apps[a] = true
			}
		}
		for i := range starts {
			out.Points[i].People += c.people[i]
			out.Points[i].New += c.new[i]
			weights[i] += c.weights[i]
		}
		out.Day, out.Week, out.Month = out.Day+c.newest[0], out.Week+c.newest[1], out.Month+c.newest[2]
	}
	for i, w := range weights {
		out.Points[i].Events = int64(math.Round(w))
	}
	out.Apps = append([]App{}, slices.SortedFunc(maps.Keys(apps), App.compare)...)
	out.Stickiness = share(float64(out.Day), float64(out.Month))
	if !kept {
		out.Notes = unkept(out.Notes, "applications")
	}
	return out, nil
}

// appTeller numbers applications, and notes those that were seen.
type appTeller struct {
	list []App
	seen []bool
}

func (t *appTeller) teller() rowstore.Teller {
	return rowstore.Teller{Fields: []string{"service", "env", "agency"}, Of: func(r *rowstore.Row) uint32 {
		n := slices.Index(t.list, App{r.Service, r.Env, r.Agency})
		if n < 0 {
			n = len(t.list)
			t.list, t.seen = append(t.list, App{strings.Clone(r.Service), strings.Clone(r.Env), strings.Clone(r.Agency)}), append(t.seen, false)
		}
		return uint32(n)
	}}
}

// Sessions answers from what is kept or, with a filter, from the rows.
func (r *Room) Sessions(ctx context.Context, q SessionsQuestion) (Sessions, error) {
	standing := q.Where.IsEverything() && !q.AdHoc
	kept := r.kept(q.Scope)
	if standing && kept {
		return r.sessions(q)
	}
	period, err := q.Period.valid()
	if err != nil {
		return Sessions{}, err
	}
	now := r.opt.Now()
	starts, end, err := period.span(q.Range, now)
	if err != nil {
		return Sessions{}, err
	}
	from, to := millisOf(starts[0])*1000, millisOf(end)*1000
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where), Fields: needs(nil)}
	scan.Between = rowstore.Between{From: from - sessionCap, To: to + sessionCap}
	type counted struct {
		sums      []tally
		lasted    [][]float64
		people    []int64
		everybody int64
	}
	var of [walkers]counted
	_, err = walk(ctx, r, q.See, scan, func(part int) walker[Act] {
		c := &of[part]
		*c = counted{sums: make([]tally, len(starts)), lasted: make([][]float64, len(starts)), people: make([]int64, len(starts))}
		var mine []Session
		return walker[Act]{tell: []rowstore.Teller{r.words.teller()}, take: func(row *rowstore.Row) (Act, bool) { return told(row), true }, each: func(acts []Act) {
			any, last, find := false, -1, newFinder(starts)
			for _, a := range acts { // in order of time
				if i := find.of(dayOf(a.Time)); i >= 0 && a.Time < to {
					any = true
					if i != last {
						c.people[i]++
						last = i
					}
				}
			}
			if any {
				c.everybody++
			}
			mine = split(mine[:0], acts)
			for _, s := range mine {
				if i := find.of(dayOf(s.First)); i >= 0 && s.First < to {
					c.sums[i].plain(s, 1)
					c.lasted[i] = append(c.lasted[i], s.Seconds())
				}
			}
		}}
	})
	if err != nil {
		return Sessions{}, err
	}
	sums, lasted, people, everybody := make([]tally, len(starts)), make([][]float64, len(starts)), make([]int64, len(starts)), int64(0)
	for _, c := range of {
		everybody += c.everybody
		for i := range starts {
			sums[i].merge(&c.sums[i])
			lasted[i] = append(lasted[i], c.lasted[i]...)
			people[i] += c.people[i]
		}
	}
	today := dayOf(now.UnixMicro())
	out := Sessions{Period: period, Points: make([]SessionPoint, len(starts)), Notes: notes(nil)}
	var total tally
	finish := func(p SessionPoint, seconds []float64, people int64, end int32) SessionPoint {
		p.Median, p.P95, p.People, p.Complete = nearest(seconds, 0.5), nearest(seconds, 0.95), people, end <= today
		return p
	}
	for i := range sums {
		total.merge(&sums[i])
	}
	var other sync.WaitGroup
	all := slices.Concat(lasted...)
	other.Go(func() {
		out.Total = finish(total.point(millisOf(starts[0])), all, everybody, end)
		out.Distribution = distributionOf(all)
	})
	for i, at := range starts {
		out.Points[i] = finish(sums[i].point(millisOf(at)), lasted[i], people[i], period.next(at))
	}
	other.Wait()
	if standing {
		out.Notes = unkept(out.Notes, "applications")
	}
	return out, nil
}

// periodAt is the index of the period that a day lies in, -1 before the first.
func periodAt(starts []int32, day int32) int {
	i, found := slices.BinarySearch(starts, day)
	if found {
		return i
	}
	return i - 1
}

// People counts a cohort: who did all of some things and none of others.
func (r *Room) People(ctx context.Context, q PeopleQuestion) (People, error) {
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return People{}, err
	}
	did, err := compiled(q.Did, "did")
	if err != nil {
		return People{}, err
	}
	not, err := compiled(q.Not, "not")
	if err != nil {
		return People{}, err
	}
	out := People{Notes: notes(nil)}
	scan := rowstore.Scan{Table: rowstore.Events, Between: rowstore.Between{From: from, To: to}, Where: q.Where, Fields: needs(nil)}
	type marks struct{ did, not uint32 }
	if len(did) > 32 || len(not) > 32 {
		return People{}, tooMany("conditions", 32)
	}
	var of [walkers]People
	_, err = walk(ctx, r, nil, scan, func(part int) walker[marks] {
		c := &of[part]
		return walker[marks]{tell: []rowstore.Teller{tested(did, q.Did), tested(not, q.Not)}, take: func(row *rowstore.Row) (marks, bool) {
			return marks{row.Told[0], row.Told[1]}, true
		}, each: func(ms []marks) {
			var sum marks
			for _, m := range ms {
				sum.did, sum.not = sum.did|m.did, sum.not|m.not
			}
			c.Of++
			if sum.not == 0 && uint64(sum.did) == 1<<len(did)-1 {
				c.People++
			}
		}}
	})
	for _, c := range of {
		out.People, out.Of = out.People+c.People, out.Of+c.Of
	}
	out.Share = share(float64(out.People), float64(out.Of))
	return out, err
}
