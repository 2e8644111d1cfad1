// Package tsdb is the embedded engine of metricstore: Prometheus' TSDB as a library, with its write-ahead log, out-of-order
// window, native histograms, exemplars and start timestamps. It adds what a server needs around it: it refuses samples
// before the disk is full, frees a reserve file when the log cannot be repaired for lack of space, starts read-only when
// repair fails, and reopens by itself when the reason is gone.
//
// It takes no lock on its directory: app holds one over the whole data directory.
package tsdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/metricstore"
)

// Store implements metricstore.Store. Open returns it ready for use; Run mends it while it runs.
type Store struct {
	o       Options
	stated  time.Duration // o.Retention as the store was opened with
	space   space
	metrics *metrics
	sync    *syncer // nil without Options.Fsync

	// naming is had by whoever names a series by its labels, which may make it. The library numbers a new series and lists it in
	// two steps: of two at once it may list the later number first, and then puts right in place a list that queries are reading
	// (MemPostings.addFor in prometheus/tsdb/index).
	naming sync.Mutex

	mu      sync.Mutex
	open    *opened // never nil until Close
	broken  error   // why nothing is accepted until the next reopening; nil if all is well
	blocked bool    // reopening: nobody may come in
	idle    *sync.Cond
}

var _ metricstore.Store = (*Store)(nil)

// opened is one life of the database, from open to close. Queriers and appenders hold it while they live, so that it is
// never closed under them.
type opened struct {
	db    *promtsdb.DB // nil if read-only
	ro    *readOnly    // nil if db is there
	epoch uint64       // counts the lives; kept in the upper bits of references
	users int          // guarded by Store.mu
}

// Open opens the store in o.Dir. A full disk frees the reserve file; if the log still cannot be repaired the store opens
// read-only, says so in Writable, and Run tries again.
func Open(o Options) (*Store, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("create the metric store: %w", err)
	}
	s := &Store{o: o, stated: o.Retention, metrics: &metrics{out: o.Registerer}}
	s.space = space{dir: o.Dir, free: o.FreeSpace, now: o.Now, floor: o.FloorBytes, reserve: o.ReserveBytes}
	s.idle = sync.NewCond(&s.mu)
	if o.Fsync {
		s.sync = newSyncer(o.Dir)
	}
	db, err := s.openDB()
	if err == nil {
		s.open = &opened{db: db}
		if err := s.space.keepReserve(); err != nil {
			o.Logger.Warn("Could not set the reserve file of the metric store aside", "err", err)
		}
		return s, nil
	}
	o.Logger.Error("The metric store cannot be opened for writing, trying read-only", "dir", o.Dir, "err", err)
	ro, roErr := openReadOnly(o.Dir, s.space.enough(), o.Logger)
	if roErr != nil {
		return nil, fmt.Errorf("open the metric store in %s: %w", o.Dir, errors.Join(err, roErr))
	}
	s.open, s.broken = &opened{ro: ro}, err
	return s, nil
}

// openDB opens the database. Without enough space it frees the reserve file first: the library repairs its log by writing a
// new one, and panics when it cannot write chunks while it reads the log.
func (s *Store) openDB() (*promtsdb.DB, error) {
	if !s.space.enough() && s.space.freeReserve() {
		s.o.Logger.Warn("Too little space left to open the metric store: freed its reserve file", "bytes", s.o.ReserveBytes)
	}
	if !s.space.enough() {
		return nil, fmt.Errorf("too little space to read the write-ahead log: %w", syscall.ENOSPC)
	}
	db, err := promtsdb.Open(s.o.Dir, s.o.Logger, s.metrics.fresh(), s.o.engine(), promtsdb.NewDBStats())
	if noSpace(err) && s.space.freeReserve() {
		s.o.Logger.Warn("No space left to open the metric store: freed its reserve file", "bytes", s.o.ReserveBytes)
		db, err = promtsdb.Open(s.o.Dir, s.o.Logger, s.metrics.fresh(), s.o.engine(), promtsdb.NewDBStats())
	}
	if err != nil {
		return nil, err
	}
	db.DisableCompactions() // Run compacts
	return db, nil
}

