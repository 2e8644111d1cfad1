package alert

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// muteStage puts a library's muting stage in front of a receiver, leaves a receipt of what it withholds, and lets one kind
// of alert through: that an alert has ended of whose beginning the receiver was told. The library withholds that too, so
// that people wait for ever for the end of what they were paged for, and are not paged when it begins again.
type muteStage struct {
	a         *Alert
	status    string       // of the receipt: inhibited, muted or silenced
	inner     notify.Stage // drops alerts
	why       func(ctx context.Context, x *amalert.Alert) string
	receivers []*nflogpb.Receiver
}

// Exec implements notify.Stage.
func (s *muteStage) Exec(ctx context.Context, l *slog.Logger, alerts ...*amalert.Alert) (context.Context, []*amalert.Alert, error) {
	before, _ := notify.MutedAlerts(ctx)
	_, passed, err := s.inner.Exec(notify.WithMutedAlerts(ctx, nil), l, alerts...)
	if err != nil {
		return ctx, nil, err
	}
	group, _ := notify.GroupKey(ctx)
	out := make([]*amalert.Alert, 0, len(alerts))
	muted := maps.Clone(before)
	through := make(map[*amalert.Alert]bool, len(passed))
	for _, x := range passed {
		through[x] = true
	}
	for _, x := range alerts {
		if through[x] {
			s.a.passed(ctx, x, s.status)
			out = append(out, x)
			continue
		}
		hash := s.a.hash(x)
		if x.Resolved() && s.a.told.heard(group, s.receivers, hash) {
			out = append(out, x)
			continue
		}
		if muted == nil {
			muted = map[uint64]struct{}{}
		}
		muted[hash] = struct{}{}
		s.a.withheld(ctx, x, s.status, s.why(ctx, x))
	}
	return notify.WithMutedAlerts(ctx, muted), out, nil
}

// inhibitors names the alerts that mute this one.
func (a *Alert) inhibitors(ctx context.Context, x *amalert.Alert) string {
	marks, ok := marker.FromContext(ctx)
	if !ok {
		return ""
	}
	var out []string
	for _, id := range marks.Status(x.Fingerprint()).InhibitedBy {
		fp, err := model.ParseFingerprint(id)
		if err != nil {
			continue
		}
		if source, err := a.alerts.Get(fp); err == nil {
			out = append(out, "inhibited by "+source.Labels.String())
		}
	}
	return strings.Join(out, "; ")
}

// silencedBy names the silences that mute an alert.
func (a *Alert) silencedBy(ctx context.Context, x *amalert.Alert) string {
	return a.muted.why(ctx, x.Labels)
}

// intervals names the time intervals that mute the group.
func (a *Alert) intervals(ctx context.Context, _ *amalert.Alert) string {
	route, _ := notify.RouteID(ctx)
	group, _ := notify.GroupKey(ctx)
	names, _ := a.groups.Muted(route, group)
	return "time interval " + strings.Join(names, ", ")
}

// keepMuted keeps alerts in the log that the receiver was told of and that are muted now: left out, they would look new
// when they are no longer muted, and nobody would be told of their end.
func (a *Alert) keepMuted(ctx context.Context, who *nflogpb.Receiver) context.Context {
	muted, _ := notify.MutedAlerts(ctx)
	group, _ := notify.GroupKey(ctx)
	last := a.told.last(group, who)
	if len(muted) == 0 || last == nil {
		return ctx
	}
	firing, _ := notify.FiringAlerts(ctx)
	for _, hash := range last.FiringAlerts {
		if _, ok := muted[hash]; ok && !slices.Contains(firing, hash) {
			firing = append(firing, hash)
		}
	}
	return notify.WithFiringAlerts(ctx, firing)
}

// hash is the library's name of an alert in the notification log. It is not exported, but the stage that compares hands it on.
func (a *Alert) hash(x *amalert.Alert) uint64 {
	ctx := notify.WithRepeatInterval(notify.WithGroupKey(context.Background(), "-"), 0)
	ctx, _, _ = a.hasher.Exec(ctx, a.log, x)
	for _, of := range []func(context.Context) ([]uint64, bool){notify.FiringAlerts, notify.ResolvedAlerts} {
		if hs, _ := of(ctx); len(hs) == 1 {
			return hs[0]
		}
	}
	return 0
}

// unheard is the notification log of somebody who was never told anything.
type unheard struct{}

func (unheard) SendResolved() bool { return true }

func (unheard) Query(...nflog.QueryParam) ([]*nflogpb.Entry, error) { return nil, nflog.ErrNotFound }

func (unheard) Log(*nflogpb.Receiver, string, []uint64, []uint64, *nflog.Store, time.Duration) error {
	return nil
}

// withheld leaves one receipt when an alert begins to be withheld from a receiver.
func (a *Alert) withheld(ctx context.Context, x *amalert.Alert, status, why string) {
	receiver, _ := notify.ReceiverName(ctx)
	key := withheldKey{x.Fingerprint(), receiver}
	said := status + " " + why
	a.mu.Lock()
	same := a.quiet[key] == said
	a.quiet[key] = said
	if x.Resolved() {
		delete(a.quiet, key)
	}
	a.mu.Unlock()
	if same || x.Resolved() {
		return
	}
	r := a.receipt(x, receiver, "")
	r.Status, r.Rule = status, why
	r.ID = digest(status, x.Fingerprint().String(), receiver, why, fmt.Sprint(x.StartsAt.UnixMilli()))
	a.o.Receipt(context.WithoutCancel(ctx), r)
}

type withheldKey struct {
	alert    model.Fingerprint
	receiver string
}

// passed forgets that an alert was withheld for this reason.
func (a *Alert) passed(ctx context.Context, x *amalert.Alert, status string) {
	receiver, _ := notify.ReceiverName(ctx)
	key := withheldKey{x.Fingerprint(), receiver}
	a.mu.Lock()
	if strings.HasPrefix(a.quiet[key], status+" ") {
		delete(a.quiet, key)
	}
	a.mu.Unlock()
}
