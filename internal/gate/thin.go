package gate

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Intervals of series, in entry.every: milliseconds, with a bit for values that add up.
const (
	asItComes  = 0
	notAsked   = 1<<32 - 1
	cumulative = 1 << 31
)

// held is what a series with an interval was last seen with. If its values add up and then fall, the sample before the fall,
// which was left out, is stored after all: no increase is lost.
type held struct {
	mu    sync.Mutex
	seen  float64 // value, or count of a histogram
	some  bool    // seen is set
	left  bool    // what follows was left out
	t, st int64
	v     float64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram
}

// every returns the interval of a series, asking for it once.
func (b *Batch) every(e *entry, native bool) uint32 {
	v := e.every.Load()
	if v != notAsked {
		return v
	}
	d, adds := b.g.o.Interval(b.g.sources.at(e.src).name, e.l, native)
	v = uint32(min(d, 24*time.Hour).Milliseconds())
	if v > 0 && adds {
		v |= cumulative
	}
	e.every.Store(v)
	return v
}

// thin says that a sample comes before the interval of its series is over and counts it as sampled out.
func (b *Batch) thin(r Ref, e *entry, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) bool {
	every := b.every(e, h != nil || fh != nil)
	if every == asItComes {
		return false
	}
	last := e.last.Load()
	if last == unknown || last == never || t <= last || t > b.future {
		return false // the newest has to be known; what is late goes its own way
	}
	x := e.held.Load()
	if x == nil {
		x = &held{}
		if !e.held.CompareAndSwap(nil, x) {
			x = e.held.Load()
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if bits := e.bits.Load(); !x.some && bits != aHistogram {
		x.seen, x.some = math.Float64frombits(bits), true
	}
	now := v
	switch {
	case h != nil:
		now = float64(h.Count)
	case fh != nil:
		now = fh.Count
	}
	reset := every&cumulative != 0 && (x.some && now < x.seen || x.left && st > x.t)
	gone := value.IsStaleNaN(v) || h != nil && value.IsStaleNaN(h.Sum) || fh != nil && value.IsStaleNaN(fh.Sum)
	interval := int64(every &^ cumulative)
	if reset || gone || t-last >= interval-interval/100 { // senders' clocks tick a little unevenly
		if x.left && x.t > last && x.t < t && (reset || gone) {
			if _, err := b.add(r, e, e.l, x.st, x.t, x.v, x.h, x.fh, storage.AOptions{}); err == nil {
				b.thinned--
			}
		}
		x.left, x.h, x.fh = false, nil, nil
		x.seen, x.some = now, !gone
		return false
	}
	x.seen, x.some = now, true
	if x.left = every&cumulative != 0; x.left {
		x.t, x.st, x.v, x.h, x.fh = t, st, v, h, fh
	}
	if e.seen.Load() != b.minute {
		e.seen.Store(b.minute)
	}
	if e.src != b.src {
		b.count(e.src)
	}
	b.thinned++
	return true
}

// Resample lets Options.Interval be asked again about every cached series, after its policies have changed.
func (g *Gate) Resample() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := uint32(1); i < g.used; i++ {
		if e := g.at(i); e.gen.Load()&1 == 1 {
			e.every.Store(g.unasked())
		}
	}
}

// unasked is the interval of a series before it is known.
func (g *Gate) unasked() uint32 {
	if g.o.Interval == nil {
		return asItComes
	}
	return notAsked
}

// shareSpan is over how long a share of what was sampled out is reckoned, at least; twice that at most.
const shareSpan = 5 * time.Minute

// shares remembers what sources had sent before.
type shares struct {
	mu sync.Mutex
	of map[uint32][2]tally // older, newer
}

type tally struct {
	at                       time.Time
	samples, thin, rows, out int64
}

// SampledOut returns which share of a source's samples and of its rows was sampled out over the last minutes; 0 for a source
// that sent nothing. Thinned series whose values add up lose detail in time, and no increase.
func (g *Gate) SampledOut(source string) (samples, rows float64) {
	g.sources.mu.Lock()
	i, ok := g.sources.byName[source]
	g.sources.mu.Unlock()
	if !ok {
		return 0, 0
	}
	return g.sampledOut(i)
}

// SampledOutOf is SampledOut for the samples of one series; 0 for one that is not cached or has no interval.
func (g *Gate) SampledOutOf(l labels.Labels) float64 {
	_, e := g.find(l, l.Hash())
	if e == nil || e.every.Load() == asItComes || e.every.Load() == notAsked {
		return 0
	}
	samples, _ := g.sampledOut(e.src)
	return samples
}

func (g *Gate) sampledOut(i uint32) (samples, rows float64) {
	s := g.sources.at(i)
	now := tally{at: g.o.Now(), samples: s.accepted.Load(), thin: s.thinned.Load(), out: s.sampled.Load()}
	for t := range s.rows {
		now.rows += s.rows[t].Load()
	}
	g.shares.mu.Lock()
	defer g.shares.mu.Unlock()
	was, ok := g.shares.of[i]
	if !ok || now.at.Sub(was[1].at) >= shareSpan {
		if !ok {
			was[1] = tally{at: now.at} // since the start
		}
		was = [2]tally{was[1], now}
		g.shares.of[i] = was
	}
	share := func(out, in int64) float64 {
		if out <= 0 {
			return 0
		}
		return float64(out) / float64(out+in)
	}
	return share(now.thin-was[0].thin, now.samples-was[0].samples), share(now.out-was[0].out, now.rows-was[0].rows)
}
