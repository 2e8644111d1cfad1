// Package rules runs rule_files in Prometheus' own format with Prometheus' own rule manager, beside the KPIs, for people who
// bring theirs. Recorded series and ALERTS go to the store as Prometheus writes them; alerts go to the function that app
// hands in. It judges nothing of its own.
//
// Two things differ from Prometheus as shipped: the state of a short `for` survives a restart (the grace period is zero),
// and a reload checks every file before it changes anything.
package rules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promrules "github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// DefaultInterval is how often a group without an interval of its own is evaluated.
const DefaultInterval = 15 * time.Second

// Prometheus' own defaults.
const (
	outageTolerance = time.Hour
	resendDelay     = time.Minute
)

// Notify is told of the alerts of one rule: new and still firing ones (EndsAt in the future) and resolved ones.
type Notify func(ctx context.Context, alerts []*alert.Alert) error

// Options of a Manager.
type Options struct {
	Appendable  storage.Appendable // recorded series, ALERTS and ALERTS_FOR_STATE
	Queryable   storage.Queryable
	Engine      promql.QueryEngine
	Parser      parser.Parser // the engine's; default: PromQL without experimental functions
	Notify      Notify
	ExternalURL *url.URL // for links in alerts and templates
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
}

// Config is what a reload can change.
type Config struct {
	Files          []string // patterns, absolute or relative to BaseDir
	BaseDir        string
	Interval       time.Duration // of groups that state none; default: DefaultInterval
	ExternalLabels labels.Labels // added to alerts, and known to templates
}

// Manager evaluates rule groups.
type Manager struct {
	prom     *promrules.Manager
	parser   parser.Parser
	notify   Notify
	external *url.URL
	logger   *slog.Logger
	cancel   context.CancelFunc

	mu      sync.Mutex
	extra   labels.Labels
	state   state
	loaded  bool    // the library has had groups: only its first ones take over the states from before a restart
	pending *Config // waits for Run
}

// state is where a manager's life stands.
type state int

const (
	idle state = iota
	running
	closed
)

// New returns a manager that evaluates nothing until Run.
func New(o Options) *Manager {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Parser == nil {
		o.Parser = parser.NewParser(parser.Options{})
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Manager{parser: o.Parser, notify: o.Notify, external: o.ExternalURL, logger: o.Logger, cancel: cancel}
	m.prom = promrules.NewManager(&promrules.ManagerOptions{
		ExternalURL:     o.ExternalURL,
		QueryFunc:       promrules.EngineQueryFunc(o.Engine, o.Queryable),
		NotifyFunc:      m.send,
		Context:         ctx,
		Appendable:      o.Appendable,
		Queryable:       o.Queryable,
		Logger:          o.Logger,
		Registerer:      o.Registerer,
		OutageTolerance: outageTolerance,
		ForGracePeriod:  0, // a longer one forgets every `for` that is shorter than it
		ResendDelay:     resendDelay,
		Parser:          o.Parser,
		DefaultRuleQueryOffset: func() time.Duration {
			return 0
		},
	})
	return m
}

// ApplyConfig replaces the groups. All files are read and checked first; if one has a mistake, nothing changes and the error
// names file, line and column. A group that is the same goes on undisturbed, a changed one keeps its alerts' states.
func (m *Manager) ApplyConfig(c Config) error {
	files, findings := m.Check(c.Files, c.BaseDir)
	var errs []error
	for _, f := range findings {
		if f.Severity == strict.Error {
			errs = append(errs, errors.New(f.String()))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	c.Files = files
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.state == closed, !m.loaded && len(files) == 0:
		return nil
	case m.state == idle && m.loaded:
		// Before it runs the library cannot replace a group: it would wait for the old one to stop.
		m.pending = &c
		return nil
	}
	return m.update(c)
}

// update hands the files, which were checked, to the library.
func (m *Manager) update(c Config) error {
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if err := m.prom.Update(c.Interval, c.Files, c.ExternalLabels, m.external.String(), nil); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	m.loaded, m.extra = true, c.ExternalLabels
	return nil
}

// Run evaluates until ctx ends; it returns after running evaluations have.
func (m *Manager) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.prom.Run()
	}()
	err := m.started()
	if err == nil {
		<-ctx.Done()
	}
	m.mu.Lock()
	m.state = closed
	m.mu.Unlock()
	m.cancel() // running queries end now
	m.prom.Stop()
	<-done
	return err
}

// started applies what came before the start.
func (m *Manager) started() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = running
	if m.pending == nil {
		return nil
	}
	c := *m.pending
	m.pending = nil
	return m.update(c)
}

// RuleGroups returns the groups, for the HTTP API.
func (m *Manager) RuleGroups() []*promrules.Group { return m.prom.RuleGroups() }

// AlertingRules returns the alerting rules, for the HTTP API.
func (m *Manager) AlertingRules() []*promrules.AlertingRule { return m.prom.AlertingRules() }

// send turns the manager's alerts into Alertmanager's, as Prometheus' notifier and Alertmanager's API do between them.
func (m *Manager) send(ctx context.Context, expr string, alerts ...*promrules.Alert) {
	if len(alerts) == 0 || m.notify == nil {
		return
	}
	m.mu.Lock()
	extra := m.extra
	m.mu.Unlock()
	now := time.Now()
	out := make([]*alert.Alert, 0, len(alerts))
	for _, a := range alerts {
		lb := labels.NewBuilder(a.Labels)
		extra.Range(func(l labels.Label) {
			if a.Labels.Get(l.Name) == "" {
				lb.Set(l.Name, l.Value)
			}
		})
		ends := a.ResolvedAt
		if ends.IsZero() {
			ends = a.ValidUntil
		}
		out = append(out, &alert.Alert{
			Alert: model.Alert{
				Labels:       labelSet(lb.Labels()),
				Annotations:  labelSet(a.Annotations),
				StartsAt:     a.FiredAt,
				EndsAt:       ends,
				GeneratorURL: m.link(expr),
			},
			UpdatedAt: now,
		})
	}
	if err := m.notify(ctx, out); err != nil {
		// The alert stays active and is sent again after the resend delay.
		m.logger.Error("handing over the alerts of a rule failed", "expr", expr, "alerts", len(out), "err", err)
	}
}

// link leads to the expression in the page.
func (m *Manager) link(expr string) string {
	return strings.TrimSuffix(m.external.String(), "/") + "/explore/metrics?q=" + url.QueryEscape(expr)
}

func labelSet(l labels.Labels) model.LabelSet {
	out := make(model.LabelSet, l.Len())
	l.Range(func(l labels.Label) { out[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	return out
}
