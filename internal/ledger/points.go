package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/signalbox/signalbox/internal/kpi"
)

type storageAnnotations = annotations.Annotations

// LightPoint is a light as of a datapoint's end (Unix ms).
type LightPoint struct {
	T     int64
	Light kpi.Light
}

// Slice is a period's own good and total, for objectives.
type Slice struct {
	End         int64
	Good, Total float64
}

// sample is one value of a field's series.
type sample struct {
	t int64
	v float64
}

// read returns the samples of a group's fields in [from, to]. An empty group means the KPI as a whole: its own series, or
// those of its only group.
func (l *Ledger) read(ctx context.Context, name string, group labels.Labels, from, to int64, want ...int) (map[int][]sample, error) {
	q, err := l.store.Querier(from, to)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer q.Close()
	out := map[int][]sample{}
	whole := false
	var it chunkenc.Iterator
	for _, field := range want {
		for _, w := range []bool{true, false} {
			if w && !group.IsEmpty() {
				continue
			}
			if !w && whole {
				continue // the whole has series of its own
			}
			ms := []*labels.Matcher{
				labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, prefix(field, w)+fieldNames[field]),
				labels.MustNewMatcher(labels.MatchEqual, "kpi", name),
			}
			group.Range(func(x labels.Label) { ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, x.Name, x.Value)) })
			set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to}, ms...)
			for set.Next() {
				s := set.At()
				if s.Labels().Len() != group.Len()+2 {
					continue // a group with more labels
				}
				it = s.Iterator(it)
				for it.Next() == chunkenc.ValFloat {
					t, v := it.At()
					out[field] = append(out[field], sample{t, v})
				}
				if err := it.Err(); err != nil {
					return nil, fmt.Errorf("read %s: %w", name, err)
				}
				whole = whole || w
			}
			if err := set.Err(); err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	for _, ss := range out {
		slices.SortFunc(ss, func(a, b sample) int { return int(a.t - b.t) })
	}
	return out, nil
}

// Points returns a group's datapoints that end in [from, to] as published, oldest first. maxPoints thins them out, keeping
// each span's lowest and highest; 0 keeps all. An empty group means the KPI as a whole.
func (l *Ledger) Points(ctx context.Context, name string, group labels.Labels, from, to int64, maxPoints int) ([]kpi.Point, error) {
	f, err := l.read(ctx, name, group, from, to, fieldValue, fieldGood, fieldTotal, fieldUpper, fieldMissing, fieldWithheld, fieldCoverage)
	if err != nil {
		return nil, err
	}
	out := make([]kpi.Point, 0, len(f[fieldValue]))
	next := map[int]int{}
	at := func(field int, t int64) float64 {
		ss := f[field]
		i := next[field]
		for i < len(ss) && ss[i].t < t {
			i++
		}
		next[field] = i
		if i < len(ss) && ss[i].t == t {
			return ss[i].v
		}
		return math.NaN()
	}
	coverage := 1.0
	for _, s := range f[fieldValue] {
		p := kpi.Point{End: s.t, Value: s.v, Good: at(fieldGood, s.t), Total: at(fieldTotal, s.t), Upper: at(fieldUpper, s.t)}
		if c := at(fieldCoverage, s.t); !math.IsNaN(c) {
			coverage = c
		}
		p.Coverage = coverage
		if value.IsStaleNaN(s.v) {
			p.Value = at(fieldWithheld, s.t)
			p.Missing = kpi.NoData
			if code := int(at(fieldMissing, s.t)); code > 0 && code < len(reasons) {
				p.Missing = reasons[code]
			}
		}
		out = append(out, p)
	}
	return thin(out, maxPoints), nil
}

// thin keeps at most n points: of each span the lowest and the highest real one, or a missing one where nothing is real.
func thin(ps []kpi.Point, n int) []kpi.Point {
	if n <= 0 || len(ps) <= n {
		return ps
	}
	spans := max(n/2, 1)
	out := make([]kpi.Point, 0, n)
	for s := range spans {
		span := ps[s*len(ps)/spans : (s+1)*len(ps)/spans]
		lo, hi := -1, -1
		for i, p := range span {
			if !p.Real() {
				continue
			}
			if lo < 0 || p.Value < span[lo].Value {
				lo = i
			}
			if hi < 0 || p.Value > span[hi].Value {
				hi = i
			}
		}
		switch {
		case len(span) == 0:
		case lo < 0:
			out = append(out, span[0])
		case lo == hi:
			out = append(out, span[lo])
		default:
			out = append(out, span[min(lo, hi)], span[max(lo, hi)])
		}
	}
	return out
}

// Lights returns a group's light at each step of [from, to], the worst of the step; steps without one are left out. An
// empty group means the KPI as a whole.
func (l *Ledger) Lights(ctx context.Context, name string, group labels.Labels, from, to, step int64) ([]LightPoint, error) {
	f, err := l.read(ctx, name, group, from, to, fieldLight)
	if err != nil {
		return nil, err
	}
	var out []LightPoint
	for _, s := range f[fieldLight] {
		light := kpi.Light(s.v)
		t := s.t
		if step > 0 {
			t = kpi.PeriodEnd(s.t, step)
		}
		if n := len(out); n > 0 && out[n-1].T == t {
			out[n-1].Light = kpi.Worst(out[n-1].Light, light)
			continue
		}
		out = append(out, LightPoint{t, light})
	}
	return out, nil
}

// Slices returns the good and total that an objective counts, oldest first. windowed says that the datapoints' own counts
// cover more than their period, so that the slices are kept apart.
func (l *Ledger) Slices(ctx context.Context, name string, group labels.Labels, from, to int64, windowed bool) ([]Slice, error) {
	good, total := fieldGood, fieldTotal
	if windowed {
		good, total = fieldSliceGood, fieldSliceTotal
	}
	f, err := l.read(ctx, name, group, from, to, good, total)
	if err != nil {
		return nil, err
	}
	out := make([]Slice, 0, len(f[total]))
	g := f[good]
	for _, s := range f[total] {
		for len(g) > 0 && g[0].t < s.t {
			g = g[1:]
		}
		if len(g) > 0 && g[0].t == s.t {
			out = append(out, Slice{s.t, g[0].v, s.v})
		}
	}
	return out, nil
}

// LastEnd returns the newest datapoint's end of a KPI since from, 0 if there is none.
func (l *Ledger) LastEnd(ctx context.Context, name string, from, to int64) (int64, error) {
	q, err := l.store.Querier(from, to)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer q.Close()
	var last int64
	var it chunkenc.Iterator
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to},
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, "("+publicPrefix+"|"+wholePrefix+")value"),
		labels.MustNewMatcher(labels.MatchEqual, "kpi", name))
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			last = max(last, it.AtT())
		}
	}
	return last, set.Err()
}
