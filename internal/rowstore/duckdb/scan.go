package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Scan implements rowstore.Store. The rows' text lies in the memory of the query and is gone when f returns. Sorting takes
// place on disk where memory does not suffice.
func (s *Store) Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	if q.To != 0 && q.To <= q.From {
		return nil
	}
	r, err := s.reading(ctx, q.Table, q.Between)
	if err != nil {
		return asked(ctx, err)
	}
	defer r.Close()
	ask := &question{}
	sources, err := s.seekers(ctx, ask, r, q.Between, q.Where, q.All()...)
	if err != nil || len(sources) == 0 {
		return err
	}
	if q.ByUser && q.Parts > 0 {
		if err := s.scanPaths(ctx, q, sources, f); !errors.Is(err, errBig) {
			return err
		}
	}
	if len(q.Tell) > 0 {
		hand := f
		f = func(rows []rowstore.Row) error { q.Told(rows); return hand(rows) }
	}
	q.Fields = q.All()
	if q.ByUser {
		if err := s.scanByUser(ctx, q, wantedOf(q.Fields), sources, f); !errors.Is(err, errBig) {
			return err
		}
		for _, src := range sources {
			src.question = ask
		}
	}
	// Attributes with columns of their own in some source have one in all, so that the sources can be joined.
	want := wantedOf(q.Fields)
	want[colUser] = want[colUser] || q.ByUser
	var promoted []string
	if want[colAttrs] {
		for _, src := range sources {
			for key := range src.Promoted {
				promoted = append(promoted, key)
			}
		}
		slices.Sort(promoted)
		promoted = slices.Compact(promoted)
	}
	var parts []string
	for _, src := range sources {
		where, err := src.where(q.Where, true)
		if err != nil {
			return err
		}
		part := source{Promoted: map[string]string{}}
		for _, key := range promoted {
			if part.Promoted[key] = "NULL::VARCHAR"; src.Promoted[key] != "" {
				part.Promoted[key] = src.Promoted[key]
			}
		}
		list, _ := want.list(part)
		parts = append(parts, fmt.Sprintf("SELECT %s FROM %s WHERE %s%s", list, src.from(), where, src.within(q.Between)+partWhere(src, q)))
	}
	order := "time"
	if q.ByUser {
		order = "user_id, time"
	}
	fmt.Fprintf(ask, "SELECT * FROM (%s) ORDER BY %s", strings.Join(parts, " UNION ALL "), order)
	reader := &rowReader{want: want}
	return s.ask(ctx, ask, func(c chunk) error {
		rows, _ := reader.read(c, promoted)
		return f(rows)
	})
}
