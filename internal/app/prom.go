package app

import (
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/promapi"
)

// openPromAPI builds Prometheus' HTTP API over samples and KPI series.
func (h *house) openPromAPI(cfg *Config) *promapi.API {
	return promapi.New(promapi.Options{
		Engine: h.promql, Queryable: h.sighted(), Exemplars: scoped.Exemplars(h.samples, signalLens, scoped.Scopes), Targets: h.scrape, Rules: h.rules,
		Config:      func() *promconfig.Config { return h.cfg.Load().Scrape },
		Flags:       map[string]string{"listen": cfg.Listen, "data": cfg.Data, "config": cfg.File},
		ExternalURL: cfg.ExternalURL,
		Stats: func(label string, limit int) (*tsdb.Stats, error) {
			if s, ok := h.samples.(interface {
				Stats(label string, limit int) (*tsdb.Stats, error)
			}); ok {
				return s.Stats(label, limit)
			}
			return nil, tsdb.ErrNotReady
		},
		Retention: model.Duration(cfg.Metrics.Retention).String(), Version: h.o.Version,
		Reloaded: func() (time.Time, bool) { return time.UnixMilli(h.loadedAt.Load()), h.lastErr.Load() == nil },
		Gatherer: h.reg, Registerer: h.reg, Logger: h.log.With("room", "promapi"), Now: time.Now,
	})
}
