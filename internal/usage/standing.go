package usage

import (
	"fmt"
	"math"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
)

// notes makes a list that is never null.
func notes(n []string) []string {
	if n == nil {
		return []string{}
	}
	return n
}

// unkept notes why an answer is made from the rows although nobody asked for that.
func unkept(notes []string, what string) []string {
	return append(notes, "There is no room to keep the numbers of all "+what+" at hand: these are counted from the rows.")
}

// uncounted notes that there were more people than there is room for.
func (s *state) uncounted(notes []string) []string {
	if s.beyond == 0 {
		return notes
	}
	return append(notes, fmt.Sprintf("There were more than %d people; the events of the others are counted, they themselves are not.", s.most))
}

// kept reports whether what is kept can answer for a scope.
func (r *Room) kept(q Scope) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.state.lacks(q)
}

// actives answers from what is kept.
func (r *Room) actives(q ActivesQuestion) (Actives, error) {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	c := s.choose(q.Scope)
	out := Actives{Period: period, Points: make([]ActivePoint, len(starts)), Apps: slices.Concat([]App{}, c.apps), Standing: true, Notes: notes(nil)}
	for i, fresh := range s.fresh(c.sets, starts, end) {
		to := period.next(starts[i])
		out.Points[i] = ActivePoint{At: millisOf(starts[i]), People: int64(s.active(c.sets, starts[i], to).GetCardinality()), New: int64(fresh.GetCardinality()),
			Events: int64(math.Round(s.events(c.sets, starts[i], to))), Complete: to <= today}
	}
	last := min(end-1, today)
	for _, x := range []struct {
		n  *int64
		of int32
	}{{&out.Day, 1}, {&out.Week, 7}, {&out.Month, 30}} {
		*x.n = int64(s.active(c.sets, last-x.of+1, last+1).GetCardinality())
	}
	out.Stickiness = share(float64(out.Day), float64(out.Month))
	out.Notes = s.uncounted(out.Notes)
	return out, nil
}

// sessions answers from what is kept.
func (r *Room) sessions(q SessionsQuestion) (Sessions, error) {
	period, err := q.Period.valid()
	if err != nil {
		return Sessions{}, err
	}
	now := r.opt.Now()
	starts, end, err := period.span(q.Range, now)
	if err != nil {
		return Sessions{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	c := s.choose(q.Scope)
	out := Sessions{Period: period, Points: make([]SessionPoint, len(starts)), Standing: true, Notes: notes(c.notes)}
	var total tally
	for i, at := range starts {
		to, sum := period.next(at), tally{}
		for d := at; d < to; d++ {
			if x := s.days[d]; x != nil {
				for _, id := range c.sessions {
					if t := x.sessions[id]; t != nil {
						sum.merge(t)
					}
				}
			}
		}
		total.merge(&sum)
		out.Points[i] = sum.point(millisOf(at))
		out.Points[i].People = int64(s.active(c.sets, at, to).GetCardinality())
		out.Points[i].Complete = to <= dayOf(now.UnixMicro())
	}
	out.Total = total.point(millisOf(starts[0]))
	out.Total.People = int64(s.active(c.sets, starts[0], end).GetCardinality())
	out.Total.Complete = end <= dayOf(now.UnixMicro())
	out.Distribution = total.distribution()
	out.Notes = s.uncounted(out.Notes)
	return out, nil
}

// columns is how many columns a retention question wants.
func (q *RetentionQuestion) columns() (int, error) {
	switch {
	case q.Periods == 0:
		return 8, nil
	case q.Periods < 0 || q.Periods > 60:
		return 0, fault.New(fault.Invalid, "periods %d: want 1 to 60", q.Periods)
	}
	return q.Periods, nil
}

// retention answers from what is kept.
func (r *Room) retention(q RetentionQuestion) (Retention, error) {
	period, err := q.Period.valid()
	if err != nil {
		return Retention{}, err
	}
	columns, err := q.columns()
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
	for k := 0; k < columns && end <= today; k++ { // the columns of the last cohort, as far as they have begun
		g.starts = append(g.starts, end)
		end = period.next(end)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	c := s.choose(q.Scope)
	for _, at := range g.starts {
		g.back = append(g.back, s.active(c.sets, at, period.next(at)))
		if period.next(at) <= today {
			g.complete++
		}
	}
	g.begin = g.back
	if !q.Recurring {
		g.begin = s.fresh(c.sets, g.starts, end)
	}
	out := Retention{Period: period, Standing: true, Notes: notes(nil)}
	if q.OnOrAfter { // "or later" reaches to today, not only to the last column
		for end <= today {
			g.starts, end = append(g.starts, end), period.next(end)
			g.back = append(g.back, s.active(c.sets, g.starts[len(g.starts)-1], end))
		}
	}
	out.Cohorts, out.Weighted, out.Simple = g.retention(columns, q.OnOrAfter)
	out.Notes = s.uncounted(out.Notes)
	return out, nil
}

// kindOf is the letter of a kind of feature.
func kindOf(kind string) (byte, error) {
	switch kind {
	case "", "event":
		return 'e', nil
	case "route":
		return 'r', nil
	case "release":
		return 'l', nil
	}
	return 0, fault.New(fault.Invalid, "kind %q: want event, route or release", kind)
}

// adoption answers from what is kept.
func (r *Room) adoption(q AdoptionQuestion) (Adoption, error) {
	kind, err := kindOf(q.Kind)
	if err != nil {
		return Adoption{}, err
	}
	now := r.opt.Now()
	days, end, err := Day.span(q.Range, now)
	if err != nil {
		return Adoption{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	c := s.choose(q.Scope)
	apps := map[uint16]bool{}
	for _, a := range c.apps {
		apps[s.ofApp[a][0]] = true
	}
	m := newMeasure(days)
	for i, d := range days {
		x := s.days[d]
		if x == nil {
			continue
		}
		m.actives[i] = s.active(c.sets, d, d+1)
		for id, f := range x.features {
			if n := s.features[id]; n.kind == kind && apps[n.app] {
				m.add(n.name, i, f.people, f.count, f.events)
			} else if n.kind == 'l' && apps[n.app] && q.Releases {
				m.release(n.name, i, f.people)
			}
		}
	}
	out := m.answer(q)
	out.Actives, out.Standing = int64(s.active(c.sets, days[0], end).GetCardinality()), true
	for i := range out.Features {
		if p := out.Features[i].People; p != nil {
			out.Features[i].Share = share(float64(*p), float64(out.Actives))
		}
	}
	out.Notes = s.uncounted(out.Notes)
	return out, nil
}
