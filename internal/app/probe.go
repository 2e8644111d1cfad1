package app

import (
	"context"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/probe"
)

// mostProbes bounds the entries of probes.
const mostProbes = 1000

// probeShape is the grammar of probes; an entry is read by the room itself, as the blackbox exporter reads its modules.
func probeShape() []strict.Key {
	return []strict.Key{{Name: "probes", Shape: strict.Shape{
		Doc: "What is asked from outside: a name and a target, and beside them a module as the blackbox exporter writes it; or postgres.", Opaque: true,
		Example: "[{name: efile-portal, target: https://efile.irs.example/health, interval: 30s, labels: {agency: IRS}}]",
	}}}
}

// probes reads what is asked from outside.
func (l *loader) probes() {
	v := l.root.Get("probes")
	if !v.Usable() {
		return
	}
	if v.Form != strict.List {
		l.report.Errorf(v, "want a list, such as [{name: efile-portal, target: https://efile.irs.example/health}]")
		return
	}
	b := l.block(true, "probes")
	var list []probe.Config
	if err := yaml.UnmarshalStrict([]byte(b.text()), &list); err != nil {
		b.report(err, knownKeys(reflect.TypeFor[probe.Config]()))
		return
	}
	items := v.List()
	if len(list) > mostProbes || len(list) != len(items) {
		l.report.Errorf(v, "has %d entries, at most %d are read, and none may be empty", len(items), mostProbes)
		return
	}
	seen := map[string]bool{}
	slowest := time.Duration(0)
	for i := range list {
		c := &list[i]
		if err := c.Validate(); err != nil {
			l.report.Errorf(items[i], "%s", b.hide(err.Error()))
			continue
		}
		if seen[c.Name] {
			l.report.Errorf(items[i], "two probes are called %q; their series could not be told apart", c.Name)
		}
		seen[c.Name] = true
		if c.Postgres != nil {
			if _, ok := l.cfg.Secrets[c.Postgres.Secret]; !ok {
				l.report.Errorf(items[i], "postgres.dsn_secret: secrets has no %q", c.Postgres.Secret)
			}
		}
		slowest = max(slowest, c.Every())
	}
	l.cfg.Probes = list
	if len(list) > 0 {
		l.cfg.Jobs = append(l.cfg.Jobs, policy.Job{Name: probe.Job, Interval: slowest})
	}
}

// openProber builds the prober of a configuration that has probes.
func (h *house) openProber(ctx context.Context, cfg *Config, _ prometheus.Registerer) ([]func(context.Context) error, error) {
	if len(cfg.Probes) == 0 {
		h.prober.Store(nil)
		return nil, nil
	}
	grant, err := h.gate.Admit(ctx, gate.Credential{Source: probe.Job}, 0)
	if err != nil {
		return nil, err
	}
	p, err := probe.New(probe.Options{
		Appendable: grant.AppendableV2(), Egress: dialer(cfg), Probes: cfg.Probes, Now: time.Now, Logger: h.log.With("room", "probe"),
		Secret: func(name string) (string, bool) { s, ok := cfg.Secrets[name]; return s, ok },
	})
	if err != nil {
		return nil, err
	}
	h.prober.Store(p)
	return []func(context.Context) error{p.Run}, nil
}

// probeInterval says how often a probe's series is written.
func (h *house) probeInterval(l labels.Labels) (time.Duration, bool) {
	p := h.prober.Load()
	if p == nil {
		return 0, false
	}
	return p.IntervalOf(l)
}

// probeSources lists the probes.
func (h *house) probeSources() (out []board.Source) {
	p := h.prober.Load()
	if p == nil {
		return nil
	}
	for _, s := range p.Sources() {
		names := map[string]string{"probe": s.Name}
		for k, v := range s.Labels {
			names[k] = v
		}
		out = append(out, board.Source{
			ID: "probe/" + s.Name, Kind: "probe", Job: probe.Job, Target: s.Target, Labels: names, Health: s.Health, LastAt: s.LastProbe,
			IntervalMS: s.Interval.Milliseconds(), LastError: s.LastError, Samples: int64(s.Samples), Series: int64(s.Samples), DurationMS: s.Duration.Milliseconds(),
		})
	}
	return out
}
