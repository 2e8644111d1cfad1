package duckdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// segment is hot rows: a log, and a table in memory of the query instance for each of the three tables. One is active, the
// others are closed and wait to be sealed. The tables are written by the bringer only; what readers see is guarded by
// Store.mu.
type segment struct {
	id     uint64
	log    *writeLog // nil once closed
	path   string
	kept   int64 // bytes of the log whose rows were acknowledged
	opened int64 // Unix microseconds of the first row's arrival, 0 without rows
	tables [3]*hotTable

	brought int64 // bytes of the log whose rows are in the tables; written by the bringer only
	broken  bool  // the tables lack rows that were brought; of the bringer

	readers int
	sealed  bool // its rows are in files: readers that have it are the last
}

// hotTable is the rows of one table in a segment.
type hotTable struct {
	name     string // qualified
	appender raw.Appender
	open     bool

	extent
	keys  []string
	known map[string]struct{}
}

func (s *Store) logPath(id uint64) string {
	return filepath.Join(s.opt.Dir, "hot", fmt.Sprintf("%012d.log", id))
}

// newSegment makes the tables of a segment.
func (s *Store) newSegment(ctx context.Context, id uint64) (*segment, error) {
	seg := &segment{id: id, path: s.logPath(id)}
	for _, t := range rowstore.Tables() {
		h := &hotTable{name: fmt.Sprintf("hot.%s_%d", t, id), known: map[string]struct{}{}}
		if err := s.query.exec(ctx, fmt.Sprintf(schema, h.name)); err != nil {
			return nil, fmt.Errorf("make a table of hot rows: %w", err)
		}
		seg.tables[t] = h
	}
	return seg, nil
}

// connect makes the table's appender, anew where there was one.
func (h *hotTable) connect(conn raw.Connection) error {
	h.disconnect()
	_, table, _ := strings.Cut(h.name, ".")
	if raw.AppenderCreateExt(conn, "hot", "main", table, &h.appender) == raw.StateError {
		err := errors.New(raw.AppenderError(h.appender))
		raw.AppenderDestroy(&h.appender)
		return err
	}
	h.open = true
	return nil
}

func (h *hotTable) disconnect() {
	if h.open {
		raw.AppenderDestroy(&h.appender)
		h.open = false
	}
}

func (seg *segment) disconnect() {
	for _, h := range seg.tables {
		h.disconnect()
	}
}

// close ends writing to the segment.
func (seg *segment) close() error {
	if seg.log == nil {
		return nil
	}
	err := seg.log.f.Close()
	seg.log = nil
	return err
}

// rows counts the rows of all tables.
func (seg *segment) rows() (n int64) {
	for _, h := range seg.tables {
		n += h.rows
	}
	return n
}

// extent is how many rows there are and from when to when they go.
type extent struct{ rows, from, to int64 }

func extentOf(rows []rowstore.Row) (x extent) {
	for i := range rows {
		t := rows[i].Time
		x = x.with(extent{1, t, t})
	}
	return x
}

func (x extent) with(y extent) extent {
	switch {
	case x.rows == 0:
		return y
	case y.rows == 0:
		return x
	}
	return extent{x.rows + y.rows, min(x.from, y.from), max(x.to, y.to)}
}

// noteKeys adds the keys that a chunker has seen and forgets them there.
func (h *hotTable) noteKeys(seen map[string]struct{}) {
	n := len(h.known)
	for k := range seen {
		h.known[k] = struct{}{}
	}
	clear(seen)
	if len(h.known) > n { // readers keep the old list
		h.keys = slices.Sorted(maps.Keys(h.known))
	}
}

// release gives a segment back; the last reader of a sealed one drops it.
func (s *Store) releaseSegment(seg *segment) {
	s.mu.Lock()
	seg.readers--
	last := seg.sealed && seg.readers == 0
	s.mu.Unlock()
	if last {
		s.dropSegment(seg)
	}
}

// dropSegment frees the memory and the log of a segment that was sealed.
func (s *Store) dropSegment(seg *segment) {
	s.dropTables(seg)
	if err := os.Remove(seg.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.opt.Logger.Error("Hot rows were sealed, and their log stays on disk", "segment", seg.id, "err", err)
	}
}

func (s *Store) dropTables(seg *segment) {
	seg.disconnect()
	for _, h := range seg.tables {
		if err := s.query.exec(context.Background(), "DROP TABLE IF EXISTS "+h.name); err != nil {
			s.opt.Logger.Error("Hot rows were sealed, and their table stays in memory", "segment", seg.id, "err", err)
		}
	}
}