// enter returns the open database and counts the caller in; leave counts it out.
func (s *Store) enter() (*opened, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil, fault.New(fault.Unavailable, "the metric store is closed")
	}
	if s.blocked {
		return nil, fault.New(fault.Unavailable, "the metric store is being opened again after a failure")
	}
	s.open.users++
	return s.open, nil
}

func (s *Store) leave(o *opened) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.users--; o.users == 0 {
		s.idle.Broadcast()
	}
}

// Writable implements metricstore.Store.
func (s *Store) Writable() error {
	s.mu.Lock()
	broken, closed := s.broken, s.open == nil
	s.mu.Unlock()
	switch {
	case closed:
		return fault.New(fault.Unavailable, "the metric store is closed")
	case broken != nil && noSpace(broken):
		return fault.New(fault.Unavailable, "the disk under %s is full: the metric store accepts nothing: %w", s.o.Dir, broken).
			Hint("Free space; the store opens again by itself")
	case broken != nil:
		return fault.New(fault.Unavailable, "the metric store in %s accepts nothing: %w", s.o.Dir, broken).
			Hint("Its write-ahead log could not be written or repaired; the log names the file. The store opens again by itself once it can")
	}
	return s.space.check()
}

// fail remembers that the log could not be written. The library's log and its memory may differ from then on (a series that
// lives in memory without a record would make later samples unreadable), so nothing is accepted until the store was opened
// anew from disk.
func (s *Store) fail(o *opened, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == o && s.broken == nil {
		s.broken = err
		s.o.Logger.Error("The metric store stopped accepting samples", "dir", s.o.Dir, "err", err)
	}
}

// Usage implements metricstore.Store.
func (s *Store) Usage() metricstore.Usage {
	s.mu.Lock()
	retention := s.o.Retention
	s.mu.Unlock()
	u := metricstore.Usage{Retention: retention, RetentionBytes: s.o.RetentionBytes, DiskBytes: dirBytes(s.o.Dir)}
	u.FreeBytes, _ = s.o.FreeSpace(s.o.Dir)
	if err := s.Writable(); err != nil {
		u.Reason = err.Error()
	}
	o, err := s.enter()
	if err != nil {
		u.ReadOnly = true
		return u
	}
	defer s.leave(o)
	if o.db == nil {
		u.ReadOnly = true
		return u
	}
	h := o.db.Head()
	u.Series = int64(h.NumSeries())
	if u.Series > 0 {
		u.MinTime, u.MaxTime = h.MinTime(), h.MaxTime()
	}
	u.Chunks = s.metrics.chunks()
	return u
}

// Stats returns the library's cardinality statistics of the head: the top limit names and pairs for one label.
func (s *Store) Stats(label string, limit int) (*promtsdb.Stats, error) {
	o, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.leave(o)
	if o.db == nil {
		return nil, s.Writable()
	}
	return o.db.Head().Stats(label, limit), nil
}

// BlockMetas returns the blocks on disk.
func (s *Store) BlockMetas() ([]promtsdb.BlockMeta, error) {
	o, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.leave(o)
	if o.db == nil {
		return nil, s.Writable()
	}
	return o.db.BlockMetas(), nil
}

// Delete removes the samples of the matched series between two instants in Unix milliseconds, both included.
func (s *Store) Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error {
	o, err := s.enter()
	if err != nil {
		return err
	}
	defer s.leave(o)
	if o.db == nil {
		return s.Writable()
	}
	return o.db.Delete(ctx, mint, maxt, ms...)
}

// Compact maps the full chunks of the head, writes what is old enough in memory to blocks, joins blocks and deletes those
// beyond the retention, as Run also does by itself.
func (s *Store) Compact(ctx context.Context) error {
	o, err := s.enter()
	if err != nil {
		return err
	}
	defer s.leave(o)
	if err := s.Writable(); err != nil {
		return err
	}
	if !s.space.enough() {
		return fmt.Errorf("too little space to compact the metric store: %w", syscall.ENOSPC)
	}
	err = guard(func() error {
		o.db.ForceHeadMMap()
		return nil
	})
	if err == nil {
		err = guard(func() error { return o.db.Compact(ctx) })
	}
	if errors.As(err, new(*panicked)) {
		s.fail(o, err)
	}
	s.o.remember(int64(o.db.Head().NumSeries()))
	return err
}

