package duckdb

import (
	"encoding/binary"
	"errors"
	"unsafe"
)

var errShort = errors.New("rows of the log end early")

// cursor reads what lies one behind the other. Text is that of the bytes read. After an error it answers with nothing.
type cursor struct {
	b   []byte
	err error
}

func (d *cursor) bytes(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.b) {
		d.err = errShort
		return make([]byte, min(max(n, 0), 16))
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *cursor) byte() byte     { return d.bytes(1)[0] }
func (d *cursor) uint64() uint64 { return binary.LittleEndian.Uint64(d.bytes(8)) }

func (d *cursor) text() string { return view(d.bytes(d.count(len(d.b)))) }

// count reads how many there are of something, which cannot be more than most.
func (d *cursor) count(most int) int {
	n := d.uvarint()
	if d.err != nil || n > uint64(most) {
		d.err = errShort
		return 0
	}
	return int(n)
}

func (d *cursor) uvarint() uint64 {
	if len(d.b) > 0 && d.b[0] < 0x80 && d.err == nil { // most
		v := d.b[0]
		d.b = d.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(d.b)
	if d.err != nil || n <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *cursor) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// view returns bytes that do not change as a string.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
