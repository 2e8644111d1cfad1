package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// house is one side of the race.
type house struct {
	name  string
	serve *process
	mu    sync.Mutex
	cross map[int]time.Time // service -> its crossing sample, in this side's eyes
	told  map[int]time.Time // service -> first webhook
}

func newHouse(name string) *house {
	return &house{name: name, cross: map[int]time.Time{}, told: map[int]time.Time{}}
}

// unheard lists some services that nobody was told of, with the time of their crossing samples.
func (h *house) unheard(w *world) string {
	var out []string
	for i := range w.services {
		if _, ok := h.told[i]; ok || len(out) > 4 {
			continue
		}
		out = append(out, fmt.Sprintf("%s (%s)", service(i), h.cross[i].UTC().Format("15:04:05.000")))
	}
	return strings.Join(out, ", ")
}

func (h *house) heard() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.told)
}

// crossed notes a service's first sample after it broke.
func (h *house) crossed(i int, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.cross[i]; !ok {
		h.cross[i] = at
	}
}

// hook is the webhook receiver.
func (h *house) hook(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var m struct {
		Alerts []struct {
			Status string            `json:"status"`
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 16<<20)).Decode(&m); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range m.Alerts {
		var i int
		if _, err := fmt.Sscanf(a.Labels["service"], "svc-%d", &i); err != nil || a.Status != "firing" {
			continue
		}
		if _, ok := h.told[i]; !ok {
			h.told[i] = now
		}
	}
}
