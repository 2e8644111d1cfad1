package usage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// maxNames bounds the names of a kind of feature in an answer from the rows.
const maxNames = 20_000

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
	apps, weights := map[App]bool{}, make([]float64, len(starts))
	spans := []int32{1, 7, 30}
	scan := rowstore.Scan{Table: rowstore.Events, Where: q.expr(), Fields: needs(nil, "service", "env", "agency", "weight")}
	scan.To = millisOf(max(end, last+1)) * 1000 // from the beginning: who is new is known from everything before
	_, err = walk(ctx, r.opt.Rows, scan, func(row *rowstore.Row) (int32, bool) {
		a := App{row.Service, row.Env, row.Agency}
		if q.See != nil && !q.See(a) {
			return 0, false
		}
		d := dayOf(row.Time)
		if i := periodAt(starts, d); i >= 0 && d < end {
			weights[i] += float64(row.Weight)
		}
		if !apps[a] {
			apps[App{strings.Clone(a.Service), strings.Clone(a.Env), strings.Clone(a.Agency)}] = true
		}
		return d, true
	}, func(days []int32) {
		seen, counted := -1, [3]bool{}
		for k, d := range days {
			if i := periodAt(starts, d); i >= 0 && d < end {
				if i != seen {
					out.Points[i].People++
				}
				if k == 0 {
					out.Points[i].New++
				}
				seen = i
			}
			for j, n := range spans {
				counted[j] = counted[j] || d > last-n && d <= last
			}
		}
		for j, n := range []*int64{&out.Day, &out.Week, &out.Month} {
			if counted[j] {
				*n++
			}
		}
	})
	if err != nil {
		return Actives{}, err
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
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where), Fields: needs([]rowstore.Expr{q.Where}, append(q.looks(), "name", "status")...)}
	scan.Between = rowstore.Between{From: from - sessionCap, To: to + sessionCap}
	sums, lasted, people := make([]tally, len(starts)), make([][]float64, len(starts)), make([]int64, len(starts))
	everybody := int64(0)
	_, err = walk(ctx, r.opt.Rows, scan, func(row *rowstore.Row) (Act, bool) { return r.words.act(row), q.sees(row) }, func(acts []Act) {
		any, last := false, -1
		for _, a := range acts { // in order of time
			if i := periodAt(starts, dayOf(a.Time)); i >= 0 && a.Time < to {
				any = true
				if i != last {
					people[i]++
					last = i
				}
			}
		}
		if any {
			everybody++
		}
		for _, s := range Split(acts) {
			if i := periodAt(starts, dayOf(s.First)); i >= 0 && s.First < to {
				sums[i].add(s, 1)
				lasted[i] = append(lasted[i], s.Seconds())
			}
		}
	})
	if err != nil {
		return Sessions{}, err
	}
	today := dayOf(now.UnixMicro())
	out := Sessions{Period: period, Points: make([]SessionPoint, len(starts)), Notes: notes(nil)}
	var total tally
	finish := func(p SessionPoint, seconds []float64, people int64, end int32) SessionPoint {
		slices.Sort(seconds)
		p.Median, p.P95, p.People, p.Complete = nearest(seconds, 0.5), nearest(seconds, 0.95), people, end <= today
		return p
	}
	for i, at := range starts {
		total.merge(&sums[i])
		out.Points[i] = finish(sums[i].point(millisOf(at)), lasted[i], people[i], period.next(at))
	}
	out.Total = finish(total.point(millisOf(starts[0])), slices.Concat(lasted...), everybody, end)
	out.Distribution = total.distribution()
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
		g.begin, g.back = append(g.begin, roaring.New()), append(g.back, roaring.New())
		if period.next(at) <= today {
			g.complete++
		}
	}
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where, rowstore.Any(q.Start, q.Return)), Fields: needs([]rowstore.Expr{q.Where, q.Start, q.Return}, q.looks()...)}
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
	number := uint32(0)
	_, err = walk(ctx, r.opt.Rows, scan, func(row *rowstore.Row) (visit, bool) {
		v := visit{dayOf(row.Time), tests[0](row), tests[1](row)}
		return v, q.sees(row) && (v.start || v.back)
	}, func(vs []visit) {
		began := false
		for _, v := range vs {
			i := periodAt(g.starts, v.day)
			if v.start && (q.Recurring || !began) {
				began = true
				if i >= 0 {
					g.begin[i].Add(number)
				}
			}
			if v.back && i >= 0 {
				g.back[i].Add(number)
			}
		}
		number++
	})
	if err != nil {
		return Retention{}, err
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

// Adoption answers from what is kept or, with a filter, from the rows.
func (r *Room) Adoption(ctx context.Context, q AdoptionQuestion) (Adoption, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return Adoption{}, err
	}
	days, end, err := Day.span(q.Range, r.opt.Now())
	if err != nil {
		return Adoption{}, err
	}
	standing := q.Where.IsEverything() && !q.AdHoc
	missing := r.missing(q, kind, days[0])
	if standing && missing == "" {
		return r.adoption(q)
	}
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where), Fields: needs([]rowstore.Expr{q.Where}, append(q.looks(), "release", "weight", map[byte]string{'e': "name", 'r': "route", 'l': "release"}[kind])...)}
	scan.Between = rowstore.Between{From: millisOf(days[0]) * 1000, To: millisOf(end) * 1000}
	m := newMeasure(days)
	names := map[string]string{}
	keep := func(s string) string { // one copy of each name
		if k, ok := names[s]; ok {
			return k
		}
		k := string([]byte(s))
		names[k] = k
		return k
	}
	type use struct {
		day           int
		name, release string
	}
	number, crowded := uint32(0), false
	_, err = walk(ctx, r.opt.Rows, scan, func(row *rowstore.Row) (use, bool) {
		name := row.Name
		switch kind {
		case 'r':
			name = row.Route
		case 'l':
			name = row.Release
		}
		if !q.sees(row) {
			return use{}, false
		}
		if len(q.Names) > 0 && !slices.Contains(q.Names, name) {
			name = ""
		}
		u := use{periodAt(days, dayOf(row.Time)), keep(name), keep(row.Release)}
		if u.name != "" {
			if m.features[u.name] == nil {
				if len(m.features) == maxNames {
					crowded = true
					return use{}, false
				}
				m.add(u.name, u.day, roaring.New(), 0, 0)
			}
			m.features[u.name].events += float64(row.Weight)
		}
		return u, true
	}, func(us []use) {
		for _, u := range us {
			m.actives[u.day].Add(number)
			if u.name != "" {
				f := m.features[u.name]
				if f.people[u.day] == nil {
					f.people[u.day] = roaring.New()
				}
				f.people[u.day].Add(number)
			}
			if u.release != "" {
				if m.releases[u.release] == nil || m.releases[u.release][u.day] == nil {
					m.release(u.release, u.day, roaring.New())
				}
				m.releases[u.release][u.day].Add(number)
			}
		}
		number++
	})
	if err != nil {
		return Adoption{}, err
	}
	switch {
	case crowded && standing:
		out, err := r.adoption(q)
		out.Notes = append(out.Notes, fmt.Sprintf("There are more than %d names; only those that came first are counted.", maxNames))
		return out, err
	case crowded:
		return Adoption{}, fault.New(fault.TooLarge, "the range holds more than %d names of %ss", maxNames, cmp.Or(q.Kind, "event")).Hint("Take a shorter range or a narrower filter.")
	}
	out := m.answer(q)
	out.Actives = int64(number)
	for i := range out.Features {
		out.Features[i].Share = share(float64(*out.Features[i].People), float64(number))
	}
	if standing {
		out.Notes = unkept(out.Notes, missing)
	}
	return out, nil
}

