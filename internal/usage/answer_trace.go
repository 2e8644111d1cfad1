package usage

import "github.com/signalbox/signalbox/internal/rowstore"

// ErrorsQuestion asks for error groups. Where tests a group by its fields service, name (origin: log, span or event),
// error_type, route, body, env, agency, release and version.
type ErrorsQuestion struct {
	Scope
	Range
	Where rowstore.Expr `json:"-"`
	Sort  string        `json:"sort"`  // count (default), new, people, last
	State string        `json:"state"` // empty, new, regressed or known
	Limit int           `json:"limit"` // 100 unless stated, 1,000 at most
}

// Errors answers it. Range counts hours: From and To say which.
type Errors struct {
	Range
	Groups []ErrorGroup `json:"groups"`
	Total  float64      `json:"total"`  // of all groups that match
	Found  int          `json:"found"`  // groups that match
	Beyond float64      `json:"beyond"` // rows of groups that were given up for newer ones
	Notes  []string     `json:"notes"`
}

// ErrorGroup is rows that are one error. State is new (first seen within a day), regressed (seen again after 14 quiet days or
// first seen again under another release after one without it) or known.
type ErrorGroup struct {
	ID          string        `json:"id"` // the fingerprint
	Origin      string        `json:"origin"`
	App         App           `json:"app"`
	Type        string        `json:"type"`
	Route       string        `json:"route"`
	Message     string        `json:"message"` // with numbers, ids, addresses and quoted parts replaced
	State       string        `json:"state"`
	First       int64         `json:"first"`
	Last        int64         `json:"last"`
	RegressedAt int64         `json:"regressed_at"` // 0: never
	Count       float64       `json:"count"`        // within the range, by weight
	All         float64       `json:"all"`          // ever since First
	People      int64         `json:"people"`       // affected ever since First
	Releases    []string      `json:"releases"`
	Hours       []HourCount   `json:"hours"`   // within the range, hours without any left out
	Samples     []ErrorSample `json:"samples"` // newest first, 5 at most
}

// HourCount is how often within the hour that begins at At.
type HourCount struct {
	At    int64   `json:"at"`
	Count float64 `json:"count"`
}

// ErrorSample points to one row.
type ErrorSample struct {
	At      int64  `json:"at"`
	Trace   string `json:"trace_id"`
	Span    string `json:"span_id"`
	Release string `json:"release"`
}

// MapQuestion asks for the service map. Exact reads the spans; else the standing numbers answer, by minutes for the last
// three hours and by whole hours before.
type MapQuestion struct {
	Scope
	Range
	Where rowstore.Expr `json:"-"` // exact only
	Exact bool          `json:"exact"`
}

// Map answers it. Range is what was really covered.
type Map struct {
	Range
	Nodes    []MapNode `json:"nodes"`
	Edges    []MapEdge `json:"edges"`
	Standing bool      `json:"standing"`
	Notes    []string  `json:"notes"`
}

// MapNode is a service, or what services call that sends no spans. Kind is service, database, queue, external or unknown.
type MapNode struct {
	ID   string  `json:"id"`
	Name string  `json:"name"`
	Kind string  `json:"kind"`
	Env  string  `json:"env"`
	Root float64 `json:"root"` // requests per second that began here
	Flow
}

// MapEdge is calls from one node to another. A caller that could not be found is the node unknown.
type MapEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Kind string `json:"kind"` // call, message or query
	Flow
}

// Flow is how much, how well and how fast; latency in seconds within 2 %.
type Flow struct {
	Count  float64  `json:"count"`
	Rate   float64  `json:"rate"` // per second
	Errors float64  `json:"errors"`
	Share  *float64 `json:"error_share"`
	P50    *float64 `json:"p50"`
	P95    *float64 `json:"p95"`
}

// Trace is one trace put together from its spans, logs and events.
type Trace struct {
	ID       string         `json:"trace_id"`
	Start    int64          `json:"start"`    // Unix microseconds, after the adjustment of clocks
	Duration float64        `json:"duration"` // seconds, first start to last end
	Root     string         `json:"root"`     // name of the first root
	Service  string         `json:"service"`
	Errors   int            `json:"errors"`
	Spans    []TraceSpan    `json:"spans"` // depth first; children by start
	Logs     []TraceRow     `json:"logs"`
	Events   []TraceRow     `json:"events"`
	Services []TraceService `json:"services"` // by time of their own
	Notes    []string       `json:"notes"`
}

