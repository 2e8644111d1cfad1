package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Serve runs signalbox until the context ends: it reads and checks the configuration, opens the house, serves, reloads on
// demand and when a file changes, and closes everything. A configuration with an error starts nothing; its findings are
// written to o.Out.
func Serve(ctx context.Context, o ServeOptions) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	cfg, findings := Load(o.ConfigPath, o.Environ, Flags{Listen: o.Listen, Data: o.Data})
	for _, f := range findings {
		fmt.Fprintln(o.Out, f)
	}
	if cfg == nil {
		return fault.New(fault.Invalid, "the configuration has mistakes and nothing was started").Hint("Mend what is listed above; `signalbox check` says when it is good")
	}
	log, err := logger(o)
	if err != nil {
		return err
	}
	// The address is taken first: a port in use is the commonest mistake and must not open a store.
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fault.New(fault.Invalid, "%s cannot be listened on: %w", cfg.Listen, err).Hint("Choose another address with --listen")
	}
	if cfg.Listen != listener.Addr().String() && !cfg.ExternalStated {
		cfg.address2(listener.Addr())
	}
	h, err := open(ctx, cfg, o, log, o.Demo)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	err = h.serve(ctx, listener)
	return errors.Join(err, h.close())
}

// address2 takes over the port that the system chose for port 0.
func (c *Config) address2(a net.Addr) {
	if _, port, err := net.SplitHostPort(a.String()); err == nil {
		if host, want, err := net.SplitHostPort(c.Listen); err == nil && want == "0" {
			c.Listen = net.JoinHostPort(host, port)
			c.ExternalURL.Host = net.JoinHostPort(c.ExternalURL.Hostname(), port)
		}
	}
}

func (h *house) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           h.handler,
		ReadHeaderTimeout: 10 * time.Second, // slow headers must not hold a connection
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(h.log.With("room", "http").Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	g.Go(func() error {
		err := h.accept(server, listener)
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	if err := h.serveDoors(ctx, g); err != nil {
		cancel()
		return errors.Join(err, g.Wait())
	}
	g.Go(func() error { return h.run(ctx) })
	g.Go(func() error { h.watchFiles(ctx); return nil })
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				// Streams end with their context; others get a moment to finish.
				stop, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
				defer done()
				if server.Shutdown(stop) != nil {
					_ = server.Close()
				}
				return nil
			case <-h.o.Reload:
				if err := h.Reload(ctx); err != nil {
					h.log.Error("the configuration was not reloaded", "err", err)
				}
			}
		}
	})
	h.greet()
	if h.o.beside != nil {
		g.Go(func() error { return h.o.beside(ctx, h) })
	}
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	} else if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// accept serves plain HTTP, or TLS as the web configuration file says.
func (h *house) accept(server *http.Server, listener net.Listener) error {
	if file := h.cfg.Load().WebConfigFile; file != "" {
		flags := &web.FlagConfig{WebConfigFile: &file}
		return web.Serve(listener, server, flags, h.log.With("room", "http"))
	}
	return server.Serve(listener)
}

// greet says where to look, once everything answers.
func (h *house) greet() {
	cfg := h.cfg.Load()
	h.log.Info("signalbox is ready", "version", h.o.Version, "listen", cfg.Listen, "data", cfg.Data, "kpis", len(policy.KPIs(h.law())), "after", time.Since(h.started).Round(time.Millisecond).String())
	link := h.access.SignInURL(cfg.ExternalURL)
	if h.o.Greet != nil {
		h.o.Greet(link)
		return
	}
	fmt.Fprintf(h.o.Out, "Open %s\n(the link signs you in once; later use the token in %s)\n", link, cfg.Data+string(os.PathSeparator)+"admin.token")
}

func logger(o ServeOptions) (*slog.Logger, error) {
	var level slog.Level
	if o.LogLevel != "" {
		if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
			return nil, fault.New(fault.Invalid, "log level %q: debug, info, warn or error is accepted", o.LogLevel)
		}
	}
	w := o.LogOut
	if w == nil {
		w = os.Stderr
	}
	opts := &slog.HandlerOptions{Level: level}
	switch o.LogFormat {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	default:
		return nil, fault.New(fault.Invalid, "log format %q: text or json is accepted", o.LogFormat)
	}
}

// Reload reads the configuration again. Everything is checked and built before anything is swapped; a bad file changes
// nothing, and what it said is kept for the status page.
func (h *house) Reload(ctx context.Context) (err error) {
	h.reload.Lock()
	defer h.reload.Unlock()
	defer func() {
		if err != nil {
			s := fault.Outside(err)
			h.lastErr.Store(&s)
			return
		}
		h.lastErr.Store(nil)
		h.loadedAt.Store(time.Now().UnixMilli())
	}()
	was := h.cfg.Load()
	cfg, findings := Load(h.o.ConfigPath, h.o.Environ, Flags{Listen: h.o.Listen, Data: h.o.Data})
	if cfg == nil {
		var first string
		n := 0
		for _, f := range findings {
			if f.Severity == strict.Error {
				if n == 0 {
					first = f.String()
				}
				n++
			}
		}
		return fault.New(fault.Invalid, "the configuration has %d mistakes and was not reloaded; the first: %s", n, first).
			Hint("`signalbox check` lists them all; what was in force stays in force")
	}
	restart := owed(h.begun, cfg)
	cfg.Listen, cfg.ExternalURL, cfg.Data, cfg.PrivacyKeys = was.Listen, was.ExternalURL, was.Data, was.PrivacyKeys
	steps := []struct {
		name  string
		apply func(*Config) error
	}{
		{"alerting", func(c *Config) error { return h.alert.ApplyConfig(routed(c, h.law())) }},
		{"scrape_configs", func(c *Config) error { return h.scrape.ApplyConfig(sampled(c, h.law()), c.JSONString...) }},
		{"remote_write", h.applyExport},
		{"feeds", h.feeds.apply},
		{"rule_files", func(c *Config) error { return h.rules.ApplyConfig(rulesConfig(c)) }},
		{"policies", func(c *Config) error {
			h.cfg.Store(c) // what a changed file says is checked against the configuration that names it
			return h.govern.SyncFiles(ctx, c.Documents, true)
		}},
	}
	for i, s := range steps {
		if err := s.apply(cfg); err != nil {
			for _, undo := range steps[:i] {
				if uerr := undo.apply(was); uerr != nil {
					h.log.Error("what was in force could not be put back", "part", undo.name, "err", uerr)
				}
			}
			h.cfg.Store(was)
			return fmt.Errorf("reload %s: %w", s.name, err)
		}
	}
	h.cfg.Store(cfg)
	h.owed.Store(&restart)
	h.log.Info("the configuration was reloaded", "policies", len(cfg.Documents), "warnings", len(cfg.Warnings))
	if len(restart) > 0 {
		h.log.Warn("keys that were changed take effect at the next start only", "keys", strings.Join(restart, ", "))
	}
	return nil
}
