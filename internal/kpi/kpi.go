// Package kpi holds the words of the house: indicator, window, KPI, value, light, transition, and Judge, the only place
// where a colour is decided. It is pure: no goroutine, no I/O, no clock. The live engine, the replay of the past and the
// preview in the page all call the same functions with the same arguments and therefore agree.
package kpi

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Outcome says whose question a KPI answers.
type Outcome string

// The outcomes.
const (
	Technical Outcome = "technical"
	Business  Outcome = "business"
)

// Kind is the kind of an indicator, named as in the KPI document.
type Kind string

// The kinds. Availability, Gauge and PromQL are fed by samples, Unique, Pair and SQL by rows, Expr by other KPIs, the rest by
// samples or rows.
const (
	Ratio        Kind = "ratio"
	Rate         Kind = "rate"
	Mean         Kind = "mean"
	ShareBelow   Kind = "share_below"
	Quantile     Kind = "quantile"
	Apdex        Kind = "apdex"
	Availability Kind = "availability"
	Gauge        Kind = "gauge"
	Freshness    Kind = "freshness"
	Expr         Kind = "expr"
	PromQL       Kind = "promql"
	Unique       Kind = "unique"
	Pair         Kind = "pair"
	SQL          Kind = "sql"
)

// Selector is a PromQL vector selector: its text as written and its matchers, the metric name among them. For a histogram
// the name is the base name, without _bucket. A selector of rows has the table's name in the metric name's place: logs,
// spans or events.
type Selector struct {
	Text     string
	Matchers []*labels.Matcher
}

// Indicator says how a number is made. Which fields are set depends on Kind:
//
//	ratio         Good or Bad, and Total           share of increases, 0 to 1
//	rate          Of                               increase per second
//	mean          Sum, Count                       sum of increases / count of increases
//	share_below   Histogram, Below                 share of observations <= Below, 0 to 1
//	quantile      Histogram, Q                     PromQL's histogram_quantile over the window's deltas
//	apdex         Histogram, T                     (satisfied + tolerating/2) / total
//	availability  Of                               share of samples with value 1
//	gauge         Of, Over, Across                 Over (last avg min max) in time, Across (sum avg min max) over series
//	freshness     Of                               age in seconds of the newest sample at the period's end
//	expr          Expr, Inputs                     arithmetic over other KPIs: variable -> KPI name
//	promql        PromQL                           evaluated once a period
//
// Over rows the selectors name a table, each row counts as its weight in the period of its time, and:
//
//	ratio         Good or Bad, and Total           share of rows, 0 to 1
//	rate          Of                               rows per second
//	mean          Of, Value                        mean of a field
//	share_below   Of, Value, Below                 share of rows whose field is <= Below; exact
//	quantile      Of, Value, Q                     of a field, within 1 % of the exact quantile
//	apdex         Of, Value, T                     exact; rows that failed are frustrated
//	unique        Of, Value                        distinct texts of a field; exact up to 2,048, then within about 1.6 %
//	freshness     Of                               age in seconds of the newest row at the period's end
//	pair          First, Then, On, Within          share of First that Then follows, equal in the field On, within a time
//	sql           SQL                              evaluated once a period
type Indicator struct {
	Kind      Kind
	Good      *Selector
	Bad       *Selector
	Total     *Selector
	Of        *Selector
	Sum       *Selector
	Count     *Selector
	Histogram *Selector
	Below     float64
	Q         float64
	T         float64
	Over      string
	Across    string
	Expr      string
	Inputs    map[string]string
	PromQL    string
	Value     string // field of a row
	First     *Selector
	Then      *Selector
	On        string // field of a row
	Within    time.Duration
	SQL       string
}

// Selectors lists the selectors that the indicator has; none for an expr or a query.
func (i Indicator) Selectors() []*Selector {
	var out []*Selector
	for _, s := range []*Selector{i.Good, i.Bad, i.Total, i.Of, i.Sum, i.Count, i.Histogram, i.First, i.Then} {
		if s != nil {
			out = append(out, s)
		}
	}
	return out
}

// Op is a comparison as written in a threshold.
type Op string

// The comparisons.
const (
	Above     Op = ">"
	AtLeast   Op = ">="
	Below     Op = "<"
	AtMost    Op = "<="
	OutsideOf Op = "outside"
)

// Comparison is one threshold in base units; B is the upper edge of `outside A..B`. Text is the comparison as written.
type Comparison struct {
	Op   Op
	A, B float64
	Text string
}

