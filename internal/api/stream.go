package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
)

// stream describes and mounts the event stream.
func (a *API) stream(m *table) {
	reg := a.doc.Components.Schemas
	var events []*huma.Schema
	for _, e := range []struct {
		name string
		data reflect.Type
	}{
		{"kpis", reflect.TypeFor[board.Update]()},
		{"alerts", reflect.TypeFor[Empty]()},
		{"policies", reflect.TypeFor[Empty]()},
		{"sources", reflect.TypeFor[board.SourcesSummary]()},
		{"ping", reflect.TypeFor[Ping]()},
	} {
		events = append(events, &huma.Schema{
			Title: "Event " + e.name,
			Type:  huma.TypeObject,
			Properties: map[string]*huma.Schema{
				"event": {Type: huma.TypeString, Enum: []any{e.name}},
				"data":  reg.Schema(e.data, true, e.name),
			},
			Required: []string{"event", "data"},
		})
	}
	op := huma.Operation{
		OperationID: "stream", Method: http.MethodGet, Path: Prefix + "/stream",
		Summary: "Server-sent events",
		Description: "`kpis` after KPIs changed (views without sparkline and strip), `alerts` and `policies` after those changed (ask again), " +
			"`sources` when the number of late sources changed, `ping` at once and every 10 s. Open the stream before you ask for the board, " +
			"and ask again after it reconnects: nothing is replayed. A client that does not read is dropped.",
		Tags:       []string{"stream"},
		Extensions: map[string]any{"x-action": string(access.ReadKPIs)},
		Responses: map[string]*huma.Response{"200": {
			Description: "Events",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{OneOf: events}}},
		}},
	}
	m.action = access.ReadKPIs
	huma.Register(m.api, op, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		c, err := a.hub.join(ctx)
		if err != nil {
			return nil, a.toProblem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) { c.serve(hctx) }}, nil
	})
}
