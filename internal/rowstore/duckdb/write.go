package duckdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	groupRows = 2000                  // so many rows are committed without waiting for more
	groupWait = 20 * time.Millisecond // how long after a commit the next one waits for company; when idle there is no wait
	markEvery = time.Second           // how often the catalogue is told how far the log has got
	retryWait = 50 * time.Millisecond // between tries to take rows into memory
	retries   = 4                     // then Write fails
)

// request is one Write on its way. The batches belong to the caller, who waits for done.
type request struct {
	batches []*rowstore.Batch
	rows    int
	frame   []byte
	plain   []byte
	done    chan error
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// Write implements rowstore.Store. Several Writes are committed together; each is kept whole or not at all. It does not end
// early with its context once the rows are queued, because then nobody would know whether they were kept.
func (s *Store) Write(ctx context.Context, batches ...*rowstore.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows := 0
	for _, b := range batches {
		if b.Table > rowstore.Events {
			return fault.New(fault.Invalid, "table %d: want logs, spans or events", b.Table)
		}
		rows += len(b.Rows)
	}
	if rows == 0 {
		return nil
	}
	if err := s.Writable(); err != nil {
		return err
	}
	r := requests.Get().(*request)
	defer requests.Put(r)
	r.batches, r.rows = batches, rows
	r.frame, r.plain = appendFrame(r.frame[:0], r.plain, batches, rows)
	defer func() { r.batches = nil }()
	if len(r.frame) > maxFrame {
		return fault.New(fault.TooLarge, "%d rows of %d MB at once: want at most %d MB", rows, len(r.frame)>>20, maxFrame>>20)
	}
	if n := s.pending.Add(int64(len(r.plain))); n > s.opt.PendingBytes && n > int64(len(r.plain)) {
		s.pending.Add(-int64(len(r.plain)))
		return fault.New(fault.Limited, "the row store has %d MB of rows waiting, as much as it takes", n>>20).Hint("Send again later")
	}
	defer s.pending.Add(-int64(len(r.plain)))
	s.closing.RLock()
	if s.ended {
		s.closing.RUnlock()
		return fault.New(fault.Unavailable, "the row store is closed")
	}
	s.queue <- r
	s.closing.RUnlock()
	return <-r.done
}

// Writable implements rowstore.Store.
func (s *Store) Writable() error {
	if err := s.space.check(); err != nil {
		return err
	}
	if p := s.refusal.Load(); p != nil && s.opt.Now().UnixMicro() < p.until {
		return p.err
	}
	if n := s.waiting.Load(); n >= int64(s.opt.MaxSegments) {
		return fault.New(fault.Limited, "the row store has %d segments of rows waiting to be sealed, as many as it keeps", n).Hint("Send again later")
	}
	return nil
}

// refusal is why the last commit failed. It holds for a moment; then a Write tries again.
type refusal struct {
	err   error
	until int64 // Unix microseconds
}

const refuseFor = time.Second

// writer is the one goroutine that commits.
func (s *Store) writer() {
	defer close(s.written)
	var last, marked time.Time
	var group []*request
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	age := time.NewTicker(min(s.opt.SegmentAge, time.Second))
	defer age.Stop()
	for {
		var first *request
		select {
		case r, ok := <-s.queue:
			if !ok {
				return
			}
			first = r
		case f := <-s.rotations:
			f <- s.rotate(true)
			continue
		case <-age.C:
			if err := s.rotateIfDue(); err != nil {
				s.opt.Logger.Error("Hot rows stay in one segment", "err", err)
			}
			continue
		}
		group = append(group[:0], first)
		rows := first.rows
		timer.Reset(max(0, groupWait-time.Since(last)))
	collect:
		for rows < groupRows {
			select {
			case r, ok := <-s.queue:
				if !ok {
					break collect
				}
				group = append(group, r)
				rows += r.rows
			case <-timer.C:
				break collect
			}
		}
		timer.Stop()
	drain: // what waits already goes along, up to a bound that keeps the others' wait short
		for rows < 10*groupRows {
			select {
			case r, ok := <-s.queue:
				if !ok {
					break drain
				}
				group = append(group, r)
				rows += r.rows
			default:
				break drain
			}
		}
		start := time.Now()
		err := s.commit(group)
		last = time.Now()
		s.metrics.commits.Observe(last.Sub(start).Seconds())
		for i, r := range group {
			r.done <- err
			group[i] = nil
		}
		if err == nil && last.Sub(marked) > markEvery {
			marked = last
			if err := s.catalogue.mark(logMark{ID: s.active.id, Size: s.active.log.size}); err != nil {
				s.opt.Logger.Warn("The catalogue does not know how far the newest log has got", "err", err)
			}
		}
		if err := s.rotateIfDue(); err != nil {
			s.opt.Logger.Error("Hot rows stay in one segment", "err", err)
		}
	}
}

// commit makes a group durable, then readable.
func (s *Store) commit(group []*request) error {
	seg := s.active
	s.frames = s.frames[:0]
	frames := group[0].frame
	if len(group) > 1 {
		for _, r := range group {
			s.frames = append(s.frames, r.frame...)
		}
		frames = s.frames
	}
	if err := seg.log.append(frames, s.opt.FSync); err != nil {
		return s.refuse(err)
	}
	var err error
	for try := range retries {
		if try > 0 { // queries hold the memory; they come to an end
			time.Sleep(retryWait << try)
		}
		if err = s.take(seg, group); err == nil {
			break
		}
		s.opt.Logger.Warn("Rows could not be taken into memory", "try", try+1, "err", err)
	}
	if err != nil {
		return s.refuse(errors.Join(err, seg.log.back(len(frames))))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range group {
		for _, b := range r.batches {
			seg.tables[b.Table].note(b.Rows)
			s.metrics.rows[b.Table].Add(float64(len(b.Rows)))
		}
		seg.log.rows += int64(r.rows)
	}
	for _, t := range rowstore.Tables() {
		seg.tables[t].noteKeys(s.chunkers[t].seen)
	}
	if seg.opened == 0 {
		seg.opened = s.opt.Now().UnixMicro()
	}
	s.refusal.Store(nil)
	return nil
}

// take appends the rows of a group to the tables in memory, all or none.
func (s *Store) take(seg *segment, group []*request) (err error) {
	if err := run(s.conn, "BEGIN"); err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, run(s.conn, "ROLLBACK"))
		for t, h := range seg.tables { // an appender that failed holds on to its rows
			s.chunkers[t].reset()
			err = errors.Join(err, h.connect(s.conn))
		}
	}()
	for _, t := range rowstore.Tables() {
		n, c, h := 0, s.chunkers[t], seg.tables[t]
		for _, r := range group {
			for _, b := range r.batches {
				if b.Table != t {
					continue
				}
				n += len(b.Rows)
				for i := range b.Rows {
					if c.add(&b.Rows[i]); c.full() {
						if err := c.appendTo(h.appender); err != nil {
							return err
						}
					}
				}
			}
		}
		if n == 0 {
			continue
		}
		if err := c.appendTo(h.appender); err != nil {
			return err
		}
		if raw.AppenderFlush(h.appender) == raw.StateError {
			return errors.New(raw.AppenderError(h.appender))
		}
	}
	return run(s.conn, "COMMIT")
}

