package tsdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/tsdb/fileutil"

	"github.com/signalbox/signalbox/internal/fault"
)

// space watches the room on disk: nothing is accepted below the floor, because a log that could not be written to the end of
// a record cannot be read beyond it; and a reserve file keeps enough room aside to repair the log after a crash.
type space struct {
	dir            string
	free           func(string) (int64, error)
	now            func() time.Time
	floor, reserve int64 // bytes; negative = none

	asked atomic.Int64          // when free was last asked, Unix nanoseconds
	last  atomic.Pointer[error] // what came of it
}

// askEvery bounds how often the system is asked; at a gigabyte a second the default floor lasts longer.
const askEvery = 100 * time.Millisecond

// check returns an error of the kind Unavailable if there is less room than the floor.
func (s *space) check() error {
	if s.floor <= 0 {
		return nil
	}
	now, asked := s.now().UnixNano(), s.asked.Load()
	if d := now - asked; (d >= int64(askEvery) || d < 0) && s.asked.CompareAndSwap(asked, now) {
		err := s.ask()
		s.last.Store(&err)
	}
	if p := s.last.Load(); p != nil {
		return *p
	}
	return nil
}

func (s *space) ask() error {
	n, err := s.free(s.dir)
	if err != nil {
		return fault.New(fault.Unavailable, "cannot see how much space is free under %s: %w", s.dir, err)
	}
	if n < s.floor {
		return fault.New(fault.Unavailable, "the disk under %s has %d MB free, less than the floor of %d MB: the metric store accepts nothing", s.dir, n>>20, s.floor>>20).
			Hint("Free space or shorten storage.metrics.retention; accepting goes on by itself")
	}
	return nil
}

// enough says whether there is room for the library to write what it cannot do without: chunks of the head while it opens,
// maps and closes. Half of the reserve is taken for enough, so that freeing the reserve is.
func (s *space) enough() bool {
	n, err := s.free(s.dir)
	return err == nil && n >= max(1<<20, s.reserve/2)
}

func (s *space) reserveFile() string { return filepath.Join(s.dir, "reserve") }

// keepReserve sets the reserve file aside if it is not there and there is room for twice of it above the floor.
func (s *space) keepReserve() error {
	if s.reserve <= 0 {
		return nil
	}
	if i, err := os.Stat(s.reserveFile()); err == nil && i.Size() == s.reserve {
		return nil
	}
	if n, err := s.free(s.dir); err != nil || n < 2*s.reserve+max(0, s.floor) {
		return errors.Join(err, fmt.Errorf("%d MB free are too little for a reserve of %d MB", n>>20, s.reserve>>20))
	}
	f, err := os.OpenFile(s.reserveFile(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(fileutil.Preallocate(f, s.reserve, true), f.Close())
	if err != nil {
		_ = os.Remove(s.reserveFile())
	}
	return err
}

// freeReserve removes the reserve file and says whether it was there.
func (s *space) freeReserve() bool { return os.Remove(s.reserveFile()) == nil }

// noSpace says whether an error comes from a full disk or a full quota.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// freeSpace asks the system for the bytes that an ordinary user may still write.
func freeSpace(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}
