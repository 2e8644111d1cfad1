package usage

import "github.com/signalbox/signalbox/internal/rowstore"

// The words of this file go through the API to the pages and the command line as they are: times are Unix milliseconds, spans
// of time are seconds, shares lie between 0 and 1, lists are never null, and a number that does not exist is null.

// App is what one application is known by: the promoted labels that standing numbers are kept for.
type App struct {
	Service string `json:"service"`
	Env     string `json:"env"`
	Agency  string `json:"agency"`
}

// Scope chooses applications of a standing answer: an empty label means any. See bounds it to what somebody may see; nil is
// everything.
type Scope struct {
	App
	See func(App) bool `json:"-"`
}

// Range is a span of time, From inclusive and To exclusive, Unix milliseconds. To 0 means now, From 0 the default of the
// question: 30 days, 12 weeks or 12 months before To for standing answers, one day for the others.
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Period is the width of a cohort or point: a UTC day, an ISO week from Monday, or a calendar month.
type Period string

// The periods.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
)

// ActivesQuestion asks how many people were active per period. Standing.
type ActivesQuestion struct {
	Scope
	Range
	Period Period `json:"period"`
}

// Actives answers it. Day, Week and Month are the people of the newest day, 7 days and 30 days of the range.
type Actives struct {
	Period     Period        `json:"period"`
	Points     []ActivePoint `json:"points"`
	Day        int64         `json:"day"`
	Week       int64         `json:"week"`
	Month      int64         `json:"month"`
	Stickiness *float64      `json:"stickiness"` // Day / Month
	Apps       []App         `json:"apps"`       // those that were chosen
	Notes      []string      `json:"notes"`
}

// ActivePoint is one period: who was active, and who of them for the first time ever. Complete is false while it runs.
type ActivePoint struct {
	At       int64 `json:"at"`
	People   int64 `json:"people"`
	New      int64 `json:"new"`
	Events   int64 `json:"events"`
	Complete bool  `json:"complete"`
}

// SessionsQuestion asks for sessions. Without Where, User and Gap it is answered by what is kept (standing); otherwise from the rows.
type SessionsQuestion struct {
	Scope
	Range
	Period Period        `json:"period"`
	Where  rowstore.Expr `json:"-"`
	AdHoc  bool          `json:"ad_hoc"` // answer from the rows even where a standing answer exists
}

// Sessions answers it. A session belongs to the period in which it began.
type Sessions struct {
	Period       Period           `json:"period"`
	Points       []SessionPoint   `json:"points"`
	Total        SessionPoint     `json:"total"`
	Distribution []SessionBracket `json:"distribution"` // of durations
	Standing     bool             `json:"standing"`     // kept at ingest: durations within 2 %; else exact from the rows
	Notes        []string         `json:"notes"`
}

// SessionPoint is the sessions of one period. Durations are seconds; a session of one event lasts 0 and counts. A bounce is
// a session with one page view and no interaction.
type SessionPoint struct {
	At       int64    `json:"at"`
	Sessions int64    `json:"sessions"`
	People   int64    `json:"people"`
	Actions  int64    `json:"actions"`
	Bounces  int64    `json:"bounces"`
	Median   *float64 `json:"median"`
	P95      *float64 `json:"p95"`
	Mean     *float64 `json:"mean"`
	Per      *float64 `json:"per_session"` // actions per session
	Bounce   *float64 `json:"bounce"`      // share
	Complete bool     `json:"complete"`
}

// SessionBracket counts sessions that lasted From or longer and under To, seconds; To is null for the last.
type SessionBracket struct {
	From     float64  `json:"from"`
	To       *float64 `json:"to"`
	Sessions int64    `json:"sessions"`
	Share    *float64 `json:"share"`
}

// RetentionQuestion asks who came back. Without Start, Return and Where it is standing: any event counts.
type RetentionQuestion struct {
	Scope
	Range
	Period    Period        `json:"period"`
	Periods   int           `json:"periods"`     // columns after period 0; 8 unless stated, 60 at most
	Recurring bool          `json:"recurring"`   // everybody active in a period is its cohort; else only who was new
	OnOrAfter bool          `json:"on_or_after"` // came back in that period or later; else in that very period
	Start     rowstore.Expr `json:"-"`
	Return    rowstore.Expr `json:"-"`
	Where     rowstore.Expr `json:"-"`
	AdHoc     bool          `json:"ad_hoc"`
}

// Retention answers it. Weighted is the mean over people, Simple over cohorts; both of complete cells only.
type Retention struct {
	Period   Period    `json:"period"`
	Cohorts  []Cohort  `json:"cohorts"`
	Weighted []Average `json:"weighted"` // by column, from 0
	Simple   []Average `json:"simple"`
	Standing bool      `json:"standing"`
	Notes    []string  `json:"notes"`
}

// Cohort is one row of the grid. Cells[0] is the cohort itself.
type Cohort struct {
	At    int64           `json:"at"`
	Size  int64           `json:"size"`
	Cells []RetentionCell `json:"cells"`
}

// RetentionCell is who came back n periods later. It is incomplete while its period runs or has not begun: its number is no
// drop and its share is null when it has not begun. Previous is the share of the cell before.
type RetentionCell struct {
	People   int64    `json:"people"`
	Share    *float64 `json:"share"`
	Previous *float64 `json:"previous"`
	Complete bool     `json:"complete"`
}

// Average is the mean of one column and how many cohorts it rests on.
type Average struct {
	Share   *float64 `json:"share"`
	Cohorts int      `json:"cohorts"`
}

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

// AdoptionQuestion asks who uses what. Kind is event, route or release; Names picks some, else the Top most used (20). With
// Where it is answered from the rows; a flag is a release.
type AdoptionQuestion struct {
	Scope
	Range
	Kind     string        `json:"kind"`
	Names    []string      `json:"names"`
	Top      int           `json:"top"`
	Releases bool          `json:"releases"` // also per release
	Where    rowstore.Expr `json:"-"`
	AdHoc    bool          `json:"ad_hoc"`
}

// Adoption answers it.
type Adoption struct {
	Kind     string    `json:"kind"`
	Actives  int64     `json:"actives"` // people active in the range
	Features []Feature `json:"features"`
	Standing bool      `json:"standing"`
	Notes    []string  `json:"notes"`
}

// Feature is one event, route or release. People is null where only daily numbers are kept of the range.
type Feature struct {
	Name     string           `json:"name"`
	People   *int64           `json:"people"`
	Share    *float64         `json:"share"`
	Events   int64            `json:"events"`
	Points   []FeaturePoint   `json:"points"` // per day
	Releases []FeatureRelease `json:"releases"`
}

// FeaturePoint is one day.
type FeaturePoint struct {
	At      int64    `json:"at"`
	People  int64    `json:"people"`
	Actives int64    `json:"actives"`
	Share   *float64 `json:"share"`
}

// FeatureRelease is the use of a feature among the people who had a release on the same day.
type FeatureRelease struct {
	Release string   `json:"release"`
	People  int64    `json:"people"`
	Of      int64    `json:"of"`
	Share   *float64 `json:"share"`
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
