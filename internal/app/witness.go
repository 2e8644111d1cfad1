package app

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
)

// witnessed are the routes whose rooms keep no audit record of their own, with the word of the record. Policies, people and
// tokens write theirs in the transaction of the change; a room that only acts has nothing to share a transaction with, so
// the record comes first: what cannot be recorded is not done, and what then failed gets a second record.
var witnessed = map[string]struct{ action, kind string }{
	"POST /api/signalbox/v1/silences":                {"silence_create", "silence"},
	"DELETE /api/signalbox/v1/silences/{id}":         {"silence_expire", "silence"},
	"POST /api/v2/silences":                          {"silence_create", "silence"},
	"DELETE /api/v2/silence/{id}":                    {"silence_expire", "silence"},
	"POST /api/signalbox/v1/receivers/test":          {"receiver_test", "receiver"},
	"POST /api/signalbox/v1/changes":                 {"change_event", "change"},
	"POST /api/signalbox/v1/demo/{service}/{action}": {"demo_switch", "service"},
	"POST /api/signalbox/v1/usage/kpi":               {"usage_watch", "usage"},
	"POST /-/reload":                                 {"reload", "configuration"},
}

// witness puts the record before the routes that need one.
func (h *house) witness(routes []access.Route) []access.Route {
	for i, r := range routes {
		if w, ok := witnessed[r.Method+" "+r.Pattern]; ok {
			routes[i].Handler = h.recorded(w.action, w.kind, r.Handler)
		}
	}
	return routes
}

func (h *house) recorded(action, kind string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := access.Record(r.Context(), action, audit.Object{Kind: kind, Name: named(r)})
		if err := h.audit.Write(r.Context(), rec); err != nil {
			h.log.Error("an audit record could not be written; what was asked was refused", "err", err, "action", action)
			http.Error(w, "the audit record could not be written, so nothing was done; the server's log says why", http.StatusServiceUnavailable)
			return
		}
		status := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(status, r)
		if status.code < 400 {
			return
		}
		rec.Outcome = audit.Failed
		if err := h.audit.Write(context.WithoutCancel(r.Context()), rec); err != nil {
			h.log.Error("the record of a failed action could not be written", "err", err, "action", action)
		}
	})
}

// named is what the path says of the object.
func named(r *http.Request) string {
	for _, key := range []string{"id", "service"} {
		if v := r.PathValue(key); v != "" {
			return v
		}
	}
	return ""
}

// recordAccess takes what the access room has to say into the transaction of its change.
func (h *house) recordAccess(ctx context.Context, tx *sql.Tx, e access.Event) error {
	return h.audit.Append(ctx, tx, audit.Record{
		Actor: audit.Actor{ID: e.ActorID, Name: e.ActorName, Kind: string(e.ActorKind)}, Action: e.Action,
		Object: audit.Object{Kind: e.ObjectKind, Name: e.ObjectName}, Outcome: e.Outcome, Before: e.Before, After: e.After,
		Reason: e.Reason, Source: e.Source, Request: e.Request, Detail: e.Detail,
	})
}

// status remembers how an answer went.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap gives http.ResponseController the connection.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
