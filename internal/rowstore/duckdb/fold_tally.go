package duckdb

import (
	"math"
	"math/bits"
)

// room makes room for n groups.
func (t *tally) room(n int) {
	for len(t.sum) < n {
		start := 0.0
		switch t.Kind {
		case "min", "max", "first", "last", "quantile":
			start = math.NaN()
		}
		t.sum, t.weight = append(t.sum, start), append(t.weight, 0)
	}
	if t.Kind == "unique" && len(t.set) < n {
		t.set = append(t.set, make([]bitmap, n-len(t.set))...)
	}
}

// numbers returns the number of each group, NaN where it has none.
func (t *tally) numbers() []float64 {
	switch t.Kind {
	case "mean", "share_error":
		for g, w := range t.weight {
			t.sum[g] /= w // 0/0 is NaN
		}
	case "sum":
		for g, w := range t.weight {
			if w == 0 {
				t.sum[g] = math.NaN()
			}
		}
	case "unique":
		for g := range t.set {
			t.sum[g] = float64(t.set[g].n)
		}
	case "quantile":
		t.values.quantiles(t.Q, t.sum)
		if t.nanos {
			for g := range t.sum {
				t.sum[g] /= 1e9
			}
		}
	}
	return t.sum
}

// ends takes times for first and last.
func (t *tally) ends(v []int64, of []uint32) {
	for i, g := range of {
		if x := float64(v[i]); math.IsNaN(t.sum[g]) || t.Kind == "first" && x < t.sum[g] || t.Kind == "last" && x > t.sum[g] {
			t.sum[g] = x
		}
	}
}

// share takes whether rows failed.
func (t *tally) share(failed []bool, of []uint32, weights []float32) {
	for i, g := range of {
		w := float64(weights[i])
		if t.weight[g] += w; failed[i] {
			t.sum[g] += w
		}
	}
}

// amount takes numbers for sum, mean, min and max.
func (t *tally) amount(v []float64, valid validity, of []uint32, weights []float32) {
	for i, g := range of {
		if !valid.has(i) {
			continue
		}
		switch x, s := v[i], t.sum[g]; t.Kind {
		case "min":
			if math.IsNaN(s) || x < s {
				t.sum[g] = x
			}
		case "max":
			if math.IsNaN(s) || x > s {
				t.sum[g] = x
			}
		default:
			w := float64(weights[i])
			t.sum[g], t.weight[g] = s+x*w, t.weight[g]+w
		}
	}
}

// unique takes texts that are counted once in a group, nothing not at all, and returns how much memory they took.
func (t *tally) unique(v []text, of []uint32) (bytes int) {
	for i, g := range of {
		if v[i].length > 0 {
			bytes += t.set[g].add(t.words.number(&v[i]))
		}
	}
	return bytes
}

// bitmap is a set of numbers in pages of 4,096.
type bitmap struct {
	pages []*[64]uint64
	n     int
}

// add returns how much memory it took.
func (b *bitmap) add(v uint32) (bytes int) {
	p := int(v >> 12)
	if p >= len(b.pages) {
		bytes = 8 * (p + 1 - len(b.pages))
		b.pages = append(b.pages, make([]*[64]uint64, p+1-len(b.pages))...)
	}
	if b.pages[p] == nil {
		b.pages[p] = new([64]uint64)
		bytes += 512
	}
	word, bit := &b.pages[p][v>>6&63], uint64(1)<<(v&63)
	if *word&bit == 0 {
		*word |= bit
		b.n++
	}
	return bytes
}

// each hands over the numbers of the set.
func (b *bitmap) each(f func(uint32)) {
	for p, page := range b.pages {
		if page == nil {
			continue
		}
		for i, word := range page {
			for ; word != 0; word &= word - 1 {
				f(uint32(p<<12 | i<<6 | bits.TrailingZeros64(word)))
			}
		}
	}
}
