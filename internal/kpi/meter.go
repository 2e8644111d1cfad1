package kpi

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Origin says where a series stood before its first sample in a Meter.
type Origin struct {
	Born bool    // its target was scraped shortly before without it: the first sample counts whole
	Has  bool    // the store holds an earlier sample: T and V
	T    int64   // Unix ms
	V    float64 // for histograms unused
}

// MeterOptions are what a Meter needs to know about the world; all functions must answer from stored facts alone, so that
// the replay gets the answers that live got.
type MeterOptions struct {
	// Origin is asked once per series, at its first counter sample: l is the series, t its time, interval its source's
	// scrape interval in ms (0: pushed).
	Origin func(l labels.Labels, t, interval int64) Origin
	// Alive says whether the table of a row indicator got any row with a time in (from, to], Unix ms; nil = it always did.
	Alive func(from, to int64) bool
	// Keep is how long after its end, in ms, a period's rows stay countable, so that late rows restate it.
	Keep int64
	// From is when the KPI, and with it its expected groups, began to exist: Unix ms.
	From int64
}

// Meter turns the samples of one KPI into datapoints. It is the step that judges live data and that replays the past:
// samples go in by Feed in any order across series and in time order within one (for the parts of a histogram or of a sum
// with its count: within all of them, see Tap.Together), datapoints come out by Close. What
// arrived too late for that is reported by Dirty and wants a replay from the store.
//
// A Meter is not safe for concurrent use.
type Meter struct {
	k       *KPI
	o       MeterOptions
	period  int64 // ms
	window  int64 // ms
	w       int   // window / period
	sides   []side
	groups  map[string]*group
	order   []*group // by labels
	overall *group   // nil without `by`: the only group is the whole
	closed  int64    // end of the newest closed period
	dirty   int64    // time of the oldest sample that came too late; math.MaxInt64 = none
	out     []GroupPoint
	scratch scratch
	rows    *rowBook // nil for an indicator that samples feed

	Skipped   uint64 // counter samples that were not finite or below zero
	OverLimit uint64 // series or rows left out because max_groups was reached
	Unpaired  uint64 // rows left out because too many pairs were open
}

// role says what a side's series mean.
type role uint8

const (
	roleGood role = iota // good or bad of a ratio; the only side of rate, availability, gauge, freshness
	roleTotal
	roleSum
	roleCount
	roleBucket
	roleNative
)

type side struct {
	role     role
	matchers []*labels.Matcher
	matched  bool  // a series was ever attached
	since    int64 // its oldest sample; math.MaxInt64 = none
}

// GroupPoint is one datapoint that Close computed.
type GroupPoint struct {
	Labels     labels.Labels // empty for the KPI as a whole
	Whole      bool          // the indicator without `by` (for a KPI without `by` its only group)
	Key        string        // identifies the group within the KPI
	Point      Point
	SliceGood  float64 // good and total of the period alone, for the objective; NaN where the kind has none
	SliceTotal float64
	Keeper     *any // where the caller may keep what belongs to the group; it stays with the group
	Retired    bool // the group fell silent for good: no point was made and it is forgotten
	Unplaced   float64
}

// NewMeter returns the meter of a KPI whose indicator is fed by samples or rows (any kind but expr, promql and sql).
func NewMeter(k *KPI, o MeterOptions) *Meter {
	m := &Meter{k: k, o: o, period: k.Period.Milliseconds(), window: k.Window.Milliseconds(), groups: map[string]*group{}, dirty: math.MaxInt64}
	m.w = int(m.window / m.period)
	i := k.Indicator
	add := func(r role, s *Selector) {
		if s != nil {
			m.sides = append(m.sides, side{role: r, matchers: s.Matchers, since: math.MaxInt64})
		}
	}
	add(roleGood, i.Good)
	add(roleGood, i.Bad)
	add(roleTotal, i.Total)
	add(roleGood, i.Of)
	add(roleSum, i.Sum)
	add(roleCount, i.Count)
	add(roleGood, i.First)
	add(roleTotal, i.Then)
	if i.Table() != "" {
		m.rows = newRowBook(m)
	}
	if i.Histogram != nil {
		m.sides = append(m.sides,
			side{role: roleBucket, matchers: renamed(i.Histogram.Matchers, "_bucket"), since: math.MaxInt64},
			side{role: roleCount, matchers: renamed(i.Histogram.Matchers, "_count"), since: math.MaxInt64},
			side{role: roleNative, matchers: i.Histogram.Matchers, since: math.MaxInt64})
	}
	if len(k.By) > 0 {
		m.overall = newGroup(m, labels.EmptyLabels(), o.From, true)
		for _, e := range k.Expect {
			if g := m.group(e, o.From); g != nil {
				g.expected = true
			}
		}
	} else {
		m.group(labels.EmptyLabels(), o.From).expected = true
	}
	return m
}

