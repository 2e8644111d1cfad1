package evaluate_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// everyRowKind is a KPI of each kind over rows, with and without groups and with windows longer than a period.
func everyRowKind(t *testing.T) []*kpi.KPI {
	spans := func() *kpi.Selector { return selector(t, `spans{kind="server"}`) }
	filings := selector(t, `events{name=~"filing_.*"}`)
	list := []*kpi.KPI{
		overRows("bad", kpi.Indicator{Kind: kpi.Ratio, Bad: selector(t, `events{name="filing_rejected"}`), Total: filings}),
		overRows("good", kpi.Indicator{Kind: kpi.Ratio, Good: selector(t, `events{name="filing_accepted"}`), Total: filings}),
		overRows("rate", kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `logs{level="error"}`)}),
		overRows("mean", kpi.Indicator{Kind: kpi.Mean, Of: selector(t, `events{name="survey"}`), Value: "value"}),
		overRows("below", kpi.Indicator{Kind: kpi.ShareBelow, Of: spans(), Value: "duration", Below: 0.4}),
		overRows("p90", kpi.Indicator{Kind: kpi.Quantile, Of: spans(), Value: "duration", Q: 0.9}),
		overRows("apdex", kpi.Indicator{Kind: kpi.Apdex, Of: spans(), Value: "duration", T: 0.3}),
		overRows("people", kpi.Indicator{Kind: kpi.Unique, Of: selector(t, `events{}`), Value: "user"}),
		overRows("fresh", kpi.Indicator{Kind: kpi.Freshness, Of: selector(t, `events{name="survey"}`)}),
		overRows("pair", kpi.Indicator{Kind: kpi.Pair, First: selector(t, `events{name="filing_submitted"}`), Then: selector(t, `events{name="filing_accepted"}`), On: "business_id", Within: 40 * time.Second}),
	}
	for i, k := range list {
		if i%2 == 0 {
			k.By = []string{"agency"}
		}
		if i%3 == 0 {
			k.Window = 4 * time.Minute
		}
	}
	return list
}

// rowDay drives two hours of rows that come late, out of order and while we are restarted, and returns the house as it stands.
func rowDay(t *testing.T, seed uint64, kpis []*kpi.KPI) *house {
	d := rand.New(rand.NewPCG(seed, 3))
	h := newHouse(t, kpis...)
	agencies := []string{"IRS", "SSA", ""}
	type late struct {
		arrives time.Time
		table   rowstore.Table
		row     rowstore.Row
	}
	var waiting []late
	row := func(at time.Time) (rowstore.Table, rowstore.Row) {
		r := rowstore.Row{Time: at.UnixMicro(), Weight: []float32{1, 1, 1, 2.5, 10}[d.IntN(5)], Agency: agencies[d.IntN(3)]}
		switch d.IntN(4) {
		case 0:
			r.Severity = uint8(1 + d.IntN(24))
			return rowstore.Logs, r
		case 1:
			r.Kind, r.Status, r.Duration = uint8(1+d.IntN(3)), uint8(d.IntN(3)), int64(d.ExpFloat64()*4e8)
			return rowstore.Spans, r
		default:
			r.Name = []string{"filing_submitted", "filing_submitted", "filing_accepted", "filing_rejected", "survey", "login"}[d.IntN(6)]
			r.Business, r.User, r.Value = fmt.Sprint(at.Unix()/60*10+int64(d.IntN(8))), fmt.Sprint("u", d.IntN(40)), float64(d.IntN(50))/10-1
			if d.IntN(9) == 0 {
				r.Business, r.User = "", ""
			}
			return rowstore.Events, r
		}
	}
	const steps = 2 * 60 * 4
	for q := 1; q <= steps; q++ {
		h.now = t0.Add(time.Duration(q) * 15 * time.Second)
		quiet := q > 200 && q < 230
		for range d.IntN(12) {
			at := h.now.Add(-time.Duration(d.IntN(25_000_000)) * time.Microsecond)
			if d.IntN(20) == 0 {
				at = at.Truncate(time.Minute) // the very end of a period
			}
			table, r := row(at)
			switch {
			case quiet:
			case d.IntN(15) == 0:
				waiting = append(waiting, late{h.now.Add(time.Duration(d.IntN(4500)) * time.Second), table, r})
			default:
				h.receive(table, r)
			}
		}
		kept := waiting[:0]
		for _, w := range waiting {
			if !w.arrives.After(h.now) {
				h.receive(w.table, w.row)
			} else {
				kept = append(kept, w)
			}
		}
		waiting = kept
		h.engine.CloseDue(t.Context())
		if q == 170 || q == 350 {
			h.restart(2 * time.Second)
		}
	}
	for _, w := range waiting {
		h.receive(w.table, w.row)
	}
	h.now = h.now.Add(2 * time.Second)
	h.engine.CloseDue(t.Context())
	h.now = h.now.Add(time.Minute)
	h.engine.CloseDue(t.Context())
	h.now = h.now.Add(time.Minute)
	h.engine.CloseDue(t.Context())
	return h
}

