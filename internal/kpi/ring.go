package kpi

import (
	"encoding/binary"
	"math"
)

// ring holds the newest n amounts of a window, newest at position 0. Whole numbers are kept in as few bytes as the largest
// needs, because counters are nearly always whole and small: a 5 m window of 1 s slots costs 300 or 600 bytes instead of
// 2,400. The first amount that does not fit widens the ring; one that is not whole, or beyond 2^53, makes it float64.
//
// While all amounts are whole the running sum is exact, so it does not depend on the order of arrivals; as float64 the sum
// is added up anew from oldest to newest each time.
type ring struct {
	b     []byte // n amounts of width bytes each, little endian
	sum   float64
	head  uint32 // where the newest is
	n     uint32
	width uint8 // 1, 2, 4: whole numbers; 8: float64
}

const maxExact = 1 << 53

func newRing(n int) ring { return ring{n: uint32(n), width: 1, b: make([]byte, n)} }

func (r *ring) len() int { return int(r.n) }

func (r *ring) index(back int) int {
	i := int(r.head) - back
	if i < 0 {
		i += int(r.n)
	}
	return i
}

// at returns the amount `back` slots before the newest.
func (r *ring) at(back int) float64 { return r.get(r.index(back)) }

func (r *ring) get(i int) float64 {
	switch r.width {
	case 1:
		return float64(r.b[i])
	case 2:
		return float64(binary.LittleEndian.Uint16(r.b[2*i:]))
	case 4:
		return float64(binary.LittleEndian.Uint32(r.b[4*i:]))
	default:
		return math.Float64frombits(binary.LittleEndian.Uint64(r.b[8*i:]))
	}
}

func (r *ring) put(i int, v float64) {
	switch r.width {
	case 1:
		r.b[i] = uint8(v)
	case 2:
		binary.LittleEndian.PutUint16(r.b[2*i:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(r.b[4*i:], uint32(v))
	default:
		binary.LittleEndian.PutUint64(r.b[8*i:], math.Float64bits(v))
	}
}

// push makes room for a new newest amount and drops the oldest.
func (r *ring) push(v float64) {
	r.head++
	if r.head == r.n {
		r.head = 0
	}
	r.set(int(r.head), v)
}

// add adds v to the amount `back` slots before the newest.
func (r *ring) add(back int, v float64) {
	i := r.index(back)
	r.set(i, r.get(i)+v)
}

func (r *ring) set(i int, v float64) {
	old := r.get(i)
	if old == v {
		return
	}
	r.widen(v)
	r.sum += v - old
	r.put(i, v)
}

// widen makes sure that v fits.
func (r *ring) widen(v float64) {
	if r.width == 8 {
		return
	}
	width := uint8(8)
	if whole := v == math.Trunc(v) && v >= 0 && math.Abs(r.sum)+v < maxExact; whole {
		switch {
		case v <= math.MaxUint8:
			width = 1
		case v <= math.MaxUint16:
			width = 2
		case v <= math.MaxUint32:
			width = 4
		}
	}
	if width <= r.width {
		return
	}
	wide := *r
	wide.width, wide.b = width, make([]byte, int(r.n)*int(width))
	for i := range int(r.n) {
		wide.put(i, r.get(i))
	}
	*r = wide
}

// total returns the sum over the whole ring.
func (r *ring) total() float64 {
	if r.width < 8 {
		return r.sum
	}
	var s float64
	for back := r.len() - 1; back >= 0; back-- {
		s += r.at(back)
	}
	return s
}
