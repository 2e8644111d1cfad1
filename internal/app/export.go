package app

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/prompb"

	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/privacy"
)

// openExport opens what lets rows and samples leave.
func (h *house) openExport(ctx context.Context, cfg *Config) (err error) {
	h.export, err = export.New(ctx, export.Options{
		DB: h.state, Audit: h.audit, Rows: h.rows, Spool: filepath.Join(cfg.Data, "export"), Kept: h.rowLimits().Oldest,
		Now: time.Now, Logger: h.log.With("room", "export"), Registerer: h.reg,
	})
	if err != nil {
		return err
	}
	h.remote = export.NewRemote(export.RemoteOptions{
		Feeds: []export.Feed{
			{Name: "metrics", Dir: filepath.Join(cfg.Data, "metrics"), Appended: h.appended.feed("metrics", h.samples)},
			{Name: "kpi", Dir: filepath.Join(cfg.Data, "kpi"), Appended: h.appended.feed("kpi", h.points)},
		},
		Metadata: h.metadata, Logger: h.log.With("room", "export"), Registerer: h.reg,
	})
	h.onClose("remote_write", h.remote.Close)
	return h.applyExport(cfg)
}

// metadata is what is known of metrics: what scraped targets say, then what who pushes says of others.
func (h *house) metadata() (out []prompb.MetricMetadata) {
	said := map[string]bool{}
	for _, targets := range h.scrape.TargetsActive() {
		for _, t := range targets {
			for _, m := range t.ListMetadata() {
				if !said[m.MetricFamily] {
					said[m.MetricFamily] = true
					out = append(out, prompb.MetricMetadata{MetricFamilyName: m.MetricFamily, Type: prompb.FromMetadataType(m.Type), Help: m.Help, Unit: m.Unit})
				}
			}
		}
	}
	for family, m := range h.receive.Metadata() {
		if !said[family] {
			out = append(out, prompb.MetricMetadata{MetricFamilyName: family, Type: prompb.FromMetadataType(m.Type), Help: m.Help, Unit: m.Unit})
		}
	}
	return out
}

// applyExport has exports go by a configuration.
func (h *house) applyExport(cfg *Config) error {
	if err := h.remote.Apply(cfg.Scrape.GlobalConfig.ExternalLabels, cfg.RemoteWrite); err != nil {
		return err
	}
	h.export.Apply(cfg.Export)
	return nil
}

// left lists what left the house for the certificate of an erasure, and has the pipeline's folder follow it.
func (h *house) left(ctx context.Context) ([]privacy.Left, error) {
	if h.export == nil {
		return nil, nil
	}
	if err := h.export.Recheck(ctx); err != nil {
		return nil, err
	}
	all, err := h.export.Left(ctx)
	out := make([]privacy.Left, len(all))
	for i, l := range all {
		out[i] = privacy.Left(l)
	}
	return out, err
}

// appended keeps the counters of samples that the stores register, because their library tells them nowhere else.
type appended struct {
	mu     sync.Mutex
	counts map[string]prometheus.Collector
}

// appendedName is the counter of a store's library.
const appendedName = "prometheus_tsdb_head_samples_appended_total"

// watch returns a registerer for one store that hands everything on and remembers the counter.
func (a *appended) watch(store string, to prometheus.Registerer) prometheus.Registerer {
	return watched{prometheus.WrapRegistererWith(prometheus.Labels{"store": store}, to), store, a}
}

type watched struct {
	prometheus.Registerer
	store string
	to    *appended
}

// Register implements prometheus.Registerer.
func (w watched) Register(c prometheus.Collector) error {
	if err := w.Registerer.Register(c); err != nil {
		return err
	}
	descs := make(chan *prometheus.Desc, 64)
	go func() { c.Describe(descs); close(descs) }()
	for d := range descs {
		if strings.Contains(d.String(), `"`+appendedName+`"`) {
			w.to.mu.Lock()
			if w.to.counts == nil {
				w.to.counts = map[string]prometheus.Collector{}
			}
			w.to.counts[w.store] = c
			w.to.mu.Unlock()
		}
	}
	return nil
}

// feed counts the samples of one store.
func (a *appended) feed(store string, of metricstore.Store) func() (samples, newest int64) {
	return func() (samples, newest int64) {
		a.mu.Lock()
		c := a.counts[store]
		a.mu.Unlock()
		if c == nil {
			return 0, 0
		}
		values := make(chan prometheus.Metric, 8)
		go func() { c.Collect(values); close(values) }()
		for v := range values {
			var m dto.Metric
			if v.Write(&m) == nil {
				samples += int64(m.GetCounter().GetValue())
			}
		}
		return samples, max(of.NewestTime(), 0)
	}
}
