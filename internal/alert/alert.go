// Package alert turns red groups into alerts and sees to it that the right people are told once: routing, grouping,
// inhibition, silences, time intervals, deduplication and delivery are Alertmanager's own packages, used as a library. It
// keeps who was told and what is silenced in the state database before the next step is taken, so that a kill pages nobody
// twice. It does not decide what is wrong; that was decided by kpi.Judge.
package alert

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// retention is how long expired silences, alerts that ended, and who was told are kept at least.
	retention = 120 * time.Hour
	// grace is how long an attempt to deliver may go on after its configuration was replaced, or after the end of Run.
	grace = 5 * time.Second
)

// Options are the room's dependencies. Config nil means that nobody is told; alerts are visible all the same.
type Options struct {
	Config      *config.Config
	State       *statestore.DB
	ExternalURL *url.URL
	Receipt     func(ctx context.Context, r ledger.Receipt) // what became of an attempt to tell somebody
	Changed     func()                                      // alerts or silences changed
	// Dial opens the connections of receivers that speak HTTP; nil is the library's own dialer.
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Alert is the room. Its methods are safe for concurrent use.
type Alert struct {
	o       Options
	log     *slog.Logger
	alerts  *mem.Alerts
	sources *sources
	told    *told
	hasher  *notify.DedupStage
	turns   turns
	muted   *silences
	groups  marker.GroupMarker
	builder *notify.Metrics
	dmetric *dispatch.DispatcherMetrics
	record  eventrecorder.Recorder
	started time.Time

	apply   sync.Mutex
	now     atomic.Pointer[generation]
	applied []func(*config.Config, func(context.Context, model.LabelSet))

	mu       sync.Mutex
	standing map[string]standing    // a KPI's name and group -> its alert that goes on
	quiet    map[withheldKey]string // how an alert is withheld from a receiver
	tries    map[string]tries       // group and integration -> the notification that was not accepted yet
}

// New builds the room, reads silences and who was told, and applies the configuration. Nothing is sent before Run.
func New(ctx context.Context, o Options) (*Alert, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Receipt == nil {
		o.Receipt = func(context.Context, ledger.Receipt) {}
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{Scheme: "http", Host: "127.0.0.1:9700"}
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.State.Migrate(ctx, "alert", files); err != nil {
		return nil, err
	}
	flags := featurecontrol.NoopFlags{}
	a := &Alert{
		o: o, log: o.Logger, record: eventrecorder.NopRecorder(), groups: marker.NewGroupMarker(), started: o.Now(),
		builder: notify.NewMetrics(o.Registerer, flags), dmetric: dispatch.NewDispatcherMetrics(false, o.Registerer, flags),
		standing: map[string]standing{}, quiet: map[withheldKey]string{}, tries: map[string]tries{}, turns: turns{busy: map[string]chan struct{}{}},
		hasher: notify.NewDedupStage(unheard{}, unheard{}, nil),
	}
	// The provider outlives every configuration; it ends with Run.
	if a.alerts, err = mem.NewAlerts(context.WithoutCancel(ctx), 30*time.Minute, 0, nil, o.Logger, a.record, o.Registerer, flags); err != nil {
		return nil, fmt.Errorf("open alerts: %w", err)
	}
	if err := a.open(ctx); err != nil {
		a.alerts.Close()
		return nil, err
	}
	return a, nil
}

// open reads what the last run left and applies the configuration.
func (a *Alert) open(ctx context.Context) (err error) {
	a.sources = &sources{Alerts: a.alerts}
	if a.told, err = openTold(ctx, a.o); err != nil {
		return err
	}
	if a.muted, err = openSilences(ctx, a.o, a.record); err != nil {
		return err
	}
	if err := a.restore(ctx); err != nil {
		return err
	}
	return a.ApplyConfig(a.o.Config)
}

// Run delivers until the context ends, and returns when the deliveries that were under way have heard their answer, or
// after a short grace.
func (a *Alert) Run(ctx context.Context) error {
	a.apply.Lock()
	a.now.Load().start(a.started)
	a.apply.Unlock()
	tick := time.NewTicker(15 * time.Minute)
	defer tick.Stop()
	settled := time.NewTimer(disownAfter)
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			a.close()
			return nil
		case <-settled.C:
			if err := a.disown(ctx); err != nil {
				a.log.Error("the alerts of the last run could not be ended durably", "err", err)
			}
		case <-tick.C:
			a.forget()
			if err := errors.Join(a.told.tidy(ctx), a.muted.tidy(ctx), a.tidyKept(ctx)); err != nil {
				a.log.Error("expired records could not be removed", "err", err)
			}
		}
	}
}

