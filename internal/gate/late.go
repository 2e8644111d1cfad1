package gate

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// older decides about a sample that is not simply the next of its series: it is late, or comes again. Fresh says that the
// observers have not seen it, done that there is nothing left to store. For a watched series the store is asked, so that an
// observer sees each timestamp of a series once, with the value that stands; a series that nobody watches is left to the
// store alone.
func (b *Batch) older(i uint32, e *entry, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) (fresh, done bool, err error) {
	bits := valueBits(v, h, fh)
	var known stored
	if e.last.Load() == unknown {
		if t > b.newest || !b.g.watched(i) {
			return true, false, nil
		}
		if known, err = b.lookUp(e.l, t); err != nil {
			return false, false, b.refused(e.src, err)
		}
		if e.last.CompareAndSwap(unknown, known.newest) {
			e.bits.Store(known.newestBits)
		}
	}
	last := e.last.Load()
	switch {
	case t > last:
		return true, false, nil
	case b.has(i, t): // twice in one batch; what came before is not in the store yet
		if t == last && bits != aHistogram && e.bits.Load() != aHistogram && e.bits.Load() != bits {
			return false, false, b.refuse(e.src, b.g.refusals[Duplicate])
		}
		b.accept(i, e, t, bits)
		return false, true, nil
	case t == last && bits != aHistogram && e.bits.Load() == bits:
		b.accept(i, e, t, bits)
		return false, true, nil
	case t == last || !b.g.watched(i):
		return t != last, false, nil // the store compares
	}
	if !known.asked {
		if known, err = b.lookUp(e.l, t); err != nil {
			return false, false, b.refused(e.src, err)
		}
	}
	switch {
	case !known.there:
		return true, false, nil
	case bits != known.bits || !same(h, known.h) || !same(fh, known.fh):
		return false, false, b.refuse(e.src, b.g.refusals[Duplicate])
	}
	b.accept(i, e, t, bits)
	return false, true, nil
}

// same compares two histograms of one kind, either of which may be absent.
func same[H any, P interface {
	*H
	Equals(P) bool
}](a, b P) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equals(b)
}

// has says whether the batch holds a sample already.
func (b *Batch) has(i uint32, t int64) bool {
	if b.pending == nil {
		b.pending = make(map[sampleID]struct{}, len(b.claims))
		for _, c := range b.claims {
			b.pending[c] = struct{}{}
		}
	}
	_, ok := b.pending[sampleID{i, t}]
	return ok
}

// stored is what the store holds of a series from an instant on.
type stored struct {
	asked bool
	there bool // a sample at the instant itself
	bits  uint64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram

	newest     int64 // or never
	newestBits uint64
}

// lookUp asks the store for a series from t on.
func (b *Batch) lookUp(l labels.Labels, t int64) (stored, error) {
	s := stored{asked: true, newest: never, newestBits: aHistogram}
	q, err := b.g.o.Store.Querier(t, math.MaxInt64)
	if err != nil {
		return s, err
	}
	defer q.Close()
	ms := make([]*labels.Matcher, 0, l.Len())
	l.Range(func(l labels.Label) { ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value)) })
	set := q.Select(context.WithoutCancel(b.ctx), false, &storage.SelectHints{Start: t, End: math.MaxInt64}, ms...)
	for set.Next() {
		if !labels.Equal(set.At().Labels(), l) {
			continue
		}
		it := set.At().Iterator(nil)
		for k := it.Next(); k != chunkenc.ValNone; k = it.Next() {
			at := it.AtT()
			s.newest, s.newestBits = at, aHistogram
			if k == chunkenc.ValFloat {
				_, v := it.At()
				s.newestBits = math.Float64bits(v)
			}
			if at != t {
				continue
			}
			s.there, s.bits = true, s.newestBits
			switch k {
			case chunkenc.ValHistogram:
				_, s.h = it.AtHistogram(nil)
			case chunkenc.ValFloatHistogram:
				_, s.fh = it.AtFloatHistogram(nil)
			}
		}
		if err := it.Err(); err != nil {
			return s, err
		}
	}
	return s, set.Err()
}
