package kpi

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// maxPairs bounds the rows that wait for their other half, or that a late row may still complete, in one KPI.
const maxPairs = 200_000

// pairs joins the two sides of a pair indicator. A first counts once: complete in the period of its earliest Then that
// follows within the time, else as failed in the period in which its time runs out. It is booked as failed at once, in that
// future period, and moved when its Then is seen: what was booked is a function of the rows alone, in whatever order they
// came.
type pairs struct {
	within int64 // microseconds
	byID   map[uint64]*pair
	queue  []waiting // about in the order of time
	rows   int
}

type pair struct {
	firsts []first
	thens  []int64 // Unix microseconds, sorted
}

type first struct {
	at       int64 // Unix microseconds
	done     int64 // time of its Then; 0 = none
	n        int64 // weight in units
	g        *group
	trace    [16]byte
	business string
}

// waiting is a row that is to be forgotten once the period of `until` (Unix ms) can no longer change.
type waiting struct {
	id    uint64
	until int64
}

func newPairs(within time.Duration) *pairs {
	return &pairs{within: within.Microseconds(), byID: map[uint64]*pair{}}
}

// feedPair takes a row of side 0 (first) or 1 (then).
func (m *Meter) feedPair(side int, by []string, ts int64, r *Row) {
	ps := m.rows.pairs
	if r.ID == 0 {
		return // of no business
	}
	if ps.rows >= maxPairs {
		m.Unpaired++
		return
	}
	p := ps.byID[r.ID]
	if p == nil {
		p = &pair{}
		ps.byID[r.ID] = p
	}
	until := RowTime(r.Time + ps.within)
	if side == 1 {
		if s := &m.sides[1]; ts < s.since {
			m.anew(ts, s.since)
			s.since = ts
		}
		m.sides[1].matched = true
		at, known := slices.BinarySearch(p.thens, r.Time)
		if known {
			return
		}
		p.thens = slices.Insert(p.thens, at, r.Time)
		for i := range p.firsts {
			f := &p.firsts[i]
			if r.Time < f.at || r.Time > f.at+ps.within || f.done != 0 && f.done <= r.Time {
				continue
			}
			m.bookPair(f, -1)
			f.done = r.Time
			m.bookPair(f, 1)
		}
	} else {
		g := m.rowGroup(by, ts)
		if g == nil {
			m.OverLimit++
			return
		}
		m.sees(0, g, ts)
		f := first{at: r.Time, n: units(r.Weight), g: g, trace: r.Trace}
		if at, _ := slices.BinarySearch(p.thens, r.Time); at < len(p.thens) && p.thens[at] <= r.Time+ps.within {
			f.done = p.thens[at]
		}
		f.business = strings.Clone(r.Business)
		p.firsts = append(p.firsts, f)
		m.bookPair(&f, 1)
	}
	ps.rows++
	ps.queue = append(ps.queue, waiting{r.ID, until})
}

// bookPair adds a first to the period in which it closes, or with sign -1 takes it out.
func (m *Meter) bookPair(f *first, sign int64) {
	at := f.done
	if at == 0 {
		at = f.at + m.rows.pairs.within
	}
	ts := RowTime(at)
	for _, g := range [...]*group{f.g, m.overall} {
		if g == nil {
			continue
		}
		s := g.rows.slot(m.periodEnd(ts))
		s.rows += sign
		s.whole += sign * f.n
		if f.done != 0 {
			s.part += sign * f.n
		}
	}
	m.lateRow(ts)
}

// forget drops rows whose period ended at or before `before` (Unix ms).
func (ps *pairs) forget(before int64) {
	n := 0
	for ; n < len(ps.queue) && ps.queue[n].until <= before; n++ {
		p := ps.byID[ps.queue[n].id]
		if p == nil {
			continue
		}
		had := len(p.firsts) + len(p.thens)
		old := before*1000 - ps.within
		p.firsts = slices.DeleteFunc(p.firsts, func(f first) bool { return f.at <= old })
		p.thens = slices.DeleteFunc(p.thens, func(at int64) bool { return at <= old })
		ps.rows -= had - len(p.firsts) - len(p.thens)
		if len(p.firsts)+len(p.thens) == 0 {
			delete(ps.byID, ps.queue[n].id)
		}
	}
	if n > 0 {
		ps.queue = append(ps.queue[:0], ps.queue[n:]...)
	}
}

// TraceRef leads from a failed pair to what is known of it.
type TraceRef struct {
	At       int64         `json:"at"` // of the first, Unix ms
	Trace    string        `json:"trace,omitempty"`
	Business string        `json:"business"`
	After    time.Duration `json:"after,omitempty"` // it did follow, but so late; 0 = it has not followed
}

// Examples returns up to n pairs that failed in the period of a group that ends at end, the oldest first. An empty group is
// the KPI as a whole. Only periods that late rows can still change are known.
func (m *Meter) Examples(group labels.Labels, end int64, n int) []TraceRef {
	if m.rows == nil || m.rows.pairs == nil {
		return nil
	}
	type found struct {
		*first
		p *pair
	}
	ps := m.rows.pairs
	var failed []found
	for _, p := range ps.byID {
		for i := range p.firsts {
			f := &p.firsts[i]
			if f.done == 0 && m.periodEnd(RowTime(f.at+ps.within)) == end && (group.IsEmpty() || labels.Equal(f.g.labels, group)) {
				failed = append(failed, found{f, p})
			}
		}
	}
	slices.SortFunc(failed, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.business, b.business), bytes.Compare(a.trace[:], b.trace[:]))
	})
	var out []TraceRef
	for _, f := range failed[:min(n, len(failed))] {
		ref := TraceRef{At: RowTime(f.at), Business: f.business}
		if f.trace != [16]byte{} {
			ref.Trace = hex.EncodeToString(f.trace[:])
		}
		if at, _ := slices.BinarySearch(f.p.thens, f.at); at < len(f.p.thens) {
			ref.After = time.Duration(f.p.thens[at]-f.at) * time.Microsecond
		}
		out = append(out, ref)
	}
	return out
}
