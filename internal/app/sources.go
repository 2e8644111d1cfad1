package app

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/hostagent"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/probe"
)

// intervalOf says how often a series is pulled, for the engine's delay and gaps.
func (h *house) intervalOf(l labels.Labels) (time.Duration, bool) {
	if h.host != nil && l.Get("job") == hostagent.Job {
		return h.host.Interval(), true
	}
	if d, ok := h.probeInterval(l); ok {
		return d, true
	}
	return h.scrape.IntervalOf(l)
}

// sources lists where data comes from: scraped targets, this machine, who pushes, and rules.
func (h *house) sources(context.Context) ([]board.Source, error) {
	stats := map[string]map[string]map[string]int64{}
	var out []board.Source
	for _, s := range h.gate.Sources() {
		kind := "push"
		switch {
		case strings.HasPrefix(s.Source, "scrape"):
			stats[strings.TrimPrefix(s.Source, "scrape:")] = s.Refused
			continue // its target says more
		case s.Source == "host":
			stats["host"] = s.Refused
			continue
		case s.Source == "usage":
			continue // our own sums
		case s.Source == probe.Job && h.prober.Load() != nil:
			continue // its probes say more
		case s.Source == "rules":
			kind = "rule"
			if s.Accepted == 0 {
				continue
			}
		case s.Source == "other" && s.Accepted == 0 && len(s.Refused) == 0:
			continue
		}
		src := board.Source{ID: kind + "/" + s.Source, Kind: kind, Job: s.Source, Target: s.Source, Health: "up", LastAt: s.LastAt, LastError: s.LastError,
			Samples: s.Accepted, Series: s.Series, Refused: byReason(s.Refused), RefusedOf: s.Refused,
			Rows: s.Rows, Dropped: s.Private, SampledOut: s.Sampled + s.Thinned}
		if kind == "push" && time.Since(time.UnixMilli(s.LastAt)) > 5*time.Minute {
			src.Health = "late"
		}
		out = append(out, src)
	}
	for _, t := range h.scrape.Sources() {
		refused := byReason(stats[t.Job+"/"+t.Labels.Get("instance")]) // a target has nothing but metrics
		for reason, n := range t.Refused {
			refused[reason] += int64(n)
		}
		out = append(out, board.Source{
			ID: t.ID, Kind: "scrape", Job: t.Job, Target: t.URL, Labels: t.Labels.Map(), Health: t.Health, LastAt: t.LastScrape, IntervalMS: t.Interval.Milliseconds(),
			LastError: t.LastError, Hint: t.Hint, Samples: int64(t.Samples), Series: int64(t.Series), Refused: refused, RefusedOf: ofMetrics(refused), DurationMS: t.Duration.Milliseconds(),
		})
	}
	out = append(out, h.probeSources()...)
	if h.host != nil {
		s := h.host.Source()
		out = append(out, board.Source{
			ID: "host", Kind: "host", Job: hostagent.Job, Target: s.Instance, Labels: map[string]string{"instance": s.Instance}, Health: s.Health, LastAt: s.LastScrape,
			IntervalMS: s.Interval.Milliseconds(), LastError: s.LastError, Samples: int64(s.Samples), Series: int64(s.Samples), Refused: byReason(stats["host"]), RefusedOf: stats["host"], DurationMS: s.Duration.Milliseconds(),
		})
	}
	return out, nil
}

// byReason adds up the refusals of all signals.
func byReason(of map[string]map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for _, by := range of {
		for reason, n := range by {
			out[reason] += n
		}
	}
	return out
}

// ofMetrics is refusals of samples as refusals by signal.
func ofMetrics(by map[string]int64) map[string]map[string]int64 {
	if len(by) == 0 {
		return nil
	}
	return map[string]map[string]int64{gate.Metrics.String(): by}
}

// status says how the server itself is doing.
func (h *house) status(ctx context.Context) (api.StatusBody, error) {
	cfg := h.cfg.Load()
	b := api.StatusBody{
		Version: h.o.Version, StartedAt: h.started.UnixMilli(), UptimeMS: time.Since(h.started).Milliseconds(), ExternalURL: cfg.ExternalURL.String(),
		Demo: h.o.Demo != nil, KPIs: len(policy.KPIs(h.law())), Config: api.ConfigState{File: cfg.File, LoadedAt: h.loadedAt.Load(), Restart: *h.owed.Load()},
	}
	if e := h.lastErr.Load(); e != nil {
		b.Config.Error = *e
	}
	if cfg.Alerting != nil {
		for _, r := range cfg.Alerting.Receivers {
			b.Receivers = append(b.Receivers, r.Name)
		}
	}
	for _, w := range cfg.Warnings {
		b.Warnings = append(b.Warnings, w.String())
	}
	u := h.samples.Usage()
	b.Stores = append(b.Stores, api.Store{Name: "metrics", Path: "metrics", Bytes: u.DiskBytes, Series: u.Series, Oldest: oldest(h.samples.StartTime()), Error: u.Reason})
	b.Stores = append(b.Stores, h.rowStatus(ctx)...)
	u = h.points.Usage()
	b.Stores = append(b.Stores, api.Store{Name: "kpi", Path: "kpi", Bytes: u.DiskBytes, Series: u.Series, Oldest: oldest(h.points.StartTime()), Error: u.Reason})
	return b, nil
}

// rowStatus says what the row store keeps of each table, and what it found damaged or missing at the start.
func (h *house) rowStatus(ctx context.Context) []api.Store {
	st, err := h.rows.Stat(ctx)
	if err != nil {
		return []api.Store{{Name: "rows", Path: "rows", Error: err.Error()}}
	}
	var out []api.Store
	for _, t := range st.Tables {
		out = append(out, api.Store{Name: t.Table.String(), Path: "rows", Bytes: t.Bytes, Rows: t.Rows, Oldest: t.Oldest / 1000})
	}
	if err := h.rows.Writable(); err != nil {
		out = append(out, api.Store{Name: "rows", Path: "rows", Error: err.Error()})
	}
	for _, n := range st.Notes {
		out = append(out, api.Store{Name: "rows", Path: "rows", Error: n})
	}
	return out
}

// oldest is a store's first instant in Unix ms, 0 while it is empty.
func oldest(ms int64, err error) int64 {
	if err != nil || ms > time.Now().Add(24*time.Hour).UnixMilli() {
		return 0
	}
	return max(ms, 0)
}
