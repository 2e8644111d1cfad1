package duckdb

import (
	"errors"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// space watches the room on disk: below the floor nothing is accepted, so that what was accepted can be sealed.
type space struct {
	dir   string
	free  func(string) (int64, error)
	now   func() time.Time
	floor int64 // bytes; negative = none

	asked atomic.Int64          // when free was last asked, Unix nanoseconds
	last  atomic.Pointer[error] // what came of it
}

// askEvery bounds how often the system is asked.
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
		return fault.New(fault.Unavailable, "the disk under %s has %d MB free, less than the floor of %d MB: the row store accepts nothing", s.dir, n>>20, s.floor>>20).
			Hint("Free space or shorten storage.rows.retention; accepting goes on by itself")
	}
	return nil
}

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
