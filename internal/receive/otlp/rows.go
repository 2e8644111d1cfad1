package otlp

import (
	"strconv"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// rows decodes log records and spans into a batch. Strings of the batch are views of the body wherever they are there as
// they should be; what has to be made (numbers, JSON, repaired text) lies in the batch's own memory. Nothing is allocated
// for a row once the memory has grown to the size of a request.
type rows struct {
	batch   rowstore.Batch
	fill    column.Filler
	spell   speller
	scratch []byte
	json    []byte // the Detail that is being written
	more    detail // what it is made of
	origins *cache[*origin]
	most    int             // rows of one request
	grow    func(int) error // asks for the memory of so many more rows; may be nil
	granted int
	detail  int // bytes of a span's Detail

	refused int
	why     string // of the first refusal
}

// refuse leaves the newest row out.
func (d *rows) refuse(why string) {
	d.batch.Rows = d.batch.Rows[:len(d.batch.Rows)-1]
	if d.refused == 0 {
		d.why = why
	}
	d.refused++
}

// decode reads an ExportLogsServiceRequest or an ExportTraceServiceRequest; both have the same frame: resources = 1 of
// {resource = 1, scopes = 2 of {scope = 1, records = 2}}. An error ends the request.
func (d *rows) decode(t rowstore.Table, b []byte) error {
	d.batch.Reset(t)
	d.refused, d.why, d.granted = 0, "", 0
	record := d.log
	if t == rowstore.Spans {
		record = d.span
	}
	return each(b, 1, func(r []byte) error {
		resource, err := gather(r, 1)
		if err != nil {
			return err
		}
		return each(r, 2, func(s []byte) error {
			scope, err := gather(s, 1)
			if err != nil {
				return err
			}
			o, _, err := d.origins.get(resource, scope)
			if err != nil {
				return err
			}
			for p := 0; p < len(s); {
				c, next, err := only(s, p, 2)
				if err != nil {
					return err
				}
				if p = next; c == nil {
					continue
				}
				if err := d.room(); err != nil {
					return err
				}
				r := d.batch.Add()
				*r = o.row
				d.fill.Row()
				if err := record(c, o); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// rowBytes is about what a row takes in memory while it is taken in; rowStep is for how many it is asked at once.
const (
	rowBytes = 512
	rowStep  = 4096
)

// room asks for memory and ends a request that has too many rows: a few kilobytes can unpack to millions of empty ones.
func (d *rows) room() error {
	n := len(d.batch.Rows) + d.refused
	if n < d.granted {
		return nil
	}
	if n >= d.most {
		return fault.New(fault.TooLarge, "the request has more than %d records", d.most).Hint("Send smaller batches")
	}
	d.granted += rowStep
	if d.grow == nil {
		return nil
	}
	return d.grow(rowStep * rowBytes)
}

// each calls f with every chunk of a field.
func each(b []byte, field int, f func([]byte) error) error {
	for p := 0; p < len(b); {
		c, next, err := only(b, p, field)
		if err != nil {
			return err
		}
		if p = next; c == nil {
			continue
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// gather returns the message in a field; parts of it that lie apart are one message by the rules of protocol buffers.
func gather(b []byte, field int) (message []byte, err error) {
	n := 0
	err = each(b, field, func(c []byte) error {
		if n++; n == 1 {
			message = c
		} else {
			message = append(message[:len(message):len(message)], c...)
		}
		return nil
	})
	return message, err
}

// string returns bytes as text, repaired where they are not UTF-8.
func (d *rows) string(b []byte) string {
	if utf8.Valid(b) {
		return wire.View(b)
	}
	d.scratch = repair(d.scratch[:0], wire.View(b))
	return d.batch.Text(d.scratch)
}

// value returns a value as text.
func (d *rows) value(v value) (string, error) {
	switch v.kind {
	case text:
		return d.string(v.raw), nil
	case boolean:
		if v.bits != 0 {
			return "true", nil
		}
		return "false", nil
	case nothing:
		return "", nil
	}
	var err error
	if d.scratch, err = d.spell.text(d.scratch[:0], v); err != nil {
		return "", err
	}
	return d.batch.Text(d.scratch), nil
}

// attribute gives the newest row a KeyValue.
func (d *rows) attribute(c []byte) error {
	if key, s, ok := plainPair(c); ok && utf8.Valid(c) {
		d.fill.Put(&d.batch, wire.View(key), wire.View(s))
		return nil
	}
	key, v, ok := readKeyValue(c)
	if !ok {
		return errMalformed
	}
	s, err := d.value(v)
	if err != nil {
		return err
	}
	d.fill.Put(&d.batch, d.string(key), s)
	return nil
}

// lost notes how many attributes the sender has dropped.
func (d *rows) lost(n uint64) {
	if n > 0 {
		d.scratch = strconv.AppendUint(d.scratch[:0], n, 10)
		d.fill.Put(&d.batch, "otel.dropped_attributes_count", d.batch.Text(d.scratch))
	}
}

// traceID reads 16 bytes, or none; spanID 8 bytes, or none.
func traceID(b []byte) (id rowstore.TraceID, ok bool) {
	if len(b) != 0 && len(b) != len(id) {
		return id, false
	}
	copy(id[:], b)
	return id, true
}

func spanID(b []byte) (id rowstore.SpanID, ok bool) {
	if len(b) != 0 && len(b) != 8 {
		return 0, false
	}
	for _, c := range b {
		id = id<<8 | rowstore.SpanID(c)
	}
	return id, true
}

const (
	badTraceID = "a trace id must have 16 bytes"
	badSpanID  = "a span id must have 8 bytes"
)
