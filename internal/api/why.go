package api

import (
	"context"
	"net/http"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
)

type whyInput struct {
	KPIPath
	Span
	At       int64  `query:"at" minimum:"0" maximum:"253402300799999" doc:"Unix ms of the instant that is asked about; now when left out"`
	Group    string `query:"group" maxLength:"4096" doc:"Labels of one group as a JSON object; left out: the group that was worst then" example:"{\"service\":\"refund\"}"`
	Receiver string `query:"receiver" maxLength:"320" doc:"Name of a receiver or address of a person; left out: anybody"`
}

type whyOfInput struct {
	ID string `path:"id" maxLength:"512" doc:"Id of a decision, Message-ID of a page, or id of a silence"`
}

// registerWhy describes the answers to why somebody was paged, or was not.
func (a *API) registerWhy(m *table) {
	add(a, m, "kpi-why", http.MethodGet, "/kpis/{name}/why", access.ReadKPIs, "Why somebody was paged, or was not, from stored facts", func(ctx context.Context, in *whyInput) (*out[board.Why], error) {
		group, err := groupOf(in.Group)
		if err != nil {
			return nil, err
		}
		w, err := a.boardOf(ctx).Why(ctx, board.WhyQuestion{KPI: in.Name, Group: group, At: in.At, From: in.From, To: in.To, Receiver: in.Receiver})
		return &out[board.Why]{w}, err
	})
	add(a, m, "why", http.MethodGet, "/why/{id}", access.ReadKPIs, "What a decision, a message or a silence was about", func(ctx context.Context, in *whyOfInput) (*out[board.WhyRecord], error) {
		w, err := a.boardOf(ctx).WhyOf(ctx, in.ID)
		return &out[board.WhyRecord]{w}, err
	})
}
