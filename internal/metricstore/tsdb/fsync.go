package tsdb

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// syncer makes commits survive power loss: one sync of the newest log segments serves all commits that waited for it.
type syncer struct {
	dirs [2]string // the logs of in-order and out-of-order samples
	last [2]int    // the oldest segment that may hold something unsynced; only the running sync uses it

	mu      sync.Mutex
	turn    *sync.Cond
	asked   uint64 // tickets given out
	done    uint64 // tickets served
	err     error  // of the first sync that failed; it stays, as what was written before may be lost
	running bool
}

func newSyncer(dir string) *syncer {
	s := &syncer{dirs: [2]string{filepath.Join(dir, "wal"), filepath.Join(dir, "wbl")}}
	s.turn = sync.NewCond(&s.mu)
	return s
}

// wait returns when everything written before the call is on disk.
func (s *syncer) wait() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	mine := s.asked
	for s.done < mine {
		if s.running {
			s.turn.Wait()
			continue
		}
		s.running = true
		upTo := s.asked
		s.mu.Unlock()
		err := s.sync()
		s.mu.Lock()
		s.running, s.done = false, upTo
		if err != nil && s.err == nil {
			s.err = err
		}
		s.turn.Broadcast()
	}
	return s.err
}

// sync writes the newest segments to disk. The segment before the newest is synced once more when a new one began, because
// the library syncs it only in the background.
func (s *syncer) sync() error {
	for i, dir := range s.dirs {
		es, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		newest := s.last[i]
		for _, e := range es {
			n, err := strconv.Atoi(e.Name())
			if err != nil || n < s.last[i] {
				continue
			}
			if err := syncFile(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			newest = max(newest, n)
		}
		if newest != s.last[i] {
			if err := syncFile(dir); err != nil {
				return err
			}
		}
		s.last[i] = newest
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