// answer is what the oracle says of a period: a value, or that there is none.
type answer struct {
	value, good, total float64
	missing            kpi.MissingReason
}

// oracle knows all rows that a KPI may count and computes datapoints from them as kpi.md says it, one by one.
type oracle struct {
	k     *kpi.KPI
	times []int64 // of every row of the table
	rows  []oracleRow
}

type oracleRow struct {
	*rowstore.Row
	decides, good bool  // on the side that is counted; on the side that makes good or bad
	done          int64 // of a first: when it was completed
}

func newOracle(t *testing.T, h *house, k *kpi.KPI) *oracle {
	o, in := &oracle{k: k}, &k.Indicator
	holds := func(s *kpi.Selector) func(r *rowstore.Row) bool {
		if s == nil {
			return func(*rowstore.Row) bool { return false }
		}
		f, err := rowstore.OfMatchers(s.Matchers).Compile()
		require.NoError(t, err)
		return f
	}
	part := in.Bad
	if in.Good != nil {
		part = in.Good
	}
	decides, good, then := holds(cmp.Or(in.Of, in.Total, in.First)), holds(part), holds(in.Then)
	table, _ := rowstore.ParseTable(in.Table())
	rows := h.rows.rows[table]
	thens := map[string][]int64{}
	for i := range rows {
		r := &rows[i]
		o.times = append(o.times, r.Time)
		if r.Received-r.Time <= 3600e6 {
			o.rows = append(o.rows, oracleRow{Row: r, decides: decides(r), good: good(r)})
			if then(r) {
				thens[r.Business] = append(thens[r.Business], r.Time)
			}
		}
	}
	for i := range o.rows {
		r := &o.rows[i]
		for _, at := range thens[r.Business] {
			if at >= r.Time && at <= r.Time+in.Within.Microseconds() && (r.done == 0 || at < r.done) {
				r.done = at
			}
		}
	}
	return o
}

func (o *oracle) at(group *labels.Labels, end int64) answer {
	k, in := o.k, &o.k.Indicator
	from := end - k.Window.Milliseconds()
	inside := func(us int64) bool { return us > from*1000 && us <= end*1000 }
	var good, total, sum float64
	var values []weighed
	people := map[string]bool{}
	ever, newest := false, int64(0)
	for _, r := range o.rows {
		w := float64(r.Weight)
		ever = ever || r.decides && r.Time <= end*1000
		if group != nil && r.Agency != group.Get("agency") {
			continue
		}
		if in.Kind == kpi.Pair {
			if closes := cmp.Or(r.done, r.Time+in.Within.Microseconds()); r.decides && r.Business != "" && inside(closes) {
				total += w
				if r.done != 0 {
					good += w
				}
			}
			continue
		}
		if r.decides && r.Time <= end*1000 {
			newest = max(newest, kpi.RowTime(r.Time))
		}
		if !inside(r.Time) {
			continue
		}
		if r.good {
			good += w
		}
		if !r.decides {
			continue
		}
		total += w
		sum += w * r.Value
		seconds := float64(r.Duration) / 1e9
		values = append(values, weighed{seconds, w})
		switch failed := r.Status == rowstore.StatusError; {
		case in.Kind == kpi.ShareBelow && seconds <= in.Below, in.Kind == kpi.Apdex && !failed && seconds <= in.T:
			good += w
		case in.Kind == kpi.Apdex && !failed && seconds <= 4*in.T:
			good += w / 2
		}
		if r.User != "" {
			people[r.User] = true
		}
	}
	a := answer{good: good, total: total, value: good / total}
	switch {
	case in.Kind == kpi.Freshness:
		a.value = float64(end-newest) / 1000
		if newest == 0 {
			a.missing = kpi.NoData
		}
	case total == 0 && good == 0 && !(ever && slices.ContainsFunc(o.times, inside)):
		a.missing = kpi.NoData
	case in.Kind == kpi.Rate:
		a.value = total / k.Window.Seconds()
	case in.Kind == kpi.Unique:
		a.value = float64(len(people))
	case total == 0:
		a.missing = kpi.Few
	case in.Kind == kpi.Mean:
		a.value = sum / total
	case in.Kind == kpi.Quantile:
		slices.SortFunc(values, func(x, y weighed) int { return cmp.Compare(x.value, y.value) })
		rank, seen := in.Q*(total-1), 0.0
		for _, v := range values {
			if seen += v.weight; seen > rank {
				a.value = v.value
				break
			}
		}
	}
	return a
}

