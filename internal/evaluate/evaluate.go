// Package evaluate drives the KPI engine live: it watches the gate, feeds every watched sample to the meters it concerns,
// closes datapoints when their time has come, lets kpi.Judge decide, writes what was published and decided to the ledger,
// and says which groups should be alerting. It holds no second copy of a rule: what a number means is in kpi.
package evaluate

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// Options are the engine's dependencies. Functions left nil are not called.
type Options struct {
	Store  storage.Queryable // raw samples, to rebuild windows and to place late data
	Ledger *ledger.Ledger
	Query  func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) // for promql indicators
	Rows   Rows                                                                        // stored rows, to fill the windows of row indicators and to replay them
	// SQL answers an sql indicator over the window (from, to]: one sample with its columns as labels and `value` as its
	// number for each row of the answer.
	SQL        func(ctx context.Context, query string, from, to time.Time) (promql.Vector, error)
	IntervalOf func(l labels.Labels) (interval time.Duration, pulled bool) // the source's scrape interval
	Page       func(ctx context.Context, signals []kpi.PageSignal)
	Rewatch    func()               // has the gate ask Born anew for every series it knows
	Changed    func(names []string) // KPIs that published a datapoint or changed
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Engine implements gate.Observer and gate.RowObserver. Its methods are safe for concurrent use.
type Engine struct {
	o       Options
	log     *slog.Logger
	metrics metrics

	mu       sync.Mutex
	units    map[string]*unit // in force or waiting for their boundary's first period, by KPI name
	retiring []*unit          // replaced or removed, until their last period is closed
	index    *index
	rows     *rowIndex
	filling  []*unit     // whose windows are being filled while the tap feeds them already
	lives    [3]lively   // by table
	watches  [16][]watch // by generation, see Rewatched
	gen      uint32
	targets  map[target]*uptime
	outages  []ledger.Outage
	started  int64 // Unix ms
	wake     chan struct{}

	step    step           // guarded by mu
	closing sync.Mutex     // one close at a time: publishing must be in order
	spare   []ledger.Entry // the entries of the last round, reused; guarded by closing
	stage   chan struct{}  // holds a token while a rehearsal runs
	judging atomic.Int32   // closes of the fast lane under way
	// Revisions in force that the ledger could not write yet; guarded by closing.
	unrevised []ledger.Effective
}

// New returns an engine without KPIs. Apply gives it some, Run closes their datapoints.
func New(o Options) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{o: o, log: o.Logger, units: map[string]*unit{}, index: newIndex(nil), rows: newRowIndex(nil), targets: map[target]*uptime{}, wake: make(chan struct{}, 1), stage: make(chan struct{}, 1)}
	e.watches[0] = make([]watch, 1) // watch 0 is nobody
	for i := range e.lives {
		e.lives[i].since = math.MaxInt64 / 2 // until Start the tap knows nothing
	}
	e.metrics = newMetrics(o.Registerer)
	e.step = step{book: o.Ledger, moved: func(to kpi.Light) { e.metrics.transitions.WithLabelValues(to.String()).Inc() }}
	return e
}

// unit is one KPI in one revision, live.
type unit struct {
	k        *kpi.KPI
	revision int
	zone     *time.Location
	period   int64
	meter    *kpi.Meter   // nil for expr and promql
	formula  *kpi.Formula // expr
	inputs   map[string]*unit
	depth    int  // 0, or one more than the deepest input
	slow     bool // promql, or an expr that needs one: closes in the slow lane
	from     int64
	inForce  int64 // when its revision came into force, before or after a restart: periods that end later are its to restate
	until    int64 // a revision that was replaced judges no period that ends after it; 0 = in force
	closed   int64 // end of the newest closed period
	pulled   int64 // largest interval of a matched pulled series, ms
	pushed   bool  // a matched series is pushed
	waits    int64 // the delay found last, plus one; 0 = to be found anew
	amended  bool  // its definition changed while we were down
	dirty    int64 // oldest late sample waiting for a replay; math.MaxInt64 = none
	replayed int64 // when the last replay was done, Unix ms
	groups   map[string]*standing
	whole    *standing // nil for a KPI without `by`: then its only group is the whole
	wasOver  bool
	queryErr string
	near     map[*kpi.Selector]near
	rows     *rowUnit // nil for an indicator that rows do not feed
}

// standing is one group of a unit: what Judge remembers and what is told of it.
type standing struct {
	mem      kpi.Memory
	calm     int // newest datapoints in a row that are real and breach nothing
	points   recent
	labels   labels.Labels
	key      string
	ladder   *kpi.Ladder
	track    *ledger.Track
	verdict  kpi.Verdict
	birth    int64
	unplaced float64
	realAt   int64 // end of the newest real datapoint, or when the group began
	// Paging:
	firing     bool
	firingFrom int64
	noDataFrom int64
	cause      string
	decision   string
	grey       int // consecutive grey points
	saved      ledger.Standing
}

// delay is how long after its end a datapoint waits for samples: stated, or the largest matched scrape interval, or 5 s
// when something is pushed; an expr waits for its inputs.
func (u *unit) delay() int64 {
	if u.formula == nil && u.waits > 0 {
		return u.waits - 1
	}
	d := u.delayNow()
	u.waits = d + 1
	return d
}

func (u *unit) delayNow() int64 {
	if u.k.Delay != nil {
		return u.k.Delay.Milliseconds()
	}
	if u.formula != nil {
		var d int64
		for _, in := range u.inputs {
			d = max(d, in.delay())
		}
		return d
	}
	d := u.pulled
	if u.pushed || d == 0 {
		d = max(d, 5000)
	}
	return d
}

