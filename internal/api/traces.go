package api

import (
	"context"
	"net/http"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
	"github.com/signalbox/signalbox/internal/usage"
)

// Traces puts rows together: traces, errors, the service map, and everything of one id. What it reads from the rows it bounds
// itself by who asks.
type Traces interface {
	Traces(ctx context.Context, q usage.TraceQuestion) (usage.Traces, error)
	Trace(ctx context.Context, id string, where rowstore.Expr) (usage.Trace, error)
	Map(ctx context.Context, q usage.MapQuestion) (usage.Map, error)
	Errors(q usage.ErrorsQuestion) (usage.Errors, error)
	Error(id string, q usage.ErrorsQuestion) (usage.ErrorGroup, error)
	Related(ctx context.Context, q usage.RelatedQuestion) (usage.Related, error)
}

// TraceCountBody says how many traces there are.
type TraceCountBody struct {
	Count float64 `json:"count" doc:"Traces; beyond some ten thousand within 2 %"`
	Spans float64 `json:"spans" doc:"Spans that are stored"`
}

type tracesInput struct {
	Span
	Q     string `query:"q" maxLength:"4000" doc:"Search over spans, such as: service:intake status:error duration:>2s"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type servicesInput struct {
	Span
	AppChoice
	Q     string `query:"q" maxLength:"4000"`
	Exact bool   `query:"exact" doc:"Read the spans instead of what is kept"`
}

type errorsInput struct {
	Span
	AppChoice
	Q     string `query:"q" maxLength:"4000"`
	Sort  string `query:"sort" enum:"count,new,people,last" default:"count"`
	State string `query:"state" enum:"new,regressed,known"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type errorInput struct {
	ID string `path:"id" maxLength:"64"`
	Span
}

type relatedInput struct {
	Span
	Trace    string `query:"trace_id" maxLength:"64"`
	Session  string `query:"session" maxLength:"256"`
	Business string `query:"business_id" maxLength:"256"`
	User     string `query:"user" maxLength:"256" doc:"Pseudonym"`
	Limit    int    `query:"limit" minimum:"1" maximum:"5000" default:"500"`
}

// registerTraces describes traces, services, errors and correlation.
func (a *API) registerTraces(m *table) {
	t := a.o.Traces
	if t == nil || a.o.Rows == nil {
		m.absent = "row store"
	}
	add(a, m, "traces", http.MethodGet, "/traces", access.ReadSignals, "Search traces by their spans, newest first", func(ctx context.Context, in *tracesInput) (*out[usage.Traces], error) {
		where, between, err := a.asked(in.Q, in.Span)
		if err != nil {
			return nil, err
		}
		b, err := t.Traces(ctx, usage.TraceQuestion{Range: usage.Range{From: between.From / 1000, To: between.To / 1000}, Where: where, Limit: in.Limit})
		return &out[usage.Traces]{b}, err
	})
	add(a, m, "traces-count", http.MethodGet, "/traces/count", access.ReadSignals, "How many traces there are", func(ctx context.Context, in *countInput) (*out[TraceCountBody], error) {
		b, err := a.countTraces(ctx, in)
		return &out[TraceCountBody]{b}, err
	})
	add(a, m, "trace", http.MethodGet, "/traces/{id}", access.ReadSignals, "One trace with its logs and events", func(ctx context.Context, in *idInput) (*out[usage.Trace], error) {
		b, err := t.Trace(ctx, in.ID, rowstore.Everything)
		return &out[usage.Trace]{b}, err
	})
	add(a, m, "services", http.MethodGet, "/services", access.ReadSignals, "Which service calls which, how much, how well and how fast", func(ctx context.Context, in *servicesInput) (*out[usage.Map], error) {
		where, err := search.Parse(in.Q)
		if err != nil {
			return nil, err
		}
		b, err := t.Map(ctx, usage.MapQuestion{Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Where: where, Exact: in.Exact || in.Q != ""})
		return &out[usage.Map]{b}, err
	})
	add(a, m, "errors", http.MethodGet, "/errors", access.ReadSignals, "Errors by type, message, service and route", func(ctx context.Context, in *errorsInput) (*out[usage.Errors], error) {
		where, err := search.Parse(in.Q)
		if err != nil {
			return nil, err
		}
		b, err := t.Errors(usage.ErrorsQuestion{Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Where: where, Sort: in.Sort, State: in.State, Limit: in.Limit})
		b.Hide(a.k())
		return &out[usage.Errors]{b}, err
	})
	add(a, m, "error", http.MethodGet, "/errors/{id}", access.ReadSignals, "One error over time", func(ctx context.Context, in *errorInput) (*out[usage.ErrorGroup], error) {
		b, err := t.Error(in.ID, usage.ErrorsQuestion{Scope: scopeOf(ctx, AppChoice{}), Range: rangeOf(in.Span)})
		b.Hide(a.k())
		return &out[usage.ErrorGroup]{b}, err
	})
	add(a, m, "correlate", http.MethodGet, "/correlate", access.ReadSignals, "Everything of one trace, session, business id or person", func(ctx context.Context, in *relatedInput) (*out[usage.Related], error) {
		set := 0
		for _, v := range []string{in.Trace, in.Session, in.Business, in.User} {
			if v != "" {
				set++
			}
		}
		if set != 1 {
			return nil, fault.New(fault.Invalid, "%d of trace_id, session, business_id and user are given; want exactly one", set)
		}
		b, err := t.Related(ctx, usage.RelatedQuestion{Range: rangeOf(in.Span), Trace: in.Trace, Session: in.Session, Business: in.Business, User: in.User, Limit: in.Limit})
		return &out[usage.Related]{b}, err
	})
	m.absent = ""
}

func (a *API) countTraces(ctx context.Context, in *countInput) (b TraceCountBody, err error) {
	q := rowstore.Count{Table: rowstore.Spans, Of: []rowstore.Aggregate{{Kind: "unique", Field: "trace_id"}, {Kind: "stored"}}}
	if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
		return b, err
	}
	g, err := a.rowsOf().Count(ctx, q)
	if err != nil || len(g.Rows) == 0 {
		return b, err
	}
	return TraceCountBody{Count: g.Rows[0].Numbers[0], Spans: g.Rows[0].Numbers[1]}, nil
}
