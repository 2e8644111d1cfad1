package gate

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/fault"
)

// Credential says who wants to write.
type Credential struct {
	Source string // a name for people: "push 10.0.0.7", "scrape", "rules"
	// By names the labels that tell the sources of one grant apart, such as job and instance: each combination is then
	// counted and limited for itself. Rates are bounded only without By.
	By []string
	// Public says that a stranger sends it, with a key that anybody can read in a page. Only events are taken, they carry the
	// trust "public", and who the sender is (service, env, agency, version, release) is what Labels say and never what is sent.
	Public bool
	Labels map[string]string
	Signal Signal // what it brings: its store decides whether it is let in, and its refusals count for it
	// Retries says that the sender is our own and tries again until what it has is in: what WriteRows does not take is then no
	// refusal. What it gives up it counts by Refuse.
	Retries bool
}

// Grant is the permission to write on behalf of a source.
type Grant struct {
	g    *Gate
	c    Credential
	src  uint32
	size int64
}

// sizeUnknown stands in for a body whose length its sender does not say, until it is read.
const sizeUnknown = 1 << 20

// Admit lets a source in before its body is read. Size is the body's length in bytes as announced, -1 if unknown, 0 for a
// grant that is kept, such as the scrape loop's. Close the grant when the body is done with. The error is a fault.Error: of
// the kind TooLarge, Unauthorized, Forbidden, Unavailable (the store accepts nothing) or Limited, then inside a *Busy.
func (g *Gate) Admit(ctx context.Context, c Credential, size int64) (*Grant, error) {
	now := g.o.Now()
	src, ok := g.sources.get(c.Source, g.rateOf(c), g.o.Limits.RowsPerSecond)
	if !ok {
		if src, ok = g.sources.get("other", 0, 0); !ok {
			src = 0
		}
	}
	s := g.sources.at(src)
	refuse := func(r Reason, err error) (*Grant, error) {
		s.refuse(c.Signal, r, 1, err, now.UnixMilli())
		return nil, err
	}
	if g.o.Authenticate != nil {
		if err := g.o.Authenticate(ctx, c); err != nil {
			return refuse(Unauthorized, err)
		}
	}
	l := g.o.Limits
	if l.BodyBytes > 0 && size > l.BodyBytes {
		return refuse(BodyTooLarge, fault.New(fault.TooLarge, "the body has %d bytes; at most %d are accepted", size, l.BodyBytes))
	}
	if size != 0 {
		if err := g.writable(c.Signal != Metrics); err != nil {
			return refuse(StoreRefused, err)
		}
		if wait := s.allowed.debt(now); wait > 0 {
			return refuse(Rate, &Busy{After: wait, Err: fault.New(fault.Limited,
				"%s sends more than %g samples a second", c.Source, l.SamplesPerSecond)})
		}
	}
	if size < 0 {
		size = sizeUnknown
	}
	if n := g.inFlight.Add(size); l.InFlightBytes > 0 && size > 0 && n > max(l.InFlightBytes, size) {
		g.inFlight.Add(-size)
		return refuse(Overload, &Busy{After: time.Second, Err: fault.New(fault.Limited,
			"bodies of %d bytes are being taken in already; at most %d at once", n-size, l.InFlightBytes)})
	}
	return &Grant{g: g, c: c, src: src, size: size}, nil
}

// writable says why the store of rows, or that of samples, would take nothing now.
func (g *Gate) writable(rows bool) error {
	out := &g.outage
	var err error
	switch {
	case !rows:
		err = g.o.Store.Writable()
	case g.o.Rows == nil:
		return errNoRows
	default:
		out, err = &g.rowless, g.o.Rows.Writable()
	}
	if err != nil {
		out.stopped(err)
	}
	return err
}

func (g *Gate) rateOf(c Credential) float64 {
	if len(c.By) > 0 {
		return 0
	}
	return g.o.Limits.SamplesPerSecond
}

// Grow asks for more bytes, which unpacking a body needs. The error is a *Busy.
func (gr *Grant) Grow(size int64) error {
	g := gr.g
	if n := g.inFlight.Add(size); g.o.Limits.InFlightBytes > 0 && n > max(g.o.Limits.InFlightBytes, gr.size+size) {
		g.inFlight.Add(-size)
		err := &Busy{After: time.Second, Err: fault.New(fault.Limited,
			"bodies of %d bytes are being taken in already; at most %d at once", n-size, g.o.Limits.InFlightBytes)}
		gr.Refuse(Overload, err)
		return err
	}
	gr.size += size
	return nil
}

// Close gives the admitted bytes free.
func (gr *Grant) Close() { gr.g.inFlight.Add(-gr.size) }

// Refuse counts a body that its reader could not accept.
func (gr *Grant) Refuse(r Reason, err error) { gr.RefuseAll(r, 1, err) }

// RefuseAll counts n things that are given up.
func (gr *Grant) RefuseAll(r Reason, n int, err error) {
	gr.g.sources.at(gr.src).refuse(gr.c.Signal, r, int64(n), err, gr.g.o.Now().UnixMilli())
}

// AppendableV2 wraps the store for scraping: the references it hands out are the gate's own.
func (gr *Grant) AppendableV2() storage.AppendableV2 { return appendable{gr} }

// Appendable wraps the store for rules and everything else that writes with the former kind of appender.
func (gr *Grant) Appendable() storage.Appendable { return appendable{gr} }
