package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// recover brings back what the directory holds and opens a new segment. What is missing or damaged becomes a note.
func (s *Store) recover(ctx context.Context) error {
	_, err := os.Stat(s.dir("catalogue"))
	fresh := errors.Is(err, os.ErrNotExist)
	var damaged int
	if s.catalogue, damaged, err = openCatalogue(s.dir("catalogue")); err != nil {
		return fmt.Errorf("read the catalogue of rows: %w", err)
	}
	files, logs, err := s.unlisted()
	if err != nil {
		return err
	}
	if damaged > 0 || fresh && len(files)+len(logs) > 0 {
		if err := s.adopt(ctx, files, logs, damaged); err != nil {
			return err
		}
	} else if err := removeAll(append(files, logs...)...); err != nil {
		return err
	}
	for _, f := range s.catalogue.files {
		live := s.liveFile(f)
		switch i, err := os.Stat(live.path); {
		case err != nil:
			live.broken = err
			s.note(fmt.Sprintf("The file %s is missing, and with it %d rows of %s: %s", filepath.Base(live.path), f.Rows, f.Table, err))
		case i.Size() != f.Bytes:
			s.note(fmt.Sprintf("The file %s has %d bytes, and had %d when it was sealed", filepath.Base(live.path), i.Size(), f.Bytes))
		}
		s.files[f.ID] = live
	}
	var e edit
	for _, id := range slices.Sorted(maps.Keys(s.catalogue.logs)) {
		seg, err := s.replay(ctx, s.catalogue.logs[id])
		if err != nil {
			return err
		}
		if seg == nil {
			e.Drop = append(e.Drop, id)
			continue
		}
		s.closed = append(s.closed, seg)
		s.waiting.Add(1)
	}
	if s.active, err = s.openSegment(ctx); err != nil {
		return err
	}
	e.Logs = []logMark{{ID: s.active.id}}
	if err := s.catalogue.commit(e); err != nil {
		return err
	}
	for _, id := range e.Drop {
		if err := removeAll(s.logPath(id)); err != nil {
			return err
		}
	}
	return nil
}

// unlisted lists files and logs that the catalogue does not have: the leftovers of a crash.
func (s *Store) unlisted() (files, logs []string, err error) {
	listed := map[string]bool{}
	for _, f := range s.catalogue.files {
		listed[s.liveFile(f).path] = true
	}
	for id := range s.catalogue.logs {
		listed[s.logPath(id)] = true
	}
	for _, d := range []string{"hot", "sealed"} {
		if err := filepath.WalkDir(s.dir(d), func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil || e.IsDir() || listed[path]:
			case strings.Contains(path, ".duckdb.tmp"):
				return os.Remove(path) // never was a file
			case d == "hot":
				logs = append(logs, path)
			default:
				files = append(files, path)
			}
			return err
		}); err != nil {
			return nil, nil, err
		}
	}
	return files, logs, nil
}

// replay makes a closed segment of a log that a former process left; nil if it has no rows.
func (s *Store) replay(ctx context.Context, l logMark) (*segment, error) {
	name := filepath.Base(s.logPath(l.ID))
	if _, err := os.Stat(s.logPath(l.ID)); errors.Is(err, os.ErrNotExist) {
		if l.Size > 0 || l.Closed {
			s.note(fmt.Sprintf("The log %s is missing, and with it the rows of %d bytes that were acknowledged", name, l.Size))
		}
		return nil, nil
	}
	seg, err := s.newSegment(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	got, err := readLog(seg.path, 0, maxLog, func(b *rowstore.Batch) error {
		seg.tables[b.Table].extent = seg.tables[b.Table].with(extentOf(b.Rows))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the log %s: %w", name, err)
	}
	seg.kept = got.end
	if got.damaged > 0 {
		s.note(fmt.Sprintf("The log %s is damaged: %d bytes from byte %d on cannot be read, and the rows in them are lost; %d rows were brought back", name, got.damaged, got.where, got.rows))
	}
	if got.end < l.Size {
		s.note(fmt.Sprintf("The log %s ends at byte %d and had reached byte %d: rows that were acknowledged are lost; %d were brought back", name, got.end, l.Size, got.rows))
	}
	if err := seg.close(); err != nil {
		return nil, err
	}
	if got.rows == 0 {
		s.dropTables(seg)
		return nil, nil
	}
	seg.opened = s.opt.Now().UnixMicro()
	return seg, nil
}

// adopt lists what was not listed, because the catalogue is missing or damaged: rather rows twice than rows lost.
func (s *Store) adopt(ctx context.Context, files, logs []string, damaged int) error {
	s.note(fmt.Sprintf("The catalogue of rows was damaged (%d lines) or missing; %d files and %d logs that it did not list were taken back. Rows that were being sealed or erased then may be there twice or again", damaged, len(files), len(logs)))
	p, err := s.openShop(ctx)
	if err != nil {
		return err
	}
	var e edit
	for _, path := range files {
		f, ok := fileOfPath(path)
		if !ok {
			continue
		}
		s.catalogue.next = max(s.catalogue.next, f.ID+1)
		if err := p.describe(path, &f); err != nil {
			s.note(fmt.Sprintf("The file %s cannot be read: %s", filepath.Base(path), err))
			continue
		}
		e.Add = append(e.Add, f)
	}
	for _, path := range logs {
		if id, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), ".log"), 10, 64); err == nil {
			e.Logs = append(e.Logs, logMark{ID: id})
		}
	}
	return s.catalogue.commit(e)
}

// fileOfPath reads what the name of a sealed file says.
func fileOfPath(path string) (f sealedFile, ok bool) {
	name := strings.TrimSuffix(filepath.Base(path), ".duckdb")
	cut := strings.LastIndexByte(name, '-')
	if cut < 0 {
		return f, false
	}
	id, err := strconv.ParseUint(name[cut+1:], 10, 64)
	if err != nil {
		return f, false
	}
	f = sealedFile{ID: id, Day: mixedDay, Schema: schemaVersion}
	if day, err := time.Parse(time.DateOnly, name[:cut]); err == nil {
		f.Day = day.Unix() / 86400
	}
	f.Table, ok = rowstore.ParseTable(filepath.Base(filepath.Dir(path)))
	return f, ok
}

// describe fills in what the catalogue keeps of a file.
func (p *shop) describe(path string, f *sealedFile) (err error) {
	if err := p.run("ATTACH " + quote(path) + " AS found (READ_ONLY)"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.run("DETACH found")) }()
	of, err := p.numbers("SELECT count(*), coalesce(min(epoch_us(time)), 0), coalesce(max(epoch_us(time)), 0) FROM found.rows", 3)
	if err != nil {
		return err
	}
	f.Rows, f.From, f.To = of[0][0], of[0][1], of[0][2]
	words := func(query string) (words []string, err error) {
		q := &question{}
		q.WriteString(query)
		err = askOn(p.conn, q, func(c chunk) error {
			for _, t := range column[text](c, 0) {
				words = append(words, strings.Clone(t.String()))
			}
			return nil
		})
		return words, err
	}
	keys, err := words("SELECT DISTINCT unnest(map_keys(attrs)) FROM found.rows")
	if err != nil {
		return err
	}
	columns, err := words("SELECT column_name[2:] FROM duckdb_columns() WHERE database_name = 'found' AND column_name[1] = '@'")
	if err != nil {
		return err
	}
	f.Promoted, f.Keys = promoted(columns), union(keys, columns)
	i, err := os.Stat(path)
	if err == nil {
		f.Bytes = i.Size()
	}
	return err
}
