package usage

import (
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// words tells page views and things that merely happen from what people do.
type words struct{ views, passive map[string]bool }

func (w words) act(r *rowstore.Row) Act {
	view := w.views[r.Name]
	return Act{Time: r.Time, View: view, Interact: !view && r.Status != rowstore.StatusError && !w.passive[r.Name]}
}

// teller tells what told reads.
func (w words) teller() rowstore.Teller {
	return rowstore.Teller{Fields: []string{"name", "status"}, Of: func(r *rowstore.Row) (out uint32) {
		a := w.act(r)
		if a.View {
			out = 1
		}
		if a.Interact {
			out |= 2
		}
		return out
	}}
}

// told is act of a row about which a scan was told by teller first.
func told(r *rowstore.Row) Act {
	return Act{Time: r.Time, View: r.Told[0]&1 != 0, Interact: r.Told[0]&2 != 0}
}

// event counts one event. It keeps nothing of the row.
func (s *state) event(r *rowstore.Row, w words) {
	d := dayOf(r.Time)
	day := s.day(d)
	day.dirty = true
	ids := s.slicesOf(App{r.Service, r.Env, r.Agency}, d)
	weight := float64(r.Weight)
	n, known := s.of(r.User, r.Session)
	s.attend(day, d, 0, n, known, weight)
	if len(ids) > 0 {
		s.attend(day, d, ids[0], n, known, weight)
		s.use(day, d, feature{ids[0], 'e', r.Name}, n, known, weight)
		if r.Route != "" {
			s.use(day, d, feature{ids[0], 'r', r.Route}, n, known, weight)
		}
		if r.Release != "" {
			s.use(day, d, feature{ids[0], 'l', r.Release}, n, known, weight)
		}
	}
	if !known {
		return
	}
	if r.Received-r.Time > lateFor {
		s.late++
		return
	}
	a := w.act(r)
	if len(ids) == 0 {
		s.sit(0, n, a)
	}
	for _, id := range ids {
		s.sit(id, n, a)
	}
}

// attend marks somebody as active.
func (s *state) attend(day *day, d int32, slice uint16, n uint32, known bool, weight float64) {
	set := day.set(slice)
	set.events += weight
	if !known || !set.active.CheckedAdd(n) {
		return
	}
	day.version++
	if s.ever[slice].CheckedAdd(n) {
		set.fresh.Add(n)
		s.everDirty[slice] = true
		return
	}
	for later := d + 1; later <= s.newest; later++ { // a late event may come from before the first day that is known
		if x := s.days[later]; x != nil && x.sets[slice] != nil && x.sets[slice].fresh.CheckedRemove(n) {
			x.dirty = true
			set.fresh.Add(n)
			return
		}
	}
}

func (s *state) use(day *day, d int32, f feature, n uint32, known bool, weight float64) {
	if f.name == "" {
		return
	}
	id, ok := s.featureOf(f, d)
	if !ok {
		return
	}
	x := day.features[id]
	if x == nil {
		x = newFeatureDay()
		day.features[id] = x
	}
	x.events += weight
	if known && x.people != nil {
		x.people.Add(n)
	}
}

// sit adds an event to the sessions of a person within a slice, and corrects the days' tallies by what that changed.
func (s *state) sit(slice uint16, n uint32, a Act) {
	key := uint64(slice)<<32 | uint64(n)
	x := s.live.of(key)
	if x == nil {
		s.live.add(seat{key: key, last: a.session()})
		s.count(slice, a.session(), 1)
		return
	}
	if last := x.last; a.Time >= last.Last && a.Time-last.Last < sessionGap && a.Time-last.First < sessionCap { // the usual case
		x.last = last.with(a.session())
		s.grow(slice, last, x.last)
		return
	}
	var older []Session
	if x.older != nil {
		older = *x.older
	}
	all, gone, came := insert(append(slices.Clone(older), x.last), a)
	for _, y := range gone {
		s.count(slice, y, -1)
	}
	for _, y := range came {
		s.count(slice, y, 1)
	}
	x.last, x.older = all[len(all)-1], nil
	if all = all[:len(all)-1]; len(all) > 0 {
		x.older = &all
	}
}

// grow corrects the tally of a session that goes on.
func (s *state) grow(slice uint16, was, is Session) {
	day := s.day(dayOf(is.First))
	day.dirty = true
	t := day.sessions[slice]
	t.actions += int64(is.Actions - was.Actions)
	t.micros += is.Last - was.Last
	if was.Bounce() != is.Bounce() {
		t.bounces += map[bool]int64{true: 1, false: -1}[is.Bounce()]
	}
	if a, b := s.bucket(was), s.bucket(is); a != b {
		t.lasted.addBucket(a, -1)
		t.lasted.addBucket(b, 1)
	}
}

// bucket is the bucket of a session's length. The slices of one event ask for the same two lengths again and again.
func (s *state) bucket(x Session) int {
	long := x.Last - x.First
	for _, m := range s.measured {
		if m.micros == long {
			return m.bucket
		}
	}
	s.measured[1] = s.measured[0]
	s.measured[0] = lengthBucket{long, spreadBucket(x.Seconds())}
	return s.measured[0].bucket
}

type lengthBucket struct {
	micros int64
	bucket int
}

func (s *state) count(slice uint16, x Session, sign int64) {
	day := s.day(dayOf(x.First))
	day.dirty = true
	t := day.sessions[slice]
	if t == nil {
		t = &tally{}
		day.sessions[slice] = t
	}
	t.add(x, sign)
}

// evict forgets sessions that no event can reach any more, given the newest time of arrival.
func (s *state) evict(clock int64) {
	until := clock - lateFor - sessionGap - slack
	s.evicted = clock
	for i := len(s.live.list) - 1; i >= 0; i-- {
		x := &s.live.list[i]
		if x.last.Last < until {
			s.live.drop(x.key) // the last seat takes its place: it was looked at before
			continue
		}
		if x.older == nil {
			continue
		}
		ss := *x.older
		k := 0
		for k < len(ss) && ss[k].Last < until {
			k++
		}
		if k == len(ss) {
			x.older = nil
		} else if k > 0 {
			rest := slices.Clone(ss[k:])
			x.older = &rest
		}
	}
}

// expire forgets days before first, settles the features of old ones, and forgets people and features of no day.
func (s *state) expire(first, today int32) {
	used := map[uint32]bool{}
	s.lastDayOf = nil
	for d, x := range s.days {
		if d < first {
			delete(s.days, d)
			continue
		}
		for id, f := range x.features {
			if d < today-exactDays && f.people != nil {
				f.count, f.people = f.people.GetCardinality(), nil
				x.dirty = true
			}
			used[id] = true
		}
	}
	s.tablesDirty = s.beyondApps.expire(first) || s.tablesDirty
	s.tablesDirty = s.beyondNames.expire(first) || s.tablesDirty
	for id, f := range s.features {
		if f.kind != 0 && !used[uint32(id)] {
			s.giveUp(f, uint32(id))
		}
	}
}
