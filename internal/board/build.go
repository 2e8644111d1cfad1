package board

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// rank orders states as they are shown everywhere: breached, at risk, no data, paused, on target.
func rank(v *View) int {
	switch {
	case v.Light == kpi.Red.String() && v.Paused == nil:
		return 0
	case v.Light == kpi.Yellow.String() && v.Paused == nil:
		return 1
	case v.Light == kpi.Grey.String() && v.Paused == nil:
		return 2
	case v.Paused != nil:
		return 3
	}
	return 4
}

// state is the word of the state filter.
func state(v *View) string { return [...]string{"red", "yellow", "grey", "paused", "green"}[rank(v)] }

// scene is everything that was read for one answer.
type scene struct {
	now    int64
	sts    []*kpi.Status // as views
	views  []View
	counts Counts
}

// look builds the views of all KPIs, worst first, then by title.
func (b *Board) look(ctx context.Context) scene {
	now := b.o.Now().UnixMilli()
	ps := b.pauses(ctx)
	all := b.o.Statuses()
	s := scene{now: now, sts: make([]*kpi.Status, len(all)), views: make([]View, len(all))}
	views := make([]View, len(all))
	order := make([]int, len(all))
	key := ps.key(now)
	b.mu.Lock()
	for i := range all {
		views[i], order[i] = b.remembered(&all[i], ps, key, now), i
	}
	b.mu.Unlock()
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(rank(&views[x]), rank(&views[y])), cmp.Compare(views[x].Title, views[y].Title), cmp.Compare(views[x].Name, views[y].Name))
	})
	for to, from := range order {
		s.sts[to], s.views[to] = &all[from], views[from]
	}
	for i := range s.views {
		switch rank(&s.views[i]) {
		case 0:
			s.counts.Red++
		case 1:
			s.counts.Yellow++
		case 2:
			s.counts.Grey++
		case 3:
			s.counts.Paused++
		default:
			s.counts.Green++
		}
	}
	return s
}

// MostTiles is how many tiles an answer shows; a filter chooses among more.
const MostTiles = 2000

// Answer returns the board. Verdict and counts are of all KPIs, tiles of those that match the filter.
func (b *Board) Answer(ctx context.Context, f Filter) (Answer, error) {
	s := b.look(ctx)
	b.asked.Store(s.now)
	sources := b.sources(ctx)
	a := Answer{
		AsOf: b.AsOf(), Counts: s.counts, Total: len(s.views), Tiles: []Tile{}, Sources: sources,
		Verdict: verdict(&s, sources), Now: b.happening(ctx, &s), Changes: b.recent(ctx, &s),
	}
	owners, names := map[string]bool{}, map[string]bool{}
	var sts []*kpi.Status
	for i := range s.views {
		v := &s.views[i]
		if v.Owner != "" {
			owners[v.Owner] = true
		}
		for name := range v.Labels {
			names[name] = true
		}
		if !f.matches(v) {
			continue
		}
		a.Matching++
		if len(a.Tiles) < MostTiles {
			a.Tiles = append(a.Tiles, Tile{View: *v})
			sts = append(sts, s.sts[i])
		}
	}
	a.Owners, a.LabelNames = sorted(owners), sorted(names)
	a.Partial = !b.histories(ctx, sts, a.Tiles, s.now)
	return a, ctx.Err()
}

func sorted(set map[string]bool) []string {
	l := slices.Sorted(maps.Keys(set))
	if l == nil {
		l = []string{}
	}
	return l
}

func (f Filter) matches(v *View) bool {
	if (f.Owner != "" && f.Owner != v.Owner) || (f.Outcome != "" && f.Outcome != v.Outcome) || (f.State != "" && f.State != state(v)) {
		return false
	}
	for name, value := range f.Labels {
		if v.Labels[name] != value {
			return false
		}
	}
	return true
}

// Views returns all KPIs, worst first.
func (b *Board) Views(ctx context.Context) ([]View, error) { return b.look(ctx).views, nil }

// View returns one KPI, or fault.NotFound.
func (b *Board) View(ctx context.Context, name string) (View, error) {
	st, err := b.status(name)
	if err != nil {
		return View{}, err
	}
	return b.view(&st, b.pauses(ctx), b.o.Now().UnixMilli()), nil
}

// Update returns what the stream says when the named KPIs changed: their views, the names that are gone, and the verdict.
func (b *Board) Update(ctx context.Context, names []string) (Update, error) {
	s := b.look(ctx)
	sources := b.sources(ctx)
	u := Update{AsOf: b.AsOf(), KPIs: make([]View, 0, min(len(names), len(s.views))), Removed: []string{}, Verdict: verdict(&s, sources), Counts: s.counts, Sources: sources}
	want := make(map[string]bool, len(names))
	for _, n := range names {
		want[n] = true
	}
	for i := range s.views {
		if want[s.views[i].Name] {
			u.KPIs = append(u.KPIs, s.views[i])
			delete(want, s.views[i].Name)
		}
	}
	for n := range want {
		u.Removed = append(u.Removed, n)
	}
	slices.Sort(u.Removed)
	return u, ctx.Err()
}

// sources summarises the sources; an error is logged and shows none, which is not "on time".
func (b *Board) sources(ctx context.Context) SourcesSummary {
	if b.o.Sources == nil {
		return Summarise(nil)
	}
	ss, err := b.o.Sources(ctx)
	if err != nil {
		b.o.Logger.Error("board: sources", "err", err)
	}
	return Summarise(ss)
}

// drawn is a view with what it was made of.
type drawn struct {
	k             *kpi.KPI
	end, since    int64
	delay         time.Duration
	light         kpi.Light
	reason, world string
	revision      int
	groups, warns int
	view          View
}

// remembered returns the KPI's view, made anew only if the KPI was judged or defined since, or if the world (silences, the
// day) is another: of a thousand KPIs a few change at a time. It needs mu.
func (b *Board) remembered(st *kpi.Status, ps pauses, world string, now int64) View {
	d := b.drawn[st.KPI.Name]
	if d != nil && d.k == st.KPI && d.end == st.Last.End && d.since == st.Since && d.delay == st.Delay && d.light == st.Light && d.reason == st.Reason &&
		d.revision == st.Revision && d.groups == len(st.Groups) && d.warns == len(st.Warnings) && d.world == world {
		return d.view
	}
	v := b.view(st, ps, now)
	b.drawn[st.KPI.Name] = &drawn{k: st.KPI, end: st.Last.End, since: st.Since, delay: st.Delay, light: st.Light, reason: st.Reason, world: world,
		revision: st.Revision, groups: len(st.Groups), warns: len(st.Warnings), view: v}
	return v
}
