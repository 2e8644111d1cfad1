package policy

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Maintenance says when KPIs are judged and nobody is paged.
type Maintenance struct {
	Name   string
	KPIs   []string          // names; empty = all that match
	Match  []*labels.Matcher // over the alert's labels; all must hold
	From   time.Time         // one-off: its start; weekly: the first instant it holds for; zero = always
	To     time.Time         // one-off: its end; weekly: the end of all of them; zero = never
	Weekly *Weekly           // nil = one-off
	Reason string
}

// Weekly is a recurrence by the clock on the wall of a zone.
type Weekly struct {
	Days  []time.Weekday
	Start int    // minutes after midnight
	End   int    // minutes after midnight; at or before Start it is the next day's
	Zone  string // IANA name
}
