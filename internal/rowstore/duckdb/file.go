package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// mixedDay is the day of files that hold the stragglers of many days.
const mixedDay = -1 << 40

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// dayOf returns the UTC day of a time in Unix microseconds.
func dayOf(us int64) int64 {
	d := us / dayMicros
	if us%dayMicros < 0 {
		d--
	}
	return d
}

// liveFile is a sealed file in use. The query instance attaches it when it is first read.
type liveFile struct {
	sealedFile
	path string

	index companion[index]
	paths companion[pathMap]

	attach   sync.Mutex
	attached bool
	broken   error

	readers int  // guarded by Store.mu
	removed bool // it is no longer in the catalogue: readers that have it are the last
	gone    chan struct{}
}

func (s *Store) liveFile(f sealedFile) *liveFile {
	day := "mixed"
	if f.Day != mixedDay {
		day = time.Unix(f.Day*86400, 0).UTC().Format("2006-01-02")
	}
	id := strconv.FormatUint(f.ID, 10)
	return &liveFile{sealedFile: f, gone: make(chan struct{}),
		index: companion[index]{path: filepath.Join(s.dir("index"), id), parse: parseIndex},
		paths: companion[pathMap]{path: filepath.Join(s.dir("paths"), id), parse: parsePaths},
		path:  filepath.Join(s.opt.Dir, "sealed", f.Table.String(), fmt.Sprintf("%s-%d.duckdb", day, f.ID))}
}

// overlaps reports whether rows from one time to another can be in a span.
func overlaps(from, to int64, b rowstore.Between) bool {
	return to >= b.From && (b.To == 0 || from < b.To)
}

// open attaches the file to the query instance, if it is not yet.
func (f *liveFile) open(ctx context.Context, in *instance) error {
	f.attach.Lock()
	defer f.attach.Unlock()
	if f.attached || f.broken != nil {
		return f.broken
	}
	err := in.exec(ctx, fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID))
	if err != nil && ctx.Err() == nil {
		f.broken = err
	}
	f.attached = err == nil
	_, _ = f.index.open(f.sealedFile), f.paths.open(f.sealedFile) // without them, or where they are damaged, the file itself is read
	return err
}

// source returns what queries read.
func (f *liveFile) source() source {
	return source{Name: f.behindFrom(addedColumns()), ID: f.ID, From: f.From, To: f.To, Rows: f.Rows, Promoted: f.Promoted, keys: f.Keys, index: f.index.now.Load(), paths: f.paths.now.Load()}
}

// releaseFile gives a file back; the last reader of a removed one deletes it.
func (s *Store) releaseFile(f *liveFile) {
	s.mu.Lock()
	f.readers--
	last := f.removed && f.readers == 0
	s.mu.Unlock()
	if last {
		s.deleteFile(f)
	}
}

// deleteFile detaches and deletes a file that is no longer in the catalogue.
func (s *Store) deleteFile(f *liveFile) {
	f.attach.Lock()
	defer f.attach.Unlock()
	if f.attached {
		if err := s.query.exec(context.Background(), fmt.Sprintf("DETACH f%d", f.ID)); err != nil {
			s.opt.Logger.Error("A file of rows stays attached though it is deleted", "file", f.path, "err", err)
		}
		f.attached = false
	}
	f.broken = os.ErrNotExist
	if err := os.Remove(f.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.opt.Logger.Error("A file of rows stays on disk though the catalogue has it no more", "file", f.path, "err", err)
	}
	if err := errors.Join(f.index.remove(), f.paths.remove()); err != nil {
		s.opt.Logger.Error("The index or the paths of a deleted file of rows stay on disk", "file", f.path, "err", err)
	}
	close(f.gone)
}

// swap makes an edit of the catalogue and shows readers the new list at once. Files that go are deleted when their last
// reader is done; the segment, if any, is the one whose rows are now in files.
func (s *Store) swap(e edit, seg *segment) error {
	if seg != nil {
		e.Drop = append(e.Drop, seg.id)
	}
	if err := s.catalogue.commit(e); err != nil {
		return err
	}
	s.step("listed")
	var files []*liveFile
	s.mu.Lock()
	for _, f := range e.Add {
		s.files[f.ID] = s.liveFile(f)
	}
	for _, id := range e.Remove {
		f := s.files[id]
		delete(s.files, id)
		if f.removed = true; f.readers == 0 {
			files = append(files, f)
		}
	}
	drop := false
	if seg != nil {
		for i, c := range s.closed {
			if c == seg {
				s.closed = append(s.closed[:i:i], s.closed[i+1:]...)
			}
		}
		seg.sealed = true
		drop = seg.readers == 0
	}
	s.mu.Unlock()
	for _, f := range files {
		s.deleteFile(f)
		s.step("deleted")
	}
	if drop {
		s.dropSegment(seg)
		s.step("dropped")
	}
	return nil
}

// sources returns the sources of a table that overlap a time range, and what gives them back.
func (s *Store) sources(ctx context.Context, t rowstore.Table, between rowstore.Between) ([]source, func(), error) {
	var out []source
	var files []*liveFile
	var segments []*segment
	s.mu.Lock()
	for _, seg := range append(s.closed[:len(s.closed):len(s.closed)], s.active) {
		h := seg.tables[t]
		if h.rows > 0 && overlaps(h.from, h.to, between) {
			out = append(out, source{Name: h.name, From: h.from, To: h.to, Rows: h.rows, keys: h.keys})
			seg.readers++
			segments = append(segments, seg)
		}
	}
	for _, f := range s.files {
		if f.Table == t && overlaps(f.From, f.To, between) {
			f.readers++
			files = append(files, f)
		}
	}
	s.mu.Unlock()
	release := func() {
		for _, seg := range segments {
			s.releaseSegment(seg)
		}
		for _, f := range files {
			s.releaseFile(f)
		}
	}
	for _, f := range files {
		if err := f.open(ctx, s.query); ctx.Err() != nil {
			release()
			return nil, nil, ctx.Err()
		} else if err != nil {
			s.note(fmt.Sprintf("The file %s cannot be read, its %d rows are missing from answers: %s", filepath.Base(f.path), f.Rows, err))
			continue
		}
		out = append(out, f.source())
	}
	return out, release, nil
}