// Holds reports whether v breaches.
func (c Comparison) Holds(v float64) bool {
	switch c.Op {
	case Above:
		return v > c.A
	case AtLeast:
		return v >= c.A
	case Below:
		return v < c.A
	case AtMost:
		return v <= c.A
	default:
		return v < c.A || v > c.B
	}
}

// MofN binds a band: M breaching datapoints of the newest N.
type MofN struct{ M, N int }

// Treatment says how missing datapoints count, with CloudWatch's meanings.
type Treatment string

// The treatments.
const (
	TreatMissing      Treatment = "missing"
	TreatBreaching    Treatment = "breaching"
	TreatNotBreaching Treatment = "not_breaching"
	TreatIgnore       Treatment = "ignore"
)

// Thresholds are the bands of a KPI and how they bind. A nil band is not judged.
type Thresholds struct {
	Yellow, Red       *Comparison
	ForYellow, ForRed MofN // 1 of 1 unless stated
	Recover           MofN // zero: the band recovers when M of N no longer holds
	Missing           Treatment
	MinCount          float64 // a total below it makes the point missing with the reason few
	Range             int     // evaluation range in datapoints; 0 = N+2
	NoDataPages       int     // page the owner after so many grey points; 0 = off
}

// Objective is a promise over a long window. Calendar windows ("month", "week", "quarter") have Window zero.
type Objective struct {
	Target   float64 // 0 < Target < 1
	Window   time.Duration
	Calendar string
	Text     string // as written: "99.5% over 30d"
}

// Page says who is told, and how, when the light turns red.
type Page struct {
	Severity string
	Runbook  string
	NoData   int // after so many grey points the owner is told; 0 = off
}

// KPI is one governed number. All durations are whole milliseconds; thresholds and values are in base units (ratio 0 to 1,
// seconds, bytes); Unit says how people read them: percent, seconds, bytes, count, per_second, per_minute, ratio or a word of their own.
type KPI struct {
	Name        string
	Title       string
	Description string
	Outcome     Outcome
	Owner       string
	Unit        string
	Labels      map[string]string
	Indicator   Indicator
	By          []string
	Expect      []labels.Labels
	MaxGroups   int
	Period      time.Duration
	Window      time.Duration
	Interval    time.Duration  // stated interval of pushed series; 0 = the period
	Delay       *time.Duration // nil = by the source, see kpi.md
	Zone        string         // for 1d periods and calendar windows; empty = UTC
	Thresholds  Thresholds
	MinCoverage float64
	RestateFor  time.Duration
	Objective   *Objective
	Page        *Page
	Source      string // where the definition was read: file:line
	Hash        string // content hash of the document, hex
	Number      int    // governed revision number; 0 = the ledger numbers the revisions by itself
}

// MissingReason says why a datapoint has no value. The empty reason is a real point.
type MissingReason string

// The reasons a datapoint is missing.
const (
	NotMissing  MissingReason = ""
	NoData      MissingReason = "no_data"    // nothing matched reported in the window
	Gap         MissingReason = "gap"        // only increases across a gap, booked as unplaced
	Few         MissingReason = "few"        // total zero or under min_count
	Unobserved  MissingReason = "unobserved" // we were down or refused ingest
	Bounds      MissingReason = "bounds"     // the value lies between two bucket edges that fall into two bands
	Invariant   MissingReason = "invariant"  // good > total, a ratio outside 0..1, not finite
	Thin        MissingReason = "coverage"   // coverage under min_coverage
	InputGone   MissingReason = "input"      // an input of an expr is missing, or divided by zero
	NeverSeen   MissingReason = "never_seen" // the good side or the selector never matched
	QueryFailed MissingReason = "query"      // a promql indicator failed or returned no value
	OutOfScope  MissingReason = "scope"      // it exists, and the asker may not see it; never stored
)

// Point is one published datapoint of one group: the period that ends at End (Unix milliseconds).
type Point struct {
	End      int64
	Value    float64 // NaN when missing
	Upper    float64 // upper bound where the value is a lower bound (share_below, apdex); NaN otherwise
	Good     float64 // counts behind the value where the indicator has them; NaN otherwise
	Total    float64
	Coverage float64 // 0 to 1
	Missing  MissingReason
	Detail   string // one sentence on why it is missing, with names and numbers
}

// Real reports whether the point has a value.
func (p Point) Real() bool { return p.Missing == NotMissing }

