package kpi

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/prometheus/prometheus/model/labels"
)

// Row is what an indicator over rows needs to know of one row.
type Row struct {
	Time     int64    // Unix microseconds
	Weight   float32  // how many rows it stands for
	Value    float64  // the field Value of mean, share_below, quantile and apdex; NaN: it has none
	ID       uint64   // hash of the field Value of unique, or On of pair; 0: it has none
	Failed   bool     // apdex: it is frustrated however fast it was
	Trace    [16]byte // pair: what leads back to the row
	Business string   // pair: the text of the field On; kept if need be by copying it
}

// unit is the grid of weights: a row counts as a whole number of 2^-20 rows, so that sums are whole numbers and do not depend
// on the order in which rows arrive.
const unit = 1 << 20

func units(w float32) int64 {
	if !(w > 0) {
		return unit
	}
	return int64(math.Round(float64(min(w, 1e9)) * unit))
}

func rowsOf(n int64) float64 { return float64(n) / unit }

// maxSummed bounds what can be added to a mean without overflowing.
const maxSummed = 1e280

// RowTime is the period's clock of a row: its time in Unix ms, rounded up, so that (start, end] holds for microseconds too.
func RowTime(us int64) int64 {
	ms := us / 1000
	if us%1000 > 0 {
		ms++
	}
	return ms
}

// rowBook is the part of a Meter that counts rows.
type rowBook struct {
	byKey   map[string]*group // by the values of By, joined
	buf     []byte
	mapping *mapping.LogarithmicMapping
	late    map[int64]bool // closed periods that got rows since Late was asked
	from    int64          // all closed periods that end after it changed; math.MaxInt64 = none
	pairs   *pairs
	sum     exactSum // scratch of a window
	spread  spread
}

// rowGroup is what a Meter keeps of one label combination of an indicator over rows.
type rowGroup struct {
	key    string
	slots  []rowSlot // by end; kept until late rows can no longer restate them
	newest int64     // freshness: newest row among the slots that were dropped
}

// rowSlot is what the rows of one period come to. Amounts are in units.
type rowSlot struct {
	end    int64
	rows   int64 // rows behind whole, as they came
	whole  int64
	part   int64 // of them good, bad, at or below, satisfied or completed
	half   int64 // tolerating
	newest int64
	sum    exactSum
	spread *spread
	unique *distinct
}

func newRowBook(m *Meter) *rowBook {
	b := &rowBook{byKey: map[string]*group{}, late: map[int64]bool{}, from: math.MaxInt64}
	switch m.k.Indicator.Kind {
	case Quantile:
		b.mapping = newMapping()
	case Pair:
		b.pairs = newPairs(m.k.Indicator.Within)
	}
	return b
}

const between = '\xff' // no byte of valid UTF-8

func (b *rowBook) keyOf(by []string, l labels.Labels) string {
	b.buf = b.buf[:0]
	for _, name := range by {
		b.buf = append(append(b.buf, l.Get(name)...), between)
	}
	return string(b.buf)
}

// Rows reports whether rows feed the meter, and not samples.
func (m *Meter) Rows() bool { return m.rows != nil }

// FeedRow takes one row that a side selects; by are its values of the KPI's By, in that order, and may be changed afterwards.
// Rows may come in any order.
func (m *Meter) FeedRow(side int, by []string, r *Row) {
	ts := RowTime(r.Time)
	if m.rows.pairs != nil {
		m.feedPair(side, by, ts, r)
		return
	}
	switch m.k.Indicator.Kind {
	case Mean, ShareBelow, Quantile, Apdex:
		if math.IsNaN(r.Value) || math.Abs(r.Value) > maxSummed {
			m.Skipped++
			return
		}
	case Unique:
		if r.ID == 0 {
			return // nobody
		}
	}
	g := m.rowGroup(by, ts)
	if g == nil {
		m.OverLimit++
		return
	}
	m.sees(side, g, ts)
	m.book(g, side, ts, r)
	if m.overall != nil {
		m.book(m.overall, side, ts, r)
	}
	m.lateRow(ts)
}

// rowGroup returns the group of a row, making it if need be; nil when max_groups is reached.
func (m *Meter) rowGroup(by []string, ts int64) *group {
	if len(by) == 0 {
		return m.order[0]
	}
	b := m.rows
	b.buf = b.buf[:0]
	for _, v := range by {
		b.buf = append(append(b.buf, v...), between)
	}
	if g := b.byKey[string(b.buf)]; g != nil {
		return g
	}
	s := labels.NewScratchBuilder(len(by))
	for i, name := range m.k.By {
		if by[i] != "" {
			s.Add(name, strings.Clone(by[i]))
		}
	}
	s.Sort()
	return m.group(s.Labels(), ts)
}

// sees notes that a side and a group saw a row at ts. What that changes of the past is said anew.
func (m *Meter) sees(side int, g *group, ts int64) {
	m.sides[side].matched = true
	if s := &m.sides[side]; ts < s.since {
		m.anew(ts, s.since)
		s.since = ts
	}
	for _, x := range [...]*group{g, m.overall} {
		if x == nil {
			continue
		}
		if ts < x.birth {
			m.anew(ts, x.birth)
			x.birth = ts
		}
		if ts > x.lastSeen || x.lastSeen == math.MaxInt64 {
			x.lastSeen = ts
		}
	}
}

// slot returns the slot of the period that ends at end.
func (g *rowGroup) slot(end int64) *rowSlot {
	if n := len(g.slots); n > 0 && g.slots[n-1].end == end {
		return &g.slots[n-1]
	}
	at, ok := slices.BinarySearchFunc(g.slots, end, func(s rowSlot, end int64) int { return cmp.Compare(s.end, end) })
	if !ok {
		g.slots = slices.Insert(g.slots, at, rowSlot{end: end})
	}
	return &g.slots[at]
}

// book adds a row to its period.
func (m *Meter) book(g *group, side int, ts int64, r *Row) {
	s, n, in := g.rows.slot(m.periodEnd(ts)), units(r.Weight), &m.k.Indicator
	if in.Kind == Ratio && side == 0 {
		s.part += n
		return
	}
	s.rows++
	s.whole += n
	switch in.Kind {
	case Mean:
		if x := float64(r.Value * rowsOf(n)); math.Abs(x) <= maxSummed {
			s.sum.add(x)
		}
	case ShareBelow:
		if r.Value <= in.Below {
			s.part += n
		}
	case Apdex:
		switch {
		case r.Failed:
		case r.Value <= in.T:
			s.part += n
		case r.Value <= 4*in.T:
			s.half += n
		}
	case Quantile:
		if s.spread == nil {
			s.spread = &spread{}
		}
		s.spread.add(m.rows.mapping, r.Value, n)
	case Unique:
		if s.unique == nil {
			s.unique = &distinct{}
		}
		s.unique.add(r.ID)
	case Freshness:
		s.newest = max(s.newest, ts)
	}
}
