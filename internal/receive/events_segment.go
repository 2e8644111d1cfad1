package receive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// segmentCalls lists the calls of Segment's HTTP API that are taken in.
func segmentCalls() []string {
	return []string{"track", "page", "screen", "identify", "group", "alias", "batch"}
}

// segmentEvent is what we use of a call. Their specification has more, and clients add to it, so that unknown keys are no
// mistake; what is not here is not kept. Source: Segment's spec, "Common fields" and the pages of the calls.
type segmentEvent struct {
	Type       string                     `json:"type"`
	MessageID  string                     `json:"messageId"`
	UserID     json.RawMessage            `json:"userId"` // some clients send numbers
	Anonymous  json.RawMessage            `json:"anonymousId"`
	GroupID    json.RawMessage            `json:"groupId"`
	Event      string                     `json:"event"` // of track
	Name       string                     `json:"name"`  // of page and screen
	Category   string                     `json:"category"`
	Properties map[string]json.RawMessage `json:"properties"`
	Traits     map[string]json.RawMessage `json:"traits"`
	Context    *segmentContext            `json:"context"`
	Original   json.RawMessage            `json:"originalTimestamp"`
	Timestamp  json.RawMessage            `json:"timestamp"`
	Sent       json.RawMessage            `json:"sentAt"`
}

