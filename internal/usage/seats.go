package usage

// seat is the sessions of one person within one slice that an event may still reach.
type seat struct {
	key   uint64 // slice and person
	last  Session
	older *[]Session // those before last, by time; never changed, only replaced; nil: none
}

// seats lie in one array, so that a checkpoint can copy them in one go and write them down while others are counted.
type seats struct {
	at   map[uint64]uint32
	list []seat
}

func newSeats() seats { return seats{at: map[uint64]uint32{}} }

// of returns a seat, good until the next add or drop, or nil.
func (s *seats) of(key uint64) *seat {
	if i, ok := s.at[key]; ok {
		return &s.list[i]
	}
	return nil
}

func (s *seats) add(x seat) {
	s.at[x.key] = uint32(len(s.list))
	s.list = append(s.list, x)
}

func (s *seats) drop(key uint64) {
	i, ok := s.at[key]
	if !ok {
		return
	}
	end := len(s.list) - 1
	s.list[i] = s.list[end]
	s.at[s.list[i].key] = i
	s.list[end] = seat{}
	s.list = s.list[:end]
	delete(s.at, key)
}

// writeSeats writes seats that were copied.
func writeSeats(e *encoder, list []seat) {
	one := func(x Session) {
		e.int(x.First)
		e.uint(uint64(x.Last - x.First))
		e.uint(uint64(x.Actions)<<3 | uint64(x.Views)<<1 | uint64(x.Acts))
	}
	e.uint(uint64(len(list)))
	for i := range list {
		x := &list[i]
		e.uint(x.key)
		one(x.last)
		if x.older == nil {
			e.uint(0)
			continue
		}
		e.uint(uint64(len(*x.older)))
		for _, y := range *x.older {
			one(y)
		}
	}
}

func readSeats(d *decoder) seats {
	one := func() (x Session) {
		x.First = d.int()
		x.Last = x.First + int64(d.uint())
		v := d.uint()
		x.Actions, x.Views, x.Acts = uint32(v>>3), uint8(v>>1&3), uint8(v&1)
		return x
	}
	s := newSeats()
	for range d.len() {
		x := seat{key: d.uint(), last: one()}
		if k := d.len(); k > 0 {
			older := make([]Session, 0, k)
			for range k {
				older = append(older, one())
			}
			x.older = &older
		}
		s.add(x)
	}
	return s
}
