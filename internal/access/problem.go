package access

import (
	"encoding/json"
	"net/http"

	"github.com/signalbox/signalbox/internal/fault"
)

// problem answers with RFC 9457 problem details whose detail is the sentence.
func problem(w http.ResponseWriter, err error) {
	status := fault.Status(fault.KindOf(err))
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="signalbox"`)
	}
	say(w, status, fault.Outside(err))
}

func say(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that went away is its own matter
		"title": http.StatusText(status), "status": status, "detail": detail,
	})
}
