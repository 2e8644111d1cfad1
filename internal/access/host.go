package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

// CheckListen refuses an address that other machines reach unless TLS or a stated external_url protects what is sent
// there. A loopback external_url says nothing about how others come here, so it does not count.
func CheckListen(listen string, tls bool, external *url.URL) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fault.New(fault.Invalid, "listen %q: want host:port, such as 127.0.0.1:9700", listen)
	}
	if loopbackName(host) || tls || (external != nil && external.Host != "" && !loopbackName(external.Hostname())) {
		return nil
	}
	return fault.New(fault.Invalid, "listen %q can be reached from other machines without TLS, so tokens and cookies would cross the network in clear", listen).
		Hint("Listen on 127.0.0.1, or set tls with cert_file and key_file, or set external_url to the address that people use in front of this one, such as https://signalbox.example")
}

// loopbackName reports whether a host name or address is this machine and no other.
func loopbackName(host string) bool {
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// allowedHosts are the names under which this server answers.
func allowedHosts(o Options) map[string]bool {
	m := map[string]bool{"localhost": true}
	add := func(h string) {
		if h = canonicalHost(h); h != "" {
			m[h] = true
		}
	}
	for _, l := range o.Listen {
		if h, _, err := net.SplitHostPort(l); err == nil {
			add(h)
		}
	}
	if o.External != nil {
		add(o.External.Hostname())
	}
	for _, h := range o.Hosts {
		add(h)
	}
	return m
}

func canonicalHost(h string) string {
	return strings.TrimSuffix(strings.ToLower(strings.Trim(h, "[]")), ".")
}

// hostAllowed reports whether the request was meant for us. A page that rebinds its name to our address sends that name;
// an address literal cannot be rebound.
func (a *Access) hostAllowed(r *http.Request) bool {
	host := hostname(r.Host)
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return a.hosts[host]
}

func hostname(hostport string) string {
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		return canonicalHost(h)
	}
	return canonicalHost(hostport)
}

// https reports whether the browser came by TLS: to us, or to the proxy that external_url names.
func (a *Access) https(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	e := a.o.External
	return e != nil && e.Scheme == "https" && hostname(r.Host) == canonicalHost(e.Hostname())
}

// sameOrigin reports whether the request comes from a page of ours. Browsers send Origin with everything that changes
// something; known says whether the request said where it comes from at all.
func (a *Access) sameOrigin(r *http.Request) (same, known bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "":
			return false, false
		case "same-origin", "none": // none: typed or clicked outside a page
			return true, true
		default:
			return false, true
		}
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false, true // "null" among others
	}
	scheme := "http"
	if a.https(r) {
		scheme = "https"
	}
	if u.Scheme == scheme && withPort(u.Host, scheme) == withPort(r.Host, scheme) {
		return true, true
	}
	e := a.o.External
	return e != nil && u.Scheme == e.Scheme && withPort(u.Host, u.Scheme) == withPort(e.Host, e.Scheme), true
}

func withPort(host, scheme string) string {
	h, p, err := net.SplitHostPort(host)
	if err != nil {
		h, p = host, map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return net.JoinHostPort(canonicalHost(h), p)
}

// forwarded reports whether a proxy stands between the client and us: then loopback is the proxy, not the client.
func forwarded(h http.Header) bool {
	for k := range h {
		switch {
		case k == "Forwarded", k == "Via", k == "X-Real-Ip", k == "True-Client-Ip", k == "Cf-Connecting-Ip", strings.HasPrefix(k, "X-Forwarded-"):
			return true
		}
	}
	return false
}

// fromLoopback reports whether the connection comes from this machine itself.
func fromLoopback(r *http.Request) bool {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && ap.Addr().Unmap().IsLoopback() && !forwarded(r.Header)
}

// address returns where the request comes from. Behind a proxy that we trust it is the last address of X-Forwarded-For that
// no such proxy has: what stands further left the client may have made up.
func (a *Access) address(r *http.Request) string {
	host := r.RemoteAddr
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !a.proxy(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		addr, err := netip.ParseAddr(hop)
		if err != nil {
			break
		}
		if host = addr.Unmap().WithZone("").String(); !a.proxy(host) {
			break
		}
	}
	return host
}

// proxy reports whether the address is a proxy that we trust: one of Options.Proxies; without any, this machine if
// external_url says that people come another way than straight to us.
func (a *Access) proxy(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	if len(a.o.Proxies) == 0 {
		return addr.IsLoopback() && a.o.External != nil && a.o.External.Host != "" && !loopbackName(a.o.External.Hostname())
	}
	for _, p := range a.o.Proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