// State is a band's state by CloudWatch's rules.
type State uint8

// The states of a band.
const (
	Insufficient State = iota
	OK
	Alarm
)

// String returns insufficient, ok or alarm.
func (s State) String() string { return [...]string{"insufficient", "ok", "alarm"}[s%3] }

// BudgetView is the objective of a group as of one close.
type BudgetView struct {
	Target    float64 `json:"target"`
	Window    string  `json:"window"`
	Good      float64 `json:"good"`
	Total     float64 `json:"total"`
	Attained  float64 `json:"attained"`  // good/total over the window; NaN is left out by readers
	Remaining float64 `json:"remaining"` // share of the budget left, 1 = untouched, negative = overspent
	Burns     []Burn  `json:"burns"`
	Partial   bool    `json:"partial"`  // the window is longer than what was observed so far
	Observed  float64 `json:"observed"` // share of the window that has data
	Light     Light   `json:"light"`
	Cause     string  `json:"cause"`
}

// Burn is one pair of windows of the burn-rate rule.
type Burn struct {
	Severity  string        `json:"severity"` // page or ticket
	Long      time.Duration `json:"long"`
	Short     time.Duration `json:"short"`
	Factor    float64       `json:"factor"`
	LongRate  float64       `json:"long_rate"`  // burn over the long window; NaN without data
	ShortRate float64       `json:"short_rate"` // burn over the short window
	Burning   bool          `json:"burning"`
}

// Transition is one change of a group's light with everything that explains it: the decision record's core.
type Transition struct {
	ID       string        `json:"id"` // sortable, unique
	KPI      string        `json:"kpi"`
	Revision int           `json:"revision"`
	Group    labels.Labels `json:"group"`
	From     Light         `json:"from"`
	To       Light         `json:"to"`
	End      int64         `json:"end"`   // end of the period judged, Unix ms
	At       int64         `json:"at"`    // when it was judged, Unix ms
	Cause    string        `json:"cause"` // threshold, burn, recovered, no_data, retired, revision
	Sentence string        `json:"sentence"`
	Verdict  Verdict       `json:"verdict"`
}

// PageSignal tells the alert room that a group should be alerting or has stopped.
type PageSignal struct {
	KPI        *KPI
	Revision   int
	Group      labels.Labels
	Firing     bool
	Since      int64 // Unix ms of the datapoint that turned it red
	At         int64 // Unix ms of the close that says so
	Last       Point
	Cause      string // threshold, burn, no_data
	Threshold  string // the comparison as written
	Summary    string // one sentence: what is wrong and how much
	Why        string // one sentence: the rule and the points behind it
	NoDataFrom int64  // a red alert that stays active through grey: since when; 0 otherwise
	Resolved   string // recovered, retired, revision; empty while firing
	Decision   string // id of the transition that caused it
}

// GroupStatus is the present state of one group.
type GroupStatus struct {
	Labels   labels.Labels
	Light    Light
	Since    int64 // Unix ms of the period end at which the light took this colour
	Reason   string
	Last     Point // newest closed datapoint
	Red      State
	Yellow   State
	Budget   *BudgetView
	Unplaced float64 // increases of the present UTC day that could not be placed into a period
}

// Status is the present state of one KPI as every door shows it.
type Status struct {
	KPI      *KPI
	Revision int
	Light    Light
	Since    int64
	Reason   string
	Last     Point // the indicator without `by`
	Budget   *BudgetView
	Groups   []GroupStatus // worst first, then by labels
	Delay    time.Duration // the delay in force
	Warnings []string      // selectors that never matched, with the nearest names; groups over the limit
}

// Verdict is what Judge says of a group at one close, with the evidence.
type Verdict struct {
	Light  Light       `json:"light"`
	Red    BandVerdict `json:"red"`
	Yellow BandVerdict `json:"yellow"`
	Range  []Point     `json:"range"` // the evaluation range, oldest first
	Budget *BudgetView `json:"budget,omitempty"`
}

// BandVerdict is one band's state and how it came about.
type BandVerdict struct {
	Before    State  `json:"before"`
	After     State  `json:"after"`
	Rule      string `json:"rule"`      // "3 of 3 > 3%"
	Breaching int    `json:"breaching"` // real breaching points counted
	Real      int    `json:"real"`      // real points used
	Filled    int    `json:"filled"`    // missing points filled
	Treatment string `json:"treatment"` // how they were filled
	Note      string `json:"note"`      // premature, retained, recovering
}
