package kpi_test

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
)

// The tests' native histograms have schema 0, positive buckets 1 to nativeBuckets ((1,2], (2,4], ...) in one span, and a zero bucket.
const nativeBuckets = 6

func nativeOf(zero float64, counts [nativeBuckets]float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: 0, ZeroThreshold: 0.001, ZeroCount: zero, Count: zero, PositiveSpans: []histogram.Span{{Offset: 1, Length: nativeBuckets}}}
	bound := 1.0
	for _, c := range counts {
		h.PositiveBuckets = append(h.PositiveBuckets, c)
		h.Count += c
		h.Sum += c * bound
		bound *= 2
	}
	return h
}

func countsOf(h *histogram.FloatHistogram) (zero float64, counts [nativeBuckets]float64) {
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		switch {
		case b.Lower < 0:
			zero += b.Count
		case b.Count != 0:
			counts[int(math.Round(math.Log2(b.Upper)))-1] += b.Count
		}
	}
	return zero, counts
}

// minus is a-b, or a after a reset in any bucket.
func minus(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	za, ca := countsOf(a)
	zb, cb := countsOf(b)
	if za < zb {
		return a
	}
	for i := range ca {
		if ca[i] < cb[i] {
			return a
		}
		cb[i] = ca[i] - cb[i]
	}
	return nativeOf(za-zb, cb)
}

func plus(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	if a == nil {
		return b
	}
	za, ca := countsOf(a)
	zb, cb := countsOf(b)
	for i := range ca {
		ca[i] += cb[i]
	}
	return nativeOf(za+zb, ca)
}

func nativeBounds(h *histogram.FloatHistogram, v float64) (lo, hi float64) {
	zero, counts := countsOf(h)
	lo, hi = zero, zero
	for i, c := range counts {
		if upper := math.Pow(2, float64(i+1)); upper <= v {
			lo += c
		}
		if lower := math.Pow(2, float64(i)); lower < v {
			hi += c
		}
	}
	return lo, hi
}
