package otlp

import (
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// log reads a LogRecord into the newest row: time = 1, severity_number = 2, severity_text = 3, body = 5, attributes = 6,
// dropped_attributes_count = 7, trace_id = 9, span_id = 10, observed_time = 11, event_name = 12.
func (d *rows) log(b []byte, o *origin) error {
	r := &d.batch.Rows[len(d.batch.Rows)-1]
	var observed uint64
	var level []byte
	refusal, named := "", false
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
		if p < 0 || p > len(b) || n < len(logKinds) && logKinds[n] != 0 && logKinds[n]-1 != k {
			return errMalformed
		}
		switch n {
		case 1:
			r.Time = micros(u)
		case 2:
			r.Severity = uint8(min(u, 24))
			if int64(u) < 0 {
				r.Severity = 0
			}
		case 3:
			level = c
		case 5:
			v, ok := readValue(c)
			if !ok {
				return errMalformed
			}
			var err error
			if r.Body, err = d.value(v); err != nil {
				if fault.KindOf(err) == fault.Invalid && err != error(errMalformed) {
					refusal = err.Error()
					continue
				}
				return err
			}
		case 6:
			if err := d.attribute(c); err != nil {
				if err == error(errMalformed) {
					return err
				}
				refusal = err.Error()
			}
		case 7:
			d.lost(u)
		case 9:
			var ok bool
			if r.Trace, ok = traceID(c); !ok {
				refusal = badTraceID
			}
		case 10:
			var ok bool
			if r.Span, ok = spanID(c); !ok {
				refusal = badSpanID
			}
		case 11:
			observed = u
		case 12:
			r.Name, named = d.string(c), len(c) > 0
		}
	}
	if refusal != "" {
		d.refuse(refusal)
		return nil
	}
	if r.Time == 0 {
		r.Time = micros(observed)
	}
	if r.Name == "" {
		r.Name = o.logger
	}
	if isEvent(named, r) {
		r.Kind = happening
	}
	if r.Severity == 0 && len(level) > 0 {
		if r.Severity = Severity(wire.View(level)); r.Severity == 0 { // a level of the sender's own
			d.fill.Put(&d.batch, "severity_text", d.string(level))
		}
	}
	return nil
}

// logKinds are the kinds of a LogRecord's fields, plus one; 0 is a field that is not read.
var logKinds = [...]int{1: wire.Fixed8 + 1, 2: wire.Varint + 1, 3: wire.Length + 1, 5: wire.Length + 1, 6: wire.Length + 1,
	7: wire.Varint + 1, 8: wire.Fixed4 + 1, 9: wire.Length + 1, 10: wire.Length + 1, 11: wire.Fixed8 + 1, 12: wire.Length + 1}

// micros turns OTLP's nanoseconds into the row's microseconds.
func micros(ns uint64) int64 { return int64(ns / 1000) }

// Severity returns the OTLP number of a level that is named in words, as loggers and syslog name them; 0 if it is none.
func Severity(word string) uint8 {
	if len(word) > 16 {
		return 0
	}
	for _, l := range levels {
		if strings.EqualFold(word, l.word) {
			return l.number
		}
	}
	return 0
}

// levels are the words of loggers and the numbers that OpenTelemetry's appendix gives them.
var levels = []struct {
	word   string
	number uint8
}{
	{"info", 9}, {"error", 17}, {"warn", 13}, {"debug", 5}, {"warning", 13}, {"trace", 1}, {"fatal", 21}, {"critical", 18},
	{"information", 9}, {"informational", 9}, {"notice", 10}, {"err", 17}, {"crit", 18}, {"alert", 19}, {"emerg", 21}, {"emergency", 21},
	{"panic", 21}, {"verbose", 5}, {"severe", 17}, {"fine", 5}, {"finer", 4}, {"finest", 1}, {"config", 7},
	{"trace2", 2}, {"trace3", 3}, {"trace4", 4}, {"debug2", 6}, {"debug3", 7}, {"debug4", 8}, {"info2", 10}, {"info3", 11}, {"info4", 12},
	{"warn2", 14}, {"warn3", 15}, {"warn4", 16}, {"error2", 18}, {"error3", 19}, {"error4", 20}, {"fatal2", 22}, {"fatal3", 23}, {"fatal4", 24},
}
