package duckdb

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"unsafe"
)

// A sealed file of events that merging leaves alone, and many of which are somebody's, gets people's paths beside it, made behind:
// the columns that questions about people ask for, in order of people and time. Without them, or where they are damaged, the
// columns are read from the file itself and put in order, so they may be missing, and are made anew.
//
//	paths/ID    header; people; where each row of the file stands; times; columns; directory
//
// Everything is in the machine's own byte order and mapped into memory. What it says of people goes with the file: who is
// erased from one is erased from the other.
const (
	pathMagic  = "SBPT0002"
	pathHeader = companionHeader
	pathAlign  = 8
)

// pathColumnsKept are the columns that are kept: of few values each, or needed by every question of a kind.
var pathColumnsKept = []int{pathAnonymous, colName, colRoute, colStatus, colRelease, colService, colEnv, colAgency, colWeight, colReceived}

// pathMap is the paths of one sealed file.
type pathMap struct {
	file *mapped
	rows pathRows

	check sync.Once
	bad   error // of the check of everything, which the first question makes
}

// pathDirectory says what is where: sections follow each other, each from the next place that pathAlign divides.
type pathDirectory struct {
	People  int         `json:"people"`
	IDs     int         `json:"ids"` // bytes
	Columns []pathEntry `json:"columns"`
}

// pathEntry is one column: the bytes of a row's value, or none where all rows have one, and the words of a column of texts.
type pathEntry struct {
	Name  string `json:"name"`
	Width int    `json:"width"`
	One   uint32 `json:"one,omitempty"`
	Words int    `json:"words"`
	Bytes int    `json:"bytes"` // of the words
}

func pathName(col int) string {
	if col == pathAnonymous {
		return "anonymous"
	}
	return columnNames[col]
}

// write writes the paths of a file, durable or not at all.
func (r *pathRows) write(path string, fileBytes int64) error {
	b := make([]byte, pathHeader, pathHeader+16*len(r.time)+32*len(r.hash)+8*len(r.time))
	section := func(part []byte) {
		b = append(b, part...)
		b = append(b, make([]byte, -len(b)&(pathAlign-1))...)
	}
	texts := func(t pathTexts) {
		section(bytesOf(t.ends))
		section(t.all)
	}
	dir := pathDirectory{People: len(r.hash), IDs: len(r.ids.all)}
	section(bytesOf(r.hash))
	section(bytesOf(r.ends))
	texts(r.ids)
	section(bytesOf(r.place))
	section(bytesOf(r.time))
	for col, c := range r.columns {
		if c == nil {
			continue
		}
		e := pathEntry{Name: pathName(col), One: c.one, Width: c.width()}
		switch e.Width {
		case 1:
			section(c.tiny)
		case 2:
			section(bytesOf(c.mid))
		case 4:
			section(bytesOf(c.small))
		case 8:
			section(bytesOf(c.wide))
		}
		words := pathTextsOf(c.texts)
		e.Words, e.Bytes = len(c.texts), len(words.all)
		texts(words)
		dir.Columns = append(dir.Columns, e)
	}
	list, err := json.Marshal(dir)
	if err != nil {
		return err
	}
	b = append(b, list...)
	copy(b, pathMagic)
	for i, v := range []int{len(r.time), int(fileBytes), len(b), len(list)} {
		binary.NativeEndian.PutUint64(b[8+8*i:], uint64(v))
	}
	binary.NativeEndian.PutUint32(b[pathHeader-8:], crc32.Checksum(b[pathHeader:], castagnoli))
	binary.NativeEndian.PutUint32(b[pathHeader-4:], crc32.Checksum(b[:pathHeader-4], castagnoli))
	return writeWhole(path, b)
}

