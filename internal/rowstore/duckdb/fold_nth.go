package duckdb

import (
	"math"
	"slices"
)

// quantileOf computes the quantile of values of one weight, and moves them about.
func (h *highest) quantileOf(values []float64, weight float32, share float64) float64 {
	k := rankOf(len(values), weight, share)
	if few := len(values) - k; few <= highestFew && 4*few < len(values) {
		if v, ok := h.nth(values, few); ok {
			return v
		}
	}
	return nth(values, k)
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

// nth returns the value that would be the k-th if the values were in order, where NaN comes first, and moves them about.
func nth(values []float64, k int) float64 {
	for len(values) > 16 {
		a, b, c := values[0], values[len(values)/2], values[len(values)-1]
		pivot := max(min(a, b), min(max(a, b), c))
		if pivot != pivot {
			break
		}
		low, high := 0, len(values)-1
		for low <= high {
			for low <= high && values[low] < pivot {
				low++
			}
			for low <= high && values[high] > pivot {
				high--
			}
			if low <= high {
				if values[low] != values[low] || values[high] != values[high] {
					slices.Sort(values)
					return values[k]
				}
				values[low], values[high] = values[high], values[low]
				low, high = low+1, high-1
			}
		}
		switch {
		case k <= high:
			values = values[:high+1]
		case k >= low:
			values, k = values[low:], k-low
		default:
			return values[k]
		}
	}
	slices.Sort(values)
	return values[k]
}
