package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
	"github.com/signalbox/signalbox/internal/statestore"
)

// OfflineBacktest asks a data directory what KPIs would have done.
type OfflineBacktest struct {
	Data     string
	KPIs     []*kpi.KPI // proposed
	Last     time.Duration
	Progress func(name string, done, total int64)
}

// BacktestOffline compares KPIs with those of the same name in cfg over the newest history in a data directory. It writes
// nothing there but directories for the newest samples and rows, which it removes, and works beside a running server, unless
// a KPI counts rows: the rows of a directory belong to one process. Notes say what could not be read. The span ends when the
// server that owns the directory was last seen.
func BacktestOffline(ctx context.Context, cfg *Config, o OfflineBacktest) (out []backtest.Comparison, notes []string, err error) {
	remarks := &remarks{}
	log := slog.New(remarks)
	h := &house{log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.state, err = statestore.OpenReadOnly(filepath.Join(o.Data, "state.db")); err != nil {
		return nil, nil, err
	}
	h.onClose("the state database", h.state.Close)
	samples, err := tsdb.OpenReader(filepath.Join(o.Data, "metrics"), log.With("store", "metrics"))
	if err != nil {
		return nil, nil, err
	}
	h.onClose("the metric store", samples.Close)
	points, err := tsdb.OpenReader(filepath.Join(o.Data, "kpi"), log.With("store", "kpi"))
	if err != nil {
		return nil, nil, err
	}
	h.onClose("the KPI store", points.Close)
	book, err := ledger.Open(ctx, ledger.Options{Store: frozen{points}, State: h.state, Now: time.Now})
	if err != nil {
		return nil, nil, err
	}
	inForce := map[string]*kpi.KPI{}
	for _, k := range cfg.KPIs {
		inForce[k.Name] = k
	}
	rows, err := h.rowsOffline(ctx, o, inForce, log.With("store", "rows"))
	if err != nil {
		return nil, nil, err
	}
	to := time.Now()
	if seen, err := book.LastHeartbeat(ctx); err != nil {
		return nil, nil, err
	} else if seen > 0 && seen < to.UnixMilli() {
		to = time.UnixMilli(seen)
	}
	intervals := map[string]time.Duration{}
	for _, j := range cfg.Jobs {
		intervals[j.Name] = j.Interval
	}
	reg := prometheus.NewRegistry()
	engine := evaluate.New(evaluate.Options{
		Store: samples, Rows: rows, Ledger: book, Query: ask(newPromQL(h.log, reg), both{samples, points}), Now: func() time.Time { return to }, Registerer: reg,
		IntervalOf: func(l labels.Labels) (time.Duration, bool) {
			d, ok := intervals[l.Get("job")]
			return d, ok
		},
	})
	for _, k := range o.KPIs {
		b := evaluate.Backtest{Now: inForce[k.Name], Proposed: k, From: to.Add(-o.Last).UnixMilli(), To: to.UnixMilli(),
			InForce: func(name string) *kpi.KPI { return inForce[name] }}
		if o.Progress != nil {
			b.Progress = func(done, total int64) { o.Progress(k.Name, done, total) }
		}
		c, err := engine.Backtest(ctx, b)
		if err != nil {
			return nil, remarks.said, err
		}
		out = append(out, *c)
	}
	return out, remarks.said, nil
}

// rowsOffline opens the rows of a data directory if a KPI counts any; nil if none does, or if there are none.
func (h *house) rowsOffline(ctx context.Context, o OfflineBacktest, inForce map[string]*kpi.KPI, log *slog.Logger) (evaluate.Rows, error) {
	var counts *kpi.KPI
	for _, k := range o.KPIs {
		for _, side := range []*kpi.KPI{inForce[k.Name], k} {
			if side != nil && side.Indicator.Table() != "" {
				counts = side
			}
		}
	}
	if counts == nil {
		return nil, nil
	}
	r, err := duckdb.OpenReader(ctx, filepath.Join(o.Data, "rows"), log)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return nil, fault.New(fault.NotFound, "%s counts %s, and there are none in %s", counts.Name, counts.Indicator.Table(), o.Data).Hint("Name the server's data directory with --data")
	case fault.Conflict:
		return nil, fault.New(fault.Conflict, "%s counts %s, and those of %s are in use by a running signalbox", counts.Name, counts.Indicator.Table(), o.Data).
			Hint("Leave --data out to have that server do it, or stop it first")
	}
	if err != nil {
		return nil, fmt.Errorf("read the rows of %s: %w", o.Data, err)
	}
	h.onClose("the rows", r.Close)
	return r, nil
}

// frozen is a ledger's store that nobody writes to: a rehearsal publishes nothing.
type frozen struct{ storage.Queryable }

// Appender implements storage.Appendable.
func (frozen) Appender(context.Context) storage.Appender { return nil }

// remarks keeps what a store warns of, for people.
type remarks struct {
	store string
	to    *remarks // who keeps them; nil = itself
	mu    sync.Mutex
	said  []string
}

// Enabled implements slog.Handler.
func (r *remarks) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

// Handle implements slog.Handler.
func (r *remarks) Handle(_ context.Context, rec slog.Record) error {
	root := r
	for root.to != nil {
		root = root.to
	}
	root.mu.Lock()
	defer root.mu.Unlock()
	root.said = append(root.said, "the "+r.store+" store: "+rec.Message)
	return nil
}

// WithAttrs implements slog.Handler.
func (r *remarks) WithAttrs(as []slog.Attr) slog.Handler {
	n := &remarks{store: r.store, to: r}
	for _, a := range as {
		if a.Key == "store" {
			n.store = a.Value.String()
		}
	}
	return n
}

// WithGroup implements slog.Handler.
func (r *remarks) WithGroup(string) slog.Handler { return r }
