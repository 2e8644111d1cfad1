package usage

func (x *day) write(e *encoder) {
	e.uint(uint64(len(x.sets)))
	for id, set := range x.sets {
		e.uint(uint64(id))
		e.set(set.active)
		e.set(set.fresh)
		e.float(set.events)
	}
	e.uint(uint64(len(x.sessions)))
	for id, t := range x.sessions {
		e.uint(uint64(id))
		for _, v := range []int64{t.sessions, t.actions, t.bounces, t.micros} {
			e.int(v)
		}
		e.spread(&t.lasted)
	}
	e.uint(uint64(len(x.features)))
	for id, f := range x.features {
		e.uint(uint64(id))
		e.float(f.events)
		if f.people == nil {
			e.uint(f.count<<1 | 1)
			continue
		}
		e.uint(0)
		e.set(f.people)
	}
}

func readDay(d *decoder) *day {
	x := &day{sets: map[uint16]*daySet{}, sessions: map[uint16]*tally{}, features: map[uint32]*featureDay{}}
	for range d.len() {
		id := uint16(d.uint())
		x.sets[id] = &daySet{d.set(), d.set(), d.float()}
	}
	for range d.len() {
		id := uint16(d.uint())
		x.sessions[id] = &tally{d.int(), d.int(), d.int(), d.int(), d.spread()}
	}
	for range d.len() {
		id := uint32(d.uint())
		f := &featureDay{events: d.float()}
		if v := d.uint(); v&1 == 1 {
			f.count = v >> 1
		} else {
			f.people = d.set()
		}
		x.features[id] = f
	}
	return x
}
