package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/signalbox/signalbox/internal/fault"
)

// dirLock keeps a second process out of the data directory. The kernel releases it however we end.
type dirLock struct{ f *os.File }

// lockDir takes the lock of a data directory, creating the directory if need be. A second process is refused by name.
func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fault.New(fault.Invalid, "the data directory %s cannot be made: %w", dir, err).Hint("Choose another with --data")
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the data directory %s cannot be written: %w", dir, err).Hint("Choose another with --data")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(f, 100))
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.Conflict, "the data directory %s is in use by the signalbox process %s", dir, strings.TrimSpace(string(owner))).
				Hint("Stop that process, or choose another directory with --data")
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &dirLock{f}, nil
}

// Close releases the lock. The file stays: removing it would let two processes lock two files of one name.
func (l *dirLock) Close() error { return l.f.Close() }
