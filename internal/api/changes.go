package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
)

// Changes is everything that happened around the KPIs: what people and machines report, and what the house did itself.
type Changes interface {
	// Marks returns what happened in a span that the asker may see, oldest first.
	Marks(ctx context.Context, f ledger.MarkFilter) ([]ledger.Mark, error)
	// AddMark keeps a reported change; the same id again is the same change.
	AddMark(ctx context.Context, m ledger.Mark) (ledger.Mark, error)
}

// Pages are the governed boards.
type Pages interface {
	Boards(ctx context.Context) ([]board.BoardSummary, error)
	BoardPage(ctx context.Context, name string, variables map[string]string) (board.BoardPage, error)
}

// ChangesBody lists what happened, oldest first.
type ChangesBody struct {
	Changes []ledger.Mark `json:"changes"`
}

// ChangeInput is a change to report.
type ChangeInput struct {
	ID     string            `json:"id,omitempty" maxLength:"200" doc:"The reporter's own id: the same again is not a second change"`
	At     int64             `json:"at,omitempty" minimum:"0" maximum:"253402300799999" doc:"Unix ms; now when left out"`
	Kind   string            `json:"kind,omitempty" enum:"deploy,flag,config,note,action" default:"deploy"`
	Title  string            `json:"title" minLength:"1" maxLength:"200" example:"Deploy 4.2"`
	Detail string            `json:"detail,omitempty" maxLength:"4000"`
	Labels map[string]string `json:"labels,omitempty" doc:"What it concerns, such as service and env; it is shown on the KPIs whose labels agree"`
	KPI    string            `json:"kpi,omitempty" maxLength:"256" doc:"Only this KPI"`
	Link   string            `json:"link,omitempty" maxLength:"2000" doc:"https address with more"`
}

// BoardsBody lists the governed boards, those for the asker's roles first.
type BoardsBody struct {
	Boards []board.BoardSummary `json:"boards"`
}

type changesInput struct {
	Span
	KPI    string   `query:"kpi" maxLength:"256" doc:"Only what concerns this KPI"`
	Letter []string `query:"letter,explode" maxItems:"6" doc:"D deploy, P policy, F flag, C config, N note, A action"`
	Limit  int      `query:"limit" minimum:"1" maximum:"5000" default:"500" doc:"The newest of the span"`
}

type pageInput struct {
	Name string   `path:"name" maxLength:"256"`
	Var  []string `query:"var,explode" maxItems:"32" doc:"name=value of a variable; repeat for more" example:"env=prod"`
}

// letters of the kinds that can be reported.
var letters = map[string]string{"deploy": "D", "flag": "F", "config": "C", "note": "N", "action": "A"}

// registerChanges describes changes and governed boards.
func (a *API) registerChanges(m *table) {
	c, p := a.o.Changes, a.o.Pages
	if c == nil {
		m.absent = "record of changes"
	}
	add(a, m, "changes", http.MethodGet, "/changes", access.ReadKPIs, "What happened around the KPIs: revisions, deploys, silences", func(ctx context.Context, in *changesInput) (*out[ChangesBody], error) {
		from, to, err := a.bounds(in.Span, day, 800*day)
		if err != nil {
			return nil, err
		}
		ms, err := c.Marks(ctx, ledger.MarkFilter{From: from, To: to, KPI: in.KPI, Letters: in.Letter, Limit: in.Limit})
		return &out[ChangesBody]{ChangesBody{list(ms)}}, err
	})
	add(a, m, "report-change", http.MethodPost, "/changes", access.WriteChanges, "Report a deploy or another change", func(ctx context.Context, in *bodyInput[ChangeInput]) (*out[ledger.Mark], error) {
		b := in.Body
		if b.Link != "" && !strings.HasPrefix(b.Link, "https://") && !strings.HasPrefix(b.Link, "http://") {
			return nil, fault.New(fault.Invalid, "link %q: want an address that begins with https://", b.Link)
		}
		mark := ledger.Mark{ID: b.ID, At: b.At, Letter: letters[b.Kind], Title: b.Title, Detail: b.Detail, Labels: b.Labels, KPI: b.KPI, Link: b.Link}
		if mark.At == 0 {
			mark.At = a.o.Now().UnixMilli()
		}
		kept, err := c.AddMark(ctx, mark)
		return &out[ledger.Mark]{kept}, err
	})
	m.absent = ""
	if p == nil {
		m.absent = "boards"
	}
	add(a, m, "boards", http.MethodGet, "/boards", access.ReadKPIs, "The boards that are kept as policies", func(ctx context.Context, _ *struct{}) (*out[BoardsBody], error) {
		bs, err := p.Boards(ctx)
		return &out[BoardsBody]{BoardsBody{list(bs)}}, err
	})
	add(a, m, "board-page", http.MethodGet, "/boards/{name}", access.ReadKPIs, "One board with its panels and variables", func(ctx context.Context, in *pageInput) (*out[board.BoardPage], error) {
		vars := map[string]string{}
		for _, v := range in.Var {
			name, value, ok := strings.Cut(v, "=")
			if !ok {
				return nil, fault.New(fault.Invalid, "var %q: want name=value", v)
			}
			vars[name] = value
		}
		pg, err := p.BoardPage(ctx, in.Name, vars)
		return &out[board.BoardPage]{pg}, err
	})
	m.absent = ""
}