// renamed returns the matchers with the metric's name followed by suffix.
func renamed(ms []*labels.Matcher, suffix string) []*labels.Matcher {
	out := slices.Clone(ms)
	for i, m := range out {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			out[i] = labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, m.Value+suffix)
		}
	}
	return out
}

// Sides returns the matchers of each side; the index is the side that Attach takes.
func (m *Meter) Sides() [][]*labels.Matcher {
	out := make([][]*labels.Matcher, len(m.sides))
	for i, s := range m.sides {
		out[i] = s.matchers
	}
	return out
}

// Matched reports whether a series was ever attached to a side.
func (m *Meter) Matched(side int) bool { return m.sides[side].matched }

// Closed returns the end of the newest closed period, 0 before the first.
func (m *Meter) Closed() int64 { return m.closed }

// Resume sets the newest closed period: samples up to it are history that only fills windows.
func (m *Meter) Resume(end int64) { m.closed = end }

// Dirty returns the time of the oldest sample that came too late to be placed, and forgets it.
func (m *Meter) Dirty() (from int64, ok bool) {
	from, m.dirty = m.dirty, math.MaxInt64
	return from, from != math.MaxInt64
}

// group is what a Meter keeps of one label combination.
type group struct {
	key      string
	labels   labels.Labels
	birth    int64 // time of its first sample; expected groups: when the KPI came to be
	lastSeen int64 // newest sample
	expected bool
	touched  bool // fed since the last close
	quiet    bool // nothing in its window: the next untouched close yields the same
	keeper   any
	taps     [2][]*Tap
	insts    []*inst
	// Windows longer than a period:
	good, total ring
	has         ring // per period: 1 placed, 2 gap, 0 nothing
	vec         *vecWindow
	natives     []nativePeriod // the window's periods that held native histograms, newest last
	newest      int64          // freshness: time of the newest sample up to the newest close
	gaps        []gapIncrease  // of periods that are not closed yet
	unplaced    float64
	unplacedDay int64
	rows        *rowGroup // nil for samples
}

func newGroup(m *Meter, l labels.Labels, birth int64, expected bool) *group {
	g := &group{labels: l, key: l.String(), birth: birth, lastSeen: birth, expected: expected}
	if m.rows != nil {
		g.rows = &rowGroup{key: m.rows.keyOf(m.k.By, l)}
	} else if m.w > 1 && m.k.Indicator.Kind != Gauge && m.k.Indicator.Kind != Freshness {
		g.has = newRing(m.w)
		if m.k.Indicator.Histogram == nil {
			g.good, g.total = newRing(m.w), newRing(m.w)
		}
	}
	return g
}

// group returns the group of a label set, making it if need be; nil when max_groups is reached.
func (m *Meter) group(l labels.Labels, birth int64) *group {
	key := l.String()
	if g := m.groups[key]; g != nil {
		return g
	}
	if m.k.MaxGroups > 0 && len(m.groups) >= m.k.MaxGroups {
		return nil
	}
	g := newGroup(m, l, birth, false)
	m.groups[key] = g
	if m.rows != nil {
		m.rows.byKey[g.rows.key] = g
	}
	at, _ := slices.BinarySearchFunc(m.order, g, func(a, b *group) int { return labels.Compare(a.labels, b.labels) })
	m.order = slices.Insert(m.order, at, g)
	return g
}

