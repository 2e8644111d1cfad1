package policy

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// MetricType is a type of metric that a Sampling can set an interval for.
type MetricType string

// The metric types.
const (
	Counter   MetricType = "counter"
	GaugeType MetricType = "gauge"
	Histogram MetricType = "histogram"
	Summary   MetricType = "summary"
	Untyped   MetricType = "unknown"
)

// Sampling says how much of a source's signals is taken.
type Sampling struct {
	Name    string
	Source  string            // name of the source; empty = any
	Match   []*labels.Matcher // over the signal's labels; all must hold
	Metrics map[MetricType]time.Duration
	Scrape  []ScrapeInterval
	Traces  *TraceSampling
	Logs    map[string]float64 // level -> share kept, 0 to 1; levels that are not stated are kept whole
}

// ScrapeInterval sets how often a scrape job is scraped.
type ScrapeInterval struct {
	Job      string
	Interval time.Duration
}

// TraceSampling says which traces are kept: decided at the first span (head), or once the trace is whole (tail).
type TraceSampling struct {
	Head *HeadSampling
	Tail *TailSampling
}

// HeadSampling keeps Reservoir traces a second and Rate of those beyond; the first route that fits sets its own.
type HeadSampling struct {
	Rate      float64 // 0 to 1
	Reservoir int     // traces a second that are always kept
	Routes    []RouteSampling
}

// RouteSampling is the head sampling of requests to a path.
type RouteSampling struct {
	Route     string // path; * stands for any letters
	Rate      float64
	Reservoir int
}

// TailSampling keeps what head sampling would lose.
type TailSampling struct {
	Errors     bool
	SlowerThan time.Duration // 0 = no trace is kept for being slow
}
