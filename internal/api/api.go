// Package api is signalbox's own HTTP door under /api/signalbox/v1 with its OpenAPI 3.1 description and its event stream.
// It turns requests into questions for board and for the functions it is handed, and answers into JSON or a problem
// (RFC 9457) whose detail is a sentence. It keeps nothing, decides nothing and computes no display string.
package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/policy"
)

// Prefix is where all operations live.
const Prefix = "/api/signalbox/v1"

// Board is what the API asks about KPIs; *board.Board answers it.
type Board interface {
	Answer(ctx context.Context, f board.Filter) (board.Answer, error)
	Views(ctx context.Context) ([]board.View, error)
	View(ctx context.Context, name string) (board.View, error)
	Update(ctx context.Context, names []string) (board.Update, error)
	Series(ctx context.Context, name string, q board.SeriesQuery) (board.Series, error)
	WhereItFails(ctx context.Context, name string, from, to int64) ([]board.Failing, error)
	BurnDown(ctx context.Context, name string, from, to int64) (board.BurnDown, error)
	Decisions(ctx context.Context, f board.DecisionFilter) ([]board.Decision, error)
	Decision(ctx context.Context, id string) (board.Decision, error)
	Why(ctx context.Context, q board.WhyQuestion) (board.Why, error)
	WhyOf(ctx context.Context, id string) (board.WhyRecord, error)
	Status(name string) (kpi.Status, bool) // live state, for the scaling value
	AsOf() int64
}

// Alerts is what the alert room gives. Errors that are fault.Error reach the person as they are.
type Alerts interface {
	// List returns everything that the alerts page shows.
	List(ctx context.Context) (AlertsBody, error)
	// CreateSilence stores a silence (an id that is not empty replaces that one) and returns its id. It is durable when it returns.
	CreateSilence(ctx context.Context, s board.Silence) (string, error)
	// Preview returns the active alerts that the matchers match.
	Preview(ctx context.Context, matchers []board.Matcher) ([]board.Alert, error)
	// ExpireSilence ends a silence now; an unknown id is fault.NotFound.
	ExpireSilence(ctx context.Context, id string) error
	// TestReceiver sends one marked test message through every integration of the receiver and says how each went.
	TestReceiver(ctx context.Context, receiver string) ([]TestResult, error)
}

// Demo is the switch and the mailbox of the demo; without it the demo's paths answer 404.
type Demo interface {
	State(ctx context.Context) (DemoBody, error)
	// Set breaks or heals a service; an unknown service is fault.NotFound.
	Set(ctx context.Context, service string, broken bool) error
	Mails(ctx context.Context) ([]Mail, error)
	Mail(ctx context.Context, id string) (MailBody, error)
}

// Options are what the API is made of. Board is required. An absent function leaves its list empty; absent Alerts, Demo,
// People, Govern and Audit answer 404 on their paths.
type Options struct {
	Logger  *slog.Logger
	Now     func() time.Time
	Version string

	Board Board
	// BoardOf returns the board of what the asker may see; absent: Board for everybody. Askers who see the same get the same.
	BoardOf func(ctx context.Context) Board
	Alerts  Alerts
	Sources func(ctx context.Context) ([]board.Source, error)
	Server  func(ctx context.Context) (StatusBody, error)
	Govern  Govern
	// Preview judges the last hours by the KPIs of a text; Backtest compares changes with what is in force.
	// Look says what only the house knows of texts: selectors that match nothing, runbooks that do not answer.
	Look     func(ctx context.Context, texts []string) []policy.Finding
	Preview  func(ctx context.Context, text string) ([]Preview, error)
	Backtest func(ctx context.Context, changes []govern.Change, days int) ([]backtest.Comparison, string, error)
	Demo     Demo
	People   People
	Provider string // name of the single sign-on; empty for none
	Audit    Audit
	Changes  Changes
	Pages    Pages
	// Rows are all rows; the API bounds what an asker sees by their scope.
	Rows    scoped.RowReader
	Usage   Usage
	Traces  Traces
	Privacy Privacy
	Exports Exports
	// K is the smallest group of people that may be shown; 0, and nil, is no minimum.
	K func() int

	// MaxStreams bounds the open event streams; 0 means 256.
	MaxStreams int
}

// API answers our own paths. Run feeds its event streams.
type API struct {
	o      Options
	routes []access.Route
	doc    *huma.OpenAPI
	hub    *hub
	tails  tails
}

var arrays sync.Once

// New returns the API. Streams stay silent until Run.
func New(o Options) *API {
	// huma makes lists nullable unless told otherwise, and has no option for it.
	arrays.Do(func() { huma.DefaultArrayNullable = false })
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = 256
	}
	a := &API{o: o}
	a.hub = newHub(a)
	a.register()
	return a
}

// boardOf is the board that the asker may see.
func (a *API) boardOf(ctx context.Context) Board {
	if a.o.BoardOf == nil {
		return a.o.Board
	}
	return a.o.BoardOf(ctx)
}

// Routes returns everything that the API serves.
func (a *API) Routes() []access.Route { return a.routes }

// OpenAPI returns the OpenAPI 3.1 document, indented, ending in a newline.
func (a *API) OpenAPI() ([]byte, error) {
	raw, err := json.Marshal(a.doc)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(tree, "", "  ")
	return append(b, '\n'), err
}

// Changed tells that KPIs were judged or defined anew, or removed. It never blocks.
func (a *API) Changed(names []string) { a.hub.changed(names) }

// PoliciesChanged tells that policies, proposals or reviews changed. It never blocks.
func (a *API) PoliciesChanged() { a.hub.policiesChanged() }

// AlertsChanged tells that alerts or silences changed. It never blocks.
func (a *API) AlertsChanged() { a.hub.alertsChanged() }

// Run serves the event streams until ctx ends and returns after the last has closed its queue.
func (a *API) Run(ctx context.Context) error { return a.hub.run(ctx) }
