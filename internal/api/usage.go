package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
	"github.com/signalbox/signalbox/internal/usage"
)

// Usage answers how people use what is watched.
type Usage interface {
	Actives(ctx context.Context, q usage.ActivesQuestion) (usage.Actives, error)
	Sessions(ctx context.Context, q usage.SessionsQuestion) (usage.Sessions, error)
	Retention(ctx context.Context, q usage.RetentionQuestion) (usage.Retention, error)
	Funnel(ctx context.Context, q usage.FunnelQuestion) (usage.Funnel, error)
	Adoption(ctx context.Context, q usage.AdoptionQuestion) (usage.Adoption, error)
	Success(ctx context.Context, q usage.SuccessQuestion) (usage.Success, error)
	Watch(ctx context.Context, w usage.Watched) error
}

// AppChoice chooses applications; it is exported because huma does not look into embedded types that are not.
type AppChoice struct {
	Service string `query:"service" maxLength:"256"`
	Env     string `query:"env" maxLength:"256"`
	Agency  string `query:"agency" maxLength:"256"`
}

// UsageSpan is the span, the applications and the filter that all questions of usage have.
type UsageSpan struct {
	Span
	AppChoice
	Period string `query:"period" enum:"day,week,month" default:"day"`
	Q      string `query:"q" maxLength:"4000" doc:"Only these events; with it the answer is made from the rows"`
}

type retentionInput struct {
	UsageSpan
	Periods   int    `query:"periods" minimum:"1" maximum:"60" default:"8"`
	Recurring bool   `query:"recurring" doc:"Everybody active in a period is its cohort; else only who was new"`
	OnOrAfter bool   `query:"on_or_after" doc:"Came back in that period or later; else in that very period"`
	Start     string `query:"start" maxLength:"4000" doc:"What makes somebody part of a cohort; any event unless stated"`
	Return    string `query:"return" maxLength:"4000" doc:"What counts as coming back; any event unless stated"`
}

type funnelInput struct {
	Span
	AppChoice
	Q       string   `query:"q" maxLength:"4000"`
	Step    []string `query:"step,explode" minItems:"1" maxItems:"10" required:"true" doc:"Search for one step's events; repeat in order" example:"name:filing_submitted"`
	Order   string   `query:"order" enum:"sequential,strict,any" default:"sequential"`
	Within  float64  `query:"within" minimum:"1" maximum:"31536000" default:"604800" doc:"Seconds from the first step"`
	Exclude []string `query:"exclude,explode" maxItems:"10" doc:"n:search removes people who do it after step n, which counts from 1, and before the next" example:"1:name:filing_abandoned"`
	By      string   `query:"by" maxLength:"256" doc:"Field of the first step's event"`
}

type adoptionInput struct {
	UsageSpan
	Kind     string   `query:"kind" enum:"event,route,release" default:"event"`
	Name     []string `query:"name,explode" maxItems:"50"`
	Top      int      `query:"top" minimum:"1" maximum:"100" default:"20"`
	Releases bool     `query:"releases"`
}

type successInput struct {
	Span
	AppChoice
	Q      string  `query:"q" maxLength:"4000"`
	Table  string  `query:"table" enum:"logs,spans,events" default:"events"`
	Start  string  `query:"start" required:"true" maxLength:"4000" example:"name:filing_submitted"`
	End    string  `query:"end" required:"true" maxLength:"4000" example:"name:filing_accepted"`
	Fail   string  `query:"fail" maxLength:"4000" example:"name:filing_rejected"`
	Within float64 `query:"within" minimum:"0.001" maximum:"31536000" default:"30" doc:"Seconds"`
	Period string  `query:"period" enum:"day,week,month" default:"day"`
}

