package board

// Verdict is the sentence that the board opens with, made from templates and state.
type Verdict struct {
	Sentence string `json:"sentence" example:"E-file error rate is breached. Two other KPIs are at risk."`
	Detail   string `json:"detail"`
	Light    string `json:"light" enum:"green,yellow,red,grey"`
}

// Counts says how many KPIs show which state. A paused KPI counts as paused and nowhere else, so the five add up.
type Counts struct {
	Red    int `json:"red"`
	Yellow int `json:"yellow"`
	Grey   int `json:"grey"`
	Paused int `json:"paused"`
	Green  int `json:"green"`
}

// Happening is one thing that goes on now: an open page or a silence.
type Happening struct {
	Kind        string `json:"kind" enum:"page,pause"`
	Light       string `json:"light" enum:"green,yellow,red,grey,paused" doc:"The mark to show"`
	KPI         string `json:"kpi" doc:"Name of the KPI, empty when it is about none"`
	Title       string `json:"title"`
	Detail      string `json:"detail"`
	Since       int64  `json:"since"`
	Until       int64  `json:"until" doc:"End of a silence, 0 for a page"`
	Fingerprint string `json:"fingerprint"`
	SilenceID   string `json:"silence_id"`
}

// Change is one thing that was changed. Letters, not colours: D deploy, P policy, F flag, C config, N note, A action.
type Change struct {
	Letter string `json:"letter" enum:"D,P,F,C,N,A"`
	Word   string `json:"word"`
	At     int64  `json:"at"`
	KPI    string `json:"kpi"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Source is one origin of samples and how it is doing.
type Source struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind" enum:"scrape,push,host,rule"`
	Job        string            `json:"job"`
	Target     string            `json:"target"`
	Labels     map[string]string `json:"labels"`
	Health     string            `json:"health" enum:"up,down,unknown,late"`
	LastAt     int64             `json:"last_at" doc:"Newest accepted sample or scrape, 0 for never"`
	IntervalMS int64             `json:"interval_ms"`
	LastError  string            `json:"last_error"`
	Hint       string            `json:"hint" doc:"What to do about the error, in one line"`
	Samples    int64             `json:"samples" doc:"Samples of the newest scrape, or accepted since start for pushes"`
	Series     int64             `json:"series"`
	Refused    map[string]int64  `json:"refused" doc:"Refused samples, rows and requests by reason, of all signals"`
	// RefusedOf has the same counts for each signal.
	RefusedOf  map[string]map[string]int64 `json:"refused_by_signal" doc:"The same, first by signal (metrics, logs, spans, events), then by reason"`
	Rows       map[string]int64            `json:"rows" doc:"Rows stored since start, by logs, spans and events"`
	Dropped    int64                       `json:"dropped" doc:"Rows that a privacy policy took out"`
	SampledOut int64                       `json:"sampled_out" doc:"Rows and samples that a sampling policy left out"`
	DurationMS int64                       `json:"duration_ms"`
}

// SourcesSummary says whether the data arrives.
type SourcesSummary struct {
	OnTime int      `json:"on_time"`
	Total  int      `json:"total"`
	Text   string   `json:"text" example:"8 of 9 sources on time"`
	Late   []Source `json:"late"`
}

// Answer is the whole board.
type Answer struct {
	AsOf       int64          `json:"as_of"`
	Verdict    Verdict        `json:"verdict" doc:"Over all KPIs, whatever the filter"`
	Counts     Counts         `json:"counts" doc:"Over all KPIs, whatever the filter"`
	Tiles      []Tile         `json:"tiles" doc:"Matching the filter, worst first, at most 2,000"`
	Matching   int            `json:"matching" doc:"KPIs that match the filter"`
	Total      int            `json:"total" doc:"All KPIs, whatever the filter"`
	Partial    bool           `json:"partial" doc:"Strips or sparklines are still being read; ask again"`
	Now        []Happening    `json:"now"`
	Changes    []Change       `json:"changes"`
	Sources    SourcesSummary `json:"sources"`
	Owners     []string       `json:"owners" doc:"All owners, for the filter"`
	LabelNames []string       `json:"label_names" doc:"All label names of KPIs, for the filter and for grouping"`
}

// Update is what the stream says after KPIs changed.
type Update struct {
	AsOf    int64          `json:"as_of"`
	KPIs    []View         `json:"kpis"`
	Removed []string       `json:"removed" doc:"Names of KPIs that no longer exist"`
	Verdict Verdict        `json:"verdict"`
	Counts  Counts         `json:"counts"`
	Sources SourcesSummary `json:"sources"`
}

// Series is the history of one KPI or group. The lists run in parallel, oldest first; a gap in time is a gap.
type Series struct {
	From        int64             `json:"from"`
	To          int64             `json:"to"`
	Group       map[string]string `json:"group"`
	T           Instants          `json:"t" doc:"Ends of periods"`
	Value       Numbers           `json:"value"`
	Upper       Numbers           `json:"upper"`
	Good        Numbers           `json:"good"`
	Total       Numbers           `json:"total"`
	Light       []string          `json:"light" doc:"green, yellow, red or grey; empty where nothing was judged"`
	Missing     []string          `json:"missing" doc:"Reason of a missing point, empty for a real one"`
	Display     []string          `json:"display" doc:"The value as a person reads it, with its unit"`
	Axis        Axis              `json:"axis"`
	Thresholds  Thresholds        `json:"thresholds"`
	Sentence    string            `json:"sentence" doc:"What the chart shows, as its accessible name"`
	Transitions []Decision        `json:"transitions" doc:"Newest first, without evidence"`
	Receipts    []Receipt         `json:"receipts"`
}

// Failing is one row of "where it fails".
type Failing struct {
	Labels      map[string]string `json:"labels" doc:"Empty for everything else"`
	Text        string            `json:"text" example:"Bank debit, Texas"`
	Bad         Number            `json:"bad" doc:"Bad events, or breaching datapoints where there are no counts"`
	Total       Number            `json:"total"`
	BadText     string            `json:"bad_text" example:"1,071"`
	ShareOfDrop Number            `json:"share_of_drop" doc:"0 to 1"`
	ShareText   string            `json:"share_text" example:"89 %"`
	Value       Number            `json:"value"`
	Display     Display           `json:"display"`
	Light       string            `json:"light" enum:"green,yellow,red,grey"`
}

// BurnDown is the share of the error budget left over time.
type BurnDown struct {
	T         Instants `json:"t"`
	Remaining Numbers  `json:"remaining"`
	Window    string   `json:"window"`
	SpentAt   int64    `json:"spent_at" doc:"When the budget was last spent, 0 if it is not"`
	RunsOutAt int64    `json:"runs_out_at" doc:"When it will be spent at the burn of the last hour, 0 if it will not"`
	Sentence  string   `json:"sentence"`
}
