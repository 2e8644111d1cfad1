package app

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/signalbox/signalbox/internal/policy"
)

// Maintenance policies become silences of their own, one for each window, so that they are seen, counted and recorded like
// any other: paused KPIs carry the mark, swallowed pages say which silence it was.

// ahead is how long before a window its silence is made.
const ahead = time.Hour

// maintainEvery is how often windows are looked for. A silence stands long before its window begins.
const maintainEvery = time.Minute

// maintain keeps the silences of Maintenance policies until the context ends.
func (h *house) maintain(ctx context.Context) {
	t := time.NewTicker(maintainEvery)
	defer t.Stop()
	for {
		if err := h.maintainOnce(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Error("a maintenance window could not be put into force", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-h.lawChanged:
		}
	}
}

// maintainer marks the silences that policies made.
const maintainer = "Maintenance/"

// window is a silence that a policy wants.
type window struct {
	by, comment string
	from, to    time.Time
	match       []*labels.Matcher
}

func (w window) key() string {
	return w.by + "\x00" + w.comment + "\x00" + fmt.Sprint(w.from.UnixMilli(), w.to.UnixMilli())
}

// maintainOnce makes the silences that are wanted and not there, and ends those that no policy wants any more.
func (h *house) maintainOnce(ctx context.Context, now time.Time) error {
	want := map[string]window{}
	law := h.law()
	for i := range law {
		m := law[i].Maintenance
		if m == nil {
			continue
		}
		for _, span := range m.Windows(now, now.Add(ahead)) {
			w := window{by: maintainer + m.Name, from: span.From, to: span.To, match: covered(m)}
			w.comment = fmt.Sprintf("%s (policy %s, content %.12s)", m.Reason, law[i].Ref(), law[i].Hash)
			want[w.key()] = w
		}
	}
	have, err := h.alert.ListSilences(ctx)
	if err != nil {
		return err
	}
	for _, s := range have {
		if !strings.HasPrefix(s.CreatedBy, maintainer) || !s.EndsAt.AsTime().After(now) {
			continue
		}
		key := window{by: s.CreatedBy, comment: s.Comment, from: startOf(s), to: s.EndsAt.AsTime()}.key()
		if _, ok := want[key]; ok {
			delete(want, key)
			continue
		}
		if err := h.alert.ExpireSilence(ctx, s.Id); err != nil {
			return err
		}
	}
	for _, w := range want {
		if err := h.silence(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// covered are the matchers of the alerts that a Maintenance is about; without any of its own, all KPIs'.
func covered(m *policy.Maintenance) []*labels.Matcher {
	out := slices.Clone(m.Match)
	names := ".+"
	if len(m.KPIs) > 0 {
		quoted := make([]string, len(m.KPIs))
		for i, n := range m.KPIs {
			quoted[i] = regexp.QuoteMeta(n)
		}
		names = strings.Join(quoted, "|")
	}
	if len(m.KPIs) > 0 || len(out) == 0 {
		out = append(out, labels.MustNewMatcher(labels.MatchRegexp, "kpi", names))
	}
	return out
}

// stated is the annotation that holds the start of the window: a silence for a window that began earlier starts now.
const stated = "window_from"

func startOf(s *silencepb.Silence) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, s.Annotations[stated]); err == nil {
		return t
	}
	return s.StartsAt.AsTime()
}

func (h *house) silence(ctx context.Context, w window) error {
	s := &silencepb.Silence{
		StartsAt: timestamppb.New(w.from), EndsAt: timestamppb.New(w.to), CreatedBy: w.by, Comment: w.comment,
		Annotations: map[string]string{stated: w.from.UTC().Format(time.RFC3339Nano)},
	}
	set := &silencepb.MatcherSet{}
	for _, m := range w.match {
		set.Matchers = append(set.Matchers, &silencepb.Matcher{Name: m.Name, Pattern: m.Value, Type: map[labels.MatchType]silencepb.Matcher_Type{
			labels.MatchEqual: silencepb.Matcher_EQUAL, labels.MatchNotEqual: silencepb.Matcher_NOT_EQUAL,
			labels.MatchRegexp: silencepb.Matcher_REGEXP, labels.MatchNotRegexp: silencepb.Matcher_NOT_REGEXP,
		}[m.Type]})
	}
	s.MatcherSets = []*silencepb.MatcherSet{set}
	_, err := h.alert.SetSilence(ctx, s)
	return err
}

// lawMoved tells those who follow policies by themselves.
func (h *house) lawMoved([]policy.Ref) {
	select {
	case h.lawChanged <- struct{}{}:
	default:
	}
	if h.api != nil {
		h.api.PoliciesChanged()
	}
}