type segmentContext struct {
	App struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"app"`
	Page struct {
		Path     string `json:"path"`
		URL      string `json:"url"`
		Referrer string `json:"referrer"`
	} `json:"page"`
	Campaign struct {
		Name   string `json:"name"`
		Source string `json:"source"`
		Medium string `json:"medium"`
	} `json:"campaign"`
	Device struct {
		Type string `json:"type"`
	} `json:"device"`
	OS struct {
		Name string `json:"name"`
	} `json:"os"`
	Library struct {
		Name string `json:"name"`
	} `json:"library"`
	UserAgent string          `json:"userAgent"`
	SessionID json.RawMessage `json:"sessionId"` // a number in analytics.js
}

// segmentBatch reads Segment's batch. A batch's context is that of the calls that have none.
func (d *decoder) segmentBatch(body []byte) error {
	if _, err := object(body); err != nil {
		return err
	}
	var b struct {
		Batch   []json.RawMessage `json:"batch"`
		Context *segmentContext   `json:"context"`
		Sent    json.RawMessage   `json:"sentAt"`
	}
	if w := loosely(body, &b); w != nil {
		return fault.New(fault.Invalid, "%s: %s", w.field, w.reason)
	}
	if err := d.fits("batch", len(b.Batch)); err != nil {
		return err
	}
	if err := d.sent("sentAt", b.Sent); err != nil {
		return err
	}
	of := d.clock
	for i, raw := range b.Batch {
		var e segmentEvent
		if w := loosely(raw, &e); w != nil {
			d.refuse(i, w)
			continue
		}
		if e.Context == nil {
			e.Context = b.Context
		}
		d.clock = of
		if of.sent == 0 {
			at, why := parseTime(e.Sent)
			if why != "" {
				d.refuse(i, &wrong{"sentAt", why})
				continue
			}
			d.clock.sent = at
		}
		d.segmentCall(i, &e)
	}
	return nil
}

// segmentOne reads a single call; kind is empty where the body says it.
func (d *decoder) segmentOne(kind string, body []byte) error {
	if _, err := object(body); err != nil {
		return err
	}
	var e segmentEvent
	if w := loosely(body, &e); w != nil {
		return fault.New(fault.Invalid, "%s: %s", w.field, w.reason)
	}
	if kind != "" {
		e.Type = kind
	}
	if err := d.fits("batch", 1); err != nil {
		return err
	}
	if err := d.sent("sentAt", e.Sent); err != nil {
		return err
	}
	d.segmentCall(0, &e)
	return nil
}

func loosely(raw []byte, into any) *wrong {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	if kind, ok := err.(*json.UnmarshalTypeError); ok && kind.Field != "" {
		return &wrong{kind.Field, "is a JSON " + kind.Value + ": want a " + wanted(kind)}
	}
	return &wrong{"message", "is not a JSON object"}
}

// segmentCall turns a call into a row. The person is userId, or else anonymousId. An identify is a row of that name whose
// user is the userId and whose attribute anonymous_id is the anonymousId: privacy makes both pseudonyms of one key, so that
// the attribute is exactly the user of the rows from before. Nothing else joins the two, and nothing is guessed from traits.
func (d *decoder) segmentCall(index int, e *segmentEvent) {
	ev := event{index: index, id: e.MessageID}
	r := &ev.row
	field := "timestamp"
	stamp := e.Timestamp
	if len(e.Original) > 0 {
		field, stamp = "originalTimestamp", e.Original
	}
	at, why := parseTime(stamp)
	if why != "" {
		d.refuse(index, &wrong{field, why})
		return
	}
	r.Time = d.clock.place(at)
	if r.User = text(e.UserID); r.User == "" {
		r.User = text(e.Anonymous)
	}
	if r.User == "" {
		d.refuse(index, &wrong{"userId", "is missing: want a userId or an anonymousId"})
		return
	}
	add := func(key, value string) {
		if value != "" {
			ev.attrs = append(ev.attrs, rowstore.Attr{Key: key, Value: value})
		}
	}
	properties := e.Properties
	switch e.Type {
	case "track":
		if r.Name = e.Event; r.Name == "" {
			d.refuse(index, &wrong{"event", "is missing"})
			return
		}
		if properties["value"] == nil && properties["revenue"] != nil {
			r.Value, _ = json.Number(text(properties["revenue"])).Float64()
		}
	case "page", "screen":
		r.Name = e.Type + "_view"
		add("page", e.Name)
		add("category", e.Category)
		r.Route = pathOf(or(text(properties["path"]), text(properties["url"])))
		properties = without(properties, "path", "url", "search", "title", "referrer", "name")
	case "identify", "group":
		r.Name = e.Type
		if anonymous := text(e.Anonymous); e.Type == "identify" && anonymous != r.User {
			add("anonymous_id", anonymous)
		}
		add("group_id", text(e.GroupID))
		properties = traits(e.Traits)
	case "alias":
		r.Name = e.Type
	default:
		d.refuse(index, &wrong{"type", fmt.Sprintf("is %q: want track, page, screen, identify, group or alias", clipped(e.Type))})
		return
	}
	if c := e.Context; c != nil {
		r.Service, r.Version, r.Session = c.App.Name, c.App.Version, text(c.SessionID)
		if r.Route == "" {
			r.Route = pathOf(or(c.Page.Path, c.Page.URL))
		}
		add("referrer", hostOf(c.Page.Referrer))
		add("campaign.name", c.Campaign.Name)
		add("campaign.source", c.Campaign.Source)
		add("campaign.medium", c.Campaign.Medium)
		add("library", c.Library.Name)
		if c.UserAgent != "" {
			ev.attrs = append(ev.attrs, agent(c.UserAgent)...)
		} else {
			add("os", c.OS.Name)
			add("device", strings.ToLower(c.Device.Type))
		}
	}
	d.finish(&ev, properties)
}

// personal are traits that say who somebody is; they are not taken in.
var personal = []string{"address", "avatar", "birthday", "email", "firstName", "first_name", "gender", "lastName", "last_name",
	"name", "phone", "ssn", "title", "username", "website"}

// traits are what is kept of a person's or group's traits, as properties `traits.plan`.
func traits(of map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for k, v := range of {
		if !slices.Contains(personal, k) {
			out["traits."+k] = v
		}
	}
	return out
}

func without(of map[string]json.RawMessage, keys ...string) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(of))
	for k, v := range of {
		if !slices.Contains(keys, k) {
			out[k] = v
		}
	}
	return out
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// hostOf is the host of a referrer; the rest of it may name a person.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// compact is a JSON value without white space.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}
