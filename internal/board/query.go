package board

// Filter chooses tiles. Empty fields choose everything; several labels must all match.
type Filter struct {
	Labels  map[string]string
	Owner   string
	Outcome string
	State   string // green, yellow, red, grey or paused
}

// SeriesQuery asks for the history of one KPI. Times are Unix ms; Group nil is the indicator without `by`.
type SeriesQuery struct {
	From, To int64
	Max      int // most points wanted
	Group    map[string]string
}

// DecisionFilter chooses decision records. Zero times are open ends; an empty KPI means all.
type DecisionFilter struct {
	KPI      string
	From, To int64
	Limit    int
}
