package strict

import "strings"

// Nearest returns the word that was probably meant: the one with the fewest edits, if they are few for its length. Case,
// hyphens and underscores count for nothing, so that minCount finds min_count. Empty if none is near.
func Nearest(word string, words []string) string {
	best, bestEdits := "", -1
	a := plain(word)
	for _, w := range words {
		b := plain(w)
		d := edits(a, b)
		if d <= max(1, min(len(a), len(b))/3) && (bestEdits < 0 || d < bestEdits) {
			best, bestEdits = w, d
		}
	}
	return best
}

func plain(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// edits is the number of letters inserted, dropped, changed or swapped with a neighbour between a and b.
func edits(a, b string) int {
	two := make([]int, len(b)+1)
	one := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}
