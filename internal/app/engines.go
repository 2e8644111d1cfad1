package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

// This file chooses the engines behind the stores. An empty `storage:` means the embedded ones, and so far there are no
// others: config.go refuses a url with a sentence.

func openSamples(c *Config, log *slog.Logger, r prometheus.Registerer) (metricstore.Store, error) {
	return tsdb.Open(tsdb.Options{
		Dir: filepath.Join(c.Data, "metrics"), Retention: c.Metrics.Retention, RetentionBytes: c.Metrics.MaxBytes,
		OutOfOrder: c.Metrics.OutOfOrder, Metadata: c.inline(), Fsync: c.FSync, Logger: log.With("store", "metrics"),
		Registerer: r,
	})
}

// openPoints opens the store of published datapoints. They are few and kept for years, so its blocks are a day long, and it
// needs neither exemplars nor an out-of-order window: a datapoint is published once.
func openPoints(c *Config, log *slog.Logger, r prometheus.Registerer) (metricstore.Store, error) {
	return tsdb.Open(tsdb.Options{
		Dir: filepath.Join(c.Data, "kpi"), Retention: c.KPI.Retention, OutOfOrder: time.Hour, MaxExemplars: -1, Fsync: c.FSync,
		ReserveBytes: -1, Logger: log.With("store", "kpi"),
		Registerer: r,
	})
}

// newPromQL returns the stock engine with Prometheus' own defaults.
func newPromQL(log *slog.Logger, r prometheus.Registerer) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: log, Reg: r, MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: 5 * time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true, EnablePerStepStats: true,
		Parser: parser.NewParser(parser.Options{}),
	})
}

// merged reads samples and published KPI series as one store; remote read is over the samples alone.
type merged struct {
	storage.Queryable
	storage.ChunkQueryable
}

// ask evaluates a query once, for promql indicators. A scalar becomes a vector of one.
func ask(engine *promql.Engine, q storage.Queryable) func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		query, err := engine.NewInstantQuery(ctx, q, nil, expr, at)
		if err != nil {
			return nil, err
		}
		defer query.Close()
		res := query.Exec(ctx)
		if res.Err != nil {
			return nil, res.Err
		}
		if s, ok := res.Value.(promql.Scalar); ok {
			return promql.Vector{{T: s.T, F: s.V, Metric: labels.EmptyLabels()}}, nil
		}
		v, err := res.Vector()
		if err != nil {
			return nil, err
		}
		// The vector's memory goes back to the engine with Close.
		return append(promql.Vector(nil), v...), nil
	}
}
