package kpi

import (
	"math"
	"slices"
)

// anew notes that something which began at `was` now begins at ts: closed periods from there on may say something else.
func (m *Meter) anew(ts, was int64) {
	if ts < m.closed && was > ts {
		m.rows.from = min(m.rows.from, m.periodEnd(ts)-m.period)
	}
}

// lateRow notes that the period of ts, if it is closed, holds something else than before.
func (m *Meter) lateRow(ts int64) {
	if ts > m.closed {
		return
	}
	if m.k.Indicator.Kind == Freshness {
		m.rows.from = min(m.rows.from, m.periodEnd(ts)-m.period)
		return
	}
	m.rows.late[m.periodEnd(ts)] = true
}

// Woke notes that the table got its first row of a second, at ts: a silent period that is closed may now be a quiet one.
func (m *Meter) Woke(ts int64) {
	if ts <= m.closed {
		m.rows.late[m.periodEnd(ts)] = true
	}
}

// Late returns the ends of closed periods, oldest first, that may come to something else than was said of them, and forgets
// them. Only periods that end after `after` are told.
func (m *Meter) Late(after int64) []int64 {
	b := m.rows
	if len(b.late) == 0 && b.from == math.MaxInt64 {
		return nil
	}
	var out []int64
	add := func(end int64) {
		if end > after && end <= m.closed {
			out = append(out, end)
		}
	}
	for end := range b.late {
		for e := end; e < end+m.window; e += m.period { // every window that covers the period
			add(e)
		}
	}
	if b.from != math.MaxInt64 {
		for e := m.periodEnd(max(b.from, after)); e <= m.closed; e += m.period {
			add(e)
		}
	}
	clear(b.late)
	b.from = math.MaxInt64
	slices.Sort(out)
	return slices.Compact(out)
}

// SawBefore tells a meter of the newest row that a side selects before the history that the meter was fed.
func (m *Meter) SawBefore(side int, ts int64) {
	s := &m.sides[side]
	s.matched, s.since = true, min(s.since, ts)
	if m.k.Indicator.Kind == Freshness && len(m.k.By) == 0 {
		m.order[0].newest = max(m.order[0].newest, ts)
	}
}

// Anew has Late tell of every closed period that ends after from.
func (m *Meter) Anew(from int64) { m.rows.from = min(m.rows.from, from) }

// Again computes the datapoints of a closed period anew, as Close did. The slice is reused.
func (m *Meter) Again(end int64, unobserved bool) []GroupPoint {
	m.out = m.out[:0]
	for _, g := range m.order {
		m.closeRows(g, end, unobserved, m.overall == nil)
	}
	if m.overall != nil {
		m.closeRows(m.overall, end, unobserved, true)
	}
	return m.out
}

// dropRows forgets slots that no window covers and no late row can restate any more.
func (m *Meter) dropRows(closed int64) {
	before := closed - m.window - m.o.Keep
	drop := func(g *group) {
		n := 0
		for n < len(g.rows.slots) && g.rows.slots[n].end <= before {
			g.rows.newest = max(g.rows.newest, g.rows.slots[n].newest)
			n++
		}
		if n > 0 {
			g.rows.slots = slices.Delete(g.rows.slots, 0, n)
		}
	}
	for _, g := range m.order {
		drop(g)
	}
	if m.overall != nil {
		drop(m.overall)
	}
	if m.rows.pairs != nil {
		m.rows.pairs.forget(before)
	}
}
