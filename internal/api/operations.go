package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
)

// out wraps a body for huma.
type out[T any] struct{ Body T }

// KPIPath names a KPI; it is exported because huma does not look into embedded types that are not.
type KPIPath struct {
	Name string `path:"name" maxLength:"256" doc:"Name of the KPI"`
}

// Span is a stretch of time in Unix ms.
type Span struct {
	From int64 `query:"from" minimum:"0" maximum:"253402300799999" doc:"Unix ms; left out: a default look-back before to"`
	To   int64 `query:"to" minimum:"0" maximum:"253402300799999" doc:"Unix ms; now when left out"`
}

type boardInput struct {
	Label   []string `query:"label,explode" maxItems:"16" doc:"name=value; repeat for more, all must match" example:"journey=filing"`
	Owner   string   `query:"owner" maxLength:"256"`
	Outcome string   `query:"outcome" enum:"technical,business"`
	State   string   `query:"state" enum:"green,yellow,red,grey,paused"`
}

type valueInput struct {
	KPIPath
	Group string `query:"group" maxLength:"4096" doc:"Labels of one group as a JSON object; left out: the KPI itself" example:"{\"service\":\"refund\"}"`
}

type seriesInput struct {
	KPIPath
	Span
	Max   int    `query:"max" minimum:"1" maximum:"11000" default:"1000" doc:"Most points wanted"`
	Group string `query:"group" maxLength:"4096" doc:"Labels of one group as a JSON object; left out: the KPI itself" example:"{\"service\":\"refund\"}"`
}

type spanInput struct {
	KPIPath
	Span
}