// refuse turns the failure of a commit into what senders hear.
func (s *Store) refuse(err error) error {
	s.opt.Logger.Error("Rows could not be kept", "err", err)
	f := fault.New(fault.Unavailable, "the row store cannot write: %w", err)
	if noSpace(err) {
		f = fault.New(fault.Unavailable, "the disk under %s is full: the row store accepts nothing: %w", s.opt.Dir, err).
			Hint("Free space or shorten storage.rows.retention; accepting goes on by itself")
	}
	s.metrics.failed.Inc()
	s.refusal.Store(&refusal{f, s.opt.Now().Add(refuseFor).UnixMicro()})
	return f
}

// rotateIfDue opens the next segment when the active one is full or old. It is called by the writer.
func (s *Store) rotateIfDue() error {
	seg := s.active
	full := seg.log.size >= s.opt.SegmentBytes
	for _, h := range seg.tables {
		full = full || h.rows >= s.opt.SegmentRows
	}
	if full || seg.opened != 0 && s.opt.Now().UnixMicro()-seg.opened >= s.opt.SegmentAge.Microseconds() {
		return s.rotate(false)
	}
	return nil
}

// rotate closes the active segment, if it has rows, and opens the next.
func (s *Store) rotate(asked bool) error {
	old := s.active
	if old.rows() == 0 {
		return nil
	}
	next, err := s.openSegment(context.Background())
	if err != nil {
		return fmt.Errorf("open a segment: %w", err)
	}
	if err := s.catalogue.commit(edit{Logs: []logMark{{ID: old.id, Size: old.log.size, Closed: true}, {ID: next.id}}}); err != nil {
		err = errors.Join(err, next.close())
		s.dropSegment(next)
		return err
	}
	s.step("rotated")
	s.mu.Lock()
	s.active, s.closed = next, append(s.closed, old)
	s.mu.Unlock()
	s.waiting.Add(1)
	if !asked {
		select {
		case s.rotated <- struct{}{}:
		default:
		}
	}
	if err := old.close(); err != nil {
		s.opt.Logger.Warn("The log of a full segment did not close", "segment", old.id, "err", err)
	}
	return nil
}

// openSegment makes a segment with its log.
func (s *Store) openSegment(ctx context.Context) (*segment, error) {
	seg, err := s.newSegment(ctx, s.catalogue.id())
	if err != nil {
		return nil, err
	}
	if seg.log, err = createLog(seg.path); err == nil && s.opt.FSync {
		err = syncDir(s.dir("hot"))
	}
	return seg, err
}
