package kpi

import "math"

// exactSum adds numbers without losing any bit: parts are the sum as numbers that do not overlap, smallest first (Shewchuk's
// algorithm, as in Python's math.fsum). The value is the exact sum rounded once, so that it does not depend on the order in
// which rows arrive. Numbers must be finite and small enough that no sum of them overflows.
type exactSum struct{ parts []float64 }

func (s *exactSum) add(x float64) {
	i := 0
	for _, y := range s.parts {
		if math.Abs(x) < math.Abs(y) {
			x, y = y, x
		}
		hi := x + y
		lo := y - (hi - x)
		if lo != 0 {
			s.parts[i] = lo
			i++
		}
		x = hi
	}
	s.parts = append(s.parts[:i], x)
}

func (s *exactSum) merge(o *exactSum) {
	for _, x := range o.parts {
		s.add(x)
	}
}

func (s *exactSum) reset() { s.parts = s.parts[:0] }

// value returns the sum, rounded half to even.
func (s *exactSum) value() float64 {
	n := len(s.parts)
	if n == 0 {
		return 0
	}
	n--
	hi, lo := s.parts[n], 0.0
	for n > 0 {
		x := hi
		n--
		y := s.parts[n]
		hi = x + y
		if lo = y - (hi - x); lo != 0 {
			break
		}
	}
	// What follows decides a tie.
	if n > 0 && (lo < 0 && s.parts[n-1] < 0 || lo > 0 && s.parts[n-1] > 0) {
		y := lo * 2
		x := hi + y
		if y == x-hi {
			hi = x
		}
	}
	return hi
}
