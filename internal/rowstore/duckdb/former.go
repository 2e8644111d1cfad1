package duckdb

import (
	"encoding/binary"
	"math"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Servers of the first version kept the rows of a log one behind the other. What they left is read at the start; nothing is
// written like this any more.

// formerShared is how many different resources of one Write were written once; more were repeated.
const formerShared = 16

// former reads such rows: for each batch the table, the number of rows and the rows. Numbers are varints or little-endian,
// text has its length before it. A resource stands where it first occurs, keys of attributes where they differ from those of
// the row before.
type former struct {
	cursor
	shared [formerShared]*rowstore.Resource
	known  int
	keys   []string // of the row before
}

// decodeFormer adds rows to the batches of their tables.
func decodeFormer(b []byte, to func(rowstore.Table) *rowstore.Batch) error {
	d := &former{cursor: cursor{b: b}}
	for len(d.b) > 0 {
		t := rowstore.Table(d.byte())
		n := d.count(len(d.b))
		if t > rowstore.Events {
			d.err = errShort
		}
		if d.err != nil {
			return d.err
		}
		batch := to(t)
		for range n {
			if d.row(batch); d.err != nil {
				return d.err
			}
		}
	}
	return d.err
}

func (d *former) row(batch *rowstore.Batch) {
	r := batch.Add()
	r.Time = d.varint()
	r.Received = r.Time + d.varint()
	copy(r.Trace[:], d.bytes(16))
	r.Span, r.Parent = rowstore.SpanID(d.uint64()), rowstore.SpanID(d.uint64())
	r.Kind, r.Severity, r.Status = d.byte(), d.byte(), d.byte()
	r.Duration = d.varint()
	r.Value = math.Float64frombits(d.uint64())
	r.Weight = math.Float32frombits(binary.LittleEndian.Uint32(d.bytes(4)))
	for _, f := range &textsOf {
		*f.of(r) = d.text()
	}
	head := d.uvarint()
	n, again := head>>1, head&1 == 1
	if again && n != uint64(len(d.keys)) {
		d.err = errShort
	}
	if !again {
		d.keys = d.keys[:0]
	}
	for i := range n {
		if d.err != nil {
			return
		}
		if !again {
			d.keys = append(d.keys, d.text())
		}
		batch.Attr(d.keys[i], d.text())
	}
	r = &batch.Rows[len(batch.Rows)-1]
	switch at := int(d.byte()); {
	case at == 0:
	case at <= d.known:
		r.Resource = d.shared[at-1]
	default:
		r.Resource = &rowstore.Resource{JSON: d.text()}
		if d.known < formerShared {
			d.shared[d.known] = r.Resource
			d.known++
		}
	}
}
