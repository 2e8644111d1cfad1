package govern

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// DB is the state database.
type DB interface {
	Migrate(ctx context.Context, room string, files fs.FS) error
	Tx(ctx context.Context, f func(*sql.Tx) error) error
	SQL() *sql.DB
}

// Options are the room's dependencies.
type Options struct {
	DB         DB
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer

	// Audit writes a record in the caller's transaction. Its error refuses the change.
	Audit func(ctx context.Context, tx *sql.Tx, r audit.Record) error
	// Limits is what the house around the documents fixes: retention, scrape jobs, receivers.
	Limits func() policy.Limits
	// Check says what else is wrong with the documents that would be in force; nil for nothing.
	Check func(next []policy.Document) []policy.Finding
	// Swap makes next what the machines go by: it builds everything, calls commit with the instant (Unix ms) from which each
	// new or changed KPI judges, and swaps. An error before or of commit changes nothing. A KPI carries its revision's number.
	Swap func(ctx context.Context, next []policy.Document, commit func(effective map[string]int64) error) error
	// BackTest replays both definitions over (from, to]; a nil one is left out. It returns one comparison as JSON, and a sentence.
	BackTest func(ctx context.Context, old, new *kpi.KPI, from, to int64, progress func(float64)) (json.RawMessage, string, error)
	// Changed is told of policies whose state moved: revision, proposal, review or feedback. It must not change anything here
	// itself: the turn is still held. May be nil.
	Changed func([]policy.Ref)
	// Numbers is the number that the books of an earlier version give the first revision of a policy: that of the same hash, or
	// the one after the newest; 0 for none. May be nil.
	Numbers func(kind, name, hash string) int
	// Shown reports whether a KPI, or a group of it, is shown to somebody whose scope does not cover its definition. May be nil.
	Shown func(p access.Principal, name string) bool
	// Recent is how long a personal sign-in counts as recent for a regulated change whose Approval states nothing; 0 means 15
	// minutes.
	Recent time.Duration
	// NewFile names the file that a policy without one is written to; empty for none. May be nil.
	NewFile func(ref policy.Ref) string

	// ReadFile and WriteFile are os.ReadFile and an atomic replacement unless stated.
	ReadFile  func(path string) ([]byte, error)
	WriteFile func(path string, text []byte) error
}

func (o Options) recent() time.Duration { return cmp.Or(o.Recent, signInRegulated) }

// Validate reports the first option that is missing.
func (o Options) Validate() error {
	switch {
	case o.DB == nil:
		return errors.New("govern: no state database")
	case o.Audit == nil:
		return errors.New("govern: no audit log; a change that nobody can prove is not made")
	case o.Swap == nil:
		return errors.New("govern: no machines to hand policies to")
	}
	return nil
}

// Govern is safe for concurrent use. Changes take turns; readers never wait for them.
type Govern struct {
	o    Options
	book book

	turn  sync.Mutex // held by whoever changes something, from the first look to the swap
	force atomic.Pointer[force]
	files atomic.Pointer[map[policy.Ref]memory] // as in the table; replaced whole

	jobs    *jobs
	wake    chan struct{}
	metrics metrics
}

type metrics struct {
	applied *prometheus.CounterVec
	denied  *prometheus.CounterVec
	behind  prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (metrics, error) {
	m := metrics{
		applied: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_govern_revisions_total", Help: "Revisions applied, by kind of policy."}, []string{"kind"}),
		denied:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_govern_denied_total", Help: "Attempts that were refused and audited, by action."}, []string{"action"}),
		behind:  prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_govern_file_writes_failed_total", Help: "Policy files that could not be brought to the revision in force."}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.applied, m.denied, m.behind} {
		if err := reg.Register(c); err != nil {
			return m, fmt.Errorf("govern: %w", err)
		}
	}
	return m, nil
}

// New migrates the room's tables and loads what is in force. It starts nothing and swaps nothing.
func New(o Options) (*Govern, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Limits == nil {
		o.Limits = func() policy.Limits { return policy.Limits{} }
	}
	if o.Changed == nil {
		o.Changed = func([]policy.Ref) {}
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.WriteFile == nil {
		o.WriteFile = replaceFile
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	g := &Govern{o: o, book: newBook(), jobs: newJobs(), wake: make(chan struct{}, 1), metrics: m}
	ctx := context.Background()
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "govern", sub); err != nil {
		return nil, err
	}
	err = o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, g.book.sql["lost evidence"])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("close back-tests that were cut off: %w", err)
	}
	revisions, err := g.book.newest(ctx, o.DB.SQL())
	if err != nil {
		return nil, err
	}
	g.force.Store(g.newForce(revisions))
	return g, g.loadFiles(ctx)
}

func (g *Govern) loadFiles(ctx context.Context) error {
	files, err := g.book.files(ctx, g.o.DB.SQL())
	if err != nil {
		return err
	}
	g.files.Store(&files)
	return nil
}

// InForce returns the documents in force that can be read, ordered by kind and name. A KPI carries its revision's number.
// Callers must not change what the documents point to.
func (g *Govern) InForce() []policy.Document { return g.force.Load().docs }

func (g *Govern) now() int64 { return g.o.Now().UnixMilli() }

// stir has Run look at once at what is due.
func (g *Govern) stir() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}
