package receive

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// EventsOptions are what the receiver of user events is built with. Gate is required.
type EventsOptions struct {
	Gate *gate.Gate
	// Credential says who sends; the default names the sender by its address.
	Credential func(*http.Request) gate.Credential
	// Business names the properties that hold a business id; the first that an event has is used. The default is
	// BusinessProperties.
	Business    []string
	BodyTimeout time.Duration // for a body to arrive; default 30s
	IDs         *IDs          // of events that were kept; default a memory of 500,000 that ends with the process
	Now         func() time.Time
	Logger      *slog.Logger
}

// BusinessProperties names the properties that hold a business id, first match first: the attributes of all receivers, and
// their names with an underscore.
func BusinessProperties() []string {
	names := column.DefaultBusinessIDs()
	for _, n := range names {
		if n != "business.id" { // business_id is a field of events
			names = append(names, strings.ReplaceAll(n, ".", "_"))
		}
	}
	return names
}

// The bounds of a request of events.
const (
	eventsBody     = 1 << 20 // bytes, as sent and unpacked
	eventsPerBatch = 500
)

// Events takes in user events at POST /v1/events: our own JSON, whose schema it serves, and the calls of Segment's HTTP API
// (track, page, screen, identify, group, alias, batch), there and at Segment's own paths.
//
// An event with an id is counted once: a retried batch is answered as accepted, with the number of duplicates. Ids are
// remembered per source, as many as IDs holds; after a restart those of the last half hour before it are known again. An
// event without an id counts whenever it is sent.
//
// It is safe for use by many requests at once.
type Events struct {
	o      EventsOptions
	intake *intake
}

// NewEvents returns a receiver of events.
func NewEvents(o EventsOptions) *Events {
	if o.Credential == nil {
		o.Credential = byAddress
	}
	if o.BodyTimeout <= 0 {
		o.BodyTimeout = 30 * time.Second
	}
	if o.IDs == nil {
		o.IDs = NewIDs(nil, 500_000)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Events{o: o, intake: newIntake(o.Business, o.IDs)}
}

// Routes returns what the receiver serves. Segment's calls are at their own paths and below /v1/events.
func (e *Events) Routes() []access.Route {
	routes := []access.Route{
		{Method: http.MethodPost, Pattern: "/v1/events", Action: access.WriteSignals, Handler: http.HandlerFunc(e.own)},
		{Method: http.MethodGet, Pattern: "/v1/events/schema", Action: access.SignedIn, Handler: http.HandlerFunc(serveSchema)},
	}
	for _, call := range segmentCalls() {
		h := e.segment(call)
		routes = append(routes,
			access.Route{Method: http.MethodPost, Pattern: "/v1/" + call, Action: access.WriteSignals, Handler: h},
			access.Route{Method: http.MethodPost, Pattern: "/v1/events/" + call, Action: access.WriteSignals, Handler: h})
	}
	return routes
}

// own serves /v1/events, where the body itself says whose shape it has.
func (e *Events) own(w http.ResponseWriter, r *http.Request) {
	e.serve(w, r, func(d *decoder, body []byte) error { return d.any(body) })
}

// segment serves the path of one of Segment's calls.
func (e *Events) segment(call string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.serve(w, r, func(d *decoder, body []byte) error {
			if call == "batch" {
				return d.segmentBatch(body)
			}
			return d.segmentOne(call, body)
		})
	})
}

func (e *Events) serve(w http.ResponseWriter, r *http.Request, decode func(*decoder, []byte) error) {
	c := e.o.Credential(r)
	c.Signal = gate.Events
	grant, err := e.o.Gate.Admit(r.Context(), c, size(r))
	if err != nil {
		e.fail(w, err)
		return
	}
	defer grant.Close()
	body, err := readEvents(w, r, eventsBody, e.o.BodyTimeout)
	if err != nil {
		grant.Refuse(reasonFor(err), err)
		e.fail(w, err)
		return
	}
	d := e.intake.decoder(e.o.Now())
	if err := decode(d, body); err != nil {
		grant.Refuse(reasonFor(err), err)
		e.fail(w, err)
		return
	}
	out, err := e.intake.keep(r.Context(), grant, c.Source, d)
	if err != nil {
		e.fail(w, err)
		return
	}
	out.write(w)
}

// intake is what the receiver and the public door share: it turns decoded events into rows and keeps each id once.
type intake struct {
	columns  *column.Map
	business []string
	ids      *IDs
	batches  sync.Pool
}

func newIntake(business []string, ids *IDs) *intake {
	if business == nil {
		business = BusinessProperties()
	}
	return &intake{columns: column.New(business), business: business, ids: ids, batches: sync.Pool{New: func() any { return new(rowstore.Batch) }}}
}

// event is one decoded event. Its strings are its own.
type event struct {
	index int // in the request
	id    string
	row   rowstore.Row
	attrs []rowstore.Attr
}

// keep writes what was decoded. The error says that nothing was kept.
func (in *intake) keep(ctx context.Context, grant *gate.Grant, source string, d *decoder) (outcome, error) {
	out := outcome{Refused: d.refused, of: d.count}
	for _, r := range d.refused {
		grant.Refuse(gate.Malformed, fault.New(fault.Invalid, "%s: %s", r.Field, r.Reason))
	}
	keys := make([]uint64, len(d.events))
	for i := range d.events {
		keys[i] = in.ids.key(source, d.events[i].id)
	}
	c, err := in.ids.claim(ctx, keys)
	if err != nil {
		return out, err
	}
	b := in.batches.Get().(*rowstore.Batch)
	defer in.batches.Put(b)
	b.Reset(rowstore.Events)
	for i := range d.events {
		if !c.fresh[i] {
			out.Duplicates++
			continue
		}
		e := &d.events[i]
		r := b.Add()
		*r = e.row
		r.Weight, r.Parent = 1, rowstore.SpanID(keys[i])
		for _, a := range e.attrs {
			b.Attr(a.Key, a.Value)
		}
	}
	if len(b.Rows) == 0 {
		c.settle(true)
		return out, nil
	}
	res, err := grant.WriteRows(ctx, b)
	c.settle(err == nil)
	if err != nil {
		return out, err
	}
	out.Accepted = res.Accepted
	if res.Refused > 0 {
		out.Refused = append(out.Refused, refusedEvent{Index: -1, Count: res.Refused, Reason: res.Why})
	}
	return out, nil
}

// pathOf returns the path of a page address or path: neither query nor fragment, which may name a person.
func pathOf(s string) string {
	if i := strings.Index(s, "://"); i > 0 {
		s = s[i+3:]
		j := strings.IndexAny(s, "/?#")
		if j < 0 {
			return "/"
		}
		s = s[j:]
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	return s
}
