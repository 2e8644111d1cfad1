package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// sourceCmd shows where data comes from.
type sourceCmd struct {
	List sourceListCmd `cmd:"" default:"withargs" help:"List sources, those in trouble first."`
}

type sourceListCmd struct {
	connection
	output
}

// Run lists sources.
func (c *sourceListCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/sources"), nil, &raw); err != nil {
		return err
	}
	var body struct {
		Sources []struct {
			Kind      string                      `json:"kind"`
			Job       string                      `json:"job"`
			Target    string                      `json:"target"`
			Health    string                      `json:"health"`
			LastAt    int64                       `json:"last_at"`
			LastError string                      `json:"last_error"`
			Hint      string                      `json:"hint"`
			Samples   int64                       `json:"samples"`
			Refused   map[string]map[string]int64 `json:"refused_by_signal"`
		} `json:"sources"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	t := table{{"KIND", "JOB", "TARGET", "HEALTH", "LAST", "SAMPLES", "REFUSED", "TROUBLE"}}
	for _, s := range body.Sources {
		var refused []string
		for _, signal := range slices.Sorted(maps.Keys(s.Refused)) {
			for _, reason := range slices.Sorted(maps.Keys(s.Refused[signal])) {
				refused = append(refused, fmt.Sprintf("%s %s: %d", signal, reason, s.Refused[signal][reason]))
			}
		}
		trouble := s.Hint
		if trouble == "" {
			trouble = s.LastError
		}
		t = append(t, []string{s.Kind, s.Job, s.Target, s.Health, when(s.LastAt), fmt.Sprint(s.Samples), strings.Join(refused, ", "), trouble})
	}
	return c.print(w, t, raw)
}
