// Package packs_test feeds what exporters show to the KPIs of the packs and sees each of them go green and red. The fixtures in
// testdata are written after the exporters' own documentation; their first lines say which.
package packs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/statestore"
)

var t0 = time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)

const interval = 15 * time.Second

// change is what a metric does from one scrape to the next: a gauge has a value, a counter grows.
type change map[string]float64

// packs says, for each KPI, how the exporter's metrics move while it is well, and what is different while it is not. A value of
// a gauge replaces the recorded one; one of a counter is added at each scrape.
var packs = []struct {
	name, job string
	counters  string // that the exporter calls untyped
	good      change
	bad       map[string]change // by KPI
}{
	{"postgres", "postgres", "", change{"pg_stat_database_xact_commit": 100, "pg_stat_database_xact_rollback": 1}, map[string]change{
		"postgres-up":                  {"pg_up": 0},
		"postgres-connections":         {"pg_stat_activity_count": 49},
		"postgres-rollbacks":           {"pg_stat_database_xact_rollback": 60},
		"postgres-deadlocks":           {"pg_stat_database_deadlocks": 3},
		"postgres-replication-lag":     {"pg_replication_lag_seconds": 400},
		"postgres-longest-transaction": {"pg_stat_activity_max_tx_duration": 4000},
	}},
	{"mysql", "mysql", "mysql_global_status_queries mysql_global_status_slow_queries", change{"mysql_global_status_queries": 200}, map[string]change{
		"mysql-up":                {"mysql_up": 0},
		"mysql-connections":       {"mysql_global_status_threads_connected": 150},
		"mysql-slow-queries":      {"mysql_global_status_slow_queries": 20},
		"mysql-replication-lag":   {"mysql_slave_status_seconds_behind_master": 400},
		"mysql-connection-errors": {"mysql_global_status_connection_errors_total": 30},
	}},
	{"redis", "redis", "", change{"redis_keyspace_hits_total": 900, "redis_keyspace_misses_total": 40}, map[string]change{
		"redis-up":        {"redis_up": 0},
		"redis-memory":    {"redis_memory_used_bytes": 1.34e8},
		"redis-hits":      {"redis_keyspace_misses_total": 2000},
		"redis-evictions": {"redis_evicted_keys_total": 3000},
		"redis-rejected":  {"redis_rejected_connections_total": 30},
	}},
	{"nginx", "nginx", "", change{"nginx_connections_accepted": 50, "nginx_connections_handled": 50, "nginx_http_requests_total": 300}, map[string]change{
		"nginx-up":       {"nginx_up": 0},
		"nginx-handled":  {"nginx_connections_handled": 40},
		"nginx-active":   {"nginx_connections_active": 20000},
		"nginx-requests": {"nginx_http_requests_total": 1},
	}},
	{"snmp-if", "snmp", "", change{"ifHCInOctets": 1e8, "ifHCOutOctets": 1e8, "ifHCInUcastPkts": 1e5}, map[string]change{
		"interface-up":          {"ifOperStatus": 2},
		"interface-in-errors":   {"ifInErrors": 5000},
		"interface-in-discards": {"ifInDiscards": 5000},
		"interface-in-use":      {"ifHCInOctets": 1.85e9},
		"interface-out-use":     {"ifHCOutOctets": 1.85e9},
	}},
}

// exporter shows a fixture that moves.
type exporter struct {
	series   []labels.Labels
	values   []float64
	recorded []float64
	counter  []bool
}

func record(t *testing.T, file, job, untyped string) *exporter {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(f)
	require.NoError(t, err)
	e := &exporter{}
	for name, fam := range families {
		for _, m := range fam.GetMetric() {
			b := labels.NewBuilder(labels.FromStrings(model.MetricNameLabel, name, "job", job, "instance", "a:1"))
			for _, l := range m.GetLabel() {
				b.Set(l.GetName(), l.GetValue())
			}
			e.series = append(e.series, b.Labels())
			e.recorded = append(e.recorded, m.GetGauge().GetValue()+m.GetCounter().GetValue()+m.GetUntyped().GetValue())
			e.counter = append(e.counter, m.Counter != nil || strings.Contains(" "+untyped+" ", " "+name+" "))
		}
	}
	e.values = append(e.values, e.recorded...)
	return e
}

