package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// maxNames bounds the names of a kind of feature in an answer from the rows, and maxNumbered those that are looked at for it: an
// answer may be about a few applications of many.
const (
	maxNames    = 20_000
	maxNumbered = 50 * maxNames
)

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
	scan := rowstore.Scan{Table: rowstore.Events, Where: rowstore.All(q.expr(), q.Where), Fields: needs(nil, "weight")}
	scan.Between = rowstore.Between{From: millisOf(days[0]) * 1000, To: millisOf(end) * 1000}
	var of [walkers]*gatherer
	_, err = walk(ctx, r, q.See, scan, func(part int) walker[use] {
		c := newGatherer(days, uint32(part), q.Names)
		of[part] = c
		tell := []rowstore.Teller{c.names.teller(map[byte]string{'e': "name", 'r': "route", 'l': "release"}[kind]), c.shipped.teller("release")}
		return walker[use]{tell: tell, take: c.take, each: c.person}
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

// use is one event as adoption sees it: of a feature, with a release, by their numbers; 0 is none.
type use struct {
	day              int
	feature, release uint32
}

// numbered numbers the values of a field from 1; 0 is no value, or one that is not wanted.
type numbered struct {
	only  []string // that are wanted; all if none
	texts []string
	of    map[string]uint32
}

func (n *numbered) teller(field string) rowstore.Teller {
	return rowstore.Teller{Fields: []string{field}, Of: func(r *rowstore.Row) uint32 {
		text := r.Get(field)
		if text == "" || len(n.only) > 0 && !slices.Contains(n.only, text) {
			return 0
		}
		number, known := n.of[text]
		if !known {
			if len(n.texts) == maxNumbered {
				return maxNumbered + 1
			}
			text = strings.Clone(text)
			n.texts = append(n.texts, text)
			number = uint32(len(n.texts))
			n.of[text] = number
		}
		return number
	}}
}

// gatherer measures adoption from the rows of one part of the people.
type gatherer struct {
	*measure
	find     finder
	number   uint32 // of the next person
	people   int64
	crowded  bool
	names    *numbered // of features
	shipped  *numbered // releases
	features []*used   // by number
	releases [][]*roaring.Bitmap
}

func newGatherer(days []int32, number uint32, names []string) *gatherer {
	m := newMeasure(days)
	return &gatherer{measure: m, find: newFinder(days), number: number, names: &numbered{only: names, of: map[string]uint32{}}, shipped: &numbered{of: map[string]uint32{}}}
}

// take counts an event of a feature.
func (g *gatherer) take(row *rowstore.Row) (use, bool) {
	u := use{g.find.of(dayOf(row.Time)), row.Told[0], row.Told[1]}
	if max(u.feature, u.release) > maxNumbered || len(g.measure.features) > maxNames || len(g.measure.releases) > maxNames {
		g.crowded = true
		return use{}, false
	}
	if n := u.feature; n > 0 {
		g.features = grown(g.features, n)
		if g.features[n] == nil {
			g.features[n] = &used{people: make([]*roaring.Bitmap, len(g.days)), settled: make([]uint64, len(g.days)), last: make([]uint32, len(g.days))}
			g.measure.features[g.names.texts[n-1]] = g.features[n]
		}
		g.features[n].events += float64(row.Weight)
	}
	if n := u.release; n > 0 {
		g.releases = grown(g.releases, n)
		if g.releases[n] == nil {
			g.releases[n] = make([]*roaring.Bitmap, len(g.days))
			g.measure.releases[g.shipped.texts[n-1]] = g.releases[n]
		}
	}
	return u, true
}

// grown is a list that has a place n.
func grown[T any](list []T, n uint32) []T {
	return append(list, make([]T, max(0, int(n)+1-len(list)))...)
}

// person marks what one person used.
func (g *gatherer) person(us []use) {
	active := -1
	for i, u := range us { // in order of time
		if u.day != active {
			g.actives[u.day].Add(g.number)
			active = u.day
		}
		if u.feature > 0 {
			if f := g.features[u.feature]; f.last[u.day] != g.number+1 {
				f.last[u.day] = g.number + 1
				mark(f.people, u.day, g.number)
			}
		}
		if u.release > 0 && (i == 0 || us[i-1].day != u.day || us[i-1].release != u.release) {
			mark(g.releases[u.release], u.day, g.number)
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
