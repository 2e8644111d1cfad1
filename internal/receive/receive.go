// Package receive takes in what others push: Prometheus remote write 1.0 and 2.0 at POST /api/v1/write. It decodes with its
// own readers, which never build the labels of a series that the gate knows: the encoded labels are compared, by a keyed
// hash, with those of the series that came next last time. It keeps nothing but metadata of metrics and refuses to know stores and KPIs; what
// it read goes through the gate, and is answered for after the gate's commit only.
package receive

import (
	"errors"
	"hash/maphash"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// Options are what a receiver is built with. Gate is required.
type Options struct {
	Gate *gate.Gate
	// Credential says who pushes; the default names the sender by its address.
	Credential  func(*http.Request) gate.Credential
	BodyTimeout time.Duration // for a body to arrive; default 30s
	Logger      *slog.Logger
}

// Receiver serves remote write. It is safe for use by many requests at once.
type Receiver struct {
	o        Options
	limits   gate.Limits
	buffers  pool
	metadata book
	key      key
}

// New returns a receiver.
func New(o Options) *Receiver {
	if o.Credential == nil {
		o.Credential = byAddress
	}
	if o.BodyTimeout <= 0 {
		o.BodyTimeout = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Receiver{o: o, limits: o.Gate.Limits(), key: key{maphash.MakeSeed()}}
}

// Routes returns what the room serves.
func (rc *Receiver) Routes() []access.Route {
	return []access.Route{{Method: http.MethodPost, Pattern: "/api/v1/write", Action: access.WriteSignals, Handler: http.HandlerFunc(rc.write)}}
}

func byAddress(r *http.Request) gate.Credential {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return gate.Credential{Source: "push " + host}
}

// write answers one request.
func (rc *Receiver) write(w http.ResponseWriter, r *http.Request) {
	v, err := protocol(r.Header)
	if err != nil {
		rc.fail(w, version1, err)
		return
	}
	grant, err := rc.o.Gate.Admit(r.Context(), rc.o.Credential(r), size(r))
	if err != nil {
		rc.fail(w, v, err)
		return
	}
	defer grant.Close()
	deadline := http.NewResponseController(w)
	// Not every writer has deadlines (tests); the server's own timeouts hold there.
	_ = deadline.SetReadDeadline(time.Now().Add(rc.o.BodyTimeout))
	b := rc.buffers.get()
	defer rc.buffers.put(b)
	if err := b.read(r, rc.limits); err != nil {
		grant.Refuse(reasonFor(err), err)
		rc.fail(w, v, err)
		return
	}
	if err := b.unpack(grant, rc.limits); err != nil {
		if fault.KindOf(err) != fault.Limited { // that one was counted by the gate
			grant.Refuse(reasonFor(err), err)
		}
		rc.fail(w, v, err)
		return
	}
	_ = deadline.SetReadDeadline(time.Time{})
	q := request{batch: grant.Batch(r.Context()), buffers: b, limits: &rc.limits, book: &rc.metadata, key: rc.key}
	if v == version2 {
		err = q.decode2(b.plain)
	} else {
		err = q.decode1(b.plain)
	}
	if err != nil {
		_ = q.batch.Rollback()
		if fault.KindOf(err) == fault.Invalid {
			grant.Refuse(gate.Malformed, err)
		}
		rc.fail(w, v, err)
		return
	}
	res, err := q.batch.Commit()
	if err != nil {
		rc.fail(w, v, err)
		return
	}
	q.written.exemplars = res.Exemplars
	q.refuse(gate.ExemplarInvalid, res.ExemplarsRefused, nil)
	rc.answer(w, v, &q)
}

// size is the body's announced length; a body without one is bounded while it is read.
func size(r *http.Request) int64 {
	if r.ContentLength == 0 {
		return -1
	}
	return r.ContentLength
}

func reasonFor(err error) gate.Reason {
	if fault.KindOf(err) == fault.TooLarge {
		return gate.BodyTooLarge
	}
	return gate.Malformed
}

// answer tells the sender what was written, and why the rest was not.
func (rc *Receiver) answer(w http.ResponseWriter, v version, q *request) {
	if v == version2 {
		written(w.Header(), q.written)
	}
	if q.refused() == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	say(w, http.StatusBadRequest, q.reasons())
}

// fail answers for a request of which nothing was written.
func (rc *Receiver) fail(w http.ResponseWriter, v version, err error) {
	if v == version2 {
		written(w.Header(), counts{})
	}
	status := fault.Status(fault.KindOf(err))
	var u *unsupported
	if errors.As(err, &u) {
		status = http.StatusUnsupportedMediaType
	}
	var busy *gate.Busy
	if errors.As(err, &busy) {
		w.Header().Set("Retry-After", strconv.Itoa(int((busy.After+time.Second-1)/time.Second)))
	}
	if status >= 500 {
		rc.o.Logger.Error("A remote write was not accepted", "err", err)
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
	}
	say(w, status, fault.Outside(err))
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// written sets the three headers of protocol 2.0.
func written(h http.Header, c counts) {
	h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(c.samples))
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(c.histograms))
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(c.exemplars))
}
