package push

import (
	"context"
	"errors"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
)

// AppenderV2 lets the machines of an agent write into the queue as into a store: one commit is one request.
func (p *Pusher) AppenderV2(context.Context) storage.AppenderV2 {
	return &appender{p: p, symbols: writev2.NewSymbolTable()}
}

type appender struct {
	p       *Pusher
	symbols writev2.SymbolsTable
	series  []writev2.TimeSeries
}

var errOnlyFloats = errors.New("the agent sends float samples only")

// Append implements storage.AppenderV2.
func (a *appender) Append(_ storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return 0, errOnlyFloats
	}
	a.series = append(a.series, writev2.TimeSeries{
		LabelsRefs: a.symbols.SymbolizeLabels(l, nil), Samples: []writev2.Sample{{Value: v, Timestamp: t, StartTimestamp: st}},
	})
	return 0, nil
}

// AppendExemplar is what no machine of an agent does.
func (a *appender) AppendExemplar(storage.SeriesRef, labels.Labels, exemplar.Exemplar) (storage.SeriesRef, error) {
	return 0, errOnlyFloats
}

// UpdateMetadata is what no machine of an agent does.
func (a *appender) UpdateMetadata(storage.SeriesRef, labels.Labels, metadata.Metadata) (storage.SeriesRef, error) {
	return 0, nil
}

// Commit queues the samples.
func (a *appender) Commit() error {
	if len(a.series) == 0 {
		return nil
	}
	r := writev2.Request{Symbols: a.symbols.Symbols(), Timeseries: a.series}
	b, err := r.Marshal()
	if err != nil {
		return err
	}
	return a.p.put(snappy.Encode(nil, b))
}

// Rollback forgets the samples.
func (a *appender) Rollback() error {
	a.series = nil
	return nil
}