// parsePaths finds the parts. It reads the header and the directory only.
func parsePaths(file *mapped, of sealedFile) (*pathMap, error) {
	b := file.all
	number := func(i int) int64 { return int64(binary.NativeEndian.Uint64(b[8+8*i:])) }
	switch {
	case string(b[:8]) != pathMagic || number(0) != of.Rows || number(1) != of.Bytes:
		return nil, errors.New("they are of another file or version")
	case crc32.Checksum(b[:pathHeader-4], castagnoli) != binary.NativeEndian.Uint32(b[pathHeader-4:]):
		return nil, errors.New("the checksum of their header does not fit")
	case number(2) != int64(len(b)) || number(3) > int64(len(b)-pathHeader):
		return nil, errors.New("they are cut")
	}
	var dir pathDirectory
	if err := json.Unmarshal(b[len(b)-int(number(3)):], &dir); err != nil {
		return nil, fmt.Errorf("their directory cannot be read: %w", err)
	}
	c := pathCursor{b: b[:len(b)-int(number(3))], at: pathHeader}
	rows := int(of.Rows)
	m := &pathMap{file: file}
	m.rows.hash, m.rows.ends = viewOf[uint64](&c, dir.People), viewOf[uint32](&c, dir.People)
	m.rows.ids = c.texts(dir.People, dir.IDs)
	m.rows.place, m.rows.time = viewOf[uint32](&c, rows), viewOf[int64](&c, rows)
	for _, e := range dir.Columns {
		p := &pathColumn{one: e.One}
		switch e.Width {
		case 1:
			p.tiny = viewOf[uint8](&c, rows)
		case 2:
			p.mid = viewOf[uint16](&c, rows)
		case 4:
			p.small = viewOf[uint32](&c, rows)
		case 8:
			p.wide = viewOf[uint64](&c, rows)
		}
		words := c.texts(e.Words, e.Bytes)
		p.words = &words
		if col := slices.IndexFunc(pathColumnsKept, func(col int) bool { return pathName(col) == e.Name }); col >= 0 {
			m.rows.columns[pathColumnsKept[col]] = p
		}
	}
	if c.cut || c.at != len(c.b) {
		return nil, errors.New("their sections do not fit")
	}
	return m, nil
}

// take is for who reads the rows; give must be called when that is done. The error says that they are damaged.
func (m *pathMap) take() error {
	m.file.take()
	m.check.Do(func() {
		if b := m.file.all; crc32.Checksum(b[pathHeader:], castagnoli) != binary.NativeEndian.Uint32(b[pathHeader-8:]) {
			m.bad = errors.Join(errors.New("their checksum does not fit; the next start makes them anew"), removeAll(m.file.path))
		}
	})
	if m.bad != nil {
		m.give()
	}
	return m.bad
}

func (m *pathMap) give() { m.file.give() }

// pathCursor goes through the sections.
type pathCursor struct {
	b   []byte
	at  int
	cut bool
}

// viewOf returns the next section, of n numbers.
func viewOf[T uint8 | uint16 | uint32 | uint64 | int64](c *pathCursor, n int) []T {
	var x T
	size := n * int(unsafe.Sizeof(x))
	if c.cut = c.cut || n < 0 || size > len(c.b)-c.at; c.cut || n == 0 {
		return nil
	}
	out := unsafe.Slice((*T)(unsafe.Pointer(&c.b[c.at])), n) // a file's mapping begins at a page, sections at multiples of 8
	c.at = min(len(c.b), (c.at+size+pathAlign-1)&^(pathAlign-1))
	return out
}

func (c *pathCursor) texts(n, bytes int) pathTexts {
	return pathTexts{viewOf[uint32](c, n), viewOf[uint8](c, bytes)}
}

// pathTexts is texts one behind the other.
type pathTexts struct {
	ends []uint32
	all  []byte
}

func pathTextsOf(texts []string) (t pathTexts) {
	for _, s := range texts {
		t.add(s)
	}
	return t
}

func (t *pathTexts) add(s string) {
	t.all = append(t.all, s...)
	t.ends = append(t.ends, uint32(len(t.all)))
}

// at is one of the texts, in their memory.
func (t *pathTexts) at(i int) string {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return unsafe.String(unsafe.SliceData(t.all[from:]), t.ends[i]-from)
}

func (t *pathTexts) list() []string {
	out := make([]string, len(t.ends))
	for i := range out {
		out[i] = t.at(i)
	}
	return out
}