// missing says what is not kept of what a question wants: applications or names, or nothing.
func (r *Room) missing(q AdoptionQuestion, kind byte, first int32) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	switch {
	case s.beyondApps.since(first, q.chooses): // names are kept by application, even for everything
		return "applications"
	case s.lacksNames(q.Scope, kind, first), q.Releases && s.lacksNames(q.Scope, 'l', first):
		return "names"
	}
	return ""
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
	all := slices.Concat(q.Did, q.Not, []rowstore.Expr{q.Where})
	scan := rowstore.Scan{Table: rowstore.Events, Between: rowstore.Between{From: from, To: to}, Where: q.Where, Fields: needs(all)}
	type marks struct{ did, not uint64 }
	if len(did) > 64 || len(not) > 64 {
		return People{}, tooMany("conditions", 64)
	}
	_, err = walk(ctx, r.opt.Rows, scan, func(row *rowstore.Row) (m marks, ok bool) {
		for i, f := range did {
			if f(row) {
				m.did |= 1 << i
			}
		}
		for i, f := range not {
			if f(row) {
				m.not |= 1 << i
			}
		}
		return m, true
	}, func(ms []marks) {
		var sum marks
		for _, m := range ms {
			sum.did, sum.not = sum.did|m.did, sum.not|m.not
		}
		out.Of++
		if sum.not == 0 && sum.did == 1<<len(did)-1 {
			out.People++
		}
	})
	out.Share = share(float64(out.People), float64(out.Of))
	return out, err
}
