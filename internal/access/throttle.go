package access

import (
	"net/netip"
	"sync"
	"time"
)

// Guessing is slowed by address: after freeTries wrong secrets each further one costs twice the wait of the last.
const (
	freeTries  = 5
	firstWait  = time.Second
	longest    = 5 * time.Minute
	maxSources = 10_000
)

// source is who is guessing: an IPv4 address or an IPv6 /64, which one person may hold whole.
type source = netip.Prefix

func sourceOf(remote string) source {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return source{} // a Unix socket: one source
	}
	addr, bits := ap.Addr().Unmap().WithZone(""), 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}

type tries struct {
	wrong int
	last  time.Time
	until time.Time
}

type throttle struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[source]tries
}

func newThrottle(now func() time.Time) *throttle { return &throttle{now: now, m: map[source]tries{}} }

// wait returns how long the source has to wait before its next try is looked at.
func (t *throttle) wait(s source) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.m[s].until.Sub(t.now()))
}

// bad notes a wrong secret and returns the wait that it earned.
func (t *throttle) bad(s source) time.Duration {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.m[s]
	if now.Sub(x.last) > 2*longest {
		x = tries{}
	}
	x.wrong++
	x.last = now
	var wait time.Duration
	if n := x.wrong - freeTries; n > 0 {
		wait = min(longest, firstWait<<min(n-1, 16))
		x.until = now.Add(wait)
	}
	if _, known := t.m[s]; !known && len(t.m) >= maxSources {
		t.forget(now)
	}
	t.m[s] = x
	return wait
}

// good forgets the source's wrong tries.
func (t *throttle) good(s source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, s)
}

// forget makes room: sources that are no longer waiting go; if all are, one goes. It needs mu.
func (t *throttle) forget(now time.Time) {
	for s, x := range t.m {
		if !x.until.After(now) {
			delete(t.m, s)
		}
	}
	for s := range t.m {
		if len(t.m) < maxSources {
			return
		}
		delete(t.m, s)
	}
}