type decisionsInput struct {
	Span
	KPI   string `query:"kpi" maxLength:"256"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

type kpiDecisionsInput struct {
	KPIPath
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

type idInput struct {
	ID string `path:"id" maxLength:"128"`
}

type bodyInput[T any] struct{ Body T }

type demoInput struct {
	Service string `path:"service" maxLength:"128"`
	Action  string `path:"action" enum:"break,heal"`
}

type cookieOut[T any] struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      T
}

// register describes every operation and collects its route.
func (a *API) register() {
	m := &table{}
	api := huma.NewAPI(config(a.o.Version), adapter(m))
	m.api, a.doc = api, api.OpenAPI()
	api.UseMiddleware(carryRequest)

	add(a, m, "board", http.MethodGet, "/board", access.ReadKPIs, "The board: verdict, counts, tiles, what happens now", a.board)
	add(a, m, "kpis", http.MethodGet, "/kpis", access.ReadKPIs, "All KPIs", a.kpis)
	add(a, m, "kpi", http.MethodGet, "/kpis/{name}", access.ReadKPIs, "One KPI", a.kpi)
	add(a, m, "kpi-value", http.MethodGet, "/kpis/{name}/value", access.ReadKPIs, "One fresh number for an autoscaler, or 503", a.value)
	add(a, m, "kpi-series", http.MethodGet, "/kpis/{name}/series", access.ReadKPIs, "History of a KPI or a group", a.series)
	add(a, m, "kpi-groups", http.MethodGet, "/kpis/{name}/groups", access.ReadKPIs, "Where it fails", a.groups)
	add(a, m, "kpi-budget", http.MethodGet, "/kpis/{name}/budget", access.ReadKPIs, "Error budget left over time", a.budget)
	add(a, m, "kpi-decisions", http.MethodGet, "/kpis/{name}/decisions", access.ReadKPIs, "Decision records of a KPI, newest first", a.kpiDecisions)
	add(a, m, "decisions", http.MethodGet, "/decisions", access.ReadKPIs, "Decision records, newest first", a.decisions)
	add(a, m, "decision", http.MethodGet, "/decisions/{id}", access.ReadKPIs, "One decision record", a.decision)

	add(a, m, "alerts", http.MethodGet, "/alerts", access.ReadAlerts, "Active alerts, silences and who was told", a.alerts)
	add(a, m, "create-silence", http.MethodPost, "/silences", access.WriteSilences, "Make or replace a silence", a.createSilence)
	add(a, m, "preview-silence", http.MethodPost, "/silences/preview", access.ReadAlerts, "What a silence would match now", a.previewSilence)
	add(a, m, "expire-silence", http.MethodDelete, "/silences/{id}", access.WriteSilences, "End a silence now", a.expireSilence)
	add(a, m, "test-receiver", http.MethodPost, "/receivers/test", access.Operate, "Send a test message", a.testReceiver)

	add(a, m, "sources", http.MethodGet, "/sources", access.ReadSignals, "Where samples come from, late ones first", a.sources)
	add(a, m, "status", http.MethodGet, "/status", access.ReadServer, "How the server is doing", a.status)

	add(a, m, "demo", http.MethodGet, "/demo", access.ReadKPIs, "State of the demo; 404 outside it", a.demo)
	add(a, m, "demo-switch", http.MethodPost, "/demo/{service}/{action}", access.Operate, "Break or heal a service of the demo", a.demoSwitch)
	add(a, m, "demo-mails", http.MethodGet, "/demo/mails", access.ReadAlerts, "The demo's mailbox, newest first", a.demoMails)
	add(a, m, "demo-mail", http.MethodGet, "/demo/mails/{id}", access.ReadAlerts, "One mail of the demo", a.demoMail)

	a.registerPeople(m)
	a.registerGovern(m)
	a.registerAudit(m)
	a.registerChanges(m)
	a.registerWhy(m)
	a.registerRows(m)
	a.registerTraces(m)
	a.registerUsage(m)
	a.registerUsageKPI(m)
	a.registerPrivacy(m)
	a.registerExport(m)
	a.stream(m)
	nullable(a.doc.Components.Schemas)
	a.routes = append(m.routes,
		access.Route{Method: http.MethodGet, Pattern: "/api/signalbox/openapi.json", Action: access.ReadKPIs, Handler: a.serveOpenAPI()},
		access.Route{Pattern: "/api/signalbox/", Action: access.ReadKPIs, Handler: http.HandlerFunc(notFound)},
	)
}

func add[I, O any](a *API, m *table, id, method, path string, action access.Action, summary string, f func(context.Context, *I) (*O, error)) {
	m.action = action
	missing := m.absent
	op := huma.Operation{
		OperationID: id, Method: method, Path: Prefix + path, Summary: summary,
		Tags:         []string{strings.Split(path, "/")[1]},
		Extensions:   map[string]any{"x-action": string(action)},
		MaxBodyBytes: 1 << 20,
	}
	if method == http.MethodGet {
		op.RejectUnknownQueryParameters = true
	}
	huma.Register(m.api, op, func(ctx context.Context, in *I) (*O, error) {
		if missing != "" {
			return nil, a.toProblem(ctx, absent(missing))
		}
		o, err := f(ctx, in)
		if err != nil {
			return nil, a.toProblem(ctx, err)
		}
		return o, nil
	})
}

// schemaName names the KPI's view and the board by what they are to a reader of the document.
func schemaName(t reflect.Type, hint string) string {
	switch t {
	case reflect.TypeFor[board.View]():
		return "KPIView"
	case reflect.TypeFor[board.Group]():
		return "GroupView"
	case reflect.TypeFor[board.Answer]():
		return "Board"
	case reflect.TypeFor[huma.ErrorModel]():
		return "Problem"
	}
	name := huma.DefaultSchemaNamer(t, hint)
	// Rooms have the same short words for their own things.
	switch _, room, _ := strings.Cut(t.PkgPath(), "/internal/"); {
	case room == "kpi/backtest":
		return "Backtest" + strings.TrimPrefix(name, "Backtest")
	case room == "export":
		return "Export" + strings.TrimPrefix(name, "Export")
	case room == "audit":
		return "Audit" + strings.TrimPrefix(name, "Audit")
	case room == "govern" && (name == "Change" || name == "Revision"):
		return "Policy" + name
	}
	return name
}
