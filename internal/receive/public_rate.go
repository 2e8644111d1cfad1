package receive

import (
	"net/netip"
	"sync"
	"time"
)

// burstSeconds is for how long an allowance adds up.
const burstSeconds = 10

// mostNetworks bounds the table of networks; beyond it the newcomers of a site share one allowance until the table is swept.
const mostNetworks = 50_000

// rates are token buckets for each site and for each network of a site. A bucket may run into debt, because how many events
// a body holds is known only when it was read.
type rates struct {
	mu      sync.Mutex
	buckets map[rateKey]*bucket
	swept   time.Time
}

type rateKey struct {
	site    string
	network netip.Prefix // zero: the whole site
}

type bucket struct {
	tokens, perSecond float64
	at                time.Time
}

func newRates() *rates { return &rates{buckets: map[rateKey]*bucket{}} }

// wait returns how long a sender has to wait until it may send again, 0 if it may now.
func (r *rates) wait(s *Site, network netip.Prefix, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(r.bucket(s, netip.Prefix{}, now).debt(), r.bucket(s, network, now).debt())
}

// spend takes n events off both allowances.
func (r *rates) spend(s *Site, network netip.Prefix, n int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bucket(s, netip.Prefix{}, now).tokens -= float64(n)
	if network.IsValid() {
		r.bucket(s, network, now).tokens -= float64(n)
	}
}

func (r *rates) bucket(s *Site, network netip.Prefix, now time.Time) *bucket {
	perSecond := s.RatePerSecond
	if perSecond <= 0 {
		perSecond = defaultSiteRate
	}
	if network.IsValid() {
		if perSecond = s.NetworkRate; perSecond <= 0 {
			perSecond = defaultNetworkRate
		}
	}
	k := rateKey{s.Key, network}
	b := r.buckets[k]
	if b == nil {
		if network.IsValid() && len(r.buckets) >= mostNetworks && !r.sweep(now) {
			k.network = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
			if b = r.buckets[k]; b != nil {
				b.fill(now, perSecond)
				return b
			}
		}
		b = &bucket{tokens: burstSeconds * perSecond, at: now}
		r.buckets[k] = b
	}
	b.fill(now, perSecond)
	return b
}

// sweep forgets the buckets that are full again, at most once a second, and reports whether there is room.
func (r *rates) sweep(now time.Time) bool {
	if d := now.Sub(r.swept); d < time.Second && d >= 0 {
		return false
	}
	r.swept = now
	for k, b := range r.buckets {
		b.fill(now, b.perSecond)
		if b.tokens >= burstSeconds*b.perSecond {
			delete(r.buckets, k)
		}
	}
	return len(r.buckets) < mostNetworks
}

func (b *bucket) fill(now time.Time, perSecond float64) {
	if d := now.Sub(b.at).Seconds(); d > 0 {
		b.tokens = min(b.tokens+d*b.perSecond, burstSeconds*perSecond)
		b.at = now
	}
	b.perSecond = perSecond
}

// debt returns how long it takes until the bucket holds an event again.
func (b *bucket) debt() time.Duration {
	if b.tokens >= 1 {
		return 0
	}
	return max(time.Millisecond, time.Duration((1-b.tokens)/b.perSecond*float64(time.Second)))
}
