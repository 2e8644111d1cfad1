package scrape

import (
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
)

var noJob promconfig.ScrapeConfig // stands in for a job that a reload has just removed; never changed

type jobInstance struct{ job, instance string }

// intervals is a snapshot of the active targets' scrape intervals.
type intervals struct {
	at      time.Time
	targets map[jobInstance]time.Duration
	jobs    map[string]time.Duration
}

// indexFor is how long a snapshot answers before a series that it does not know makes a new one.
const indexFor = time.Second

// IntervalOf returns how often the series with these labels is scraped: by job and instance of the active targets, else by
// the job's scrape config.
func (m *Manager) IntervalOf(l labels.Labels) (time.Duration, bool) {
	key := jobInstance{l.Get(model.JobLabel), l.Get(model.InstanceLabel)}
	if key.job == "" {
		return 0, false
	}
	now := m.now()
	ix := m.index.Load()
	if ix != nil {
		if d, ok := ix.targets[key]; ok {
			return d, true
		}
	}
	if ix == nil || now.Sub(ix.at) >= indexFor || now.Before(ix.at) {
		ix = m.newIndex(now)
		m.index.Store(ix)
		if d, ok := ix.targets[key]; ok {
			return d, true
		}
	}
	d, ok := ix.jobs[key.job]
	return d, ok
}

func (m *Manager) newIndex(now time.Time) *intervals {
	ix := &intervals{at: now, targets: map[jobInstance]time.Duration{}, jobs: map[string]time.Duration{}}
	for name, job := range *m.jobs.Load() {
		ix.jobs[name] = time.Duration(job.ScrapeInterval)
	}
	for _, targets := range m.TargetsActive() {
		for _, t := range targets {
			key := jobInstance{t.GetValue(model.JobLabel), t.GetValue(model.InstanceLabel)}
			// One instance scraped twice (two paths): the slower one decides how long to wait.
			ix.targets[key] = max(ix.targets[key], intervalOf(t))
		}
	}
	return ix
}

// intervalOf returns a target's own interval, which relabelling may have set.
func intervalOf(t *promscrape.Target) time.Duration {
	d, err := model.ParseDuration(t.GetValue(model.ScrapeIntervalLabel))
	if err != nil {
		return 0
	}
	return time.Duration(d)
}
