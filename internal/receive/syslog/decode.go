package syslog

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	gosyslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc3164"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// decoder turns messages into rows. It is used by one goroutine at a time.
type decoder struct {
	rows    rowstore.Batch
	reader  *line.Reader
	modern  gosyslog.Machine
	ancient gosyslog.Machine
	service bool // stated by the configuration
	now     time.Time
}

func (rc *Receiver) decoder() *decoder {
	d := &decoder{service: rc.o.Labels["service"] != ""}
	d.reader = line.New(line.Options{Columns: rc.columns, Labels: rc.o.Labels, Zone: rc.o.Zone, Now: func() time.Time { return d.now }})
	d.modern = rfc5424.NewMachine(rfc5424.WithBestEffort())
	d.ancient = rfc3164.NewMachine(rfc3164.WithBestEffort(), rfc3164.WithYear(rfc3164.CurrentYear{}), rfc3164.WithTimezone(time.UTC),
		rfc3164.WithLocaleTimezone(rc.o.Zone), rfc3164.WithRFC3339(), rfc3164.WithSecondFractions(), rfc3164.WithLenientDay(), rfc3164.WithEmbeddedNewlines())
	return d
}

// batch decodes messages; the rows are good until the next call.
func (d *decoder) batch(m *messages, now time.Time) *rowstore.Batch {
	d.rows.Reset(rowstore.Logs)
	d.now = now
	start := 0
	for i, end := range m.ends {
		d.message(m.bytes[start:end])
		if m.cut[i] {
			d.reader.Put(&d.rows, "syslog.truncated", "true")
			d.reader.Settle(&d.rows)
		}
		start = end
	}
	return &d.rows
}

// severities are OpenTelemetry's numbers of syslog's severities.
var severities = [8]uint8{21, 19, 18, 17, 13, 10, 9, 5}

// message adds the row of one message.
func (d *decoder) message(raw []byte) {
	row := d.reader.Row(&d.rows)
	if v := version(raw); v == 0 {
		d.reader.Plain(&d.rows, raw)
		d.put("syslog.malformed", "true")
		d.reader.Settle(&d.rows)
		return
	} else if v == 2 {
		if msg, _ := d.modern.Parse(raw); msg != nil {
			m := msg.(*rfc5424.SyslogMessage)
			d.common(row, &m.Base)
			if m.StructuredData != nil {
				d.structured(*m.StructuredData)
			}
			d.body(row, m.Message, raw)
			return
		}
	}
	if msg, _ := d.ancient.Parse(raw); msg != nil {
		m := msg.(*rfc3164.SyslogMessage)
		if m.Timestamp != nil && m.Timestamp.After(d.now.Add(24*time.Hour)) { // of last December
			t := line.Year(*m.Timestamp, d.now)
			m.Timestamp = &t
		}
		d.common(row, &m.Base)
		d.body(row, m.Message, raw)
		return
	}
	d.reader.Plain(&d.rows, raw)
	d.put("syslog.malformed", "true")
	d.reader.Settle(&d.rows)
}

// version says what a message is written in: 1 for RFC 3164, 2 for RFC 5424, 0 for neither.
func version(raw []byte) int {
	end := bytes.IndexByte(raw[:min(len(raw), 5)], '>')
	if end < 2 || raw[0] != '<' {
		return 0
	}
	if n, err := strconv.Atoi(string(raw[1:end])); err != nil || n > 191 || n < 0 {
		return 0
	}
	if len(raw) > end+2 && raw[end+1] == '1' && raw[end+2] == ' ' {
		return 2
	}
	return 1
}

// common takes what both protocols state.
func (d *decoder) common(row *rowstore.Row, m *gosyslog.Base) {
	if m.Severity != nil {
		row.Severity = severities[*m.Severity&7]
	}
	if m.Timestamp != nil {
		row.Time = m.Timestamp.UnixMicro()
	}
	if m.Facility != nil {
		d.put("syslog.facility", deref(m.FacilityLevel()))
	}
	d.put("host.name", deref(m.Hostname))
	if name := deref(m.Appname); name != "" {
		row.Name = name
		if !d.service {
			row.Service = name
		}
	}
	if id := deref(m.ProcID); id != "" {
		if _, err := strconv.ParseUint(id, 10, 32); err == nil {
			d.put("process.pid", id)
		} else {
			d.put("syslog.procid", id)
		}
	}
	d.put("syslog.msgid", deref(m.MsgID))
}

func (d *decoder) put(key, value string) {
	if value != "" {
		d.reader.Put(&d.rows, key, value)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// structured takes structured data: element and parameter with a dot between them; the enterprise number is left out. A trace
// and its span are known by the parameter alone.
func (d *decoder) structured(data map[string]map[string]string) {
	for id, params := range data {
		name, _, _ := strings.Cut(id, "@")
		for k, v := range params {
			switch k {
			case "trace_id", "traceId", "span_id", "spanId", "traceparent":
				d.put(k, v)
			default:
				d.put(name+"."+k, v)
			}
		}
	}
}

// body takes the message itself: JSON is read, anything else is the text.
func (d *decoder) body(row *rowstore.Row, text *string, raw []byte) {
	if text == nil { // the machine could not read on; nothing is lost
		row.Body = wire.View(raw)
		d.reader.Settle(&d.rows)
		return
	}
	body := strings.TrimPrefix(*text, "\ufeff")
	object := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(body), "@cee:"))
	severity := row.Severity
	if strings.HasPrefix(object, "{") && d.reader.Object(&d.rows, []byte(object)) {
		if row.Body == "" {
			row.Body = object
		}
		return
	}
	at := row.Time
	d.reader.Plain(&d.rows, []byte(body))
	row.Time, row.Severity = at, severity
	d.reader.Settle(&d.rows)
}