// panicked is a panic of the library that became an error.
type panicked struct{ reason any }

func (p *panicked) Error() string { return fmt.Sprint("the store's library gave up: ", p.reason) }

func (p *panicked) Unwrap() error {
	err, _ := p.reason.(error)
	return err
}

// guard makes an error of the panic that the library answers a failing disk with.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicked{r}
		}
	}()
	return f()
}

// StartTime implements metricstore.Store.
func (s *Store) StartTime() (int64, error) {
	o, err := s.enter()
	if err != nil {
		return 0, err
	}
	defer s.leave(o)
	if o.db == nil {
		return o.ro.start, nil
	}
	return o.db.StartTime()
}

// NewestTime implements metricstore.Store.
func (s *Store) NewestTime() int64 {
	o, err := s.enter()
	if err != nil {
		return math.MinInt64
	}
	defer s.leave(o)
	if o.db == nil {
		return math.MinInt64
	}
	h := o.db.Head()
	return max(h.MaxTime(), h.MaxOOOTime())
}

// Close implements metricstore.Store. It waits a bounded time for who is still reading.
func (s *Store) Close() error {
	o := s.drain(10 * time.Second)
	s.mu.Lock()
	s.open = nil
	s.mu.Unlock()
	if o == nil {
		return nil
	}
	return o.close()
}

func (o *opened) close() error {
	if o.db != nil {
		return guard(o.db.Close)
	}
	return o.ro.close()
}

// drain lets nobody in any more and waits until everybody is out, or for the given time. It returns what is open.
func (s *Store) drain(wait time.Duration) *opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = true
	late := false
	t := time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.idle.Broadcast()
	})
	defer t.Stop()
	for s.open != nil && s.open.users > 0 && !late {
		s.idle.Wait()
	}
	return s.open
}

// Run compacts once a minute, keeps the reserve file and, after a failure, opens the store again as soon as it can. Without it
// the head of the store grows for ever. It returns when ctx ends.
func (s *Store) Run(ctx context.Context) error {
	mend, compact := time.NewTicker(5*time.Second), time.NewTicker(time.Minute)
	defer mend.Stop()
	defer compact.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-mend.C:
			s.Mend()
		case <-compact.C:
			if err := s.Compact(ctx); err != nil && ctx.Err() == nil {
				s.o.Logger.Error("The metric store could not be compacted", "err", err)
			}
		}
	}
}

// Mend is what Run does every five seconds: it opens a failed store again if there is space, and otherwise completes the reserve file.
func (s *Store) Mend() {
	s.mu.Lock()
	broken, open := s.broken, s.open
	s.mu.Unlock()
	if open == nil {
		return
	}
	if broken == nil {
		if err := s.space.keepReserve(); err != nil {
			s.o.Logger.Debug("Could not set the reserve file of the metric store aside", "err", err)
		}
		return
	}
	if s.space.check() != nil {
		return
	}
	o := s.drain(30 * time.Second)
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.blocked = false
	}()
	s.mu.Lock()
	busy := o == nil || o.users > 0
	s.mu.Unlock()
	if busy {
		return
	}
	if err := o.close(); err != nil {
		s.o.Logger.Warn("The failed metric store was closed with an error", "err", err)
	}
	next := &opened{epoch: o.epoch + 1}
	if s.sync != nil { // nobody waits: the store is drained
		s.sync = newSyncer(s.o.Dir)
	}
	var err error
	if next.db, err = s.openDB(); err != nil {
		s.o.Logger.Error("The metric store could not be opened again", "err", err)
		if next.ro, err = openReadOnly(s.o.Dir, s.space.enough(), s.o.Logger); err != nil {
			next.ro = &readOnly{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = next
	if next.db != nil {
		s.broken = nil
		s.o.Logger.Info("The metric store accepts samples again", "dir", s.o.Dir)
	}
}

// dirBytes returns the size of all files below dir.
func dirBytes(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if i, err := e.Info(); err == nil {
			n += i.Size()
		}
		return nil
	})
	return n
}
