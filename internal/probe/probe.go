// Package probe asks from outside whether something answers as it should: HTTP with assertions, TLS with the end of its
// certificate, TCP, DNS, ICMP, gRPC health, and PostgreSQL. HTTP, TCP, DNS and ICMP are the blackbox exporter's own probers, so
// that modules and the names of series are those that people know; a result is written like a scrape with job="probe".
//
// Whatever a name resolves to is checked by egress before anything is sent, and the address that was checked is the one that is
// asked. Redirects are not followed, environment proxies are not used, and no body is kept or said. A probe that egress forbids
// writes nothing: its target was not seen to be down. One round at most runs for a target at a time.
package probe

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/fault"
)

// Job is the job label of the probes' series.
const Job = "probe"

// Gatekeeper says where may be connected to; *egress.Dialer is one.
type Gatekeeper interface {
	Check(host string, a netip.Addr) error
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Options of a Prober. Appendable and Egress are required.
type Options struct {
	Appendable storage.AppendableV2
	Egress     Gatekeeper
	Probes     []Config
	Secret     func(name string) (string, bool) // of the secrets table
	Logger     *slog.Logger
	Now        func() time.Time
}

// atOnce is how many probes run at a time.
const atOnce = 32

// State is a probe's entry on the Sources page. Times are Unix milliseconds, 0 before the first round.
type State struct {
	Name, Target string
	Labels       map[string]string
	Health       string // up, down or unknown
	LastProbe    int64
	Interval     time.Duration
	Duration     time.Duration
	LastError    string
	Samples      int
}

// Prober runs probes.
type Prober struct {
	o      Options
	probes []*probe
	places chan struct{}
}

// sample is one value. Pairs are label names and values.
type sample struct {
	name  string
	pairs []string
	v     float64
}

// asker makes one round. The error says why it did not succeed; a *forbidden one that nothing was asked.
type asker func(ctx context.Context) ([]sample, error)

type probe struct {
	Config
	ask asker
	to  *tape

	mu    sync.Mutex
	state State
}

// forbidden is a target that may not be asked.
type forbidden struct{ err error }

func (f forbidden) Error() string { return f.err.Error() }
func (f forbidden) Unwrap() error { return f.err }

// New returns a prober that asks nothing until Run.
func New(o Options) (*Prober, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Prober{o: o, places: make(chan struct{}, atOnce)}
	for i := range o.Probes {
		c := o.Probes[i]
		if err := c.Validate(); err != nil {
			return nil, err
		}
		one := &probe{Config: c, to: newTape(o.Appendable, c.series()), state: State{Name: c.Name, Target: c.Shown(), Labels: c.Labels, Health: "unknown", Interval: c.Every()}}
		var err error
		if one.ask, err = p.asker(&one.Config); err != nil {
			return nil, err
		}
		p.probes = append(p.probes, one)
	}
	return p, nil
}

// IntervalOf says how often a series of a probe is written.
func (p *Prober) IntervalOf(l labels.Labels) (time.Duration, bool) {
	if l.Get("job") != Job {
		return 0, false
	}
	name := l.Get("probe")
	for _, one := range p.probes {
		if one.Name == name {
			return one.Every(), true
		}
	}
	return 0, false
}

// Sources returns the probes' states.
func (p *Prober) Sources() []State {
	out := make([]State, 0, len(p.probes))
	for _, one := range p.probes {
		one.mu.Lock()
		out = append(out, one.state)
		one.mu.Unlock()
	}
	return out
}

// Run runs every probe at its interval until ctx ends.
func (p *Prober) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, one := range p.probes {
		running.Go(func() { p.run(ctx, one) })
	}
	running.Wait()
	return nil
}

// run runs one probe. Probes begin at different moments of their interval, always the same ones.
func (p *Prober) run(ctx context.Context, one *probe) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(one.Name)) // never fails
	first := min(one.Every(), 10*time.Second)
	if !pause(ctx, time.Duration(h.Sum64()%uint64(first))) {
		return
	}
	tick := time.NewTicker(one.Every())
	defer tick.Stop()
	for {
		select {
		case p.places <- struct{}{}:
			p.once(ctx, one)
			<-p.places
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once makes one round.
func (p *Prober) once(ctx context.Context, one *probe) {
	start := p.o.Now()
	began := time.Now()
	asking, cancel := context.WithTimeout(ctx, one.Wait())
	found, err := one.round(asking)
	cancel()
	took := time.Since(began)
	if ctx.Err() != nil {
		return // half a round says nothing about the target
	}
	var f forbidden
	health := "up"
	switch {
	case errors.As(err, &f):
		found, health = nil, "down"
	default:
		success := 1.0
		if err != nil {
			success, health = 0, "down"
		}
		found = append(found, sample{name: "probe_success", v: success}, sample{name: "probe_duration_seconds", v: took.Seconds()})
	}
	if werr := one.to.write(ctx, start.UnixMilli(), found); werr != nil {
		err = errors.Join(err, werr)
		health = "down"
		p.o.Logger.Warn("writing a probe's result failed", "probe", one.Name, "err", werr)
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	was := one.state.LastError
	one.state.LastProbe, one.state.Duration, one.state.Samples = start.UnixMilli(), took, len(found)
	one.state.Health, one.state.LastError = health, ""
	if err != nil {
		one.state.LastError = fault.Outside(said(err))
		if was != one.state.LastError {
			p.o.Logger.Warn("a probe failed", "probe", one.Name, "err", err)
		}
	}
}

// round asks, and ends a panic of a prober with this round.
func (one *probe) round(ctx context.Context) (found []sample, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the prober failed: %v", r)
		}
	}()
	return one.ask(ctx)
}

// said makes an error one that people may read.
func said(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Unavailable, "%s", err.Error())
}

// finite leaves out what is no number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
