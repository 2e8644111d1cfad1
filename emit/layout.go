package emit

import (
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"
)

// A layout divides the integers from 0 to MaxInt64 into cells so that all integers of a cell fall into the same native
// bucket and the same classic bucket. One increment of one cell then counts for both histograms, and they cannot
// disagree: at a scrape each is a sum over the same cells.
type layout struct {
	unit   unit
	bounds []float64 // classic upper bounds, without +Inf
	limits []int64   // cell i holds the integers above limits[i-1] up to and including limits[i]
	native []int     // native bucket of cell i; of no meaning for cell 0, which holds only 0
	bucket []int     // classic bucket of cell i; len(bounds) is +Inf
	starts []uint16  // first cell to look at, by slot
}

// unit turns the integer that is counted into the number that is shown. It never falls when the integer rises.
type unit func(int64) float64

// nanoseconds shows as seconds, in the very way that callers of client_golang compute an observation.
func nanoseconds(v int64) float64 { return time.Duration(v).Seconds() }

// bytes shows as bytes.
func bytes(v int64) float64 { return float64(v) }

const (
	nativeSchema     = 3        // eight buckets for each doubling: at most 9 % wide
	zeroThreshold    = 0x1p-128 // client_golang's default: nothing but 0 is below it
	bucketsPerDouble = 1 << nativeSchema

	// fineBits is how many bits after the leading one choose a slot: 16 slots for each doubling, so that finding a
	// cell looks at one or two limits.
	fineBits = 4
)

// nativeFractions are the schema 3 bounds in [0.5, 1), from client_golang prometheus/histogram.go
// (nativeHistogramBounds). They are copied digit for digit: computed ones may differ in the last bit.
var nativeFractions = [bucketsPerDouble]float64{
	0.5, 0.5452538663326288, 0.5946035575013605, 0.6484197773255048,
	0.7071067811865475, 0.7711054127039704, 0.8408964152537144, 0.9170040432046711,
}

// nativeKey is the schema 3 bucket of v > 0; bucket k holds 2^((k-1)/8) < v <= 2^(k/8).
func nativeKey(v float64) int {
	fraction, exponent := math.Frexp(v)
	return sort.SearchFloat64s(nativeFractions[:], fraction) + (exponent-1)*bucketsPerDouble
}

// nativeBound is the inclusive upper bound of bucket k.
func nativeBound(k int) float64 {
	// The shift and the mask round towards minus infinity, as negative keys need.
	return math.Ldexp(nativeFractions[k&(bucketsPerDouble-1)], k>>nativeSchema+1)
}

// newLayout joins the native bounds that an int64 in this unit can reach with the classic bounds (rising, above 0).
func newLayout(u unit, bounds []float64) *layout {
	l := &layout{unit: u, bounds: bounds, limits: []int64{0, math.MaxInt64}}
	for k := nativeKey(u(1)); k < nativeKey(u(math.MaxInt64)); k++ {
		l.limits = append(l.limits, lastWithin(u, nativeBound(k)))
	}
	for _, b := range bounds {
		l.limits = append(l.limits, lastWithin(u, b))
	}
	slices.Sort(l.limits)
	l.limits = slices.Compact(l.limits)
	for _, limit := range l.limits {
		v := u(limit)
		l.native = append(l.native, nativeKey(v))
		l.bucket = append(l.bucket, sort.SearchFloat64s(bounds, v))
	}
	l.starts = make([]uint16, slot(math.MaxInt64)+1)
	for s := range l.starts {
		i, _ := slices.BinarySearch(l.limits, firstOf(s))
		l.starts[s] = uint16(i)
	}
	return l
}

// lastWithin is the greatest integer that shows as at most bound.
func lastWithin(u unit, bound float64) int64 {
	low, high := int64(0), int64(math.MaxInt64) // the answer is in [low, high]
	for low < high {
		middle := low + (high-low)/2 + 1 // rounded up without overflow
		if u(middle) <= bound {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// slot is the leading bit of v >= 0 and the fineBits after it, as one dense rising number.
func slot(v int64) int {
	if v < 1<<fineBits {
		return int(v)
	}
	e := bits.Len64(uint64(v)) - 1 - fineBits
	return e<<fineBits + int(v>>e)
}

// firstOf is the least integer of a slot.
func firstOf(s int) int64 {
	if s < 1<<fineBits {
		return int64(s)
	}
	e := s>>fineBits - 1
	return int64(s-e<<fineBits) << e
}

// cell is the cell of v. Negative values, which a clock or a length never gives, go into cell 0.
func (l *layout) cell(v int64) int {
	if v <= 0 {
		return 0
	}
	i := int(l.starts[slot(v)])
	for v > l.limits[i] {
		i++
	}
	return i
}