// GroupLabels returns the labels of the group that a series belongs to.
func (k *KPI) GroupLabels(l labels.Labels) labels.Labels {
	if len(k.By) == 0 {
		return labels.EmptyLabels()
	}
	b := labels.NewScratchBuilder(len(k.By))
	for _, name := range k.By {
		if v := l.Get(name); v != "" {
			b.Add(name, v)
		}
	}
	b.Sort()
	return b.Labels()
}

// Attach registers a series with a side and returns the tap that takes its samples, or nil when the KPI has max_groups
// groups already. interval is the source's scrape interval in ms, 0 for pushed series.
func (m *Meter) Attach(sideIndex int, l labels.Labels, interval int64) *Tap {
	t := &Tap{m: m, side: uint8(sideIndex), labels: l, pulled: interval > 0}
	t.interval = int32(interval)
	if interval == 0 {
		t.interval = int32(m.pushInterval())
	}
	if !m.bind(t) {
		m.OverLimit++
		return nil
	}
	m.sides[sideIndex].matched = true
	return t
}

func (m *Meter) pushInterval() int64 {
	if m.k.Interval > 0 {
		return m.k.Interval.Milliseconds()
	}
	return m.period
}

// bind puts a tap into its group.
func (m *Meter) bind(t *Tap) bool {
	g := m.group(m.k.GroupLabels(t.labels), math.MaxInt64)
	if g == nil {
		return false
	}
	t.g, t.dead = g, false
	switch m.sides[t.side].role {
	case roleGood, roleTotal:
		g.insertTap(t, m.list(t))
		if m.overall != nil {
			m.overall.insertTap(t, m.list(t))
		}
	default:
		in := m.inst(g, t)
		in.attach(m, t)
	}
	return true
}

// list says which of a group's two lists a scalar tap belongs to.
func (m *Meter) list(t *Tap) int {
	if m.sides[t.side].role == roleTotal {
		return 1
	}
	return 0
}

// insertTap keeps the list in the order of labels: the fixed order in which sums are added.
func (g *group) insertTap(t *Tap, list int) {
	at, _ := slices.BinarySearchFunc(g.taps[list], t, func(a, b *Tap) int { return labels.Compare(a.labels, b.labels) })
	g.taps[list] = slices.Insert(g.taps[list], at, t)
}

// touch notes that a tap's group and side saw a sample at ts.
func (m *Meter) touch(t *Tap, ts int64) {
	g := t.g
	if s := &m.sides[t.side]; ts < s.since {
		s.since = ts
	}
	g.touched, g.quiet = true, false
	if ts < g.birth {
		g.birth = ts
	}
	if ts > g.lastSeen || g.lastSeen == math.MaxInt64 {
		g.lastSeen = ts
	}
	if m.overall != nil {
		m.overall.touched, m.overall.quiet = true, false
		if ts < m.overall.birth {
			m.overall.birth = ts
		}
		if ts > m.overall.lastSeen {
			m.overall.lastSeen = ts
		}
	}
}

// late notes a sample that can only be placed by replaying from the store.
func (m *Meter) late(ts int64) {
	if ts < m.dirty {
		m.dirty = ts
	}
}

// periodEnd returns the end of the period (start, end] that holds ts.
func (m *Meter) periodEnd(ts int64) int64 { return PeriodEnd(ts, m.period) }

// PeriodEnd returns the end of the UTC-aligned period (start, end] of the given length that holds ts, all in ms.
func PeriodEnd(ts, period int64) int64 {
	r := ts % period
	if r < 0 {
		r += period
	}
	if r == 0 {
		return ts
	}
	return ts - r + period
}

// retireAfter is how long an unexpected group may be silent: max(1h, N+2 periods).
func (m *Meter) retireAfter() int64 {
	return max(int64(3600_000), int64(RangeOf(m.k.Thresholds))*m.period)
}

