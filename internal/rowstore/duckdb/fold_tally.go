package duckdb

import (
	"math"
	"slices"
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
		t.quantiles()
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
func (t *tally) amount(v []float64, has func(int) bool, of []uint32, weights []float32) {
	for i, g := range of {
		if !has(i) {
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

// keep takes numbers for quantiles.
func (t *tally) keep(v []float64, has func(int) bool, of []uint32, weights []float32) {
	t.values = slices.Grow(t.values, len(of))
	for i, g := range of {
		if has(i) {
			t.values = append(t.values, weighed{v[i], weights[i], g})
		}
	}
}

// quantiles computes the smallest value of each group that as much of the weight as asked for does not exceed.
func (t *tally) quantiles() {
	ends := make([]int, len(t.sum)+1)
	for i := range t.values {
		ends[t.values[i].group+1]++
	}
	for g := range t.sum {
		ends[g+1] += ends[g]
	}
	sorted := make([]weighed, len(t.values))
	next := slices.Clone(ends)
	for _, v := range t.values {
		sorted[next[v.group]] = v
		next[v.group]++
	}
	var values []float64
	for g := range t.sum {
		mine := sorted[ends[g]:ends[g+1]]
		if len(mine) == 0 {
			continue
		}
		total, same := 0.0, true
		for _, v := range mine {
			total += float64(v.w)
			same = same && v.w == mine[0].w
		}
		if same {
			values = values[:0]
			for _, v := range mine {
				values = append(values, v.v)
			}
			slices.Sort(values)
			upto, want := 0.0, t.Q*total
			for _, v := range values {
				if upto += float64(mine[0].w); upto >= want {
					t.sum[g] = v
					break
				}
			}
			continue
		}
		slices.SortFunc(mine, func(a, b weighed) int {
			switch {
			case a.v < b.v:
				return -1
			case a.v > b.v:
				return 1
			}
			return 0
		})
		upto := 0.0
		for _, v := range mine {
			if upto += float64(v.w); upto >= t.Q*total {
				t.sum[g] = v.v
				break
			}
		}
	}
}

// unique takes texts that are counted once in a group, and returns how much memory they took.
func (t *tally) unique(v []text, has func(int) bool, of []uint32) (bytes int) {
	for i, g := range of {
		if has(i) {
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
