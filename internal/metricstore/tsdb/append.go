package tsdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/signalbox/signalbox/internal/fault"
)

// A reference carries in its upper bits the life of the database that gave it: after a reopening the library may give the
// same number to another series, so a reference of a former life counts as unknown.
const (
	epochShift = 48
	refMask    = 1<<epochShift - 1
)

// tx is what both kinds of appender share: the life they belong to, and the end of the transaction.
type tx struct {
	s    *Store
	o    *opened
	base uint64 // the epoch's bits
	err  error  // why nothing is accepted
	done bool
}

// begin counts the appender in, or says why it can accept nothing.
func (s *Store) begin() tx {
	t := tx{s: s}
	if t.err = s.Writable(); t.err != nil {
		return t
	}
	if t.o, t.err = s.enter(); t.err != nil {
		return t
	}
	if t.o.db == nil { // broke in between
		s.leave(t.o)
		t.o, t.err = nil, fault.New(fault.Unavailable, "the metric store in %s is read-only", s.o.Dir)
		return t
	}
	t.base = t.o.epoch << epochShift
	return t
}

// in translates a reference for the library, out one of the library.
func (t *tx) in(ref storage.SeriesRef) storage.SeriesRef {
	if uint64(ref)&^refMask != t.base {
		return 0
	}
	return ref & refMask
}

func (t *tx) out(ref storage.SeriesRef) storage.SeriesRef {
	if ref == 0 {
		return 0
	}
	return ref | storage.SeriesRef(t.base)
}

// end ends the transaction with the library's commit or rollback.
func (t *tx) end(commit bool, f func() error) error {
	if t.err != nil {
		return t.err
	}
	if t.done {
		return promtsdb.ErrAppenderClosed
	}
	t.done = true
	defer t.s.leave(t.o)
	err := guard(f)
	if err == nil && commit && t.s.sync != nil {
		err = t.s.sync.wait()
	}
	if err == nil || errors.Is(err, promtsdb.ErrAppenderClosed) {
		return err
	}
	t.s.fail(t.o, err)
	return fault.New(fault.Unavailable, "the metric store could not write its log: %w", err).
		Hint("Nothing of this was accepted; send it again")
}

// ref answers storage.GetRef.
func (t *tx) ref(app any, l labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	if g, ok := app.(storage.GetRef); ok {
		r, ls := g.GetRef(l, hash)
		return t.out(r), ls
	}
	return 0, labels.EmptyLabels()
}

// appender is the current kind of appender.
type appender struct {
	tx
	app storage.AppenderV2
}

var (
	_ storage.AppenderV2 = (*appender)(nil)
	_ storage.GetRef     = (*appender)(nil)
)

// AppenderV2 implements storage.AppendableV2.
func (s *Store) AppenderV2(ctx context.Context) storage.AppenderV2 {
	a := &appender{tx: s.begin()}
	if a.err == nil {
		a.app = a.o.db.AppenderV2(ctx)
	}
	return a
}

func (a *appender) Append(ref storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if a.err != nil {
		return 0, a.err
	}
	if ref = a.in(ref); ref == 0 {
		a.s.naming.Lock()
		defer a.s.naming.Unlock()
	}
	r, err := a.app.Append(ref, l, st, t, v, h, fh, o)
	return a.out(r), err
}

func (a *appender) GetRef(l labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	if a.err != nil {
		return 0, labels.EmptyLabels()
	}
	return a.ref(a.app, l, hash)
}

func (a *appender) Commit() error { return a.end(true, func() error { return a.app.Commit() }) }

func (a *appender) Rollback() error {
	if a.err != nil {
		return nil
	}
	return a.end(false, func() error { return a.app.Rollback() })
}

// oldAppender is the former kind, which some of the libraries still write with.
type oldAppender struct {
	tx
	app storage.Appender
}

var (
	_ storage.Appender = (*oldAppender)(nil)
	_ storage.GetRef   = (*oldAppender)(nil)
)

// Appender implements storage.Appendable.
func (s *Store) Appender(ctx context.Context) storage.Appender {
	a := &oldAppender{tx: s.begin()}
	if a.err == nil {
		a.app = a.o.db.Appender(ctx)
	}
	return a
}

func (a *oldAppender) SetOptions(o *storage.AppendOptions) {
	if a.err == nil {
		a.app.SetOptions(o)
	}
}

func (a *oldAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if a.err != nil {
		return 0, a.err
	}
	if ref = a.in(ref); ref == 0 {
		a.s.naming.Lock()
		defer a.s.naming.Unlock()
	}
	r, err := a.app.Append(ref, l, t, v)
	return a.out(r), err
}

func (a *oldAppender) AppendHistogram(ref storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	if a.err != nil {
		return 0, a.err
	}
	if ref = a.in(ref); ref == 0 {
		a.s.naming.Lock()
		defer a.s.naming.Unlock()
	}
	r, err := a.app.AppendHistogram(ref, l, t, h, fh)
	return a.out(r), err
}

func (a *oldAppender) AppendExemplar(ref storage.SeriesRef, l labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	if a.err != nil {
		return 0, a.err
	}
	r, err := a.app.AppendExemplar(a.in(ref), l, e)
	return a.out(r), err
}

// AppendSTZeroSample stores nothing: the start is kept with each sample of the current kind of appender.
func (a *oldAppender) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, a.startElsewhere()
}

// AppendHistogramSTZeroSample stores nothing, for the same reason.
func (a *oldAppender) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, a.startElsewhere()
}

func (a *oldAppender) startElsewhere() error {
	if a.err != nil {
		return a.err
	}
	return fmt.Errorf("%w: start timestamps are stored with the sample", storage.ErrOutOfOrderST)
}

func (a *oldAppender) UpdateMetadata(ref storage.SeriesRef, l labels.Labels, m metadata.Metadata) (storage.SeriesRef, error) {
	if a.err != nil {
		return 0, a.err
	}
	r, err := a.app.UpdateMetadata(a.in(ref), l, m)
	return a.out(r), err
}

func (a *oldAppender) GetRef(l labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	if a.err != nil {
		return 0, labels.EmptyLabels()
	}
	return a.ref(a.app, l, hash)
}

func (a *oldAppender) Commit() error { return a.end(true, func() error { return a.app.Commit() }) }

func (a *oldAppender) Rollback() error {
	if a.err != nil {
		return nil
	}
	return a.end(false, func() error { return a.app.Rollback() })
}
