package evaluate

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// step is what a close does with datapoints: kpi.Judge decides, and what follows from the verdict is put in the batch. The
// engine has one for what is live and each rehearsal its own, so that both run the same code and never wait for each other.
type step struct {
	book    *ledger.Ledger     // where the datapoints will be published; nil in a rehearsal
	moved   func(to kpi.Light) // counts changes of light; nil = nobody counts
	ordered []kpi.Point        // a group's datapoints in order, for Judge
}

// track is a group's place in the ledger; nil where nothing is published.
func (s *step) track(name string, group labels.Labels, whole bool) *ledger.Track {
	if s.book == nil {
		return nil
	}
	return s.book.Track(name, group, whole)
}

// publish judges the datapoints of a unit that just closed.
func (s *step) publish(u *unit, points []kpi.GroupPoint, b *batch) {
	worst := kpi.Green
	for i := range points {
		gp := &points[i]
		if gp.Retired {
			s.retireGroup(u, gp.Key, "retired", b)
			continue
		}
		if gp.Whole && len(u.k.By) > 0 {
			s.publishWhole(u, gp, worst, b)
			continue
		}
		g := s.standing(u, gp)
		s.judge(u, g, gp, b)
		worst = kpi.Worst(worst, g.mem.Light)
	}
	b.changed = append(b.changed, u.k.Name)
}

// publishWhole keeps the KPI's own value beside its groups; its light is the worst of theirs and nobody is paged for it.
func (s *step) publishWhole(u *unit, gp *kpi.GroupPoint, worst kpi.Light, b *batch) {
	if u.whole == nil {
		u.whole = &standing{key: gp.Key, labels: gp.Labels, track: s.track(u.k.Name, labels.EmptyLabels(), true), ladder: u.newLadder(), points: newRecent(kpi.RangeOf(u.k.Thresholds))}
	}
	w := u.whole
	w.push(u, gp)
	w.verdict.Budget = w.budget(u, gp.Point.End)
	if !w.mem.Judged || w.mem.Light != worst {
		w.mem.Light, w.mem.Since, w.mem.Judged = worst, gp.Point.End, true
	}
	b.entries = append(b.entries, w.entry(u, gp))
}

// standing returns what is kept of a group, beginning it if need be.
func (s *step) standing(u *unit, gp *kpi.GroupPoint) *standing {
	if gp.Keeper != nil {
		if g, ok := (*gp.Keeper).(*standing); ok {
			return g
		}
	}
	g := u.groups[gp.Key]
	if g == nil {
		g = &standing{key: gp.Key, labels: gp.Labels, track: s.track(u.k.Name, gp.Labels, false), ladder: u.newLadder(), birth: gp.Point.End, points: newRecent(kpi.RangeOf(u.k.Thresholds))}
		u.groups[gp.Key] = g
	}
	if len(u.k.By) == 0 {
		u.whole = g
	}
	if gp.Keeper != nil {
		*gp.Keeper = g
	}
	return g
}

// judge takes one datapoint of one group: it goes through kpi.Judge, and what follows from the verdict is put in the batch.
func (s *step) judge(u *unit, g *standing, gp *kpi.GroupPoint, b *batch) {
	g.push(u, gp)
	if g.steady(u, &gp.Point) {
		b.entries = append(b.entries, g.entry(u, gp))
		return
	}
	before := g.mem
	s.ordered = g.points.ordered(s.ordered[:0])
	g.mem, g.verdict = kpi.Judge(u.k, g.mem, s.ordered, g.budget(u, gp.Point.End))
	if g.verdict.Light == kpi.Grey {
		g.grey++
	} else {
		g.grey = 0
	}
	from := before.Light
	if !before.Judged {
		from = kpi.Grey
	}
	if g.mem.Light != from {
		t := u.transition(g, from, g.cause4(u), b.at)
		g.decision = t.ID
		b.moves = append(b.moves, t)
		if s.moved != nil {
			s.moved(g.mem.Light)
		}
	}
	u.page(g, b)
	b.entries = append(b.entries, g.entry(u, gp))
	if now := g.standing(u); now != g.saved {
		g.saved = now
		b.saved = append(b.saved, now)
	}
	g.verdict.Range = nil // the next group's
}

// retireGroup forgets a group and resolves what it was paging for.
func (s *step) retireGroup(u *unit, key, why string, b *batch) {
	g := u.groups[key]
	if g == nil {
		return
	}
	if g.firing {
		g.firing = false
		if u.k.Page != nil {
			b.signals = append(b.signals, u.signal(g, b.at, why))
		}
	}
	delete(u.groups, key)
	b.gone = append(b.gone, ledger.Standing{KPI: u.k.Name, Group: key})
}
