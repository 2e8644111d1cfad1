// Package hostagent watches the machine that the server runs on: processor, memory, disks, file systems, network,
// processes, pressure, under the names and labels of node_exporter, and control groups under those of cAdvisor, so that known
// dashboards and rules work. It is minimal on purpose; who needs more scrapes a node_exporter.
//
// Each round is written like a scrape: the samples, up and the scrape_* series, and a stale marker for a series that is gone.
package hostagent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Job is the job label of the machine's series.
const Job = "host"

// DefaultInterval is the time between two rounds.
const DefaultInterval = 15 * time.Second

// Options of an Agent.
type Options struct {
	Appendable storage.AppendableV2
	Interval   time.Duration // default: DefaultInterval
	Instance   string        // the instance label; default: the machine's host name
	Logger     *slog.Logger  // default: none
	Now        func() time.Time
}

// State is the agent's entry on the Sources page. Times are Unix milliseconds, 0 before the first round.
type State struct {
	Instance   string
	Health     string // up, down or unknown
	LastScrape int64
	Interval   time.Duration
	Duration   time.Duration
	LastError  string
	Samples    int
}

// Agent reads the machine and appends what it read.
type Agent struct {
	app      storage.AppendableV2
	interval time.Duration
	instance string
	logger   *slog.Logger
	now      func() time.Time
	mounts   *mounts
	cgroups  *cgroups
	known    map[string]*series
	round    uint64
	failing  map[string]string // collector -> its last error, so that one is logged once

	mu    sync.Mutex
	state State
}

type series struct {
	labels labels.Labels
	ref    storage.SeriesRef
	round  uint64
}

// New returns an agent that reads nothing until Run.
func New(o Options) (*Agent, error) {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Instance == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("host agent: %w", err)
		}
		o.Instance = name
	}
	return &Agent{
		app:      o.Appendable,
		interval: o.Interval,
		instance: o.Instance,
		logger:   o.Logger,
		now:      o.Now,
		mounts:   newMounts(),
		cgroups:  newCgroups(),
		known:    map[string]*series{},
		failing:  map[string]string{},
		state:    State{Instance: o.Instance, Health: "unknown", Interval: o.Interval},
	}, nil
}

// Interval returns the time between two rounds.
func (a *Agent) Interval() time.Duration { return a.interval }

// Source returns the agent's state.
func (a *Agent) Source() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// Run reads the machine at once and then at each interval until ctx ends.
func (a *Agent) Run(ctx context.Context) error {
	tick := time.NewTicker(a.interval)
	defer tick.Stop()
	for {
		a.once(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// metric is one sample. Pairs are label names and values; a counter counts since the machine was started.
type metric struct {
	name    string
	counter bool
	v       float64
	pairs   []string
}

// once makes one round.
func (a *Agent) once(ctx context.Context) {
	start := a.now()
	began := time.Now()
	found, boot, err := a.collect(ctx)
	if ctx.Err() != nil {
		return // half a round says nothing about the machine
	}
	took := time.Since(began)
	up := 1.0
	if len(found) == 0 {
		up = 0
	}
	n := len(found)
	found = append(found,
		metric{name: "up", v: up},
		metric{name: "scrape_duration_seconds", v: took.Seconds()},
		metric{name: "scrape_samples_scraped", v: float64(n)},
		metric{name: "scrape_samples_post_metric_relabeling", v: float64(n)},
		metric{name: "scrape_series_added", v: float64(a.unknown(found))},
	)
	if werr := a.write(ctx, start.UnixMilli(), boot, found); werr != nil {
		err = errors.Join(err, werr)
		up = 0
		a.logger.Warn("writing the machine's samples failed", "err", werr)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.LastScrape, a.state.Duration, a.state.Samples = start.UnixMilli(), took, n
	a.state.Health, a.state.LastError = "up", ""
	if up == 0 {
		a.state.Health = "down"
	}
	if err != nil {
		a.state.LastError = err.Error()
	}
}

// collect runs all collectors; one that fails leaves the others alone. boot is when the machine was started, in Unix
// milliseconds, 0 if unknown.
func (a *Agent) collect(ctx context.Context) (found []metric, boot int64, err error) {
	var success []metric
	for _, c := range []struct {
		name string
		read func(context.Context) ([]metric, error)
	}{
		{"cpu", readCPU},
		{"meminfo", readMemory},
		{"filesystem", a.mounts.read},
		{"diskstats", readDisk},
		{"netdev", readNetwork},
		{"loadavg", readLoad},
		{"stat", readStat},
		{"uname", readUname},
		{"netclass", readInterfaces},
		{"sockstat", readSockets},
		{"processes", readProcesses},
		{"pressure", readPressure},
		{"vmstat", readVMStat},
		{"filefd", readFiles},
		{"cgroups", a.cgroups.read},
	} {
		began := time.Now()
		ms, cerr := c.read(ctx)
		ok := 1.0
		text := ""
		if cerr != nil {
			ok, text = 0, cerr.Error()
			err = errors.Join(err, fmt.Errorf("%s: %w", c.name, cerr))
		}
		if text != "" && a.failing[c.name] != text {
			a.logger.Warn("reading the machine failed in part", "collector", c.name, "err", cerr)
		}
		a.failing[c.name] = text
		found = append(found, ms...)
		success = append(success,
			metric{name: "node_scrape_collector_success", v: ok, pairs: []string{"collector", c.name}},
			metric{name: "node_scrape_collector_duration_seconds", v: time.Since(began).Seconds(), pairs: []string{"collector", c.name}})
	}
	if len(found) == 0 {
		return nil, 0, err
	}
	for _, m := range found {
		if m.name == "node_boot_time_seconds" {
			boot = int64(m.v * 1000)
		}
	}
	return append(found, success...), boot, err
}

func (m metric) key() string { return m.name + "\xff" + strings.Join(m.pairs, "\xff") }

func (a *Agent) unknown(found []metric) int {
	n := 0
	for _, m := range found {
		if _, ok := a.known[m.key()]; !ok {
			n++
		}
	}
	return n
}

// write appends one round in one transaction. What was known and did not come this time is marked stale.
func (a *Agent) write(ctx context.Context, t, boot int64, found []metric) error {
	a.round++
	app := a.app.AppenderV2(ctx)
	add := func(s *series, st int64, v float64) error {
		ref, err := app.Append(s.ref, s.labels, st, t, v, nil, nil, storage.AOptions{})
		switch {
		case err == nil:
			s.ref = ref
		case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp),
			errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample):
			// The clock was stepped back: what is stored stands, and the next rounds catch up.
			err = nil
		}
		return err
	}
	for _, m := range found {
		key := m.key()
		s, ok := a.known[key]
		if !ok {
			s = &series{labels: a.labels(m)}
			a.known[key] = s
		}
		if s.round == a.round {
			continue // two mounts of one device on one point: the first stands
		}
		s.round = a.round
		st := int64(0)
		if m.counter && boot < t {
			st = boot
		}
		if err := add(s, st, m.v); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	for key, s := range a.known {
		if s.round == a.round {
			continue
		}
		delete(a.known, key)
		if err := add(s, 0, math.Float64frombits(value.StaleNaN)); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	return app.Commit()
}

func (a *Agent) labels(m metric) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for i := 0; i+1 < len(m.pairs); i += 2 {
		b.Set(m.pairs[i], m.pairs[i+1])
	}
	b.Set(model.MetricNameLabel, m.name)
	b.Set(model.JobLabel, Job)
	b.Set(model.InstanceLabel, a.instance)
	return b.Labels()
}
