package alert

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Signal takes what the engine says of groups: an alert begins, goes on with other numbers, or ends. It never waits for a
// delivery.
func (a *Alert) Signal(ctx context.Context, signals []kpi.PageSignal) error {
	alerts := make([]*amalert.Alert, 0, len(signals))
	for i := range signals {
		alerts = append(alerts, a.alertOf(&signals[i]))
	}
	a.mu.Lock()
	for i, x := range alerts {
		fp := x.Fingerprint()
		if signals[i].Firing {
			a.kpis[fp] = x
		} else {
			delete(a.kpis, fp)
		}
	}
	a.mu.Unlock()
	err := a.alerts.Put(ctx, alerts...)
	a.o.Changed()
	return err
}

// Put takes alerts of rule files: their rules send them again, so they need no keeping.
func (a *Alert) Put(ctx context.Context, alerts []*amalert.Alert) error {
	err := a.alerts.Put(ctx, alerts...)
	a.o.Changed()
	return err
}

// alertOf is a KPI's alert. The revision is left out of its labels, so that a KPI that is still red under a new revision
// is still the same alert.
func (a *Alert) alertOf(s *kpi.PageSignal) *amalert.Alert {
	now := a.o.Now()
	x := &amalert.Alert{UpdatedAt: now}
	x.Labels = model.LabelSet{}
	s.Group.Range(func(l labels.Label) { x.Labels[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	for k, v := range s.KPI.Labels {
		x.Labels[model.LabelName(k)] = model.LabelValue(v)
	}
	x.Labels[model.AlertNameLabel] = model.LabelValue(s.KPI.Name)
	x.Labels["kpi"] = model.LabelValue(s.KPI.Name)
	title := s.KPI.Title
	if title == "" {
		title = s.KPI.Name
	}
	value := kpi.Show(s.KPI.Unit, s.Last.Value).String()
	if !s.Last.Real() {
		value = "no data"
	}
	link := a.o.ExternalURL.JoinPath("kpi", s.KPI.Name)
	if !s.Group.IsEmpty() {
		link.RawQuery = url.Values{"group": {s.Group.String()}}.Encode()
	}
	x.Annotations = model.LabelSet{
		"title": model.LabelValue(title), "value": model.LabelValue(value), "threshold": model.LabelValue(s.Threshold), "summary": model.LabelValue(s.Summary),
		"why": model.LabelValue(s.Why), "link": model.LabelValue(link.String()), "since": model.LabelValue(clock(s.Since)),
		"owner": model.LabelValue(s.KPI.Owner), "decision": model.LabelValue(s.Decision), "revision": model.LabelValue(fmt.Sprint(s.Revision)),
		"limit": model.LabelValue(limit(s)), "cause": model.LabelValue(s.Cause),
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
		x.EndsAt = now
		if !x.EndsAt.After(x.StartsAt) {
			x.EndsAt = x.StartsAt.Add(time.Millisecond)
		}
		x.Annotations["resolved"] = model.LabelValue(s.Resolved)
		x.Annotations["lasted"] = model.LabelValue(kpi.Lasting(x.EndsAt.Sub(x.StartsAt)))
	}
	for k, v := range x.Annotations {
		if v == "" {
			delete(x.Annotations, k)
		}
	}
	return x
}

// limit is the threshold in words.
func limit(s *kpi.PageSignal) string {
	switch {
	case s.Cause == "burn":
		return "the error budget's burn rate"
	case s.Cause == "threshold" && s.KPI.Thresholds.Red != nil:
		return s.KPI.Thresholds.Red.Limit(s.KPI.Unit)
	default:
		return s.Threshold
	}
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// pushedAlerts keeps what others push until it is over, because they will not push it again after our restart.
type pushedAlerts struct {
	*mem.Alerts
	a *Alert
}

// Put implements provider.Alerts. What it took is durable when it returns nil.
func (p *pushedAlerts) Put(ctx context.Context, alerts ...*amalert.Alert) error {
	err := p.a.o.State.Tx(ctx, func(tx *sql.Tx) error {
		for _, x := range alerts {
			fp := x.Fingerprint().String()
			if x.Resolved() {
				if _, err := tx.ExecContext(ctx, `DELETE FROM pushed WHERE fingerprint = ?`, fp); err != nil {
					return err
				}
				continue
			}
			body, err := json.Marshal(x)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO pushed (fingerprint, alert) VALUES (?, ?) ON CONFLICT (fingerprint) DO UPDATE SET alert = excluded.alert`, fp, string(body)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write pushed alerts: %w", err)
	}
	err = p.Alerts.Put(ctx, alerts...)
	p.a.o.Changed()
	return err
}

func (a *Alert) restorePushed(ctx context.Context) error {
	rows, err := a.o.State.SQL().QueryContext(ctx, `SELECT alert FROM pushed`)
	if err != nil {
		return fmt.Errorf("read pushed alerts: %w", err)
	}
	defer rows.Close()
	var alerts []*amalert.Alert
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return fmt.Errorf("read pushed alerts: %w", err)
		}
		var x amalert.Alert
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			return fmt.Errorf("read pushed alerts: %w", err)
		}
		alerts = append(alerts, &x)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read pushed alerts: %w", err)
	}
	return a.alerts.Put(ctx, alerts...)
}
