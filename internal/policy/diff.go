package policy

import "strings"

// Line is one line of a readable diff. A line number is 0 on the side where the line does not stand.
type Line struct {
	Kind    LineKind `json:"kind"`
	OldLine int      `json:"old_line"`
	NewLine int      `json:"new_line"`
	Text    string   `json:"text"`
}

// LineKind is what became of a line.
type LineKind string

// The kinds of lines. A gap stands for lines that are the same and left out; its text says how many.
const (
	LineSame   LineKind = "same"
	LineAdd    LineKind = "add"
	LineRemove LineKind = "remove"
	LineGap    LineKind = "gap"
)

// context is how many lines that are the same stand around a change.
const context = 3

// maxEdits bounds the search for the shortest diff; beyond it the differing middle is shown as removed and added.
const maxEdits = 1000

// Diff returns the lines of two texts as a unified diff: what changed, with three lines around it. Nothing for texts that
// are the same but for line ends.
func Diff(before, after string) []Line {
	a, b := lines(before), lines(after)
	all := align(a, b)
	keep := make([]bool, len(all))
	for i, l := range all {
		if l.Kind != LineSame {
			for j := max(0, i-context); j <= min(len(all)-1, i+context); j++ {
				keep[j] = true
			}
		}
	}
	var out []Line
	skipped := 0
	flush := func() {
		if skipped > 0 {
			out = append(out, Line{Kind: LineGap, Text: plural(skipped, "line")})
		}
		skipped = 0
	}
	for i, l := range all {
		if !keep[i] {
			skipped++
			continue
		}
		flush()
		out = append(out, l)
	}
	if out == nil {
		return nil
	}
	flush()
	return out
}

func lines(text string) []string {
	text = unix(text)
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// align pairs the lines of two texts by Myers' shortest edit script (An O(ND) Difference Algorithm, 1986).
func align(a, b []string) []Line {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out := make([]Line, 0, len(a)+len(b))
	for i := range head {
		out = append(out, Line{LineSame, i + 1, i + 1, a[i]})
	}
	out = append(out, middle(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := tail; i > 0; i-- {
		out = append(out, Line{LineSame, len(a) - i + 1, len(b) - i + 1, a[len(a)-i]})
	}
	return out
}

// middle aligns what lies between the common head and tail; offset is the length of the head.
func middle(a, b []string, offset int) []Line {
	trace, ok := furthest(a, b)
	if !ok {
		var out []Line
		for i, t := range a {
			out = append(out, Line{LineRemove, offset + i + 1, 0, t})
		}
		for i, t := range b {
			out = append(out, Line{LineAdd, 0, offset + i + 1, t})
		}
		return out
	}
	// Walk back from the end; v[k] of step d is how far the d-edit path on diagonal k came in a.
	var reversed []Line
	x, y := len(a), len(b)
	for d := len(trace) - 1; d >= 0; d-- {
		v := trace[d]
		k := x - y
		from := k - 1
		if k == -d || (k != d && v[d+k-1] < v[d+k+1]) {
			from = k + 1
		}
		startX := 0
		if d > 0 {
			startX = v[d+from]
		}
		startY := startX - from
		if d == 0 {
			startX, startY = 0, 0
		}
		for x > startX && y > startY {
			x, y = x-1, y-1
			reversed = append(reversed, Line{LineSame, offset + x + 1, offset + y + 1, a[x]})
		}
		if d == 0 {
			break
		}
		if x == startX {
			y--
			reversed = append(reversed, Line{LineAdd, 0, offset + y + 1, b[y]})
		} else {
			x--
			reversed = append(reversed, Line{LineRemove, offset + x + 1, 0, a[x]})
		}
	}
	out := make([]Line, 0, len(reversed))
	for i := len(reversed) - 1; i >= 0; i-- {
		out = append(out, reversed[i])
	}
	return out
}

// furthest runs the greedy search and returns for each number of edits d the array v before that step, indexed by d+k. ok is
// false if it takes more than maxEdits.
func furthest(a, b []string) (trace [][]int, ok bool) {
	limit := min(len(a)+len(b), maxEdits)
	v := map[int]int{1: 0}
	for d := 0; d <= limit; d++ {
		row := make([]int, 2*d+2)
		for k := -d; k <= d+1; k++ {
			row[d+k] = v[k]
		}
		trace = append(trace, row)
		for k := -d; k <= d; k += 2 {
			x := v[k-1] + 1
			if k == -d || (k != d && v[k-1] < v[k+1]) {
				x = v[k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			v[k] = x
			if x >= len(a) && x-k >= len(b) {
				return trace, true
			}
		}
	}
	return nil, false
}
