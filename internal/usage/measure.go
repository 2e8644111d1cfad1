package usage

import (
	"cmp"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// measure gathers the use of features by day.
type measure struct {
	days     []int32
	actives  []*roaring.Bitmap
	features map[string]*used
	releases map[string][]*roaring.Bitmap
}

type used struct {
	people  []*roaring.Bitmap
	settled []uint64 // people of days of which only the number is kept
	events  float64
	last    []uint32 // 1 more than who used it last on a day, while rows are read
}

func newMeasure(days []int32) *measure {
	m := &measure{days: days, actives: make([]*roaring.Bitmap, len(days)), features: map[string]*used{}, releases: map[string][]*roaring.Bitmap{}}
	for i := range days {
		m.actives[i] = roaring.New()
	}
	return m
}

func (m *measure) add(name string, i int, people *roaring.Bitmap, settled uint64, events float64) {
	u := m.features[name]
	if u == nil {
		u = &used{people: make([]*roaring.Bitmap, len(m.days)), settled: make([]uint64, len(m.days))}
		m.features[name] = u
	}
	u.events += events
	switch {
	case people == nil:
		u.settled[i] += settled
	case u.people[i] == nil:
		u.people[i] = people
	default:
		u.people[i] = roaring.Or(u.people[i], people)
	}
}

func (m *measure) release(name string, i int, people *roaring.Bitmap) {
	if people == nil {
		return
	}
	if m.releases[name] == nil {
		m.releases[name] = make([]*roaring.Bitmap, len(m.days))
	}
	if old := m.releases[name][i]; old != nil {
		people = roaring.Or(old, people)
	}
	m.releases[name][i] = people
}

// answer lists the features that the question wants, the most used first.
func (m *measure) answer(q AdoptionQuestion) Adoption {
	out := Adoption{Kind: cmp.Or(q.Kind, "event"), Features: []Feature{}, Notes: notes(nil)}
	coarse := false
	for name, u := range m.features {
		if len(q.Names) > 0 && !slices.Contains(q.Names, name) {
			continue
		}
		f := Feature{Name: name, Events: int64(math.Round(u.events)), Points: make([]FeaturePoint, len(m.days)), Releases: []FeatureRelease{}}
		all, exact := roaring.New(), true
		for i, d := range m.days {
			n := u.settled[i]
			exact = exact && n == 0
			if u.people[i] != nil {
				all.Or(u.people[i])
				n += u.people[i].GetCardinality()
			}
			actives := m.actives[i].GetCardinality()
			f.Points[i] = FeaturePoint{At: millisOf(d), People: int64(n), Actives: int64(actives), Share: share(float64(n), float64(actives))}
		}
		if exact {
			n := int64(all.GetCardinality())
			f.People = &n
		}
		coarse = coarse || !exact
		out.Features = append(out.Features, f)
	}
	slices.SortFunc(out.Features, func(a, b Feature) int {
		n := func(f Feature) int64 {
			if f.People != nil {
				return *f.People
			}
			return 0
		}
		return cmp.Or(cmp.Compare(n(b), n(a)), cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})
	if top := cmp.Or(q.Top, 20); len(q.Names) == 0 && len(out.Features) > top {
		out.Features = out.Features[:top]
	}
	if q.Releases && out.Kind != "release" {
		for i := range out.Features {
			out.Features[i].Releases = m.byRelease(m.features[out.Features[i].Name])
		}
	}
	if coarse {
		out.Notes = append(out.Notes, "Days over 35 days ago have their number of people only: who they were is not kept, so there is no number of people for the whole range.")
	}
	return out
}

// byRelease is the use among the people who had a release, on the days on which they had it.
func (m *measure) byRelease(u *used) []FeatureRelease {
	out := []FeatureRelease{}
	for name, days := range m.releases {
		of, did := roaring.New(), roaring.New()
		for i, people := range days {
			if people == nil {
				continue
			}
			of.Or(people)
			if u.people[i] != nil {
				did.Or(roaring.And(people, u.people[i]))
			}
		}
		a, b := did.GetCardinality(), of.GetCardinality()
		out = append(out, FeatureRelease{Release: name, People: int64(a), Of: int64(b), Share: share(float64(a), float64(b))})
	}
	slices.SortFunc(out, func(a, b FeatureRelease) int {
		return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(a.Release, b.Release))
	})
	return out[:min(len(out), 20)]
}
