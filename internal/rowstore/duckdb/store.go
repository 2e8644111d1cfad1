// Package duckdb is the embedded engine of the row store.
//
// A Write is acknowledged when its rows are in a log of our own. A query sees them at once: what it needs of the log is
// brought into tables in memory of the query instance before it runs. Log and tables are a segment; it is closed when it is
// full or old, the next takes its place, and the closed one is sealed behind: the rows of its log are written, sorted by
// service and time, into DuckDB files that never change, one for each table and UTC day. Small files of a day are merged. A catalogue of our own says which logs and files there are; a
// change of it is what makes sealing, merging, erasing and forgetting happen, all at once, so that a crash before it leaves
// the old state and a crash behind it the new one, and what the catalogue does not list is removed at the start.
//
//	catalogue            edits, one a line
//	hot/ID.log           rows that are not sealed
//	sealed/TABLE/DAY-ID.duckdb
//	index/ID             where something can be in a sealed file; made anew when missing
//	temp/                of instances and exports; emptied at the start
//
// There are two DuckDB instances: one that queries use and that has the hot rows, and one with a single thread that makes
// files. The log is ours because DuckDB's own, in a file for each segment, would tie hot rows to the instance that writes
// them, which queries must not share, and says nothing when it is missing or cut.
package duckdb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

//go:embed schema.sql
var schema string

// Store keeps rows. Open returns one that reads and writes; Run seals, merges and forgets.
type Store struct {
	opt     Options
	lock    *os.File
	metrics *metrics
	space   space
	temp    string            // removed by Close
	steps   func(what string) // nil; in tests, what is told of each step that a crash may follow

	query  *instance
	places chan struct{} // one for each running query
	memory memory        // what queries remember of sealed sources
	paths  paths         // columns of sealed events in order of people
	values sync.Pool     // *[]float64: room for values of quantiles

	catalogue *catalogue

	mu     sync.Mutex
	active *segment
	closed []*segment // oldest first
	files  map[uint64]*liveFile
	notes  []string

	bringer bringer
	asked   atomic.Int64 // when somebody last asked for rows that were not in memory yet, or soon after; Unix nanoseconds

	// of the writer
	frames    []byte
	queue     chan *request
	rotations chan chan error // closes the active segment
	rotated   chan struct{}   // a segment waits to be sealed
	written   chan struct{}   // closed when the writer has ended
	closing   sync.RWMutex
	ended     bool

	pending atomic.Int64 // bytes of rows in Write
	waiting atomic.Int64 // closed segments
	refusal atomic.Pointer[refusal]

	work      sync.Mutex // held by whoever makes or removes files
	shop      *shop
	unindexed map[uint64]bool   // files whose index could not be made
	pathless  map[uint64]bool   // files whose paths could not be made or are not worth it
	clean     map[uint64]string // files of which it is known that they have nothing to forget, and by which retention
}

// Open opens the store in a directory, which no other process may have open.
func Open(ctx context.Context, opt Options) (*Store, error) { return open(ctx, opt, nil) }

