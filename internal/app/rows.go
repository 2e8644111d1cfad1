package app

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc/metadata"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
	"github.com/signalbox/signalbox/internal/usage"
)

// openRows opens the store of logs, spans and events.
func (h *house) openRows(ctx context.Context, cfg *Config) (err error) {
	h.rows, err = duckdb.Open(ctx, duckdb.Options{
		Dir: filepath.Join(cfg.Data, "rows"), FSync: cfg.FSync, Now: time.Now, Logger: h.log.With("store", "rows"), Registerer: h.reg, Tail: h.tail,
		QueryMemory: cfg.RowStorage.QueryMemory,
	})
	if err != nil {
		return err
	}
	h.onClose("the row store", h.rows.Close)
	return nil
}

// sample has the gate and the row store go by the Sampling policies of a law.
func (h *house) sample(law []policy.Document) error {
	var all []*policy.Sampling
	for i := range law {
		if law[i].Sampling != nil {
			all = append(all, law[i].Sampling)
		}
	}
	if err := h.sampler.Set(all); err != nil {
		return err
	}
	h.gate.Resample()
	return nil
}

// tail is what the row store keeps of whole traces.
func (h *house) tail() []duckdb.TailRule {
	var out []duckdb.TailRule
	for _, r := range h.sampler.Tail() {
		out = append(out, duckdb.TailRule{Where: r.Where, KeepErrors: r.Errors, SlowerThan: r.SlowerThan, Share: r.Share})
	}
	return out
}

// metricType is what a sender says that a metric is; nothing where nobody said.
func (h *house) metricType(metric string) policy.MetricType {
	if h.receive == nil {
		return ""
	}
	if t, ok := h.receive.TypeOf(metric); ok {
		return policy.MetricType(t)
	}
	return ""
}

// seen is the row store as far as who asks may see: the house itself sees all, nobody sees nothing.
type seen struct {
	rowstore.Store
	reader scoped.RowReader
}

func (h *house) seen() seen { return seen{h.rows, scoped.Rows(h.rows, signalLens)} }

// Find implements rowstore.Store.
func (s seen) Find(ctx context.Context, q rowstore.Find) ([]rowstore.Row, error) {
	return s.reader.Find(ctx, q)
}

// Count implements rowstore.Store.
func (s seen) Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error) {
	return s.reader.Count(ctx, q)
}

// Scan implements rowstore.Store.
func (s seen) Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	return s.reader.Scan(ctx, q, f)
}

// Attributes implements rowstore.Store.
func (s seen) Attributes(ctx context.Context, t rowstore.Table, between rowstore.Between) ([]string, error) {
	return s.reader.Attributes(ctx, t, between)
}

// own is a context of the house's own work: what has no asker and sees everything.
func ownWork(ctx context.Context, part string) context.Context {
	return access.With(ctx, access.System(part))
}

// openUsage opens the room that keeps standing numbers of people, errors and services.
func (h *house) openUsage(cfg *Config) (err error) {
	h.usage, err = usage.New(usage.Options{
		Dir: filepath.Join(cfg.Data, "usage"), Rows: h.seen(), Logger: h.log.With("room", "usage"), Registerer: h.reg, Now: time.Now,
		Keep: cfg.Rows.Retention[rowstore.Events], Oldest: cfg.Rows.Retention[rowstore.Events],
		Publish: h.publishUsage,
	})
	return err
}

// publishUsage writes standing numbers of usage as samples, so that a KPI reads them as it reads any other gauge.
func (h *house) publishUsage(ctx context.Context, samples []usage.Sample) error {
	grant, err := h.gate.Admit(ctx, gate.Credential{Source: "usage"}, 0)
	if err != nil {
		return err
	}
	defer grant.Close()
	app := grant.Appendable().Appender(ctx)
	for _, s := range usage.Shown(samples, h.privacy.K()) {
		b := labels.NewBuilder(labels.FromMap(s.Labels))
		b.Set(model.MetricNameLabel, s.Name)
		if _, err := app.Append(0, b.Labels(), s.Time, s.Value); err != nil && fault.KindOf(err) == fault.Unavailable {
			return errors.Join(err, app.Rollback())
		}
	}
	return app.Commit()
}

// otlpMetrics is Prometheus' own way with OTLP metrics, with the resource attributes that become labels.
func otlpMetrics(promote []string) *promconfig.OTLPConfig {
	c := promconfig.DefaultOTLPConfig
	c.PromoteResourceAttributes = promote
	return &c
}

// watchers are told of rows that were committed; who is built after the gate stands here all the same.
type watchers struct{ h *house }

