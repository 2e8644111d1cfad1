// Package amapi is the Alertmanager door: /api/v2 for amtool, Grafana, Prometheus and whoever else speaks it, served by
// Alertmanager's own handlers over the alert room's alerts and silences. It keeps nothing.
package amapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/alertmanager/api/v2"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/alert"
)

// Options are the door's dependencies; all are required but the logger.
type Options struct {
	Alert      *alert.Alert
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// API serves Alertmanager's API v2.
type API struct {
	alert *alert.Alert
	inner http.Handler
	log   *slog.Logger
}

// maxBody bounds what a request may send.
const maxBody = 16 << 20

// New returns the door over an alert room.
func New(o Options) (*API, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	inner, err := v2.NewAPI(o.Alert.Provider(), o.Alert.Groups, o.Alert.GroupMuted, o.Alert.Silences(), nil, o.Logger, o.Registerer)
	if err != nil {
		return nil, fmt.Errorf("alertmanager api: %w", err)
	}
	o.Alert.OnApply(func(c *config.Config, mark func(context.Context, model.LabelSet)) { inner.Update(c, mark) })
	return &API{alert: o.Alert, inner: inner.Handler, log: o.Logger}, nil
}

// Routes returns what the door serves. The API has no word for a scope, so it takes a role without one.
func (a *API) Routes() []access.Route {
	read := func(pattern string) access.Route {
		return access.Route{Method: http.MethodGet, Pattern: pattern, Action: access.ReadAlerts, Whole: true, Handler: a.inner}
	}
	write := func(method, pattern string, action access.Action, h http.Handler) access.Route {
		return access.Route{Method: method, Pattern: pattern, Action: action, Whole: action == access.WriteSilences, Handler: http.MaxBytesHandler(h, maxBody)}
	}
	return []access.Route{
		read("/api/v2/status"), read("/api/v2/receivers"), read("/api/v2/alerts"), read("/api/v2/alerts/groups"), read("/api/v2/silences"), read("/api/v2/silence/{id}"),
		write(http.MethodPost, "/api/v2/alerts", access.WriteAlerts, a.inner),
		write(http.MethodPost, "/api/v2/silences", access.WriteSilences, a.durable()),
		write(http.MethodDelete, "/api/v2/silence/{id}", access.WriteSilences, a.durable()),
	}
}

// durable answers 500 when a silence was taken and could not be written: Alertmanager's handler cannot know.
func (a *API) durable() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The body is read before the change begins: a client that sends slowly holds nobody else up.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			code := http.StatusBadRequest
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				code = http.StatusRequestEntityTooLarge
			}
			http.Error(w, "the request could not be read: "+err.Error(), code)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		held := &held{header: http.Header{}, code: http.StatusOK}
		if err := a.alert.Durably(r.Context(), func() { a.inner.ServeHTTP(held, r) }); err != nil {
			a.log.Error("a silence could not be written", "err", err)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_ = json.NewEncoder(w).Encode("the change is in force and could not be written: it may not survive a restart; try again")
			return
		}
		for k, v := range held.header {
			w.Header()[k] = v
		}
		w.WriteHeader(held.code)
		_, _ = w.Write(held.body)
	})
}

// held keeps an answer until it is known to be true.
type held struct {
	header http.Header
	code   int
	body   []byte
}

func (h *held) Header() http.Header  { return h.header }
func (h *held) WriteHeader(code int) { h.code = code }
func (h *held) Write(b []byte) (int, error) {
	h.body = append(h.body, b...)
	return len(b), nil
}
