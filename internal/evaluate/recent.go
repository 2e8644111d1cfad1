package evaluate

import "github.com/signalbox/signalbox/internal/kpi"

// recent holds the newest datapoints of a group, as many as Judge looks at, in a ring: a close then touches one slot and
// not all of them.
type recent struct {
	ring []kpi.Point
	next int // where the next one goes
	size int // bound
}

func newRecent(size int) recent { return recent{size: size} }

func (r *recent) len() int { return len(r.ring) }

// push adds the newest.
func (r *recent) push(p kpi.Point) {
	if len(r.ring) < r.size {
		if r.ring == nil {
			r.ring = make([]kpi.Point, 0, r.size)
		}
		r.ring = append(r.ring, p)
		r.next = len(r.ring) % r.size
		return
	}
	r.ring[r.next] = p
	r.next = (r.next + 1) % r.size
}

// last returns the newest; there must be one.
func (r *recent) last() *kpi.Point {
	return &r.ring[(r.next-1+len(r.ring))%len(r.ring)]
}

// find returns the point of the period that ended at end, or nil.
func (r *recent) find(end int64) *kpi.Point {
	for i := range r.ring {
		if r.ring[i].End == end {
			return &r.ring[i]
		}
	}
	return nil
}

// ordered appends the points, oldest first, to buf.
func (r *recent) ordered(buf []kpi.Point) []kpi.Point {
	if len(r.ring) < r.size {
		return append(buf, r.ring...)
	}
	return append(append(buf, r.ring[r.next:]...), r.ring[:r.next]...)
}

// replace takes points, oldest first, in place of all.
func (r *recent) replace(points []kpi.Point) {
	r.ring, r.next = nil, 0
	for _, p := range points {
		r.push(p)
	}
}