// step moves the metrics to the next scrape.
func (e *exporter) step(changes ...change) {
	for i, l := range e.series {
		name := l.Get(model.MetricNameLabel)
		by := 0.0
		if !e.counter[i] {
			e.values[i], by = e.recorded[i], e.recorded[i]
		}
		for _, c := range changes {
			if v, ok := c[name]; ok {
				by = v
			}
		}
		if e.counter[i] {
			e.values[i] += by
		} else {
			e.values[i] = by
		}
	}
}

// house judges the KPIs of a pack.
type house struct {
	t      *testing.T
	now    time.Time
	gate   *gate.Gate
	engine *evaluate.Engine
}

func newHouse(t *testing.T, kpis []*kpi.KPI) *house {
	h := &house{t: t, now: t0}
	clock := func() time.Time { return h.now }
	dir := t.TempDir()
	open := func(name string) *tsdb.Store {
		s, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, name), ReserveBytes: -1, FloorBytes: -1, Now: clock, Registerer: prometheus.NewRegistry()})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	raw, points := open("metrics"), open("kpi")
	state, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = state.Close() })
	book, err := ledger.Open(t.Context(), ledger.Options{Store: points, State: state, Now: clock})
	require.NoError(t, err)
	ask := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	h.engine = evaluate.New(evaluate.Options{
		Store: raw, Ledger: book, Now: clock, Registerer: prometheus.NewRegistry(), Rewatch: func() { h.gate.Rewatch() },
		IntervalOf: func(labels.Labels) (time.Duration, bool) { return interval, true },
		Query: func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
			q, err := ask.NewInstantQuery(ctx, raw, nil, expr, at)
			if err != nil {
				return nil, err
			}
			defer q.Close()
			v, err := q.Exec(ctx).Vector()
			return append(promql.Vector(nil), v...), err
		},
	})
	h.gate = gate.New(gate.Options{Store: raw, Observers: []gate.Observer{h.engine}, Now: clock, Registerer: prometheus.NewRegistry()})
	require.NoError(t, h.engine.Start(t.Context()))
	require.NoError(t, h.engine.Apply(t.Context(), kpis))
	return h
}

// scrape takes in what the exporter shows and closes what is due.
func (h *house) scrape(e *exporter) {
	h.now = h.now.Add(interval)
	g, err := h.gate.Admit(h.t.Context(), gate.Credential{Source: "scrape"}, 0)
	require.NoError(h.t, err)
	defer g.Close()
	app := g.AppendableV2().AppenderV2(h.t.Context())
	for i, l := range e.series {
		_, err := app.Append(0, l, 0, h.now.UnixMilli(), e.values[i], nil, nil, storage.AOptions{})
		require.NoError(h.t, err)
	}
	require.NoError(h.t, app.Commit())
	h.engine.CloseDue(h.t.Context())
}

func TestPacks(t *testing.T) {
	for _, p := range packs {
		t.Run(p.name, func(t *testing.T) {
			docs, findings := policy.ReadFiles([]string{p.name + ".yaml"}, "", policy.Limits{
				History: 775 * 24 * time.Hour, Samples: 40 * 24 * time.Hour, Jobs: []policy.Job{{Name: p.job, Interval: interval}}, Receivers: []string{"oncall"},
			})
			require.Empty(t, findings)
			kpis := policy.KPIs(docs)
			require.Len(t, p.bad, len(kpis), "each KPI has its way to go red")
			for _, k := range kpis {
				bad, ok := p.bad[k.Name]
				require.True(t, ok, k.Name)
				h, e := newHouse(t, kpis), record(t, "testdata/"+p.name+".prom", p.job, p.counters)
				for range 12 * 4 {
					e.step(p.good)
					h.scrape(e)
				}
				for _, other := range kpis {
					s, ok := h.engine.Status(other.Name)
					require.True(t, ok)
					require.Equal(t, kpi.Green, s.Light, "%s while all is well, %v", other.Name, s.Last)
				}
				for range 12 * 4 {
					e.step(p.good, bad)
					h.scrape(e)
				}
				s, _ := h.engine.Status(k.Name)
				require.Equal(t, kpi.Red, s.Light, "%s, %v", k.Name, s.Last)
			}
		})
	}
}
