// Package app joins every room: it reads and checks the configuration, chooses the stores, opens the house from the ground
// up, starts what runs, reloads it, and closes it in reverse. It is the only room that knows all others.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/prometheus/promql"
	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/alert"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/hostagent"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/probe"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/receive/cloudtrail"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
	"github.com/signalbox/signalbox/internal/rules"
	"github.com/signalbox/signalbox/internal/scrape"
	"github.com/signalbox/signalbox/internal/statestore"
	"github.com/signalbox/signalbox/internal/usage"
)

// house is one running signalbox.
type house struct {
	o       ServeOptions
	log     *slog.Logger
	reg     *prometheus.Registry
	started time.Time
	closers []closer

	cfg      atomic.Pointer[Config]
	inForce  atomic.Pointer[[]policy.Document] // what the machines go by
	loadedAt atomic.Int64
	lastErr  atomic.Pointer[string] // why the newest reload was refused
	reload   sync.Mutex

	lawChanged chan struct{} // wakes those who follow policies by themselves

	state    *statestore.DB
	samples  metricstore.Store
	rows     *duckdb.Store
	points   metricstore.Store
	ledger   *ledger.Ledger
	gate     *gate.Gate
	engine   *evaluate.Engine
	promql   *promql.Engine
	scrape   *scrape.Manager
	host     *hostagent.Agent
	rules    *rules.Manager
	alert    *alert.Alert
	receive  *receive.Receiver
	otlp     *otlp.Receiver
	events   *receive.Events
	known    *receive.IDs // of events that were counted
	public   *receive.IDs // those of the public door
	usage    *usage.Room
	privacy  *privacy.Privacy
	export   *export.Exporter
	remote   *export.Remote
	appended appended
	sql      *sandbox.Sandbox
	sampler  *gate.Sampler
	rowsKept atomic.Pointer[rowstore.Keep]
	private  atomic.Pointer[[]*policy.Privacy] // what privacy goes by
	board    *board.Board
	api      *api.API
	access   *access.Access
	audit    *audit.Log
	govern   *govern.Govern
	trail    *cloudtrail.Reader           // nil without a folder
	prober   atomic.Pointer[probe.Prober] // nil without probes
	feeds    *feeds
	begun    *Config                  // what the house was opened with
	owed     atomic.Pointer[[]string] // keys that were changed since and want a restart
	sights   sights
	books    runbooks
	routes   []access.Route // everything that is mounted
	handler  http.Handler
	ready    atomic.Bool
}

// closer is one named step of closing the house.
type closer struct {
	name  string
	close func() error
}

// closingTime bounds one step of closing.
const closingTime = 10 * time.Second

func (h *house) onClose(name string, f func() error) {
	h.closers = append(h.closers, closer{name, f})
}

// close closes what was opened, newest first.
func (h *house) close() error {
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		c := h.closers[i]
		done := make(chan error, 1)
		go func() { done <- c.close() }()
		select {
		case err := <-done:
			if err != nil {
				errs = append(errs, fmt.Errorf("close %s: %w", c.name, err))
			}
		case <-time.After(closingTime):
			errs = append(errs, fmt.Errorf("close %s: not done after %s", c.name, closingTime))
		}
	}
	h.closers = nil
	return errors.Join(errs...)
}

