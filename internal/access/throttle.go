package access

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// Guessing is slowed by address: after freeTries wrong secrets each further one costs twice the wait of the last.
const (
	freeTries = 5
	firstWait = time.Second
	longest   = 5 * time.Minute
	maxKeys   = 10_000
)

// Guessing at one account from many addresses is slowed as well: after pressureTries wrong ones from anywhere, an address
// that is new to it waits newcomerWait before its first try is looked at, and longer after each wrong one. Addresses wait
// apart from each other, so a stranger who never stops cannot hold the account's owner up for longer than that; a browser
// that has signed in to the account before (see known.go) does not wait for strangers at all.
const (
	pressureTries = 10
	newcomerWait  = 30 * time.Second
)

// source is who is guessing: an IPv4 address or an IPv6 /64, which one person may hold whole.
type source = netip.Prefix

// sourceOf reads an address with or without a port.
func sourceOf(remote string) source {
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		ap, err := netip.ParseAddrPort(remote)
		if err != nil {
			return source{} // a Unix socket: one source
		}
		addr = ap.Addr()
	}
	addr = addr.Unmap().WithZone("")
	bits := 64
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

// throttle counts wrong tries by key and says how long the next has to wait.
type throttle struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[string]tries
}

func newThrottle(now func() time.Time) *throttle { return &throttle{now: now, m: map[string]tries{}} }

// wait returns how long the key has to wait before its next try is looked at.
func (t *throttle) wait(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.m[key].until.Sub(t.now()))
}

// bad notes a wrong secret and returns the wait that it earned.
func (t *throttle) bad(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.note(key, freeTries, firstWait)
}

// note counts a wrong try. It needs mu.
func (t *throttle) note(key string, free int, first time.Duration) time.Duration {
	now := t.now()
	x, known := t.m[key]
	if now.Sub(x.last) > 2*longest {
		x = tries{}
	}
	x.wrong++
	x.last = now
	var wait time.Duration
	if n := x.wrong - free; n > 0 {
		wait = min(longest, first<<min(n-1, 16))
		x.until = now.Add(wait)
	}
	if !known && len(t.m) >= maxKeys {
		t.forget(now)
	}
	t.m[key] = x
	return wait
}

// good forgets the key's wrong tries.
func (t *throttle) good(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, key)
}

// attempt is one try at a password. It is counted as wrong before the password is looked at, so that tries at the same
// moment are all counted; good takes it back.
type attempt struct {
	keys   []string
	earned time.Duration // the wait that a wrong one earns
}

func addressKey(s source) string { return "address " + s.String() }

// accountKey hides and bounds what was typed as a login.
func accountKey(login string) string {
	sum := sha256.Sum256([]byte(login))
	return "account " + string(sum[:])
}

// try begins an attempt at an account, or returns how long it has to wait. device is empty or names a browser that has
// signed in to the account before.
func (t *throttle) try(from source, login, device string) (_ attempt, wait time.Duration) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if device != "" {
		key := "device " + device
		if w := t.m[key].until.Sub(now); w > 0 {
			return attempt{}, w
		}
		return attempt{[]string{key}, t.note(key, freeTries, firstWait)}, 0
	}
	address, account := addressKey(from), accountKey(login)
	pair := account + " " + address
	if w := t.m[address].until.Sub(now); w > 0 {
		return attempt{}, w
	}
	x := t.m[account]
	pressed := x.wrong >= pressureTries && now.Sub(x.last) <= 2*longest
	if p, known := t.m[pair]; pressed && (!known || now.Sub(p.last) > 2*longest) {
		return attempt{}, t.note(pair, 0, newcomerWait)
	} else if w := p.until.Sub(now); pressed && w > 0 {
		return attempt{}, w
	}
	a := attempt{keys: []string{address, account}, earned: t.note(address, freeTries, firstWait)}
	t.note(account, pressureTries, 0) // counted, never waited for
	if pressed {
		a.keys = append(a.keys, pair)
		a.earned = max(a.earned, t.note(pair, 0, newcomerWait))
	}
	return a, 0
}

// done takes an attempt back that was right.
func (t *throttle) done(a attempt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range a.keys {
		delete(t.m, key)
	}
}

// forget makes room: keys that are no longer waiting go; if all are, one goes. It needs mu.
func (t *throttle) forget(now time.Time) {
	for key, x := range t.m {
		if !x.until.After(now) {
			delete(t.m, key)
		}
	}
	for key := range t.m {
		if len(t.m) < maxKeys {
			return
		}
		delete(t.m, key)
	}
}
