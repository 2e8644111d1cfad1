package duckdb

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/signalbox/signalbox/internal/fault"
)

// Reader reads the rows of a directory and changes none of them. It is for one process beside a server that is stopped: while
// it is open the directory belongs to it.
type Reader struct {
	*Store
	lock *os.File
}

// OpenReader opens a directory of rows for reading. Sealed files never change and are read through a second name; of the
// catalogue and the logs a copy is read, because what a start makes of a log is written. Both are in the directory's temp,
// which Close empties, and the next start of the store too, so that nothing that is erased later stays behind. The error is
// fault.Conflict if another process has the directory open, and fault.NotFound if there are no rows.
func OpenReader(ctx context.Context, dir string, log *slog.Logger) (_ *Reader, err error) {
	if _, err := os.Stat(filepath.Join(dir, "catalogue")); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there are no rows in %s", dir)
	}
	r := &Reader{}
	if r.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.lock.Close())
		}
	}()
	if err := syscall.Flock(int(r.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fault.New(fault.Conflict, "the row store in %s is in use: %w", dir, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "temp"), 0o700); err != nil {
		return nil, err
	}
	shadow, err := os.MkdirTemp(filepath.Join(dir, "temp"), "reader-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(shadow))
		}
	}()
	if err := copyFile(filepath.Join(dir, "catalogue"), filepath.Join(shadow, "catalogue")); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		take func(from, to string) error
	}{{"hot", copyFile}, {"sealed", os.Link}} {
		if err := shadowed(filepath.Join(dir, part.name), filepath.Join(shadow, part.name), part.take); err != nil {
			return nil, err
		}
	}
	if r.Store, err = Open(ctx, Options{Dir: shadow, FloorBytes: -1, Logger: log}); err != nil {
		return nil, err
	}
	r.temp = shadow
	return r, nil
}

// Close lets go of the directory.
func (r *Reader) Close() error { return errors.Join(r.Store.Close(), r.lock.Close()) }

// shadowed takes every file of a folder and its folders to another place.
func shadowed(from, to string, take func(from, to string) error) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == from {
			return nil
		}
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, inside)
		if e.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return take(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
