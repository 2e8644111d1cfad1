// Package wire reads protocol buffers where they lie: tags, numbers and chunks by position, without an object and without a
// copy. A position of -1 says that the bytes are not what they should be. It knows no message; the decoders beside it do.
package wire

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// The kinds of values; a tag is field number << 3 | kind.
const (
	Varint = 0
	Fixed8 = 1
	Length = 2
	Fixed4 = 5
)

// Uvarint reads a varint at p and returns the next position, or -1.
func Uvarint(b []byte, p int) (uint64, int) {
	if p < len(b) && b[p] < 0x80 {
		return uint64(b[p]), p + 1
	}
	if p >= len(b) {
		return 0, -1
	}
	v, n := binary.Uvarint(b[p:])
	if n <= 0 {
		return 0, -1
	}
	return v, p + n
}

// Field reads a tag at p; next is where its value begins, or -1. Field numbers beyond 28 bits are malformed.
func Field(b []byte, p int) (number int, kind int, next int) {
	tag, next := Uvarint(b, p)
	if next < 0 || tag>>3 == 0 || tag > math.MaxUint32 {
		return 0, 0, -1
	}
	return int(tag >> 3), int(tag & 7), next
}

// Chunk reads a length-delimited value at p and returns the position behind it, or -1.
func Chunk(b []byte, p int) ([]byte, int) {
	n, p := Uvarint(b, p)
	if p < 0 || n > uint64(len(b)-p) {
		return nil, -1
	}
	return b[p : p+int(n)], p + int(n)
}

// Skip returns the position behind a value of a kind at p, or -1.
func Skip(b []byte, p, kind int) int {
	switch kind {
	case Varint:
		_, p = Uvarint(b, p)
		return p
	case Length:
		_, p = Chunk(b, p)
		return p
	case Fixed8:
		p += 8
	case Fixed4:
		p += 4
	default:
		return -1
	}
	if p > len(b) {
		return -1
	}
	return p
}

// Uint64 reads eight bytes at p, which must be there.
func Uint64(b []byte, p int) uint64 { return binary.LittleEndian.Uint64(b[p:]) }

// Double reads eight bytes at p, which must be there.
func Double(b []byte, p int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[p:])) }

// View is a string over bytes that stay as they are while it is used.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
