package backtest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Recorder takes what a rehearsal yields, close by close, and keeps what people look at. It is not safe for concurrent use.
type Recorder struct {
	from, to  int64
	period    int64
	zone      *time.Location
	groups    map[string]*track
	whole     track
	days      []Day
	dayOf     int64 // until when the newest day lasts
	pages     []Sent
	open      map[string]int // index of a group's page that is still open; -1: one that is not kept
	pageCount int
	night     int
	moves     []kpi.Transition
	moveCount int
	points    int64
}

// track is what is kept of one group, or of the KPI.
type track struct {
	labels  labels.Labels
	spans   []stretch
	minutes [4]float64
	pages   int
	chart   chart
}

type stretch struct {
	from, to int64
	light    kpi.Light
}

// NewRecorder returns the recorder of a rehearsal over (from, to], Unix ms. Nights and days are those of zone.
func NewRecorder(from, to int64, period time.Duration, zone *time.Location) *Recorder {
	r := &Recorder{from: from, to: to, period: period.Milliseconds(), zone: zone, groups: map[string]*track{}, open: map[string]int{}}
	r.whole.chart = r.newChart()
	return r
}

// Group takes one group's datapoint and the light it led to.
func (r *Recorder) Group(key string, l labels.Labels, p *kpi.Point, light kpi.Light) {
	if p.End <= r.from || p.End > r.to {
		return
	}
	r.points++
	g := r.groups[key]
	if g == nil {
		g = &track{labels: l, chart: r.newChart()}
		r.groups[key] = g
	}
	g.take(p.End, r.period, light)
	g.chart.take(p)
}

// Whole takes the KPI's light as of a close, and its datapoint where it has one of its own.
func (r *Recorder) Whole(end int64, p *kpi.Point, light kpi.Light) {
	if end <= r.from || end > r.to {
		return
	}
	r.whole.take(end, r.period, light)
	if p != nil {
		r.whole.chart.take(p)
	}
	if end > r.dayOf {
		t := time.UnixMilli(end - 1).In(r.zone)
		y, m, d := t.Date()
		r.dayOf = time.Date(y, m, d+1, 0, 0, 0, 0, r.zone).UnixMilli()
		r.days = append(r.days, Day{Day: t.Format(time.DateOnly), Light: light.String()})
		return
	}
	day := &r.days[len(r.days)-1]
	var worst kpi.Light
	_ = worst.UnmarshalText([]byte(day.Light))
	day.Light = kpi.Worst(worst, light).String()
}

// Move takes a transition.
func (r *Recorder) Move(t kpi.Transition) {
	if t.End <= r.from || t.End > r.to {
		return
	}
	r.moveCount++
	if len(r.moves) < MaxTransitions {
		r.moves = append(r.moves, t)
	}
}

// Signal takes what the alert room would have been told. A page begins with the first signal of a group that fires and ends
// with the one that resolves it.
func (r *Recorder) Signal(s *kpi.PageSignal) {
	key := s.Group.String()
	at, open := r.open[key]
	switch {
	case s.Firing && !open:
		r.open[key] = -1
		if s.Since <= r.from || s.Since > r.to {
			return
		}
		hour := time.UnixMilli(s.Since).In(r.zone).Hour()
		night := hour >= 22 || hour < 6
		r.pageCount++
		if night {
			r.night++
		}
		if g := r.groups[key]; g != nil {
			g.pages++
		}
		if len(r.pages) < MaxPages {
			r.open[key] = len(r.pages)
			r.pages = append(r.pages, Sent{Page: Page{Group: s.Group, From: s.Since, Cause: s.Cause, Night: night, Real: "unlabelled"}, At: s.At, Sentence: s.Why})
		}
	case s.Firing && at >= 0 && r.pages[at].Cause == "no_data" && s.Cause != "no_data":
		r.pages[at].Cause = s.Cause // what began as silence turned out to be a breach
	case !s.Firing && open:
		if at >= 0 {
			r.pages[at].To = s.Last.End
		}
		delete(r.open, key)
	}
}

