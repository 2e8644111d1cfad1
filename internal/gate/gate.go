// Package gate is the only way in for signals: authenticate, limit, store, then tell the observers. Nothing is acknowledged
// before it is durable, and every refusal is counted by source and reason.
//
// It keeps one cached entry per live series: the store's reference, the handles of the observers that watch it, the mark by
// which a sender names it, and the series that came next last time. A push therefore never decodes labels of a series that
// it knows, and a scrape finds its series by one index. It refuses to know who may write, what is private and what a KPI
// is: those come in as functions and observers.
package gate

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/metricstore"
)

// Options are what a gate is built with. Store is required; the zero value of the rest means its default.
type Options struct {
	Store        metricstore.Store
	Observers    []Observer // must not call the gate, either
	Limits       Limits
	Authenticate func(ctx context.Context, c Credential) error // nil = everybody may write
	// Refused tells that the store accepted nothing in (from, to]. It is called at most once a second while that lasts,
	// with the same from and a growing to, and once more when it is over. It must not call the gate.
	Refused    func(from, to time.Time, reason string)
	Forget     time.Duration // a series unseen for so long leaves the cache; default 2h
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Gate admits signals.
//
// Ownership. The gate owns its entries and the slices it hands to observers; the store stays its opener's. Labels that
// arrive with a new series are kept; histograms go to the store and the observers, neither of which may change them.
//
// Concurrency. All methods may be called from several goroutines at once; a Batch is used by one. Entries are reached
// without a lock: what changes in them is atomic, the rest is written before the entry is published by its generation. A
// dropped entry is used again only after every batch that began before the drop has ended (see sweep). Observers are told
// by the goroutine that commits, so samples of one series that are committed at the same time by two senders may arrive in
// either order.
type Gate struct {
	o        Options
	refusals [reasons]*Refusal // what a sender hears, with the limits in it

	pages  atomic.Pointer[[]*page] // grows only
	shards [shardCount]shard       // labels' hash -> entry

	mu       sync.Mutex // entries come and go under it
	used     uint32     // entries ever handed out; index 0 is none
	free     []uint32
	limbo    []uint32 // dropped, and perhaps still in a batch's hands
	limboIn  uint32   // the slot of batches that may hold them
	epoch    atomic.Uint32
	active   [2]atomic.Int64 // batches by epoch's parity
	series   atomic.Int64
	inFlight atomic.Int64 // bytes of admitted bodies

	sources sources
	outage  outage
	batches sync.Pool
}

// New returns a gate in front of a store.
func New(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Forget <= 0 {
		o.Forget = 2 * time.Hour
	}
	o.Limits.defaults()
	g := &Gate{o: o, refusals: o.Limits.refusals()}
	g.pages.Store(&[]*page{})
	for i := range g.shards {
		g.shards[i].m = map[uint64]uint32{}
	}
	g.used = 1
	g.sources.init()
	g.batches.New = func() any { return &Batch{g: g, out: make([][]Sample, len(o.Observers))} }
	if o.Registerer != nil {
		o.Registerer.MustRegister(g)
	}
	return g
}

// Run forgets unseen series every ten minutes. It returns when ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	t := time.NewTicker(min(10*time.Minute, g.o.Forget))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			g.Sweep()
		}
	}
}

// Limits returns the limits in force, defaults filled in.
func (g *Gate) Limits() Limits { return g.o.Limits }

// outage keeps the time in which the store accepted nothing.
type outage struct {
	on   atomic.Bool
	good atomic.Int64 // last commit, Unix milliseconds

	mu     sync.Mutex
	from   time.Time
	told   time.Time
	reason string
}

// longestGap bounds how long before its first refusal an outage is said to have begun: who sends less often than that sends
// again.
const longestGap = time.Minute

// stopped notes that the store refused something.
func (g *Gate) stopped(err error) {
	o := &g.outage
	now := g.o.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from.IsZero() {
		o.from, o.told = now.Add(-longestGap), time.Time{}
		if good := o.good.Load(); good == 0 {
			o.from = now
		} else if at := time.UnixMilli(good); at.After(o.from) {
			o.from = at
		}
		o.on.Store(true)
		g.o.Logger.Error("The store accepts nothing", "err", err)
	}
	o.reason = err.Error()
	if g.o.Refused != nil && now.Sub(o.told) >= time.Second {
		o.told = now
		g.o.Refused(o.from, now, o.reason)
	}
}

// stored notes a commit.
func (g *Gate) stored(now int64) {
	o := &g.outage
	o.good.Store(now)
	if !o.on.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from.IsZero() {
		return
	}
	if g.o.Refused != nil {
		g.o.Refused(o.from, time.UnixMilli(now), o.reason)
	}
	g.o.Logger.Info("The store accepts samples again", "since", o.from)
	o.from = time.Time{}
	o.on.Store(false)
}

// Timestamps that are no timestamps: nothing was accepted yet, and what was accepted is not known.
const (
	never   = math.MinInt64
	unknown = math.MaxInt64
)
