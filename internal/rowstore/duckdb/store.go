// Package duckdb is the embedded engine of the row store.
//
// Rows are acknowledged when they are in a log file of our own, and readable at once in a table in memory of the query
// instance. Logs rotate; a closed log's rows are sealed into read-only DuckDB files, one per UTC day and table, that our own
// catalogue lists.
package duckdb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

//go:embed schema.sql
var schema string

// Store keeps rows. Open returns one that reads and writes; Run seals, merges and forgets.
type Store struct {
	opt    Options
	query  *instance
	places chan struct{} // one for each running query

	mu     sync.Mutex
	conn   raw.Connection
	memory memory // what queries remember of sealed sources
	hot    map[rowstore.Table]*hotTable
	temp   string
}

type hotTable struct {
	name     string
	appender raw.Appender
	chunk    *chunker
	rows     int64
	from, to int64
	keys     []string
}

// Open opens the store in a directory, which no other process may have open.
func Open(ctx context.Context, opt Options) (*Store, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(opt.Dir, "temp"), 0o700); err != nil {
		return nil, err
	}
	s := &Store{opt: opt, places: make(chan struct{}, opt.Queries), hot: map[rowstore.Table]*hotTable{}}
	var err error
	if s.query, err = openInstance(ctx, filepath.Join(opt.Dir, "temp", "query.duckdb"), settings{
		threads: opt.Threads, memory: opt.QueryMemory, temp: filepath.Join(opt.Dir, "temp", "query"), maxTemp: opt.TempBytes}); err != nil {
		return nil, err
	}
	if err := s.query.exec(ctx, "ATTACH ':memory:' AS hot"); err != nil {
		return nil, err
	}
	if s.conn, err = s.query.connect(); err != nil {
		return nil, err
	}
	for _, t := range rowstore.Tables() {
		h := &hotTable{name: "hot." + t.String() + "_1", chunk: newChunker()}
		if err := s.query.exec(ctx, fmt.Sprintf(schema, h.name)); err != nil {
			return nil, err
		}
		if raw.AppenderCreateExt(s.conn, "hot", "main", t.String()+"_1", &h.appender) == raw.StateError {
			return nil, errors.New(raw.AppenderError(h.appender))
		}
		s.hot[t] = h
	}
	return s, nil
}

// OpenTemporary opens a store for a test in a directory of its own, which Close removes.
func OpenTemporary(ctx context.Context) (*Store, error) {
	dir, err := os.MkdirTemp("", "rows")
	if err != nil {
		return nil, err
	}
	s, err := Open(ctx, Options{Dir: dir})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.temp = dir
	return s, nil
}

// Write implements rowstore.Store.
func (s *Store) Write(_ context.Context, batches ...*rowstore.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		h := s.hot[b.Table]
		for i := range b.Rows {
			r := &b.Rows[i]
			if h.rows == 0 || r.Time < h.from {
				h.from = r.Time
			}
			if h.rows == 0 || r.Time > h.to {
				h.to = r.Time
			}
			h.rows++
			h.chunk.add(r)
			if h.chunk.full() {
				if err := h.chunk.appendTo(h.appender); err != nil {
					return err
				}
			}
		}
		if err := h.chunk.appendTo(h.appender); err != nil {
			return err
		}
		if raw.AppenderFlush(h.appender) == raw.StateError {
			return errors.New(raw.AppenderError(h.appender))
		}
		h.keys = slices.Sorted(maps.Keys(h.chunk.seen))
	}
	return nil
}

// sources returns the sources of a table that overlap a time range.
func (s *Store) sources(_ context.Context, t rowstore.Table, between rowstore.Between) ([]source, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hot[t]
	if h.rows == 0 || h.to < between.From || between.To != 0 && h.from >= between.To {
		return nil, func() {}, nil
	}
	return []source{{Name: h.name, From: h.from, To: h.to, Rows: h.rows, keys: h.keys}}, func() {}, nil
}

// Close implements rowstore.Store.
func (s *Store) Close() error {
	for _, h := range s.hot {
		raw.AppenderDestroy(&h.appender)
		h.chunk.close()
	}
	raw.Disconnect(&s.conn)
	err := s.query.close()
	if s.temp != "" {
		err = errors.Join(err, os.RemoveAll(s.temp))
	}
	return err
}
