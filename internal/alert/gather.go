package alert

import (
	"context"
	"log/slog"
	"slices"
	"sort"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// batch is what was said at once.
type batch struct {
	alerts []*amalert.Alert
	at     time.Time
}

// fresh is how long a batch may take to reach its groups.
const fresh = time.Second

// gatherStage adds to a flush the alerts of the newest batch that belong to the group and are still on their way to it. The
// library makes a group of the first alert and, with a group wait of nothing, flushes it before the others have arrived:
// the first page of a thousand breached groups would speak of one, and the thousand would come after group_interval.
type gatherStage struct {
	a      *Alert
	routes *dispatch.Route
}

// Exec implements notify.Stage.
func (s *gatherStage) Exec(ctx context.Context, _ *slog.Logger, alerts ...*amalert.Alert) (context.Context, []*amalert.Alert, error) {
	b := s.a.sources.newest.Load()
	if b == nil || len(b.alerts) < 2 || s.a.o.Now().Sub(b.at) > fresh {
		return ctx, alerts, nil
	}
	group, _ := notify.GroupLabels(ctx)
	route, _ := notify.RouteID(ctx)
	have := make(map[model.Fingerprint]bool, len(alerts))
	for _, x := range alerts {
		have[x.Fingerprint()] = true
	}
	n := len(alerts)
	for _, x := range b.alerts {
		if !covers(x.Labels, group) || x.ResolvedAt(b.at) || have[x.Fingerprint()] || !s.belongs(x, group, route) {
			continue
		}
		if known, err := s.a.alerts.Get(x.Fingerprint()); err == nil && known.UpdatedAt.After(x.UpdatedAt) {
			continue // something else was said of it since
		}
		y := *x
		y.EndsAt = time.Time{} // as the dispatcher does: it must not time out under way
		alerts = append(alerts, &y)
	}
	if len(alerts) > n {
		sort.Stable(amalert.AlertSlice(alerts))
	}
	return ctx, alerts, nil
}

// covers reports whether an alert has all labels of a group.
func covers(l, group model.LabelSet) bool {
	for name, value := range group {
		if l[name] != value {
			return false
		}
	}
	return true
}

// belongs reports whether the route puts the alert into the group.
func (s *gatherStage) belongs(x *amalert.Alert, group model.LabelSet, route string) bool {
	return slices.ContainsFunc(s.routes.Match(x.Labels), func(r *dispatch.Route) bool {
		if r.ID() != route {
			return false
		}
		if r.RouteOpts.GroupByAll {
			return len(x.Labels) == len(group)
		}
		n := 0
		for name := range r.RouteOpts.GroupBy {
			if _, ok := x.Labels[name]; ok {
				n++
			}
		}
		return n == len(group)
	})
}