func open(ctx context.Context, opt Options, steps func(string)) (_ *Store, err error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	s := &Store{opt: opt, steps: steps, places: make(chan struct{}, opt.Queries), files: map[uint64]*liveFile{}, clean: map[uint64]string{}, unindexed: map[uint64]bool{}, pathless: map[uint64]bool{},
		queue: make(chan *request, 1024), rotations: make(chan chan error), rotated: make(chan struct{}, 1), written: make(chan struct{})}
	s.bringer = bringer{place: make(chan struct{}, 1), ended: make(chan struct{})}
	s.space = space{dir: opt.Dir, free: opt.FreeSpace, now: opt.Now, floor: opt.FloorBytes}
	s.metrics = newMetrics(s)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.free())
		}
	}()
	if err := os.RemoveAll(s.dir("temp")); err != nil {
		return nil, err
	}
	for _, d := range []string{"hot", "sealed", "index", "paths", "temp"} {
		if err := os.MkdirAll(s.dir(d), 0o700); err != nil {
			return nil, err
		}
	}
	if err := s.lockDir(); err != nil {
		return nil, err
	}
	if s.query, err = openInstance(ctx, filepath.Join(s.dir("temp"), "query.duckdb"), settings{
		threads: opt.Threads, memory: opt.QueryMemory, temp: filepath.Join(s.dir("temp"), "query"), maxTemp: opt.TempBytes}); err != nil {
		return nil, err
	}
	for _, q := range []string{
		"SET checkpoint_threshold = '1TB'", // a checkpoint of tables in memory makes nothing durable and stalls the writer
		"ATTACH ':memory:' AS hot",
	} {
		if err := s.query.exec(ctx, q); err != nil {
			return nil, err
		}
	}
	for _, t := range rowstore.Tables() {
		s.bringer.chunkers[t] = newChunker()
		if err := s.query.exec(ctx, fmt.Sprintf(schema, s.emptyTable(t))); err != nil {
			return nil, err
		}
	}
	if s.bringer.conn, err = s.query.connect(); err != nil {
		return nil, err
	}
	if err := s.recover(ctx); err != nil {
		return nil, err
	}
	if err := s.tidyBeside(); err != nil {
		return nil, err
	}
	if err := s.metrics.register(opt.Registerer); err != nil {
		return nil, err
	}
	go s.writer()
	go s.bringAhead()
	return s, nil
}

// OpenTemporary opens a store for a test in a directory of its own, which Close removes.
func OpenTemporary(ctx context.Context) (*Store, error) {
	dir, err := os.MkdirTemp("", "rows")
	if err != nil {
		return nil, err
	}
	s, err := Open(ctx, Options{Dir: dir, FloorBytes: -1})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.temp = dir
	return s, nil
}

func (s *Store) dir(name string) string { return filepath.Join(s.opt.Dir, name) }

// emptyTable names a table of the query instance that has the columns and no rows.
func (s *Store) emptyTable(t rowstore.Table) string { return "hot." + t.String() }

// step tells tests how far the work is.
func (s *Store) step(what string) {
	if s.steps != nil {
		s.steps(what)
	}
}

// lockDir takes the directory for this process.
func (s *Store) lockDir() error {
	f, err := os.OpenFile(s.dir("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return fault.New(fault.Unavailable, "the row store in %s is open already: %w", s.opt.Dir, err)
	}
	s.lock = f
	return nil
}

// openShop returns the shop, opened when it is first needed. The caller holds work.
func (s *Store) openShop(ctx context.Context) (*shop, error) {
	if s.shop == nil {
		var err error
		if s.shop, err = openShop(ctx, s.dir("temp"), s.opt.SealMemory, s.opt.TempBytes); err != nil {
			return nil, err
		}
	}
	return s.shop, nil
}

// Close implements rowstore.Store. It waits for running queries and work.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.ended {
		s.closing.Unlock()
		return nil
	}
	s.ended = true
	close(s.queue)
	s.closing.Unlock()
	<-s.written
	<-s.bringer.ended
	s.work.Lock()
	defer s.work.Unlock()
	for range cap(s.places) {
		s.places <- struct{}{}
	}
	s.metrics.unregister(s.opt.Registerer)
	return errors.Join(s.catalogue.commit(edit{Logs: []logMark{{ID: s.active.id, Size: s.active.log.size}}}), s.free())
}

// free closes what is open.
func (s *Store) free() (err error) {
	for _, seg := range append(s.closed, s.active) {
		if seg != nil {
			seg.disconnect()
			err = errors.Join(err, seg.close())
		}
	}
	if s.bringer.conn.Ptr != nil {
		raw.Disconnect(&s.bringer.conn)
	}
	for _, c := range s.bringer.chunkers {
		if c != nil {
			c.close()
		}
	}
	if s.shop != nil {
		err = errors.Join(err, s.shop.close())
	}
	for _, f := range s.files {
		err = errors.Join(err, f.index.close(), f.paths.close())
	}
	if s.query != nil {
		err = errors.Join(err, s.query.close())
	}
	if s.catalogue != nil {
		err = errors.Join(err, s.catalogue.close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	if s.temp != "" {
		err = errors.Join(err, os.RemoveAll(s.temp))
	}
	return err
}