// open builds the house for a checked configuration. What fails leaves nothing open.
func open(ctx context.Context, cfg *Config, o ServeOptions, log *slog.Logger, demo api.Demo) (_ *house, err error) {
	h := &house{o: o, log: log, reg: prometheus.NewRegistry(), started: time.Now(), lawChanged: make(chan struct{}, 1)}
	h.cfg.Store(cfg)
	h.begun = cfg
	h.owed.Store(&[]string{})
	h.loadedAt.Store(time.Now().UnixMilli())
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	h.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(o.Version))
	for _, step := range []func(context.Context, *Config) error{h.openStores, h.openBooks, h.openMachines, h.openDoors(demo)} {
		if err := step(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *house) openStores(ctx context.Context, cfg *Config) error {
	h.sampler = gate.NewSampler(time.Now, h.metricType)
	lock, err := lockDir(cfg.Data)
	if err != nil {
		return err
	}
	h.onClose("the data directory's lock", lock.Close)
	if h.state, err = statestore.Open(filepath.Join(cfg.Data, "state.db"), cfg.FSync); err != nil {
		return err
	}
	h.onClose("the state database", h.state.Close)
	if h.samples, err = openSamples(cfg, h.log, h.appended.watch("metrics", h.reg)); err != nil {
		return err
	}
	h.onClose("the metric store", h.samples.Close)
	if h.points, err = openPoints(cfg, h.log, h.appended.watch("kpi", h.reg)); err != nil {
		return err
	}
	h.onClose("the KPI store", h.points.Close)
	return h.openRows(ctx, cfg)
}

func (h *house) openBooks(ctx context.Context, cfg *Config) (err error) {
	if err = h.openAudit(ctx, cfg); err != nil {
		return err
	}
	if h.ledger, err = ledger.Open(ctx, ledger.Options{Store: h.points, State: h.state, Now: time.Now}); err != nil {
		return err
	}
	h.access, err = access.New(ctx, access.Options{
		Logger: h.log.With("room", "access"), Registerer: h.reg, Now: time.Now, DB: h.state, DataDir: cfg.Data,
		AdminToken: cfg.AdminToken, Listen: []string{cfg.Listen, cfg.Rows.HTTP.Listen}, External: cfg.ExternalURL, Record: h.recordAccess,
		Idle: cfg.SignIn.Idle, Life: cfg.SignIn.Life, Recent: cfg.SignIn.Recent, OIDC: cfg.oidc(),
	})
	return err
}

func (h *house) openMachines(ctx context.Context, cfg *Config) (err error) {
	h.promql = newPromQL(h.log.With("room", "promql"), h.reg)
	all := h.queryable()
	if err = h.openUsage(cfg); err != nil {
		return err
	}
	if err = h.openPrivacy(ctx, cfg); err != nil {
		return err
	}
	if err = h.openExport(ctx, cfg); err != nil {
		return err
	}
	if err = h.openSQL(cfg); err != nil {
		return err
	}
	h.engine = evaluate.New(evaluate.Options{
		Store: h.samples, Ledger: h.ledger, Query: ask(h.promql, all), IntervalOf: h.intervalOf,
		Rows: h.rows, SQL: h.askSQL, Page: h.page, Rewatch: func() { h.gate.Rewatch() }, Changed: h.changed,
		Now: time.Now, Logger: h.log.With("room", "evaluate"), Registerer: h.reg,
	})
	h.gate = gate.New(gate.Options{
		Store: h.samples, Observers: []gate.Observer{h.engine}, Refused: h.engine.Refused, Logger: h.log.With("room", "gate"), Registerer: h.reg,
		Now: time.Now, Rows: h.rows, RowObservers: []gate.RowObserver{watchers{h}}, Limits: h.rowLimits(), Redact: h.privacy.Redact, Sample: h.sampler.Sample, Interval: h.sampler.Interval,
	})
	if err = h.openIDs(ctx); err != nil {
		return err
	}
	h.openReceivers(cfg)
	if _, err = h.openProber(ctx, cfg, nil); err != nil { // the engine asks for its intervals; it is built again to run
		return err
	}
	h.openFeeds()
	grant, err := h.gate.Admit(ctx, gate.Credential{Source: "scrape", By: []string{"job", "instance"}}, 0)
	if err != nil {
		return err
	}
	if h.scrape, err = scrape.New(scrape.Options{Appendable: grant.AppendableV2(), Metadata: cfg.inline(), Logger: h.log.With("room", "scrape"), Registerer: h.reg, Now: time.Now}); err != nil {
		return err
	}
	if cfg.Host.Enabled {
		if grant, err = h.gate.Admit(ctx, gate.Credential{Source: "host"}, 0); err != nil {
			return err
		}
		h.host, err = hostagent.New(hostagent.Options{Appendable: grant.AppendableV2(), Interval: cfg.Host.Interval, Logger: h.log.With("room", "hostagent"), Now: time.Now})
		if err != nil {
			return err
		}
	}
	if err = h.openGovern(ctx); err != nil {
		return err
	}
	if err = h.openCloudTrail(ctx, cfg); err != nil {
		return err
	}
	if h.alert, err = openAlert(ctx, h, cfg); err != nil {
		return err
	}
	if grant, err = h.gate.Admit(ctx, gate.Credential{Source: "rules"}, 0); err != nil {
		return err
	}
	h.rules = rules.New(rules.Options{
		Appendable: grant.Appendable(), Queryable: all, Engine: h.promql, Notify: h.alert.Put, ExternalURL: cfg.ExternalURL,
		Logger: h.log.With("room", "rules"), Registerer: h.reg,
	})
	if err := h.scrape.ApplyConfig(sampled(cfg, h.law()), cfg.JSONString...); err != nil {
		return err
	}
	if err := h.rules.ApplyConfig(rulesConfig(cfg)); err != nil {
		return err
	}
	if err := h.engine.Start(ctx); err != nil {
		return err
	}
	if err := h.keep(h.law()); err != nil {
		return err
	}
	if err := h.usage.CatchUp(ownWork(ctx, "usage")); err != nil {
		return err
	}
	if err := h.protect(h.law()); err != nil {
		return err
	}
	if err := h.sample(h.law()); err != nil {
		return err
	}
	if err := h.engine.Apply(ctx, policy.KPIs(h.law())); err != nil {
		return err
	}
	if err := h.govern.SyncFiles(ctx, cfg.Documents, true); err != nil {
		return err
	}
	return h.engine.Removed(ctx)
}

func rulesConfig(cfg *Config) rules.Config {
	return rules.Config{
		Files: cfg.RuleFiles, BaseDir: cfg.Dir, Interval: time.Duration(cfg.Scrape.GlobalConfig.EvaluationInterval),
		ExternalLabels: cfg.Scrape.GlobalConfig.ExternalLabels,
	}
}

// queryable reads samples and KPI series as one.
func (h *house) queryable() merged { return merged{both{h.samples, h.ledger}, h.samples} }

// changed tells the event streams.
func (h *house) changed(names []string) {
	if h.api != nil {
		h.api.Changed(names)
	}
}

// page hands signals to the alert room.
func (h *house) page(ctx context.Context, signals []kpi.PageSignal) {
	if h.alert == nil {
		return
	}
	if err := h.alert.Signal(ctx, signals); err != nil {
		h.log.Error("the alert room did not take a signal", "err", err, "signals", len(signals))
	}
}

// run runs everything until the context ends and returns when all of it has stopped.
func (h *house) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	runs := []func(context.Context) error{
		h.gate.Run, h.alert.Run, h.engine.Run, h.board.Run, h.api.Run, h.rules.Run, h.scrape.Run, h.audit.Run, h.access.Run, h.govern.Run,
	}
	runs = append(runs, h.rows.Run, h.privacy.Run, h.export.Run, h.remote.Run, func(ctx context.Context) error { return h.usage.Run(ownWork(ctx, "usage")) })
	if h.host != nil {
		runs = append(runs, h.host.Run)
	}
	if h.trail != nil {
		runs = append(runs, h.trail.Run)
	}
	for _, s := range []metricstore.Store{h.samples, h.points} {
		if keeper, ok := s.(interface{ Run(context.Context) error }); ok {
			runs = append(runs, keeper.Run) // compaction, retention, recovery
		}
	}
	for _, run := range runs {
		g.Go(func() error { return run(ctx) })
	}
	for _, keep := range []func(context.Context){h.breathe, h.maintain, h.forget, h.forgetRows} {
		g.Go(func() error { keep(ctx); return nil })
	}
	h.ready.Store(true)
	return g.Wait()
}

// breathe gives memory that start-up needed back to the system once things have settled.
func (h *house) breathe(ctx context.Context) {
	t := time.NewTimer(20 * time.Second)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
		debug.FreeOSMemory()
	}
}

func buildInfo(version string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_build_info", Help: "Constant 1, labelled by version.", ConstLabels: prometheus.Labels{"version": version}})
	g.Set(1)
	return g
}
