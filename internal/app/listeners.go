package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/ui"
)

// openDoor takes a receiver's address. One that was stated and is taken is an error; a default that is taken is said and
// left, because two signalboxes on one machine are no mistake.
func (h *house) openDoor(ctx context.Context, name string, d Door) (net.Listener, error) {
	if d.Listen == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.Listen)
	switch {
	case err == nil:
		return l, nil
	case d.Stated:
		return nil, fault.New(fault.Invalid, "%s: %s cannot be listened on: %w", name, d.Listen, err).Hint("Choose another address, or off")
	}
	h.log.Warn("a default address is taken and not listened on", "for", name, "listen", d.Listen, "err", err)
	return nil, nil
}

// serveDoors answers on the receivers' own addresses until the context ends.
func (h *house) serveDoors(ctx context.Context, g *errgroup.Group) error {
	cfg := h.cfg.Load()
	web, err := h.openDoor(ctx, "otlp.http", cfg.Rows.HTTP)
	if err != nil {
		return err
	}
	rpc, err := h.openDoor(ctx, "otlp.grpc", cfg.Rows.GRPC)
	if err != nil {
		return err
	}
	if web != nil {
		handler, err := h.access.Handler(h.otlp.Routes()[:3])
		if err != nil {
			return err
		}
		for _, run := range h.serveHTTP(&http.Server{
			Handler: h.cors(handler), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: slog.NewLogLogger(h.log.With("room", "otlp").Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx },
		}, web) {
			g.Go(func() error { return run(ctx) })
		}
	}
	if rpc != nil {
		g.Go(func() error { return h.serveGRPC(ctx, rpc) })
	}
	return h.feeds.run(ctx, g, cfg)
}

// cors has pages of the origins that are stated send OTLP.
func (h *house) cors(next http.Handler) http.Handler {
	return otlp.CORS(func() []string { return h.cfg.Load().Rows.CORS }, next)
}

// openPublic opens the door for browsers of the public.
func (h *house) openPublic(ctx context.Context, cfg *Config, _ prometheus.Registerer) ([]func(context.Context) error, error) {
	p := cfg.Rows.Public
	if p == nil {
		return nil, nil
	}
	proxies, err := p.Proxies()
	if err != nil {
		return nil, err
	}
	script, err := ui.Handler() // of which the door serves /sb.js alone
	if err != nil {
		return nil, err
	}
	l, err := h.openDoor(ctx, "listen_public", Door{p.Listen, true})
	if err != nil {
		return nil, err
	}
	door := receive.NewPublic(receive.PublicOptions{
		Gate: h.gate, Script: script, TrustedProxies: proxies, Business: cfg.Rows.BusinessIDs, IDs: h.public, Now: time.Now, Logger: h.log.With("room", "public"),
		Sites: func() []receive.Site {
			if p := h.cfg.Load().Rows.Public; p != nil {
				return p.Sites
			}
			return nil
		},
	})
	return h.serveHTTP(door.Server(), l), nil
}

// serveHTTP returns what serves until a context ends, and gives requests under way a moment.
func (h *house) serveHTTP(s *http.Server, l net.Listener) []func(context.Context) error {
	return []func(context.Context) error{
		func(context.Context) error {
			err := h.accept(s, l)
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		},
		func(ctx context.Context) error {
			<-ctx.Done()
			stop, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer done()
			if s.Shutdown(stop) != nil {
				_ = s.Close()
			}
			return nil
		},
	}
}
