// Package usage answers questions about people, errors, traces and services from rows. It keeps standing numbers at ingest:
// who was active on which day, sessions, retention, feature adoption, error groups and the service map; everything else it
// reads from the row store when asked. It decides nothing: no colour, no page. It keeps no pseudonym, only a hash of it, and
// forgets that too when told.
//
// The standing state lives in memory and, once a minute, in files of its own: one part per day, per chunk of people and so
// on, of which only those that changed are written, and a manifest that is replaced in one step. What came in after the last
// checkpoint is read again from the row store at the start (CatchUp), row by row exactly once.
package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Options is what the room needs.
type Options struct {
	Dir        string         // folder of the room's own files
	Rows       rowstore.Store // where the rows are
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time

	Views     []string      // event names that are page views; page, page_view, pageview, $pageview, screen and screen_view unless stated
	Passive   []string      // event names that nobody does: they are no interaction; web vitals, errors and their like unless stated
	MaxPeople int           // people at most, 5,000,000 unless stated; events of more are counted without a person
	Keep      time.Duration // how long days are kept, 25 months unless stated
	Oldest    time.Duration // how old a row may be when it comes in; 0: any age. It bounds what is read again at the start

	// Publish takes the standing numbers as samples, each minute; nil publishes nothing.
	Publish func(ctx context.Context, samples []Sample) error
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Views == nil {
		o.Views = []string{"page", "page_view", "pageview", "$pageview", "screen", "screen_view"}
	}
	if o.Passive == nil {
		o.Passive = []string{"web_vital", "web-vital", "LCP", "INP", "CLS", "FCP", "TTFB", "error", "js_error", "exception", "identify", "group", "alias", "session_start", "session_end", "heartbeat", "page_leave", "consent"}
	}
	if o.MaxPeople == 0 {
		o.MaxPeople = 5_000_000
	}
	if o.Keep == 0 {
		o.Keep = 25 * 31 * 24 * time.Hour
	}
	return o
}

// batchKey names rows that came in together: the gate gives each batch an instant of its own.
type batchKey struct {
	table    rowstore.Table
	received int64
}

// Room is the room. All methods may be called from several goroutines at once.
type Room struct {
	opt     Options
	words   words
	metrics metrics

	asking, waiting chan struct{} // questions that read rows

	mu          sync.Mutex
	state       *state
	failures    *failures
	joiner      *joiner
	watched     []Watched
	conversions map[string]conversion // by watched funnel
	clock       int64                 // newest time of arrival that was seen, Unix microseconds
	tail        map[batchKey]uint32   // rows that were counted, of the batches of the last minutes

	saving     sync.Mutex // one checkpoint at a time
	generation uint64
	files      map[string]string // part: file
	all        bool              // the last checkpoint failed: write every part
	lastDay    int32
}

// New opens the room with what its files hold. Damaged files are given up with a note in the log: CatchUp then reads
// everything again. CatchUp has to be called before the first row is observed.
func New(o Options) (*Room, error) {
	r := &Room{opt: o.withDefaults(), asking: make(chan struct{}, maxAsking), waiting: make(chan struct{}, maxInLine)}
	r.words = words{map[string]bool{}, map[string]bool{}}
	for _, n := range r.opt.Views {
		r.words.views[n] = true
	}
	for _, n := range r.opt.Passive {
		r.words.passive[n] = true
	}
	if err := r.metrics.register(r); err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	r.restore()
	return r, nil
}

// restore takes the state back to its files. What cannot be read is given up, but for the funnels that are watched.
func (r *Room) restore() {
	r.reset()
	err := r.load()
	if err == nil {
		return
	}
	if !errors.Is(err, errNoCheckpoint) {
		r.opt.Logger.Warn("usage files are made anew from the rows", "dir", r.opt.Dir, "err", err)
	}
	watched := r.watched
	r.reset()
	r.watched = watched
}

func (r *Room) reset() {
	r.state, r.failures, r.joiner = newState(r.opt.MaxPeople), &failures{groups: map[uint64]*group{}}, newJoiner()
	r.clock, r.tail, r.files, r.all, r.watched, r.conversions = 0, map[batchKey]uint32{}, map[string]string{}, true, nil, map[string]conversion{}
}

// ObserveRows counts the rows of a batch. The gate calls it after the commit.
func (r *Room) ObserveRows(b *rowstore.Batch) {
	if b.Table == rowstore.Logs { // most of them need no lock
		any := false
		for i := range b.Rows {
			any = any || failed(b.Table, &b.Rows[i])
		}
		if !any {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe(b.Table, b.Rows)
}

func (r *Room) observe(t rowstore.Table, rows []rowstore.Row) {
	for i := range rows {
		row := &rows[i]
		r.clock = max(r.clock, row.Received)
		if t == rowstore.Spans {
			r.joiner.observe(row)
		}
		r.count(t, row)
	}
	r.state.settle()
}

// count does what is done once per row, whether it comes in or is read again.
func (r *Room) count(t rowstore.Table, row *rowstore.Row) {
	bad := failed(t, row)
	if t != rowstore.Events && !bad {
		return
	}
	r.tail[batchKey{t, row.Received}]++
	if t == rowstore.Events {
		r.state.event(row, r.words)
	}
	if bad {
		who, known := r.state.of(row.User, row.Session)
		r.failures.observe(t, row, who, known)
	}
}

// Run counts spans, saves, expires and publishes until the context ends, and saves once more.
func (r *Room) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Duration(slotMicros) * time.Microsecond)
	defer tick.Stop()
	saved, published, swept := r.opt.Now(), int64(0), r.opt.Now()
	pause := time.Minute
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			return r.Checkpoint(last)
		case <-tick.C:
		}
		now := r.opt.Now()
		r.mu.Lock()
		r.joiner.advance(now.UnixMicro())
		r.mu.Unlock()
		if now.Sub(swept) >= 10*time.Minute {
			swept = now
			r.sweep(now)
		}
		if now.Sub(saved) >= pause {
			begin := time.Now()
			if err := r.Checkpoint(ctx); err != nil {
				r.opt.Logger.Error("usage could not be saved; what came in since is read again at the next start", "dir", r.opt.Dir, "err", err)
			}
			saved, pause = now, max(time.Minute, 20*time.Since(begin))
		}
		if minute := now.Unix() / 60; minute != published && r.opt.Publish != nil {
			published = minute
			if err := r.opt.Publish(ctx, r.Samples(ctx)); err != nil && ctx.Err() == nil {
				r.opt.Logger.Warn("usage could not be published", "err", err)
			}
		}
	}
}

// sweep forgets what is too old to be kept.
func (r *Room) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.evict(r.clock)
	today := dayOf(now.UnixMicro())
	if today == r.lastDay {
		return
	}
	r.lastDay = today
	r.state.expire(today-int32(r.opt.Keep/(24*time.Hour)), today)
	r.forgetIdle()
}
