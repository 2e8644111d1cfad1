package otlp

import (
	"net/http"
	"slices"
	"strings"
)

// corsHeaders are what the SDKs of browsers send besides what any page may.
const corsHeaders = "Content-Type, Content-Encoding, Authorization, Traceparent, Tracestate, Baggage, User-Agent"

// CORS lets pages of other origins send OTLP: what origins returns, exactly as browsers write them, is asked with every request.
// It stands in front of everything else of a listener and leaves other paths and other origins as they are.
//
// A request of such a page is a push like any other from there on: its cookie is taken off, and so is where it comes from, which
// has been judged here. Who it is says its bearer token; the answer never allows credentials that browsers add by themselves.
func CORS(origins func() []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !exported(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		allowed := origins()
		if len(allowed) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		from := r.Header.Values("Origin")
		if len(from) != 1 || !slices.Contains(allowed, from[0]) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", from[0])
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", http.MethodPost)
			h.Set("Access-Control-Allow-Headers", corsHeaders)
			h.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.Set("Access-Control-Expose-Headers", "Retry-After")
		own := r.Clone(r.Context())
		for name := range own.Header {
			if name == "Origin" || name == "Cookie" || name == "Referer" || strings.HasPrefix(name, "Sec-Fetch-") {
				own.Header.Del(name)
			}
		}
		next.ServeHTTP(w, own)
	})
}

// exported reports whether a path is one that SDKs send to.
func exported(path string) bool {
	switch path {
	case "/v1/metrics", "/v1/logs", "/v1/traces", "/api/v1/otlp/v1/metrics":
		return true
	}
	return false
}
