package gate

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// appendable makes appenders that write through the gate.
type appendable struct{ gr *Grant }

func (a appendable) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &appender{b: a.gr.Batch(ctx)}
}

func (a appendable) Appender(ctx context.Context) storage.Appender {
	return &oldAppender{appender: appender{b: a.gr.Batch(ctx)}}
}

// appender is a batch in the library's shape.
type appender struct{ b *Batch }

var _ storage.AppenderV2 = (*appender)(nil)

// series finds the entry by the reference, if it still stands for these labels (they are the same string, as a rule), else
// by the labels.
func (a *appender) series(ref storage.SeriesRef, l labels.Labels) (Ref, *entry, error) {
	if a.b == nil {
		return 0, nil, promtsdb.ErrAppenderClosed
	}
	g := a.b.g
	if e := g.alive(Ref(ref)); e != nil && labels.Equal(e.l, l) {
		return Ref(ref), e, nil
	}
	l = l.WithoutEmpty()
	r, refusal := a.b.resolve(l, Mark{}, false)
	if refusal != nil {
		return 0, nil, a.b.refuse(a.b.bySrc, refusal)
	}
	return r, g.at(r.index()), nil
}

func (a *appender) Append(ref storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	r, e, err := a.series(ref, l)
	if err != nil {
		return 0, err
	}
	r, err = a.b.add(r, e, e.l, st, t, v, h, fh, o)
	return storage.SeriesRef(r), err
}

// take returns the batch for its end; later calls find none.
func (a *appender) take() *Batch {
	b := a.b
	a.b = nil
	return b
}

func (a *appender) Commit() error {
	b := a.take()
	if b == nil {
		return promtsdb.ErrAppenderClosed
	}
	_, err := b.Commit()
	return err
}

func (a *appender) Rollback() error {
	b := a.take()
	if b == nil {
		return promtsdb.ErrAppenderClosed
	}
	return b.Rollback()
}

// oldAppender is the former shape, which rules still write with.
type oldAppender struct {
	appender
	o storage.AOptions
}

var _ storage.Appender = (*oldAppender)(nil)

func (a *oldAppender) SetOptions(o *storage.AppendOptions) {
	a.o.RejectOutOfOrder = o != nil && o.DiscardOutOfOrder
}

func (a *oldAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	return a.appender.Append(ref, l, 0, t, v, nil, nil, a.o)
}

func (a *oldAppender) AppendHistogram(ref storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return a.appender.Append(ref, l, 0, t, 0, h, fh, a.o)
}

func (a *oldAppender) AppendExemplar(ref storage.SeriesRef, l labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	r, _, err := a.series(ref, l)
	if err != nil {
		return 0, err
	}
	a.b.AppendExemplar(r, e)
	return storage.SeriesRef(r), nil
}

// AppendSTZeroSample stores nothing: the current appender carries the start with each sample.
func (a *oldAppender) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, errStart
}

// AppendHistogramSTZeroSample stores nothing, for the same reason.
func (a *oldAppender) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, errStart
}

var errStart = fmt.Errorf("%w: start timestamps are stored with the sample", storage.ErrOutOfOrderST)

// UpdateMetadata keeps nothing: metadata lives with who scrapes and receives.
func (a *oldAppender) UpdateMetadata(ref storage.SeriesRef, _ labels.Labels, _ metadata.Metadata) (storage.SeriesRef, error) {
	return ref, nil
}
