package duckdb

import (
	"cmp"
	"slices"
	"sync"
)

// quantileValues is values of groups, with their weights where these differ. Rows are mostly in order of time, so that the values
// of a group stand together.
type quantileValues struct {
	v      []float64
	runs   []foldRun
	weight []float32 // nil: all are same
	same   float32
	more   []*quantileValues // of other folds, alike in whether they have weights
}

// quantileRoom is for how many values there is room from the start, and quantilesApart how many are worth another goroutine.
const (
	quantileRoom   = 1 << 20
	quantilesApart = 50_000
)

// room takes the memory for about n values. What was used before costs less than what is new.
func (q *quantileValues) room(n int, used *sync.Pool) {
	if v, ok := used.Get().(*[]float64); ok && cap(*v) >= min(n, quantileRoom) {
		q.v = (*v)[:0]
		return
	}
	q.v = make([]float64, 0, min(n, quantileRoom))
}

// give lets others use the memory of values that nobody needs any more.
func (q *quantileValues) give(used *sync.Pool) {
	for _, p := range append(q.more, q) {
		if v := p.v; cap(v) > 0 && cap(v) <= 2*quantileRoom {
			used.Put(&v)
		}
	}
}

// keepValues takes values of rows that have one; runs are the rows' groups.
func keepValues[T int64 | float64](q *quantileValues, v []T, valid validity, runs []foldRun, weights []float32) {
	if len(q.v) == 0 && len(weights) > 0 {
		q.same = weights[0]
	}
	base := len(q.v)
	if valid == nil && q.weight == nil && alike(weights, q.same) {
		q.v = slices.Grow(q.v, len(v))[:base+len(v)]
		to := q.v[base:]
		for i, x := range v {
			to[i] = float64(x)
		}
		for _, r := range runs {
			q.mark(r.group, base+int(r.end))
		}
		return
	}
	from := 0
	for _, r := range runs {
		for i := from; i < int(r.end); i++ {
			if !valid.has(i) {
				continue
			}
			if q.weight == nil && weights[i] != q.same {
				q.weigh()
			}
			if q.v = append(q.v, float64(v[i])); q.weight != nil {
				q.weight = append(q.weight, weights[i])
			}
			q.mark(r.group, len(q.v))
		}
		from = int(r.end)
	}
}

// mark says of which group the newest values are, up to end.
func (q *quantileValues) mark(group uint32, end int) {
	if n := len(q.runs); n > 0 && q.runs[n-1].group == group {
		q.runs[n-1].end = uint32(end)
		return
	}
	q.runs = append(q.runs, foldRun{group, uint32(end)})
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

// join takes the values of others, whose groups are here those of to, and which nobody else needs any more.
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
	for i := range o.runs {
		o.runs[i].group = to[o.runs[i].group]
	}
	q.more = append(q.more, o)
}

// quantiles computes the smallest value of each group that as much of the weight as asked for does not exceed. Groups
// without a value stay as they are. It moves the values about.
func (q *quantileValues) quantiles(share float64, out []float64) {
	parts := append([]*quantileValues{q}, q.more...)
	if !together(parts, len(out)) {
		parts = []*quantileValues{gathered(parts, len(out))}
	}
	var others sync.WaitGroup
	for _, p := range parts {
		half := len(p.runs)
		if len(parts) == 1 && len(p.v) >= quantilesApart {
			half /= 2
		}
		others.Go(func() { p.each(half, len(p.runs), share, out) })
		others.Go(func() { p.each(0, half, share, out) })
	}
	others.Wait()
}

// together reports whether each group's values stand together.
func together(parts []*quantileValues, groups int) bool {
	seen := make([]bool, groups)
	for _, p := range parts {
		for _, r := range p.runs {
			if seen[r.group] {
				return false
			}
			seen[r.group] = true
		}
	}
	return true
}

// gathered puts the values of each group together.
func gathered(parts []*quantileValues, groups int) *quantileValues {
	all := &quantileValues{same: parts[0].same, runs: make([]foldRun, groups)}
	next := make([]uint32, groups+1) // where the next values of a group go
	eachRun := func(f func(p *quantileValues, group, from, to uint32)) {
		for _, p := range parts {
			from := uint32(0)
			for _, r := range p.runs {
				f(p, r.group, from, r.end)
				from = r.end
			}
		}
	}
	eachRun(func(_ *quantileValues, group, from, to uint32) { next[group+1] += to - from })
	for g := range all.runs {
		next[g+1] += next[g]
		all.runs[g] = foldRun{uint32(g), next[g+1]}
	}
	all.v = make([]float64, next[groups])
	if parts[0].weight != nil {
		all.weight = make([]float32, next[groups])
	}
	eachRun(func(p *quantileValues, group, from, to uint32) {
		copy(all.v[next[group]:], p.v[from:to])
		if all.weight != nil {
			copy(all.weight[next[group]:], p.weight[from:to])
		}
		next[group] += to - from
	})
	return all
}

// each computes the quantiles of some of the runs.
func (q *quantileValues) each(from, to int, share float64, out []float64) {
	at := uint32(0)
	if from > 0 {
		at = q.runs[from-1].end
	}
	var high highest
	for _, r := range q.runs[from:to] {
		switch values := q.v[at:r.end]; {
		case len(values) == 0:
		case q.weight == nil:
			out[r.group] = high.quantileOf(values, q.same, share)
		default:
			out[r.group] = weighedQuantileOf(values, q.weight[at:r.end], share)
		}
		at = r.end
	}
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
