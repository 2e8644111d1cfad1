package usage

import (
	"hash/maphash"
	"maps"
	"math/bits"
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

// slot is the spans that came in at about the same time. They are found by tables that are made when somebody looks: most
// spans are of no interest to others.
type slot struct {
	spans []passage
	own   []int32 // spans by their id: 1 more than their number, 0 is free; a power of two of them
	up    []int32 // those that took a call, as server or consumer, by the id of the caller
	done  int     // so many spans are in the tables
}

func newJoiner() *joiner {
	return &joiner{hashing: hashing{maphash.MakeSeed()}, places: newPlaces(), slots: map[int64]*slot{}, booked: -1, minutes: map[int64]*traffic{}, hours: map[int64]*traffic{}}
}

// index brings the tables up to date.
func (s *slot) index(h hashing) {
	if need := 2 * len(s.spans); need > len(s.own) {
		size := 1 << bits.Len(uint(need))
		s.own, s.up, s.done = make([]int32, size), make([]int32, size), 0
	}
	for ; s.done < len(s.spans); s.done++ {
		x := &s.spans[s.done]
		*s.place(s.own, h, x.trace, x.span, false) = int32(s.done + 1)
		if x.took() && x.parent != 0 {
			*s.place(s.up, h, x.trace, x.parent, true) = int32(s.done + 1)
		}
	}
}

// place returns where a table has a span of a trace, by the span's own id or by its caller's, or where it would have it.
func (s *slot) place(table []int32, h hashing, trace rowstore.TraceID, id rowstore.SpanID, caller bool) *int32 {
	mask := uint64(len(table) - 1)
	for i := h.of(trace, id) & mask; ; i = (i + 1) & mask {
		if table[i] == 0 {
			return &table[i]
		}
		x := &s.spans[table[i]-1]
		if x.trace == trace && (!caller && x.span == id || caller && x.parent == id) {
			return &table[i]
		}
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
		s = &slot{}
		j.slots[at] = s
	}
	s.spans = append(s.spans, x)
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
	wanted := x.parent != 0 && x.parent != x.span
	if !wanted && x.leaf == 0 {
		return nil, false
	}
	for _, d := range []int64{0, 1, -1, 2, -2} {
		s := j.slots[k+d]
		if s == nil || len(s.spans) == 0 {
			continue
		}
		s.index(j.hashing)
		if parent == nil && wanted {
			if i := *s.place(s.own, j.hashing, x.trace, x.parent, false); i > 0 {
				parent = &s.spans[i-1]
			}
		}
		answered = answered || x.leaf != 0 && *s.place(s.up, j.hashing, x.trace, x.span, true) > 0
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