// Close closes the period that ends at end and returns a datapoint for each group that is judged in it, in the order of
// labels, the KPI as a whole last. Periods must be closed in order; unobserved says that we were down or refused ingest
// during the period, so that silence says nothing. The slice is reused by the next Close.
func (m *Meter) Close(end int64, unobserved bool) []GroupPoint {
	m.out = m.out[:0]
	m.skipTo(end)
	m.closed = end
	for i := 0; i < len(m.order); i++ {
		g := m.order[i]
		if !g.expected && m.k.Indicator.Kind != Freshness && g.birth != math.MaxInt64 && end-g.lastSeen > m.retireAfter() {
			m.forget(g)
			i--
			m.out = append(m.out, GroupPoint{Labels: g.labels, Key: g.key, Retired: true})
			continue
		}
		m.closeGroup(g, end, unobserved, m.overall == nil)
	}
	if m.overall != nil {
		m.closeGroup(m.overall, end, unobserved, true)
	}
	if m.rows != nil {
		m.dropRows(end)
	}
	return m.out
}

// skipTo pushes the windows past periods that nobody closes, so that what lies before them falls out.
func (m *Meter) skipTo(end int64) {
	if m.closed == 0 || end <= m.closed+m.period || m.rows != nil { // rows are kept by period, and there is nothing to push
		return
	}
	const remembered = 5 // periods of who reported
	from := max(m.closed, end-int64(max(m.w, remembered)+1)*m.period)
	for e := from + m.period; e < end; e += m.period {
		for _, g := range m.order {
			m.closeGroup(g, e, true, false)
		}
		if m.overall != nil {
			m.closeGroup(m.overall, e, true, false)
		}
	}
	m.out = m.out[:0]
}

func (m *Meter) closeGroup(g *group, end int64, unobserved, whole bool) {
	if m.rows != nil {
		m.closeRows(g, end, unobserved, whole)
		return
	}
	gp := GroupPoint{Labels: g.labels, Whole: whole, Key: g.key, Keeper: &g.keeper, SliceGood: math.NaN(), SliceTotal: math.NaN()}
	p := Point{End: end, Value: math.NaN(), Upper: math.NaN(), Good: math.NaN(), Total: math.NaN()}
	if g.quiet && !g.touched {
		p.Missing = NoData
	} else {
		m.measure(g, end, &p, &gp)
		if !g.touched && p.Missing == NoData {
			g.quiet = g.idle()
		}
	}
	g.touched = false
	g.settleGaps(end)
	// Judged from the first whole period.
	if g.birth == math.MaxInt64 || end-m.period < g.birth {
		return
	}
	switch {
	case p.Missing == NoData || p.Missing == Gap:
		switch {
		case unobserved:
			p.Missing, p.Detail = Unobserved, NotObserved
		case m.neverMatched(end) != "":
			p.Missing, p.Detail = NeverSeen, unmatched(m.neverMatched(end))
		case p.Missing == Gap:
			p.Detail = onlyGaps
		default:
			p.Detail = nothingArrived
		}
	case unobserved && m.k.Indicator.Kind == Freshness && g.newest <= end-m.period:
		p.Value, p.Missing, p.Detail = math.NaN(), Unobserved, NotObserved
	case p.Missing == NotMissing && m.goodNeverMatched(end):
		p.Missing, p.Detail = NeverSeen, unmatchedGood(m.k.Indicator.goodSide())
	}
	gp.Unplaced = g.unplaced
	gp.Point = Settle(m.k, p)
	m.out = append(m.out, gp)
}

// idle reports that nothing of the group waits for a later close: no slot, no window, no memory of who reported.
func (g *group) idle() bool {
	if g.has.n > 0 && (g.has.total() != 0 || g.good.total() != 0 || g.total.total() != 0) {
		return false
	}
	for _, list := range g.taps {
		for _, t := range list {
			if t.seen != 0 {
				return false
			}
			if len(t.slots) > 0 {
				return false
			}
		}
	}
	return len(g.insts) == 0
}

