package app

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/syslog"
)

// openSyslog takes syslog messages where the configuration says so.
func (h *house) openSyslog(ctx context.Context, cfg *Config, reg prometheus.Registerer) (runs []func(context.Context) error, err error) {
	s := cfg.Rows.Syslog
	if s.UDP.Listen == "" && s.TCP.Listen == "" && s.TLS.Listen == "" {
		return nil, nil
	}
	var held []interface{ Close() error }
	defer func() {
		if err != nil {
			for _, l := range held {
				_ = l.Close() // the error that counts is the other
			}
		}
	}()
	rc := syslog.New(syslog.Options{
		Gate: h.gate, Labels: s.Labels, BusinessIDs: cfg.Rows.BusinessIDs, Now: time.Now, Logger: h.log.With("room", "syslog"), Registerer: reg,
	})
	if s.UDP.Listen != "" {
		c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", s.UDP.Listen)
		if err != nil {
			return nil, fault.New(fault.Invalid, "syslog.udp: %s cannot be listened on: %w", s.UDP.Listen, err).Hint("Choose another address, or off")
		}
		held = append(held, c)
		runs = append(runs, func(ctx context.Context) error { return rc.ServeUDP(ctx, c) })
	}
	plain, err := h.openDoor(ctx, "syslog.tcp", s.TCP)
	if err != nil {
		return nil, err
	}
	if plain != nil {
		held = append(held, plain)
		runs = append(runs, func(ctx context.Context) error { return rc.ServeTCP(ctx, plain) })
	}
	if s.TLS.Listen == "" {
		return runs, nil
	}
	pair, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
	if err != nil {
		return nil, fault.New(fault.Invalid, "syslog.tls: certificate %s and key %s cannot be used: %w", s.CertFile, s.KeyFile, err)
	}
	closed, err := h.openDoor(ctx, "syslog.tls", s.TLS)
	if err != nil {
		return nil, err
	}
	return append(runs, func(ctx context.Context) error {
		return rc.ServeTCP(ctx, tls.NewListener(closed, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}), nil
}
