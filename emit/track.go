package emit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// EventsTo says where [Track] sends events. The zero value is nowhere: Track then does nothing.
type EventsTo struct {
	URL     string       // Signalbox's address, such as https://signalbox.example:9700
	Token   string       // of a sender; on Signalbox's own machine none is needed
	Service string       // name of this service, as in its traces and logs; env and agency are taken from Labels
	Queue   int          // events that may wait; 0 means 1000, which bounds the memory to some megabytes
	Client  *http.Client // nil means one with a timeout of 10 s
}

func (t EventsTo) validate() error {
	if t.URL == "" {
		return nil
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("emit: events URL %q: want http or https, a host, and nothing else, such as https://signalbox.example:9700", t.URL)
	}
	if t.Queue < 0 {
		return fmt.Errorf("emit: events queue %d: want 0 for the default, or more", t.Queue)
	}
	return nil
}

// Property says something of an event.
type Property struct {
	set func(*trackedEvent)
}

// Prop is a property of the application's own: a string, a number, a boolean, or what can be written as JSON.
func Prop(key string, value any) Property {
	return Property{func(e *trackedEvent) {
		if e.Properties == nil {
			e.Properties = map[string]any{}
		}
		e.Properties[key] = value
	}}
}

// User is the application's own id of the person. It leaves this process for Signalbox alone, which puts a pseudonym in its
// place before it keeps anything; it never becomes a label or a log attribute.
func User(id string) Property { return Property{func(e *trackedEvent) { e.User = id }} }

// Session is the id of the person's visit.
func Session(id string) Property { return Property{func(e *trackedEvent) { e.Session = id }} }

// BusinessID is the case, payment or filing that the event belongs to.
func BusinessID(id string) Property { return Property{func(e *trackedEvent) { e.Business = id }} }

// Value is the number that the event carries: an amount, a score.
func Value(v float64) Property { return Property{func(e *trackedEvent) { e.Value = &v }} }

// Release is the release or flag that was active.
func Release(name string) Property { return Property{func(e *trackedEvent) { e.Release = name }} }

// Failed says that what the event names did not succeed, and the type of error.
func Failed(errorType string) Property {
	return Property{func(e *trackedEvent) { e.Status, e.ErrorType = "error", errorType }}
}

// trackedEvent is an event of POST /v1/events.
type trackedEvent struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Time       int64          `json:"time"` // Unix milliseconds
	User       string         `json:"user,omitempty"`
	Session    string         `json:"session,omitempty"`
	Business   string         `json:"business_id,omitempty"`
	Release    string         `json:"release,omitempty"`
	Route      string         `json:"route,omitempty"`
	Value      *float64       `json:"value,omitempty"`
	Status     string         `json:"status,omitempty"`
	ErrorType  string         `json:"error_type,omitempty"`
	Trace      string         `json:"trace_id,omitempty"`
	Span       string         `json:"span_id,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// Track tells Signalbox that something happened, by the Emitter of the request that ctx belongs to:
//
//	emit.Track(r.Context(), "filing_submitted", emit.User(id), emit.BusinessID("C-7"), emit.Prop("form", "1040"))
//
// The event joins the request's trace. Outside a request that is traced by [Emitter.Handler] it does nothing; there the
// method [Emitter.Track] is at hand.
func Track(ctx context.Context, name string, properties ...Property) {
	if x := exchangeFrom(ctx); x != nil {
		x.emitter.Track(ctx, name, properties...)
	}
}

// Track puts an event into the queue that [Emitter.Run] sends from. It never waits and never fails: an event that finds the
// queue full is dropped and counted in emit_events_dropped_total. Without Options.Events it does nothing.
func (e *Emitter) Track(ctx context.Context, name string, properties ...Property) {
	if e.events == nil {
		return
	}
	event := trackedEvent{ID: newEventID(), Name: name, Time: time.Now().UnixMilli()}
	if x := exchangeFrom(ctx); x != nil {
		event.Trace, event.Span = x.trace.TraceID(), x.trace.SpanID()
		if route := x.route.Load(); route != nil {
			event.Route = *route
		}
	}
	for _, p := range properties {
		p.set(&event)
	}
	// Here and not when it is sent: a value may change after Track has returned.
	b, err := json.Marshal(event)
	if err != nil || len(b) > maxEventBytes {
		e.events.dropped.WithLabelValues(dropInvalid).Inc()
		return
	}
	select {
	case e.events.queue <- b:
	default:
		e.events.dropped.WithLabelValues(dropFull).Inc()
	}
}

// newEventID lets the server count an event once, however often it is sent.
func newEventID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails; it ends the program instead
	return hex.EncodeToString(b[:])
}

// Why an event was dropped, as emit_events_dropped_total says it.
const (
	dropFull    = "queue_full" // more events than can be sent
	dropInvalid = "invalid"    // no JSON, or larger than 32 kB
	dropRefused = "refused"    // the server did not accept it, and would not the next time
	dropStopped = "stopped"    // the process ended before it could be sent
)

// The bounds of what is sent at once, well within what the server takes.
const (
	maxEventBytes  = 32 << 10
	maxBatchBytes  = 512 << 10
	maxBatchEvents = 200
	defaultQueue   = 1000
)

// sender is the queue of events and where they go.
type sender struct {
	to      EventsTo
	url     string
	context json.RawMessage
	queue   chan []byte
	sent    prometheus.Counter
	dropped *prometheus.CounterVec
}

// newSender returns nil where events go nowhere.
func newSender(o Options, r prometheus.Registerer) *sender {
	if o.Events.URL == "" {
		return nil
	}
	to := o.Events
	if to.Queue == 0 {
		to.Queue = defaultQueue
	}
	if to.Client == nil {
		to.Client = &http.Client{Timeout: 10 * time.Second}
	}
	client := *to.Client
	// A redirect would take people's ids and the token to somebody else.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	to.Client = &client
	target, _ := url.JoinPath(to.URL, "/v1/events") // validated
	s := &sender{to: to, url: target, queue: make(chan []byte, to.Queue),
		sent: prometheus.NewCounter(prometheus.CounterOpts{Name: "emit_events_sent_total",
			Help: "Events that Signalbox has accepted."}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "emit_events_dropped_total",
			Help: "Events that were not delivered, by reason: queue_full, invalid, refused or stopped."}, []string{"reason"})}
	for _, reason := range []string{dropFull, dropInvalid, dropRefused, dropStopped} {
		s.dropped.WithLabelValues(reason)
	}
	s.context, _ = json.Marshal(map[string]string{"service": to.Service, "env": o.Labels["env"], "agency": o.Labels["agency"], "version": o.Version})
	r.MustRegister(s.sent, s.dropped)
	return s
}
