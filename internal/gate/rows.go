package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// RowObserver sees the rows that were committed, after the commit. It must not keep or change the batch. It may be called
// from several goroutines at once.
type RowObserver interface{ ObserveRows(b *rowstore.Batch) }

// RowResult is what became of rows that were taken in.
type RowResult struct {
	Accepted int    // stored, taken out by privacy or left out by sampling: nothing is wrong with them
	Refused  int    // counted by source and reason; sending them again does not help
	Why      string // a sentence for the sender about the refused ones; empty if there are none
}

// pass is the memory of one WriteRows, used again.
type pass struct {
	refused  [3][reasons]int64 // by table
	came     [3]int64          // rows that came, by table
	live     []*rowstore.Batch
	resource *rowstore.Resource // the one checked last, and what it became
	checked  *rowstore.Resource
	why      *Refusal
	private  int64
	sampled  int64
}

var errNoRows = fault.New(fault.Unavailable, "no store of rows is open, so logs, spans and events are not taken")

// WriteRows takes batches in, all or none of their good rows: limits, Options.Redact, Options.Sample, the store, then the
// observers. When it returns nil the rows are durable. On an error nothing was kept and the same rows may be sent again: it
// is a fault of the kind Unavailable, or Limited inside a *Busy. The batches are changed on the way: rows that were refused,
// dropped or sampled out are gone from them, text is repaired and redacted.
func (gr *Grant) WriteRows(ctx context.Context, batches ...*rowstore.Batch) (RowResult, error) {
	g := gr.g
	s := g.sources.at(gr.src)
	now := g.o.Now()
	total := 0
	for _, b := range batches {
		total += len(b.Rows)
	}
	if total == 0 {
		return RowResult{}, nil
	}
	p := g.passes.Get().(*pass)
	defer g.recycle(p)
	for _, b := range batches {
		p.came[b.Table%3] += int64(len(b.Rows))
	}
	stored, r, err := gr.admitRows(ctx, p, s, now, total, batches)
	if err != nil {
		gr.turnAway(p, r, err, now.UnixMilli())
		return RowResult{}, err
	}
	res := RowResult{}
	for t, by := range p.refused {
		for r, n := range by {
			if n > 0 {
				s.refused.add(SignalOf(rowstore.Table(t)), Reason(r), n)
				s.lastErr.Store(&g.refusals[r].Sentence)
				if res.Refused == 0 {
					res.Why = g.refusals[r].Sentence
				}
				res.Refused += int(n)
			}
		}
	}
	if res.Refused > 0 {
		res.Why = fmt.Sprintf("%d of %d rows were refused: %s", res.Refused, total, res.Why)
	}
	res.Accepted = total - res.Refused
	s.lastAt.Store(now.UnixMilli())
	s.private.Add(p.private)
	s.sampled.Add(p.sampled)
	s.rowsDue.spend(int64(total), now)
	if !stored {
		return res, nil
	}
	g.rowless.stored(now.UnixMilli())
	for _, b := range p.live {
		s.rows[b.Table].Add(int64(len(b.Rows)))
		for _, o := range g.o.RowObservers {
			o.ObserveRows(b)
		}
	}
	return res, nil
}

// turnAway counts all rows of a pass as refused, unless they are tried again by us.
func (gr *Grant) turnAway(p *pass, r Reason, err error, now int64) {
	s := gr.g.sources.at(gr.src)
	if gr.c.Retries {
		s.trouble(err, now)
		return
	}
	for t, n := range p.came {
		if n > 0 {
			s.refuse(SignalOf(rowstore.Table(t)), r, n, err, now)
		}
	}
}

// admitRows brings the batches to the store; stored is false if no row was left for it. On an error r says why.
func (gr *Grant) admitRows(ctx context.Context, p *pass, s *source, now time.Time, total int, batches []*rowstore.Batch) (stored bool, r Reason, err error) {
	g := gr.g
	if err := g.writable(true); err != nil {
		return false, StoreRefused, err
	}
	if wait := s.rowsDue.debt(now); wait > 0 {
		return false, Rate, &Busy{After: wait, Err: fault.New(fault.Limited, "%s sends more than %g rows a second", gr.c.Source, g.o.Limits.RowsPerSecond)}
	}
	for _, b := range batches {
		gr.limit(p, b, now)
		left := len(b.Rows)
		if left > 0 && g.o.Redact != nil {
			if err := g.o.Redact(gr.c.Source, b); err != nil {
				if fault.KindOf(err) == fault.Unavailable {
					g.rowless.stopped(err)
				}
				return false, Privacy, err
			}
			p.private += int64(left - len(b.Rows))
			left = len(b.Rows)
		}
		if left > 0 && g.o.Sample != nil {
			g.o.Sample(gr.c.Source, b)
			p.sampled += int64(left - len(b.Rows))
		}
		if len(b.Rows) > 0 {
			p.live = append(p.live, b)
		}
	}
	if len(p.live) == 0 {
		return false, 0, nil
	}
	err = g.o.Rows.Write(ctx, p.live...)
	if err == nil {
		return true, 0, nil
	}
	var busy *Busy
	var f *fault.Error
	switch fault.KindOf(err) {
	case fault.Unavailable:
		g.rowless.stopped(err)
	case fault.Limited:
		if !errors.As(err, &busy) && errors.As(err, &f) {
			err = &Busy{After: time.Second, Err: f}
		}
		return false, Overload, err
	}
	return false, StoreRefused, err
}

// recycle gives a pass back.
func (g *Gate) recycle(p *pass) {
	clear(p.live)
	*p = pass{live: p.live[:0]}
	g.passes.Put(p)
}
