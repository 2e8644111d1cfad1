// Package line reads what programs write into their logs, one line or object at a time: JSON objects, logfmt and plain text.
// It knows under which names loggers write time, level, message, logger, trace and the columns of a row, so that a line is the
// same row whether it came by syslog, from a file or over HTTP. It keeps nothing; what it cannot read stays as text.
package line

import (
	"bytes"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Format is how lines are written.
type Format string

// The formats.
const (
	Auto   Format = "auto" // each line is looked at
	Text   Format = "text"
	JSON   Format = "json"
	Logfmt Format = "logfmt"
)

// Options of a Reader.
type Options struct {
	Columns *column.Map       // default: column.New(nil)
	Labels  map[string]string // service, env and agency of rows that do not say their own
	Zone    *time.Location    // of timestamps that name none; default: this machine's
	Now     func() time.Time
}

// Reader turns lines into rows of a batch. It is used by one goroutine at a time. The bytes that it is given must stay as
// they are for as long as the batch: the rows' texts are views of them.
type Reader struct {
	o     Options
	fill  column.Filler
	slots [slots]slot
	path  []byte
}

// slot is the best candidate so far for a well-known part of a row.
type slot struct {
	rank       int // 0 = none; a smaller one wins
	key, value string
}

const (
	slotTime = iota
	slotLevel
	slotBody
	slotLogger
	slotTrace
	slotSpan
	slots
)

// known are the names of the parts, and how they rank among those of the same part.
var known = map[string]struct{ slot, rank int }{
	"time": {slotTime, 1}, "timestamp": {slotTime, 2}, "@timestamp": {slotTime, 3}, "ts": {slotTime, 4}, "datetime": {slotTime, 5}, "asctime": {slotTime, 6}, "t": {slotTime, 7},
	"severity_number": {slotLevel, 1}, "level": {slotLevel, 2}, "severity": {slotLevel, 3}, "log.level": {slotLevel, 4}, "lvl": {slotLevel, 5}, "levelname": {slotLevel, 6},
	"severity_text": {slotLevel, 7}, "loglevel": {slotLevel, 8},
	"message": {slotBody, 1}, "msg": {slotBody, 2}, "body": {slotBody, 3}, "@message": {slotBody, 4}, "log": {slotBody, 5}, "event": {slotBody, 6},
	"logger": {slotLogger, 1}, "logger_name": {slotLogger, 2}, "log.logger": {slotLogger, 3}, "name": {slotLogger, 4},
	"trace_id": {slotTrace, 1}, "traceId": {slotTrace, 2}, "traceID": {slotTrace, 3}, "trace.id": {slotTrace, 4}, "otelTraceID": {slotTrace, 5}, "traceparent": {slotTrace, 6},
	"span_id": {slotSpan, 1}, "spanId": {slotSpan, 2}, "spanID": {slotSpan, 3}, "span.id": {slotSpan, 4}, "otelSpanID": {slotSpan, 5},
}

// spellings are how loggers name columns besides the names that all receivers know.
var spellings = map[string]string{
	"service": "service.name", "service_name": "service.name", "app": "service.name",
	"environment": "deployment.environment.name", "service.environment": "deployment.environment.name",
	"version": "service.version", "user": "user.id", "user_id": "user.id", "userId": "user.id",
	"session": "session.id", "session_id": "session.id", "sessionId": "session.id", "business_id": "business.id",
	"route": "http.route", "error_type": "error.type", "exc_type": "error.type",
}

// New returns a reader.
func New(o Options) *Reader {
	if o.Columns == nil {
		o.Columns = column.New(nil)
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Reader{o: o, fill: column.NewFiller(o.Columns)}
}

// Row adds a row of now, with the reader's labels, to the batch.
func (r *Reader) Row(b *rowstore.Batch) *rowstore.Row {
	row := b.Add()
	row.Time = r.o.Now().UnixMicro()
	row.Service, row.Env, row.Agency = r.o.Labels["service"], r.o.Labels["env"], r.o.Labels["agency"]
	r.fill.Row()
	r.slots = [slots]slot{}
	return row
}

// Line adds a row for a line that is written in a format. What is not written in it is text.
func (r *Reader) Line(b *rowstore.Batch, f Format, line []byte) {
	r.Row(b)
	if first := firstLine(line); f != Text {
		if f != Logfmt && r.Object(b, line) || f != JSON && r.Pairs(b, first, f == Logfmt) {
			row := &b.Rows[len(b.Rows)-1]
			if row.Body == "" {
				row.Body = wire.View(line)
			} else if len(first) < len(line) { // a stack trace below the line
				r.Put(b, "exception.stacktrace", wire.View(bytes.TrimSpace(line[len(first):])))
			}
			return
		}
	}
	r.Plain(b, line)
}

func firstLine(line []byte) []byte {
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		return line[:i]
	}
	return line
}

// Plain takes a line as text into the newest row: its body is the line, time, level and trace are looked for in it.
func (r *Reader) Plain(b *rowstore.Batch, line []byte) {
	row := &b.Rows[len(b.Rows)-1]
	row.Body = wire.View(line)
	first := wire.View(firstLine(line))
	at, rest, ok := leadingTime(first, r.o.Zone, r.o.Now())
	if ok {
		row.Time = at.UnixMicro()
	}
	if row.Severity == 0 {
		row.Severity = leadingLevel(rest)
	}
	if row.Trace == (rowstore.TraceID{}) {
		row.Trace, row.Span = mentioned(first)
	}
	if row.ErrorType == "" && len(first) < len(line) {
		row.ErrorType = errorType(wire.View(line))
	}
}

// Put gives the newest row a value under a name that a logger or sender chose. Settle the row when it has all.
func (r *Reader) Put(b *rowstore.Batch, key, value string) {
	if k, ok := known[key]; ok && value != "" {
		s := &r.slots[k.slot]
		if s.rank == 0 || k.rank < s.rank {
			old := *s
			*s = slot{k.rank, key, value}
			if old.rank == 0 {
				return
			}
			key, value = old.key, old.value
		}
		r.attribute(b, key, value)
		return
	}
	if to, ok := spellings[key]; ok {
		if c, _ := r.o.Columns.Of(to); c != column.None {
			key = to
		}
	}
	if c, _ := r.o.Columns.Of(key); c == column.None {
		r.attribute(b, key, value)
		return
	}
	r.fill.Put(b, key, value)
}

// attribute keeps a value as an attribute. One that is called like a field goes by another name: a search for the field
// would find the column only.
func (r *Reader) attribute(b *rowstore.Batch, key, value string) {
	if rowstore.FieldOf(key).Column != "" {
		key = "attributes." + key
	}
	r.fill.Put(b, key, value)
}

// Settle fills the newest row from what was put. What cannot be read as what its name says stays an attribute.
func (r *Reader) Settle(b *rowstore.Batch) {
	row := &b.Rows[len(b.Rows)-1]
	for i := range r.slots {
		s := r.slots[i]
		if s.rank == 0 {
			continue
		}
		ok := false
		switch i {
		case slotTime:
			var at time.Time
			if at, ok = Time(s.value, r.o.Zone); ok {
				row.Time = at.UnixMicro()
			}
		case slotLevel:
			if n := levelOf(s.key, s.value); n > 0 {
				row.Severity, ok = n, true
			}
		case slotBody:
			row.Body, ok = s.value, true
		case slotLogger:
			row.Name, ok = s.value, true
		case slotTrace:
			if s.key == "traceparent" {
				ok = parent(row, s.value)
			} else {
				row.Trace, ok = traceID(s.value)
			}
		case slotSpan:
			row.Span, ok = spanID(s.value)
		}
		if !ok {
			r.attribute(b, s.key, s.value)
		}
	}
	r.slots = [slots]slot{}
}

// levelOf reads a level: OTLP's number, bunyan's and pino's tens, or a word.
func levelOf(key, value string) uint8 {
	n := 0
	for _, c := range []byte(value) {
		if c < '0' || c > '9' || n > 100 {
			return otlp.Severity(strings.TrimSpace(value))
		}
		n = n*10 + int(c-'0')
	}
	switch {
	case key == "severity_number" && n >= 1 && n <= 24:
		return uint8(n)
	case n >= 10 && n <= 60 && n%10 == 0:
		return uint8(n/10-1)*4 + 1
	}
	return 0
}
