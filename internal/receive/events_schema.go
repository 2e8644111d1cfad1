package receive

import (
	_ "embed"
	"net/http"
)

// eventsSchema is the JSON Schema of POST /v1/events; a test holds it against what is accepted.
//
//go:embed events_schema.json
var eventsSchema []byte

func serveSchema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(eventsSchema)
}
