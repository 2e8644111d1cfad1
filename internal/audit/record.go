package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
)

// Outcomes of what was tried.
const (
	Done   = "done"
	Denied = "denied"
	Failed = "failed"
)

// Actor is who did it. Kind is that of the principal: person, token, start, loopback or system.
type Actor struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"`
}

// Object is what it was done to, for example {KPI efile-error-rate}.
type Object struct {
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"`
}

// Record is one thing that somebody did or tried. Times are Unix ms, UTC.
type Record struct {
	Seq       int64             `json:"seq"` // from 1, without gaps; set by the log
	At        int64             `json:"at"`  // set by the log
	ClockBack int64             `json:"clock_back,omitempty" doc:"Milliseconds by which the clock stood before the record before: it was set back"`
	Actor     Actor             `json:"actor"`
	Action    string            `json:"action"` // a verb such as approve or sign_in
	Object    Object            `json:"object"`
	Outcome   string            `json:"outcome" enum:"done,denied,failed"`
	Before    string            `json:"before,omitempty" doc:"Content hash before"`
	After     string            `json:"after,omitempty" doc:"Content hash after"`
	Reason    string            `json:"reason,omitempty"`
	Source    string            `json:"source,omitempty" doc:"Remote address"`
	Request   string            `json:"request,omitempty" doc:"Request id"`
	Detail    map[string]string `json:"detail,omitempty"`
	Hash      string            `json:"hash,omitempty" doc:"Of the chain up to this record"` // set by Find; not part of what is hashed
}

// Bounds of what is kept; longer text is cut and ends in "…": a stranger's long name must not stop its own record.
const (
	maxShort   = 512
	maxLong    = 4096
	maxDetails = 64
	maxDetail  = 64 << 10 // of all details together: a record stays well below maxLine
)

var actionWord = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// validate refuses what a caller got wrong.
func (r *Record) validate() error {
	switch {
	case !actionWord.MatchString(r.Action):
		return fault.New(fault.Internal, "audit record of %q: want an action of small letters and underscores, such as sign_in", r.Action)
	case r.Outcome != Done && r.Outcome != Denied && r.Outcome != Failed:
		return fault.New(fault.Internal, "audit record of %s: outcome %q: want %s, %s or %s", r.Action, r.Outcome, Done, Denied, Failed)
	case len(r.Detail) > maxDetails:
		return fault.New(fault.Internal, "audit record of %s: %d details: want %d at most", r.Action, len(r.Detail), maxDetails)
	}
	return nil
}

// clean bounds the text, strikes out secrets and says "unknown" for an actor without an id.
func (r Record) clean() Record {
	short := func(s string) string { return clip(strike(s), maxShort) }
	r.Actor = Actor{ID: short(r.Actor.ID), Name: short(r.Actor.Name), Kind: short(r.Actor.Kind)}
	if r.Actor.ID == "" {
		r.Actor.ID = "unknown"
	}
	r.Object = Object{Kind: short(r.Object.Kind), Name: short(r.Object.Name)}
	r.Before, r.After, r.Source, r.Request = short(r.Before), short(r.After), short(r.Source), short(r.Request)
	r.Reason = clip(strike(r.Reason), maxLong)
	if len(r.Detail) > 0 {
		d := make(map[string]string, len(r.Detail))
		left := maxDetail
		for _, k := range slices.Sorted(maps.Keys(r.Detail)) {
			v := r.Detail[k]
			if secretName(k) && v != "" {
				v = struck
			}
			v = clip(strike(v), min(maxLong, max(left, maxShort)))
			left -= len(v)
			d[short(k)] = v
		}
		r.Detail = d
	}
	return r
}

// encode appends the canonical JSON of the record: keys sorted, no spaces, empty fields left out.
func (r *Record) encode(b []byte) []byte {
	o := openObject(b)
	o.text("action", r.Action)
	o.key("actor")
	a := openObject(o.b)
	a.text("id", r.Actor.ID)
	a.text("kind", r.Actor.Kind)
	a.text("name", r.Actor.Name)
	o.b = a.close()
	o.text("after", r.After)
	o.number("at", r.At)
	o.text("before", r.Before)
	if r.ClockBack != 0 {
		o.number("clock_back", r.ClockBack)
	}
	if len(r.Detail) > 0 {
		o.key("detail")
		d := openObject(o.b)
		for _, k := range slices.Sorted(maps.Keys(r.Detail)) {
			d.key(k)
			d.b = appendString(d.b, r.Detail[k])
		}
		o.b = d.close()
	}
	if r.Object != (Object{}) {
		o.key("object")
		x := openObject(o.b)
		x.text("kind", r.Object.Kind)
		x.text("name", r.Object.Name)
		o.b = x.close()
	}
	o.text("outcome", r.Outcome)
	o.text("reason", r.Reason)
	o.text("request", r.Request)
	o.number("seq", r.Seq)
	o.text("source", r.Source)
	return o.close()
}

// decode reads a record's body.
func decode(body []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(body, &r); err != nil {
		return Record{}, fmt.Errorf("audit record: %w", err)
	}
	r.Hash = ""
	return r, nil
}

var (
	seqKey = []byte(`,"seq":`)
	atKey  = []byte(`,"at":`)
)

// seqOf reads the seq of a canonical body without decoding it: the last place where the key is followed by a number. A
// detail of that name is followed by a quote, and inside a text the quotes are escaped.
func seqOf(body []byte) (int64, bool) {
	i := bytes.LastIndex(body, seqKey)
	if i < 0 {
		return 0, false
	}
	return leadingNumber(body[i+len(seqKey):])
}

// timeOf reads the time of a canonical body without decoding it: the first such key with a number; only texts come before.
func timeOf(body []byte) (int64, bool) {
	i := bytes.Index(body, atKey)
	if i < 0 {
		return 0, false
	}
	return leadingNumber(body[i+len(atKey):])
}

// leadingNumber reads the decimal digits before a comma or a brace.
func leadingNumber(b []byte) (int64, bool) {
	var n int64
	for i, c := range b {
		switch {
		case '0' <= c && c <= '9' && i < 18:
			n = 10*n + int64(c-'0')
		case (c == ',' || c == '}') && i > 0:
			return n, true
		default:
			return 0, false
		}
	}
	return 0, false
}
