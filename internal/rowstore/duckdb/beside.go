package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// beside is what a file has beside it: its index, or people's paths.
type beside struct {
	what string
	none map[uint64]bool      // files that get none
	has  func(*liveFile) bool // or wants none
	open func(*liveFile) error
	make func(context.Context, *liveFile) error
}

// besides lists both. Only events get paths: nobody asks about those of log records and spans.
func (s *Store) besides() []beside {
	return []beside{
		{"index", s.unindexed, func(f *liveFile) bool { return f.index.there() }, func(f *liveFile) error { return f.openBeside(&f.index) }, s.makeIndex},
		{"paths", s.pathless, func(f *liveFile) bool { return f.Table != rowstore.Events || f.paths.there() }, func(f *liveFile) error { return f.openBeside(&f.paths) }, s.makePaths},
	}
}

// makeBeside makes one index or the paths of one file that are missing, and reports whether there may be more to make. Where the
// disk has less room than the floor it makes none: the room belongs to rows. The caller holds work.
func (s *Store) makeBeside(ctx context.Context) (more bool, err error) {
	if s.space.check() != nil {
		return false, nil
	}
	var next *liveFile
	var what beside
	for _, f := range s.filesNow() {
		if f.broken != nil || !s.indexable(f) {
			continue
		}
		for _, b := range s.besides() {
			if b.none[f.ID] || b.has(f) {
				continue
			}
			if err := b.open(f); err == nil {
				continue
			} else if !errors.Is(err, os.ErrNotExist) {
				s.opt.Logger.Warn("The "+b.what+" of a file of rows: made anew", "file", filepath.Base(f.path), "err", err)
			}
			if next != nil {
				more = true
				break
			}
			next, what = f, b
		}
	}
	if next == nil {
		return false, nil
	}
	if err := what.make(ctx, next); err != nil {
		if ctx.Err() == nil { // once is enough: the file is asked as a whole
			what.none[next.ID] = true
		}
		return more, fmt.Errorf("%s of %s: %w", what.what, filepath.Base(next.path), err)
	}
	return more, nil
}

// indexable reports whether a file is worth an index: it has the rows for it and is not about to be merged.
func (s *Store) indexable(f *liveFile) bool {
	return f.Rows >= s.opt.IndexRows && (2*f.Rows >= s.opt.MergedRows || f.Day < dayOf(s.opt.Now().Add(-mergeQuiet).UnixMicro()))
}

// makeIndex reads a file and writes its index.
func (s *Store) makeIndex(ctx context.Context, f *liveFile) error {
	m := &indexMaker{ctx: ctx, index: index{rows: f.Rows, services: map[string]span{}}, sorted: true}
	if err := s.inShop(ctx, f, func(p *shop) error { return m.read(p, f) }); err != nil {
		return err
	}
	m.finish()
	if err := m.write(f.index.path, f.Bytes); err != nil {
		return err
	}
	return f.openBeside(&f.index)
}

// inShop does something with a file that is attached where files are made.
func (s *Store) inShop(ctx context.Context, f *liveFile, do func(*shop) error) error {
	p, err := s.openShop(ctx)
	if err != nil {
		return err
	}
	if err := p.run(fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID)); err != nil {
		return err
	}
	return errors.Join(do(p), p.run(fmt.Sprintf("DETACH f%d", f.ID)))
}

// openBeside maps a file's index or its paths if they are there.
func (f *liveFile) openBeside(x interface{ open(sealedFile) error }) error {
	f.attach.Lock()
	defer f.attach.Unlock()
	return x.open(f.sealedFile)
}

// tidyBeside removes indexes and paths whose files the catalogue does not list.
func (s *Store) tidyBeside() (err error) {
	for _, dir := range []string{"index", "paths"} {
		entries, e := os.ReadDir(s.dir(dir))
		err = errors.Join(err, e)
		for _, e := range entries {
			if id, bad := strconv.ParseUint(e.Name(), 10, 64); bad != nil || s.files[id] == nil {
				err = errors.Join(err, removeAll(filepath.Join(s.dir(dir), e.Name())))
			}
		}
	}
	return err
}
