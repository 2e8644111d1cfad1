package usage

import "context"

// Sample is one standing number on its way out.
type Sample struct {
	Name   string
	Labels map[string]string // service, env and agency of the application, empty ones left out; and what Name says
	Time   int64             // Unix milliseconds
	Value  float64
}

// Watched is a funnel that is published.
type Watched struct {
	Name string         `json:"name"`
	Ask  FunnelQuestion `json:"ask"`
}

// Samples is the standing numbers of every application, and of all of them under no label.
func (r *Room) Samples(context.Context) []Sample { return nil }
