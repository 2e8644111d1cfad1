package tail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// identity tells files apart while they exist.
type identity struct{ Dev, Ino uint64 }

func identityOf(info fs.FileInfo) identity {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return identity{uint64(st.Dev), st.Ino}
	}
	return identity{}
}

// head is how many of a file's first bytes tell it apart from another with its inode.
const head = 1024

// print is the fingerprint of a file's first bytes.
type print struct {
	N   int
	Sum string
}

func printOf(f io.ReaderAt, n int) (print, error) {
	b := make([]byte, n)
	got, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return print{}, err
	}
	sum := sha256.Sum256(b[:got])
	return print{got, hex.EncodeToString(sum[:12])}, nil
}

// file is one that is followed.
type file struct {
	path   string
	id     identity
	f      *os.File
	print  print
	offset int64  // everything before it is stored
	size   int64  // when looked at last
	buf    []byte // read and not stored: from offset on
	skip   bool   // the rest of a line that was cut
	gone   bool   // its name is another file's, or nobody's
	grown  time.Time
	to     Writer
	reader *line.Reader
	format line.Format
	shared *rowstore.Resource
}

// look finds files that came, were renamed, truncated or taken away.
func (t *Follower) look() {
	named := map[identity]bool{}
	for _, s := range t.o.Sets {
		for _, pattern := range s.Paths {
			paths, _ := filepath.Glob(pattern) // a bad pattern was refused by the configuration
			for _, p := range paths {
				t.meet(s, p, named)
			}
		}
	}
	t.missing(named)
	for id, f := range t.files {
		if f.gone = !named[id]; f.gone && f.grown.IsZero() {
			f.grown = time.Now()
		}
	}
}

// meet begins to follow a file unless it is followed already.
func (t *Follower) meet(s Set, path string, named map[identity]bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		if err == nil && !info.IsDir() {
			t.problem(path, fmt.Errorf("it is %s and no regular file", info.Mode().Type()))
		}
		return
	}
	id := identityOf(info)
	if t.files[id] != nil {
		named[id] = true
		return
	}
	if len(t.files) >= t.o.Files {
		t.problem(path, fmt.Errorf("%d files are followed already, which is the bound", t.o.Files))
		return
	}
	named[id] = true
	t.open(s, path, path)
}

// missing looks for files that were renamed out of sight while we were away, beside their former name.
func (t *Follower) missing(named map[identity]bool) {
	for _, m := range t.book.unmet() {
		if named[m.ID] || t.files[m.ID] != nil {
			continue
		}
		found := false
		entries, err := os.ReadDir(filepath.Dir(m.Path))
		for _, e := range entries {
			if info, ierr := e.Info(); ierr == nil && info.Mode().IsRegular() && identityOf(info) == m.ID {
				if s, ok := t.setOf(m.Path); ok && info.Size() > m.Offset {
					found = t.open(s, filepath.Join(filepath.Dir(m.Path), e.Name()), m.Path)
				} else {
					found = true
				}
			}
		}
		t.book.meet(m.ID)
		if !found && err == nil && m.Size > m.Offset {
			t.count.lost.Inc()
			t.o.Logger.Warn("a log file is gone before it was read to its end", "file", m.Path, "unread_bytes", m.Size-m.Offset)
		}
	}
}

// setOf returns the set that a name belongs to.
func (t *Follower) setOf(path string) (Set, bool) {
	for _, s := range t.o.Sets {
		for _, p := range s.Paths {
			if ok, _ := filepath.Match(p, path); ok {
				return s, true
			}
		}
	}
	return Set{}, false
}

// open begins to follow a file where its mark stands, or at its beginning. Its rows and its mark go by the name under which it
// was first met, so that it is found after a second rotation as well.
func (t *Follower) open(s Set, path, name string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe that took the name must not hold us
	if err != nil {
		t.problem(path, err)
		return false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return false
	}
	n := &file{path: name, id: identityOf(info), f: f, format: s.Format, size: info.Size(), grown: time.Now(), shared: resource(name)}
	if n.format == "" {
		n.format = line.Auto
	}
	if m, ok := t.book.find(n.id, path); ok && m.Offset <= info.Size() && (m.ID == n.id || !beside(path, m.ID)) {
		if p, err := printOf(f, m.Print.N); err == nil && p == m.Print {
			n.offset, n.print = m.Offset, m.Print
			if m.ID != n.id {
				t.book.forget(m.ID)
			}
		}
	}
	if n.to, err = t.o.Admit(source(name)); err != nil {
		t.problem(path, err)
		_ = f.Close()
		return false
	}
	n.reader = line.New(line.Options{Columns: t.columns, Labels: s.Labels, Now: t.o.Now})
	t.files[n.id] = n
	delete(t.refused, path)
	t.mark(n)
	t.met = true
	return true
}

