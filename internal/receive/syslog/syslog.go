// Package syslog takes in syslog messages of RFC 5424 and RFC 3164, by datagram and by stream with octet counting or a newline
// behind each message, encrypted or not. A message becomes a log record: what the protocol states becomes severity, service and
// attributes, structured data and JSON bodies (also with the cookie @cee:) are read. What is no syslog message is kept as text.
//
// Messages go to the gate in batches, at most 100 ms after they came. While the gate takes nothing, streams are not read, which
// the sender feels; datagrams wait in a bounded queue, and what does not fit is counted as refused by its source. Syslog has no
// acknowledgements: what a sender has handed to the network when we are killed is lost.
package syslog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/column"
)

// Options are what a receiver is built with. Gate is required; the zero value of the rest means its default.
type Options struct {
	Gate        *gate.Gate
	Labels      map[string]string // service, env and agency of all messages; without a service it is the program's name
	BusinessIDs []string          // attributes that hold a business id
	Zone        *time.Location    // of RFC 3164's timestamps, which name none; default: this machine's
	Connections int               // at once; default 512
	Idle        time.Duration     // after which a silent connection is closed; default 10m
	Message     int               // bytes of a message that are kept; default 64 KiB
	Queue       int               // bytes of datagrams that may wait; default 32 MB
	Flush       time.Duration     // how long a message may wait for others; default 100ms
	Now         func() time.Time
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
}

// Receiver takes messages in. It is safe for use by several listeners at once.
type Receiver struct {
	o       Options
	columns *column.Map
	places  chan struct{} // one for each connection
	count   counters

	mu     sync.Mutex
	grants map[string]*gate.Grant
}

// The bounds of a batch.
const (
	batchMessages = 2000
	batchBytes    = 1 << 20
	mostGrants    = 20_000
)

// New returns a receiver.
func New(o Options) *Receiver {
	def(&o.Connections, 512)
	def(&o.Idle, 10*time.Minute)
	def(&o.Message, 64<<10)
	def(&o.Queue, 32<<20)
	def(&o.Flush, 100*time.Millisecond)
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	rc := &Receiver{o: o, columns: column.New(o.BusinessIDs), places: make(chan struct{}, o.Connections), grants: map[string]*gate.Grant{}}
	rc.count.init(o.Registerer)
	return rc
}

func def[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// grant returns the permission of a host to write. Too many hosts share one.
func (rc *Receiver) grant(host string) *gate.Grant {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if g := rc.grants[host]; g != nil {
		return g
	}
	name := host
	if len(rc.grants) >= mostGrants {
		name = "others"
		if g := rc.grants[name]; g != nil {
			return g
		}
	}
	g, err := rc.o.Gate.Admit(context.Background(), gate.Credential{Source: "syslog " + name, Signal: gate.Logs, Retries: true}, 0)
	if err != nil { // the gate refuses nobody who sends nothing yet
		rc.o.Logger.Error("a syslog sender was not admitted", "err", err)
		return nil
	}
	rc.grants[name] = g
	return g
}

// hostOf names the sender of an address.
func hostOf(a net.Addr) string {
	if ap, err := netip.ParseAddrPort(a.String()); err == nil {
		return ap.Addr().Unmap().String()
	}
	return a.String()
}

// write brings messages of one host to the gate and tries until they are in. The error is the context's: they are not, and
// were counted as refused, once.
func (rc *Receiver) write(ctx context.Context, host string, m *messages, d *decoder) error {
	grant := rc.grant(host)
	if grant == nil || len(m.ends) == 0 {
		m.reset()
		return nil
	}
	for {
		// A try changes the rows, so each begins with the messages.
		_, err := grant.WriteRows(context.WithoutCancel(ctx), d.batch(m, rc.o.Now()))
		if err == nil {
			m.reset()
			return nil
		}
		wait := time.Second
		var busy *gate.Busy
		if errors.As(err, &busy) {
			wait = min(max(busy.After, 10*time.Millisecond), 10*time.Second)
		}
		rc.count.waits.Inc()
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			grant.RefuseAll(gate.StoreRefused, len(m.ends), err)
			m.reset()
			return ctx.Err()
		}
	}
}

type counters struct {
	connections prometheus.Gauge
	refused     prometheus.Counter
	kernel      prometheus.Counter
	waits       prometheus.Counter
}

func (c *counters) init(r prometheus.Registerer) {
	c.connections = prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_syslog_connections", Help: "Open syslog connections."})
	c.refused = prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_syslog_refused_connections_total", Help: "Syslog connections that were closed because too many were open."})
	c.kernel = prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_syslog_kernel_dropped_datagrams_total", Help: "Datagrams that the system dropped before they could be read."})
	c.waits = prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_syslog_waits_total", Help: "Batches of syslog messages that the gate did not take and that were tried again."})
	if r != nil {
		r.MustRegister(c.connections, c.refused, c.kernel, c.waits)
	}
}
