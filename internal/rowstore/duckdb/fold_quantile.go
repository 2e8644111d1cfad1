package duckdb

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// quantileValues is values of groups, with their weights where these differ.
type quantileValues struct {
	v      []float64
	group  []uint32
	weight []float32 // nil: all are same
	same   float32
}

// quantileRoom is for how many values there is room from the start, and quantilesApart how many are worth another goroutine.
const (
	quantileRoom   = 1 << 20
	quantilesApart = 50_000
)

func (q *quantileValues) room(n int) {
	n = min(n, quantileRoom)
	q.v, q.group = make([]float64, 0, n), make([]uint32, 0, n)
}

// add takes values of rows that have one.
func (q *quantileValues) add(v []float64, valid validity, of []uint32, weights []float32) {
	if len(q.v) == 0 && len(weights) > 0 {
		q.same = weights[0]
	}
	if valid == nil && q.weight == nil && alike(weights, q.same) {
		q.v, q.group = append(q.v, v...), append(q.group, of...)
		return
	}
	for i, w := range weights {
		if !valid.has(i) {
			continue
		}
		if q.weight == nil && w != q.same {
			q.weigh()
		}
		if q.v, q.group = append(q.v, v[i]), append(q.group, of[i]); q.weight != nil {
			q.weight = append(q.weight, w)
		}
	}
}

// weigh gives each value a weight of its own.
func (q *quantileValues) weigh() {
	q.weight = make([]float32, len(q.v), cap(q.v)+1)
	for k := range q.weight {
		q.weight[k] = q.same
	}
}

func alike(weights []float32, w float32) bool {
	for _, x := range weights {
		if x != w {
			return false
		}
	}
	return true
}

// join takes the values of others, whose groups are here those of to.
func (q *quantileValues) join(o *quantileValues, to []uint32) {
	if len(o.v) == 0 {
		return
	}
	if len(q.v) == 0 {
		q.same = o.same
	}
	if q.weight == nil && (o.weight != nil || o.same != q.same) {
		q.weigh()
	}
	if q.weight != nil && o.weight == nil {
		o.weigh()
	}
	q.v, q.weight = append(q.v, o.v...), append(q.weight, o.weight...)
	for _, g := range o.group {
		q.group = append(q.group, to[g])
	}
}

// quantiles computes the smallest value of each group that as much of the weight as asked for does not exceed. Groups
// without a value stay as they are.
func (q *quantileValues) quantiles(share float64, out []float64) {
	ends := make([]int, len(out)+1)
	for _, g := range q.group {
		ends[g+1]++
	}
	for g := range out {
		ends[g+1] += ends[g]
	}
	values := make([]float64, len(q.v))
	var weights []float32
	if q.weight != nil {
		weights = make([]float32, len(q.v))
	}
	next := slices.Clone(ends)
	for i := 0; i < len(q.group); { // rows of one group mostly stand together
		g, k := q.group[i], i+1
		for k < len(q.group) && q.group[k] == g {
			k++
		}
		copy(values[next[g]:], q.v[i:k])
		if weights != nil {
			copy(weights[next[g]:], q.weight[i:k])
		}
		next[g] += k - i
		i = k
	}
	each := func(from, to int) {
		for g := from; g < to; g++ {
			a, b := ends[g], ends[g+1]
			switch {
			case a == b:
			case weights == nil:
				out[g] = quantileOf(values[a:b], q.same, share)
			default:
				out[g] = weighedQuantileOf(values[a:b], weights[a:b], share)
			}
		}
	}
	half, _ := slices.BinarySearch(ends, len(values)/2) // the groups of about half of the values
	if half = min(half, len(out)); len(values) < quantilesApart {
		half = len(out)
	}
	var other sync.WaitGroup
	other.Go(func() { each(half, len(out)) })
	each(0, half)
	other.Wait()
}

// quantileOf computes the quantile of values of one weight, and moves them about.
func quantileOf(values []float64, weight float32, share float64) float64 {
	return nth(values, rankOf(len(values), weight, share))
}

// rankOf returns which of n values of one weight, in order, is the quantile: sums of few enough equal weights are exact.
func rankOf(n int, weight float32, share float64) int {
	w := float64(weight)
	if n < 1<<29 && w > 0 && !math.IsInf(w, 1) {
		upto := share * (float64(n) * w)
		k := min(n, max(1, int(share*float64(n))))
		for k > 1 && float64(k-1)*w >= upto {
			k--
		}
		for k < n && float64(k)*w < upto {
			k++
		}
		return k - 1
	}
	total, so := 0.0, 0.0
	for range n {
		total += w
	}
	for k := range n {
		if so += w; so >= share*total {
			return k
		}
	}
	return n - 1
}

// nth returns the value that would be the k-th if the values were in order, where NaN comes first, and moves them about.
func nth(values []float64, k int) float64 {
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

func weighedQuantileOf(values []float64, weights []float32, share float64) float64 {
	type weighed struct {
		v float64
		w float32
	}
	total := 0.0
	all := make([]weighed, len(values))
	for i, v := range values {
		all[i] = weighed{v, weights[i]}
		total += float64(weights[i])
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(a.v, b.v) })
	upto := 0.0
	for _, x := range all {
		if upto += float64(x.w); upto >= share*total {
			return x.v
		}
	}
	return all[len(all)-1].v
}
