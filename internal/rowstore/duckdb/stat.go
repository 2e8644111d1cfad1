package duckdb

import (
	"context"
	"os"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Stat implements rowstore.Store. The log of hot rows counts to the tables by their share of its rows.
func (s *Store) Stat(context.Context) (rowstore.Stat, error) {
	st, _ := s.stat()
	return st, nil
}

func (s *Store) stat() (st rowstore.Stat, hot int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range rowstore.Tables() {
		x := rowstore.TableStat{Table: t}
		note := func(rows, bytes, from, to int64) {
			if x.Rows == 0 || from < x.Oldest {
				x.Oldest = from
			}
			if x.Rows == 0 || to > x.Newest {
				x.Newest = to
			}
			x.Rows += rows
			x.Bytes += bytes
		}
		for _, f := range s.files {
			if f.Table == t {
				note(f.Rows, f.Bytes+f.besideBytes(), f.From, f.To)
				x.Files++
			}
		}
		for _, seg := range append(s.closed[:len(s.closed):len(s.closed)], s.active) {
			h := seg.tables[t]
			if h.rows == 0 {
				continue
			}
			var size int64
			if i, err := os.Stat(seg.path); err == nil {
				size = int64(float64(i.Size()) * float64(h.rows) / float64(seg.rows()))
			}
			hot += size
			note(h.rows, size, h.from, h.to)
		}
		st.Tables = append(st.Tables, x)
	}
	st.Notes = slices.Clone(s.notes)
	return st, hot
}

// besideBytes is the size of the file's index and paths.
func (f *liveFile) besideBytes() (n int64) {
	for _, path := range []string{f.index.path, f.paths.path} {
		if i, err := os.Stat(path); err == nil {
			n += i.Size()
		}
	}
	return n
}

// note keeps a sentence about damage for Stat, once.
func (s *Store) note(sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.notes, sentence) {
		s.notes = append(s.notes, sentence)
		s.opt.Logger.Error("Rows are damaged or missing", "note", sentence)
	}
}
