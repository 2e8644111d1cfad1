package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	pconfig "github.com/prometheus/common/config"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// grpc asks a server's health. It is not the blackbox exporter's own prober, which resolves the name again behind our back, uses
// proxies of the environment and ignores the timeout; the names of its series are kept.
func (p *Prober) grpc(c *Config) (asker, error) {
	host, port, err := net.SplitHostPort(c.Target)
	if err != nil {
		host, port = c.Target, "80"
		if c.GRPC.TLS {
			port = "443"
		}
	}
	creds := insecure.NewCredentials()
	if c.GRPC.TLS {
		t, err := pconfig.NewTLSConfig(&c.GRPC.TLSConfig)
		if err != nil {
			return nil, c.bad("tls_config: %w", err)
		}
		if t.ServerName == "" {
			t.ServerName = host
		}
		creds = credentials.NewTLS(t)
	}
	return func(ctx context.Context) ([]sample, error) {
		began := time.Now()
		a, err := p.addresses(ctx, host, c.GRPC.PreferredIPProtocol)
		if err != nil {
			return nil, err
		}
		resolved := time.Since(began)
		conn, err := grpc.NewClient("passthrough:///"+net.JoinHostPort(a.String(), port), grpc.WithTransportCredentials(creds), grpc.WithNoProxy(), grpc.WithAuthority(host),
			grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
				return p.o.Egress.DialContext(ctx, "tcp", addr)
			}))
		if err != nil {
			return nil, err
		}
		defer func() { _ = conn.Close() }()
		var from peer.Peer
		answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: c.GRPC.Service}, grpc.Peer(&from), grpc.WaitForReady(false))
		serving := answer.GetStatus()
		found := []sample{
			{name: "probe_grpc_duration_seconds", pairs: []string{"phase", "resolve"}, v: resolved.Seconds()},
			{name: "probe_grpc_duration_seconds", pairs: []string{"phase", "check"}, v: (time.Since(began) - resolved).Seconds()},
			{name: "probe_grpc_status_code", v: float64(status.Code(err))},
		}
		for n, word := range grpc_health_v1.HealthCheckResponse_ServingStatus_name {
			v := 0.0
			if err == nil && int32(serving) == n {
				v = 1
			}
			found = append(found, sample{name: "probe_grpc_healthcheck_response", pairs: []string{"serving_status", word}, v: v})
		}
		found = append(found, encryption(from)...)
		switch {
		case err != nil:
			return found, fmt.Errorf("the health of the server was not told: %s", status.Code(err))
		case serving != grpc_health_v1.HealthCheckResponse_SERVING:
			return found, fmt.Errorf("the server says %s", serving)
		}
		return found, nil
	}, nil
}

func encryption(from peer.Peer) []sample {
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return []sample{{name: "probe_grpc_ssl", v: 0}}
	}
	out := []sample{{name: "probe_grpc_ssl", v: 1}, {name: "probe_tls_version_info", pairs: []string{"version", tls.VersionName(info.State.Version)}, v: 1}}
	var first time.Time
	for _, cert := range info.State.PeerCertificates {
		if first.IsZero() || cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	if !first.IsZero() {
		out = append(out, sample{name: "probe_ssl_earliest_cert_expiry", v: float64(first.Unix())})
	}
	return out
}
