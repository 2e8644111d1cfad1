package duckdb

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// foldApart is of how many rows the sources of a count are worth two folds side by side.
const foldApart = 50_000

// fold answers a count: each half of the sources is folded on its own, both side by side, and the second joins the first. The
// error is errBig where DuckDB must do it.
func (s *Store) fold(ctx context.Context, c *counting, sources []*seeker) ([]rowstore.Group, error) {
	c.times = true
	defer func() { c.times = false }()
	half := len(sources)
	if c.rows >= foldApart && s.opt.Threads > 1 {
		half = halfOf(sources)
	}
	first, err := s.foldBeside(ctx, c, sources, half)
	if half < len(sources) && errors.Is(err, errBig) { // a text that both have takes its memory twice
		first, err = s.foldBeside(ctx, c, sources, len(sources))
	}
	if err != nil {
		return nil, err
	}
	groups := first.groups()
	for i := range first.of {
		first.of[i].values.give(&s.values)
	}
	return groups, nil
}

// halfOf returns how many of the sources have about half of the rows; there is at least one, if there is any.
func halfOf(sources []*seeker) (n int) {
	var all, so int64
	for _, src := range sources {
		all += src.looked()
	}
	for n < len(sources) && (n == 0 || 2*so+sources[n].looked() <= all) {
		so += sources[n].looked()
		n++
	}
	return n
}

func (s *Store) foldBeside(ctx context.Context, c *counting, sources []*seeker, half int) (*fold, error) {
	all := &foldRoom{}
	parts := [][]*seeker{sources[:half], sources[half:]}
	var folds [2]*fold
	var errs [2]error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := func(i int) {
		rows := int64(0)
		for _, src := range parts[i] {
			rows += src.looked()
		}
		folds[i] = s.newFold(c, rows, all)
		if errs[i] = folds[i].read(ctx, s, c, parts[i]); errs[i] != nil {
			cancel()
		}
	}
	var other sync.WaitGroup
	if half < len(sources) {
		other.Go(func() { read(1) })
	}
	read(0)
	other.Wait()
	if errs[0] == nil || errs[1] != nil && errors.Is(errs[0], context.Canceled) { // the error that ended the other counts
		errs[0] = errs[1]
	}
	if errs[0] != nil {
		return nil, errs[0]
	}
	if folds[1] != nil {
		folds[0].join(folds[1])
	}
	return folds[0], nil
}

// join takes the groups of another fold of the same count.
func (f *fold) join(o *fold) {
	to := make([]uint32, len(o.buckets.starts))
	for n, start := range o.buckets.starts {
		to[n] = f.buckets.numberOf(start)
	}
	if len(f.keys) == 0 {
		f.at = append(f.at, f.buckets.starts[len(f.at):]...)
	}
	for k := range f.keys {
		words := make([]uint32, len(o.keys[k].words.texts))
		for i, w := range o.keys[k].words.texts {
			words[i] = f.keys[k].words.numberOf(w)
		}
		next := make([]uint32, len(o.codes[k])/2)
		for g := range next {
			so, code := to[o.codes[k][2*g]], o.codes[k][2*g+1]
			if o.keys[k].named == nil {
				code = words[code]
			}
			at := int64(0)
			if k == len(f.keys)-1 {
				at = o.at[g]
			}
			next[g] = f.group(k, so, code, at)
		}
		to = next
	}
	to = to[:len(o.at)]
	for i := range f.of {
		f.of[i].room(len(f.at))
		o.of[i].room(len(o.at))
		f.of[i].join(&o.of[i], to)
	}
}

// join takes the numbers of another fold's groups; to says which group here each of them is.
func (t *tally) join(o *tally, to []uint32) {
	switch t.Kind {
	case "quantile":
		t.values.join(&o.values, to)
		return
	case "unique":
		words := make([]uint32, len(o.words.texts))
		for i, w := range o.words.texts {
			words[i] = t.words.numberOf(w)
		}
		for g := range o.set {
			set := &t.set[to[g]]
			o.set[g].each(func(v uint32) { set.add(words[v]) })
		}
		return
	}
	for g, x := range o.sum[:len(to)] {
		s := &t.sum[to[g]]
		t.weight[to[g]] += o.weight[g]
		switch t.Kind {
		case "min", "first":
			if math.IsNaN(*s) || x < *s {
				*s = x
			}
		case "max", "last":
			if math.IsNaN(*s) || x > *s {
				*s = x
			}
		default:
			*s += x
		}
	}
}
