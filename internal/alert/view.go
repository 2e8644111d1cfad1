package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/fault"
)

// Shown is an active alert as people see it.
type Shown struct {
	*amalert.Alert
	Status    amalert.AlertStatus
	Receivers []string
}

// Active returns the alerts that have not resolved, oldest first, with what mutes them and who is told.
func (a *Alert) Active(ctx context.Context) []Shown {
	g := a.now.Load()
	marks := marker.NewAlertMarker()
	ctx = marker.WithContext(ctx, marks)
	routes := dispatch.NewRoute(g.config.Route, nil)
	it := a.alerts.GetPending()
	defer it.Close()
	out := []Shown{}
	now := a.o.Now()
	for x := range it.Next() {
		if x.Data.ResolvedAt(now) {
			continue
		}
		a.mark(ctx, x.Data.Labels)
		s := Shown{Alert: x.Data, Status: marks.Status(x.Data.Fingerprint())}
		for _, r := range routes.Match(x.Data.Labels) {
			s.Receivers = append(s.Receivers, r.RouteOpts.Receiver)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y Shown) int {
		if c := x.StartsAt.Compare(y.StartsAt); c != 0 {
			return c
		}
		return cmp.Compare(x.Fingerprint(), y.Fingerprint())
	})
	return out
}

// ListSilences returns all silences that are kept, expired ones too.
func (a *Alert) ListSilences(ctx context.Context) ([]*silencepb.Silence, error) {
	out, _, err := a.muted.Query(ctx)
	return out, err
}

// SilenceState is active, pending or expired, as of now.
func (a *Alert) SilenceState(s *silencepb.Silence) string {
	now := a.o.Now()
	switch {
	case now.Before(s.StartsAt.AsTime()):
		return "pending"
	case now.After(s.EndsAt.AsTime()):
		return "expired"
	default:
		return "active"
	}
}

// SetSilence creates a silence, or changes the one with its id, and returns the id. It is durable when it returns.
func (a *Alert) SetSilence(ctx context.Context, s *silencepb.Silence) (string, error) {
	return a.muted.set(ctx, s)
}

// ExpireSilence ends a silence now; an unknown id is fault.NotFound.
func (a *Alert) ExpireSilence(ctx context.Context, id string) error { return a.muted.expire(ctx, id) }

// Matching returns the active alerts that a silence with these matchers would mute.
func (a *Alert) Matching(ctx context.Context, ms labels.Matchers) []Shown {
	out := []Shown{}
	for _, s := range a.Active(ctx) {
		if ms.Matches(s.Labels) {
			out = append(out, s)
		}
	}
	return out
}

// Tried is how one integration took a test.
type Tried struct {
	Integration string
	Err         error
	Took        time.Duration
}

// testTimeout bounds a test of a receiver.
const testTimeout = 20 * time.Second

// TestReceiver sends one marked test alert through every integration of a receiver and says how each went. It leaves no
// note in the notification log and no receipt: nobody was told of anything.
func (a *Alert) TestReceiver(ctx context.Context, name string) ([]Tried, error) {
	g := a.now.Load()
	integrations, ok := g.receivers[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no receiver %q", name).Hint("The receivers in force are: %s", receiverNames(g))
	}
	now := a.o.Now()
	x := &amalert.Alert{UpdatedAt: now}
	x.Labels = model.LabelSet{model.AlertNameLabel: "signalbox-test", "severity": "test"}
	x.Annotations = model.LabelSet{"title": "Test of the receiver " + model.LabelValue(name), "summary": "This is a test: nothing is wrong", "state": "Test"}
	x.StartsAt = now
	ctx = notify.WithGroupKey(ctx, fmt.Sprintf("test/%d", now.UnixNano()))
	ctx = notify.WithGroupLabels(ctx, x.Labels)
	ctx = notify.WithReceiverName(ctx, name)
	ctx = notify.WithRepeatInterval(ctx, time.Hour)
	ctx = notify.WithNow(ctx, now)
	ctx = notify.WithNotificationReason(ctx, notify.ReasonFirstNotification)
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	out := make([]Tried, len(integrations))
	var all sync.WaitGroup
	for i, in := range integrations {
		all.Go(func() {
			begun := time.Now()
			_, err := in.Notify(ctx, x)
			out[i] = Tried{Integration: in.String(), Err: err, Took: time.Since(begun)}
		})
	}
	all.Wait()
	return out, nil
}

func receiverNames(g *generation) string {
	var names []string
	for n := range g.receivers {
		names = append(names, n)
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}
