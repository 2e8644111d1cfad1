package duckdb

import (
	"context"
	"errors"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// layOut hands the rows of a batch to the chunker of its table, and full chunks on to the appender. Nothing of the batch's
// memory is kept.
func (s *Store) layOut(seg *segment, b *rowstore.Batch) error {
	c, h := s.chunkers[b.Table], seg.tables[b.Table]
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

// flush makes every committed row readable. Where that fails, for want of memory, the rows are taken from the log the next
// time. It is called by the writer.
func (s *Store) flush() (err error) {
	seg := s.active
	if s.unread == 0 && !s.broken {
		return nil
	}
	if err := run(s.conn, "BEGIN"); err != nil {
		return err
	}
	if s.broken {
		for t, h := range seg.tables {
			s.chunkers[t].reset()
			err = errors.Join(err, h.connect(s.conn), run(s.conn, "DELETE FROM "+h.name))
		}
		if err == nil {
			_, err = readLog(seg.path, func(b *rowstore.Batch) error { return s.layOut(seg, b) })
		}
	}
	for t, h := range seg.tables {
		if err == nil {
			err = s.chunkers[t].appendTo(h.appender)
		}
		if err == nil && raw.AppenderFlush(h.appender) == raw.StateError {
			err = errors.New(raw.AppenderError(h.appender))
		}
	}
	if err == nil {
		err = run(s.conn, "COMMIT")
	}
	if err != nil {
		s.broken = true
		s.opt.Logger.Error("Rows are kept and cannot be read yet", "err", err)
		return errors.Join(err, run(s.conn, "ROLLBACK"))
	}
	s.broken, s.unread = false, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, h := range seg.tables {
		h.noteKeys(s.chunkers[t].seen)
	}
	return nil
}

// readable waits until the rows that were acknowledged before it was called can be read.
func (s *Store) readable(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.flushes <- done:
	case <-s.written:
		return fault.New(fault.Unavailable, "the row store is closed")
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := <-done; err != nil {
		return fault.New(fault.Unavailable, "the newest rows cannot be read yet: %w", err).Hint("Ask again later")
	}
	return nil
}
