package otlp

import (
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/signalbox/signalbox/internal/gate"
)

// deltas keeps the running totals of series that come with delta temporality: what is stored is cumulative, as PromQL
// expects, with the start of the first delta as the start timestamp. A datapoint older than the total is refused, the newest
// one that comes again is answered with the same total, so that a retry changes nothing. Two within a millisecond are one
// sample for the store: the second is counted in, and seen with the one that follows.
//
// The totals are in memory only. A series that is met for the first time, as after a restart, goes on from its newest sample in
// the store and keeps its start: to begin at zero again would be seen as a reset only if the first delta were smaller than the total
// before, and else lose what the total was. A retry across the restart is known by its time.
type deltas struct {
	mu     sync.Mutex // held by a request from its first delta until its commit
	totals map[gate.Ref]*running
	most   int
	swept  int64
}

// running is the total of one series.
type running struct {
	start int64 // of the first delta, Unix milliseconds
	found bool  // it was the store's, and last is not known
	since uint64
	at    uint64 // start and time of the newest delta, nanoseconds
	last  float64
	v     float64
	h     *histogram.FloatHistogram // never changed: it was handed over
	seen  int64                     // Unix milliseconds
}

// forget is for how long a total is kept for a series that is silent when room is needed, and sweepEvery how often that is
// looked at.
const (
	lookBack   = 3 * time.Hour // for a total in the store; about what it has in memory
	forget     = 3_600_000
	sweepEvery = 60_000
)

func newDeltas(most int) *deltas { return &deltas{totals: map[gate.Ref]*running{}, most: most} }

// journal is what a request has changed, so that it can be taken back when the request is not stored.
type journal struct {
	held    *deltas
	entries []entry
}

type entry struct {
	ref    gate.Ref
	before running
	born   bool
}

func (j *journal) open(ds *deltas) {
	if j.held == nil {
		ds.mu.Lock()
		j.held = ds
	}
}

// close lets other requests at the totals.
func (j *journal) close() {
	if j.held != nil {
		j.held.mu.Unlock()
		j.held = nil
	}
	clear(j.entries)
}

// undo takes everything back.
func (j *journal) undo() {
	for len(j.entries) > 0 {
		j.undoLast()
	}
}

// undoLast takes the newest change back.
func (j *journal) undoLast() {
	n := len(j.entries) - 1
	e := j.entries[n]
	j.entries = j.entries[:n]
	if e.born {
		delete(j.held.totals, e.ref)
		return
	}
	*j.held.totals[e.ref] = e.before
}

// standing is how a datapoint stands to its total.
type standing uint8

const (
	refused standing = iota
	fresh
	again  // this very datapoint was counted in already
	crowds // the store has a sample of this millisecond already
)

// running returns the total of a series for the datapoint.
func (d *points) running(r gate.Ref) (s *running, how standing) {
	x := &d.point
	d.totals.open(d.rc.deltas)
	ds := d.rc.deltas
	now := d.rc.o.Now().UnixMilli()
	s = ds.totals[r]
	if s == nil {
		if !ds.room(now) {
			d.refuse(d.batch.Refuse(gate.SeriesTotal, 1).Error())
			return nil, refused
		}
		if s, how = d.resume(r); how == refused {
			return nil, refused
		}
		ds.totals[r] = s
		d.totals.entries = append(d.totals.entries, entry{ref: r, born: true})
	} else {
		switch {
		case x.time == s.at && x.start == s.since:
			how = again
		case x.time == s.at:
			d.refuse(d.batch.Refuse(gate.Duplicate, 1).Error())
			return nil, refused
		case x.time < s.at:
			d.refuse(d.batch.Refuse(gate.TooOld, 1).Error())
			return nil, refused
		case millis(x.time) == millis(s.at):
			how = crowds
		default:
			how = fresh
		}
		d.totals.entries = append(d.totals.entries, entry{ref: r, before: *s})
	}
	s.since, s.at, s.seen = x.start, x.time, now
	return s, how
}

// resume returns the total of a series that is met for the first time.
func (d *points) resume(r gate.Ref) (*running, standing) {
	x := &d.point
	before, ok, err := d.batch.Newest(r, lookBack)
	switch {
	case err != nil:
		d.rc.o.Logger.Error("The total of a delta series could not be looked up; it begins at zero", "err", err)
	case !ok:
	case before.T > millis(x.time):
		d.refuse(d.batch.Refuse(gate.TooOld, 1).Error())
		return nil, refused
	default:
		s := &running{start: before.ST, v: before.V, h: before.H}
		if before.T < millis(x.time) {
			return s, fresh
		}
		s.found = true
		return s, again
	}
	return &running{start: millis(x.start)}, fresh
}

// room forgets totals of silent series if the table is full.
func (ds *deltas) room(now int64) bool {
	if len(ds.totals) < ds.most {
		return true
	}
	if now-ds.swept < sweepEvery {
		return false
	}
	ds.swept = now
	for r, s := range ds.totals {
		if s.seen < now-forget {
			delete(ds.totals, r)
		}
	}
	return len(ds.totals) < ds.most
}

// total adds a delta to its series and returns the start and the sum; ok is false if there is nothing to append.
func (d *points) total(r gate.Ref, v float64) (start int64, sum float64, ok bool) {
	s, how := d.running(r)
	switch how {
	case refused:
		return 0, 0, false
	case again:
		if s.found {
			s.found, s.last = false, v
		}
		if s.last != v {
			d.totals.undoLast()
			d.refuse(d.batch.Refuse(gate.Duplicate, 1).Error())
			return 0, 0, false
		}
	default:
		s.v += v
		s.last = v
	}
	return s.start, s.v, how != crowds
}

// histogramTotal adds a delta histogram to its series and appends the sum.
func (d *points) histogramTotal(r gate.Ref, h *histogram.Histogram) error {
	if h.Validate() != nil {
		d.refuse(d.batch.Refuse(gate.HistogramInvalid, 1).Error())
		return nil
	}
	s, how := d.running(r)
	if how == refused {
		return nil
	}
	if how != again {
		sum := h.ToFloat(nil)
		if s.h != nil {
			var err error
			if sum, _, _, err = s.h.Copy().Add(sum); err != nil {
				d.totals.undoLast()
				d.refuse(d.batch.Refuse(gate.HistogramInvalid, 1).Error())
				return nil
			}
		}
		s.h = sum.Compact(0)
	}
	if how == crowds {
		return nil
	}
	kept, err := d.accept(d.batch.AppendHistogram(r, s.start, millis(d.point.time), nil, s.h.Copy()))
	if err == nil && !kept {
		d.totals.undoLast()
	}
	return err
}
