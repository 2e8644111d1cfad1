package otlp

import (
	"encoding/hex"
	"strconv"

	"github.com/signalbox/signalbox/internal/receive/wire"
)

// detail is what a span has besides its columns: events and links. As a row's Detail they are one JSON object,
//
//	{"events":[{"time":1763720564000000,"name":"exception","attributes":{"exception.type":"Timeout"}}],
//	 "links":[{"trace_id":"…","span_id":"…","attributes":{}}],"events_cut":2,"links_cut":1}
//
// with the time in Unix microseconds. What does not fit, and what the sender dropped, is counted in events_cut and links_cut.
type detail struct {
	events, links         int
	lostEvents, lostLinks uint64
	most                  int // bytes

	exception          bool
	errorType, message string // of the last exception
}

func (m *detail) any() bool {
	return m.events > 0 || m.links > 0 || m.lostEvents > 0 || m.lostLinks > 0
}

// spellDetail writes the events and links of the Span b into the newest row.
func (d *rows) spellDetail(b []byte, m *detail) error {
	d.json = append(d.json[:0], '{')
	if m.events > 0 {
		d.json = append(d.json, `"events":[`...)
		cut, err := d.list(b, 11, m, d.event)
		if err != nil {
			return err
		}
		m.lostEvents += cut
	}
	if m.links > 0 {
		d.comma()
		d.json = append(d.json, `"links":[`...)
		cut, err := d.list(b, 13, m, d.link)
		if err != nil {
			return err
		}
		m.lostLinks += cut
	}
	d.count("events_cut", m.lostEvents)
	d.count("links_cut", m.lostLinks)
	d.batch.Rows[len(d.batch.Rows)-1].Detail = d.batch.Text(append(d.json, '}'))
	return nil
}

// list writes the messages in a field as far as they fit and returns how many did not.
func (d *rows) list(b []byte, field int, m *detail, one func([]byte, *detail) error) (cut uint64, err error) {
	for p := 0; p < len(b); {
		c, next, err := only(b, p, field)
		if err != nil {
			return 0, err
		}
		if p = next; c == nil {
			continue
		}
		before := len(d.json)
		if d.json[before-1] == '}' {
			d.json = append(d.json, ',')
		}
		if err := one(c, m); err != nil {
			return 0, err
		}
		if len(d.json) > m.most {
			d.json = d.json[:before]
			cut++
		}
	}
	d.json = append(d.json, ']')
	return cut, nil
}

func (d *rows) comma() {
	if d.json[len(d.json)-1] != '{' {
		d.json = append(d.json, ',')
	}
}

func (d *rows) count(name string, n uint64) {
	if n == 0 {
		return
	}
	d.comma()
	d.json = append(append(append(d.json, '"'), name...), `":`...)
	d.json = strconv.AppendUint(d.json, n, 10)
}

// event writes an Event: time = 1, name = 2, attributes = 3.
func (d *rows) event(b []byte, m *detail) error {
	var at uint64
	var name []byte
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		switch {
		case next < 0:
			return errMalformed
		case n == 1 && k == wire.Fixed8 && next+8 <= len(b):
			at, p = wire.Uint64(b, next), next+8
		case n == 2 && k == wire.Length:
			name, p = wire.Chunk(b, next)
		case n <= 2 || n == 3 && k != wire.Length:
			return errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return errMalformed
		}
	}
	d.json = append(d.json, `{"time":`...)
	d.json = strconv.AppendInt(d.json, micros(at), 10)
	d.json = append(d.json, `,"name":`...)
	d.json = quote(d.json, wire.View(name))
	if string(name) == "exception" {
		if err := d.exception(b, m); err != nil {
			return err
		}
	}
	return d.attributes(b, 3)
}

// attributes writes the attributes in a field and closes the object.
func (d *rows) attributes(b []byte, field int) (err error) {
	before := len(d.json)
	d.json = append(d.json, `,"attributes":`...)
	from := len(d.json)
	if d.json, err = d.spell.object(d.json, b, field, 0); err != nil {
		return err
	}
	if len(d.json) == from+len("{}") {
		d.json = d.json[:before]
	}
	d.json = append(d.json, '}')
	return nil
}

// exception remembers what an exception event says.
func (d *rows) exception(b []byte, m *detail) error {
	m.exception = true
	return each(b, 3, func(c []byte) error {
		key, v, ok := readKeyValue(c)
		if !ok {
			return errMalformed
		}
		var err error
		switch string(key) {
		case "exception.type":
			m.errorType, err = d.value(v)
		case "exception.message":
			m.message, err = d.value(v)
		}
		return err
	})
}

// link writes a Link: trace_id = 1, span_id = 2, attributes = 4.
func (d *rows) link(b []byte, _ *detail) error {
	var trace, span []byte
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		switch {
		case next < 0 || n <= 4 && k != wire.Length:
			return errMalformed
		case n == 1:
			trace, p = wire.Chunk(b, next)
		case n == 2:
			span, p = wire.Chunk(b, next)
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return errMalformed
		}
	}
	d.json = append(d.json, `{"trace_id":"`...)
	d.json = hex.AppendEncode(d.json, trace[:min(len(trace), 16)])
	d.json = append(d.json, `","span_id":"`...)
	d.json = hex.AppendEncode(d.json, span[:min(len(span), 8)])
	d.json = append(d.json, '"')
	return d.attributes(b, 4)
}
