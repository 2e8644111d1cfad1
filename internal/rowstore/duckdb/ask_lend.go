package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

// Lend implements sandbox.Store. Sealed files are lent as they are; what is in memory, and files of an older layout, are
// written to an extract in dir.
func (s *Store) Lend(ctx context.Context, t rowstore.Table, between rowstore.Between, dir string) ([]sandbox.File, func(), error) {
	r, err := s.reading(ctx, t, between)
	if err != nil {
		return nil, nil, asked(ctx, err)
	}
	files, err := s.lend(ctx, r, t, between, dir)
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return files, r.Close, nil
}

func (s *Store) lend(ctx context.Context, r *reading, t rowstore.Table, between rowstore.Between, dir string) (files []sandbox.File, err error) {
	q := &question{}
	var parts []string
	for _, src := range r.Sources {
		if path := s.filePath(src); path != "" {
			files = append(files, sandbox.File{Path: path, Promoted: src.Promoted})
			continue
		}
		k := &seeker{question: q, source: src}
		parts = append(parts, "SELECT "+joinedColumns(src)+" FROM "+src.Name+" WHERE TRUE"+k.within(between))
	}
	if len(parts) == 0 {
		return files, nil
	}
	path := filepath.Join(dir, t.String()+".parquet")
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	// COPY takes no parameters; times are the only ones.
	text := strings.Join(parts, " UNION ALL ")
	for i := len(q.args); i > 0; i-- {
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d::", i), fmt.Sprintf("%d::", q.args[i-1]))
	}
	copying := &question{}
	copying.WriteString("COPY (" + text + ") TO " + quote(path) + " (FORMAT parquet, COMPRESSION snappy)")
	if err := s.ask(ctx, copying, func(chunk) error { return nil }); err != nil {
		return nil, err
	}
	return append(files, sandbox.File{Path: path, Parquet: true}), os.Chmod(path, 0o600)
}

// filePath returns the path of a sealed source that another process can read by schema.sql, else nothing.
func (s *Store) filePath(src source) string {
	if !src.Sealed() || strings.ContainsAny(src.Name, " (") {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[src.ID]; f != nil {
		return f.path
	}
	return ""
}

// joinedColumns lists the columns of schema.sql, attributes with columns of their own back in the map.
func joinedColumns(src source) string {
	names := slices.Clone(columnNames[:])
	var own []string
	for key, column := range src.Promoted {
		own = append(own, "{'key': "+quote(key)+", 'value': "+column+"}")
	}
	if len(own) > 0 {
		slices.Sort(own)
		names[colAttrs] = "map_concat(attrs, map_from_entries(list_filter([" + strings.Join(own, ", ") + "], lambda x: x.value IS NOT NULL))) AS attrs"
	}
	return strings.Join(names, ", ")
}
