package app

import (
	"context"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/alert"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
)

// openAlert builds the alert room; what became of each attempt to tell somebody goes to the ledger.
func openAlert(ctx context.Context, h *house, cfg *Config) (*alert.Alert, error) {
	return alert.New(ctx, alert.Options{
		Config: routed(cfg, h.law()), State: h.state, ExternalURL: cfg.ExternalURL, Logger: h.log.With("room", "alert"), Registerer: h.reg, Now: time.Now,
		Receipt: func(ctx context.Context, r ledger.Receipt) {
			if err := h.ledger.AddReceipt(ctx, r); err != nil {
				h.log.Error("a receipt could not be written", "err", err, "kpi", r.KPI, "status", r.Status)
			}
			h.alertsChanged()
		},
		Changed: h.alertsChanged, Dial: egress.New(egress.Options{Allow: cfg.EgressAllow}).DialContext,
	})
}

func (h *house) alertsChanged() {
	if h.api != nil {
		h.api.AlertsChanged()
	}
}

// alertDoor is what the API asks of the alert room, in the page's own words.
type alertDoor struct{ h *house }

func plain(l model.LabelSet) map[string]string {
	out := make(map[string]string, len(l))
	for k, v := range l {
		out[string(k)] = string(v)
	}
	return out
}

func shown(s alert.Shown) board.Alert {
	return board.Alert{
		Fingerprint: s.Fingerprint().String(), Labels: plain(s.Labels), Annotations: plain(s.Annotations), StartsAt: s.StartsAt.UnixMilli(), UpdatedAt: s.UpdatedAt.UnixMilli(),
		State: string(s.Status.State), SilencedBy: orEmpty(s.Status.SilencedBy), InhibitedBy: orEmpty(s.Status.InhibitedBy), MutedBy: []string{}, Receivers: orEmpty(s.Receivers),
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// activeAlerts lists the active alerts for the board.
func (h *house) activeAlerts(ctx context.Context) ([]board.Alert, error) {
	out := []board.Alert{}
	for _, s := range h.alert.Active(ctx) {
		out = append(out, shown(s))
	}
	return out, nil
}

// silences lists active and pending silences for the board, and lately expired ones.
func (h *house) silences(ctx context.Context) ([]board.Silence, error) {
	all, err := h.alert.ListSilences(ctx)
	if err != nil {
		return nil, err
	}
	out := []board.Silence{}
	for _, s := range all {
		b := board.Silence{
			ID: s.Id, StartsAt: s.StartsAt.AsTime().UnixMilli(), EndsAt: s.EndsAt.AsTime().UnixMilli(), UpdatedAt: s.UpdatedAt.AsTime().UnixMilli(),
			CreatedBy: s.CreatedBy, Comment: s.Comment, State: h.alert.SilenceState(s), Matchers: []board.Matcher{},
		}
		ms := s.Matchers
		if len(ms) == 0 && len(s.MatcherSets) > 0 {
			ms = s.MatcherSets[0].Matchers
		}
		for _, m := range ms {
			b.Matchers = append(b.Matchers, board.Matcher{
				Name: m.Name, Value: m.Pattern, IsRegex: m.Type == silencepb.Matcher_REGEXP || m.Type == silencepb.Matcher_NOT_REGEXP,
				IsEqual: m.Type == silencepb.Matcher_EQUAL || m.Type == silencepb.Matcher_REGEXP,
			})
		}
		out = append(out, b)
	}
	return out, nil
}

// List implements api.Alerts.
func (d alertDoor) List(ctx context.Context) (body api.AlertsBody, err error) {
	lens, wide := alertLens(ctx), d.h.sights.wide
	seen := wide.Through(lens)
	if body.Active, err = seen.Alerts(ctx); err != nil {
		return body, err
	}
	if body.Silences, err = seen.Silences(ctx); err != nil {
		return body, err
	}
	groups, _, err := d.h.alert.Groups(ctx, func(*dispatch.Route) bool { return true }, func(a *amalert.Alert, now time.Time) bool { return !a.ResolvedAt(now) })
	if err != nil {
		return body, err
	}
	body.Groups = []board.AlertGroup{}
	for _, g := range groups {
		b := board.AlertGroup{Labels: plain(g.Labels), Receiver: g.Receiver, Fingerprints: []string{}}
		for _, a := range g.Alerts {
			if wide.Alert(lens, plain(a.Labels)) {
				b.Fingerprints = append(b.Fingerprints, a.Fingerprint().String())
			}
		}
		if len(b.Fingerprints) > 0 {
			body.Groups = append(body.Groups, b)
		}
	}
	receipts, err := seen.History.Receipts(ctx, ledger.Filter{Limit: 100})
	if err != nil {
		return body, err
	}
	body.Receipts = board.Receipts(receipts)
	return body, nil
}

// alertLens is what the asker may see of alerts.
func alertLens(ctx context.Context) scoped.Lens { return scoped.Of(ctx, access.ReadAlerts) }

// bounded refuses to silence beyond what the asker may silence.
func (d alertDoor) bounded(ctx context.Context, ms []board.Matcher) error {
	if d.h.sights.wide.Silence(scoped.Of(ctx, access.WriteSilences), ms) {
		return nil
	}
	return fault.New(fault.Forbidden, "the silence would mute more than you may").Hint("Add a matcher that bounds it to your scope, such as agency=\"IRS\"")
}

// CreateSilence implements api.Alerts.
func (d alertDoor) CreateSilence(ctx context.Context, s board.Silence) (string, error) {
	if err := d.bounded(ctx, s.Matchers); err != nil {
		return "", err
	}
	if s.ID != "" {
		if err := d.visible(ctx, s.ID); err != nil {
			return "", err
		}
	}
	sil := &silencepb.Silence{Id: s.ID, StartsAt: timestamppb.New(time.UnixMilli(s.StartsAt)), EndsAt: timestamppb.New(time.UnixMilli(s.EndsAt)), CreatedBy: s.CreatedBy, Comment: s.Comment}
	set := &silencepb.MatcherSet{}
	for _, m := range s.Matchers {
		x := &silencepb.Matcher{Name: m.Name, Pattern: m.Value, Type: silencepb.Matcher_EQUAL}
		switch {
		case m.IsRegex && m.IsEqual:
			x.Type = silencepb.Matcher_REGEXP
		case m.IsRegex:
			x.Type = silencepb.Matcher_NOT_REGEXP
		case !m.IsEqual:
			x.Type = silencepb.Matcher_NOT_EQUAL
		}
		set.Matchers = append(set.Matchers, x)
	}
	sil.MatcherSets = []*silencepb.MatcherSet{set}
	return d.h.alert.SetSilence(ctx, sil)
}

// Preview implements api.Alerts.
func (d alertDoor) Preview(ctx context.Context, matchers []board.Matcher) ([]board.Alert, error) {
	var ms amlabels.Matchers
	for _, m := range matchers {
		t := amlabels.MatchEqual
		switch {
		case m.IsRegex && m.IsEqual:
			t = amlabels.MatchRegexp
		case m.IsRegex:
			t = amlabels.MatchNotRegexp
		case !m.IsEqual:
			t = amlabels.MatchNotEqual
		}
		x, err := amlabels.NewMatcher(t, m.Name, m.Value)
		if err != nil {
			return nil, fault.New(fault.Invalid, "matcher %s %q: want a valid RE2 regular expression: %w", m.Name, m.Value, err)
		}
		ms = append(ms, x)
	}
	out, lens := []board.Alert{}, alertLens(ctx)
	for _, s := range d.h.alert.Matching(ctx, ms) {
		if a := shown(s); d.h.sights.wide.Alert(lens, a.Labels) {
			out = append(out, a)
		}
	}
	return out, nil
}

// visible refuses a silence that the asker may not see as if it were not there.
func (d alertDoor) visible(ctx context.Context, id string) error {
	seen, err := d.h.sights.wide.Through(alertLens(ctx)).Silences(ctx)
	if err != nil {
		return err
	}
	for _, s := range seen {
		if s.ID == id {
			return d.bounded(ctx, s.Matchers)
		}
	}
	return fault.New(fault.NotFound, "there is no silence %q", id)
}

// ExpireSilence implements api.Alerts.
func (d alertDoor) ExpireSilence(ctx context.Context, id string) error {
	if err := d.visible(ctx, id); err != nil {
		return err
	}
	return d.h.alert.ExpireSilence(ctx, id)
}

// TestReceiver implements api.Alerts.
func (d alertDoor) TestReceiver(ctx context.Context, receiver string) ([]api.TestResult, error) {
	tried, err := d.h.alert.TestReceiver(ctx, receiver)
	if err != nil {
		return nil, err
	}
	out := []api.TestResult{}
	for _, t := range tried {
		r := api.TestResult{Integration: t.Integration, OK: t.Err == nil, DurationMS: t.Took.Milliseconds()}
		if t.Err != nil {
			r.Error = t.Err.Error()
		}
		out = append(out, r)
	}
	return out, nil
}
