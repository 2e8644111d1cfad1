// Package egress is the one way out for everything that the server dials because a person or a policy said so: webhooks,
// probes, runbook checks, sign-in providers. It checks the address after the name was resolved and connects to that very
// address, so a name that answers differently the second time gains nothing. Link-local and cloud metadata addresses are
// never dialled, loopback and private ones only if the operator allowed them. Scrape targets from the configuration file are
// trusted and do not pass here.
package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// Resolver turns a host name into addresses; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options of a Dialer.
type Options struct {
	Allow       []netip.Prefix // loopback and private networks that may be dialled (egress.allow); metadata addresses stay refused
	Resolver    Resolver       // default: the system's
	DialTimeout time.Duration  // for resolving and connecting together; default 10s
}

// Dialer opens connections to addresses that are allowed.
type Dialer struct {
	allow    []netip.Prefix
	resolver Resolver
	timeout  time.Duration
}

// New returns a dialer.
func New(o Options) *Dialer {
	d := &Dialer{resolver: o.Resolver, timeout: o.DialTimeout}
	for _, p := range o.Allow {
		d.allow = append(d.allow, unmapPrefix(p))
	}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.timeout <= 0 {
		d.timeout = 10 * time.Second
	}
	return d
}

// ParseAllow reads the entries of egress.allow: a network in CIDR notation or a single address.
func ParseAllow(entries []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(entries))
	for _, e := range entries {
		s := strings.TrimSpace(e)
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fault.New(fault.Invalid, "egress.allow: %q is neither a network (10.0.0.0/8) nor an address (127.0.0.1)", e)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// DialContext resolves the host of addr ("host:port"), refuses it if any of its addresses is forbidden, and connects to one
// of the addresses that were checked. Network is tcp, tcp4 or tcp6.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fault.New(fault.Forbidden, "outgoing connections use tcp, not %q", network)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not an address of the form host:port", addr)
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	addrs, err := d.resolve(ctx, network, host)
	if err != nil {
		return nil, err
	}
	// All or nothing: a name with one good and one forbidden address is an attempt to slip through on a retry.
	for _, a := range addrs {
		if err := d.Check(host, a); err != nil {
			return nil, err
		}
	}
	var (
		dialer net.Dialer
		errs   []error
	)
	for _, a := range addrs {
		c, err := dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (d *Dialer) resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	addrs, err := d.resolver.LookupNetIP(ctx, "ip"+strings.TrimPrefix(network, "tcp"), host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, fault.New(fault.Unavailable, "the name %q has no address", host)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

// Check says whether the address that host resolved to may be dialled.
func (d *Dialer) Check(host string, a netip.Addr) error {
	// A zone would let fe80::1%eth0 pass a comparison of prefixes, and an IPv6 address that carries an IPv4 one reaches
	// wherever that one reaches: the address that counts is the one inside.
	a = innermost(a)
	for _, n := range never {
		if n.net.Contains(a) {
			return fault.New(fault.Forbidden, "the address %s of %q is %s and is never dialled", a, host, n.what)
		}
	}
	inside := ""
	for _, n := range private {
		if n.net.Contains(a) {
			inside = n.what
			break
		}
	}
	if inside == "" {
		return nil
	}
	for _, p := range d.allow {
		if p.Contains(a) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "the address %s of %q is %s and egress.allow does not name it", a, host, inside).
		Hint("Add it or its network to egress.allow in signalbox.yaml, such as %q", netip.PrefixFrom(a, a.BitLen()).String())
}
