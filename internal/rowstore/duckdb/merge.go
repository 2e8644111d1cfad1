package duckdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	mergedRows = 1_000_000 // about so many rows a file has in the end
	mergeFiles = 16        // so many small files of a day are merged before there are rows for a full one
	mergeDays  = 8         // and so many days that are over, if they are small
	spanDays   = 32        // a file has the rows of so many days at most
	mergeQuiet = 2 * time.Hour
)

// merge joins small files of a day until none are left that should be. The caller holds work.
func (s *Store) merge(ctx context.Context) error {
	for {
		files := s.mergeable()
		if files == nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.join(ctx, files); err != nil {
			return fmt.Errorf("merge %d files of %s: %w", len(files), files[0].Table, err)
		}
		s.metrics.merged.Inc()
	}
}

// mergeable returns small files that are worth being merged: of one day enough for a full one, many, or the rest of a day
// that is over; else of neighbouring days that are over, enough or many. Each file costs a query a part of a millisecond.
func (s *Store) mergeable() []*liveFile {
	type group struct {
		table rowstore.Table
		day   int64
	}
	small := map[group][]*liveFile{}
	s.mu.Lock()
	for _, f := range s.files {
		if f.Rows < s.opt.MergedRows/2 {
			small[group{f.Table, f.Day}] = append(small[group{f.Table, f.Day}], f)
		}
	}
	s.mu.Unlock()
	quiet := dayOf(s.opt.Now().Add(-mergeQuiet).UnixMicro())
	for g, files := range small {
		slices.SortFunc(files, func(a, b *liveFile) int { return cmp.Compare(a.ID, b.ID) })
		rows, n := int64(0), 0
		for n < len(files) && rows < s.opt.MergedRows {
			rows += files[n].Rows
			n++
		}
		if n > 1 && (rows >= s.opt.MergedRows || n >= mergeFiles || g.day < quiet && g.day != mixedDay) {
			return files[:n]
		}
	}
	var past [3][]*liveFile
	for g, files := range small {
		if g.day < quiet && g.day != mixedDay && len(files) == 1 {
			past[g.table] = append(past[g.table], files...)
		}
	}
	for _, files := range past {
		slices.SortFunc(files, func(a, b *liveFile) int { return cmp.Compare(a.Day, b.Day) })
		for from := range files {
			rows, n := int64(0), from
			for n < len(files) && rows < s.opt.MergedRows && dayOf(files[n].To)-files[from].Day < spanDays {
				rows += files[n].Rows
				n++
			}
			if n-from >= mergeDays || n-from > 1 && rows >= s.opt.MergedRows {
				return files[from:n]
			}
		}
	}
	return nil
}

// join writes the rows of files into one.
func (s *Store) join(ctx context.Context, files []*liveFile) (err error) {
	p, err := s.openShop(ctx)
	if err != nil {
		return err
	}
	var e edit
	var parts, detach []string
	var keys [][]string
	var columns []string
	defer func() {
		for _, d := range detach {
			err = errors.Join(err, p.run(d))
		}
	}()
	for _, f := range files {
		if err := p.run(fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID)); err != nil {
			return err
		}
		detach = append(detach, fmt.Sprintf("DETACH f%d", f.ID))
		for _, k := range slices.Sorted(maps.Keys(f.Promoted)) {
			if !slices.ContainsFunc(columns, func(other string) bool { return strings.EqualFold(k, other) }) {
				columns = append(columns, k)
			}
		}
		keys = append(keys, f.Keys)
		e.Remove = append(e.Remove, f.ID)
	}
	for _, f := range files {
		parts = append(parts, f.joined(columns))
	}
	f, err := s.makeFile(p, sealedFile{Table: files[0].Table, Day: files[0].Day, Schema: schemaVersion, Keys: union(keys...), Promoted: promoted(columns)},
		strings.Join(parts, " UNION ALL "), true)
	if err != nil {
		return err
	}
	for _, d := range detach {
		err = errors.Join(err, p.run(d))
	}
	if detach = nil; err != nil {
		return errors.Join(err, s.discard([]sealedFile{f}))
	}
	e.Add = []sealedFile{f}
	if err := s.swap(e, nil); err != nil {
		return errors.Join(err, s.discard(e.Add))
	}
	return nil
}

// joined selects the rows of the file with a column for each key. An attribute that has a column here and would have none
// there, because its name differs from another's by case only, goes back into the map.
func (f *liveFile) joined(keys []string) string {
	src := f.source()
	for k := range src.Promoted {
		if !slices.Contains(keys, k) {
			return promote("SELECT "+src.demoted()+" FROM "+src.Name, nil, keys)
		}
	}
	return promote("FROM "+src.Name, src.Promoted, keys)
}