// TraceSpan is one span. Depth is 0 for a root. Orphan: its parent is missing; Cycle: its parents led back to it, the tie was
// cut here. Skew is what was added to its clock, microseconds.
type TraceSpan struct {
	ID        string            `json:"span_id"`
	Parent    string            `json:"parent_id"`
	Depth     int               `json:"depth"`
	Service   string            `json:"service"`
	Name      string            `json:"name"`
	Kind      string            `json:"kind"`
	Route     string            `json:"route"`
	Status    string            `json:"status"`
	Message   string            `json:"message"`
	ErrorType string            `json:"error_type"`
	Start     int64             `json:"start"`     // Unix microseconds, adjusted
	Duration  float64           `json:"duration"`  // seconds
	Self      float64           `json:"self"`      // seconds in which no child ran
	Critical  bool              `json:"critical"`  // on the critical path
	OnPath    float64           `json:"on_path"`   // seconds of the critical path that it is answerable for
	Skew      int64             `json:"skew"`      // microseconds
	Orphan    bool              `json:"orphan"`    //
	Cycle     bool              `json:"cycle"`     //
	Duplicate bool              `json:"duplicate"` // another span has the same id
	Attrs     map[string]string `json:"attributes"`
	Detail    string            `json:"detail"` // events and links, JSON text
}

// TraceService is one service's part of a trace.
type TraceService struct {
	Service string  `json:"service"`
	Spans   int     `json:"spans"`
	Errors  int     `json:"errors"`
	Self    float64 `json:"self"`    // seconds
	OnPath  float64 `json:"on_path"` // seconds
	Share   float64 `json:"share"`   // of the critical path
}

// TraceRow is a log record or event of a trace, session, case or person.
type TraceRow struct {
	Table    string            `json:"table"`
	At       int64             `json:"at"` // Unix microseconds
	Service  string            `json:"service"`
	Name     string            `json:"name"`
	Level    string            `json:"level"`
	Status   string            `json:"status"`
	Route    string            `json:"route"`
	Body     string            `json:"body"`
	Duration float64           `json:"duration"` // seconds
	Trace    string            `json:"trace_id"`
	Span     string            `json:"span_id"`
	Session  string            `json:"session"`
	Business string            `json:"business_id"`
	Release  string            `json:"release"`
	Attrs    map[string]string `json:"attributes"`
}

// TraceQuestion searches traces by any of their spans.
type TraceQuestion struct {
	Range
	Where rowstore.Expr `json:"-"`
	Limit int           `json:"limit"` // 50 unless stated, 500 at most
}

// Traces answers it, newest first.
type Traces struct {
	Traces []TraceSummary `json:"traces"`
	Cut    bool           `json:"cut"` // there are more
	Notes  []string       `json:"notes"`
}

// TraceSummary is one trace of a list.
type TraceSummary struct {
	ID       string   `json:"trace_id"`
	Start    int64    `json:"start"`    // Unix microseconds
	Duration float64  `json:"duration"` // seconds
	Root     string   `json:"root"`     // empty if the root has not arrived
	Service  string   `json:"service"`
	Services []string `json:"services"`
	Spans    int      `json:"spans"`
	Errors   int      `json:"errors"`
	Matched  int      `json:"matched"` // spans that the search found
}

// RelatedQuestion asks for everything of one id. Exactly one of the four is set.
type RelatedQuestion struct {
	Range
	Trace    string        `json:"trace_id"`
	Session  string        `json:"session"`
	Business string        `json:"business_id"`
	User     string        `json:"user"`
	Where    rowstore.Expr `json:"-"`     // what the asker may see
	Limit    int           `json:"limit"` // rows; 500 unless stated, 5,000 at most
}

// Related answers it in the order of time.
type Related struct {
	Rows     []TraceRow         `json:"rows"`
	Counts   map[string]float64 `json:"counts"` // by table, all of them
	Traces   []string           `json:"traces"`
	Sessions []string           `json:"sessions"`
	Business []string           `json:"business_ids"`
	Services []string           `json:"services"`
	Releases []string           `json:"releases"`
	Cut      bool               `json:"cut"`
	Notes    []string           `json:"notes"`
}

// Leads is what a KPI's red period leads to: one search per table, and the labels that could not be followed.
type Leads struct {
	Range
	Searches []Lead   `json:"searches"`
	Left     []string `json:"left"`
}

// Lead is one search: Where in the search language, Expr for the store.
type Lead struct {
	Table string        `json:"table"`
	Where string        `json:"where"`
	Title string        `json:"title"`
	Expr  rowstore.Expr `json:"-"`
}
