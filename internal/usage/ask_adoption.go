package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// maxNames bounds the names of a kind of feature in an answer from the rows.
const maxNames = 20_000

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
	var of [walkers]*gatherer
	_, err = walk(ctx, r, scan, func(part int) walker[use] {
		c, sees := newGatherer(days, uint32(part), q.Names), q.seer()
		of[part] = c
		return walker[use]{take: func(row *rowstore.Row) (use, bool) {
			if !sees(row) {
				return use{}, false
			}
			name := row.Name
			switch kind {
			case 'r':
				name = row.Route
			case 'l':
				name = row.Release
			}
			return c.take(row, name)
		}, each: c.person}
	})
	if err != nil {
		return Adoption{}, err
	}
	m, number, crowded := of[0].measure, int64(0), false
	for i, c := range of {
		number, crowded = number+c.people, crowded || c.crowded
		if i > 0 {
			m.join(c.measure)
		}
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
	out.Actives = number
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

// use is one event as adoption sees it: of a feature, with a release.
type use struct {
	day     int
	feature *used
	release []*roaring.Bitmap
}

// gatherer measures adoption from the rows of one part of the people.
type gatherer struct {
	*measure
	find     finder
	names    []string // those that are wanted; all if none
	number   uint32   // of the next person
	people   int64
	crowded  bool
	releases map[string][]*roaring.Bitmap
}

func newGatherer(days []int32, number uint32, names []string) *gatherer {
	m := newMeasure(days)
	return &gatherer{measure: m, find: newFinder(days), names: names, number: number, releases: m.releases}
}

// take counts an event of a feature.
func (g *gatherer) take(row *rowstore.Row, name string) (use, bool) {
	u := use{day: g.find.of(dayOf(row.Time))}
	if name != "" && (len(g.names) == 0 || slices.Contains(g.names, name)) {
		if u.feature = g.features[name]; u.feature == nil {
			if len(g.features) == maxNames {
				g.crowded = true
				return use{}, false
			}
			u.feature = &used{people: make([]*roaring.Bitmap, len(g.days)), settled: make([]uint64, len(g.days)), last: make([]uint32, len(g.days))}
			g.features[string([]byte(name))] = u.feature
		}
		u.feature.events += float64(row.Weight)
	}
	if row.Release != "" {
		if u.release = g.releases[row.Release]; u.release == nil {
			if len(g.releases) == maxNames {
				g.crowded = true
				return use{}, false
			}
			u.release = make([]*roaring.Bitmap, len(g.days))
			g.releases[string([]byte(row.Release))] = u.release
		}
	}
	return u, true
}

// person marks what one person used.
func (g *gatherer) person(us []use) {
	active := -1
	for i, u := range us { // in order of time
		if u.day != active {
			g.actives[u.day].Add(g.number)
			active = u.day
		}
		if f := u.feature; f != nil && f.last[u.day] != g.number+1 {
			f.last[u.day] = g.number + 1
			mark(f.people, u.day, g.number)
		}
		if u.release != nil && (i == 0 || us[i-1].day != u.day || len(us[i-1].release) == 0 || &us[i-1].release[0] != &u.release[0]) {
			mark(u.release, u.day, g.number)
		}
	}
	g.number += walkers
	g.people++
}

func mark(days []*roaring.Bitmap, day int, number uint32) {
	if days[day] == nil {
		days[day] = roaring.New()
	}
	days[day].Add(number)
}

// join adds what was measured of other people.
func (m *measure) join(o *measure) {
	both := func(into, from []*roaring.Bitmap) {
		for i, x := range from {
			switch {
			case x == nil:
			case into[i] == nil:
				into[i] = x
			default:
				into[i].Or(x)
			}
		}
	}
	both(m.actives, o.actives)
	for name, u := range o.features {
		if old := m.features[name]; old != nil {
			old.events += u.events
			both(old.people, u.people)
		} else {
			m.features[name] = u
		}
	}
	for name, days := range o.releases {
		if old := m.releases[name]; old != nil {
			both(old, days)
		} else {
			m.releases[name] = days
		}
	}
}
