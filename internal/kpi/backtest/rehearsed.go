package backtest

import (
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Bounds of what is kept of a rehearsal, so that it stays small however long the span is and however many groups there are.
// Counts and minutes are exact all the same.
const (
	MaxPages       = 5000
	MaxTransitions = 2000
	MaxSpans       = 1000 // of one group; beyond it neighbours are joined under the worse light
	MaxGroups      = 20
	MaxListed      = 500 // pages of one side of a comparison
	StripDays      = 30
	chartSpans     = 500 // of each the lowest and the highest value
)

// Rehearsed is what one definition would have done over recorded time.
type Rehearsed struct {
	KPI             string             `json:"kpi"`
	Revision        int                `json:"revision"`
	Threshold       string             `json:"threshold"`
	Way             string             `json:"way" enum:"points,raw,query"`
	From            int64              `json:"from"` // Unix ms, exclusive: the first instant really covered
	To              int64              `json:"to"`
	Limited         string             `json:"limited"`
	Pages           []Sent             `json:"pages"` // that began in (From, To], oldest first
	PageCount       int                `json:"page_count"`
	NightCount      int                `json:"night_count"`
	Silent          bool               `json:"silent"`      // the definition pages nobody
	Transitions     []kpi.Transition   `json:"transitions"` // oldest first
	TransitionCount int                `json:"transition_count"`
	Points          int64              `json:"points"` // datapoints judged
	Spans           []Span             `json:"spans"`  // of the KPI's light
	Minutes         map[string]float64 `json:"minutes"`
	Strip           []Day              `json:"strip"`
	Light           kpi.Light          `json:"light"` // at the end
	BudgetLeft      *float64           `json:"budget_left"`
	Chart           *Chart             `json:"chart"`  // of the KPI as a whole
	Groups          []Group            `json:"groups"` // the worst ones first
	Hidden          int                `json:"hidden"`
	Took            time.Duration      `json:"took"`
}

// Sent is a page with the instant at which somebody would have been told.
type Sent struct {
	Page
	At       int64  `json:"at"` // Unix ms
	Sentence string `json:"sentence"`
}

// Labelled is a stretch of time on which the troubleshooting log has an opinion. Times are Unix ms.
type Labelled struct {
	From int64     `json:"from"`
	To   int64     `json:"to"`
	Kind LabelKind `json:"kind"`
}

// LabelKind is what was found out about a stretch of time.
type LabelKind string

// The kinds: a real incident that somebody was paged for, one that nobody was paged for, and a page for nothing.
const (
	RealIncident   LabelKind = "real"
	MissedIncident LabelKind = "missed"
	NoiseOnly      LabelKind = "noise"
)

// real reports whether something was wrong.
func (l Labelled) real() bool { return l.Kind == RealIncident || l.Kind == MissedIncident }
