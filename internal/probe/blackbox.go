package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"sync"

	bbconfig "github.com/prometheus/blackbox_exporter/config"
	"github.com/prometheus/blackbox_exporter/prober"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
)

// asker returns what asks for a probe.
func (p *Prober) asker(c *Config) (asker, error) {
	switch c.Kind() {
	case "grpc":
		return p.grpc(c)
	case "postgres":
		return p.postgres(c)
	}
	run := map[string]prober.ProbeFn{"http": prober.ProbeHTTP, "tcp": prober.ProbeTCP, "dns": prober.ProbeDNS, "icmp": prober.ProbeICMP}[c.Kind()]
	return func(ctx context.Context) ([]sample, error) {
		target, module, err := p.aim(ctx, c)
		if err != nil {
			return nil, err
		}
		reg := prometheus.NewRegistry()
		why := &reason{}
		ok := run(ctx, target, module, reg, slog.New(why))
		found, err := gather(reg)
		if err == nil && !ok {
			err = errors.New(why.text())
		}
		return found, err
	}, nil
}

// addresses resolves a host and asks egress about every address it has: a name with one good and one forbidden address is an
// attempt to slip through.
func (p *Prober) addresses(ctx context.Context, host, prefer string) (netip.Addr, error) {
	all := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		all = append(all, a)
	} else if all, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return netip.Addr{}, fmt.Errorf("the name could not be resolved: %w", err)
	}
	if len(all) == 0 {
		return netip.Addr{}, errors.New("the name has no address")
	}
	best := all[0].Unmap()
	for _, a := range all {
		a = a.Unmap()
		if err := p.o.Egress.Check(host, a); err != nil {
			return netip.Addr{}, forbidden{err}
		}
		if prefer == "ip6" && a.Is6() || prefer != "ip6" && a.Is4() {
			best = a
		}
	}
	return best, nil
}

// aim puts the address that was checked where the prober would resolve the name, and the name where the target needs it.
func (p *Prober) aim(ctx context.Context, c *Config) (target string, m bbconfig.Module, err error) {
	m = bbconfig.Module{Prober: c.Kind(), Timeout: c.Wait(), HTTP: c.HTTP, TCP: c.TCP, ICMP: c.ICMP, DNS: c.DNS}
	host, prefer := c.Target, m.ICMP.IPProtocol
	switch c.Kind() {
	case "http":
		return p.aimHTTP(ctx, c, m)
	case "tcp":
		var port string
		host, port, _ = net.SplitHostPort(c.Target) // validated
		if m.TCP.TLSConfig.ServerName == "" {
			m.TCP.TLSConfig.ServerName = host
		}
		a, err := p.addresses(ctx, host, m.TCP.IPProtocol)
		return net.JoinHostPort(a.String(), port), m, err
	case "dns":
		h, port, err := net.SplitHostPort(c.Target)
		if err != nil {
			h, port = c.Target, "53"
			if m.DNS.DNSOverTLS {
				port = "853"
			}
		}
		if m.DNS.TLSConfig.ServerName == "" {
			m.DNS.TLSConfig.ServerName = h
		}
		a, err := p.addresses(ctx, h, m.DNS.IPProtocol)
		m.DNS.IPProtocolFallback = true
		return net.JoinHostPort(a.String(), port), m, err
	}
	m.ICMP.IPProtocolFallback = true
	a, err := p.addresses(ctx, host, prefer)
	return a.String(), m, err
}

// largestBody is how much of an answer is read.
const largestBody = 10 << 20

func (p *Prober) aimHTTP(ctx context.Context, c *Config, m bbconfig.Module) (string, bbconfig.Module, error) {
	u, err := url.Parse(c.Target)
	if err != nil {
		return "", m, err
	}
	h := &m.HTTP
	a, err := p.addresses(ctx, u.Hostname(), h.IPProtocol)
	if err != nil {
		return "", m, err
	}
	h.IPProtocolFallback = true
	h.HTTPClientConfig.FollowRedirects = false
	h.HTTPClientConfig.EnableHTTP2 = true
	if h.BodySizeLimit <= 0 || h.BodySizeLimit > largestBody {
		h.BodySizeLimit = largestBody
	}
	h.Headers = maps.Clone(h.Headers)
	if h.Headers == nil {
		h.Headers = map[string]string{}
	}
	stated, agent := "", false
	for k, v := range h.Headers {
		switch textproto.CanonicalMIMEHeaderKey(k) {
		case "Host":
			stated = v
		case "User-Agent":
			agent = true
		}
	}
	if stated == "" {
		h.Headers["Host"] = u.Host
	}
	if !agent {
		h.Headers["User-Agent"] = "signalbox-probe"
	}
	if h.HTTPClientConfig.TLSConfig.ServerName == "" {
		name := stated
		if name == "" {
			name = u.Hostname()
		}
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		h.HTTPClientConfig.TLSConfig.ServerName = name
	}
	u.Host = at(a, u.Port())
	return u.String(), m, nil
}

// at writes an address and a port as they stand in a URL.
func at(a netip.Addr, port string) string {
	if port != "" {
		return net.JoinHostPort(a.String(), port)
	}
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// gather reads what a prober has measured. What the target itself has said stays out.
func gather(reg *prometheus.Registry) ([]sample, error) {
	families, err := reg.Gather()
	if err != nil {
		return nil, err
	}
	var out []sample
	for _, f := range families {
		if f.GetName() == "probe_expect_info" {
			continue
		}
		for _, m := range f.GetMetric() {
			s := sample{name: f.GetName(), v: m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()}
			for _, l := range m.GetLabel() {
				s.pairs = append(s.pairs, l.GetName(), l.GetValue())
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// reason remembers why a prober failed: its newest error, else its newest word. Of what it says about it, only what cannot
// hold a body is kept.
type reason struct {
	mu          sync.Mutex
	word, error string
}

// Enabled implements slog.Handler.
func (r *reason) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (r *reason) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup implements slog.Handler.
func (r *reason) WithGroup(string) slog.Handler { return r }

// Handle implements slog.Handler.
func (r *reason) Handle(_ context.Context, rec slog.Record) error {
	text := rec.Message
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "err", "status_code", "valid_status_codes", "header", "regexp", "rcode":
			v := strings.ToValidUTF8(a.Value.String(), "\uFFFD")
			text += fmt.Sprintf(", %s %s", a.Key, v[:min(len(v), 200)])
		}
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec.Level >= slog.LevelError {
		r.error = text
	} else if !strings.HasPrefix(text, "Response timings") {
		r.word = text
	}
	return nil
}

func (r *reason) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.error != "":
		return r.error
	case r.word != "":
		return r.word
	}
	return fault.New(fault.Unavailable, "the target did not answer as it should").Error()
}
