package receive

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"unsafe"

	"github.com/signalbox/signalbox/internal/fault"
)

// The tags of protocol buffers that both messages use: field number << 3 | wire type.
const (
	varint = 0
	fixed8 = 1
	length = 2
	fixed4 = 5
)

var errMalformed = fault.New(fault.Invalid, "the message is not valid protobuf of the stated type")

// uvarint reads a varint at p and returns the next position, or -1.
func uvarint(b []byte, p int) (uint64, int) {
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

// field reads a tag at p; next is where its value begins, or -1. Field numbers beyond 28 bits are malformed.
func field(b []byte, p int) (number int, kind int, next int) {
	tag, next := uvarint(b, p)
	if next < 0 || tag>>3 == 0 || tag > math.MaxUint32 {
		return 0, 0, -1
	}
	return int(tag >> 3), int(tag & 7), next
}

// chunk reads a length-delimited value at p and returns the position behind it, or -1.
func chunk(b []byte, p int) ([]byte, int) {
	n, p := uvarint(b, p)
	if p < 0 || n > uint64(len(b)-p) {
		return nil, -1
	}
	return b[p : p+int(n)], p + int(n)
}

// skip returns the position behind a value of a kind at p, or -1.
func skip(b []byte, p, kind int) int {
	switch kind {
	case varint:
		_, p = uvarint(b, p)
		return p
	case length:
		_, p = chunk(b, p)
		return p
	case fixed8:
		p += 8
	case fixed4:
		p += 4
	default:
		return -1
	}
	if p > len(b) {
		return -1
	}
	return p
}

// double reads eight bytes at p, which must be there.
func double(b []byte, p int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[p:])) }

// sample is a float sample of either protocol; st is 0 in the first.
type sample struct {
	v     float64
	t, st int64
}

// readSample reads a Sample message: value = 1, timestamp = 2, start_timestamp = 3 (2.0 only).
func readSample(b []byte) (s sample, ok bool) {
	p := 0
	if len(b) > 9 && b[0] == 1<<3|fixed8 { // as every sender writes it
		s.v = double(b, 1)
		p = 9
	}
	for p < len(b) {
		n, kind, next := field(b, p)
		if next < 0 {
			return s, false
		}
		switch {
		case n == 1 && kind == fixed8 && next+8 <= len(b):
			s.v = double(b, next)
			p = next + 8
		case n == 2 && kind == varint:
			var u uint64
			u, p = uvarint(b, next)
			s.t = int64(u)
		case n == 3 && kind == varint:
			var u uint64
			u, p = uvarint(b, next)
			s.st = int64(u)
		case n <= 3:
			return s, false
		default:
			p = skip(b, next, kind)
		}
		if p < 0 {
			return s, false
		}
	}
	return s, true
}

// key makes the marks of one process unlike those of any other.
type key struct{ seed maphash.Seed }

// bytes hashes b; the result is never 0.
func (k key) bytes(b []byte) uint64 { return maphash.Bytes(k.seed, b) | 1 }

// view is a string over bytes that stay as they are while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
