package privacy

import (
	"maps"
	"strings"
)

// Networks to which addresses are made coarser where nothing else is said.
const (
	netV4 = 24
	netV6 = 48
)

// maxKnown bounds how many names of attributes a plan remembers what is done to; those beyond are worked out each time.
const maxKnown = 4096

// What is done by the name of an attribute without any policy. Names are normal.
var (
	ofPerson  = &rule{act: pseudonym}
	ofAddress = &rule{act: network, v4: netV4, v6: netV6}
	ofLink    = &rule{act: link}
	ofQuery   = &rule{act: drop}
	ofSecret  = &rule{act: drop, isSecret: true}
)

var byName = func() map[string]*rule {
	m := map[string]*rule{}
	for _, n := range []string{"user", "user.id", "userid", "user.name", "username", "user.full.name", "enduser.id", "enduser.name", "anonymous.id", "anonymousid", "login"} {
		m[n] = ofPerson
	}
	for _, n := range []string{
		"client.address", "client.ip", "clientip", "client.socket.address", "http.client.ip", "net.peer.ip", "net.sock.peer.addr", "network.peer.address",
		"source.address", "source.ip", "peer.address", "peer.ip", "remote.addr", "remote.address", "remote.ip", "ip", "ip.address", "user.ip", "x.forwarded.for", "x.real.ip",
		"http.request.header.x.forwarded.for", "http.request.header.x.real.ip", "http.request.header.forwarded",
	} {
		m[n] = ofAddress
	}
	for _, n := range []string{"http.request.header.cookie", "http.response.header.set.cookie", "cookie", "set.cookie", "ssn", "social.security.number"} {
		m[n] = ofSecret
	}
	for _, n := range []string{"url.query", "url.fragment", "query.string"} {
		m[n] = ofQuery
	}
	for _, n := range []string{"url", "uri", "href", "referrer", "referer", "http.target", "url.full", "url.original", "url.path"} {
		m[n] = ofLink
	}
	return m
}()

// lastPart are the last parts of a name that say what the value is.
var lastPart = map[string]*rule{"url": ofLink, "uri": ofLink, "href": ofLink, "referrer": ofLink, "referer": ofLink, "ssn": ofSecret, "cookie": ofSecret}

// known is what is done to an attribute, and its name without personal data.
type known struct {
	*rule // nil: nothing but the detectors
	name  string
}

// of returns what is done to an attribute, and whether the plan remembers it.
func (w *worker) of(name string) (_ known, kept bool) {
	all := *w.pl.known.Load()
	if k, ok := all[name]; ok {
		return k, true
	}
	k := known{w.pl.decide(name), w.text(name)}
	if len(all) >= maxKnown || len(name) > 256 {
		return k, false
	}
	name = strings.Clone(name)
	w.pl.mu.Lock()
	defer w.pl.mu.Unlock()
	grown := maps.Clone(*w.pl.known.Load())
	grown[name] = known{k.rule, strings.Clone(k.name)}
	w.pl.known.Store(&grown)
	return k, false
}

// decide works out what is done to an attribute.
func (pl *plan) decide(name string) *rule {
	n := normal(name)
	for _, allowed := range pl.allow {
		if !allowed[n] {
			return &rule{act: drop}
		}
	}
	return pl.ruled(name, n)
}

// ruled is what is done by a name, lists of allowed ones aside. A policy's rule stands for what is done without one, but
// secrets stay dropped.
func (pl *plan) ruled(name, n string) *rule {
	r := byName[n]
	if r == nil {
		r = lastPart[n[strings.LastIndexByte(n, '.')+1:]]
	}
	if r == nil && secretName(name) {
		r = ofSecret
	}
	if own := pl.rules[n]; own != nil && (r == nil || !r.isSecret) {
		return own
	}
	return r
}
