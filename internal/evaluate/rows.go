package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Rows is what the engine reads of a row store; rowstore.Store has it. Scan hands rows over in the order of their time.
type Rows interface {
	Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error
}

// ahead is how far before its arrival a row's time may lie in the future and still count.
const ahead = int64(3600_000_000)

// rowUnit is what a unit knows of the rows that feed it.
type rowUnit struct {
	k      *kpi.KPI
	table  rowstore.Table
	sides  []rowstore.Expr // by the meter's sides
	by     []string        // scratch: a row's values of By
	late   int64           // µs between a row's time and its arrival, beyond which it does not count
	fields []string        // what a scan must hand over; it always tells when a row arrived
	begun  bool            // it has published before
	start  int64           // Unix ms: what its windows are filled from
	// Stored rows fill the meter as far as they arrived before cut (Unix µs), the tap brings those that arrived at or after
	// it. A row that arrived before and is observed now may have been committed too late to be found: missed.
	cut    int64
	missed bool
	filled bool // since the last mend its meter was filled from the store, and may know less than what was said
	next   *refill
	swept  int64                // end of the period at which said was last cleared of what is too old
	said   map[saidOf]kpi.Point // what was said last of the periods that late rows may still restate
}

// saidOf names a datapoint of a unit.
type saidOf struct {
	group string
	whole bool // the KPI as a whole beside its groups
	end   int64
}

// note remembers the datapoints of a period that closed and forgets those that no row can restate any more.
func (ru *rowUnit) note(points []kpi.GroupPoint, end int64) {
	if ru.said == nil {
		ru.said = map[saidOf]kpi.Point{}
	}
	for i := range points {
		if gp := &points[i]; !gp.Retired {
			ru.said[saidOf{gp.Key, gp.Whole && len(ru.k.By) > 0, end}] = gp.Point
		}
	}
	if old := end - keepFor(ru.k); ru.swept <= old { // now and then, so that a close costs what its groups cost
		ru.swept = end
		for key := range ru.said {
			if key.end <= old {
				delete(ru.said, key)
			}
		}
	}
}

// refill is a meter that takes the place of one that may have missed rows.
type refill struct {
	meter *kpi.Meter
	cut   int64
}

func newRowUnit(k *kpi.KPI) (*rowUnit, error) {
	table, ok := rowstore.ParseTable(k.Indicator.Table())
	if !ok {
		return nil, fmt.Errorf("there is no table %q", k.Indicator.Table())
	}
	ru := &rowUnit{k: k, table: table, by: make([]string, len(k.By)), late: restateFor(k) * 1000, fields: []string{"time", "weight"}}
	add := func(names ...string) {
		for _, name := range names {
			if name != "" && !slices.Contains(ru.fields, name) {
				ru.fields = append(ru.fields, name)
			}
		}
	}
	in := &k.Indicator
	for _, s := range in.Selectors() {
		if s.Table() != table.String() {
			return nil, fmt.Errorf("%s does not select rows of %s", s.Text, table)
		}
		x := rowstore.OfMatchers(s.Matchers)
		if _, err := x.Compile(); err != nil {
			return nil, err
		}
		ru.sides = append(ru.sides, x)
		for _, m := range s.Matchers {
			if m.Name != "__name__" {
				add(m.Name)
			}
		}
	}
	add(k.By...)
	add(in.Value, in.On)
	switch in.Kind {
	case kpi.Apdex:
		add("status")
	case kpi.Pair:
		add("trace_id")
	}
	return ru, nil
}

// restateFor is how long late data may restate a KPI, ms.
func restateFor(k *kpi.KPI) int64 {
	if k.RestateFor == 0 {
		return 3600_000
	}
	return k.RestateFor.Milliseconds()
}

// counts reports whether a row came in time to count. It goes by what is stored with the row, so that a replay says the same.
func (ru *rowUnit) counts(r *rowstore.Row) bool {
	return r.Received == 0 || r.Received-r.Time <= ru.late && r.Time-r.Received <= ahead
}

