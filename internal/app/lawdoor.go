package app

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// lawDoor tells the board what policies and configuration said in the past. Revisions are kept for ever; of signalbox.yaml
// only what is in force since it was read is known. What the asker may see was settled before the board asks.
type lawDoor struct{ h *house }

// system reads policies whoever asks.
func system(ctx context.Context) context.Context {
	return access.With(ctx, access.Principal{ID: "system", Name: "Signalbox", Kind: "system", Grants: []access.Grant{{Role: access.Admin}}})
}

// Definition implements board.Law.
func (d lawDoor) Definition(ctx context.Context, name string, revision int) (*kpi.KPI, error) {
	rs, err := d.h.govern.Revisions(system(ctx), string(policy.KindKPI), name)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range rs {
		if rs[i].Number == revision {
			if doc := d.read(&rs[i]); doc != nil {
				return doc.KPI, nil
			}
		}
	}
	return nil, nil
}

// read is the document of a revision; nil if it removed the policy or cannot be read any more.
func (d lawDoor) read(r *govern.Revision) *policy.Document {
	if r.Removed {
		return nil
	}
	docs, _ := policy.Read(r.Kind+"/"+r.Name, []byte(r.Text), d.h.cfg.Load().limits())
	if len(docs) != 1 {
		return nil
	}
	return &docs[0]
}

// Routing implements board.Law.
func (d lawDoor) Routing(ctx context.Context, at int64, alert map[string]string) (board.Routing, error) {
	law, numbers, err := d.routesAt(ctx, at)
	if err != nil {
		return board.Routing{}, err
	}
	cfg, same := d.h.cfg.Load(), d.h.loadedAt.Load() <= at
	root := &amconfig.Route{Receiver: "nobody"}
	if cfg.Alerting != nil {
		root = cfg.Alerting.Route
	}
	tree := *root
	rules := policy.Routes(law)
	tree.Routes = nil
	for _, r := range rules {
		tree.Routes = append(tree.Routes, r.AlertmanagerRoute())
	}
	tree.Routes = append(tree.Routes, root.Routes...)
	all, ls := dispatch.NewRoute(&tree, nil), model.LabelSet{}
	for k, v := range alert {
		ls[model.LabelName(k)] = model.LabelValue(v)
	}
	out := board.Routing{Known: same}
	for _, m := range all.Match(ls) {
		t := board.RouteTaken{ID: m.ID(), Receiver: m.RouteOpts.Receiver, Mute: d.mute(m.RouteOpts.Receiver)}
		i := slices.Index(all.Routes, m)
		if i >= 0 && i < len(rules) {
			t.Policy, t.Revision = rules[i].Name, numbers[rules[i].Name]
			if rules[i].RepeatInterval != nil || same {
				t.Repeat = m.RouteOpts.RepeatInterval
			}
			out.Known = same || !rules[i].Continue // no route after it was tried
		} else if !same {
			continue // of a configuration that may have been another one then
		} else {
			t.Repeat = m.RouteOpts.RepeatInterval
		}
		out.Routes = append(out.Routes, t)
	}
	return out, nil
}

// routesAt are the Route policies in force at an instant, with the numbers of their revisions.
func (d lawDoor) routesAt(ctx context.Context, at int64) ([]policy.Document, map[string]int, error) {
	ctx = system(ctx)
	numbers := map[string]int{}
	var docs []policy.Document
	for _, state := range []string{"", "removed"} {
		ps, err := d.h.govern.Policies(ctx, govern.PolicyFilter{Kind: string(policy.KindRoute), State: state})
		if err != nil {
			return nil, nil, err
		}
		for _, p := range ps {
			rs, err := d.h.govern.Revisions(ctx, p.Kind, p.Name)
			if err != nil {
				return nil, nil, err
			}
			slices.SortFunc(rs, func(a, b govern.Revision) int { return cmp.Compare(b.Number, a.Number) })
			i := slices.IndexFunc(rs, func(r govern.Revision) bool { return cmp.Or(r.EffectiveFrom, r.AppliedAt) <= at })
			if i < 0 {
				continue
			}
			if doc := d.read(&rs[i]); doc != nil && doc.Route != nil {
				docs, numbers[p.Name] = append(docs, *doc), rs[i].Number
			}
		}
	}
	return docs, numbers, nil
}

// mute reports whether a receiver has nothing to send with.
func (d lawDoor) mute(name string) bool {
	r := d.receiver(name)
	return r == nil || reflect.DeepEqual(*r, amconfig.Receiver{Name: r.Name, Labels: r.Labels})
}

func (d lawDoor) receiver(name string) *amconfig.Receiver {
	c := d.h.cfg.Load().Alerting
	if c == nil {
		return nil
	}
	for i := range c.Receivers {
		if c.Receivers[i].Name == name {
			return &c.Receivers[i]
		}
	}
	return nil
}

// Receivers implements board.Law.
func (d lawDoor) Receivers(_ context.Context, who string) ([]string, error) {
	if d.receiver(who) != nil {
		return []string{who}, nil
	}
	c := d.h.cfg.Load().Alerting
	if c == nil || !strings.Contains(who, "@") {
		return nil, nil
	}
	var out []string
	for _, r := range c.Receivers {
		for _, m := range r.EmailConfigs {
			if slices.ContainsFunc(strings.Split(m.To, ","), func(to string) bool { return strings.EqualFold(bare(to), who) }) && !slices.Contains(out, r.Name) {
				out = append(out, r.Name)
			}
		}
	}
	return out, nil
}

// bare is the address alone of "Name <address>".
func bare(to string) string {
	if _, in, ok := strings.Cut(to, "<"); ok {
		to, _, _ = strings.Cut(in, ">")
	}
	return strings.TrimSpace(to)
}

// Kept implements board.Law.
func (d lawDoor) Kept() time.Duration {
	if keep, ok := policy.KeepFor(policy.Retentions(d.h.law()), policy.SignalDecisions, ""); ok {
		return keep
	}
	return decisionsKept
}
