package duckdb

import (
	"math"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// quantileOf computes the quantile of values of one weight, and moves them about.
func (h *highest) quantileOf(values []float64, weight float32, share float64) float64 {
	k := rankOf(len(values), weight, share)
	if few := len(values) - k; few <= highestFew && 4*few < len(values) {
		if v, ok := h.nth(values, few); ok {
			return v
		}
	}
	return rowstore.Nth(values, k)
}

// rankOf returns which of n values of one weight, in order, is the quantile: sums of few enough equal weights are exact.
func rankOf(n int, weight float32, share float64) int {
	w := float64(weight)
	if n < 1<<29 && w > 0 && !math.IsInf(w, 1) {
		upto := share * (float64(n) * w)
		k := min(n, max(1, int(share*float64(n))))
		for k > 1 && float64(k-1)*w >= upto {
			k--
		}
		for k < n && float64(k)*w < upto {
			k++
		}
		return k - 1
	}
	total, so := 0.0, 0.0
	for range n {
		total += w
	}
	for k := range n {
		if so += w; so >= share*total {
			return k
		}
	}
	return n - 1
}
