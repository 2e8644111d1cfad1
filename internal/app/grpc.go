package app

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/exporter-toolkit/web"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/signalbox/signalbox/internal/fault"
)

// serveGRPC answers OTLP over gRPC, encrypted where the page is.
func (h *house) serveGRPC(ctx context.Context, l net.Listener) error {
	var options []grpc.ServerOption
	if name := h.cfg.Load().WebConfigFile; name != "" {
		c, err := encryption(name)
		if err != nil {
			return err
		}
		if c != nil {
			options = append(options, grpc.Creds(c))
		}
	}
	return h.otlp.ServeGRPC(ctx, l, options...)
}

// encryption reads the TLS part of a web configuration file; nil if it has none.
func encryption(name string) (credentials.TransportCredentials, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "tls.config_file: %w", err)
	}
	var c web.Config
	if err := yaml.Unmarshal(b, &c); err != nil {
		return nil, fault.New(fault.Invalid, "tls.config_file %s: %w", name, err)
	}
	if !c.TLSConfig.IsEnabled() {
		return nil, nil
	}
	c.TLSConfig.SetDirectory(filepath.Dir(name))
	t, err := web.ConfigToTLSConfig(&c.TLSConfig)
	if err != nil {
		return nil, fault.New(fault.Invalid, "tls.config_file %s: %w", name, err)
	}
	return credentials.NewTLS(t), nil
}