func (a *Alert) close() {
	a.apply.Lock()
	defer a.apply.Unlock()
	a.now.Load().stop()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	a.turns.idle(ctx)
	a.now.Load().abandon()
	a.alerts.Close()
}

// ApplyConfig builds everything that a configuration says and then swaps it in; an error changes nothing. Alerts, silences
// and who was told live on.
func (a *Alert) ApplyConfig(c *config.Config) error {
	if c == nil {
		c = nobody()
	}
	a.apply.Lock()
	defer a.apply.Unlock()
	g, err := a.generation(c)
	if err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	if old := a.now.Load(); old != nil && old.running.Load() {
		old.stop()
		a.now.Store(g)
		g.start(a.started)
	} else {
		a.now.Store(g)
	}
	for _, f := range a.applied {
		f(c, a.mark)
	}
	a.o.Changed()
	return nil
}

// OnApply has f called with every configuration that is applied, the present one at once: the API needs it.
func (a *Alert) OnApply(f func(c *config.Config, mark func(context.Context, model.LabelSet))) {
	a.apply.Lock()
	defer a.apply.Unlock()
	a.applied = append(a.applied, f)
	f(a.now.Load().config, a.mark)
}

// mark notes on the context's marker what mutes an alert with these labels.
func (a *Alert) mark(ctx context.Context, l model.LabelSet) {
	g := a.now.Load()
	g.inhibitor.Mutes(ctx, l)
	a.muted.silencer.Mutes(ctx, l)
}

// nobody is the configuration of a house that tells nobody: one route to a receiver without integrations.
func nobody() *config.Config {
	global := config.DefaultGlobalConfig()
	zero := model.Duration(0)
	return &config.Config{
		Global: &global, Route: &config.Route{Receiver: "nobody", GroupByStr: []string{"kpi"}, GroupBy: []model.LabelName{"kpi"}, GroupWait: &zero},
		Receivers: []config.Receiver{{Name: "nobody"}},
	}
}

// Provider returns the alerts for the API. What is put through it is durable when Put returns.
func (a *Alert) Provider() provider.Alerts { return &pushedAlerts{Alerts: a.alerts, a: a} }

// Silences returns Alertmanager's silences; changes to them are durable when they return.
func (a *Alert) Silences() *silence.Silences { return a.muted.Silences }

// Durably makes a change to Silences and returns nil when it is durable. The library's own callers cannot know.
func (a *Alert) Durably(ctx context.Context, change func()) error {
	return a.muted.durably(ctx, func() error { change(); return nil })
}

// Groups returns the active groups of the configuration in force, in Alertmanager's form.
func (a *Alert) Groups(ctx context.Context, route func(*dispatch.Route) bool, filter func(*amalert.Alert, time.Time) bool) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
	g := a.now.Load()
	if !g.running.Load() {
		return nil, map[model.Fingerprint][]string{}, nil
	}
	return g.dispatcher.Groups(ctx, route, filter)
}

// GroupMuted returns the time intervals that mute a group.
func (a *Alert) GroupMuted(routeID, groupKey string) ([]string, bool) {
	return a.groups.Muted(routeID, groupKey)
}
