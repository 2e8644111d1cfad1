package duckdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// schemaVersion is the version of schema.sql. A file is never changed for a newer one: it is read by name, and what it lacks
// has a default.
const schemaVersion = 1

// addedColumn is a column that schema.sql got with a version.
type addedColumn struct {
	version   int
	name      string
	otherwise string // what rows of older files have there, as SQL
}

// addedColumns lists what schema.sql has got since version 1.
func addedColumns() []addedColumn { return nil }

// behindFrom is what goes behind FROM to read a file's table with all columns of schema.sql.
func (f sealedFile) behindFrom(added []addedColumn) string {
	name, lacks := fmt.Sprintf("f%d.rows", f.ID), ""
	for _, c := range added {
		if c.version > f.Schema {
			lacks += ", " + c.otherwise + " AS " + c.name
		}
	}
	if lacks == "" {
		return name
	}
	return "(SELECT *" + lacks + " FROM " + name + ")"
}

// sealedFile is a file of rows that never changes.
type sealedFile struct {
	ID    uint64         `json:"id"`
	Table rowstore.Table `json:"table"`
	Day   int64          `json:"day"` // days since 1970, the first one's if it has several, or mixedDay
	From  int64          `json:"from"`
	To    int64          `json:"to"`
	Rows  int64          `json:"rows"`
	Bytes int64          `json:"bytes"`
	// Schema is the version of schema.sql that the file was written with.
	Schema   int               `json:"schema"`
	Keys     []string          `json:"keys,omitempty"`
	Promoted map[string]string `json:"promoted,omitempty"`
}

// logMark is what is known of a hot segment's log.
type logMark struct {
	ID     uint64 `json:"id"`
	Size   int64  `json:"size"` // it had at least this many bytes
	Closed bool   `json:"closed,omitempty"`
}

// edit is one change of the catalogue, which happens as a whole.
type edit struct {
	Next   uint64       `json:"next,omitempty"` // ids from here on are free
	Add    []sealedFile `json:"add,omitempty"`
	Remove []uint64     `json:"remove,omitempty"`
	Logs   []logMark    `json:"logs,omitempty"`
	Drop   []uint64     `json:"drop,omitempty"` // logs whose rows are in files now
}

// catalogue says which files and logs there are; what it does not list is not there. It is a file of edits, one a line with
// its checksum before it, that is written anew when it has grown.
type catalogue struct {
	path string

	mu    sync.Mutex
	f     *os.File
	size  int64
	limit int64 // size at which it is written anew
	next  uint64
	files map[uint64]sealedFile
	logs  map[uint64]logMark
}

// openCatalogue reads the catalogue. damaged is how many of its lines could not be read, other than one torn at the end.
func openCatalogue(path string) (c *catalogue, damaged int, err error) {
	c = &catalogue{path: path, next: 1, files: map[uint64]sealedFile{}, logs: map[uint64]logMark{}}
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, 0, err
	}
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		e, err := parseEdit(line)
		switch {
		case err == nil && whole:
			c.apply(e)
		case len(rest) > 0:
			damaged++
		}
		b = rest
	}
	return c, damaged, c.rewrite()
}

func parseEdit(line []byte) (e edit, err error) {
	sum, body, ok := bytes.Cut(line, []byte(" "))
	if want, err := strconv.ParseUint(string(sum), 16, 32); !ok || err != nil || crc32.Checksum(body, castagnoli) != uint32(want) {
		return e, errors.New("checksum")
	}
	return e, json.Unmarshal(body, &e)
}

func (c *catalogue) apply(e edit) {
	c.next = max(c.next, e.Next)
	for _, f := range e.Add {
		c.files[f.ID] = f
		c.next = max(c.next, f.ID+1)
	}
	for _, id := range e.Remove {
		delete(c.files, id)
	}
	for _, l := range e.Logs {
		c.logs[l.ID] = l
		c.next = max(c.next, l.ID+1)
	}
	for _, id := range e.Drop {
		delete(c.logs, id)
	}
}

// id returns a number that was never used.
func (c *catalogue) id() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	return c.next - 1
}

// commit makes an edit. It is on disk when commit returns, unless it is a mark.
func (c *catalogue) commit(e edit) error { return c.write(e, true) }

// mark notes how far a log has got. A crash of the machine may forget it.
func (c *catalogue) mark(l logMark) error { return c.write(edit{Logs: []logMark{l}}, false) }

func (c *catalogue) write(e edit, sync bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Next = c.next
	line, err := formatEdit(e)
	if err != nil {
		return err
	}
	_, err = c.f.WriteAt(line, c.size)
	if err == nil && sync {
		err = c.f.Sync()
	}
	if err != nil { // half a line would hide the next
		return errors.Join(fmt.Errorf("write the catalogue: %w", err), c.f.Truncate(c.size))
	}
	c.size += int64(len(line))
	c.apply(e)
	if sync && c.size > c.limit {
		return c.rewrite()
	}
	return nil
}

func formatEdit(e edit) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(body, castagnoli), body), nil
}

// rewrite writes the catalogue as one edit to a new file, which takes the place of the old one.
func (c *catalogue) rewrite() error {
	e := edit{Next: c.next}
	for _, f := range c.files {
		e.Add = append(e.Add, f)
	}
	for _, l := range c.logs {
		e.Logs = append(e.Logs, l)
	}
	line, err := formatEdit(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	err = errors.Join(err, f.Sync())
	if err == nil {
		err = os.Rename(c.path+".new", c.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the catalogue anew: %w", err), f.Close())
	}
	if c.f != nil {
		_ = c.f.Close() // replaced, and synced before
	}
	c.f, c.size = f, int64(len(line))
	c.limit = max(4*c.size, 1<<20)
	return syncDir(filepath.Dir(c.path))
}

func (c *catalogue) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.f.Close()
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncFile makes a file durable.
func syncFile(path string) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	size, err = f.Seek(0, io.SeekEnd)
	return size, errors.Join(err, f.Sync(), f.Close())
}
