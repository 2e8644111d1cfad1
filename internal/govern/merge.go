package govern

import (
	"slices"
	"strings"
	"unicode"
)

// clash is a stretch that both sides changed differently; it belongs before the at-th piece of the merged text.
type clash struct {
	at                 int
	base, theirs, ours []string
}

func lines(s string) []string { return strings.SplitAfter(s, "\n") }

// tokens cuts a text into words with the signs that belong to numbers, blanks, and single signs.
func tokens(s string) []string {
	var out []string
	class := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune("._-%/:@", r):
			return 1
		case unicode.IsSpace(r):
			return 2
		}
		return 0
	}
	start, was := 0, -1
	for i, r := range s {
		c := class(r)
		if i > start && (c != was || c == 0) {
			out = append(out, s[start:i])
			start = i
		}
		was = c
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// hunk replaces base[from:to] by with.
type hunk struct {
	from, to int
	with     []string
}

// merge3 brings the changes from base to theirs and from base to ours together. Changes that touch no common piece of base
// both hold; equal changes hold once.
func merge3(base, theirs, ours []string) (out []string, clashes []clash) {
	a, b := hunks(base, theirs), hunks(base, ours)
	at := 0
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].before(b[0]):
			out = append(append(out, base[at:a[0].from]...), a[0].with...)
			at, a = a[0].to, a[1:]
		case len(a) == 0 || b[0].before(a[0]):
			out = append(append(out, base[at:b[0].from]...), b[0].with...)
			at, b = b[0].to, b[1:]
		default:
			// They overlap: take everything that hangs together.
			from, to := min(a[0].from, b[0].from), max(a[0].to, b[0].to)
			na, nb := 1, 1
			for grown := true; grown; {
				grown = false
				for na < len(a) && a[na].from < to {
					to, na, grown = max(to, a[na].to), na+1, true
				}
				for nb < len(b) && b[nb].from < to {
					to, nb, grown = max(to, b[nb].to), nb+1, true
				}
			}
			x, y := patched(base, a[:na], from, to), patched(base, b[:nb], from, to)
			out = append(out, base[at:from]...)
			if slices.Equal(x, y) {
				out = append(out, x...)
			} else {
				clashes = append(clashes, clash{at: len(out), base: base[from:to], theirs: x, ours: y})
			}
			at, a, b = to, a[na:], b[nb:]
		}
	}
	return append(out, base[at:]...), clashes
}

// before reports whether h lies wholly before o. Two insertions at one place do not.
func (h hunk) before(o hunk) bool {
	return h.to <= o.from && !(h.from == h.to && o.from == o.to && h.from == o.from)
}

// patched is base[from:to] with the hunks in it.
func patched(base []string, hs []hunk, from, to int) []string {
	var out []string
	at := from
	for _, h := range hs {
		out = append(append(out, base[at:h.from]...), h.with...)
		at = h.to
	}
	return append(out, base[at:to]...)
}

// hunks are the changes from a to b, by their longest common subsequence.
func hunks(a, b []string) []hunk {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x)+len(y) == 0 {
		return nil
	}
	const most = 4 << 20 // cells; beyond it the middle counts as one change
	if (len(x)+1)*(len(y)+1) > most {
		return []hunk{{head, head + len(x), y}}
	}
	width := len(y) + 1
	length := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	var out []hunk
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		if i < len(x) && j < len(y) && x[i] == y[j] {
			i, j = i+1, j+1
			continue
		}
		h := hunk{from: head + i}
		start := j
		for i < len(x) || j < len(y) {
			if i < len(x) && j < len(y) && x[i] == y[j] {
				break
			}
			if j == len(y) || i < len(x) && length[(i+1)*width+j] >= length[i*width+j+1] {
				i++
			} else {
				j++
			}
		}
		h.to, h.with = head+i, y[start:j]
		out = append(out, h)
	}
	return out
}