type weighed struct{ value, weight float64 }

// TestRowsLiveReplayAndOracleAgree is senses (a) and (b) over rows: what was said last of each period is, bit for bit, what a
// replay of the store computes, and both are what looking at all rows says.
func TestRowsLiveReplayAndOracleAgree(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			kpis := everyRowKind(t)
			h := rowDay(t, seed, kpis)
			last := t0.Add(2 * time.Hour).UnixMilli()
			for _, k := range kpis {
				brute := newOracle(t, h, k)
				type key struct {
					group string
					end   int64
				}
				replayed := map[key]kpi.Point{}
				groups := map[string]labels.Labels{}
				_, err := h.engine.Replay(t.Context(), k, t0.UnixMilli(), last, h.now.UnixMilli(), func(end int64, points []kpi.GroupPoint) {
					for _, gp := range points {
						if !gp.Retired && (len(k.By) == 0 || !gp.Whole && !gp.Labels.IsEmpty()) { // the ledger takes a group without labels for the whole
							replayed[key{gp.Key, end}], groups[gp.Key] = gp.Point, gp.Labels
						}
					}
				})
				require.NoError(t, err)
				compared, real, restated := 0, 0, 0
				for _, name := range slices.Sorted(maps.Keys(groups)) {
					group := groups[name]
					said, err := h.ledger.Statements(t.Context(), k.Name, name, 0, math.MaxInt64/2)
					require.NoError(t, err)
					restated += len(said)
					points := newestStatements(t, h, k.Name, group, name)
					for _, end := range slices.Sorted(maps.Keys(points)) {
						p := points[end]
						at := fmt.Sprintf("%s%s at %s", k.Name, name, time.UnixMilli(end).UTC().Format("15:04"))
						if end > last || p.Missing == kpi.Unobserved {
							continue // a restart is known to live by the time of its close, to a replay afterwards
						}
						r, ok := replayed[key{name, end}]
						require.True(t, ok, "%s was published and not replayed", at)
						if r.Missing == kpi.Unobserved {
							continue
						}
						var of *labels.Labels
						if len(k.By) > 0 {
							of = &group
						}
						want := brute.at(of, end)
						if r.Missing == kpi.NeverSeen {
							r.Missing, p.Missing = kpi.NoData, map[bool]kpi.MissingReason{true: kpi.NoData, false: p.Missing}[p.Missing == kpi.NeverSeen]
						}
						require.Equal(t, r.Missing, p.Missing, "%s: live %+v, replay %+v", at, p, r)
						require.Equal(t, want.missing, p.Missing, "%s: live %+v, oracle %+v", at, p, want)
						compared++
						if !p.Real() {
							continue
						}
						real++
						require.Equal(t, math.Float64bits(r.Value), math.Float64bits(p.Value), "%s: live %+v, replay %+v, oracle %+v", at, p, r, want)
						tolerance := 1e-9
						if k.Indicator.Kind == kpi.Quantile {
							tolerance = 0.0101 * want.value
						}
						require.InDelta(t, want.value, p.Value, tolerance, "%s: live %+v, oracle %+v", at, p, want)
					}
				}
				require.Greater(t, compared, 90, k.Name)
				require.Greater(t, real, 50, k.Name)
				if k.Indicator.Kind != kpi.Freshness {
					require.Positive(t, restated, "%s: the day has late rows, or the test tests nothing", k.Name)
				}
			}
		})
	}
}
