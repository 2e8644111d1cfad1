package duckdb

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Attributes implements rowstore.Store. How often an attribute stands is known by file only: one counts with all rows of the
// files that have it.
func (s *Store) Attributes(ctx context.Context, t rowstore.Table, between rowstore.Between) ([]string, error) {
	r, err := s.reading(ctx, t, between)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rows := map[string]int64{}
	for _, src := range r.Sources {
		for _, key := range src.Keys() {
			rows[key] += src.Rows
		}
	}
	names := slices.Collect(maps.Keys(rows))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rows[b], rows[a]), cmp.Compare(a, b)) })
	return names, nil
}