// registerUsage describes the four views of usage and transaction success.
func (a *API) registerUsage(m *table) {
	u := a.o.Usage
	if u == nil {
		m.absent = "row store"
	}
	add(a, m, "usage-actives", http.MethodGet, "/usage/actives", access.ReadSignals, "How many people were active", func(ctx context.Context, in *UsageSpan) (*out[usage.Actives], error) {
		b, err := u.Actives(ctx, usage.ActivesQuestion{Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Period: usage.Period(in.Period)})
		b.Hide(a.k())
		return &out[usage.Actives]{b}, err
	})
	add(a, m, "usage-sessions", http.MethodGet, "/usage/sessions", access.ReadSignals, "Sessions, how long they last and what is done in them", func(ctx context.Context, in *UsageSpan) (*out[usage.Sessions], error) {
		where, err := search.Parse(in.Q)
		if err != nil {
			return nil, err
		}
		b, err := u.Sessions(ctx, usage.SessionsQuestion{
			Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Period: usage.Period(in.Period), Where: where, AdHoc: in.Q != "",
		})
		b.Hide(a.k())
		return &out[usage.Sessions]{b}, err
	})
	add(a, m, "usage-retention", http.MethodGet, "/usage/retention", access.ReadSignals, "Who came back", func(ctx context.Context, in *retentionInput) (*out[usage.Retention], error) {
		es, err := parsed(in.Q, in.Start, in.Return)
		if err != nil {
			return nil, err
		}
		b, err := u.Retention(ctx, usage.RetentionQuestion{
			Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Period: usage.Period(in.Period), Periods: in.Periods, Recurring: in.Recurring,
			OnOrAfter: in.OnOrAfter, Where: es[0], Start: es[1], Return: es[2], AdHoc: in.Q+in.Start+in.Return != "",
		})
		b.Hide(a.k())
		return &out[usage.Retention]{b}, err
	})
	add(a, m, "usage-funnel", http.MethodGet, "/usage/funnel", access.ReadSignals, "How many people get through steps", func(ctx context.Context, in *funnelInput) (*out[usage.Funnel], error) {
		q, err := in.question()
		if err != nil {
			return nil, err
		}
		b, err := u.Funnel(ctx, q)
		b.Hide(a.k())
		return &out[usage.Funnel]{b}, err
	})
	add(a, m, "usage-adoption", http.MethodGet, "/usage/adoption", access.ReadSignals, "Who uses what", func(ctx context.Context, in *adoptionInput) (*out[usage.Adoption], error) {
		where, err := search.Parse(in.Q)
		if err != nil {
			return nil, err
		}
		b, err := u.Adoption(ctx, usage.AdoptionQuestion{
			Scope: scopeOf(ctx, in.AppChoice), Range: rangeOf(in.Span), Kind: in.Kind, Names: in.Name, Top: in.Top, Releases: in.Releases, Where: where, AdHoc: in.Q != "",
		})
		b.Hide(a.k())
		return &out[usage.Adoption]{b}, err
	})
	add(a, m, "usage-success", http.MethodGet, "/usage/success", access.ReadSignals, "How many transactions came to their end in time", func(ctx context.Context, in *successInput) (*out[usage.Success], error) {
		es, err := parsed(in.Q, in.Start, in.End, in.Fail)
		if err != nil {
			return nil, err
		}
		q := usage.SuccessQuestion{
			Range: rangeOf(in.Span), Where: rowstore.All(in.expr(), es[0]), Start: es[1], End: es[2], Within: in.Within, Period: usage.Period(in.Period),
		}
		if in.Fail != "" {
			q.Fail = es[3]
		}
		q.Table, _ = rowstore.ParseTable(in.Table)
		b, err := u.Success(ctx, q)
		return &out[usage.Success]{b}, err
	})
	m.absent = ""
	a.registerUsagePeople(m)
}

// k is the smallest group of people that may be shown; 0 is no minimum.
func (a *API) k() int {
	if a.o.K == nil {
		return 0
	}
	return a.o.K()
}

// question reads a funnel's steps.
func (in *funnelInput) question() (usage.FunnelQuestion, error) {
	q := usage.FunnelQuestion{Range: rangeOf(in.Span), Order: usage.Order(in.Order), Within: in.Within, By: in.By}
	where, err := search.Parse(in.Q)
	if err != nil {
		return q, err
	}
	q.Where = rowstore.All(in.expr(), where)
	for i, s := range in.Step {
		e, err := search.Parse(s)
		if err != nil {
			return q, err
		}
		if e.IsEverything() {
			return q, fault.New(fault.Invalid, "step %d is empty: want a search such as name:filing_submitted", i+1)
		}
		q.Steps = append(q.Steps, usage.Step{Name: s, Where: e})
	}
	for _, x := range in.Exclude {
		n, text, ok := strings.Cut(x, ":")
		at, err := strconv.Atoi(n)
		if !ok || err != nil || at < 1 || at >= len(in.Step) {
			return q, fault.New(fault.Invalid, "exclude %q: want the number of a step, a colon and a search, such as 1:name:filing_abandoned; steps count from 1 and the last has none behind it", clip(x))
		}
		e, err := search.Parse(text)
		if err != nil {
			return q, err
		}
		q.Exclude = append(q.Exclude, usage.Exclusion{Where: e, After: at - 1})
	}
	return q, nil
}

// parsed reads several searches.
func parsed(texts ...string) ([]rowstore.Expr, error) {
	es := make([]rowstore.Expr, len(texts))
	for i, t := range texts {
		var err error
		if es[i], err = search.Parse(t); err != nil {
			return nil, err
		}
	}
	return es, nil
}

func rangeOf(s Span) usage.Range { return usage.Range{From: s.From, To: s.To} }

// expr is the choice as an expression over rows.
func (c AppChoice) expr() rowstore.Expr {
	var es []rowstore.Expr
	for _, f := range []struct{ field, value string }{{"service", c.Service}, {"env", c.Env}, {"agency", c.Agency}} {
		if f.value != "" {
			es = append(es, rowstore.Is(f.field, f.value))
		}
	}
	return rowstore.All(es...)
}

// scopeOf is the choice within what the asker may see.
func scopeOf(ctx context.Context, c AppChoice) usage.Scope {
	s := usage.Scope{App: usage.App{Service: c.Service, Env: c.Env, Agency: c.Agency}}
	if l := scoped.Of(ctx, access.ReadSignals); !l.Whole() {
		s.See = func(a usage.App) bool {
			return l.Labels(labels.FromStrings("service", a.Service, "env", a.Env, "agency", a.Agency))
		}
	}
	return s
}
