package access

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Handler mounts all rooms' routes, this room's own Routes among them, behind one middleware. It refuses a table in which two
// patterns collide, an action that does not exist, or a route without a handler.
func (a *Access) Handler(routes []Route) (h http.Handler, err error) {
	known := map[Action]bool{Open: true, SignIn: true, SignedIn: true}
	for _, act := range Actions() {
		known[act] = true
	}
	// Methods are told apart here and not by ServeMux, for which "GET /" and "/-/reload" collide.
	patterns := map[string]methods{}
	for _, r := range routes {
		key := strings.TrimSpace(r.Method + " " + r.Pattern)
		switch {
		case r.Handler == nil:
			return nil, fmt.Errorf("route %q: no handler", key)
		case !known[r.Action]:
			return nil, fmt.Errorf("route %q: no action %q", key, r.Action)
		case changes(r) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			return nil, fmt.Errorf("route %q: action %q changes something, a %s must not", key, r.Action, r.Method)
		case patterns[r.Pattern][r.Method] != nil:
			return nil, fmt.Errorf("route %q is mounted twice", key)
		case patterns[r.Pattern] == nil:
			patterns[r.Pattern] = methods{}
		}
		patterns[r.Pattern][r.Method] = a.guard(r)
	}
	mux := http.NewServeMux()
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		if err := mount(mux, pattern, patterns[pattern]); err != nil {
			return nil, err
		}
	}
	return a.outer(mux), nil
}

// methods are the handlers of one pattern by method; "" takes every other method.
type methods map[string]http.Handler

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := m[r.Method]
	if h == nil && r.Method == http.MethodHead {
		h = m[http.MethodGet]
	}
	if h == nil {
		h = m[""]
	}
	if h == nil {
		allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
		w.Header().Set("Allow", allow)
		say(w, http.StatusMethodNotAllowed, "method "+clip(r.Method)+" is not for "+clip(r.URL.Path)+": want "+allow)
		return
	}
	h.ServeHTTP(w, r)
}

// mount turns ServeMux's panic over a collision into an error.
func mount(mux *http.ServeMux, pattern string, h http.Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("route %q: %v", pattern, p)
		}
	}()
	mux.Handle(pattern, h)
	return nil
}

// changes reports whether the route's action changes something whatever the method.
func changes(r Route) bool {
	switch r.Action {
	case WriteSignals, WriteAlerts, WriteSilences, WriteChanges, Propose, Approve, Emergency, ManagePeople, Operate:
		return true
	}
	return false
}
