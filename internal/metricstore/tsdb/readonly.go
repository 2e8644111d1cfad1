package tsdb

import (
	"context"
	"errors"
	"log/slog"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/signalbox/signalbox/internal/fault"
)

// readOnly answers queries while the database cannot be opened for writing: all blocks and, if it can be read to its end,
// the write-ahead log. The log is replayed once, at the opening.
type readOnly struct {
	db    *promtsdb.DBReadOnly
	all   storage.Querier // over all time; nil if nothing can be read
	start int64           // oldest instant, Unix milliseconds
}

// openReadOnly opens what can be read. The log is left out if there is no room: replaying it writes chunks beside it.
func openReadOnly(dir string, room bool, log *slog.Logger) (*readOnly, error) {
	db, err := promtsdb.OpenDBReadOnly(dir, "", log)
	if err != nil {
		return nil, err
	}
	r := &readOnly{db: db, start: math.MaxInt64}
	bs, err := db.Blocks()
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	for _, b := range bs {
		r.start = min(r.start, b.Meta().MinTime)
	}
	if room {
		if r.all, err = db.Querier(math.MinInt64, math.MaxInt64); err == nil {
			return r, nil
		}
	}
	log.Warn("The write-ahead log cannot be read; only blocks answer queries", "dir", dir, "blocks", len(bs), "err", err)
	if len(bs) == 0 {
		return r, nil
	}
	// Up to the end of the last block the library leaves the log alone.
	if r.all, err = db.Querier(math.MinInt64, bs[len(bs)-1].Meta().MaxTime-1); err != nil {
		_ = db.Close()
		return nil, err
	}
	return r, nil
}

func (r *readOnly) querier(mint, maxt int64) (storage.Querier, error) {
	if r.all == nil {
		return nil, fault.New(fault.Unavailable, "the metric store cannot be read at the moment")
	}
	return &window{q: r.all, mint: mint, maxt: maxt}, nil
}

func (r *readOnly) close() error {
	if r.db == nil {
		return nil
	}
	var err error
	if r.all != nil {
		err = r.all.Close()
	}
	return errors.Join(err, r.db.Close())
}

// window narrows the one querier over all time to a range; closing it closes nothing.
type window struct {
	q          storage.Querier
	mint, maxt int64
}

func (w *window) Select(ctx context.Context, sorted bool, h *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	var n storage.SelectHints
	if h != nil {
		n = *h
	}
	n.Start, n.End = w.mint, w.maxt
	return w.q.Select(ctx, sorted, &n, ms...)
}

func (w *window) LabelValues(ctx context.Context, name string, h *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return w.q.LabelValues(ctx, name, h, ms...)
}

func (w *window) LabelNames(ctx context.Context, h *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return w.q.LabelNames(ctx, h, ms...)
}

func (w *window) Close() error { return nil }
