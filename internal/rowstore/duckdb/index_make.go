package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// indexOne makes one index that is missing, and reports whether there may be more to make. The caller holds work.
func (s *Store) indexOne(ctx context.Context) (more bool, err error) {
	var next *liveFile
	for _, f := range s.filesNow() {
		if f.broken != nil || s.unindexed[f.ID] || f.index.Load() != nil || !s.indexable(f) {
			continue
		}
		if err := f.openIndex(); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			s.opt.Logger.Warn("The index of a file of rows is made anew", "file", filepath.Base(f.path), "err", err)
		}
		if more = next != nil; more {
			break
		}
		next = f
	}
	if next == nil {
		return false, nil
	}
	if err := s.makeIndex(ctx, next); err != nil {
		if ctx.Err() == nil { // once is enough: the file is asked as a whole
			s.unindexed[next.ID] = true
		}
		return more, err
	}
	return more, nil
}

// indexable reports whether a file is worth an index: it has the rows for it and is not about to be merged.
func (s *Store) indexable(f *liveFile) bool {
	return f.Rows >= s.opt.IndexRows && (2*f.Rows >= s.opt.MergedRows || f.Day < dayOf(s.opt.Now().Add(-mergeQuiet).UnixMicro()))
}

// makeIndex reads a file and writes its index.
func (s *Store) makeIndex(ctx context.Context, f *liveFile) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("index %s: %w", filepath.Base(f.path), err)
		}
	}()
	p, err := s.openShop(ctx)
	if err != nil {
		return err
	}
	if err := p.run(fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID)); err != nil {
		return err
	}
	m := &indexMaker{ctx: ctx, index: index{rows: f.Rows, services: map[string]span{}}, sorted: true}
	err = m.read(p, f)
	if err = errors.Join(err, p.run(fmt.Sprintf("DETACH f%d", f.ID))); err != nil {
		return err
	}
	m.finish()
	if err := m.write(f.indexPath, f.Bytes); err != nil {
		return err
	}
	return f.openIndex()
}

// openIndex maps the file's index if it is there.
func (f *liveFile) openIndex() error {
	f.attach.Lock()
	defer f.attach.Unlock()
	if f.index.Load() != nil {
		return nil
	}
	x, err := openIndex(f.indexPath, f.sealedFile)
	if err == nil {
		f.index.Store(x)
	}
	return err
}

// closeIndex unmaps the file's index. Nobody reads it any more.
func (f *liveFile) closeIndex() error {
	if x := f.index.Swap(nil); x != nil {
		return x.close()
	}
	return nil
}

// tidyIndexes removes indexes whose files the catalogue does not list.
func (s *Store) tidyIndexes() (err error) {
	entries, err := os.ReadDir(s.dir("index"))
	for _, e := range entries {
		if id, bad := strconv.ParseUint(e.Name(), 10, 64); bad != nil || s.files[id] == nil {
			err = errors.Join(err, removeAll(filepath.Join(s.dir("index"), e.Name())))
		}
	}
	return err
}
