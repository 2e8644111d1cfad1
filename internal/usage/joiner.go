package usage

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	slotMicros   = int64(15_000_000) // spans are joined by slots of their arrival
	slotReach    = 2                 // a parent may arrive this many slots before or after
	maxWaiting   = 500_000           // spans that wait at most
	keepMinutes  = 180
	keepMapHours = 15 * 24
)

// joiner finds the callers of spans as they come in. A slot is counted when the two after it are over, so that a parent that
// arrives later than its child is still found; whatever is not found by then has an unknown caller. Nothing of the waiting
// spans needs to be kept over a restart: they are read again from the store.
type joiner struct {
	hashing
	places  *places
	slots   map[int64]*slot
	booked  int64 // slots up to here are counted
	waiting int
	hurried float64 // spans whose slot was counted early for lack of room
	minutes map[int64]*traffic
	hours   map[int64]*traffic
}

type slot struct {
	spans    []passage
	at       map[uint64]int32
	answered map[uint64]bool // parents whose call was taken by a server or consumer
}

func newJoiner() *joiner {
	return &joiner{hashing: hashing{maphash.MakeSeed()}, places: newPlaces(), slots: map[int64]*slot{}, booked: -1, minutes: map[int64]*traffic{}, hours: map[int64]*traffic{}}
}

func newSlot() *slot { return &slot{at: map[uint64]int32{}, answered: map[uint64]bool{}} }

func (s *slot) put(h hashing, x passage) {
	s.at[h.of(x.trace, x.span)] = int32(len(s.spans))
	s.spans = append(s.spans, x)
	if (x.kind == kindServer || x.kind == kindConsumer) && x.parent != 0 {
		s.answered[h.of(x.trace, x.parent)] = true
	}
}

// observe takes one span in. One that comes after its slot was counted joins the oldest that was not.
func (j *joiner) observe(r *rowstore.Row) {
	at := max(r.Received/slotMicros, j.booked+1)
	j.put(at, j.places.passage(r))
	for j.waiting > maxWaiting {
		oldest := slices.Min(slices.Collect(maps.Keys(j.slots)))
		for k := oldest; k <= at; k++ {
			if s := j.slots[k]; s != nil && k > j.booked {
				j.hurried += float64(len(s.spans))
				j.close(k)
				break
			}
		}
		delete(j.slots, oldest)
		j.recount()
	}
}

// recall takes a span in that was counted before a restart: only to be found.
func (j *joiner) recall(r *rowstore.Row) {
	x := j.places.passage(r)
	x.counted = true
	j.put(r.Received/slotMicros, x)
}

func (j *joiner) put(at int64, x passage) {
	s := j.slots[at]
	if s == nil {
		s = newSlot()
		j.slots[at] = s
	}
	s.put(j.hashing, x)
	j.waiting++
}

// advance counts the slots that are ripe at a time of arrival.
func (j *joiner) advance(clock int64) {
	ripe := clock/slotMicros - slotReach - 1
	for _, k := range slices.Sorted(maps.Keys(j.slots)) {
		if k <= ripe && k > j.booked {
			j.close(k)
		}
	}
	if j.booked = max(j.booked, ripe); len(j.slots) > 0 {
		maps.DeleteFunc(j.slots, func(k int64, _ *slot) bool { return k < j.booked-slotReach+1 })
		j.recount()
	}
	newest := clock / 60_000_000
	maps.DeleteFunc(j.minutes, func(m int64, _ *traffic) bool { return m < newest-keepMinutes })
	maps.DeleteFunc(j.hours, func(h int64, _ *traffic) bool { return h < newest/60-keepMapHours })
}

func (j *joiner) recount() {
	j.waiting = 0
	for _, s := range j.slots {
		j.waiting += len(s.spans)
	}
}

// close counts one slot.
func (j *joiner) close(k int64) {
	j.booked = max(j.booked, k)
	for i := range j.slots[k].spans {
		x := &j.slots[k].spans[i]
		if x.counted {
			continue
		}
		x.counted = true
		parent, answered := j.find(k, x)
		for _, in := range []struct {
			m     map[int64]*traffic
			width int64
		}{{j.minutes, 60_000_000}, {j.hours, 3_600_000_000}} {
			t := in.m[x.start/in.width]
			if t == nil {
				t = newTraffic()
				in.m[x.start/in.width] = t
			}
			t.book(x, parent, answered)
		}
	}
}

// find looks for the parent of a span, and for one who answered it, around its slot.
func (j *joiner) find(k int64, x *passage) (parent *passage, answered bool) {
	up, own := j.of(x.trace, x.parent), j.of(x.trace, x.span)
	for _, d := range []int64{0, 1, -1, 2, -2} {
		s := j.slots[k+d]
		if s == nil {
			continue
		}
		if parent == nil && x.parent != 0 && x.parent != x.span {
			if i, ok := s.at[up]; ok && s.spans[i].trace == x.trace && s.spans[i].span == x.parent {
				parent = &s.spans[i]
			}
		}
		answered = answered || x.leaf != 0 && s.answered[own]
	}
	return parent, answered
}

// between merges what is known of a range, in Unix microseconds, and says what was covered.
func (j *joiner) between(from, to, clock int64) (*traffic, int64, int64) {
	sum, width, m := newTraffic(), int64(60_000_000), j.minutes
	if from < (clock/60_000_000-keepMinutes+1)*60_000_000 {
		width, m = 3_600_000_000, j.hours
	}
	first, last := from/width, (to+width-1)/width
	for at := first; at < last; at++ {
		if t := m[at]; t != nil {
			sum.merge(t)
		}
	}
	return sum, first * width, last * width
}
