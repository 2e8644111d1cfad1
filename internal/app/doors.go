package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/amapi"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/ui"
)

// openDoors builds what answers over HTTP and mounts every room's routes behind one access middleware.
func (h *house) openDoors(demo api.Demo) func(context.Context, *Config) error {
	return func(_ context.Context, cfg *Config) error {
		h.sights.wide = board.Options{
			Logger: h.log.With("room", "board"), Now: time.Now, Statuses: h.engine.Statuses, Status: h.engine.Status, History: h.ledger,
			Alerts: h.activeAlerts, Silences: h.silences, Sources: h.sources, Law: lawDoor{h},
		}
		h.board = board.New(h.sights.wide)
		h.api = api.New(api.Options{
			Logger: h.log.With("room", "api"), Now: time.Now, Version: h.o.Version, Board: h.board, BoardOf: func(ctx context.Context) api.Board { return h.boardOf(ctx) }, Alerts: alertDoor{h},
			Sources: h.sourcesOf, Server: h.status, Demo: demo, People: h.access, Provider: cfg.provider(), Audit: h.audit, Govern: h.govern,
			Preview: h.preview, Look: h.look, Backtest: h.backtestChanges, Changes: changeDoor{h}, Pages: pageDoor{h},
			Rows: h.rows, Usage: h.usage, Traces: h.usage, Privacy: h.privacy, Exports: h.export, K: func() int { return h.privacy.K() },
		})
		page, err := ui.Handler()
		if err != nil {
			return err
		}
		routes := h.access.Routes()
		routes = append(routes, h.api.Routes()...)
		routes = append(routes, h.receive.Routes()...)
		routes = append(routes, h.otlp.Routes()...)
		routes = append(routes, h.events.Routes()...)
		routes = append(routes, h.lines(cfg).Routes()...)
		routes = append(routes, h.openPromAPI(cfg).Routes()...)
		am, err := amapi.New(amapi.Options{Alert: h.alert, Logger: h.log.With("room", "amapi"), Registerer: h.reg})
		if err != nil {
			return err
		}
		routes = append(routes, am.Routes()...)
		for _, p := range ui.Pages() {
			routes = append(routes, access.Route{Method: http.MethodGet, Pattern: p, Action: access.ReadKPIs, Handler: page})
		}
		for _, p := range ui.Assets() {
			routes = append(routes, access.Route{Method: http.MethodGet, Pattern: p, Action: access.Open, Handler: page})
		}
		routes = append(routes,
			access.Route{Method: http.MethodGet, Pattern: "/-/healthy", Action: access.Open, Handler: http.HandlerFunc(h.healthy)},
			access.Route{Method: http.MethodGet, Pattern: "/-/ready", Action: access.Open, Handler: http.HandlerFunc(h.isReady)},
			access.Route{Method: http.MethodPost, Pattern: "/-/reload", Action: access.Operate, Handler: http.HandlerFunc(h.postReload)},
			access.Route{Method: http.MethodGet, Pattern: "/metrics", Action: access.ReadServer, Handler: promhttp.HandlerFor(h.reg, promhttp.HandlerOpts{Registry: h.reg, MaxRequestsInFlight: 8})},
		)
		h.routes = h.witness(routes)
		handler, err := h.access.Handler(h.routes)
		h.handler = h.cors(handler)
		return err
	}
}

func (h *house) healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("signalbox is healthy.\n"))
}

func (h *house) isReady(w http.ResponseWriter, _ *http.Request) {
	if !h.ready.Load() {
		http.Error(w, "signalbox is starting.", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("signalbox is ready.\n"))
}

func (h *house) postReload(w http.ResponseWriter, r *http.Request) {
	if err := h.Reload(r.Context()); err != nil {
		h.log.Error("the configuration was not reloaded", "err", err)
		http.Error(w, fault.Outside(err), fault.Status(fault.KindOf(err)))
		return
	}
	_, _ = w.Write([]byte("reloaded\n"))
}