// interval is the scrape interval of a series in ms, 0 for pushed ones.
func (e *Engine) interval(l labels.Labels) int64 {
	if e.o.IntervalOf == nil {
		return 0
	}
	d, pulled := e.o.IntervalOf(l)
	if !pulled {
		return 0
	}
	return d.Milliseconds()
}

// unobserved reports whether (from, to] touches a span in which we were down or refused data. Callers hold e.mu.
func (e *Engine) unobserved(from, to int64) bool { return touches(e.outages, from, to) }

func touches(outages []ledger.Outage, from, to int64) bool {
	for _, o := range outages {
		if o.From < to && o.To > from {
			return true
		}
	}
	return false
}

// Refused notes a span in which data was refused, so that silence in it says nothing.
func (e *Engine) Refused(from, to time.Time, reason string) {
	e.addOutage(ledger.Outage{From: from.UnixMilli(), To: to.UnixMilli(), Reason: reason})
}

func (e *Engine) addOutage(o ledger.Outage) {
	if o.To <= o.From {
		return
	}
	e.mu.Lock()
	if n := len(e.outages); n > 0 && e.outages[n-1].Reason == o.Reason && o.From <= e.outages[n-1].To {
		e.outages[n-1].To = max(e.outages[n-1].To, o.To)
	} else {
		e.outages = append(e.outages, o)
		if len(e.outages) > 1000 {
			e.outages = e.outages[1:]
		}
	}
	e.mu.Unlock()
	if err := e.o.Ledger.AddOutage(context.Background(), o); err != nil {
		e.log.Error("an outage could not be written to the ledger", "err", err)
	}
}

// Start reads what the ledger knows of the time before: outages and how long we were down. It must be called once, before
// Apply.
func (e *Engine) Start(ctx context.Context) error {
	now := e.o.Now().UnixMilli()
	last, err := e.o.Ledger.LastHeartbeat(ctx)
	if err != nil {
		return fmt.Errorf("start evaluation: %w", err)
	}
	outages, err := e.o.Ledger.Outages(ctx, now-26*3600_000, now)
	if err != nil {
		return fmt.Errorf("start evaluation: %w", err)
	}
	e.mu.Lock()
	e.started, e.outages = now, outages
	for i := range e.lives {
		e.lives[i].since = now
	}
	e.mu.Unlock()
	if last > 0 && last < now {
		e.addOutage(ledger.Outage{From: last, To: now, Reason: "signalbox was down"})
	}
	return nil
}

// Statuses returns the present state of all KPIs, by name.
func (e *Engine) Statuses() []kpi.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]kpi.Status, 0, len(e.units))
	for _, name := range sortedNames(e.units) {
		out = append(out, e.status(e.current(name)))
	}
	return out
}

// Status returns the present state of one KPI.
func (e *Engine) Status(name string) (kpi.Status, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.units[name] == nil {
		return kpi.Status{}, false
	}
	return e.status(e.current(name)), true
}

// current returns the unit that judges now: while a new revision waits for its boundary, the old one.
func (e *Engine) current(name string) *unit {
	u := e.units[name]
	for _, old := range e.retiring {
		if old.k.Name == name && u.closed <= u.from {
			return old
		}
	}
	return u
}

func (e *Engine) status(u *unit) kpi.Status {
	s := kpi.Status{KPI: u.k, Revision: u.revision, Light: kpi.Grey, Delay: time.Duration(u.delay()) * time.Millisecond, Last: emptyPoint(0, kpi.NoData)}
	worst := kpi.Green
	for _, key := range sortedNames(u.groups) {
		g := u.groups[key]
		view := e.groupStatus(u, g)
		s.Groups = append(s.Groups, view)
		worst = kpi.Worst(worst, view.Light)
	}
	sortGroups(s.Groups)
	if len(s.Groups) > 0 {
		s.Light, s.Since, s.Reason = worst, s.Groups[0].Since, s.Groups[0].Reason
		s.Last, s.Budget = s.Groups[0].Last, s.Groups[0].Budget
	}
	if u.whole != nil {
		w := e.groupStatus(u, u.whole)
		s.Last, s.Budget = w.Last, w.Budget
		if len(u.k.By) == 0 {
			s.Light, s.Since, s.Reason = w.Light, w.Since, w.Reason
		}
	}
	if len(u.k.By) > 0 {
		s.Since = u.since(s)
	}
	if len(s.Groups) == 0 && u.whole == nil {
		s.Reason = "no datapoint has closed yet"
	}
	s.Warnings = e.warnings(u)
	return s
}

// since is when the KPI's light took its colour: kept with the whole, or, after a restart, read from the groups.
func (u *unit) since(s kpi.Status) int64 {
	if u.whole != nil && u.whole.mem.Judged && u.whole.mem.Light == s.Light {
		return u.whole.mem.Since
	}
	var since int64
	for _, g := range s.Groups {
		switch {
		case g.Light != s.Light:
		case since == 0, s.Light == kpi.Green && g.Since > since, s.Light != kpi.Green && g.Since < since:
			since = g.Since
		}
	}
	return since
}

func (e *Engine) groupStatus(u *unit, g *standing) kpi.GroupStatus {
	view := kpi.GroupStatus{Labels: g.labels, Light: g.mem.Light, Since: g.mem.Since, Red: g.mem.Red, Yellow: g.mem.Yellow, Unplaced: g.unplaced, Budget: g.verdict.Budget}
	if g.points.len() > 0 {
		view.Last = *g.points.last()
	}
	if !g.mem.Judged {
		view.Light, view.Reason = kpi.Grey, "no datapoint has closed yet"
		return view
	}
	view.Reason = reason(u.k, g)
	return view
}

func emptyPoint(end int64, why kpi.MissingReason) kpi.Point {
	nan := math.NaN()
	return kpi.Point{End: end, Value: nan, Upper: nan, Good: nan, Total: nan, Missing: why}
}
