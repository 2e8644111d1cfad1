package board

import (
	"context"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// pauses are the active silences with their matchers compiled.
type pauses []pausing

type pausing struct {
	s        Silence
	matchers []*labels.Matcher
}

// pauses reads the silences that are active now. Without them the board is still right about lights, so an error is logged
// and no mark is shown.
func (b *Board) pauses(ctx context.Context) pauses {
	if b.o.Silences == nil {
		return nil
	}
	all, err := b.o.Silences(ctx)
	if err != nil {
		b.o.Logger.Error("board: silences", "err", err)
		return nil
	}
	now := b.o.Now().UnixMilli()
	var ps pauses
	for _, s := range all {
		if s.StartsAt > now || s.EndsAt <= now {
			continue
		}
		p := pausing{s: s}
		for _, m := range s.Matchers {
			c, err := m.Compile()
			if err != nil {
				b.o.Logger.Error("board: silence", "id", s.ID, "err", err)
				p.matchers = nil
				break
			}
			p.matchers = append(p.matchers, c)
		}
		if len(p.matchers) > 0 {
			ps = append(ps, p)
		}
	}
	return ps
}

// key tells two sets of pauses on two days apart.
func (ps pauses) key(now int64) string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(now/dayMS, 10))
	for i := range ps {
		b.WriteString(" " + ps[i].s.ID + " " + strconv.FormatInt(ps[i].s.EndsAt, 10) + " " + strconv.FormatInt(ps[i].s.UpdatedAt, 10))
	}
	return b.String()
}

// of returns the silence that would swallow the page of a group, the one that lasts longest, or nil. It matches the labels
// that the group's alert carries.
func (ps pauses) of(k *kpi.KPI, group labels.Labels) *Pause {
	var best *Silence
	for i := range ps {
		if (best == nil || ps[i].s.EndsAt > best.EndsAt) && ps[i].matches(k, group) {
			best = &ps[i].s
		}
	}
	if best == nil {
		return nil
	}
	return &Pause{Until: best.EndsAt, By: best.CreatedBy, Comment: best.Comment, SilenceID: best.ID}
}

func (p *pausing) matches(k *kpi.KPI, group labels.Labels) bool {
	for _, m := range p.matchers {
		if !m.Matches(alertLabel(k, group, m.Name)) {
			return false
		}
	}
	return true
}

// alertLabel is a label of the alert that a group raises, see design: alertname, kpi, severity, the group's and the policy's.
func alertLabel(k *kpi.KPI, group labels.Labels, name string) string {
	switch name {
	case "kpi", labels.AlertName:
		return k.Name
	case "severity":
		if k.Page != nil && k.Page.Severity != "" {
			return k.Page.Severity
		}
	}
	if v, ok := k.Labels[name]; ok {
		return v
	}
	return group.Get(name)
}