// ObserveRows implements gate.RowObserver.
func (w watchers) ObserveRows(b *rowstore.Batch) {
	w.h.engine.ObserveRows(b)
	w.h.usage.ObserveRows(b)
	if w.h.api != nil {
		w.h.api.ObserveRows(b)
	}
}

// rowLimits are the gate's bounds for rows: nothing is taken in that would be forgotten at once.
func (h *house) rowLimits() gate.Limits {
	return gate.Limits{Oldest: func(t rowstore.Table) time.Duration {
		k := h.keepRows()
		longest := k.Tables[t]
		for _, c := range k.Classes {
			if c.Table == t && longest > 0 && (c.Keep == 0 || c.Keep > longest) {
				longest = c.Keep
			}
		}
		return longest
	}}
}

// keepRows is how long rows are kept now.
func (h *house) keepRows() rowstore.Keep {
	if k := h.rowsKept.Load(); k != nil {
		return *k
	}
	return h.rowsKeptBy(nil)
}

// rowsKeptBy is how long rows are kept: as the Retention policies of a law say, else as signalbox.yaml does.
func (h *house) rowsKeptBy(law []policy.Document) rowstore.Keep {
	k := rowstore.Keep{Tables: map[rowstore.Table]time.Duration{}}
	rules := policy.Retentions(law)
	for t, d := range h.cfg.Load().Rows.Retention {
		if by, ok := policy.KeepFor(rules, signalOf(t), ""); ok {
			d = by
		}
		k.Tables[t] = d
		for _, c := range policy.Classes(rules, signalOf(t)) {
			k.Classes = append(k.Classes, rowstore.Class{Name: c.Class, Table: t, Where: rowstore.OfMatchers(c.Match), Keep: c.Keep})
		}
	}
	return k
}

func signalOf(t rowstore.Table) policy.Signal {
	return [...]policy.Signal{rowstore.Logs: policy.SignalLogs, rowstore.Spans: policy.SignalSpans, rowstore.Events: policy.SignalEvents}[t]
}

// forgetRows deletes rows that are older than they have to be kept, every ten minutes.
func (h *house) forgetRows(ctx context.Context) {
	t := time.NewTicker(10 * time.Minute)
	defer t.Stop()
	for {
		if _, err := h.rows.Expire(ctx, time.Now(), h.keepRows()); err != nil && ctx.Err() == nil {
			h.log.Error("old rows could not be forgotten", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// credential says who pushes: by the source name of their token, else by their address.
func credential(ctx context.Context, remote string) gate.Credential {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	p, _ := access.From(ctx)
	return gate.Credential{Source: cmp.Or(p.PushesAs, "push "+host)}
}

// carried is the metadata of a call by gRPC as headers.
func carried(ctx context.Context) http.Header {
	md, _ := metadata.FromIncomingContext(ctx)
	h := http.Header{}
	for name, values := range md {
		for _, v := range values {
			h.Add(name, v)
		}
	}
	return h
}

// openIDs brings back which events were counted before the start, and keeps their secret with the keys of pseudonyms: the data
// alone then says nothing of an id.
func (h *house) openIDs(ctx context.Context) error {
	secret, err := h.privacy.Secret("events")
	if err != nil {
		return err
	}
	h.known, h.public = receive.NewIDs(secret, 500_000), receive.NewIDs(secret, 200_000)
	return receive.Recall(ctx, h.rows, h.known, h.public)
}

func (h *house) openReceivers(cfg *Config) {
	by := func(r *http.Request) gate.Credential { return credential(r.Context(), r.RemoteAddr) }
	h.receive = receive.New(receive.Options{Gate: h.gate, Credential: by, Logger: h.log.With("room", "receive")})
	h.otlp = otlp.New(otlp.Options{
		Gate: h.gate, Metadata: h.receive.Learn, Metrics: otlpMetrics(cfg.Rows.Promote), Credential: by, BusinessIDs: cfg.Rows.BusinessIDs, Now: time.Now, Logger: h.log.With("room", "receive"),
		Authenticate: func(ctx context.Context, token, remote string) (context.Context, gate.Credential, error) {
			ctx, err := h.access.Push(ctx, token, remote, carried(ctx))
			return ctx, credential(ctx, remote), err
		},
	})
	h.events = receive.NewEvents(receive.EventsOptions{Gate: h.gate, Credential: by, Business: cfg.Rows.BusinessIDs, IDs: h.known, Now: time.Now, Logger: h.log.With("room", "receive")})
}
