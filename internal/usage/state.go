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
	slices       []slice // 0 is everything
	sliceOf      map[slice]uint16
	ofApp        map[App][]uint16 // slices that an application's events belong to, its own first
	masks        []uint8
	features     []feature
	feature      map[feature]uint32
	freeFeatures []uint32
	days         map[int32]*day
	ever         map[uint16]*roaring.Bitmap // by slice as in day.sets
	live         seats                      // sessions by slice and person
	newest       int32                      // newest day

	late        float64 // events that came too late for sessions
	appsBeyond  float64 // events of applications beyond the bound
	featsBeyond float64
	beyondApps  beyond          // the applications beyond the bound
	beyondNames beyond          // applications with names beyond the bound; an App's kind stands in front of its service
	named       map[byte]int    // names by kind
	namedOf     map[feature]int // names by application and kind
	tablesDirty bool
	everDirty   map[uint16]bool
	evicted     int64 // clock of the last eviction
	mostSlices  int
	unlisted    bool // read from files that do not say what is beyond

	measured   [2]lengthBucket
	unions     map[unionKey]union
	lastDay    int32
	lastDayOf  *day
	lastApp    App
	lastSlices []uint16
}

const (
	maxSlices       = 1024
	maxFeatureNames = 5000             // per kind
	maxNamesOfApp   = 1000             // per kind and application
	exactDays       = 35               // days for which the people of a feature are kept one by one
	lateFor         = 2 * dayMicros    // how late an event may come and still take part in sessions
	slack           = 5 * 60 * 1000000 // microseconds between being received and being seen, at most
)

func newState(mostPeople int) *state {
	s := &state{people: newPeople(mostPeople), sliceOf: map[slice]uint16{}, ofApp: map[App][]uint16{}, feature: map[feature]uint32{},
		masks:      []uint8{byService, byEnv, byAgency, byEnv | byAgency},
		beyondApps: newBeyond(), beyondNames: newBeyond(), named: map[byte]int{}, namedOf: map[feature]int{}, mostSlices: maxSlices,
		days: map[int32]*day{}, ever: map[uint16]*roaring.Bitmap{}, live: newSeats(), everDirty: map[uint16]bool{}, unions: map[unionKey]union{}}
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

// slicesOf returns the slices of an application, its own first. Beyond the bound there is only everything; d is the day of the
// event that is counted so.
func (s *state) slicesOf(a App, d int32) []uint16 {
	if a == s.lastApp && s.lastSlices != nil {
		return s.lastSlices
	}
	ids, ok := s.ofApp[a]
	if !ok {
		// Who was turned away once stays so: a part of its events would pass for all of them.
		if len(s.slices)+len(s.masks)+1 > s.mostSlices || s.beyondApps.has(a) {
			s.appsBeyond++
			s.tablesDirty = s.beyondApps.add(a, d) || s.tablesDirty
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

// featureOf returns the number of a feature, used on day d; ok is false where there is no room for it.
func (s *state) featureOf(f feature, d int32) (n uint32, ok bool) {
	if n, ok := s.feature[f]; ok {
		return n, true
	}
	if s.named[f.kind] >= maxFeatureNames || s.namedOf[feature{f.app, f.kind, ""}] >= maxNamesOfApp {
		s.featsBeyond++
		s.tablesDirty = s.beyondNames.add(s.slices[f.app].App.of(f.kind), d) || s.tablesDirty
		return 0, false
	}
	f.name = strings.Clone(f.name)
	if k := len(s.freeFeatures); k > 0 {
		n, s.freeFeatures = s.freeFeatures[k-1], s.freeFeatures[:k-1]
		s.features[n] = f
	} else {
		n = uint32(len(s.features))
		s.features = append(s.features, f)
	}
	s.admit(f, n)
	s.tablesDirty = true
	return n, true
}

// admit makes a feature known by its number.
func (s *state) admit(f feature, n uint32) {
	s.feature[f] = n
	s.named[f.kind]++
	s.namedOf[feature{f.app, f.kind, ""}]++
}

// giveUp forgets a feature of no day.
func (s *state) giveUp(f feature, n uint32) {
	delete(s.feature, f)
	s.named[f.kind]--
	s.namedOf[feature{f.app, f.kind, ""}]--
	s.features[n] = feature{}
	s.freeFeatures = append(s.freeFeatures, n)
	s.tablesDirty = true
}

func newFeatureDay() *featureDay { return &featureDay{people: roaring.New()} }
