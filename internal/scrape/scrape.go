package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/logging"
	"golang.org/x/sync/errgroup"
)

// Options of a Manager.
type Options struct {
	Appendable storage.AppendableV2 // where samples go
	Logger     *slog.Logger         // default: none
	Registerer prometheus.Registerer
	Now        func() time.Time // default: time.Now
	Metadata   bool             // samples are handed on with what their metric is
}

// Manager scrapes the targets of the applied configuration.
type Manager struct {
	logger *slog.Logger
	now    func() time.Time
	meter  *meter
	relay  *relay

	direct, relayed *lane
	failing         chan *promscrape.Target // targets whose state deserves a closer look

	mu      sync.Mutex // serialises ApplyConfig and the start of Run
	running bool

	jobs  atomic.Pointer[map[string]*promconfig.ScrapeConfig] // with limits filled in, by job_name
	index atomic.Pointer[intervals]
}

// lane is one scrape manager with the discovery manager that feeds it.
type lane struct {
	scrape    *promscrape.Manager
	discovery *discovery.Manager
	sd        *discovery.SDMetrics
	stop      context.CancelFunc
	pending   map[string]discovery.Configs // to discover once Run starts
}

// New returns a manager that scrapes nothing until Run.
func New(o Options) (*Manager, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r, err := newRelay(o.Logger)
	if err != nil {
		return nil, err
	}
	m := &Manager{
		logger:  o.Logger,
		now:     o.Now,
		relay:   r,
		failing: make(chan *promscrape.Target, 256),
	}
	m.meter = &meter{next: o.Appendable, scraped: m.scraped, targets: map[*promscrape.Target]*tally{}}
	m.jobs.Store(&map[string]*promconfig.ScrapeConfig{})
	if m.direct, err = m.newLane("scrape", o.Metadata, o.Registerer); err != nil {
		return nil, err
	}
	// The managers' metrics have no label to tell two of them apart; those of the few relayed jobs are not exposed.
	m.relayed, err = m.newLane("scrape_relayed", o.Metadata, prometheus.NewRegistry(), config_util.WithDialContextFunc(r.dial))
	return m, err
}

func (m *Manager) newLane(name string, metadata bool, reg prometheus.Registerer, http ...config_util.HTTPClientOption) (*lane, error) {
	sm, err := promscrape.NewManager(&promscrape.Options{
		PassMetadataInContext:    true, // the meter asks for the target
		AppendMetadata:           metadata,
		ParseST:                  true, // replay needs start timestamps
		DiscoveryReloadOnStartup: true,
		DiscoveryReloadInterval:  model.Duration(500 * time.Millisecond),
		HTTPClientOptions:        http,
	}, m.logger, logging.NewJSONFileLogger, nil, m.meter, reg)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	sd, err := discovery.CreateAndRegisterSDMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	dm := discovery.NewManager(ctx, m.logger, reg, sd, discovery.Name(name), discovery.Updatert(time.Second))
	if dm == nil {
		stop()
		return nil, errors.New("scrape: the discovery manager cannot be made")
	}
	return &lane{scrape: sm, discovery: dm, sd: sd, stop: stop}, nil
}

