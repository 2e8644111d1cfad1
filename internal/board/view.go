package board

// Display is a value as a person reads it. The unit follows the value after a thin space; it may be empty.
type Display struct {
	Value string `json:"value" doc:"The number as text, an em dash when there is none" example:"0.84"`
	Unit  string `json:"unit" doc:"Shown after a thin space; may be empty" example:"%"`
}

// Threshold is one band in base units with the words for it.
type Threshold struct {
	Text    string `json:"text" doc:"The comparison as written in the policy" example:"> 3%"`
	Op      string `json:"op" enum:">,>=,<,<=,outside"`
	A       Number `json:"a" doc:"Edge in base units"`
	B       Number `json:"b" doc:"Upper edge of outside a..b, else null"`
	Display string `json:"display" doc:"The breach in words and display units" example:"above 3.00 %"`
	Promise string `json:"promise" doc:"The promise that this band guards" example:"≤ 3.00 %"`
}

// Thresholds are a KPI's bands; a band that is not judged is null.
type Thresholds struct {
	Yellow  *Threshold `json:"yellow"`
	Red     *Threshold `json:"red"`
	ForText string     `json:"for_text" doc:"How the bands bind" example:"red after 3 of 3 datapoints"`
}

// Objective is the promise over a long window.
type Objective struct {
	Target  float64 `json:"target" doc:"0 to 1"`
	Window  string  `json:"window" example:"30 days"`
	Text    string  `json:"text" doc:"As written in the policy" example:"99.5% over 30d"`
	Display string  `json:"display" example:"≥ 99.50 % over 30 days"`
}

// Burn is one pair of windows of the burn-rate rule.
type Burn struct {
	Severity  string `json:"severity" enum:"page,ticket"`
	LongMS    int64  `json:"long_ms"`
	ShortMS   int64  `json:"short_ms"`
	Factor    Number `json:"factor"`
	LongRate  Number `json:"long_rate" doc:"Burn over the long window; 1 spends the budget exactly"`
	ShortRate Number `json:"short_rate"`
	Burning   bool   `json:"burning"`
	Display   string `json:"display" example:"14.8 × over 1 h, limit 14.4 ×"`
}

// Budget is the error budget of an objective as of the newest close.
type Budget struct {
	Target    Number  `json:"target"`
	Window    string  `json:"window"`
	Good      Number  `json:"good"`
	Total     Number  `json:"total"`
	Attained  Number  `json:"attained"`
	Remaining Number  `json:"remaining" doc:"Share of the budget left: 1 untouched, negative overspent, null without data"`
	Burns     []Burn  `json:"burns"`
	Partial   bool    `json:"partial" doc:"The window is longer than what was observed so far"`
	Observed  Number  `json:"observed" doc:"Share of the window that has data"`
	Light     string  `json:"light" enum:"green,yellow,red,grey"`
	Cause     string  `json:"cause"`
	Display   Display `json:"display" doc:"The share left as a person reads it"`
	Sentence  string  `json:"sentence" example:"24 % of error budget left"`
	BurnText  string  `json:"burn_text" doc:"The fastest burn of the paging pairs" example:"14.8 × allowed over 1 h, pages at 14.4 ×"`
}

// Pause is the mark beside a light: a silence covers the KPI or the group. Data is still recorded and shown.
type Pause struct {
	Until     int64  `json:"until"`
	By        string `json:"by"`
	Comment   string `json:"comment"`
	SilenceID string `json:"silence_id"`
}

// Page says who is told, and how, when the light turns red.
type Page struct {
	Severity string `json:"severity"`
	Runbook  string `json:"runbook"`
}

// Indicator says how the number is made.
type Indicator struct {
	Kind string `json:"kind"`
	Text string `json:"text" doc:"The definition in one line" example:"share of http_requests_total{code=~\"5..\"} in http_requests_total"`
	// Metrics lists the selectors and queries behind the number, for Explore.
	Metrics []string `json:"metrics" doc:"PromQL selectors behind the number"`
	// Inputs lists the KPIs that an expr reads.
	Inputs []string `json:"inputs" doc:"Names of the KPIs that an expression reads"`
}

