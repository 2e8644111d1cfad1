package policy

import (
	"time"
)

// Signal is what a Retention keeps.
type Signal string

// The signals.
const (
	SignalMetrics   Signal = "metrics"
	SignalKPI       Signal = "kpi"
	SignalLogs      Signal = "logs"
	SignalSpans     Signal = "spans"
	SignalEvents    Signal = "events"
	SignalDecisions Signal = "decisions"
	SignalAudit     Signal = "audit"
)

// Retention says how long one signal, or one data class of it, is kept.
type Retention struct {
	Name   string
	Signal Signal
	Class  string // data class; empty = whatever has no class of its own
	Keep   time.Duration
	Min    time.Duration // what keep may never fall below while this stands; the house's own floor unless stated
	Reason string
}
