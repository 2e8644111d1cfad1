package receive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// decoder reads one request. What is wrong with a single event refuses that event; what is wrong with the request is an
// error.
type decoder struct {
	clock    eventClock
	columns  *column.Map
	business []string
	most     int // events
	publicly bool

	count   int
	events  []event
	refused []refusedEvent
}

func (in *intake) decoder(now time.Time) *decoder {
	return &decoder{clock: eventClock{received: now.UnixMicro()}, columns: in.columns, business: in.business, most: eventsPerBatch}
}

// shared are the fields that an event has or takes from the request's context.
type shared struct {
	User       string                     `json:"user"`
	Session    string                     `json:"session"`
	Business   string                     `json:"business_id"`
	Service    string                     `json:"service"`
	Env        string                     `json:"env"`
	Agency     string                     `json:"agency"`
	Version    string                     `json:"version"`
	Release    string                     `json:"release"`
	Route      string                     `json:"route"`
	Consent    string                     `json:"consent"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// ownEvent is an event as we define it; see events_schema.json.
type ownEvent struct {
	shared
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Time      json.RawMessage `json:"time"`
	Value     *float64        `json:"value"`
	Duration  *float64        `json:"duration"` // seconds
	Body      string          `json:"body"`
	Status    string          `json:"status"`
	ErrorType string          `json:"error_type"`
	Trace     string          `json:"trace_id"`
	Span      string          `json:"span_id"`
	Sent      json.RawMessage `json:"sent_at"` // of an event that comes alone
}

// wrong says what is wrong with a field of an event.
type wrong struct{ field, reason string }

func (w *wrong) Error() string { return w.field + ": " + w.reason }

// refuse keeps the reason of one event.
func (d *decoder) refuse(index int, err *wrong) {
	d.refused = append(d.refused, refusedEvent{Index: index, Field: err.field, Reason: err.reason})
}

// any reads a body of /v1/events: our batch, our single event, or one of Segment's.
func (d *decoder) any(body []byte) error {
	top, err := object(body)
	if err != nil {
		return err
	}
	switch {
	case top["events"] != nil:
		return d.ownBatch(top)
	case d.publicly && top["name"] != nil:
		return d.ownSingle(body)
	case d.publicly: // our own shape only
	case top["batch"] != nil:
		return d.segmentBatch(body)
	case top["type"] != nil && top["name"] == nil || top["messageId"] != nil:
		return d.segmentOne("", body)
	case top["name"] != nil:
		return d.ownSingle(body)
	}
	return fault.New(fault.Invalid, `the body has neither "events" nor "name": want {"events": [...]} or one event`).
		Hint("The schema is at /v1/events/schema")
}

// object reads the top of a body.
func object(body []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, fault.New(fault.Invalid, `the body is empty: want {"events": [...]}`)
	}
	if !utf8.Valid(body) {
		return nil, fault.New(fault.Invalid, "the body is not UTF-8")
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil || top == nil {
		return nil, broken(err)
	}
	return top, nil
}

// broken says where the JSON of a body breaks.
func broken(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fault.New(fault.Invalid, "the body is not JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	case errors.As(err, &kind):
		return fault.New(fault.Invalid, "the body is a JSON %s: want an object", kind.Value)
	}
	return fault.New(fault.Invalid, "the body is not a JSON object")
}

func (d *decoder) ownBatch(top map[string]json.RawMessage) error {
	for k := range top {
		if !slices.Contains([]string{"events", "context", "sent_at"}, k) {
			return fault.New(fault.Invalid, "%q is not a key of a batch: want events, context or sent_at", clipped(k))
		}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(top["events"], &list); err != nil {
		return fault.New(fault.Invalid, "events: want a list of events")
	}
	if err := d.fits("events", len(list)); err != nil {
		return err
	}
	var context shared
	if raw := top["context"]; raw != nil {
		if w := strictly(raw, &context); w != nil {
			return fault.New(fault.Invalid, "context.%s: %s", w.field, w.reason)
		}
	}
	if err := d.sent("sent_at", top["sent_at"]); err != nil {
		return err
	}
	for i, raw := range list {
		var e ownEvent
		if w := strictly(raw, &e); w != nil {
			d.refuse(i, w)
			continue
		}
		if e.Sent != nil {
			d.refuse(i, &wrong{"sent_at", "belongs beside events, not into one of them"})
			continue
		}
		d.own(i, &e, &context)
	}
	return nil
}

func (d *decoder) ownSingle(body []byte) error {
	var e ownEvent
	if w := strictly(body, &e); w != nil {
		return fault.New(fault.Invalid, "%s: %s", w.field, w.reason)
	}
	if err := d.fits("events", 1); err != nil {
		return err
	}
	if err := d.sent("sent_at", e.Sent); err != nil {
		return err
	}
	d.own(0, &e, &shared{})
	return nil
}

func (d *decoder) fits(key string, n int) error {
	switch {
	case n == 0:
		return fault.New(fault.Invalid, "%s is empty: want 1 to %d", key, d.most)
	case n > d.most:
		return fault.New(fault.TooLarge, "%s has %d entries; at most %d are accepted", key, n, d.most)
	}
	d.count = n
	return nil
}

func (d *decoder) sent(key string, raw json.RawMessage) error {
	at, why := parseTime(raw)
	if why != "" {
		return fault.New(fault.Invalid, "%s %s", key, why)
	}
	d.clock.sent = at
	return nil
}

// strictly decodes an object; it names the field that is unknown or of another type.
func strictly(raw []byte, into any) *wrong {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		return nil
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return &wrong{"event", "is a JSON " + kind.Value + ": want an object"}
		}
		field := strings.TrimPrefix(kind.Field, "shared.")
		return &wrong{field, "is a JSON " + kind.Value + ": want a " + wanted(kind)}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if s, uerr := strconv.Unquote(name); uerr == nil {
			name = s
		}
		return &wrong{clipped(name), "is not a field of an event; what is your own goes into properties"}
	}
	return &wrong{"event", err.Error()}
}

func wanted(e *json.UnmarshalTypeError) string {
	switch e.Type.String() {
	case "float64":
		return "number"
	case "string":
		return "string"
	default:
		return "object"
	}
}

// own turns one of our events into a row.
func (d *decoder) own(index int, e *ownEvent, context *shared) {
	at, why := parseTime(e.Time)
	if why != "" {
		d.refuse(index, &wrong{"time", why})
		return
	}
	ev := event{index: index, id: e.ID}
	r := &ev.row
	r.Time = d.clock.place(at)
	r.Name, r.Body, r.ErrorType = e.Name, e.Body, e.ErrorType
	r.User, r.Session, r.Business = or(e.User, context.User), or(e.Session, context.Session), or(e.Business, context.Business)
	r.Service, r.Env, r.Agency = or(e.Service, context.Service), or(e.Env, context.Env), or(e.Agency, context.Agency)
	r.Version, r.Release = or(e.Version, context.Version), or(e.Release, context.Release)
	r.Route = pathOf(or(e.Route, context.Route))
	if e.Value != nil {
		r.Value = *e.Value // JSON has no infinities
	}
	for _, w := range []*wrong{
		seconds(&r.Duration, e.Duration), status(&r.Status, e.Status),
		traceID(&r.Trace, e.Trace), spanID(&r.Span, e.Span),
	} {
		if w != nil {
			d.refuse(index, w)
			return
		}
	}
	if consent := or(e.Consent, context.Consent); consent != "" {
		ev.attrs = append(ev.attrs, rowstore.Attr{Key: "consent", Value: consent})
	}
	properties := context.Properties
	if len(properties) == 0 {
		properties = e.Properties
	} else if len(e.Properties) > 0 {
		properties = maps.Clone(properties)
		maps.Copy(properties, e.Properties)
	}
	d.finish(&ev, properties)
}

func seconds(into *int64, v *float64) *wrong {
	if v == nil {
		return nil
	}
	if *v < 0 || *v > 1e9 {
		return &wrong{"duration", fmt.Sprintf("is %g: want seconds, 0 or more", *v)}
	}
	*into = int64(math.Round(*v * 1e9))
	return nil
}

func status(into *uint8, s string) *wrong {
	if s == "" {
		return nil
	}
	i := slices.Index(rowstore.Statuses(), s)
	if i < 0 {
		return &wrong{"status", fmt.Sprintf("is %q: want unset, ok or error", clipped(s))}
	}
	*into = uint8(i)
	return nil
}

func traceID(into *rowstore.TraceID, s string) *wrong {
	if s == "" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(into) || *into == rowstore.TraceID(b) {
		return &wrong{"trace_id", fmt.Sprintf("is %q: want 32 hexadecimal digits, not all 0", clipped(s))}
	}
	*into = rowstore.TraceID(b)
	return nil
}

func spanID(into *rowstore.SpanID, s string) *wrong {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 || n == 0 {
		return &wrong{"span_id", fmt.Sprintf("is %q: want 16 hexadecimal digits, not all 0", clipped(s))}
	}
	*into = rowstore.SpanID(n)
	return nil
}