// beside says whether the file of an identity lies in a name's directory.
func beside(path string, id identity) bool {
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		if info, ierr := e.Info(); ierr == nil && identityOf(info) == id {
			return true
		}
	}
	return err != nil // perhaps
}

// check sees whether a file was truncated, and renews its fingerprint while it is short.
func (f *file) check(t *Follower) error {
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	again := size < f.offset+int64(len(f.buf))
	if !again && size != f.size && f.print.N > 0 {
		p, err := printOf(f.f, f.print.N)
		if err != nil {
			return err
		}
		again = p != f.print // truncated, and longer than before already
	}
	f.size = size
	if again {
		t.o.Logger.Info("a log file was truncated and is read from its beginning", "file", f.path)
		f.offset, f.buf, f.skip, f.print = 0, f.buf[:0], false, print{}
		t.mark(f)
	}
	if f.print.N < head && size > int64(f.print.N) {
		if f.print, err = printOf(f.f, head); err != nil {
			return err
		}
		t.mark(f)
	}
	return nil
}

// The bounds of what is read at once.
const (
	chunk        = 256 << 10
	batchRecords = 2000
)

// linger is how long a file that was renamed or removed is looked at after it has last grown: its writer may have it open.
const linger = 5 * time.Second

// read reads a piece of a file and stores the records that are complete. It reports whether there is more at once. The error is
// the gate's: nothing was stored and the same will be tried again.
func (t *Follower) read(ctx context.Context, f *file) (more bool, err error) {
	if err := f.check(t); err != nil {
		t.problem(f.path, err)
		t.close(f)
		return false, nil
	}
	if t.scratch == nil {
		t.scratch = make([]byte, chunk)
	}
	got, rerr := 0, error(nil)
	if len(f.buf) <= t.o.Line+chunk {
		got, rerr = f.f.ReadAt(t.scratch, f.offset+int64(len(f.buf)))
		f.buf = append(f.buf, t.scratch[:got]...)
	}
	now := time.Now()
	if got > 0 {
		f.grown = now
		f.size = max(f.size, f.offset+int64(len(f.buf)))
	}
	if rerr != nil && !errors.Is(rerr, io.EOF) {
		t.problem(f.path, rerr)
		t.close(f)
		return false, nil
	}
	quiet := got == 0 && now.Sub(f.grown) >= t.o.Settle
	leave := got == 0 && f.gone && now.Sub(f.grown) >= linger
	full, err := t.store(ctx, f, quiet, leave)
	if err != nil {
		return false, err
	}
	if leave {
		t.close(f)
	}
	return got == chunk || full, nil
}

// store writes records from the front of the buffer. It is full if there may be more of them.
func (t *Follower) store(ctx context.Context, f *file, quiet, leave bool) (full bool, err error) {
	c := cutter{most: t.o.Line, join: f.format == line.Auto || f.format == line.Text, skip: f.skip}
	spans, used := c.cut(f.buf, quiet, leave, batchRecords)
	if used == 0 {
		return false, nil
	}
	if len(spans) > 0 {
		t.batch.Reset(rowstore.Logs)
		for _, s := range spans {
			f.reader.Line(&t.batch, f.format, f.buf[s.from:s.to])
			t.batch.Rows[len(t.batch.Rows)-1].Resource = f.shared
			if s.cut {
				f.reader.Put(&t.batch, "log.truncated", "true")
				t.count.cuts.Inc()
			}
		}
		if _, err := f.to.WriteRows(context.WithoutCancel(ctx), &t.batch); err != nil {
			return false, err
		}
	}
	f.offset += int64(used)
	f.skip = c.skip
	t.count.bytes.Add(float64(used))
	f.buf = f.buf[:copy(f.buf, f.buf[used:])]
	if len(f.buf) == 0 {
		f.buf = nil // of thousands of files few are read at a time
	}
	t.mark(f)
	return len(spans) == batchRecords, nil
}

func (t *Follower) mark(f *file) {
	t.book.put(mark{ID: f.id, Path: f.path, Offset: f.offset, Size: f.size, Print: f.print, At: t.o.Now().UnixMilli()})
}

func (t *Follower) close(f *file) {
	_ = f.f.Close()
	delete(t.files, f.id)
	if f.gone {
		t.book.forget(f.id)
	}
}

func object(attrs []rowstore.Attr) string {
	m := map[string]string{}
	for _, a := range attrs {
		m[a.Key] = a.Value
	}
	b, err := json.Marshal(m)
	if err != nil { // text to text
		return ""
	}
	return string(b)
}
