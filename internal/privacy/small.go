package privacy

// Small says which groups are hidden where each counts people and groups of fewer than k are not shown. If that would hide a
// single group, the next smallest is hidden, too: otherwise the total gives the hidden one away. A group of nobody is no
// secret. With k 0 or 1 nothing is hidden.
func Small(k int, people ...int64) []bool {
	hidden := make([]bool, len(people))
	if k <= 1 {
		return hidden
	}
	n := 0
	for i, c := range people {
		if c > 0 && c < int64(k) {
			hidden[i] = true
			n++
		}
	}
	if n != 1 {
		return hidden
	}
	next := -1
	for i, c := range people {
		if !hidden[i] && c > 0 && (next < 0 || c < people[next]) {
			next = i
		}
	}
	if next >= 0 {
		hidden[next] = true
	}
	return hidden
}
