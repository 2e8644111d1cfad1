package kpi

import (
	"cmp"
	"slices"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
)

// spreadError is the relative error of a quantile over rows.
const spreadError = 0.01

// spread is a DDSketch: how often which magnitude occurred. The mapping of values to bins is sketches-go's; the bins hold
// whole numbers in a sorted list instead of floats in an array, so that a sketch takes a dozen bytes a bin and is the same
// whatever the order of what was added and merged.
type spread struct {
	above, below []bin // of values above and below zero, by index
	zero         int64
}

type bin struct {
	index int32
	n     int64 // weight in units
}

func newMapping() *mapping.LogarithmicMapping {
	m, err := mapping.NewLogarithmicMapping(spreadError)
	if err != nil {
		panic("kpi: " + err.Error()) // the error is a constant between 0 and 1
	}
	return m
}

// add counts a finite value n times.
func (s *spread) add(m *mapping.LogarithmicMapping, v float64, n int64) {
	switch {
	case v >= m.MinIndexableValue():
		s.above = addBin(s.above, int32(m.Index(min(v, m.MaxIndexableValue()))), n)
	case v <= -m.MinIndexableValue():
		s.below = addBin(s.below, int32(m.Index(min(-v, m.MaxIndexableValue()))), n)
	default:
		s.zero += n
	}
}

func addBin(bs []bin, index int32, n int64) []bin {
	at, ok := slices.BinarySearchFunc(bs, index, func(b bin, i int32) int { return cmp.Compare(b.index, i) })
	if !ok {
		bs = slices.Insert(bs, at, bin{index: index})
	}
	bs[at].n += n
	return bs
}

func (s *spread) merge(o *spread) {
	for _, b := range o.above {
		s.above = addBin(s.above, b.index, b.n)
	}
	for _, b := range o.below {
		s.below = addBin(s.below, b.index, b.n)
	}
	s.zero += o.zero
}

func (s *spread) reset() { s.above, s.below, s.zero = s.above[:0], s.below[:0], 0 }

// quantile returns the value at the rank q * (count - 1), counting from 0, of total units.
func (s *spread) quantile(m *mapping.LogarithmicMapping, q float64, total int64) float64 {
	rank := q * float64(total-unit)
	var seen int64
	for i := len(s.below) - 1; i >= 0; i-- { // the most negative first
		if seen += s.below[i].n; float64(seen) > rank {
			return -m.Value(int(s.below[i].index))
		}
	}
	if seen += s.zero; float64(seen) > rank {
		return 0
	}
	for _, b := range s.above {
		if seen += b.n; float64(seen) > rank {
			return m.Value(int(b.index))
		}
	}
	switch {
	case len(s.above) > 0:
		return m.Value(int(s.above[len(s.above)-1].index))
	case len(s.below) > 0 && s.zero == 0:
		return -m.Value(int(s.below[0].index))
	}
	return 0
}
