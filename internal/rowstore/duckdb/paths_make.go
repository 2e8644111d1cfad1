package duckdb

import (
	"context"
	"errors"
	"fmt"
)

// pathShare is the share of a file's rows that have to be somebody's for its paths to be worth it: one in so many.
const pathShare = 4

// makePaths reads a file's events and writes people's paths, if there are people in it.
func (s *Store) makePaths(ctx context.Context, f *liveFile) error {
	src := f.source()
	if !(&seeker{source: src}).pathed() {
		return errors.New("it is of an older layout")
	}
	var rows *pathRows
	if err := s.inShop(ctx, f, func(p *shop) error {
		known := int64(0)
		q := &question{}
		q.WriteString("SELECT count(*) FILTER (user_id <> '' OR session_id <> '') FROM " + src.Name)
		if err := askOn(p.conn, q, func(c chunk) error {
			known = column[int64](c, 0)[0]
			return nil
		}); err != nil || pathShare*known < f.Rows {
			return err
		}
		l := newPathLoader(true, nil, pathColumnsKept)
		l.room(int(f.Rows))
		if err := askOn(p.conn, l.question(src.Name), l.taking(ctx)); err != nil {
			return err
		}
		if len(l.rowid) != int(f.Rows) {
			return fmt.Errorf("it has %d rows, want %d", len(l.rowid), f.Rows)
		}
		var err error
		rows, err = l.rows()
		return err
	}); err != nil {
		return err
	}
	if rows == nil {
		s.pathless[f.ID] = true
		return nil
	}
	if err := rows.write(f.paths.path, f.Bytes); err != nil {
		return err
	}
	return f.openBeside(&f.paths)
}
