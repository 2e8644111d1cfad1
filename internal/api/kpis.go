package api

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
)

const day = int64(24 * 60 * 60 * 1000)

func (a *API) board(ctx context.Context, in *boardInput) (*out[board.Answer], error) {
	f := board.Filter{Owner: in.Owner, Outcome: in.Outcome, State: in.State}
	for _, l := range in.Label {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return nil, fault.New(fault.Invalid, "label %q: want name=value", l)
		}
		if f.Labels == nil {
			f.Labels = map[string]string{}
		}
		f.Labels[name] = value
	}
	ans, err := a.boardOf(ctx).Answer(ctx, f)
	return &out[board.Answer]{ans}, err
}

func (a *API) kpis(ctx context.Context, _ *struct{}) (*out[KPIsBody], error) {
	views, err := a.boardOf(ctx).Views(ctx)
	return &out[KPIsBody]{KPIsBody{AsOf: a.boardOf(ctx).AsOf(), KPIs: list(views)}}, err
}

func (a *API) kpi(ctx context.Context, in *KPIPath) (*out[board.View], error) {
	v, err := a.boardOf(ctx).View(ctx, in.Name)
	return &out[board.View]{v}, err
}

// value answers an autoscaler. It would scale to zero on a 0, so anything but a fresh real datapoint is a 503.
func (a *API) value(ctx context.Context, in *valueInput) (*out[ValueBody], error) {
	group, err := groupOf(in.Group)
	if err != nil {
		return nil, err
	}
	st, ok := a.boardOf(ctx).Status(in.Name)
	if !ok {
		return nil, fault.New(fault.NotFound, "no KPI is named %q", in.Name).Hint("GET %s/kpis lists the names", Prefix)
	}
	last, light := st.Last, st.Light
	if group != nil {
		if ok = false; true {
			for _, g := range st.Groups {
				if maps.Equal(g.Labels.Map(), group) {
					last, light, ok = g.Last, g.Light, true
				}
			}
		}
		if !ok {
			return nil, fault.New(fault.NotFound, "KPI %q has no group %s", in.Name, in.Group).Hint("GET %s/kpis/%s lists the groups", Prefix, in.Name)
		}
	}
	fresh := 2*st.KPI.Period + st.Delay
	age := a.o.Now().UnixMilli() - last.End
	v := board.Number(last.Value)
	switch {
	case last.End == 0:
		return nil, fault.New(fault.Unavailable, "KPI %q has no datapoint yet; its first closes %s after a whole period of %s", in.Name, st.Delay, st.KPI.Period)
	case !last.Real() || !v.Exists():
		why := last.Detail
		if why == "" {
			why = string(last.Missing)
		}
		return nil, fault.New(fault.Unavailable, "KPI %q has no value: the newest datapoint is missing (%s)", in.Name, why)
	case age > fresh.Milliseconds():
		return nil, fault.New(fault.Unavailable, "KPI %q has no fresh value: the newest datapoint ended %d s ago, and two periods and the delay are %s", in.Name, age/1000, fresh)
	}
	return &out[ValueBody]{ValueBody{Name: in.Name, Value: v, Light: light.String(), PeriodEnd: last.End}}, nil
}

func (a *API) series(ctx context.Context, in *seriesInput) (*out[board.Series], error) {
	from, to, err := a.bounds(in.Span, day, 800*day)
	if err != nil {
		return nil, err
	}
	group, err := groupOf(in.Group)
	if err != nil {
		return nil, err
	}
	s, err := a.boardOf(ctx).Series(ctx, in.Name, board.SeriesQuery{From: from, To: to, Max: in.Max, Group: group})
	return &out[board.Series]{s}, err
}

func (a *API) groups(ctx context.Context, in *spanInput) (*out[GroupsBody], error) {
	from, to, err := a.bounds(in.Span, day/24, 93*day)
	if err != nil {
		return nil, err
	}
	g, err := a.boardOf(ctx).WhereItFails(ctx, in.Name, from, to)
	return &out[GroupsBody]{GroupsBody{From: from, To: to, Groups: list(g)}}, err
}

func (a *API) budget(ctx context.Context, in *spanInput) (*out[board.BurnDown], error) {
	from, to, err := a.bounds(in.Span, 28*day, 400*day)
	if err != nil {
		return nil, err
	}
	b, err := a.boardOf(ctx).BurnDown(ctx, in.Name, from, to)
	return &out[board.BurnDown]{b}, err
}

func (a *API) kpiDecisions(ctx context.Context, in *kpiDecisionsInput) (*out[DecisionsBody], error) {
	if _, err := a.boardOf(ctx).View(ctx, in.Name); err != nil {
		return nil, err
	}
	ds, err := a.boardOf(ctx).Decisions(ctx, board.DecisionFilter{KPI: in.Name, Limit: in.Limit})
	return &out[DecisionsBody]{DecisionsBody{list(ds)}}, err
}

func (a *API) decisions(ctx context.Context, in *decisionsInput) (*out[DecisionsBody], error) {
	if in.To != 0 && in.From > in.To {
		return nil, fault.New(fault.Invalid, "from %d: want a time before to %d", in.From, in.To)
	}
	ds, err := a.boardOf(ctx).Decisions(ctx, board.DecisionFilter{KPI: in.KPI, From: in.From, To: in.To, Limit: in.Limit})
	return &out[DecisionsBody]{DecisionsBody{list(ds)}}, err
}

func (a *API) decision(ctx context.Context, in *idInput) (*out[board.Decision], error) {
	d, err := a.boardOf(ctx).Decision(ctx, in.ID)
	return &out[board.Decision]{d}, err
}

// bounds fills a span's defaults and refuses what no store could answer in time.
func (a *API) bounds(s Span, lookback, most int64) (from, to int64, err error) {
	from, to = s.From, s.To
	if to == 0 {
		to = a.o.Now().UnixMilli()
	}
	if from == 0 {
		from = to - lookback
	}
	switch {
	case from >= to:
		return 0, 0, fault.New(fault.Invalid, "from %d: want a time before to %d, both Unix milliseconds", from, to)
	case to-from > most:
		return 0, 0, fault.New(fault.Invalid, "from %d to %d are %d days: want at most %d days", from, to, (to-from)/day, most/day)
	}
	return from, to, nil
}

// groupOf reads the group parameter; an empty one is nil: the KPI itself.
func groupOf(s string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	var g map[string]string
	if err := json.Unmarshal([]byte(s), &g); err != nil || len(g) == 0 {
		return nil, fault.New(fault.Invalid, `group %q: want a JSON object of label names and values, such as {"service":"refund"}`, clip(s))
	}
	return g, nil
}

// list makes a nil list an empty one.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
