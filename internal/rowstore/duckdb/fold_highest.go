package duckdb

import "slices"

// highestFew is how many of the values are kept in order where one of the highest is looked for.
const highestFew = 32

// highest looks for one of the highest values of one group after the other. Groups of one question are alike: what few values of
// one group reached is a good guess for the next.
type highest struct {
	least float64 // that few values of the group before reached
	known bool
	room  [2 * highestFew]float64
}

// nth returns the n-th of values from above, 1 to highestFew, or not ok where the first of them are no numbers.
func (h *highest) nth(values []float64, n int) (v float64, ok bool) {
	if h.known {
		if top := h.reached(values); n <= len(top) {
			ascending(top)
			if len(top) > 3*n {
				h.least = top[len(top)-2*n]
			}
			return top[len(top)-n], true
		}
	}
	top, ok := h.top(values, min(2*n, highestFew, len(values)))
	if !ok {
		return 0, false
	}
	h.least, h.known = top[0], true
	return top[len(top)-n], true
}

// reached returns the values that are not below the guess; nothing if there are too many.
func (h *highest) reached(values []float64) []float64 {
	n, least := 0, h.least
	for _, v := range values {
		h.room[n&(len(h.room)-1)] = v
		more := 0 // without a jump, which nobody could foresee
		if v >= least {
			more = 1
		}
		n += more
	}
	if n >= len(h.room) { // they were written over
		return nil
	}
	return h.room[:n]
}

// ascending sorts few numbers.
func ascending(v []float64) {
	for i := 1; i < len(v); i++ {
		x, k := v[i], i
		for ; k > 0 && v[k-1] > x; k-- {
			v[k] = v[k-1]
		}
		v[k] = x
	}
}

// top returns the n highest values, ascending, or not ok where the first of them are no numbers.
func (h *highest) top(values []float64, n int) (top []float64, ok bool) {
	top = h.room[:n]
	copy(top, values)
	slices.Sort(top)
	if top[0] != top[0] {
		return nil, false
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
	return top, true
}
