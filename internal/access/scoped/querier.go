package scoped

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Sets returns the matchers of which one set has to hold for a series to be in sight. It is asked only for lenses that
// hide something; an empty set is passed over. Scopes is the default.
type Sets func(l Lens) [][]*labels.Matcher

// Scopes are the lens's own scopes: what is in sight by its labels.
func Scopes(l Lens) [][]*labels.Matcher {
	out := make([][]*labels.Matcher, len(l.scopes))
	for i, s := range l.scopes {
		out[i] = s
	}
	return out
}

// Queryable bounds every querier of q by the lens that of finds in each call's context.
func Queryable(q storage.Queryable, of func(context.Context) Lens, sets Sets) storage.Queryable {
	return queryable{q, bound{of, sets}}
}

// ChunkQueryable is Queryable for remote read.
func ChunkQueryable(q storage.ChunkQueryable, of func(context.Context) Lens, sets Sets) storage.ChunkQueryable {
	return chunkQueryable{q, bound{of, sets}}
}

// Exemplars bounds exemplars as Queryable bounds samples.
func Exemplars(q storage.ExemplarQueryable, of func(context.Context) Lens, sets Sets) storage.ExemplarQueryable {
	return exemplarQueryable{q, bound{of, sets}}
}

// bound turns one selection into those that the lens allows.
type bound struct {
	of   func(context.Context) Lens
	sets Sets
}

// split returns the matchers to ask with, once each: their answers are merged.
func (b bound) split(ctx context.Context, ms []*labels.Matcher) [][]*labels.Matcher {
	l := b.of(ctx)
	if l.whole {
		return [][]*labels.Matcher{ms}
	}
	var out [][]*labels.Matcher
	for _, s := range b.sets(l) {
		if len(s) > 0 {
			out = append(out, append(slices.Clone(ms), s...))
		}
	}
	return out
}

type queryable struct {
	storage.Queryable
	b bound
}

// Querier implements storage.Queryable.
func (q queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	inner, err := q.Queryable.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return querier{inner, q.b}, nil
}

type querier struct {
	storage.Querier
	b bound
}

// Select implements storage.Querier.
func (q querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	sets := q.b.split(ctx, ms)
	switch len(sets) {
	case 0:
		return storage.EmptySeriesSet()
	case 1:
		return q.Querier.Select(ctx, sorted, hints, sets[0]...)
	}
	answers := make([]storage.SeriesSet, len(sets))
	for i, s := range sets {
		answers[i] = q.Querier.Select(ctx, true, hints, s...) // merging needs order
	}
	return storage.NewMergeSeriesSet(answers, 0, storage.ChainedSeriesMerge)
}

// LabelValues implements storage.LabelQuerier.
func (q querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(q.b.split(ctx, ms), func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.Querier.LabelValues(ctx, name, hints, ms...)
	})
}

// LabelNames implements storage.LabelQuerier.
func (q querier) LabelNames(ctx context.Context, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(q.b.split(ctx, ms), func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.Querier.LabelNames(ctx, hints, ms...)
	})
}

// union asks once for each allowed set of matchers.
func union(sets [][]*labels.Matcher, ask func([]*labels.Matcher) ([]string, annotations.Annotations, error)) ([]string, annotations.Annotations, error) {
	if len(sets) == 1 {
		return ask(sets[0])
	}
	out := []string{}
	var notes annotations.Annotations
	for _, s := range sets {
		values, n, err := ask(s)
		if err != nil {
			return nil, n, err
		}
		notes.Merge(n)
		out = append(out, values...)
	}
	slices.Sort(out)
	return slices.Compact(out), notes, nil
}

type chunkQueryable struct {
	storage.ChunkQueryable
	b bound
}

// ChunkQuerier implements storage.ChunkQueryable.
func (q chunkQueryable) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	inner, err := q.ChunkQueryable.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return chunkQuerier{inner, q.b}, nil
}

type chunkQuerier struct {
	storage.ChunkQuerier
	b bound
}

// Select implements storage.ChunkQuerier.
func (q chunkQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	sets := q.b.split(ctx, ms)
	switch len(sets) {
	case 0:
		return storage.EmptyChunkSeriesSet()
	case 1:
		return q.ChunkQuerier.Select(ctx, sorted, hints, sets[0]...)
	}
	answers := make([]storage.ChunkSeriesSet, len(sets))
	for i, s := range sets {
		answers[i] = q.ChunkQuerier.Select(ctx, true, hints, s...)
	}
	return storage.NewMergeChunkSeriesSet(answers, 0, storage.NewCompactingChunkSeriesMerger(storage.ChainedSeriesMerge))
}

// LabelValues implements storage.LabelQuerier.
func (q chunkQuerier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(q.b.split(ctx, ms), func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.ChunkQuerier.LabelValues(ctx, name, hints, ms...)
	})
}

// LabelNames implements storage.LabelQuerier.
func (q chunkQuerier) LabelNames(ctx context.Context, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return union(q.b.split(ctx, ms), func(ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.ChunkQuerier.LabelNames(ctx, hints, ms...)
	})
}

type exemplarQueryable struct {
	storage.ExemplarQueryable
	b bound
}

// ExemplarQuerier implements storage.ExemplarQueryable.
func (q exemplarQueryable) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	inner, err := q.ExemplarQueryable.ExemplarQuerier(ctx)
	if err != nil {
		return nil, err
	}
	return exemplarQuerier{ctx, inner, q.b}, nil
}

// exemplarQuerier lives for one request; the library's Select takes no context, so it carries the one it was made with.
type exemplarQuerier struct {
	ctx   context.Context
	inner storage.ExemplarQuerier
	b     bound
}

// Select implements storage.ExemplarQuerier. Each set of matchers is an alternative.
func (q exemplarQuerier) Select(start, end int64, alternatives ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	var bounded [][]*labels.Matcher
	for _, ms := range alternatives {
		bounded = append(bounded, q.b.split(q.ctx, ms)...)
	}
	if len(bounded) == 0 {
		return nil, nil
	}
	return q.inner.Select(start, end, bounded...)
}
