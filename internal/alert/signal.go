package alert

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Signal takes what the engine says of groups: an alert begins, goes on with other numbers, or ends. It never waits for a
// delivery. An error says what could not be kept; people are told all the same.
func (a *Alert) Signal(ctx context.Context, signals []kpi.PageSignal) error {
	var series []string
	var alerts []*amalert.Alert
	a.mu.Lock()
	for i := range signals {
		x, name := a.alertOf(&signals[i]), seriesOf(&signals[i])
		if was, ok := a.standing[name]; ok && was.alert.Fingerprint() != x.Fingerprint() {
			// A new revision gave it other labels: the alert with the old ones would never end.
			old := endedAt(was.alert, x.UpdatedAt)
			old.Annotations["state"], old.Annotations["resolved"] = ended, "revision"
			old.Annotations["why"] = "The KPI has a new revision with other labels"
			series, alerts = append(series, name), append(alerts, old)
		}
		if signals[i].Firing {
			a.standing[name] = standing{alert: x, confirmed: true}
		} else {
			delete(a.standing, name)
		}
		series, alerts = append(series, name), append(alerts, x)
	}
	a.mu.Unlock()
	return a.take(ctx, fromKPI, series, alerts)
}

// Put takes alerts of rule files.
func (a *Alert) Put(ctx context.Context, alerts []*amalert.Alert) error {
	return a.take(ctx, fromRule, nil, alerts)
}

// alertOf is a KPI's alert. The revision is left out of its labels, so that a KPI that is still red under a new revision
// is still the same alert.
func (a *Alert) alertOf(s *kpi.PageSignal) *amalert.Alert {
	now := a.o.Now()
	x := &amalert.Alert{UpdatedAt: now}
	x.Labels = model.LabelSet{}
	var by []string
	s.Group.Range(func(l labels.Label) {
		by = append(by, l.Name)
		x.Labels[model.LabelName(l.Name)] = model.LabelValue(l.Value)
	})
	for k, v := range s.KPI.Labels {
		if v != "" {
			x.Labels[model.LabelName(k)] = model.LabelValue(v)
		}
	}
	x.Labels[model.AlertNameLabel] = model.LabelValue(s.KPI.Name)
	x.Labels["kpi"] = model.LabelValue(s.KPI.Name)
	title := s.KPI.Title
	if title == "" {
		title = s.KPI.Name
	}
	value := kpi.Show(s.KPI.Unit, s.Last.Value).String()
	if !s.Last.Real() {
		value = noData
	}
	link := a.o.ExternalURL.JoinPath("kpi", s.KPI.Name)
	if !s.Group.IsEmpty() {
		link.RawQuery = url.Values{"group": {s.Group.String()}}.Encode()
	}
	x.Annotations = model.LabelSet{
		"title": model.LabelValue(title), "value": model.LabelValue(value), "threshold": model.LabelValue(s.Threshold), "summary": model.LabelValue(s.Summary),
		"why": model.LabelValue(s.Why), "link": model.LabelValue(link.String()), "since": model.LabelValue(clock(s.Since)),
		"owner": model.LabelValue(s.KPI.Owner), "decision": model.LabelValue(s.Decision), "revision": model.LabelValue(fmt.Sprint(s.Revision)),
		"limit": model.LabelValue(limit(s)), "cause": model.LabelValue(s.Cause), "state": model.LabelValue(state(s)),
	}
	if p := s.KPI.Page; p != nil {
		if p.Severity != "" {
			x.Labels["severity"] = model.LabelValue(p.Severity)
		}
		x.Annotations["runbook_url"] = model.LabelValue(p.Runbook)
	}
	if s.NoDataFrom > 0 {
		x.Annotations["nodata"] = model.LabelValue("no data since " + clock(s.NoDataFrom))
	}
	x.GeneratorURL = link.String()
	x.StartsAt = time.UnixMilli(s.Since)
	if !s.Firing {
		x = endedAt(x, now)
		x.Annotations["resolved"] = model.LabelValue(s.Resolved)
		x.Annotations["why"] = model.LabelValue(whyEnded(s))
	}
	maps.DeleteFunc(x.Annotations, func(_ model.LabelName, v model.LabelValue) bool { return v == "" })
	x.Annotations["by"] = model.LabelValue(strings.Join(by, ",")) // also of a KPI without groups
	return x
}

const (
	noData = "no data" // the value of a group without one
	ended  = "Ended"   // the state of an alert that stopped for another reason than that all is well
)

// state is the word for the group's light.
func state(s *kpi.PageSignal) string {
	switch y := s.KPI.Thresholds.Yellow; {
	case s.Firing && s.Cause == "no_data":
		return kpi.Grey.Word()
	case s.Firing:
		return kpi.Red.Word()
	case s.Resolved != "recovered":
		return ended
	case y != nil && s.Last.Real() && y.Holds(s.Last.Value):
		return kpi.Yellow.Word()
	default:
		return kpi.Green.Word()
	}
}

// whyEnded says in a sentence why an alert ended.
func whyEnded(s *kpi.PageSignal) string {
	switch {
	case s.Resolved == "recovered" && s.Cause == "no_data":
		return "Data has arrived again"
	case s.Resolved == "recovered" && s.Cause == "burn":
		return "The error budget no longer burns too fast"
	case s.Resolved == "recovered" && s.KPI.Thresholds.Red != nil:
		return "The value is within its limit again (" + s.KPI.Thresholds.Red.Promise(s.KPI.Unit) + ")"
	case s.Resolved == "recovered":
		return "The KPI has recovered"
	case s.Resolved == "revision":
		return "The KPI has a new revision, under which nothing is breached"
	default:
		return "The KPI or the group is no longer there, and no longer judged"
	}
}

// limit is the threshold in words.
func limit(s *kpi.PageSignal) string {
	switch {
	case s.Cause == "burn":
		return "the error budget's burn rate"
	case s.Cause == "no_data":
		return ""
	case s.Cause == "threshold" && s.KPI.Thresholds.Red != nil:
		return s.KPI.Thresholds.Red.Promise(s.KPI.Unit)
	default:
		return s.Threshold
	}
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 Jan 2006, 15:04:05 UTC") }
