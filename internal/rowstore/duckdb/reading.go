package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// reading is what one query looks at: ONE connection of the query instance and the sources that overlap its time range, all
// readable on that connection, hot ones too. A row is in exactly one source. The list does not change while the reading is
// open: sources that are sealed, merged or expired meanwhile live on until the last reading that has them is closed; a hot
// source grows by the rows that are committed meanwhile. Close must be called; queries of other goroutines wait for the place.
type reading struct {
	Conn    *sql.Conn
	Sources []source // newest first: by To, descending

	once  sync.Once
	close func()
}

// source is one table of rows behind FROM.
type source struct {
	// Name goes behind FROM as it is: a qualified table, or a sub-select where the file was written by an older version and
	// lacks columns. Either way it has every column of schema.sql.
	Name string
	// ID is the file's number, never used again for other content, so that "no row of it matches" may be remembered by it.
	// 0 for a hot source, which grows.
	ID       uint64
	From, To int64 // oldest and newest row, Unix microseconds, both inclusive. Of a hot source: at the time of the reading
	Rows     int64
	// Promoted are attributes that have a column of their own in this source, by key: the column's name, quoted for SQL. It is
	// VARCHAR, NULL where the row has no such attribute. They are NOT in the map `attrs` as well.
	Promoted map[string]string

	keys  []string // attribute keys, sorted
	index *index   // what is known of the rows; nil: nothing
	paths *pathMap // people's paths; nil: they have to be read and put in order
}

// Sealed reports whether the source never changes.
func (s source) Sealed() bool { return s.ID != 0 }

// Keys returns the keys of attributes that occur in the source, sorted, promoted ones too. Keys of resources are not among
// them. Do not change it.
func (s source) Keys() []string { return s.keys }

// HasKey reports whether a row of the source may have the attribute.
func (s source) HasKey(key string) bool {
	_, ok := slices.BinarySearch(s.keys, key)
	return ok
}

// Close gives the connection and the sources back.
func (r *reading) Close() { r.once.Do(r.close) }

// reading opens a reading of a table. It waits while as many queries as Options.Queries run, until ctx ends.
func (s *Store) reading(ctx context.Context, t rowstore.Table, between rowstore.Between) (*reading, error) {
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fault.New(fault.Limited, "too many queries at once, %d are running: %w", cap(s.places), ctx.Err())
	}
	if err := s.readable(ctx); err != nil {
		<-s.places
		return nil, err
	}
	conn, err := s.query.sql.Conn(ctx)
	if err != nil {
		<-s.places
		return nil, fmt.Errorf("connect to the row store: %w", err)
	}
	sources, release, err := s.sources(ctx, t, between)
	if err != nil {
		_ = conn.Close()
		<-s.places
		return nil, err
	}
	slices.SortStableFunc(sources, func(a, b source) int {
		switch {
		case a.To != b.To:
			return int(min(1, max(-1, b.To-a.To)))
		case a.ID < b.ID:
			return 1
		}
		return 0
	})
	return &reading{Conn: conn, Sources: sources, close: func() {
		_ = conn.Close()
		release()
		<-s.places
	}}, nil
}
