package app

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/syslog"
)

// serveFeeds starts what brings signals in besides requests: syslog, files and probes.
func (h *house) serveFeeds(ctx context.Context, g *errgroup.Group) error {
	for _, serve := range []func(context.Context, *errgroup.Group) error{h.serveSyslog, h.serveFiles} {
		if err := serve(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// serveSyslog takes syslog messages where the configuration says so.
func (h *house) serveSyslog(ctx context.Context, g *errgroup.Group) error {
	s := h.cfg.Load().Rows.Syslog
	if s.UDP.Listen == "" && s.TCP.Listen == "" && s.TLS.Listen == "" {
		return nil
	}
	rc := syslog.New(syslog.Options{
		Gate: h.gate, Labels: s.Labels, BusinessIDs: h.cfg.Load().Rows.BusinessIDs, Now: time.Now, Logger: h.log.With("room", "syslog"), Registerer: h.reg,
	})
	if s.UDP.Listen != "" {
		c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", s.UDP.Listen)
		if err != nil {
			return fault.New(fault.Invalid, "syslog.udp: %s cannot be listened on: %w", s.UDP.Listen, err).Hint("Choose another address, or off")
		}
		g.Go(func() error { return rc.ServeUDP(ctx, c) })
	}
	plain, err := h.openDoor(ctx, "syslog.tcp", s.TCP)
	if err != nil {
		return err
	}
	if plain != nil {
		g.Go(func() error { return rc.ServeTCP(ctx, plain) })
	}
	if s.TLS.Listen == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
	if err != nil {
		return fault.New(fault.Invalid, "syslog.tls: certificate %s and key %s cannot be used: %w", s.CertFile, s.KeyFile, err)
	}
	closed, err := h.openDoor(ctx, "syslog.tls", s.TLS)
	if err != nil {
		return err
	}
	if closed != nil {
		g.Go(func() error {
			return rc.ServeTCP(ctx, tls.NewListener(closed, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
		})
	}
	return nil
}
