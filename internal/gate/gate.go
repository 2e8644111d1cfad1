// Package gate is the only way in for signals: authenticate, limit, store, then tell the observers. Nothing is acknowledged
// before it is durable, and every refusal is counted by source, signal and reason.
//
// It keeps one cached entry per live series: the store's reference, the handles of the observers that watch it, the mark by
// which a sender names it, and the series that came next last time. A push therefore never decodes labels of a series that
// it knows, and a scrape finds its series by one index. It refuses to know who may write, what is private and what a KPI
// is: those come in as functions and observers.
//
// Rows go the same way, batch by batch: limits, redaction, sampling, the row store, then the observers of rows. What a source
// sent is what was stored, refused, taken out by privacy and left out by sampling, together, and each of the four is counted.
package gate

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Options are what a gate is built with. Store is required; the zero value of the rest means its default.
type Options struct {
	Store        metricstore.Store
	Observers    []Observer     // must not call the gate, either
	Rows         rowstore.Store // nil = rows are refused
	RowObservers []RowObserver  // must not call the gate, either
	// Redact takes personal data out of rows before anything is stored; an error means that it cannot, and nothing is kept.
	// Sample takes a share of the rows and sets their weight. Both may remove rows, compacting in place, and change fields.
	Redact func(source string, b *rowstore.Batch) error
	Sample func(source string, b *rowstore.Batch)
	// Interval says how far apart samples of a pushed series are kept and whether its values add up; see Sampler. Nil keeps
	// all. Scraped series and those of rules are not asked about.
	Interval     func(source string, l labels.Labels, native bool) (every time.Duration, cumulative bool)
	Limits       Limits
	Authenticate func(ctx context.Context, c Credential) error // nil = everybody may write
	// Refused tells that a store, of samples or of rows, accepted nothing in (from, to]. It is called at most once a second
	// while that lasts, with the same from and a growing to, and once more when it is over. It must not call the gate.
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
	arrived  atomic.Int64 // when the newest batch of rows came in, Unix microseconds
	inFlight atomic.Int64 // bytes of admitted bodies

	sources sources
	outage  outage // of the store of samples
	rowless outage // of the store of rows
	batches sync.Pool
	passes  sync.Pool
	shares  shares
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
	g.shares.of = map[uint32][2]tally{}
	g.outage.init(&g.o, "samples")
	g.rowless.init(&g.o, "rows")
	g.passes.New = func() any { return new(pass) }
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

// Timestamps that are no timestamps: nothing was accepted yet, and what was accepted is not known.
const (
	never   = math.MinInt64
	unknown = math.MaxInt64
)
