package receive

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// LinesOptions are what the receiver of log lines is built with. Gate is required.
type LinesOptions struct {
	Gate *gate.Gate
	// Credential says who sends; the default names the sender by its address.
	Credential  func(*http.Request) gate.Credential
	Business    []string      // attributes that hold a business id
	BodyTimeout time.Duration // for a body to arrive; default 30s
	Now         func() time.Time
	Logger      *slog.Logger
}

// The bounds of a request of lines.
const (
	linesPerRequest = 50_000
	linesSaid       = 20 // refused lines that the answer names
)

// Lines takes log records in at POST /v1/lines: one JSON object on each line. Time, level, message, logger, service, trace and
// the other columns are known under the names that loggers give them; the rest are attributes. A line that is no object is
// refused by its number, the others stand. A body that is sent again after an answer was lost counts twice.
//
// It is safe for use by many requests at once.
type Lines struct {
	o       LinesOptions
	limits  gate.Limits
	columns *column.Map
	batches sync.Pool
}

// NewLines returns a receiver of log lines.
func NewLines(o LinesOptions) *Lines {
	if o.Credential == nil {
		o.Credential = byAddress
	}
	if o.BodyTimeout <= 0 {
		o.BodyTimeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Lines{o: o, limits: o.Gate.Limits(), columns: column.New(o.Business), batches: sync.Pool{New: func() any { return new(rowstore.Batch) }}}
}

// Routes returns what the receiver serves.
func (l *Lines) Routes() []access.Route {
	return []access.Route{{Method: http.MethodPost, Pattern: "/v1/lines", Action: access.WriteSignals, Handler: http.HandlerFunc(l.serve)}}
}

// linesAnswer is what became of the lines of a request.
type linesAnswer struct {
	Accepted int           `json:"accepted"`
	Refused  int           `json:"refused"`
	Lines    []refusedLine `json:"refused_lines,omitempty"` // the first ones
	Why      string        `json:"why,omitempty"`           // of those that the gate refused
}

type refusedLine struct {
	Line   int    `json:"line"` // the first one is 1
	Reason string `json:"reason"`
}

var errNotObject = fault.New(fault.Invalid, "a line is no JSON object")

func (l *Lines) serve(w http.ResponseWriter, r *http.Request) {
	c := l.o.Credential(r)
	c.Signal = gate.Logs
	grant, err := l.o.Gate.Admit(r.Context(), c, size(r))
	if err != nil {
		l.fail(w, err)
		return
	}
	defer grant.Close()
	body, err := l.body(w, r, grant)
	if err != nil {
		if fault.KindOf(err) != fault.Limited { // that one was counted by the gate
			grant.Refuse(reasonFor(err), err)
		}
		l.fail(w, err)
		return
	}
	b := l.batches.Get().(*rowstore.Batch)
	defer func() {
		b.Reset(rowstore.Logs) // it holds views of the body
		l.batches.Put(b)
	}()
	b.Reset(rowstore.Logs)
	out, err := l.read(b, body)
	for range out.Refused {
		grant.Refuse(gate.Malformed, errNotObject)
	}
	if err != nil {
		grant.Refuse(reasonFor(err), err)
		l.fail(w, err)
		return
	}
	res, err := grant.WriteRows(r.Context(), b)
	if err != nil {
		l.fail(w, err)
		return
	}
	out.Accepted = res.Accepted
	out.Refused += res.Refused
	out.Why = res.Why
	status := http.StatusOK
	if out.Accepted == 0 && out.Refused > 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the sender is gone
}

// read decodes lines into the batch, as views of the body.
func (l *Lines) read(b *rowstore.Batch, body []byte) (out linesAnswer, err error) {
	now := l.o.Now()
	reader := line.New(line.Options{Columns: l.columns, Zone: time.UTC, Now: func() time.Time { return now }})
	for n := 1; len(body) > 0; n++ {
		text := body
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			text, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		if n > linesPerRequest {
			return out, fault.New(fault.TooLarge, "the body has more than %d lines", linesPerRequest).Hint("Send smaller batches")
		}
		reader.Row(b)
		if reader.Object(b, text) {
			continue
		}
		b.Rows = b.Rows[:len(b.Rows)-1]
		out.Refused++
		if len(out.Lines) < linesSaid {
			out.Lines = append(out.Lines, refusedLine{n, notObject(text)})
		}
	}
	return out, nil
}

func notObject(text []byte) string {
	if text[0] == '[' {
		return "is a list; want one JSON object on each line"
	}
	if json.Valid(text) {
		return "is JSON and no object; want one JSON object on each line"
	}
	var v any
	return "is not JSON (" + clipped(json.Unmarshal(text, &v).Error()) + "); want one JSON object on each line"
}

// body takes a body in and unpacks it.
func (l *Lines) body(w http.ResponseWriter, r *http.Request, grant *gate.Grant) ([]byte, error) {
	deadline := http.NewResponseController(w)
	// Not every writer has deadlines (tests); the server's own timeouts hold there.
	_ = deadline.SetReadDeadline(time.Now().Add(l.o.BodyTimeout))
	defer func() { _ = deadline.SetReadDeadline(time.Time{}) }()
	body, err := readAtMost(r.Body, l.limits.BodyBytes)
	if err != nil {
		return nil, err
	}
	switch enc := r.Header.Get("Content-Encoding"); strings.ToLower(enc) {
	case "", "identity":
		return body, nil
	case "gzip":
		// What it unpacks to is asked for as soon as it is known; a bomb ends at the limit.
		plain, err := gunzip(body, l.limits.DecodedBytes)
		if err != nil {
			return nil, err
		}
		return plain, grant.Grow(int64(len(plain)))
	default:
		return nil, &unsupported{fault.New(fault.Invalid, "Content-Encoding %q: want gzip or none", clipped(enc))}
	}
}

// fail answers for a request of which nothing was kept.
func (l *Lines) fail(w http.ResponseWriter, err error) {
	status := fault.Status(fault.KindOf(err))
	var u *unsupported
	var busy *gate.Busy
	switch {
	case errors.As(err, &u):
		status = http.StatusUnsupportedMediaType
	case errors.As(err, &busy):
		w.Header().Set("Retry-After", strconv.Itoa(int((busy.After+time.Second-1)/time.Second)))
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	if status >= 500 {
		l.o.Logger.Error("log lines were not accepted", "err", err)
	}
	say(w, status, fault.Outside(err))
}
