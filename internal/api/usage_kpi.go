package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
	"github.com/signalbox/signalbox/internal/usage"
)

// UsageKPIInput asks for a KPI of a view of usage. Which fields count depends on the view.
type UsageKPIInput struct {
	View    string   `json:"view" enum:"actives,stickiness,sessions,session_duration,actions,bounce,retention,adoption,funnel,success,errors"`
	Name    string   `json:"name,omitempty" maxLength:"256" doc:"Of the KPI; made from the view unless stated"`
	Title   string   `json:"title,omitempty" maxLength:"256"`
	Owner   string   `json:"owner,omitempty" maxLength:"256"`
	Value   *float64 `json:"value,omitempty" doc:"What it is now: thresholds are proposed around it"`
	Service string   `json:"service,omitempty" maxLength:"256"`
	Env     string   `json:"env,omitempty" maxLength:"256"`
	Agency  string   `json:"agency,omitempty" maxLength:"256"`
	Span    string   `json:"span,omitempty" enum:"day,week,month" doc:"actives"`
	Stat    string   `json:"stat,omitempty" enum:"median,p95,mean" doc:"session_duration"`
	After   int      `json:"after,omitempty" enum:"1,7,30" doc:"retention: days"`
	Kind    string   `json:"kind,omitempty" enum:"event,route,release" doc:"adoption"`
	Feature string   `json:"feature,omitempty" maxLength:"256" doc:"adoption"`
	Step    int      `json:"step,omitempty" minimum:"0" maximum:"10" doc:"funnel: from 1; 0 is the last"`
	Steps   []string `json:"steps,omitempty" maxItems:"10" doc:"funnel: a search for each"`
	Order   string   `json:"order,omitempty" enum:"sequential,strict,any" doc:"funnel"`
	Within  float64  `json:"within,omitempty" minimum:"0" maximum:"31536000" doc:"funnel and success: seconds"`
	Q       string   `json:"q,omitempty" maxLength:"4000" doc:"funnel and success: only these rows"`
	Table   string   `json:"table,omitempty" enum:"logs,spans,events" doc:"success"`
	Start   string   `json:"start,omitempty" maxLength:"4000" doc:"success"`
	End     string   `json:"end,omitempty" maxLength:"4000" doc:"success"`
	Fail    string   `json:"fail,omitempty" maxLength:"4000" doc:"success"`
	Error   string   `json:"error,omitempty" maxLength:"64" doc:"errors: id of the group"`
}

type leadsInput struct {
	KPIPath
	Span
	Group string `query:"group" maxLength:"4096" doc:"Labels of one group as a JSON object"`
}

// registerUsageKPI describes how a number of usage becomes a KPI, and how a KPI leads to rows.
func (a *API) registerUsageKPI(m *table) {
	if a.o.Usage == nil || a.o.Traces == nil || a.o.Rows == nil {
		m.absent = "row store"
	}
	add(a, m, "usage-kpi", http.MethodPost, "/usage/kpi", access.Propose, "The policy of a KPI for a number of usage; what it needs is measured from then on", func(ctx context.Context, in *bodyInput[UsageKPIInput]) (*out[usage.KPIDraft], error) {
		q, err := a.usageKPI(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		draft, err := usage.KPI(q)
		if err == nil && draft.Watch != nil {
			err = a.o.Usage.Watch(ctx, *draft.Watch)
		}
		return &out[usage.KPIDraft]{draft}, err
	})
	add(a, m, "kpi-leads", http.MethodGet, "/kpis/{name}/leads", access.ReadKPIs, "Where a KPI's period leads: searches for its traces, logs and events", func(ctx context.Context, in *leadsInput) (*out[usage.Leads], error) {
		from, to, err := a.bounds(in.Span, day/24, 93*day)
		if err != nil {
			return nil, err
		}
		group, err := groupOf(in.Group)
		if err != nil {
			return nil, err
		}
		if _, err := a.boardOf(ctx).View(ctx, in.Name); err != nil { // within sight, or not there
			return nil, err
		}
		st, ok := a.boardOf(ctx).Status(in.Name)
		if !ok {
			return nil, fault.New(fault.NotFound, "there is no KPI %q", clip(in.Name))
		}
		of := labels.FromMap(group)
		if group == nil && len(st.Groups) > 0 && (st.Groups[0].Light == kpi.Red || st.Groups[0].Light == kpi.Yellow) {
			of = st.Groups[0].Labels // the worst comes first: it is what the light is about
		}
		b := usage.LeadsOf(scoped.Selections(&st.KPI.Indicator), of, usage.Range{From: from, To: to}, func(service string) bool { return a.sends(ctx, service, from, to) })
		return &out[usage.Leads]{b}, nil
	})
	m.absent = ""
}

// sends reports whether rows of a service are there that the asker may see.
func (a *API) sends(ctx context.Context, service string, from, to int64) bool {
	for _, t := range rowstore.Tables() {
		found, err := a.rowsOf().Find(ctx, rowstore.Find{Table: t, Between: rowstore.Between{From: from * 1000, To: to * 1000}, Where: rowstore.Is("service", service), Limit: 1})
		if err != nil || len(found) > 0 {
			return err == nil
		}
	}
	return false
}

func (a *API) usageKPI(ctx context.Context, in UsageKPIInput) (q usage.KPIQuestion, err error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(raw, &q); err != nil { // the plain fields have the same names
		return q, err
	}
	choice := AppChoice{in.Service, in.Env, in.Agency}
	q.App = usage.App{Service: in.Service, Env: in.Env, Agency: in.Agency}
	switch in.View {
	case "funnel":
		f := funnelInput{AppChoice: choice, Q: in.Q, Step: in.Steps, Order: in.Order, Within: in.Within}
		if len(f.Step) == 0 {
			return q, fault.New(fault.Invalid, "steps is empty: want a search for each step of the funnel")
		}
		if f.Order == "" {
			f.Order = string(usage.Sequential)
		}
		q.Funnel, err = f.question()
	case "success":
		var es []rowstore.Expr
		if es, err = parsed(in.Q, in.Start, in.End, in.Fail); err != nil {
			return q, err
		}
		q.Success = usage.SuccessQuestion{Where: rowstore.All(choice.expr(), es[0]), Start: es[1], End: es[2], Within: in.Within}
		if in.Fail != "" {
			q.Success.Fail = es[3]
		}
		q.Success.Table = rowstore.Events
		if in.Table != "" {
			q.Success.Table, _ = rowstore.ParseTable(in.Table)
		}
	case "errors":
		q.Error, err = a.o.Traces.Error(in.Error, usage.ErrorsQuestion{Scope: scopeOf(ctx, AppChoice{})})
	default:
		_, err = search.Parse(in.Q)
	}
	return q, err
}
