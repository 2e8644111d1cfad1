package scrape

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
)

// meter stands between the scrape manager and the gate. It counts what each target's last scrape brought, and it keeps a
// target that exposes too many series from leaving them in the store. A series that was appended and rolled back stays in
// the head until the next truncation, so the new series of a target's first scrape, and of every scrape after one that was
// rolled back with many of them, wait in a list until the scrape has succeeded. (A waiting series has no reference yet, so
// it gets no stale marker if it is gone by the next scrape; that is why not every new series waits.)
type meter struct {
	next    storage.AppendableV2
	scraped func(t *promscrape.Target, s *tally) // called after each commit
	mu      sync.Mutex
	targets map[*promscrape.Target]*tally
}

// manyNew is the number of new series of one failed scrape beyond which a target's new series are held back.
const manyNew = 1000

// tally is what is known of one target beside the scrape manager's own state.
type tally struct {
	mu     sync.Mutex
	last   counts
	held   bool // new series wait until the scrape has succeeded
	look   look // what a look at a failing target showed
	kinds  kinds
	looked int64 // Unix ms of the last look
	read   int64 // Unix ms of the last reading of the metadata
}

// counts are samples of one scrape.
type counts struct {
	up         bool
	scraped    int // in the answer
	kept       int // after metric relabelling
	outOfOrder int // older than the series' newest, beyond the out-of-order window, or repeated with another value
	outOfBound int // too old or too far in the future
	repeated   int // a series that stood in the answer before
}

func (m *meter) tally(t *promscrape.Target) *tally {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.targets[t]
	if !ok {
		s = &tally{held: true}
		m.targets[t] = s
	}
	return s
}

// keep forgets all targets but those in active.
func (m *meter) keep(active map[*promscrape.Target]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range m.targets {
		if !active[t] {
			delete(m.targets, t)
		}
	}
}

// AppenderV2 implements storage.AppendableV2 for one scrape.
func (m *meter) AppenderV2(ctx context.Context) storage.AppenderV2 {
	app := m.next.AppenderV2(ctx)
	t, ok := promscrape.TargetFromContext(ctx)
	if !ok {
		return app
	}
	s := m.tally(t)
	s.mu.Lock()
	hold := s.held
	s.mu.Unlock()
	return &meteredAppender{AppenderV2: app, meter: m, target: t, tally: s, hold: hold}
}

type meteredAppender struct {
	storage.AppenderV2
	meter    *meter
	target   *promscrape.Target
	tally    *tally
	hold     bool
	reported bool // the report samples (up and its like) came by
	appended int
	born     int
	counts   counts
	waiting  []sample
}

type sample struct {
	l     labels.Labels
	st, t int64
	v     float64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram
	opts  storage.AppendV2Options
}

func (a *meteredAppender) Append(ref storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	if n := len(opts.MetricFamilyName); n > 0 && opts.MetricFamilyName[n-1] == 0xff {
		// The manager marks its own report samples with a byte that no metric name holds.
		name := opts.MetricFamilyName[:n-1]
		a.report(name, v)
		if name == "up" && v == 1 {
			// The scrape has succeeded. What waited goes before up, as it would have without waiting: a series that comes
			// after the up of its own scrape would look as if an earlier scrape had been without it.
			if err := a.flush(); err != nil {
				return 0, err
			}
		}
		opts.MetricFamilyName = ""
		return a.AppenderV2.Append(ref, l, st, t, v, h, fh, opts)
	}
	if a.hold && ref == 0 {
		opts.Exemplars = slices.Clone(opts.Exemplars)
		opts.MetricFamilyName = strings.Clone(opts.MetricFamilyName)
		a.waiting = append(a.waiting, sample{l: l, st: st, t: t, v: v, h: h, fh: fh, opts: opts})
		return 0, nil
	}
	got, err := a.AppenderV2.Append(ref, l, st, t, v, h, fh, opts)
	a.count(ref == 0, value.IsStaleNaN(v), err)
	return got, err
}

func (a *meteredAppender) count(born, stale bool, err error) {
	switch {
	case err == nil, errors.Is(err, &storage.AppendPartialError{}):
		if !stale {
			a.appended++
		}
		if born {
			a.born++
		}
	case stale:
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		a.counts.outOfOrder++
	case errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample):
		a.counts.outOfBound++
	}
}

func (a *meteredAppender) report(name string, v float64) {
	if value.IsStaleNaN(v) {
		return
	}
	switch name {
	case "up":
		a.reported = true
		a.counts.up = v == 1
	case "scrape_samples_scraped":
		a.counts.scraped = int(v)
	case "scrape_samples_post_metric_relabeling":
		a.counts.kept = int(v)
	}
}

// flush appends what waited. Samples that are too late are counted and left out, as the scrape manager does.
func (a *meteredAppender) flush() error {
	waiting := a.waiting
	a.waiting = nil
	for _, w := range waiting {
		_, err := a.AppenderV2.Append(0, w.l, w.st, w.t, w.v, w.h, w.fh, w.opts)
		a.count(true, false, err)
		switch {
		case err == nil, errors.Is(err, &storage.AppendPartialError{}),
			errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp),
			errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample):
		default:
			return err
		}
	}
	return nil
}

func (a *meteredAppender) Commit() error {
	if err := a.AppenderV2.Commit(); err != nil {
		return err
	}
	if !a.reported {
		return nil
	}
	if c := &a.counts; c.up {
		c.repeated = max(0, c.kept-a.appended-c.outOfOrder-c.outOfBound)
	}
	a.tally.mu.Lock()
	a.tally.last = a.counts
	if a.counts.up {
		a.tally.held = false
	}
	a.tally.mu.Unlock()
	a.meter.scraped(a.target, a.tally)
	return nil
}

func (a *meteredAppender) Rollback() error {
	if a.born > manyNew {
		a.tally.mu.Lock()
		a.tally.held = true
		a.tally.mu.Unlock()
	}
	return a.AppenderV2.Rollback()
}
