package evaluate

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/signalbox/signalbox/internal/kpi"
)

// stride is how much of the store a replay looks at in one go, ms. Between two strides nothing is held open, so that blocks
// can be compacted and dropped however long the replay is.
const stride = 6 * int64(3600_000)

// stream feeds a meter from the store, a stride at a time and within it period by period. It keeps one reader a series.
type stream struct {
	e       *Engine
	m       *kpi.Meter
	q       storage.Querier
	sides   [][]*labels.Matcher
	readers []map[uint64][]*reader // by side and by the hash of the labels
	reading [][]*reader            // of this stride; readers whose samples must be fed in one order of time stand together
}

// reader reads one series on one side; t is the time of its next sample, math.MaxInt64 at the end of the stride.
type reader struct {
	labels labels.Labels
	tap    *kpi.Tap // nil: beyond max_groups
	it     chunkenc.Iterator
	kind   chunkenc.ValueType
	t      int64
}

func newStream(e *Engine, m *kpi.Meter) *stream {
	s := &stream{e: e, m: m, sides: m.Sides()}
	for range s.sides {
		s.readers = append(s.readers, map[uint64][]*reader{})
	}
	return s
}

// open begins the stride [from, to] and returns the time of its oldest sample, math.MaxInt64 if there is none.
func (s *stream) open(ctx context.Context, from, to int64) (oldest int64, err error) {
	if s.q, err = s.e.o.Store.Querier(from, to); err != nil {
		return 0, fmt.Errorf("replay: %w", err)
	}
	oldest = math.MaxInt64
	place := map[any]int{}
	for side, ms := range s.sides {
		set := s.q.Select(ctx, true, &storage.SelectHints{Start: from, End: to}, ms...)
		for set.Next() {
			series := set.At()
			r := s.reader(side, series.Labels())
			if r.tap == nil {
				continue
			}
			r.it = series.Iterator(r.it)
			r.next()
			oldest = min(oldest, r.t)
			of := r.tap.Together()
			at, known := place[of]
			if of != nil && known {
				s.reading[at] = append(s.reading[at], r)
				continue
			}
			place[of] = len(s.reading)
			s.reading = append(s.reading, []*reader{r})
		}
		if err := set.Err(); err != nil {
			s.close()
			return 0, fmt.Errorf("replay: %w", err)
		}
	}
	return oldest, nil
}

// reader returns a series' reader; its tap is attached when the series is seen first.
func (s *stream) reader(side int, l labels.Labels) *reader {
	h := l.Hash()
	for _, r := range s.readers[side][h] {
		if labels.Equal(r.labels, l) {
			return r
		}
	}
	r := &reader{labels: l, tap: s.m.Attach(side, l, s.e.interval(l))}
	s.readers[side][h] = append(s.readers[side][h], r)
	return r
}

// to feeds every sample up to t.
func (s *stream) to(t int64) {
	for _, together := range s.reading {
		for {
			next := together[0].t
			for _, r := range together[1:] {
				next = min(next, r.t)
			}
			if next > t {
				break
			}
			for _, r := range together {
				if r.t == next {
					r.feed()
				}
			}
		}
	}
}

// finish feeds the rest of the stride up to t and ends it.
func (s *stream) finish(t int64) error {
	defer s.close()
	s.to(t)
	for _, together := range s.reading {
		for _, r := range together {
			if err := r.it.Err(); err != nil {
				return fmt.Errorf("replay %s: %w", r.labels, err)
			}
		}
	}
	return nil
}

func (s *stream) close() {
	s.reading = s.reading[:0]
	if s.q != nil {
		_ = s.q.Close()
		s.q = nil
	}
}

func (r *reader) next() {
	if r.kind = r.it.Next(); r.kind == chunkenc.ValNone {
		r.t = math.MaxInt64
		return
	}
	r.t = r.it.AtT()
}

func (r *reader) feed() {
	switch st := r.it.AtST(); r.kind {
	case chunkenc.ValFloat:
		t, v := r.it.At()
		r.tap.Feed(t, st, v, nil, nil)
	case chunkenc.ValHistogram:
		t, h := r.it.AtHistogram(nil)
		r.tap.Feed(t, st, 0, h, nil)
	case chunkenc.ValFloatHistogram:
		t, fh := r.it.AtFloatHistogram(nil)
		r.tap.Feed(t, st, 0, nil, fh)
	}
	r.next()
}
