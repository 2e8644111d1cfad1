package emit

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Options say how a service names itself. The zero value is complete.
type Options struct {
	// Labels are put on every metric, for example agency and env. Names follow Prometheus' rule
	// ([a-zA-Z_][a-zA-Z0-9_]*) and must not be labels that emit sets itself.
	Labels map[string]string

	// Version is the version label of app_build_info. Empty means the main module's version.
	Version string

	// Buckets are the classic upper bounds of http_request_duration_seconds, in seconds, rising, at most 100, each
	// above 0 and at most 86400. Empty means 5 ms to 10 s with bounds at 1 s and 2 s. A KPI that asks "under 2 s" is
	// exact only where there is a bound at 2.
	Buckets []float64

	// MaxCombinations bounds how many combinations of method, route and code are kept apart; 0 means 2000. Further
	// ones are counted under route="other" and in emit_requests_overflow_total.
	MaxCombinations int

	// Untraced leaves the request and its context alone: no W3C trace context, no exemplars, no ids in log lines. It is
	// for services that another library traces, and saves about a third of the cost of a request. SetRoute does not work
	// then; [Routes] does.
	Untraced bool

	// Events is where Track sends events; Run does the sending.
	Events EventsTo

	// Registry is where the metrics go. Nil means a new registry that also has the Go runtime and process metrics.
	Registry *prometheus.Registry
}

const (
	defaultCombinations = 2000
	maxBuckets          = 100
	maxBucketSeconds    = 86400
)

var (
	durationBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10}
	sizeBuckets     = []float64{100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

	labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

	// ownLabels are on metrics that emit or the Go runtime collector registers; a constant label of the same name
	// would make the registry refuse the metric.
	ownLabels = []string{"code", "goversion", "le", "method", "quantile", "revision", "route", "type", "version"}
)

// Validate says what is wrong with the options: the field, its value and what would be accepted.
func (o Options) Validate() error {
	for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
		switch {
		case !labelName.MatchString(name), strings.HasPrefix(name, "__"):
			return fmt.Errorf("emit: label name %q: want letters, digits and underscores, not starting with a digit or __", name)
		case slices.Contains(ownLabels, name):
			return fmt.Errorf("emit: label name %q is set by emit itself: choose another", name)
		case !utf8.ValidString(o.Labels[name]):
			return fmt.Errorf("emit: label %s: value %q is not UTF-8", name, o.Labels[name])
		}
	}
	if !utf8.ValidString(o.Version) {
		return fmt.Errorf("emit: version %q is not UTF-8", o.Version)
	}
	if len(o.Buckets) > maxBuckets {
		return fmt.Errorf("emit: %d buckets: want at most %d", len(o.Buckets), maxBuckets)
	}
	last := 0.0
	for _, b := range o.Buckets {
		// Written so that NaN fails too.
		if !(b > last && b <= maxBucketSeconds) {
			return fmt.Errorf("emit: bucket %v after %v: want rising seconds above 0 and at most %d", b, last, maxBucketSeconds)
		}
		last = b
	}
	if o.MaxCombinations < 0 {
		return fmt.Errorf("emit: max combinations %d: want 0 for the default, or more", o.MaxCombinations)
	}
	return o.Events.validate()
}

// withDefaults fills what was left empty and takes copies, so that the caller may reuse its slice.
func (o Options) withDefaults() Options {
	if len(o.Buckets) == 0 {
		o.Buckets = durationBuckets
	}
	o.Buckets = slices.Clone(o.Buckets)
	if o.MaxCombinations == 0 {
		o.MaxCombinations = defaultCombinations
	}
	return o
}
