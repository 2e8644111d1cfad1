package duckdb

import (
	"context"
	"errors"
	"time"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Rows get into memory, where queries see them, when somebody asks: most rows are sealed before anybody does. For a while
// after a question that had to wait for rows they are brought as they come, so that the next one does not wait; and few rows
// are brought always.
const (
	bringEvery = 100 * time.Millisecond
	bringFor   = 15 * time.Second
	bringFew   = 256 << 10 // bytes of logs that a second may bring without a question
)

// bringer brings rows from logs into memory. Whoever holds its place uses the rest.
type bringer struct {
	place    chan struct{}
	conn     raw.Connection
	chunkers [3]*chunker
	ended    chan struct{}
}

// bring makes every row readable that was acknowledged before it was called.
func (s *Store) bring(ctx context.Context) (bytes int64, err error) {
	select {
	case s.bringer.place <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	s.mu.Lock()
	segments := append(s.closed[:len(s.closed):len(s.closed)], s.active)
	kept := make([]int64, len(segments))
	for i, seg := range segments {
		kept[i] = seg.kept
		bytes += seg.kept - seg.brought
		seg.readers++
	}
	s.mu.Unlock()
	for i, seg := range segments {
		if err == nil {
			err = s.bringLog(seg, kept[i])
		}
	}
	<-s.bringer.place
	for _, seg := range segments {
		s.releaseSegment(seg)
	}
	return bytes, err
}

// unread is how many bytes of logs have rows that are not in memory.
func (s *Store) unread() (bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range append(s.closed[:len(s.closed):len(s.closed)], s.active) {
		bytes += seg.kept - seg.brought
	}
	return bytes
}

// bringLog brings the rows of a segment's log up to a byte. Where that fails, for want of memory, the next call begins anew.
// The caller has the bringer's place.
func (s *Store) bringLog(seg *segment, upTo int64) (err error) {
	if seg.brought >= upTo && !seg.broken {
		return nil
	}
	w := &s.bringer
	// Not when the segment is made: its maker would use the connection while rows of another are brought, and a transaction
	// that began before sees no table of the new one.
	for _, h := range seg.tables {
		if h.open {
			continue
		}
		if err := h.connect(w.conn); err != nil {
			return err
		}
	}
	if err := run(w.conn, "BEGIN"); err != nil {
		return err
	}
	from := seg.brought
	if seg.broken {
		from = 0
		for t, h := range seg.tables {
			w.chunkers[t].reset()
			err = errors.Join(err, h.connect(w.conn), run(w.conn, "DELETE FROM "+h.name))
		}
	}
	if err == nil {
		_, err = readLog(seg.path, from, upTo, func(b *rowstore.Batch) error { return w.layOut(seg, b) })
	}
	for t, h := range seg.tables {
		if err == nil {
			err = w.chunkers[t].appendTo(h.appender)
		}
		if err == nil && raw.AppenderFlush(h.appender) == raw.StateError {
			err = errors.New(raw.AppenderError(h.appender))
		}
	}
	if err == nil {
		err = run(w.conn, "COMMIT")
	}
	if err != nil {
		seg.broken = true
		s.opt.Logger.Error("Rows are kept and cannot be read yet", "err", err)
		return errors.Join(err, run(w.conn, "ROLLBACK"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.broken, seg.brought = false, upTo
	for t, h := range seg.tables {
		h.noteKeys(w.chunkers[t].seen)
	}
	return nil
}

// layOut hands the rows of a batch to the chunker of its table, and full chunks on to the appender. Nothing of the batch's
// memory is kept.
func (w *bringer) layOut(seg *segment, b *rowstore.Batch) error {
	c, h := w.chunkers[b.Table], seg.tables[b.Table]
	defer c.forget()
	for i := range b.Rows {
		if c.add(&b.Rows[i]); c.full() {
			if err := c.appendTo(h.appender); err != nil {
				return err
			}
		}
	}
	return nil
}

// bringAhead brings rows as they come while questions come, or while few come.
func (s *Store) bringAhead() {
	defer close(s.bringer.ended)
	tick := time.NewTicker(bringEvery)
	defer tick.Stop()
	for i := 1; ; i++ {
		select {
		case <-s.written:
			return
		case <-tick.C:
			s.paths.idle(s.opt.Now())
		}
		asked := time.Since(time.Unix(0, s.asked.Load())) < bringFor
		if n := s.unread(); n > 0 && (asked || i%10 == 0 && n <= bringFew) {
			_, _ = s.bring(context.Background()) // an error is logged, and whoever asks hears of it
		}
	}
}

// readable waits until the rows that were acknowledged before it was called can be read.
func (s *Store) readable(ctx context.Context) error {
	select {
	case <-s.written:
		return fault.New(fault.Unavailable, "the row store is closed")
	default:
	}
	waited, err := s.bring(ctx)
	if waited > 0 || time.Since(time.Unix(0, s.asked.Load())) < bringFor {
		s.asked.Store(time.Now().UnixNano())
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(fault.Unavailable, "the newest rows cannot be read yet: %w", err).Hint("Ask again later")
	}
	return nil
}
