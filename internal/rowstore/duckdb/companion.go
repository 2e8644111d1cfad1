package duckdb

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
)

// companion is a file beside a sealed one, its index or people's paths, that is opened when it is first asked for. It may be
// missing, and one that is damaged is made anew.
type companion[T any] struct {
	path  string
	parse func(*mapped, sealedFile) (*T, error)
	now   atomic.Pointer[T] // nil: there is none yet, or it is not open
	file  *mapped           // guarded by liveFile.attach
}

// companionHeader is how long the header of every companion is.
const companionHeader = 64

// open opens the file if it is there. The error is os.ErrNotExist if it is not. The caller holds liveFile.attach.
func (c *companion[T]) open(of sealedFile) error {
	if c.there() {
		return nil
	}
	m, err := mapFile(c.path, companionHeader)
	if err != nil {
		return err
	}
	m.take()
	x, err := c.parse(m, of)
	m.give()
	if err != nil {
		return errors.Join(err, m.close())
	}
	c.file = m
	c.now.Store(x)
	return nil
}

func (c *companion[T]) there() bool { return c.now.Load() != nil }

// close closes the file. Nobody reads it any more.
func (c *companion[T]) close() error {
	if c.now.Swap(nil) == nil {
		return nil
	}
	return c.file.close()
}

// remove closes and removes the file.
func (c *companion[T]) remove() error { return errors.Join(c.close(), removeAll(c.path)) }

// mapped is a file that is mapped into memory. Who reads much of it reads it there, between take and give: after the last reader
// its pages are let go, so that they count as this program's memory only while somebody reads them. Who reads a few bytes reads
// them with read, which leaves nothing behind: where memory is touched the system may bring in two megabytes around it, which
// many files of which each question touches a little would add up to much.
type mapped struct {
	path    string
	file    *os.File
	all     []byte
	readers atomic.Int32
}

// mapFile maps a file of at least so many bytes.
func mapFile(path string, least int64) (*mapped, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	i, err := f.Stat()
	if err == nil && i.Size() < least {
		err = errors.New("it is cut")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(i.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", path, err), f.Close())
	}
	return &mapped{path: path, file: f, all: b}, nil
}

// take is for who reads all; give must be called when that is done.
func (m *mapped) take() { m.readers.Add(1) }

// give lets the pages go after the last reader: the system keeps them as long as it has room. Somebody who has begun to read
// meanwhile gets them again.
func (m *mapped) give() {
	if m.readers.Add(-1) == 0 {
		_ = syscall.Madvise(m.all, syscall.MADV_DONTNEED) // an advice only
	}
}

// read reads numbers from a place on, and reports whether they could be read.
func (m *mapped) read(numbers []uint64, from int64) bool {
	_, err := m.file.ReadAt(bytesOf(numbers), from)
	return err == nil
}

// close closes the file, which nobody reads any more.
func (m *mapped) close() error {
	b := m.all
	m.all = nil
	return errors.Join(syscall.Munmap(b), m.file.Close())
}
