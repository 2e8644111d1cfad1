package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// feed brings signals in besides requests, or by a listener of its own, and is built anew when a reload changes what it goes by.
type feed struct {
	name string
	by   func(*Config) any // what of the configuration it goes by
	open func(context.Context, *Config, prometheus.Registerer) ([]func(context.Context) error, error)

	of    any    // what it goes by now
	close func() // nil unless it runs
}

// feeds are all of them.
type feeds struct {
	reg prometheus.Registerer

	mu   sync.Mutex
	ctx  context.Context // of what runs; nil until run
	g    *errgroup.Group
	cfg  *Config
	list []*feed
}

// openFeeds lists what can be built anew.
func (h *house) openFeeds() {
	h.feeds = &feeds{reg: h.reg, list: []*feed{
		{name: "syslog", by: func(c *Config) any { return c.Rows.Syslog }, open: h.openSyslog},
		{name: "log_files", by: func(c *Config) any { return c.Rows.Files }, open: h.openFiles},
		{name: "probes", by: func(c *Config) any { return []any{c.Probes, c.Secrets, c.EgressAllow} }, open: h.openProber},
		{name: "listen_public", by: publicDoor, open: h.openPublic},
	}}
}

// publicDoor is what the public door is built from; its sites are looked up with each request.
func publicDoor(c *Config) any {
	if c.Rows.Public == nil {
		return nil
	}
	return []any{c.Rows.Public.Listen, c.Rows.Public.TrustedProxies}
}

// run starts the feeds of a configuration; they end with the context, in the group.
func (f *feeds) run(ctx context.Context, g *errgroup.Group, cfg *Config) error {
	f.mu.Lock()
	f.ctx, f.g = ctx, g
	f.mu.Unlock()
	return f.apply(cfg)
}

// apply has the feeds go by a configuration. Those that it does not change run on. A feed that cannot be built leaves all as they
// were: two of them cannot hold one address, so what was is built again.
func (f *feeds) apply(cfg *Config) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx == nil { // nothing runs yet
		return nil
	}
	var changed []*feed
	for _, x := range f.list {
		if f.cfg != nil && reflect.DeepEqual(x.of, x.by(cfg)) {
			continue
		}
		changed = append(changed, x)
		err := f.build(x, cfg)
		if err == nil {
			continue
		}
		if f.cfg != nil {
			for _, c := range changed {
				err = errors.Join(err, f.build(c, f.cfg))
			}
		}
		return fmt.Errorf("%s: %w", x.name, err)
	}
	f.cfg = cfg
	return nil
}

// build ends a feed and starts it as a configuration says.
func (f *feeds) build(x *feed, cfg *Config) error {
	if x.close != nil {
		x.close()
		x.close = nil
	}
	x.of = x.by(cfg)
	ctx, cancel := context.WithCancel(f.ctx)
	lent := &lease{Registerer: f.reg}
	runs, err := x.open(ctx, cfg, lent)
	if err != nil {
		cancel()
		lent.end()
		return err
	}
	var running sync.WaitGroup
	for _, run := range runs {
		running.Add(1)
		f.g.Go(func() error {
			defer running.Done()
			if err := run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
			return nil
		})
	}
	x.close = func() {
		cancel()
		running.Wait()
		lent.end()
	}
	return nil
}

// lease is a registry for what a reload builds anew: what was registered through it can be taken back.
type lease struct {
	prometheus.Registerer
	held []prometheus.Collector
}

// Register implements prometheus.Registerer.
func (l *lease) Register(c prometheus.Collector) error {
	err := l.Registerer.Register(c)
	if err == nil {
		l.held = append(l.held, c)
	}
	return err
}

// MustRegister implements prometheus.Registerer.
func (l *lease) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := l.Register(c); err != nil {
			panic(err)
		}
	}
}

func (l *lease) end() {
	for _, c := range l.held {
		l.Unregister(c)
	}
	l.held = nil
}