// ApplyConfig makes cfg, which ParseConfig or Prometheus' own loader made, the configuration that is scraped. The jobs named
// in jsonString answer one quoted JSON string and are decoded (scrape_fixes.json_string). Everything that can be wrong is
// checked before anything changes.
func (m *Manager) ApplyConfig(cfg *promconfig.Config, jsonString ...string) error {
	full, err := bounded(cfg)
	if err != nil {
		return err
	}
	direct, relayed, err := split(full, jsonString)
	if err != nil {
		return err
	}
	for _, job := range full.ScrapeConfigs {
		if err := m.direct.check(job); err != nil {
			return fmt.Errorf("job %q: %w", job.JobName, err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if relayed, err = m.relay.apply(relayed); err != nil {
		return err
	}
	jobs := make(map[string]*promconfig.ScrapeConfig, len(full.ScrapeConfigs))
	for _, job := range full.ScrapeConfigs {
		jobs[job.JobName] = job
	}
	m.jobs.Store(&jobs)
	m.index.Store(nil)
	return errors.Join(m.direct.apply(direct, m.running), m.relayed.apply(relayed, m.running))
}

// check finds what the managers would only log: a missing certificate or password file, a discovery that cannot be made.
func (l *lane) check(job *promconfig.ScrapeConfig) error {
	if _, err := config_util.NewClientFromConfig(job.HTTPClientConfig, job.JobName); err != nil {
		return err
	}
	for _, sd := range job.ServiceDiscoveryConfigs {
		_, err := sd.NewDiscoverer(discovery.DiscovererOptions{
			Logger:  slog.New(slog.DiscardHandler),
			Metrics: l.sd.MechanismMetrics[sd.Name()],
			SetName: job.JobName,
		})
		if err != nil {
			return fmt.Errorf("%s_sd_configs: %w", sd.Name(), err)
		}
	}
	return nil
}

func (l *lane) apply(cfg *promconfig.Config, running bool) error {
	if err := l.scrape.ApplyConfig(cfg); err != nil {
		return fmt.Errorf("scrape: %w", err)
	}
	found := make(map[string]discovery.Configs, len(cfg.ScrapeConfigs))
	for _, job := range cfg.ScrapeConfigs {
		found[job.JobName] = job.ServiceDiscoveryConfigs
	}
	if !running {
		l.pending = found
		return nil
	}
	return l.discovery.ApplyConfig(found)
}

// Run discovers and scrapes until ctx ends; it returns after the last scrape has ended.
func (m *Manager) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return m.relay.run(ctx) })
	g.Go(func() error { m.examine(ctx); return nil })
	m.mu.Lock()
	m.running = true
	for _, l := range []*lane{m.direct, m.relayed} {
		g.Go(func() error { return l.run(ctx) })
		if err := l.discovery.ApplyConfig(l.pending); err != nil {
			g.Go(func() error { return err })
		}
	}
	m.mu.Unlock()
	return g.Wait()
}

// run runs both managers; the scrape manager ends first, so that no loop outlives the targets' discovery.
func (l *lane) run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error {
		_ = l.discovery.Run() // ends with its own context's error
		return nil
	})
	g.Go(func() error { return l.scrape.Run(l.discovery.SyncCh()) })
	<-ctx.Done()
	l.scrape.Stop()
	l.stop()
	return g.Wait()
}

// TargetsActive returns the targets being scraped, by job.
func (m *Manager) TargetsActive() map[string][]*promscrape.Target {
	return merged(m.direct.scrape.TargetsActive(), m.relayed.scrape.TargetsActive())
}

// TargetsDropped returns the targets that relabelling dropped, by job.
func (m *Manager) TargetsDropped() map[string][]*promscrape.Target {
	return merged(m.direct.scrape.TargetsDropped(), m.relayed.scrape.TargetsDropped())
}

// TargetsDroppedCounts returns how many targets relabelling dropped, by job.
func (m *Manager) TargetsDroppedCounts() map[string]int {
	return merged(m.direct.scrape.TargetsDroppedCounts(), m.relayed.scrape.TargetsDroppedCounts())
}

// ScrapePools returns the names of the jobs that have been discovered.
func (m *Manager) ScrapePools() []string {
	return append(m.direct.scrape.ScrapePools(), m.relayed.scrape.ScrapePools()...)
}

// ScrapePoolConfig returns the configuration of a job, with limits filled in.
func (m *Manager) ScrapePoolConfig(job string) (*promconfig.ScrapeConfig, error) {
	if c, ok := (*m.jobs.Load())[job]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("scrape pool %q not found", job)
}

func merged[V any](a, b map[string]V) map[string]V {
	maps.Copy(a, b)
	return a
}
