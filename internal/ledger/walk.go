package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Closed is what was published of one period. It and what it holds are reused for the next one.
type Closed struct {
	End    int64 // Unix ms
	Points []Published
	Said   []Statement // restatements that were first used in judging this period, in the order of use
}

// Published is one group's datapoint as it was published; restatements are not worked in.
type Published struct {
	KPI                   string
	Group                 labels.Labels
	Key                   string
	Whole                 bool // the KPI as a whole beside its groups
	Point                 kpi.Point
	Revision              int // 0 where the first minute does not say
	SliceGood, SliceTotal float64
}

// walked are the fields that Walk reads.
var walked = [...]int{fieldValue, fieldCoverage, fieldRevision, fieldGood, fieldTotal, fieldUpper, fieldMissing, fieldWithheld, fieldSliceGood, fieldSliceTotal}

// stride is how much of the store Walk looks at in one go. Between two strides nothing is held open.
const stride = int64(24 * 3600_000)

// Walk calls f for each period that ends in [from, to] and of which any of the KPIs published a datapoint, oldest first,
// the groups in the order of their labels and the whole last. What it keeps does not grow with the span: of each series
// one iterator. It stops at the first error of f and returns it.
func (l *Ledger) Walk(ctx context.Context, names []string, from, to int64, f func(*Closed) error) error {
	w := walk{l: l, names: names, rows: map[string]*row{}}
	for at := from; at <= to; at += stride {
		if err := w.span(ctx, at, min(at+stride-1, to), f); err != nil {
			return err
		}
	}
	return nil
}

// FirstEnd returns the oldest datapoint's end of a KPI in [from, to], 0 if there is none.
func (l *Ledger) FirstEnd(ctx context.Context, name string, from, to int64) (int64, error) {
	q, err := l.store.Querier(from, to)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	defer q.Close()
	var first int64
	var it chunkenc.Iterator
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to},
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, "("+publicPrefix+"|"+wholePrefix+")value"),
		labels.MustNewMatcher(labels.MatchEqual, "kpi", name))
	for set.Next() {
		it = set.At().Iterator(it)
		if it.Next() == chunkenc.ValFloat {
			if t := it.AtT(); first == 0 || t < first {
				first = t
			}
		}
	}
	return first, set.Err()
}

// walk is a Walk under way.
type walk struct {
	l      *Ledger
	names  []string
	rows   map[string]*row
	order  []*row
	said   []Statement // of the last span, whose period has published nothing yet
	closed Closed
}

// row is one group of one KPI.
type row struct {
	kpi      string
	group    labels.Labels
	key      string
	whole    bool
	cursors  [fields]cursor
	coverage float64
	revision int
}

// cursor reads one series; t is the time of its next sample, math.MaxInt64 at its end.
type cursor struct {
	it chunkenc.Iterator
	t  int64
	v  float64
}

func (c *cursor) next() {
	if c.it == nil || c.it.Next() != chunkenc.ValFloat {
		c.t = math.MaxInt64
		return
	}
	c.t, c.v = c.it.At()
}

// at returns the series' value at t, NaN if it has none, and leaves what is older behind.
func (c *cursor) at(t int64) float64 {
	for c.t < t {
		c.next()
	}
	if c.t == t {
		return c.v
	}
	return math.NaN()
}

func (w *walk) span(ctx context.Context, from, to int64, f func(*Closed) error) error {
	q, err := w.l.store.Querier(from, to)
	if err != nil {
		return fmt.Errorf("read %s: %w", strings.Join(w.names, ", "), err)
	}
	defer q.Close()
	if err := w.open(ctx, q, from, to); err != nil {
		return err
	}
	said := w.said
	for _, name := range w.names {
		ss, err := w.l.said(ctx, name, from-1, to)
		if err != nil {
			return err
		}
		said = append(said, ss...)
	}
	for {
		end := int64(math.MaxInt64)
		for _, r := range w.order {
			end = min(end, r.cursors[fieldValue].t)
		}
		if end == math.MaxInt64 {
			break
		}
		w.closed.End, w.closed.Points = end, w.closed.Points[:0]
		for _, r := range w.order {
			if r.cursors[fieldValue].t == end {
				w.closed.Points = append(w.closed.Points, r.read(end))
			}
		}
		n := 0
		for n < len(said) && said[n].FirstEnd <= end {
			n++
		}
		w.closed.Said, said = said[:n], said[n:]
		if err := f(&w.closed); err != nil {
			return err
		}
	}
	w.said = said
	for _, r := range w.order {
		for i := range r.cursors {
			if err := r.cursors[i].err(); err != nil {
				return fmt.Errorf("read %s: %w", r.kpi, err)
			}
		}
	}
	return nil
}

