package api

import "github.com/signalbox/signalbox/internal/board"

// KPIsBody lists all KPIs.
type KPIsBody struct {
	AsOf int64        `json:"as_of"`
	KPIs []board.View `json:"kpis"`
}

// ValueBody is what an autoscaler reads: one number at a fixed path. Without a fresh value there is no body but a 503.
type ValueBody struct {
	Name      string       `json:"name"`
	Value     board.Number `json:"value" doc:"In base units; always a number here"`
	Light     string       `json:"light" enum:"green,yellow,red,grey"`
	PeriodEnd int64        `json:"period_end"`
}

// GroupsBody says where a KPI fails.
type GroupsBody struct {
	From   int64           `json:"from"`
	To     int64           `json:"to"`
	Groups []board.Failing `json:"groups" doc:"Most bad first; the last row may be everything else"`
}

// DecisionsBody lists decision records, newest first.
type DecisionsBody struct {
	Decisions []board.Decision `json:"decisions"`
}

// AlertsBody is everything that the alerts page shows.
type AlertsBody struct {
	Active   []board.Alert      `json:"active"`
	Groups   []board.AlertGroup `json:"groups"`
	Silences []board.Silence    `json:"silences" doc:"Active, pending and lately expired"`
	Receipts []board.Receipt    `json:"receipts" doc:"Newest first"`
}

// MatcherInput is one condition of a silence to make.
type MatcherInput struct {
	Name    string `json:"name" minLength:"1" maxLength:"1024"`
	Value   string `json:"value" maxLength:"4096"`
	IsRegex bool   `json:"is_regex,omitempty"`
	IsEqual *bool  `json:"is_equal,omitempty" doc:"false negates the matcher; true when left out"`
}

// SilenceInput is a silence to make.
type SilenceInput struct {
	ID        string         `json:"id,omitempty" maxLength:"64" doc:"Replaces this silence"`
	Matchers  []MatcherInput `json:"matchers" minItems:"1" maxItems:"64"`
	StartsAt  int64          `json:"starts_at,omitempty" doc:"Unix ms; now when left out"`
	EndsAt    int64          `json:"ends_at" doc:"Unix ms, after starts_at and in the future"`
	CreatedBy string         `json:"created_by,omitempty" maxLength:"256" doc:"The signed-in name when left out"`
	Comment   string         `json:"comment" minLength:"1" maxLength:"4096"`
}

// SilenceBody answers a silence that was made.
type SilenceBody struct {
	ID      string `json:"id"`
	Matches int    `json:"matches" doc:"Active alerts that it matches now"`
}

// PreviewInput asks what a silence would match.
type PreviewInput struct {
	Matchers []MatcherInput `json:"matchers" minItems:"1" maxItems:"64"`
}

// PreviewBody says what a silence would match now.
type PreviewBody struct {
	Matches int           `json:"matches"`
	Alerts  []board.Alert `json:"alerts"`
}

// SourcesBody lists where samples come from, late ones first.
type SourcesBody struct {
	AsOf    int64                `json:"as_of"`
	Summary board.SourcesSummary `json:"summary"`
	Sources []board.Source       `json:"sources"`
}

// TestInput names the receiver to test.
type TestInput struct {
	Receiver string `json:"receiver" minLength:"1" maxLength:"256"`
}

// TestResult says how one integration took a test message.
type TestResult struct {
	Integration string `json:"integration" example:"email[0]"`
	OK          bool   `json:"ok"`
	Error       string `json:"error"`
	DurationMS  int64  `json:"duration_ms"`
}

// TestBody answers a receiver test.
type TestBody struct {
	Receiver string       `json:"receiver"`
	Results  []TestResult `json:"results"`
}

// Store is one store and its size.
type Store struct {
	Name   string `json:"name" example:"metrics"`
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	Series int64  `json:"series"`
	Rows   int64  `json:"rows"`
	Oldest int64  `json:"oldest" doc:"Unix ms of the oldest sample, 0 when empty"`
	Error  string `json:"error" doc:"Why the store is not well; empty when it is"`
}

// ConfigState says which configuration is in force.
type ConfigState struct {
	File     string `json:"file"`
	LoadedAt int64  `json:"loaded_at"`
	Error    string `json:"error" doc:"Why the newest reload was refused; empty when it was not"`

	Restart []string `json:"restart" doc:"Keys that say something else than at the start, and that only a restart takes over"`
}

// StatusBody says how the server itself is doing.
type StatusBody struct {
	Version     string      `json:"version"`
	Revision    string      `json:"revision"`
	StartedAt   int64       `json:"started_at"`
	UptimeMS    int64       `json:"uptime_ms"`
	ExternalURL string      `json:"external_url"`
	Demo        bool        `json:"demo"`
	KPIs        int         `json:"kpis"`
	Receivers   []string    `json:"receivers" doc:"Names of the receivers, for a test"`
	Stores      []Store     `json:"stores"`
	Config      ConfigState `json:"config"`
	Warnings    []string    `json:"warnings"`
}

// DemoService is one service of the demo.
type DemoService struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	URL    string `json:"url"`
	Broken bool   `json:"broken"`
	Effect string `json:"effect" doc:"What breaking it does" example:"5 % of filings end in an error"`

	Version string `json:"-"` // the release that runs, as the mark of the switch names it
}

// DemoBody is the state of the demo.
type DemoBody struct {
	Services   []DemoService `json:"services"`
	MailboxURL string        `json:"mailbox_url"`
	Unread     int           `json:"unread" doc:"Mails in the mailbox"`
}

// Mail is one mail in the demo's mailbox.
type Mail struct {
	ID      string   `json:"id"`
	At      int64    `json:"at"`
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
}

// MailsBody lists the demo's mails, newest first.
type MailsBody struct {
	Mails []Mail `json:"mails"`
}

// MailBody is one mail in full. HTML is shown in a sandboxed frame only.
type MailBody struct {
	Mail
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Headers map[string]string `json:"headers"`
}

// Ping is the stream's heartbeat.
type Ping struct {
	AsOf int64 `json:"as_of"`
}

// Empty is an event or an answer that carries nothing but that it happened.
type Empty struct{}
