package usage

import (
	"cmp"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// choice is what a scope means for the standing numbers: the slices whose sets of people together are it, and the slices
// whose sessions are.
type choice struct {
	sets     []uint16
	sessions []uint16
	apps     []App
	notes    []string
}

// choose finds the slices of a scope. Sets of people join exactly, whatever is chosen. Sessions are kept for everything, per
// application and for the labels of state.masks; for another choice those of the applications are added up.
func (s *state) choose(q Scope) (c choice) {
	if ids, ok := s.ofApp[q.App]; ok && maskOf(q.App) == byAll && q.chooses(q.App) {
		return choice{sets: ids[:1:1], sessions: ids[:1:1], apps: []App{q.App}}
	}
	for a, ids := range s.ofApp {
		if q.chooses(a) {
			c.sets = append(c.sets, ids[0])
			c.apps = append(c.apps, a)
		}
	}
	slices.Sort(c.sets)
	slices.SortFunc(c.apps, App.compare)
	all := len(c.sets) == len(s.ofApp)
	switch id, kept := s.sliceOf[q.App.masked(maskOf(q.App))]; {
	case q.App == (App{}) && q.See == nil || all && s.appsBeyond == 0 && q.App == (App{}):
		c.sets, c.sessions = []uint16{0}, []uint16{0}
	case len(c.sets) == 1:
		c.sessions = c.sets
	case kept && maskOf(q.App) != 0 && (q.See == nil || s.seesAll(q)):
		c.sessions = []uint16{id}
	default:
		c.sessions = c.sets
		if len(c.sets) > 1 {
			c.notes = append(c.notes, "A session that touched several of these applications counts once in each; ask the rows for exact sessions.")
		}
	}
	return c
}

func (a App) compare(b App) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Env, b.Env), cmp.Compare(a.Agency, b.Agency))
}

// seesAll reports whether the asker may see every application that the scope's labels choose.
func (s *state) seesAll(q Scope) bool {
	for a := range s.ofApp {
		if a.masked(maskOf(q.App)).App == q.App && !q.See(a) {
			return false
		}
	}
	return true
}

// unionKey names the people of one slice who were active on some days; union is them, as long as the days' versions still
// add up to what they did.
type unionKey struct {
	slice      uint16
	first, end int32
}

type union struct {
	people  *roaring.Bitmap
	version uint64
}

const maxUnions = 128

// active is who was active on the days from first to before end. Unions of many days are remembered: of a past week or month
// nothing changes any more.
func (s *state) active(sets []uint16, first, end int32) *roaring.Bitmap {
	if len(sets) != 1 || end-first < 2 {
		return s.joinActive(sets, first, end)
	}
	key, version := unionKey{sets[0], first, end}, uint64(0)
	for d := first; d < end; d++ {
		if x := s.days[d]; x != nil {
			version += x.version<<1 + 1 // a day that comes or goes changes it, too
		}
	}
	if u, ok := s.unions[key]; ok && u.version == version {
		return u.people
	}
	if len(s.unions) >= maxUnions {
		clear(s.unions)
	}
	u := union{s.joinActive(sets, first, end), version}
	s.unions[key] = u
	return u.people
}

func (s *state) joinActive(sets []uint16, first, end int32) *roaring.Bitmap {
	return s.join(sets, first, end, func(x *daySet) *roaring.Bitmap { return x.active })
}

func (s *state) join(sets []uint16, first, end int32, pick func(*daySet) *roaring.Bitmap) *roaring.Bitmap {
	var all []*roaring.Bitmap
	for d := first; d < end; d++ {
		x := s.days[d]
		if x == nil {
			continue
		}
		for _, id := range sets {
			if set := x.sets[id]; set != nil {
				all = append(all, pick(set))
			}
		}
	}
	switch len(all) {
	case 0:
		return roaring.New()
	case 1:
		return all[0] // not to be changed
	}
	return roaring.FastOr(all...)
}

// fresh is who was seen for the first time ever, by period. Over several applications the first sight in any of them counts.
func (s *state) fresh(sets []uint16, starts []int32, end int32) []*roaring.Bitmap {
	out := make([]*roaring.Bitmap, len(starts))
	var before *roaring.Bitmap
	if len(sets) > 1 {
		before = roaring.New()
		for _, id := range sets {
			known := s.ever[id].Clone()
			known.AndNot(s.join([]uint16{id}, starts[0], s.newest+1, func(x *daySet) *roaring.Bitmap { return x.fresh }))
			before.Or(known)
		}
	}
	for i, at := range starts {
		to := end
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		out[i] = s.join(sets, at, to, func(x *daySet) *roaring.Bitmap { return x.fresh })
		if before != nil {
			out[i] = roaring.AndNot(out[i], before)
			before.Or(out[i])
		}
	}
	return out
}

func (s *state) events(sets []uint16, first, end int32) (n float64) {
	for d := first; d < end; d++ {
		if x := s.days[d]; x != nil {
			for _, id := range sets {
				if set := x.sets[id]; set != nil {
					n += set.events
				}
			}
		}
	}
	return n
}