func (c *cursor) err() error {
	if c.it == nil {
		return nil
	}
	return c.it.Err()
}

// open sets a cursor at the first sample of each series of the span.
func (w *walk) open(ctx context.Context, q storage.Querier, from, to int64) error {
	for _, r := range w.order {
		for i := range r.cursors {
			r.cursors[i].it, r.cursors[i].t = nil, math.MaxInt64
		}
	}
	metrics := map[string]int{}
	var alternatives []string
	for _, field := range walked {
		for _, whole := range []bool{false, true} {
			name := prefix(field, whole) + fieldNames[field]
			metrics[name] = field
			alternatives = append(alternatives, name)
		}
	}
	quoted := make([]string, len(w.names))
	for i, n := range w.names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to},
		labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, strings.Join(alternatives, "|")),
		labels.MustNewMatcher(labels.MatchRegexp, "kpi", strings.Join(quoted, "|")))
	for set.Next() {
		s := set.At()
		l := s.Labels()
		metric, name := l.Get(model.MetricNameLabel), l.Get("kpi")
		b := labels.NewBuilder(l)
		b.Del(model.MetricNameLabel, "kpi")
		r := w.row(name, b.Labels(), strings.HasPrefix(metric, wholePrefix))
		c := &r.cursors[metrics[metric]]
		c.it = s.Iterator(nil)
		c.next()
	}
	return set.Err()
}

func (w *walk) row(name string, group labels.Labels, whole bool) *row {
	key := group.String()
	id := fmt.Sprintf("%s\xff%t\xff%s", name, whole, key)
	if r := w.rows[id]; r != nil {
		return r
	}
	r := &row{kpi: name, group: group, key: key, whole: whole, coverage: 1}
	for i := range r.cursors {
		r.cursors[i].t = math.MaxInt64
	}
	w.rows[id] = r
	at, _ := slices.BinarySearchFunc(w.order, r, func(a, b *row) int {
		if a.whole != b.whole {
			if b.whole {
				return -1
			}
			return 1
		}
		return cmp.Or(labels.Compare(a.group, b.group), cmp.Compare(a.kpi, b.kpi))
	})
	w.order = slices.Insert(w.order, at, r)
	return r
}

// read returns the row's datapoint that ended at end.
func (r *row) read(end int64) Published {
	at := func(field int) float64 { return r.cursors[field].at(end) }
	p := kpi.Point{End: end, Value: at(fieldValue), Good: at(fieldGood), Total: at(fieldTotal), Upper: at(fieldUpper)}
	if c := at(fieldCoverage); !math.IsNaN(c) {
		r.coverage = c
	}
	if n := at(fieldRevision); !math.IsNaN(n) {
		r.revision = int(n)
	}
	p.Coverage = r.coverage
	missing, withheld := at(fieldMissing), at(fieldWithheld)
	if value.IsStaleNaN(p.Value) {
		p.Value, p.Missing = withheld, kpi.NoData
		if code := int(missing); code > 0 && code < len(reasons) {
			p.Missing = reasons[code]
		}
	}
	out := Published{KPI: r.kpi, Group: r.group, Key: r.key, Whole: r.whole, Point: p, Revision: r.revision, SliceGood: at(fieldSliceGood), SliceTotal: at(fieldSliceTotal)}
	r.cursors[fieldValue].next()
	return out
}
