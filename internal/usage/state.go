package usage

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// slice is a choice of applications that sessions are kept for: the labels of App that mask names, the others being any.
type slice struct {
	App
	mask uint8 // bits: service, env, agency
}

const (
	byService = 1 << iota
	byEnv
	byAgency
	byAll = byService | byEnv | byAgency
)

func (a App) masked(mask uint8) slice {
	s := slice{mask: mask}
	if mask&byService != 0 {
		s.Service = a.Service
	}
	if mask&byEnv != 0 {
		s.Env = a.Env
	}
	if mask&byAgency != 0 {
		s.Agency = a.Agency
	}
	return s
}

// maskOf names the labels that a scope states.
func maskOf(a App) (mask uint8) {
	if a.Service != "" {
		mask |= byService
	}
	if a.Env != "" {
		mask |= byEnv
	}
	if a.Agency != "" {
		mask |= byAgency
	}
	return mask
}

// feature is one thing whose use is counted. Kind is 'e' event, 'r' route or 'l' release.
type feature struct {
	app  uint16 // slice of the application
	kind byte
	name string
}

// day is what is kept of one UTC day.
type day struct {
	sets     map[uint16]*daySet // by slice: everything, and each application
	sessions map[uint16]*tally  // by slice, of sessions that began that day
	features map[uint32]*featureDay
	dirty    bool
	version  uint64 // changes with the sets of active people
}

type daySet struct {
	active, fresh *roaring.Bitmap // fresh: seen for the first time ever
	events        float64
}

type featureDay struct {
	people *roaring.Bitmap // nil when settled
	count  uint64          // people, once settled
	events float64
}

// state is the standing numbers about people. All of it is guarded by the room's lock.
type state struct {
	people
	slices   []slice // 0 is everything
	sliceOf  map[slice]uint16
	ofApp    map[App][]uint16 // slices that an application's events belong to, its own first
	masks    []uint8
	features []feature
	feature  map[feature]uint32
	days     map[int32]*day
	ever     map[uint16]*roaring.Bitmap // by slice as in day.sets
	live     seats                      // sessions by slice and person
	newest   int32                      // newest day

	late        float64 // events that came too late for sessions
	appsBeyond  float64 // events of applications beyond the bound
	featsBeyond float64
	tablesDirty bool
	everDirty   map[uint16]bool
	evicted     int64 // clock of the last eviction

	measured   [2]lengthBucket
	unions     map[unionKey]union
	lastDay    int32
	lastDayOf  *day
	lastApp    App
	lastSlices []uint16
}

const (
	maxSlices       = 256
	maxFeatureNames = 1000             // per kind
	exactDays       = 35               // days for which the people of a feature are kept one by one
	lateFor         = 2 * dayMicros    // how late an event may come and still take part in sessions
	slack           = 5 * 60 * 1000000 // microseconds between being received and being seen, at most
)

func newState(mostPeople int) *state {
	s := &state{people: newPeople(mostPeople), sliceOf: map[slice]uint16{}, ofApp: map[App][]uint16{}, feature: map[feature]uint32{},
		masks: []uint8{byService, byEnv, byAgency, byEnv | byAgency},
		days:  map[int32]*day{}, ever: map[uint16]*roaring.Bitmap{}, live: newSeats(), everDirty: map[uint16]bool{}, unions: map[unionKey]union{}}
	s.addSlice(slice{})
	return s
}

func (s *state) addSlice(x slice) uint16 {
	if n, ok := s.sliceOf[x]; ok {
		return n
	}
	n := uint16(len(s.slices))
	s.slices = append(s.slices, x)
	s.sliceOf[x] = n
	if x.mask == 0 || x.mask == byAll {
		s.ever[n] = roaring.New()
	}
	s.tablesDirty = true
	return n
}

// slicesOf returns the slices of an application, its own first. Beyond the bound there is only everything.
func (s *state) slicesOf(a App) []uint16 {
	if a == s.lastApp && s.lastSlices != nil {
		return s.lastSlices
	}
	ids, ok := s.ofApp[a]
	if !ok {
		if len(s.slices)+len(s.masks)+1 > maxSlices {
			s.appsBeyond++
			return nil
		}
		a = App{strings.Clone(a.Service), strings.Clone(a.Env), strings.Clone(a.Agency)}
		ids = s.enlist(a)
	}
	s.lastApp, s.lastSlices = s.slices[ids[0]].App, ids // not a: its strings are the batch's
	return ids
}

func (s *state) enlist(a App) []uint16 {
	ids := []uint16{s.addSlice(a.masked(byAll)), 0}
	for _, m := range s.masks {
		if maskOf(a)&m == m { // nobody chooses by an empty label
			ids = append(ids, s.addSlice(a.masked(m)))
		}
	}
	s.ofApp[a] = ids
	return ids
}

func (s *state) day(d int32) *day {
	if s.lastDayOf != nil && s.lastDay == d {
		return s.lastDayOf
	}
	x := s.days[d]
	if x == nil {
		x = &day{sets: map[uint16]*daySet{}, sessions: map[uint16]*tally{}, features: map[uint32]*featureDay{}}
		s.days[d] = x
		s.newest = max(s.newest, d)
	}
	s.lastDay, s.lastDayOf = d, x
	return x
}

func (d *day) set(slice uint16) *daySet {
	x := d.sets[slice]
	if x == nil {
		x = &daySet{active: roaring.New(), fresh: roaring.New()}
		d.sets[slice] = x
	}
	return x
}

func (s *state) featureOf(f feature) (uint32, bool) {
	if n, ok := s.feature[f]; ok {
		return n, true
	}
	kind := 0
	for _, x := range s.features {
		if x.kind == f.kind {
			kind++
		}
	}
	if kind >= maxFeatureNames {
		s.featsBeyond++
		return 0, false
	}
	f.name = strings.Clone(f.name)
	n := uint32(len(s.features))
	for i, x := range s.features {
		if x.kind == 0 { // given up
			n = uint32(i)
		}
	}
	if int(n) == len(s.features) {
		s.features = append(s.features, f)
	}
	s.features[n] = f
	s.feature[f] = n
	s.tablesDirty = true
	return n, true
}

func newFeatureDay() *featureDay { return &featureDay{people: roaring.New()} }