// neverMatched names the first selector without which no value can be made and of which no sample was seen up to end. It
// goes by the samples' times and not by what is attached, so that a replay, which attaches everything first, says the same.
func (m *Meter) neverMatched(end int64) string {
	for _, sel := range m.unmatched(func(s *side) bool { return s.since <= end }) {
		if sel != m.k.Indicator.Good && sel != m.k.Indicator.Then {
			return sel.Text
		}
	}
	return ""
}

// goodNeverMatched reports that a ratio states its good side, or a pair its second, and nothing of it was seen up to end:
// then the share is unknown, not zero.
func (m *Meter) goodNeverMatched(end int64) bool {
	return m.k.Indicator.Good != nil && m.sides[0].since > end || m.k.Indicator.Then != nil && m.sides[1].since > end
}

// forget drops a retired group; its taps attach anew when their series come back.
func (m *Meter) forget(g *group) {
	if m.rows != nil {
		delete(m.rows.byKey, g.rows.key)
	}
	delete(m.groups, g.key)
	m.order = slices.DeleteFunc(m.order, func(x *group) bool { return x == g })
	for list := range g.taps {
		for _, t := range g.taps[list] {
			t.dead = true
			if m.overall != nil {
				m.overall.removeTap(t, list)
			}
		}
	}
	for _, in := range g.insts {
		in.kill()
		if m.overall != nil {
			m.overall.removeInst(in)
		}
	}
}

func (g *group) removeTap(t *Tap, list int) {
	if i := slices.Index(g.taps[list], t); i >= 0 {
		g.taps[list] = slices.Delete(g.taps[list], i, i+1)
	}
}

func (g *group) removeInst(in *inst) {
	if i := slices.Index(g.insts, in); i >= 0 {
		g.insts = slices.Delete(g.insts, i, i+1)
	}
}

// Prune drops taps whose series has been silent since before `before` (Unix ms) and returns how many went. The caller
// must not feed them again without attaching anew.
func (m *Meter) Prune(before int64) int {
	n := 0
	prune := func(g *group) {
		for list := range g.taps {
			g.taps[list] = slices.DeleteFunc(g.taps[list], func(t *Tap) bool {
				gone := t.dead || (t.has && t.lastT < before)
				if gone && !t.dead {
					t.dead = true
					n++
				}
				return gone
			})
		}
		g.insts = slices.DeleteFunc(g.insts, func(in *inst) bool {
			gone := in.dead || (in.newest() > 0 && in.newest() < before)
			if gone && !in.dead {
				in.kill()
				n += len(in.all())
			}
			return gone
		})
	}
	for _, g := range m.order {
		prune(g)
	}
	if m.overall != nil {
		prune(m.overall)
	}
	return n
}

// describe names a KPI's selectors, for sentences.
func (i Indicator) describe() string {
	var parts []string
	for _, s := range i.Selectors() {
		parts = append(parts, s.Text)
	}
	if i.Expr != "" {
		parts = append(parts, i.Expr)
	}
	if i.PromQL != "" {
		parts = append(parts, i.PromQL)
	}
	if i.SQL != "" {
		parts = append(parts, i.SQL)
	}
	return strings.Join(parts, ", ")
}

// Text returns the indicator as one line: its kind and selectors.
func (i Indicator) Text() string { return string(i.Kind) + " of " + i.describe() }

// NeverMatched returns the selectors that no series ever matched and that a value cannot do without. A bad side without
// series is zero and no cause for a warning.
func (m *Meter) NeverMatched() []*Selector {
	return m.unmatched(func(s *side) bool { return s.matched })
}

func (m *Meter) unmatched(matched func(*side) bool) []*Selector {
	i := m.k.Indicator
	if i.Histogram != nil {
		for s := range m.sides {
			if matched(&m.sides[s]) {
				return nil
			}
		}
		return []*Selector{i.Histogram}
	}
	var out []*Selector
	at := 0
	for _, sel := range []*Selector{i.Good, i.Bad, i.Total, i.Of, i.Sum, i.Count, i.First, i.Then} {
		if sel == nil {
			continue
		}
		if !matched(&m.sides[at]) && sel != i.Bad {
			out = append(out, sel)
		}
		at++
	}
	return out
}