// Result completes out with what was recorded.
func (r *Recorder) Result(out *Rehearsed) {
	out.Pages, out.PageCount, out.NightCount = r.pages, r.pageCount, r.night
	out.Transitions, out.TransitionCount, out.Points = r.moves, r.moveCount, r.points
	out.Spans, out.Minutes, out.Light = r.whole.written(), r.whole.byLight(), kpi.Grey
	if n := len(r.whole.spans); n > 0 {
		out.Light = r.whole.spans[n-1].light
	}
	out.Chart = r.whole.chart.written()
	out.Strip = r.days
	if n := len(out.Strip); n > StripDays {
		out.Strip = out.Strip[n-StripDays:]
	}
	all := make([]*track, 0, len(r.groups))
	for _, g := range r.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *track) int {
		return cmp.Or(cmp.Compare(b.minutes[kpi.Red], a.minutes[kpi.Red]), cmp.Compare(b.minutes[kpi.Yellow], a.minutes[kpi.Yellow]),
			cmp.Compare(b.pages, a.pages), cmp.Compare(b.minutes[kpi.Grey], a.minutes[kpi.Grey]), labels.Compare(a.labels, b.labels))
	})
	for i, g := range all {
		if i == MaxGroups {
			out.Hidden = len(all) - i
			break
		}
		out.Groups = append(out.Groups, Group{Labels: g.labels, Spans: g.written(), Minutes: g.byLight(), Pages: g.pages, Chart: g.chart.written()})
	}
	if out.Pages == nil {
		out.Pages = []Sent{}
	}
	if out.Transitions == nil {
		out.Transitions = []kpi.Transition{}
	}
	if out.Groups == nil {
		out.Groups = []Group{}
	}
	if out.Strip == nil {
		out.Strip = []Day{}
	}
}

// take adds a period to the stretches.
func (t *track) take(end, period int64, light kpi.Light) {
	t.minutes[light&3] += float64(period) / 60_000
	if n := len(t.spans); n > 0 && t.spans[n-1].light == light && t.spans[n-1].to == end-period {
		t.spans[n-1].to = end
		return
	}
	t.spans = append(t.spans, stretch{end - period, end, light})
	if len(t.spans) > 2*MaxSpans {
		t.spans = coarser(t.spans)
	}
}

// coarser joins neighbours, two and two, under the worse light.
func coarser(in []stretch) []stretch {
	out := in[:0]
	for i := 0; i < len(in); i += 2 {
		s := in[i]
		if i+1 < len(in) && in[i+1].from == s.to {
			s.to, s.light = in[i+1].to, kpi.Worst(s.light, in[i+1].light)
		} else if i+1 < len(in) {
			out = append(out, s)
			s = in[i+1]
		}
		if n := len(out); n > 0 && out[n-1].light == s.light && out[n-1].to == s.from {
			out[n-1].to = s.to
			continue
		}
		out = append(out, s)
	}
	return out
}

func (t *track) written() []Span {
	for before := 0; len(t.spans) > MaxSpans && len(t.spans) != before; {
		before = len(t.spans)
		t.spans = coarser(t.spans)
	}
	out := make([]Span, len(t.spans))
	for i, s := range t.spans {
		out[i] = Span{s.from, s.to, s.light.String()}
	}
	return out
}

func (t *track) byLight() map[string]float64 {
	out := map[string]float64{}
	for l, m := range t.minutes {
		out[kpi.Light(l).String()] = math.Round(m*1000) / 1000
	}
	return out
}

// chart keeps, of each of chartSpans stretches of time, the lowest and the highest value.
type chart struct {
	from, width int64
	t           []int64
	v           []float64 // NaN: missing
	at          int64     // index of the stretch under way
	lo, hi      kpi.Point
	some, real  bool
}

func (r *Recorder) newChart() chart {
	n := max(1, (r.to-r.from)/r.period)
	return chart{from: r.from, width: (n + chartSpans - 1) / chartSpans * r.period}
}

func (c *chart) take(p *kpi.Point) {
	at := (p.End - c.from - 1) / c.width
	if c.some && at != c.at {
		c.flush()
	}
	real := p.Real() && !math.IsInf(p.Value, 0)
	switch {
	case !c.some, real && !c.real:
		c.lo, c.hi = *p, *p
	case !real:
	case p.Value < c.lo.Value:
		c.lo = *p
	case p.Value > c.hi.Value:
		c.hi = *p
	}
	c.at, c.some, c.real = at, true, c.real || real
}

func (c *chart) flush() {
	if !c.some {
		return
	}
	put := func(p *kpi.Point) {
		v := p.Value
		if !c.real {
			v = math.NaN()
		}
		c.t, c.v = append(c.t, p.End), append(c.v, v)
	}
	first, second := &c.lo, &c.hi
	if second.End < first.End {
		first, second = second, first
	}
	put(first)
	if second.End != first.End && c.real {
		put(second)
	}
	c.some, c.real = false, false
}

func (c *chart) written() *Chart {
	c.flush()
	if len(c.t) == 0 {
		return nil
	}
	out := &Chart{T: c.t, Value: make([]*float64, len(c.v))}
	for i := range c.v {
		if !math.IsNaN(c.v[i]) {
			out.Value[i] = &c.v[i]
		}
	}
	return out
}
