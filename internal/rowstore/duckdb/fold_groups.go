package duckdb

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// groups returns what was counted, the biggest groups first.
func (f *fold) groups() []rowstore.Group {
	var of [][]float64
	for i := range f.of {
		f.of[i].room(len(f.at))
		of = append(of, f.of[i].numbers())
	}
	order := byRank(of[0])
	for from, to := 0, 0; from < len(order); from = to {
		for to = from + 1; to < len(order) && order[to].rank == order[from].rank; to++ {
		}
		slices.SortFunc(order[from:to], func(x, y ranked) int { return f.compare(x.group, y.group) })
	}
	order = order[:min(len(order), f.q.Top+1)]
	nk, no := len(f.keys), len(f.of)
	out, keys, numbers := make([]rowstore.Group, len(order)), make([]string, nk*len(order)), make([]float64, no*len(order))
	for n, x := range order {
		g := &out[n]
		*g = rowstore.Group{At: f.at[x.group], Keys: keys[nk*n:][:nk:nk], Numbers: numbers[no*n:][:no:no]}
		so := x.group
		for k := nk - 1; k >= 0; k-- {
			if code := f.codes[k][2*so+1]; f.keys[k].named != nil {
				g.Keys[k] = f.keys[k].named[code]
			} else {
				g.Keys[k] = f.keys[k].words.texts[code]
			}
			so = f.codes[k][2*so]
		}
		for i := range of {
			g.Numbers[i] = of[i][x.group]
		}
	}
	return out
}

// compare puts groups of one number in order: by bucket, then by keys.
func (f *fold) compare(a, b uint32) int {
	if f.at[a] != f.at[b] {
		return cmp.Compare(f.at[a], f.at[b])
	}
	first := 0 // the first key that differs decides
	for k := len(f.keys) - 1; k >= 0; k-- {
		x, y := f.codes[k][2*a+1], f.codes[k][2*b+1]
		c := cmp.Compare(x, y)
		if c != 0 && f.keys[k].named == nil {
			c = strings.Compare(f.keys[k].words.texts[x], f.keys[k].words.texts[y])
		}
		if c != 0 {
			first = c
		}
		a, b = f.codes[k][2*a], f.codes[k][2*b]
	}
	return first
}

// ranked is a group with the rank of its number: the biggest number has the least, NaN the greatest.
type ranked struct {
	rank  uint64
	group uint32
}

func rankOfNumber(v float64) uint64 {
	switch b := math.Float64bits(v); {
	case v != v:
		return math.MaxUint64
	case v == 0: // which has two signs
		return 1<<63 - 1
	case b>>63 == 1:
		return b
	default:
		return 1<<63 - 1 - b
	}
}

// rankedFew is how many groups are sorted by comparing them; more are sorted by the bytes of their ranks.
const rankedFew = 256

// byRank returns the groups in order of rank.
func byRank(numbers []float64) []ranked {
	all := make([]ranked, len(numbers))
	for g, v := range numbers {
		all[g] = ranked{rankOfNumber(v), uint32(g)}
	}
	if len(all) < rankedFew {
		slices.SortFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
		return all
	}
	var counts [8][256]uint32
	for _, x := range all {
		for i := range counts {
			counts[i][uint8(x.rank>>(8*i))]++
		}
	}
	other := make([]ranked, len(all))
	for i := range counts {
		at, sum := &counts[i], uint32(0)
		if at[uint8(all[0].rank>>(8*i))] == uint32(len(all)) { // all have the same byte
			continue
		}
		for b, n := range at {
			at[b], sum = sum, sum+n
		}
		for _, x := range all {
			b := uint8(x.rank >> (8 * i))
			other[at[b]] = x
			at[b]++
		}
		all, other = other, all
	}
	return all
}
