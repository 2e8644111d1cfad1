package alert

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/kpi"
)

// origin says where an alert came from.
type origin string

const (
	fromKPI  origin = "kpi"
	fromRule origin = "rule"
	pushed   origin = "pushed"
)

// disownAfter is how long after the start a KPI's alert of the last run waits for the engine to say that it goes on.
const disownAfter = time.Minute

// standing is a KPI's alert that goes on, as it was put last.
type standing struct {
	alert     *amalert.Alert
	confirmed bool // the engine has told of it in this run
}

// take keeps alerts and hands them to the inhibitor and to the dispatcher, in this order. They are handed on even if they
// could not be kept, because a full disk is no reason to let people sleep; the error says so.
func (a *Alert) take(ctx context.Context, from origin, series []string, alerts []*amalert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	var err error
	if from == fromKPI {
		err = a.keep(ctx, from, series, alerts)
	}
	a.sources.mu.RLock()
	a.sources.tell(alerts, a.o.Now())
	err = errors.Join(err, a.alerts.Put(ctx, alerts...))
	a.sources.mu.RUnlock()
	if from != fromKPI {
		// Who sends an alert again and again may send another start each time: what is kept is what the provider made of it.
		merged := make([]*amalert.Alert, 0, len(alerts))
		for _, x := range alerts {
			if m, err := a.alerts.Get(x.Fingerprint()); err == nil {
				x = m
			}
			merged = append(merged, x)
		}
		err = errors.Join(err, a.keep(ctx, from, nil, merged))
	}
	a.o.Changed()
	return err
}

// keep writes alerts in one transaction. An end is written only over a beginning.
func (a *Alert) keep(ctx context.Context, from origin, series []string, alerts []*amalert.Alert) error {
	bodies := make([]string, 0, len(alerts))
	for _, x := range alerts {
		body, err := json.Marshal(x)
		if err != nil {
			return fmt.Errorf("write alerts: %w", err)
		}
		bodies = append(bodies, string(body))
	}
	now := a.o.Now()
	ctx = context.WithoutCancel(ctx)
	err := a.o.State.Tx(ctx, func(tx *sql.Tx) error {
		begin, err := tx.PrepareContext(ctx, `INSERT INTO alert (fingerprint, origin, series, ends, alert) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (fingerprint) DO UPDATE SET origin = excluded.origin, series = excluded.series, ends = excluded.ends, alert = excluded.alert`)
		if err != nil {
			return err
		}
		defer begin.Close()
		for i, x := range alerts {
			var ends int64
			if !x.EndsAt.IsZero() {
				ends = x.EndsAt.UnixMilli()
			}
			fp := x.Fingerprint().String()
			if x.ResolvedAt(now) {
				_, err = tx.ExecContext(ctx, `UPDATE alert SET ends = ?, alert = ? WHERE fingerprint = ?`, ends, bodies[i], fp)
			} else {
				name := ""
				if series != nil {
					name = series[i]
				}
				_, err = begin.ExecContext(ctx, fp, string(from), name, ends, bodies[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write alerts: %w", err)
	}
	return nil
}

// restore puts the alerts of the last run. One that ended and of whose beginning nobody was told, or of whose end everybody
// was, is forgotten.
func (a *Alert) restore(ctx context.Context) error {
	rows, err := a.o.State.SQL().QueryContext(ctx, `SELECT series, alert FROM alert`)
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	defer rows.Close()
	var alerts []*amalert.Alert
	var over []string
	now := a.o.Now()
	for rows.Next() {
		var series, body string
		if err := rows.Scan(&series, &body); err != nil {
			return fmt.Errorf("read alerts: %w", err)
		}
		var x amalert.Alert
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			return fmt.Errorf("read alerts: %w", err)
		}
		switch {
		case x.ResolvedAt(now) && !a.told.firing[a.hash(&x)]:
			over = append(over, x.Fingerprint().String())
			continue
		case series != "" && !x.ResolvedAt(now):
			a.standing[series] = standing{alert: &x}
		}
		alerts = append(alerts, &x)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	err = a.o.State.Tx(ctx, func(tx *sql.Tx) error {
		for _, fp := range over {
			if _, err := tx.ExecContext(ctx, `DELETE FROM alert WHERE fingerprint = ?`, fp); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget alerts that are over: %w", err)
	}
	return a.alerts.Put(ctx, alerts...)
}

// disown ends the KPI alerts of the last run of which the engine has said nothing: they recovered while we were down, or
// their KPI or group is gone.
func (a *Alert) disown(ctx context.Context) error {
	now := a.o.Now()
	a.mu.Lock()
	var series []string
	var alerts []*amalert.Alert
	for name, s := range a.standing {
		if s.confirmed {
			continue
		}
		delete(a.standing, name)
		x := endedAt(s.alert, now)
		for _, stale := range []model.LabelName{"value", "limit", "threshold", "nodata", "cause", "decision"} {
			delete(x.Annotations, stale)
		}
		x.Annotations["state"], x.Annotations["resolved"] = ended, "restart"
		x.Annotations["summary"] = x.Annotations["title"] + " no longer alerts since signalbox was started again"
		x.Annotations["why"] = "It ended while signalbox was not running"
		series, alerts = append(series, name), append(alerts, x)
	}
	a.mu.Unlock()
	return a.take(ctx, fromKPI, series, alerts)
}

// endedAt is a copy of an alert that ends now.
func endedAt(was *amalert.Alert, now time.Time) *amalert.Alert {
	x := *was
	x.Annotations = maps.Clone(was.Annotations)
	x.EndsAt, x.UpdatedAt = now, now
	if !x.EndsAt.After(x.StartsAt) {
		x.EndsAt = x.StartsAt.Add(time.Millisecond)
	}
	x.Annotations["lasted"] = model.LabelValue(kpi.Lasting(x.EndsAt.Sub(x.StartsAt)))
	return &x
}

// tidyKept forgets alerts that ended long ago.
func (a *Alert) tidyKept(ctx context.Context) error {
	return a.o.State.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM alert WHERE ends > 0 AND ends < ?`, a.o.Now().Add(-retention).UnixMilli())
		return err
	})
}

// pushedAlerts is the provider with what others push kept.
type pushedAlerts struct {
	*mem.Alerts
	a *Alert
}

// Put implements provider.Alerts. What it took is durable when it returns nil.
func (p *pushedAlerts) Put(ctx context.Context, alerts ...*amalert.Alert) error {
	return p.a.take(ctx, pushed, nil, alerts)
}

// seriesOf names a group of a KPI, whatever labels its alert has.
func seriesOf(s *kpi.PageSignal) string { return s.KPI.Name + "\xff" + s.Group.String() }
