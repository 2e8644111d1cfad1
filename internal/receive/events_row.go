package receive

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// The longest texts of an event, in bytes. What is longer is refused, not cut: half an id is another id.
const (
	longestName = 200
	longestID   = 256
	longestText = 1024 // route
)

// finish promotes properties to columns, keeps the others as attributes, and checks what came of it.
func (d *decoder) finish(ev *event, properties map[string]json.RawMessage) {
	r := &ev.row
	keys := slices.Sorted(maps.Keys(properties))
	if r.Business == "" { // in the order of the list, not of the alphabet
		for _, k := range d.business {
			if v := text(properties[k]); v != "" {
				r.Business = v
				break
			}
		}
	}
	for _, k := range keys {
		v := text(properties[k])
		if v == "" || slices.Contains(d.business, k) && v == r.Business || d.promote(r, k, v) {
			continue
		}
		if rowstore.FieldOf(k).Column != "" {
			k = "properties." + k // a search for the field would find the column only
		}
		ev.attrs = append(ev.attrs, rowstore.Attr{Key: k, Value: v})
	}
	if r.Name == "survey" {
		survey(ev)
	}
	if w := ev.check(); w != nil {
		d.refuse(ev.index, w)
		return
	}
	d.events = append(d.events, *ev)
}

// spellings are how events name columns besides the names that all receivers know.
var spellings = map[string]column.Column{
	"service": column.Service, "user": column.User, "user_id": column.User, "userId": column.User,
	"session": column.Session, "session_id": column.Session, "sessionId": column.Session,
	"business_id": column.Business, "route": column.Route, "error_type": column.ErrorType,
}

// promote puts a property that has a column there and reports whether it has one. What the event states itself stands.
func (d *decoder) promote(r *rowstore.Row, key, v string) bool {
	switch key {
	case "trace_id":
		return r.Trace != (rowstore.TraceID{}) || traceID(&r.Trace, v) == nil
	case "span_id":
		return r.Span != 0 || spanID(&r.Span, v) == nil
	case "value":
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return false
		}
		if r.Value == 0 {
			r.Value = n
		}
		return true
	}
	c, ok := spellings[key]
	if !ok {
		if c, _ = d.columns.Of(key); c == column.None || c == column.Business {
			return false // of several business ids the others stay attributes
		}
	}
	if c == column.Route {
		v = pathOf(v)
	}
	if at := c.In(r); *at == "" {
		*at = v
	}
	return true
}

// survey reads a survey's answer: the score is its value, the comment its text.
func survey(ev *event) {
	ev.attrs = slices.DeleteFunc(ev.attrs, func(a rowstore.Attr) bool {
		switch a.Key {
		case "score":
			n, err := strconv.ParseFloat(a.Value, 64)
			if err != nil || ev.row.Value != 0 {
				return false
			}
			ev.row.Value = n
			return true
		case "comment":
			if ev.row.Body != "" {
				return false
			}
			ev.row.Body = a.Value
			return true
		}
		return false
	})
}

// check bounds an event's own texts; the gate bounds attributes, body and time.
func (ev *event) check() *wrong {
	r := &ev.row
	if r.Name == "" {
		return &wrong{"name", "is missing"}
	}
	for _, f := range []struct {
		field, value string
		most         int
	}{
		{"name", r.Name, longestName}, {"id", ev.id, longestID}, {"user", r.User, longestID}, {"session", r.Session, longestID},
		{"business_id", r.Business, longestID}, {"service", r.Service, longestName}, {"env", r.Env, longestName},
		{"agency", r.Agency, longestName}, {"version", r.Version, longestName}, {"release", r.Release, longestName},
		{"route", r.Route, longestText}, {"error_type", r.ErrorType, longestName},
	} {
		if len(f.value) > f.most {
			return &wrong{f.field, fmt.Sprintf("has %d bytes; at most %d are accepted", len(f.value), f.most)}
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return &wrong{f.field, "holds a control character"}
		}
	}
	return nil
}

// text returns a JSON value as an attribute's text: strings as they are, numbers in their shortest form, lists and objects
// as JSON. Nothing and null are empty.
func text(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case 'n':
		return ""
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case '{', '[':
		return compact(raw)
	case 't', 'f':
		return string(raw)
	}
	if n := string(raw); strings.ContainsAny(n, ".eE") {
		if f, err := strconv.ParseFloat(n, 64); err == nil {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	return string(raw)
}
