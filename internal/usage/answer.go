package usage

import "github.com/signalbox/signalbox/internal/rowstore"

// The words of this file go through the API to the pages and the command line as they are: times are Unix milliseconds, spans
// of time are seconds, shares lie between 0 and 1, lists are never null, and a number that does not exist is null. A count of people of -1 (Few) is of too few to be shown.

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

// ActivesQuestion asks how many people were active per period. Standing, but for applications beyond the bound.
type ActivesQuestion struct {
	Scope
	Range
	Period Period `json:"period"`
	AdHoc  bool   `json:"ad_hoc"`
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
	Standing   bool          `json:"standing"`   // kept at ingest; else from the rows
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

// Touched is how many people and sessions some rows tell of. Rows without a person may still have a session.
type Touched struct {
	People   int64    `json:"people"`
	Sessions int64    `json:"sessions"`
	Notes    []string `json:"notes"`
}
