package rowstore

import "slices"

// Nth returns the value that would be the k-th, from 0, if the values were in order, where NaN comes first, and moves them about.
// Sorting looks at each value much more often.
func Nth(values []float64, k int) float64 {
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
