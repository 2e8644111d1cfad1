package duckdb

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"unsafe"
)

// A sealed file that merging leaves alone gets an index beside it, made behind: it says in which of its rows something can
// be, never that it is there. A file without an index is asked as a whole, so an index may be missing, and one that is
// damaged is made anew.
//
//	index/ID    header; time of the oldest and newest row of each block; ids; words; rows of each service
//
// Everything is in the machine's own byte order, so that a question reads the few bytes of ids and words that it needs from
// where they lie. Times and services are few and kept in memory.
const (
	indexMagic  = "SBIX0001"
	indexHeader = companionHeader
	indexBits   = 12 // an index speaks of blocks of 4,096 rows
	indexBlock  = 1 << indexBits
)

// index is what is known of the rows of one sealed file.
type index struct {
	file *mapped
	rows int64

	zones    []zone
	lines    int             // of its idFilter
	ids      int64           // where they are in the file
	words    int64           // where those of its wordFilter are
	services map[string]span // the rows of each service if the file is in order of service and time; nil: it is not
}

// zone is the time of a block's oldest and newest row, Unix microseconds.
type zone struct{ from, to int64 }

// blocksOf is how many blocks so many rows have.
func blocksOf(rows int64) int { return int((rows + indexBlock - 1) >> indexBits) }

// write writes the index of a file, durable or not at all.
func (m *indexMaker) write(path string, fileBytes int64) error {
	x := &m.index
	b := make([]byte, indexHeader, indexHeader+16*len(x.zones)+8*len(m.ids)+8*len(m.words.bits)+64*len(x.services))
	b = append(b, bytesOf(x.zones)...)
	b = append(b, bytesOf(m.ids)...)
	b = append(b, bytesOf(m.words.bits)...)
	n := len(b)
	for name, rows := range x.services {
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.AppendUvarint(b, uint64(rows.from))
		b = binary.AppendUvarint(b, uint64(rows.to))
	}
	copy(b, indexMagic)
	for i, v := range []uint64{uint64(x.rows), uint64(fileBytes), uint64(len(m.ids)), uint64(len(b) - n)} {
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

// parseIndex finds the parts of a mapped index and checks that it is whole and that of the file.
func parseIndex(m *mapped, of sealedFile) (*index, error) {
	b := m.all
	number := func(i int) int64 { return int64(binary.NativeEndian.Uint64(b[8+8*i:])) }
	blocks := blocksOf(of.Rows)
	ids, services := number(2), number(3)
	words := int64(wordPlaces * strideOf(blocks))
	switch {
	case string(b[:8]) != indexMagic || number(0) != of.Rows || number(1) != of.Bytes:
		return nil, errors.New("it is of another file or version")
	case ids < 0 || ids > int64(len(b)) || services < 0 || int64(len(b)) != indexHeader+16*int64(blocks)+8*ids+8*words+services:
		return nil, errors.New("it is cut")
	case indexSum(b) != binary.NativeEndian.Uint32(b[indexHeader-8:]):
		return nil, errors.New("its checksum does not fit")
	}
	x := &index{file: m, rows: of.Rows, zones: make([]zone, blocks), lines: int(ids) / idLine}
	x.ids = indexHeader + int64(copy(bytesOf(x.zones), b[indexHeader:]))
	x.words = x.ids + 8*ids
	return x, x.parseServices(b[int64(len(b))-services:])
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