// Axis tells a chart how to label a value: label = value * factor, with so many decimals, then the unit.
type Axis struct {
	Factor   float64 `json:"factor"`
	Decimals int     `json:"decimals"`
	Unit     string  `json:"unit"`
}

// Group is the present state of one label combination.
type Group struct {
	Labels    map[string]string `json:"labels"`
	Text      string            `json:"text" doc:"The labels as a person reads them" example:"refund"`
	Light     string            `json:"light" enum:"green,yellow,red,grey"`
	Word      string            `json:"word"`
	Reason    string            `json:"reason"`
	Value     Number            `json:"value"`
	Since     int64             `json:"since"`
	PeriodEnd int64             `json:"period_end"`
	Coverage  Number            `json:"coverage"`
	Good      Number            `json:"good"`
	Total     Number            `json:"total"`
	Missing   string            `json:"missing"`
	Display   Display           `json:"display"`
	Counts    string            `json:"counts" example:"1,204 of 55,230"`
	Paused    *Pause            `json:"paused"`
	Budget    *Budget           `json:"budget"`
}

// View is one KPI as every door shows it.
type View struct {
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Outcome     string            `json:"outcome" doc:"technical or business"`
	Owner       string            `json:"owner"`
	Unit        string            `json:"unit"`
	Labels      map[string]string `json:"labels"`
	By          []string          `json:"by"`
	Revision    int               `json:"revision"`
	Light       string            `json:"light" enum:"green,yellow,red,grey"`
	Word        string            `json:"word" doc:"On target, At risk, Breached or No data"`
	Since       int64             `json:"since" doc:"End of the period at which the light took this colour, 0 before the first"`
	Reason      string            `json:"reason"`
	Why         string            `json:"why" doc:"The why-line of a tile: the plain definition when healthy, otherwise the reason"`
	Value       Number            `json:"value" doc:"In base units; null when the newest datapoint is missing"`
	Upper       Number            `json:"upper" doc:"Upper bound where the value is a lower bound"`
	Good        Number            `json:"good"`
	Total       Number            `json:"total"`
	Counts      string            `json:"counts" doc:"The counts behind the value in words, empty where there are none" example:"1,204 of 55,230"`
	Coverage    Number            `json:"coverage"`
	PeriodEnd   int64             `json:"period_end"`
	PeriodMS    int64             `json:"period_ms"`
	WindowMS    int64             `json:"window_ms"`
	WindowText  string            `json:"window_text" example:"1 minute"`
	DelayMS     int64             `json:"delay_ms"`
	FreshMS     int64             `json:"fresh_ms" doc:"A datapoint older than this is late: two periods and the delay"`
	Missing     string            `json:"missing" doc:"Why the newest datapoint has no value; empty for a real one"`
	Detail      string            `json:"detail" doc:"One sentence on why it is missing"`
	Display     Display           `json:"display"`
	Promise     string            `json:"promise" example:"≤ 3.00 %"`
	Axis        Axis              `json:"axis"`
	Thresholds  Thresholds        `json:"thresholds"`
	Objective   *Objective        `json:"objective"`
	Budget      *Budget           `json:"budget"`
	Groups      []Group           `json:"groups" doc:"Worst first"`
	GroupsText  string            `json:"groups_text" doc:"Empty without by" example:"7 of 8 on target"`
	Warnings    []string          `json:"warnings"`
	Paused      *Pause            `json:"paused"`
	Page        *Page             `json:"page"`
	Indicator   Indicator         `json:"indicator"`
	Source      string            `json:"source" doc:"Where the definition was read: file:line"`
}

// Spark is a sparkline: the worst value of each slot, null where nothing real was published.
type Spark struct {
	T         Instants `json:"t" doc:"End of each slot"`
	V         Numbers  `json:"v"`
	Threshold Number   `json:"threshold" doc:"The dashed line, in base units"`
}

// Day is one bar of a strip: the day's worst light.
type Day struct {
	Day   string `json:"day" doc:"UTC" example:"2026-11-21"`
	Light string `json:"light" enum:"green,yellow,red,grey,none" doc:"none: not judged that day"`
}

// Tile is a KPI on the board.
type Tile struct {
	View
	Spark Spark `json:"spark"`
	Strip []Day `json:"strip" doc:"30 days, oldest first"`
}
