package kpi

import "math"

// ring holds the newest n amounts of a window, newest at position 0. Whole numbers are kept in as few bytes as the largest
// needs, because counters are nearly always whole and small: a 5 m window of 1 s slots costs 300 or 600 bytes instead of
// 2,400. The first amount that does not fit widens the ring; one that is not whole, or beyond 2^53, makes it float64.
//
// While all amounts are whole the running sum is exact, so it does not depend on the order of arrivals; as float64 the sum
// is added up anew from oldest to newest each time.
type ring struct {
	n    int
	head int // where the newest is
	sum  float64
	u8   []uint8
	u16  []uint16
	u32  []uint32
	f64  []float64
}

const maxExact = 1 << 53

func newRing(n int) ring { return ring{n: n, u8: make([]uint8, n)} }

func (r *ring) len() int { return r.n }

func (r *ring) index(back int) int {
	i := r.head - back
	if i < 0 {
		i += r.n
	}
	return i
}

// at returns the amount `back` slots before the newest.
func (r *ring) at(back int) float64 { return r.get(r.index(back)) }

func (r *ring) get(i int) float64 {
	switch {
	case r.u8 != nil:
		return float64(r.u8[i])
	case r.u16 != nil:
		return float64(r.u16[i])
	case r.u32 != nil:
		return float64(r.u32[i])
	default:
		return r.f64[i]
	}
}

// push makes room for a new newest amount and drops the oldest.
func (r *ring) push(v float64) {
	r.head++
	if r.head == r.n {
		r.head = 0
	}
	r.set(r.head, v)
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
	switch {
	case r.u8 != nil:
		r.u8[i] = uint8(v)
	case r.u16 != nil:
		r.u16[i] = uint16(v)
	case r.u32 != nil:
		r.u32[i] = uint32(v)
	default:
		r.f64[i] = v
	}
}

// widen makes sure that v fits.
func (r *ring) widen(v float64) {
	if r.f64 != nil {
		return
	}
	whole := v == math.Trunc(v) && v >= 0 && math.Abs(r.sum)+v < maxExact
	switch {
	case whole && r.u8 != nil && v <= math.MaxUint8,
		whole && r.u16 != nil && v <= math.MaxUint16,
		whole && r.u32 != nil && v <= math.MaxUint32:
		return
	case whole && v <= math.MaxUint16:
		u := make([]uint16, r.n)
		for i := range u {
			u[i] = uint16(r.get(i))
		}
		r.u8, r.u16 = nil, u
	case whole && v <= math.MaxUint32:
		u := make([]uint32, r.n)
		for i := range u {
			u[i] = uint32(r.get(i))
		}
		r.u8, r.u16, r.u32 = nil, nil, u
	default:
		f := make([]float64, r.n)
		for i := range f {
			f[i] = r.get(i)
		}
		r.u8, r.u16, r.u32, r.f64 = nil, nil, nil, f
	}
}

// total returns the sum over the whole ring.
func (r *ring) total() float64 {
	if r.f64 == nil {
		return r.sum
	}
	var s float64
	for back := r.n - 1; back >= 0; back-- {
		s += r.f64[r.index(back)]
	}
	return s
}
