package otlp

import (
	"math"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// spanKinds are the kinds of a Span's fields, plus one.
var spanKinds = [...]int{1: wire.Length + 1, 2: wire.Length + 1, 3: wire.Length + 1, 4: wire.Length + 1, 5: wire.Length + 1, 6: wire.Varint + 1,
	7: wire.Fixed8 + 1, 8: wire.Fixed8 + 1, 9: wire.Length + 1, 10: wire.Varint + 1, 11: wire.Length + 1, 12: wire.Varint + 1,
	13: wire.Length + 1, 14: wire.Varint + 1, 15: wire.Length + 1, 16: wire.Fixed4 + 1}

// span reads a Span into the newest row: trace_id = 1, span_id = 2, trace_state = 3, parent_span_id = 4, name = 5, kind = 6,
// start = 7, end = 8, attributes = 9, dropped_attributes_count = 10, events = 11, dropped_events_count = 12, links = 13,
// dropped_links_count = 14, status = 15.
func (d *rows) span(b []byte, _ *origin) error {
	r := &d.batch.Rows[len(d.batch.Rows)-1]
	var start, end uint64
	d.more = detail{most: d.detail}
	more := &d.more
	refusal := ""
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		var c []byte
		var u uint64
		switch k {
		case wire.Length:
			c, p = wire.Chunk(b, next)
		case wire.Varint:
			u, p = wire.Uvarint(b, next)
		case wire.Fixed8:
			if p = next + 8; p <= len(b) {
				u = wire.Uint64(b, next)
			}
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 || p > len(b) || n < len(spanKinds) && spanKinds[n] != 0 && spanKinds[n]-1 != k {
			return errMalformed
		}
		ok := true
		var err error
		switch n {
		case 1:
			if r.Trace, ok = traceID(c); !ok {
				refusal = badTraceID
			}
		case 2:
			if r.Span, ok = spanID(c); !ok {
				refusal = badSpanID
			}
		case 3:
			if len(c) > 0 {
				d.fill.Put(&d.batch, "trace_state", d.string(c))
			}
		case 4:
			if r.Parent, ok = spanID(c); !ok {
				refusal = badSpanID
			}
		case 5:
			r.Name = d.string(c)
		case 6:
			if r.Kind = 0; u <= 5 {
				r.Kind = uint8(u)
			}
		case 7:
			start = u
		case 8:
			end = u
		case 9:
			err = d.attribute(c)
		case 10:
			d.lost(u)
		case 11:
			more.events++
		case 12:
			more.lostEvents += u
		case 13:
			more.links++
		case 14:
			more.lostLinks += u
		case 15:
			r.Status, r.Body, err = d.status(c)
		}
		if err == error(errMalformed) {
			return err
		} else if err != nil {
			refusal = err.Error()
		}
	}
	if refusal == "" && (r.Span == 0 || r.Trace == [16]byte{}) {
		refusal = "a span must have a trace id and a span id"
	}
	if more.any() {
		if err := d.spellDetail(b, more); err == error(errMalformed) {
			return err
		} else if err != nil {
			refusal = err.Error()
		}
	}
	if refusal != "" {
		d.refuse(refusal)
		return nil
	}
	r.Time = micros(start)
	switch {
	case end >= start:
		r.Duration = int64(min(end-start, math.MaxInt64))
	case end != 0:
		d.fill.Put(&d.batch, "clock_skew", "true")
	}
	if more.exception {
		if !d.fill.Has(column.ErrorType) && more.errorType != "" {
			r.ErrorType = more.errorType
		}
		if r.Body == "" {
			r.Body = more.message
		}
	}
	return nil
}

// status reads a Status: message = 2, code = 3.
func (d *rows) status(b []byte) (code uint8, message string, err error) {
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		switch {
		case next < 0:
			return 0, "", errMalformed
		case n == 2 && k == wire.Length:
			var c []byte
			if c, p = wire.Chunk(b, next); p >= 0 {
				message = d.string(c)
			}
		case n == 3 && k == wire.Varint:
			var u uint64
			if u, p = wire.Uvarint(b, next); u <= 2 {
				code = uint8(u)
			}
		case n == 2 || n == 3:
			return 0, "", errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return 0, "", errMalformed
		}
	}
	return code, message, nil
}
