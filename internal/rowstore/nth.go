package rowstore

import "slices"

// Nth returns the value that would be the k-th, from 0, if the values were in order, where NaN comes first, and moves them about.
// It looks at each a few times, which sorting does much more often.
func Nth(values []float64, k int) float64 {
	if few := len(values) - k; few <= highest && 4*few < len(values) {
		if v, ok := nthHighest(values, few); ok {
			return v
		}
	}
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

// highest is how many of the values are kept in order where one of the highest is looked for.
const highest = 32

// nthHighest returns the n-th of values from above, or not ok where the first n are no numbers.
func nthHighest(values []float64, n int) (v float64, ok bool) {
	var room [highest]float64
	top := room[:n] // ascending
	copy(top, values)
	slices.Sort(top)
	if top[0] != top[0] {
		return 0, false
	}
	least := top[0]
	for _, v := range values[n:] {
		if v > least { // no number is less than all
			i := 1
			for i < n && top[i] < v {
				top[i-1] = top[i]
				i++
			}
			top[i-1] = v
			least = top[0]
		}
	}
	return least, true
}
