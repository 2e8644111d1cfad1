package policy

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Route says who is told about what. Routes are tried in order before the ones of signalbox.yaml.
type Route struct {
	Name           string
	Match          []*labels.Matcher // over the alert's labels; all must hold
	KPIs           []string          // names; any of them; empty = all
	Receiver       string
	GroupBy        []string       // label names, or "..." alone for each alert by itself; nil = as the parent route
	GroupWait      *time.Duration // nil = as the parent route
	GroupInterval  *time.Duration
	RepeatInterval *time.Duration
	Active         []string // names of time intervals; outside them nobody is told
	Mute           []string // names of time intervals; inside them nobody is told
	Continue       bool     // routes after it are tried too
	Order          int      // smaller first, then by name; DefaultOrder unless stated
}
