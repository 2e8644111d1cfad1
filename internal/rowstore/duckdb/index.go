package duckdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"syscall"
	"unsafe"
)

// A sealed file that merging leaves alone gets an index beside it, made behind: it says in which of its rows something can
// be, never that it is there. A file without an index is asked as a whole, so an index may be missing, and one that is
// damaged is made anew.
//
//	index/ID    header; time of the oldest and newest row of each block; ids; words; rows of each service
//
// Everything is in the machine's own byte order and mapped into memory, so that a question reads the few bytes it needs.
const (
	indexMagic  = "SBIX0001"
	indexHeader = 64
	indexBits   = 12 // an index speaks of blocks of 4,096 rows
	indexBlock  = 1 << indexBits
)

// index is what is known of the rows of one sealed file.
type index struct {
	mapped []byte
	rows   int64

	zones    []zone
	ids      idFilter
	words    wordFilter
	services map[string]span // the rows of each service if the file is in order of service and time; nil: it is not
}

// zone is the time of a block's oldest and newest row, Unix microseconds.
type zone struct{ from, to int64 }

// blocksOf is how many blocks so many rows have.
func blocksOf(rows int64) int { return int((rows + indexBlock - 1) >> indexBits) }

// write writes the index of a file, durable or not at all.
func (x *index) write(path string, fileBytes int64) error {
	b := make([]byte, indexHeader, indexHeader+16*len(x.zones)+8*len(x.ids)+8*len(x.words.bits)+64*len(x.services))
	b = append(b, bytesOf(x.zones)...)
	b = append(b, bytesOf(x.ids)...)
	b = append(b, bytesOf(x.words.bits)...)
	n := len(b)
	for name, rows := range x.services {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.AppendUvarint(b, uint64(rows.from))
		b = binary.AppendUvarint(b, uint64(rows.to))
	}
	copy(b, indexMagic)
	for i, v := range []uint64{uint64(x.rows), uint64(fileBytes), uint64(len(x.ids)), uint64(len(b) - n)} {
		binary.NativeEndian.PutUint64(b[8+8*i:], v)
	}
	binary.NativeEndian.PutUint32(b[indexHeader-8:], indexSum(b))
	return writeWhole(path, b)
}

// indexSum is the checksum of an index but for the checksum.
func indexSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:indexHeader-8], castagnoli), castagnoli, b[indexHeader:])
}

// bytesOf is the memory of numbers.
func bytesOf[T uint16 | uint32 | uint64 | int64 | zone](v []T) []byte {
	var x T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(x)))
}

// writeWhole writes a file that is durable and whole, or not there.
func writeWhole(path string, b []byte) (err error) {
	temp := path + ".tmp"
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(temp))
		}
	}()
	if err := os.WriteFile(temp, b, 0o600); err != nil {
		return err
	}
	if _, err := syncFile(temp); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// mapFile maps a file of at least so many bytes into memory.
func mapFile(path string, least int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if i.Size() < least {
		return nil, errors.New("it is cut")
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(i.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return b, nil
}

// rest lets the pages of a mapped file go, which are read again when they are asked for: the system keeps them as long as it has
// room, but they do not count as this program's.
func rest(mapped []byte) {
	if len(mapped) > 0 {
		_ = syscall.Madvise(mapped, syscall.MADV_DONTNEED) // an advice only
	}
}

// openIndex maps the index of a file. The error is os.ErrNotExist if there is none.
func openIndex(path string, of sealedFile) (*index, error) {
	b, err := mapFile(path, indexHeader)
	if err != nil {
		return nil, err
	}
	x := &index{rows: of.Rows, mapped: b}
	if err := x.parse(of); err != nil {
		return nil, errors.Join(err, x.close())
	}
	rest(b) // the check has read everything
	return x, nil
}

// parse finds the parts of a mapped index and checks that it is whole and that of the file.
func (x *index) parse(of sealedFile) error {
	b := x.mapped
	number := func(i int) int64 { return int64(binary.NativeEndian.Uint64(b[8+8*i:])) }
	blocks := blocksOf(of.Rows)
	ids, services := number(2), number(3)
	words := int64(wordPlaces * strideOf(blocks))
	switch {
	case string(b[:8]) != indexMagic || number(0) != of.Rows || number(1) != of.Bytes:
		return errors.New("it is of another file or version")
	case ids < 0 || ids > int64(len(b)) || services < 0 || int64(len(b)) != indexHeader+16*int64(blocks)+8*ids+8*words+services:
		return errors.New("it is cut")
	case indexSum(b) != binary.NativeEndian.Uint32(b[indexHeader-8:]):
		return errors.New("its checksum does not fit")
	}
	at := unsafe.Pointer(&b[indexHeader]) // a file's mapping begins at a page
	if blocks > 0 {
		x.zones = unsafe.Slice((*zone)(at), blocks)
	}
	x.ids = unsafe.Slice((*uint64)(unsafe.Add(at, 16*blocks)), ids)
	x.words = wordFilter{blocks: blocks, bits: unsafe.Slice((*uint64)(unsafe.Add(at, 16*blocks+8*int(ids))), words)}
	return x.parseServices(b[int64(len(b))-services:])
}

func (x *index) parseServices(b []byte) error {
	next := func() int64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			b = nil
			return -1
		}
		b = b[n:]
		return int64(v)
	}
	for len(b) > 0 {
		n := next()
		if n < 0 || n > int64(len(b)) {
			return errors.New("its services cannot be read")
		}
		name := string(b[:n])
		b = b[n:]
		if x.services == nil {
			x.services = map[string]span{}
		}
		x.services[name] = span{next(), next()}
	}
	return nil
}

func (x *index) close() error {
	b := x.mapped
	x.mapped = nil
	return syscall.Munmap(b)
}
