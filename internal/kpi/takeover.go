package kpi

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Find returns the tap that a series has on a side, or nil.
func (m *Meter) Find(sideIndex int, l labels.Labels) *Tap {
	g := m.groups[m.k.GroupLabels(l).String()]
	if g == nil {
		return nil
	}
	switch m.sides[sideIndex].role {
	case roleGood, roleTotal:
		list := g.taps[0]
		if m.sides[sideIndex].role == roleTotal {
			list = g.taps[1]
		}
		at, ok := slices.BinarySearchFunc(list, l, func(t *Tap, l labels.Labels) int { return labels.Compare(t.labels, l) })
		if ok {
			return list[at]
		}
	default:
		for _, in := range g.insts {
			for _, t := range in.all() {
				if int(t.side) == sideIndex && labels.Equal(t.labels, l) {
					return t
				}
			}
		}
	}
	return nil
}

// all returns an instance's taps, the native one too.
func (in *inst) all() []*Tap {
	if in.nativeTap == nil {
		return in.taps
	}
	return append(slices.Clip(in.taps), in.nativeTap)
}

// TakeOver makes m, freshly filled from the store, the successor of old: old's taps hand their samples on to m's, and what
// lies before the history that m was fed (birth, the newest sample, unplaced increases) is carried over.
func (m *Meter) TakeOver(old *Meter) {
	for _, g := range old.order {
		n := m.group(g.labels, g.birth)
		if n == nil {
			continue
		}
		n.inherit(g)
		for _, list := range g.taps {
			for _, t := range list {
				m.adopt(t)
			}
		}
		for _, in := range g.insts {
			for _, t := range in.all() {
				m.adopt(t)
			}
		}
	}
	if m.overall != nil && old.overall != nil {
		m.overall.inherit(old.overall)
	}
	for i := range m.sides {
		if i < len(old.sides) {
			m.sides[i].matched = m.sides[i].matched || old.sides[i].matched
			m.sides[i].since = min(m.sides[i].since, old.sides[i].since)
		}
	}
	m.Skipped, m.OverLimit, m.Unpaired = max(m.Skipped, old.Skipped), max(m.OverLimit, old.OverLimit), max(m.Unpaired, old.Unpaired)
}

func (g *group) inherit(old *group) {
	g.keeper = old.keeper
	g.birth = min(g.birth, old.birth)
	g.lastSeen = max(g.lastSeen, old.lastSeen)
	g.newest = max(g.newest, old.newest)
	g.expected = g.expected || old.expected
	switch {
	case g.unplacedDay < old.unplacedDay:
		g.unplaced, g.unplacedDay = old.unplaced, old.unplacedDay
	case g.unplacedDay == old.unplacedDay:
		g.unplaced = max(g.unplaced, old.unplaced)
	}
}

// adopt finds or attaches the series of an old meter's tap.
func (m *Meter) adopt(t *Tap) {
	n := m.Find(int(t.side), t.labels)
	if n == nil {
		interval := int64(0)
		if t.pulled {
			interval = int64(t.interval)
		}
		if n = m.Attach(int(t.side), t.labels, interval); n == nil {
			return
		}
	}
	t.moved = n
}

// SetOrigin changes who answers for a series' past: a replay asks the store, live knows more cheaply.
func (m *Meter) SetOrigin(f func(l labels.Labels, t, interval int64) Origin) { m.o.Origin = f }

// Intervals calls f with the scrape interval in ms of every attached series, 0 for pushed ones.
func (m *Meter) Intervals(f func(interval int64)) {
	each := func(t *Tap) {
		if t.pulled {
			f(int64(t.interval))
		} else {
			f(0)
		}
	}
	for _, g := range m.order {
		for _, list := range g.taps {
			for _, t := range list {
				each(t)
			}
		}
		for _, in := range g.insts {
			for _, t := range in.all() {
				each(t)
			}
		}
	}
}

// EnsureGroup makes a group that lies before the history a meter was fed.
func (m *Meter) EnsureGroup(l labels.Labels, birth int64) {
	if g := m.group(l, birth); g != nil {
		g.birth = min(g.birth, birth)
	}
}

// CountsOccurrences reports whether an objective over the KPI counts good of total rather than timeslices.
func CountsOccurrences(k *KPI) bool { return countsOccurrences(k.Indicator.Kind) }