// feed gives a meter a row that its side selects. It allocates nothing for a group that is known.
func (ru *rowUnit) feed(m *kpi.Meter, side int, r *rowstore.Row) {
	row := kpi.Row{Time: r.Time, Weight: r.Weight}
	switch in := &ru.k.Indicator; in.Kind {
	case kpi.Mean, kpi.ShareBelow, kpi.Quantile, kpi.Apdex:
		row.Value = number(r, in.Value)
		row.Failed = r.Status == rowstore.StatusError
	case kpi.Unique:
		row.ID = hashOf(r.Get(in.Value))
	case kpi.Pair:
		row.Business = r.Get(in.On)
		row.ID, row.Trace = hashOf(row.Business), r.Trace
	}
	for i, name := range ru.k.By {
		ru.by[i] = r.Get(name)
	}
	m.FeedRow(side, ru.by, &row)
}

// number is a numeric field of a row, NaN where it has none.
func number(r *rowstore.Row, field string) float64 {
	v, ok := r.Number(field)
	if !ok {
		return math.NaN()
	}
	return v
}

// hashOf is 0 for nothing and for nothing else.
func hashOf(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(xxhash.Sum64String(s), 1)
}

// ObserveRows implements gate.RowObserver: it feeds a batch that was just committed to the meters whose sides select its rows.
func (e *Engine) ObserveRows(b *rowstore.Batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	began := time.Now()
	t := &e.rows.tables[b.Table]
	counted, refused := 0, 0
	for i := range b.Rows {
		r := &b.Rows[i]
		if woke := e.lives[b.Table].saw(r.Time); woke > 0 {
			for _, u := range t.units {
				u.meter.Woke(woke)
			}
		}
		for _, m := range t.match(r) {
			for _, f := range m.feeds {
				ru := f.u.rows
				if !ru.counts(r) {
					refused++
					continue
				}
				if r.Received == 0 || r.Received >= ru.cut {
					ru.feed(f.u.meter, f.side, r)
					counted++
				} else {
					ru.missed = true
				}
				if ru.next != nil && r.Received >= ru.next.cut {
					ru.feed(ru.next.meter, f.side, r)
				}
			}
		}
	}
	e.metrics.rowsCounted.Add(float64(counted))
	e.metrics.rowsLate.Add(float64(refused))
	e.metrics.tap.Add(time.Since(began).Seconds())
}

// recallSaid reads what was said last of the periods that late rows may still restate: after a restart all of them are
// compared with what is stored.
func (e *Engine) recallSaid(ctx context.Context, u *unit, g *standing, group labels.Labels, key string, whole bool) error {
	from := u.closed - keepFor(u.k)
	points, err := e.o.Ledger.Points(ctx, u.k.Name, group, from, u.closed, 0)
	if err != nil {
		return err
	}
	restated, err := e.o.Ledger.Statements(ctx, u.k.Name, key, from, u.closed)
	if err != nil {
		return err
	}
	if u.rows.said == nil {
		u.rows.said = map[saidOf]kpi.Point{}
	}
	for _, p := range points {
		u.rows.said[saidOf{g.key, whole && len(u.k.By) > 0, p.End}] = p
	}
	for _, s := range restated {
		u.rows.said[saidOf{g.key, whole && len(u.k.By) > 0, s.Point.End}] = s.Point
	}
	return nil
}

// maxExamples is how many failed pairs a question for them returns.
const maxExamples = 20

// Examples returns failed pairs of a group in the period that ends at end (Unix ms): what leads from a red datapoint of a pair
// indicator to its traces and cases, the oldest first. An empty group is the KPI as a whole. Periods are known for as long
// as late rows may restate them.
func (e *Engine) Examples(name string, group labels.Labels, end int64) []kpi.TraceRef {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.units[name] == nil {
		return nil
	}
	u := e.current(name)
	if u.meter == nil {
		return nil
	}
	return u.meter.Examples(group, end, maxExamples)
}
