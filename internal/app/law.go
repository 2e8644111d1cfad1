package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/signalbox/signalbox/internal/policy"
)

// This file turns the policies in force into what the machines go by. The configuration file says what there is to connect
// to; policies say what is promised, who is told, how often and how long.

// part is one machine with the kinds of policies that it goes by.
type part struct {
	name  string
	kinds []policy.Kind
	apply func(cfg *Config, law []policy.Document) error
}

// parts are the machines besides the KPI engine, which is swapped last because it commits.
func (h *house) parts() []part {
	return []part{
		{"routes", []policy.Kind{policy.KindRoute}, func(c *Config, law []policy.Document) error { return h.alert.ApplyConfig(routed(c, law)) }},
		{"scrape intervals", []policy.Kind{policy.KindSampling}, func(c *Config, law []policy.Document) error {
			return h.scrape.ApplyConfig(sampled(c, law), c.JSONString...)
		}},
		{"sampling", []policy.Kind{policy.KindSampling}, func(_ *Config, law []policy.Document) error { return h.sample(law) }},
		{"privacy", []policy.Kind{policy.KindPrivacy}, func(_ *Config, law []policy.Document) error { return h.protect(law) }},
		{"retention", []policy.Kind{policy.KindRetention}, func(_ *Config, law []policy.Document) error { return h.keep(law) }},
	}
}

// swap makes next what the machines go by: everything is built, commit writes the law, and only then the KPI engine swaps.
// An error before or of commit leaves what was in force.
func (h *house) swap(ctx context.Context, next []policy.Document, commit func(effective map[string]int64) error) error {
	cfg, was := h.cfg.Load(), h.law()
	var done []part
	undo := func() {
		for _, p := range slices.Backward(done) {
			if err := p.apply(cfg, was); err != nil {
				h.log.Error("what was in force could not be put back", "part", p.name, "err", err)
			}
		}
	}
	for _, p := range h.parts() {
		if same(was, next, p.kinds) {
			continue
		}
		if err := p.apply(cfg, next); err != nil {
			undo()
			return fmt.Errorf("%s: %w", p.name, err)
		}
		done = append(done, p)
	}
	if err := h.engine.ApplyWith(ctx, policy.KPIs(next), commit); err != nil {
		undo()
		return err
	}
	h.inForce.Store(&next)
	var names []string
	for _, k := range append(policy.KPIs(was), policy.KPIs(next)...) {
		names = append(names, k.Name)
	}
	h.changed(names)
	return nil
}

// law is what the machines go by.
func (h *house) law() []policy.Document {
	if d := h.inForce.Load(); d != nil {
		return *d
	}
	return nil
}

// same reports whether two laws say the same about some kinds.
func same(a, b []policy.Document, kinds []policy.Kind) bool {
	of := func(docs []policy.Document) []string {
		var out []string
		for i := range docs {
			if slices.Contains(kinds, docs[i].Kind) {
				out = append(out, docs[i].Ref().String()+" "+docs[i].Hash)
			}
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(of(a), of(b))
}

// routed is the alerting configuration with the Route policies tried first.
func routed(c *Config, law []policy.Document) *amconfig.Config {
	rules := policy.Routes(law)
	if len(rules) == 0 {
		return c.Alerting
	}
	out, root := *c.Alerting, *c.Alerting.Route
	root.Routes = nil
	for _, r := range rules {
		root.Routes = append(root.Routes, r.AlertmanagerRoute())
	}
	root.Routes = append(root.Routes, c.Alerting.Route.Routes...)
	out.Route = &root
	return &out
}

// sampled is the scrape configuration with the intervals of the Sampling policies.
func sampled(c *Config, law []policy.Document) *promconfig.Config {
	every := map[string]time.Duration{}
	for i := range law {
		if s := law[i].Sampling; s != nil {
			for _, j := range s.Scrape {
				every[j.Job] = j.Interval
			}
		}
	}
	if len(every) == 0 {
		return c.Scrape
	}
	out := *c.Scrape
	out.ScrapeConfigs = slices.Clone(c.Scrape.ScrapeConfigs)
	for i, job := range out.ScrapeConfigs {
		if d, ok := every[job.JobName]; ok {
			j := *job
			j.ScrapeInterval = model.Duration(d)
			j.ScrapeTimeout = min(j.ScrapeTimeout, j.ScrapeInterval)
			out.ScrapeConfigs[i] = &j
		}
	}
	return &out
}

// keep sets how long the stores keep; what no policy states is as signalbox.yaml says.
func (h *house) keep(law []policy.Document) error {
	kept := h.rowsKeptBy(law)
	h.rowsKept.Store(&kept)
	rules := policy.Retentions(law)
	for _, s := range []struct {
		signal policy.Signal
		store  any
	}{{policy.SignalMetrics, h.samples}, {policy.SignalKPI, h.points}} {
		keeper, ok := s.store.(interface{ Keep(time.Duration) error })
		if !ok {
			continue
		}
		d, _ := policy.KeepFor(rules, s.signal, "")
		if err := keeper.Keep(d); err != nil {
			return err
		}
	}
	return nil
}

// decisionsKept is how long decision records stay where no Retention says longer.
const decisionsKept = 400 * 24 * time.Hour

// forget deletes decision records, receipts and statements that are older than they have to be kept, once an hour.
func (h *house) forget(ctx context.Context) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		keep, ok := policy.KeepFor(policy.Retentions(h.law()), policy.SignalDecisions, "")
		if !ok {
			keep = decisionsKept
		}
		if err := h.ledger.Prune(ctx, time.Now().Add(-keep).UnixMilli()); err != nil && ctx.Err() == nil {
			h.log.Error("old decision records could not be forgotten", "err", err)
		}
		if err := h.ledger.ForgetMarks(ctx, time.Now().Add(-h.cfg.Load().KPI.Retention).UnixMilli()); err != nil && ctx.Err() == nil {
			h.log.Error("old change marks could not be forgotten", "err", err)
		}
	}
}

// limits is what the house around the policies fixes.
func (c *Config) limits() policy.Limits {
	l := policy.Limits{History: c.KPI.Retention, Samples: c.Metrics.Retention, OutOfOrder: c.Metrics.OutOfOrder, Jobs: c.Jobs}
	if c.Alerting != nil {
		l.Receivers, l.Intervals = []string{}, []string{}
		for _, r := range c.Alerting.Receivers {
			l.Receivers = append(l.Receivers, r.Name)
		}
		for _, t := range c.Alerting.TimeIntervals {
			l.Intervals = append(l.Intervals, t.Name)
		}
		for _, t := range c.Alerting.MuteTimeIntervals {
			l.Intervals = append(l.Intervals, t.Name)
		}
	}
	return l
}

// newFile is the file that a policy without one is written to: beside the others, where `policies:` finds it again.
func (c *Config) newFile(ref policy.Ref) string {
	for _, glob := range c.Policies {
		path := glob
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.Dir, path)
		}
		if !strings.ContainsAny(filepath.Base(path), "*?[") {
			if !strings.ContainsAny(path, "*?[") {
				return path
			}
			continue
		}
		dir := filepath.Dir(path)
		if strings.ContainsAny(dir, "*?[") {
			continue
		}
		for _, ext := range []string{".yaml", ".yml"} {
			file := filepath.Join(dir, ref.Name+ext)
			if ok, err := filepath.Match(path, file); err == nil && ok {
				return file
			}
		}
	}
	return ""
}
