package receive

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// outcome is the answer to a request of events: 200 when all or some were kept or had been before, 400 when none was.
type outcome struct {
	Success    bool           `json:"success"` // Segment's clients look for it
	Accepted   int            `json:"accepted"`
	Duplicates int            `json:"duplicates,omitempty"` // kept before, by their id
	Refused    []refusedEvent `json:"refused,omitempty"`
	Error      string         `json:"error,omitempty"`

	of int // events in the request
}

// refusedEvent says what is wrong with an event. Those that the gate refuses by its limits come as one entry with a count
// and the index -1.
type refusedEvent struct {
	Index  int    `json:"index"`
	Count  int    `json:"count,omitempty"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

func (o outcome) write(w http.ResponseWriter) {
	status := http.StatusOK
	o.Success = o.Accepted+o.Duplicates > 0 || len(o.Refused) == 0
	if !o.Success {
		status = http.StatusBadRequest
		o.Error = "none of the " + strconv.Itoa(o.of) + " events was accepted"
	}
	writeJSON(w, status, o)
}

// fail answers for a request of which nothing was kept.
func (e *Events) fail(w http.ResponseWriter, err error) {
	status := failure(w, err)
	if status >= http.StatusInternalServerError {
		e.o.Logger.Error("Events were not accepted", "err", err)
	}
	writeJSON(w, status, outcome{Error: fault.Outside(err)})
}

// failure returns the status of an error and says in the header when to come again.
func failure(w http.ResponseWriter, err error) int {
	status := fault.Status(fault.KindOf(err))
	var u *unsupported
	if errors.As(err, &u) {
		status = http.StatusUnsupportedMediaType
	}
	var busy *gate.Busy
	switch {
	case errors.As(err, &busy):
		w.Header().Set("Retry-After", strconv.Itoa(int((busy.After+time.Second-1)/time.Second)))
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	return status
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
