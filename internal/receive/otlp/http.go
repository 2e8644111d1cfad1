package otlp

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

// serve answers one request over HTTP.
func (rc *Receiver) serve(w http.ResponseWriter, r *http.Request, s signal) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	a := answer{w: w, signal: s}
	switch media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case err == nil && media == typeProto:
	case err == nil && media == typeJSON:
		a.json = true
	default:
		a.json = true // who sends neither is more likely to read this
		rc.fail(a, &unsupported{fault.New(fault.Invalid, "Content-Type %q: want %s or %s", r.Header.Get("Content-Type"), typeProto, typeJSON)})
		return
	}
	c := rc.o.Credential(r)
	c.Signal = gate.Signal(s)
	grant, err := rc.o.Gate.Admit(r.Context(), c, -1)
	if err != nil {
		rc.fail(a, err)
		return
	}
	defer grant.Close()
	if r.ContentLength > rc.o.BodyBytes {
		err := tooLarge(rc.o.BodyBytes)
		grant.Refuse(gate.BodyTooLarge, err)
		rc.fail(a, err)
		return
	}
	deadline := http.NewResponseController(w)
	// Not every writer has deadlines (tests); the server's own timeouts hold there.
	_ = deadline.SetReadDeadline(time.Now().Add(rc.o.BodyTimeout))
	b := rc.bodies.Get().(*body)
	defer rc.release(b)
	if err := b.read(r, rc.o.BodyBytes, grant.Grow); err != nil {
		refuse(grant, err)
		rc.fail(a, err)
		return
	}
	_ = deadline.SetReadDeadline(time.Time{})
	message := b.plain
	if a.json {
		if b.proto, err = rc.schemas[s].rewrite(b.proto[:0], b.plain, rc.o.BodyBytes); err != nil {
			refuse(grant, err)
			rc.fail(a, err)
			return
		}
		message = b.proto
	}
	res, err := rc.take(r.Context(), grant, s, message)
	if err != nil {
		rc.fail(a, err)
		return
	}
	a.success(res)
}

// result is what became of a request: how many of its records were refused, and why. A result with a sentence and no refusal
// is a warning.
type result struct {
	rejected int64
	why      string
}

// take brings a message to the gate. The error is a fault.Error or a *gate.Busy; nothing was kept then.
func (rc *Receiver) take(ctx context.Context, grant *gate.Grant, s signal, message []byte) (result, error) {
	if s == metrics {
		return rc.takeMetrics(ctx, grant, message)
	}
	d := rc.rows.Get().(*rows)
	defer rc.recycle(d)
	d.grow = func(rows int) error { return grant.Grow(int64(rows)) }
	if err := d.decode(s.table(), message); err != nil {
		refuse(grant, err)
		return result{}, err
	}
	batches := []*rowstore.Batch{&d.batch}
	if s == logs {
		if events := d.happenings(); events != nil {
			batches = append(batches, events)
		}
	}
	res, err := grant.WriteRows(ctx, batches...)
	if err != nil {
		return result{}, err
	}
	for range d.refused {
		grant.Refuse(gate.Malformed, nil)
	}
	out := result{int64(res.Refused + d.refused), res.Why}
	if d.refused > 0 {
		out.why = join(plural(d.refused, d.why), res.Why)
	}
	return out, nil
}

// recycle gives a decoder back, unless it has grown out of proportion.
func (rc *Receiver) recycle(d *rows) {
	d.grow = nil
	if cap(d.batch.Rows) > keepRows {
		return
	}
	d.batch.Reset(0)
	d.fill.Forget()
	clear(d.spell.pairs[:cap(d.spell.pairs)])
	rc.rows.Put(d)
}

// keepRows is the largest batch whose memory is kept.
const keepRows = 16 << 10

// refuse counts a body that was not understood; what was refused by the gate it has counted itself.
func refuse(grant *gate.Grant, err error) {
	switch fault.KindOf(err) {
	case fault.TooLarge:
		grant.Refuse(gate.BodyTooLarge, err)
	case fault.Limited:
	default:
		grant.Refuse(gate.Malformed, err)
	}
}

// fail answers for a request of which nothing was kept.
func (rc *Receiver) fail(a answer, err error) {
	var u *unsupported
	if errors.As(err, &u) {
		a.failure(http.StatusUnsupportedMediaType, err, 0)
		return
	}
	status, after := rc.outcome(err)
	a.failure(status, err, after)
}

// outcome is the status of a request of which nothing was kept, and when to come again if that helps.
func (rc *Receiver) outcome(err error) (status int, after time.Duration) {
	switch kind := fault.KindOf(err); kind {
	case fault.Internal, fault.Unavailable: // nothing was kept: the sender should try again whatever it was
		rc.o.Logger.Error("An OTLP request was not accepted", "err", err)
		return http.StatusServiceUnavailable, later
	case fault.Limited:
		var busy *gate.Busy
		if errors.As(err, &busy) {
			return http.StatusTooManyRequests, busy.After
		}
		return http.StatusTooManyRequests, later
	default:
		return fault.Status(kind), 0
	}
}

// later is when a sender should come again if nobody knows better.
const later = 5 * time.Second
