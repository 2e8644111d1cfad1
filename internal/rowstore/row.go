// Package rowstore is the contract for stores of rows: log records, spans and user events. It holds what a row is, how rows
// are chosen and counted, and what a store promises; engines live in the rooms below it and all pass the conformance suite.
//
// The three tables have one set of columns, so that one selector, one search and one erasure work on all of them and rows
// of different tables join by trace, session, business id and the promoted labels.
package rowstore

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// Table is one of the three tables.
type Table uint8

// The tables.
const (
	Logs Table = iota
	Spans
	Events
)

// Tables lists the tables.
func Tables() []Table { return []Table{Logs, Spans, Events} }

// String returns logs, spans or events: the name in selectors, in the API and in SQL.
func (t Table) String() string { return [...]string{"logs", "spans", "events"}[t%3] }

// ParseTable returns the table of a name.
func ParseTable(name string) (Table, bool) {
	for _, t := range Tables() {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}

// TraceID is a W3C trace id; zero means none.
type TraceID [16]byte

// String returns 32 lower-case hexadecimal digits, or nothing for no id.
func (t TraceID) String() string {
	if t == (TraceID{}) {
		return ""
	}
	return hex.EncodeToString(t[:])
}

// Halves returns the id as two big-endian numbers.
func (t TraceID) Halves() (hi, lo uint64) {
	return binary.BigEndian.Uint64(t[:8]), binary.BigEndian.Uint64(t[8:])
}

// TraceIDOf joins two halves.
func TraceIDOf(hi, lo uint64) (t TraceID) {
	binary.BigEndian.PutUint64(t[:8], hi)
	binary.BigEndian.PutUint64(t[8:], lo)
	return t
}

// SpanID is a span's id as a big-endian number; zero means none.
type SpanID uint64

// String returns 16 lower-case hexadecimal digits, or nothing for no id.
func (s SpanID) String() string {
	if s == 0 {
		return ""
	}
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(s)))
}

// Attr is one attribute of a row. Values are text: numbers in their shortest form, true or false, arrays and maps as JSON.
type Attr struct{ Key, Value string }

// Resource is what the rows of one sender share: the attributes of its resource and scope that are no column of their own.
// It is immutable; receivers intern it, so that rows of one sender point to one Resource.
type Resource struct {
	Attrs []Attr // sorted by key
	JSON  string // the same as one JSON object with string values; empty without attributes
}

// Row is one log record, span or event. Its strings and attributes belong to the batch: who keeps one clones it.
//
// What a column means in each table:
//
//	             logs                    spans                    events
//	Time         when it happened        start                    when it happened
//	Parent       -                       span that called it      keyed hash of the sender's id of the event, to know it again
//	Name         logger or event name    operation                event name
//	Route        http.route              http.route               page path, without query
//	Kind         -                       OTLP span kind, 1 to 5   -
//	Severity     OTLP number, 1 to 24    -                        -
//	Status       -                       0 unset, 1 ok, 2 error   0, or 2 for an error event
//	Duration     -                       nanoseconds              nanoseconds where the event has one
//	Value        -                       -                        score, amount, web vital
//	Body         the message             status message           comment, text of a click, error message
//	Detail       -                       events and links, JSON   -
type Row struct {
	Time     int64 // Unix microseconds
	Received int64 // Unix microseconds, set by the gate
	Trace    TraceID
	Span     SpanID
	Parent   SpanID

	Service  string
	Env      string
	Agency   string
	Version  string
	Release  string
	Source   string // who sent it, set by the gate from the credential
	Trust    string // "public" for what came in by the public door, else empty
	User     string // pseudonym of the person; never a label
	Session  string
	Business string // id of the case, payment or release it belongs to

	Name      string
	Route     string
	Kind      uint8
	Severity  uint8
	Status    uint8
	Duration  int64
	Value     float64
	ErrorType string
	Body      string
	Detail    string

	Weight   float32 // how many rows it stands for: 1, or more after sampling
	Attrs    []Attr
	Resource *Resource // nil: none

	Told [Tellers]uint32 // what a scan's tellers said; no part of what is stored
}

// Clone returns the row with memory of its own, but for the Resource, which is immutable.
func (r *Row) Clone() Row {
	c := *r
	for _, s := range []*string{&c.Service, &c.Env, &c.Agency, &c.Version, &c.Release, &c.Source, &c.Trust, &c.User, &c.Session, &c.Business, &c.Name, &c.Route,
		&c.ErrorType, &c.Body, &c.Detail} {
		*s = strings.Clone(*s)
	}
	c.Attrs = slices.Clone(r.Attrs)
	for i, a := range c.Attrs {
		c.Attrs[i] = Attr{strings.Clone(a.Key), strings.Clone(a.Value)}
	}
	return c
}

// StatusError is the Status of a span or event that failed.
const StatusError = 2

// Levels names the severities of logs, least severe first; each stands for four OTLP numbers, beginning with 1.
func Levels() []string { return []string{"trace", "debug", "info", "warn", "error", "fatal"} }

// Level returns the name of an OTLP severity number, nothing for 0.
func Level(severity uint8) string {
	if severity == 0 {
		return ""
	}
	return Levels()[min((severity-1)/4, 5)]
}

// Batch is rows of one table on their way through the gate. It is used by one goroutine at a time and reused: Reset forgets
// the rows and keeps the memory.
type Batch struct {
	Table Table
	Rows  []Row

	attrs []Attr
	text  []byte
}

// Reset empties the batch for rows of a table.
func (b *Batch) Reset(t Table) {
	clear(b.Rows)
	clear(b.attrs)
	b.Table, b.Rows, b.attrs, b.text = t, b.Rows[:0], b.attrs[:0], b.text[:0]
}

// Add adds a row with weight 1 and returns it; the pointer is good until the next Add.
func (b *Batch) Add() *Row {
	b.Rows = append(b.Rows, Row{Weight: 1})
	return &b.Rows[len(b.Rows)-1]
}

// Attr adds an attribute to the newest row.
func (b *Batch) Attr(key, value string) {
	r := &b.Rows[len(b.Rows)-1]
	n := len(r.Attrs)
	b.attrs = append(b.attrs, Attr{key, value})
	if n == 0 {
		r.Attrs = b.attrs[len(b.attrs)-1 : len(b.attrs) : len(b.attrs)]
		return
	}
	// The row's attributes are the newest ones, in this array or, where append has just moved it, in its copy.
	r.Attrs = b.attrs[len(b.attrs)-n-1 : len(b.attrs) : len(b.attrs)]
}

// Text keeps bytes that were made for a row, such as a formatted number, for as long as the batch and returns them as a
// string. The memory is reused by Reset.
func (b *Batch) Text(s []byte) string {
	if len(s) == 0 {
		return ""
	}
	if len(b.text)+len(s) > cap(b.text) { // older strings keep the old array
		b.text = make([]byte, 0, max(2*cap(b.text), len(s), 4096))
	}
	n := len(b.text)
	b.text = append(b.text, s...)
	return view(b.text[n:])
}
