package usage

import "github.com/signalbox/signalbox/internal/rowstore"

// Order is how the steps of a funnel have to follow each other.
type Order string

// The orders.
const (
	Sequential Order = "sequential" // in order, anything may come between
	Strict     Order = "strict"     // in order, nothing may come between
	AnyOrder   Order = "any"        // all of them, in any order
)

// Step is one step of a funnel: a name for people, and what chooses its events.
type Step struct {
	Name  string        `json:"name"`
	Where rowstore.Expr `json:"-"`
}

// Exclusion removes people from the whole funnel who do it after step After and before the next one (0 is the first step).
type Exclusion struct {
	Where rowstore.Expr `json:"-"`
	After int           `json:"after"`
}

// FunnelQuestion asks how many people get through steps, from the rows. Within counts from the first step, seconds; 7 days
// unless stated. By breaks down by a field of the first step's event.
type FunnelQuestion struct {
	Range
	Where   rowstore.Expr `json:"-"`
	Steps   []Step        `json:"steps"` // 1 to 10
	Order   Order         `json:"order"`
	Within  float64       `json:"within"`
	Exclude []Exclusion   `json:"exclude"`
	By      string        `json:"by"`
}

// Funnel answers it. Groups is empty without By; they are the 20 biggest.
type Funnel struct {
	Steps    []FunnelStep  `json:"steps"`
	Groups   []FunnelGroup `json:"groups"`
	Excluded int64         `json:"excluded"` // people whom an exclusion removed
	Ties     int64         `json:"ties"`     // people with steps of the same instant: arrival decided
	Events   int64         `json:"events"`
	Notes    []string      `json:"notes"`
}

// FunnelGroup is the funnel of one value of By.
type FunnelGroup struct {
	Value string       `json:"value"`
	Steps []FunnelStep `json:"steps"`
}

// FunnelStep is one step: who reached it. Median and P90 are the seconds from the step before.
type FunnelStep struct {
	Name   string   `json:"name"`
	People int64    `json:"people"`
	Share  *float64 `json:"share"`      // of the first step
	Of     *float64 `json:"of_before"`  // of the step before
	Lost   int64    `json:"lost"`       // reached the step before and not this one
	Median *float64 `json:"median"`     // seconds
	P90    *float64 `json:"p90"`        // seconds
	Traces []string `json:"trace_lost"` // examples: traces in which people got to the step before and no further
}

// SuccessQuestion asks how many transactions that began came to their end in time: rows of Table with one business id.
// Within is seconds, 30 unless stated.
type SuccessQuestion struct {
	Range
	Table  rowstore.Table `json:"-"`
	Where  rowstore.Expr  `json:"-"`
	Start  rowstore.Expr  `json:"-"`
	End    rowstore.Expr  `json:"-"`
	Fail   rowstore.Expr  `json:"-"` // the zero Expr: nothing tells of a failure
	Within float64        `json:"within"`
	Period Period         `json:"period"`
}

// Success answers it. A transaction belongs to the time of its start; one whose time is not up is Open and not counted in
// Share. Started = Succeeded + Failed + Late + Missing + Open.
type Success struct {
	Started   int64           `json:"started"`
	Succeeded int64           `json:"succeeded"`
	Failed    int64           `json:"failed"`
	Late      int64           `json:"late"`    // ended, but not in time
	Missing   int64           `json:"missing"` // never ended within the range that was read
	Open      int64           `json:"open"`
	Share     *float64        `json:"share"`
	Median    *float64        `json:"median"` // seconds from start to end, of those that ended
	P90       *float64        `json:"p90"`
	P99       *float64        `json:"p99"`
	Points    []SuccessPoint  `json:"points"`
	Examples  []SuccessSample `json:"examples"` // what did not succeed, newest first, 20 at most
	Notes     []string        `json:"notes"`
}

// SuccessPoint is the transactions that began in one period.
type SuccessPoint struct {
	At        int64    `json:"at"`
	Started   int64    `json:"started"`
	Succeeded int64    `json:"succeeded"`
	Open      int64    `json:"open"`
	Share     *float64 `json:"share"`
	Complete  bool     `json:"complete"`
}

// SuccessSample is one transaction. Outcome is failed, late or missing.
type SuccessSample struct {
	Business string   `json:"business_id"`
	At       int64    `json:"at"`
	Outcome  string   `json:"outcome"`
	Seconds  *float64 `json:"seconds"`
	Trace    string   `json:"trace_id"`
}

// PeopleQuestion asks how many people did something: a cohort. All of Did happened to them, none of Not.
type PeopleQuestion struct {
	Range
	Where rowstore.Expr   `json:"-"`
	Did   []rowstore.Expr `json:"-"`
	Not   []rowstore.Expr `json:"-"`
}

// People answers it.
type People struct {
	People int64    `json:"people"`
	Of     int64    `json:"of"` // everybody who was active
	Share  *float64 `json:"share"`
	Notes  []string `json:"notes"`
}
