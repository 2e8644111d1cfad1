package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Stored is a sample as the store has it: a float, or a histogram that is the caller's own.
type Stored struct {
	ST, T int64 // Unix milliseconds; ST is 0 where no start is known
	V     float64
	H     *histogram.FloatHistogram
}

// Newest returns the newest sample that the store has of a series and that is not older than back; ok is false if there is none. A
// series that the store has never had costs nothing; the others cost a query, so it is for those who met a series for the
// first time and have to go on from what was before them. Stale markers do not count.
func (b *Batch) Newest(r Ref, back time.Duration) (s Stored, ok bool, err error) {
	e := b.g.at(r.index())
	if e.last.Load() == never {
		return s, false, nil
	}
	q, err := b.g.o.Store.Querier(b.now-back.Milliseconds(), b.future)
	if err != nil {
		return s, false, fmt.Errorf("gate: look for the newest sample: %w", err)
	}
	defer func() { _ = q.Close() }() // nothing was written
	var ms []*labels.Matcher
	e.l.Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value)) // equality cannot fail
	})
	set := q.Select(context.Background(), false, nil, ms...)
	for set.Next() {
		x := set.At()
		if !labels.Equal(x.Labels(), e.l) { // one with further labels
			continue
		}
		it := x.Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			switch kind {
			case chunkenc.ValFloat:
				if t, v := it.At(); !value.IsStaleNaN(v) {
					s, ok = Stored{ST: it.AtST(), T: t, V: v}, true
				}
			case chunkenc.ValHistogram, chunkenc.ValFloatHistogram:
				if t, h := it.AtFloatHistogram(nil); !value.IsStaleNaN(h.Sum) {
					s, ok = Stored{ST: it.AtST(), T: t, H: h}, true
				}
			}
		}
		if err := it.Err(); err != nil {
			return s, false, fmt.Errorf("gate: look for the newest sample: %w", err)
		}
	}
	if err := set.Err(); err != nil {
		return s, false, fmt.Errorf("gate: look for the newest sample: %w", err)
	}
	return s, ok, nil
}
