package duckdb

import (
	"encoding/binary"
	"errors"
	"math"
	"unsafe"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// maxShared is how many different resources of one Write are written once; more are repeated.
const maxShared = 16

// encodeBatches appends the rows of batches as the log keeps them: for each batch the table, the number of rows and the rows.
// Numbers are varints or little-endian, text has its length before it. A resource is written where it first occurs, keys of
// attributes where they differ from those of the row before.
func encodeBatches(b []byte, batches []*rowstore.Batch) []byte {
	var shared [maxShared]*rowstore.Resource
	known := 0
	var before []rowstore.Attr
	for _, batch := range batches {
		b = append(b, byte(batch.Table))
		b = binary.AppendUvarint(b, uint64(len(batch.Rows)))
		for i := range batch.Rows {
			r := &batch.Rows[i]
			b = binary.AppendVarint(b, r.Time)
			b = binary.AppendVarint(b, r.Received-r.Time)
			b = append(b, r.Trace[:]...)
			b = binary.LittleEndian.AppendUint64(b, uint64(r.Span))
			b = binary.LittleEndian.AppendUint64(b, uint64(r.Parent))
			b = append(b, r.Kind, r.Severity, r.Status)
			b = binary.AppendVarint(b, r.Duration)
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.Value))
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(r.Weight))
			for _, s := range texts(r) {
				b = appendText(b, *s)
			}
			again := sameKeys(before, r.Attrs)
			before = r.Attrs
			b = binary.AppendUvarint(b, uint64(len(r.Attrs))<<1|uint64(again))
			for k := range r.Attrs {
				if again == 0 {
					b = appendText(b, r.Attrs[k].Key)
				}
				b = appendText(b, r.Attrs[k].Value)
			}
			if r.Resource == nil {
				b = append(b, 0)
				continue
			}
			at := 0
			for at < known && shared[at] != r.Resource {
				at++
			}
			b = append(b, byte(at+1))
			if at == known {
				if known < maxShared {
					shared[known] = r.Resource
					known++
				}
				b = appendText(b, r.Resource.JSON)
			}
		}
	}
	return b
}

// sameKeys returns 1 if two rows' attributes have the same keys in the same order: they are not written again.
func sameKeys(a, b []rowstore.Attr) byte {
	if len(a) != len(b) {
		return 0
	}
	for i := range a {
		if a[i].Key != b[i].Key {
			return 0
		}
	}
	return 1
}

// texts lists the text columns of a row.
func texts(r *rowstore.Row) [15]*string {
	return [...]*string{&r.Service, &r.Env, &r.Agency, &r.Version, &r.Release, &r.Source, &r.Trust, &r.User, &r.Session, &r.Business,
		&r.Name, &r.Route, &r.ErrorType, &r.Body, &r.Detail}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errShort = errors.New("rows of the log end early")

// decoder reads what encodeBatches wrote. The rows' text is that of the encoded bytes.
type decoder struct {
	b      []byte
	err    error
	shared [maxShared]*rowstore.Resource
	known  int
	keys   []string // of the row before

	elsewhere bool // keys are those of the row itself, and its resource is known
}

// decodeBatches hands over each batch; it is reused.
func decodeBatches(b []byte, batch *rowstore.Batch, f func(*rowstore.Batch) error) error {
	d := &decoder{b: b}
	for len(d.b) > 0 {
		t := rowstore.Table(d.byte())
		n := d.uvarint()
		if d.err != nil || t > rowstore.Events {
			return errors.Join(d.err, errShort)
		}
		batch.Reset(t)
		for range n {
			if d.row(batch); d.err != nil {
				return d.err
			}
		}
		if err := f(batch); err != nil {
			return err
		}
	}
	return d.err
}

func (d *decoder) row(batch *rowstore.Batch) {
	r := batch.Add()
	r.Time = d.varint()
	r.Received = r.Time + d.varint()
	copy(r.Trace[:], d.bytes(16))
	r.Span, r.Parent = rowstore.SpanID(d.uint64()), rowstore.SpanID(d.uint64())
	r.Kind, r.Severity, r.Status = d.byte(), d.byte(), d.byte()
	r.Duration = d.varint()
	r.Value = math.Float64frombits(d.uint64())
	if b := d.bytes(4); d.err == nil {
		r.Weight = math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	for _, s := range texts(r) {
		*s = d.text()
	}
	head := d.uvarint()
	n, again := head>>1, head&1 == 1
	if again && n != uint64(len(d.keys)) {
		d.err = errShort
	}
	if d.elsewhere && n != uint64(len(d.keys)) {
		d.err = errShort
	}
	if !again && !d.elsewhere {
		d.keys = d.keys[:0]
	}
	for i := range n {
		if d.err != nil {
			return
		}
		if !again && d.elsewhere {
			d.text()
		} else if !again {
			d.keys = append(d.keys, d.text())
		}
		batch.Attr(d.keys[i], d.text())
	}
	if d.elsewhere {
		return
	}
	r = &batch.Rows[len(batch.Rows)-1]
	switch at := int(d.byte()); {
	case at == 0:
	case at <= d.known:
		r.Resource = d.shared[at-1]
	default:
		r.Resource = &rowstore.Resource{JSON: d.text()}
		if d.known < maxShared {
			d.shared[d.known] = r.Resource
			d.known++
		}
	}
}

// skim reads of a row what sorting needs. A resource is known by its number; where it is a new one, its text is left to read.
func (d *decoder) skim() (time int64, service string, again bool, resource int) {
	time = d.varint()
	d.varint()
	d.bytes(16 + 8 + 8 + 3)
	d.varint()
	d.bytes(8 + 4)
	service = d.text()
	for range 14 {
		d.text()
	}
	head := d.uvarint()
	n := head >> 1
	if again = head&1 == 1; again && n != uint64(len(d.keys)) {
		d.err = errShort
	}
	if !again {
		d.keys = d.keys[:0]
	}
	for range n {
		if d.err != nil {
			return
		}
		if !again {
			d.keys = append(d.keys, d.text())
		}
		d.text()
	}
	return time, service, again, int(d.byte())
}

func (d *decoder) bytes(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.b) {
		d.err = errShort
		return make([]byte, min(max(n, 0), 16))
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte     { return d.bytes(1)[0] }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.bytes(8)) }

func (d *decoder) text() string {
	n := d.uvarint()
	if d.err != nil || n > uint64(len(d.b)) {
		d.err = errShort
		return ""
	}
	b := d.bytes(int(n))
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if d.err != nil || n <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if d.err != nil || n <= 0 {
		d.err = errShort
		return 0
	}
	d.b = d.b[n:]
	return v
}
