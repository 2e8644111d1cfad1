package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/receive/cloudtrail"
)

// changeDoor tells what happened around the KPIs: what was reported, and what the house did itself. The house's own changes
// are read from where they are kept, never copied.
type changeDoor struct{ h *house }

// Marks implements api.Changes.
func (d changeDoor) Marks(ctx context.Context, f ledger.MarkFilter) ([]ledger.Mark, error) {
	lens := scoped.Of(ctx, access.ReadKPIs)
	if f.KPI != "" {
		st, ok := d.h.boardOf(ctx).Status(f.KPI)
		if !ok {
			return nil, fault.New(fault.NotFound, "no KPI is named %q", f.KPI)
		}
		f.Labels = st.KPI.Labels
	}
	limit := f.Limit
	out, err := d.h.ledger.Marks(ctx, f)
	if err != nil {
		return nil, err
	}
	if !lens.Whole() {
		out = slices.DeleteFunc(out, func(m ledger.Mark) bool {
			if m.KPI != "" {
				_, ok := d.h.boardOf(ctx).Status(m.KPI)
				return !ok
			}
			return !lens.Labels(labels.FromMap(m.Labels))
		})
	}
	for _, own := range []struct {
		letter string
		of     func(context.Context, ledger.MarkFilter) ([]ledger.Mark, error)
	}{{"P", d.revisions}, {"A", d.silences}} {
		if len(f.Letters) > 0 && !slices.Contains(f.Letters, own.letter) {
			continue
		}
		ms, err := own.of(ctx, f)
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	slices.SortStableFunc(out, func(a, b ledger.Mark) int { return cmp.Compare(a.At, b.At) })
	return out[max(0, len(out)-limit):], nil
}

// revisions are the policies that changed.
func (d changeDoor) revisions(ctx context.Context, f ledger.MarkFilter) ([]ledger.Mark, error) {
	by := govern.PolicyFilter{}
	if f.KPI != "" {
		by.Kind = string(policy.KindKPI)
	}
	all, err := d.h.govern.Policies(ctx, by)
	if err != nil {
		return nil, err
	}
	var out []ledger.Mark
	for _, p := range all {
		if f.KPI != "" && p.Name != f.KPI || p.EffectiveFrom < f.From {
			continue
		}
		rs, err := d.h.govern.Revisions(ctx, p.Kind, p.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if r.EffectiveFrom < f.From || r.EffectiveFrom > f.To || r.Number == 1 {
				continue // a first revision is a beginning, not a change
			}
			out = append(out, revisionMark(p, r))
		}
	}
	return out, nil
}

func revisionMark(p govern.Policy, r govern.Revision) ledger.Mark {
	m := ledger.Mark{
		ID: fmt.Sprintf("%s/%s/%d", r.Kind, r.Name, r.Number), At: r.EffectiveFrom, Letter: "P", Word: "Policy",
		Title: fmt.Sprintf("Revision %d applied", r.Number), Detail: r.Reason, Labels: map[string]string{}, Actor: r.Author.Name, Source: "signalbox",
		Link: fmt.Sprintf("/policy/%s/%s", r.Kind, r.Name),
	}
	switch {
	case r.Kind == string(policy.KindKPI):
		m.KPI = r.Name
	default:
		m.Title = fmt.Sprintf("%s: revision %d applied", cmp.Or(p.Title, p.Name), r.Number)
	}
	if r.Removed {
		m.Title = fmt.Sprintf("Removed by revision %d", r.Number)
	}
	if r.Emergency {
		m.Title += ", as an emergency"
	}
	return m
}

// silences are the silences that began, and those that ended before their time.
func (d changeDoor) silences(ctx context.Context, f ledger.MarkFilter) ([]ledger.Mark, error) {
	all, err := d.h.sights.wide.Through(alertLens(ctx)).Silences(ctx)
	if err != nil {
		return nil, err
	}
	var out []ledger.Mark
	for _, s := range all {
		if s.StartsAt < f.From || s.StartsAt > f.To || f.KPI != "" && !concerns(s, f.KPI) {
			continue
		}
		out = append(out, ledger.Mark{
			ID: "silence/" + s.ID, At: s.StartsAt, Letter: "A", Word: "Action", Title: "Silence by " + s.CreatedBy, Labels: map[string]string{},
			Detail: fmt.Sprintf("%s, until %s", s.Comment, time.UnixMilli(s.EndsAt).UTC().Format("2 Jan 2006 15:04 UTC")),
			Actor:  s.CreatedBy, Source: "signalbox", Link: "/alerts",
		})
	}
	return out, nil
}

// concerns reports whether a silence can mute a KPI's alerts: no matcher on the KPI's name excludes it.
func concerns(s board.Silence, name string) bool {
	for _, m := range s.Matchers {
		if m.Name != "kpi" {
			continue
		}
		if c, err := m.Compile(); err != nil || !c.Matches(name) {
			return false
		}
	}
	return true
}

// AddMark implements api.Changes.
func (d changeDoor) AddMark(ctx context.Context, m ledger.Mark) (ledger.Mark, error) {
	p, _ := access.From(ctx)
	if !p.Covers(access.WriteChanges, labels.FromMap(m.Labels)) {
		return ledger.Mark{}, fault.New(fault.Forbidden, "%s may not report changes with these labels", p.Name).Hint("Add the labels of your scope, such as agency=\"IRS\"")
	}
	if m.KPI != "" {
		if _, ok := d.h.boardOf(ctx).Status(m.KPI); !ok {
			return ledger.Mark{}, fault.New(fault.NotFound, "no KPI is named %q", m.KPI)
		}
	}
	m.Actor, m.Source = p.Name, cmp.Or(p.PushesAs, string(p.Via))
	kept, fresh, err := d.h.ledger.AddMark(ctx, m)
	if err == nil && fresh && d.h.api != nil {
		d.h.api.PoliciesChanged()
	}
	return kept, err
}

// openCloudTrail reads foreign change records from a folder; without one nothing runs.
func (h *house) openCloudTrail(ctx context.Context, cfg *Config) error {
	if cfg.CloudTrail == "" {
		return nil
	}
	r, err := cloudtrail.New(ctx, cloudtrail.Options{
		Folder: cfg.CloudTrail, DB: h.state, Logger: h.log.With("room", "cloudtrail"), Registerer: h.reg, Now: time.Now,
		Sink: func(ctx context.Context, m ledger.Mark) error {
			_, _, err := h.ledger.AddMark(ctx, m)
			return err
		},
	})
	h.trail = r
	return err
}
