package kpi_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

// feedTwice gives every bucket a first sample of zero and then its count, both within one period.
func feedTwice(m *kpi.Meter, counts map[string]float64) {
	taps := map[string]*kpi.Tap{}
	for le := range counts {
		taps[le] = m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "le", le), 500)
		taps[le].Feed(500, 0, 0, nil, nil)
	}
	for le, n := range counts {
		taps[le].Feed(900, 0, n, nil, nil)
	}
}

func TestApdexIsTheWorkbooks(t *testing.T) {
	for i, row := range rows(t, "testdata/apdex.tsv") {
		limit, err := strconv.ParseFloat(row["T_ms"], 64)
		require.NoError(t, err)
		k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Apdex, Histogram: named("lat"), T: limit / 1000}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		edges := map[string]float64{"0.1": 0.1, strconv.FormatFloat(limit/1000, 'g', -1, 64): limit / 1000, strconv.FormatFloat(4*limit/1000, 'g', -1, 64): 4 * limit / 1000, "+Inf": math.Inf(1)}
		counts := map[string]float64{}
		for le := range edges {
			counts[le] = 0
		}
		for _, s := range strings.Split(row["samples_ms"], ",") {
			if s == "(none)" {
				continue
			}
			ms, err := strconv.ParseFloat(strings.TrimSuffix(s, " (error)"), 64)
			require.NoError(t, err)
			if strings.HasSuffix(s, "(error)") {
				ms = math.Inf(1) // whoever counts errors books them as frustrated
			}
			for le, edge := range edges {
				if ms/1000 <= edge {
					counts[le]++
				}
			}
		}
		feedTwice(m, counts)
		p := m.Close(1000, false)[0].Point
		if row["apdex"] == "no-data" {
			require.Equal(t, kpi.Few, p.Missing, "row %d: nothing happened", i)
			continue
		}
		want, err := strconv.ParseFloat(row["apdex"], 64)
		require.NoError(t, err)
		require.Equal(t, kpi.NotMissing, p.Missing)
		require.InDelta(t, want, p.Value, 1e-12, "row %d", i)
		require.True(t, math.IsNaN(p.Upper), "exact: T and 4T are edges")
	}
}

// The engine's own histogram_quantile, over the deltas as a gauge, says the same as a quantile KPI.
func TestQuantilesArePromQLs(t *testing.T) {
	all := []float64{0.005, 0.01, 0.1, 0.25, 1, 2.5, 10}
	d := rand.New(rand.NewPCG(1, 2))
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	for range 40 {
		counts, script, sum := map[string]float64{}, "load 1s\n", 0.0
		var edges []float64
		for _, e := range all {
			if d.IntN(4) > 0 {
				edges = append(edges, e)
			}
		}
		sort.Float64s(edges)
		for _, e := range append(edges, math.Inf(1)) {
			sum += float64(d.IntN(5) * d.IntN(20))
			le := strconv.FormatFloat(e, 'g', -1, 64)
			counts[le] = sum
			script += fmt.Sprintf("  delta{le=%q} %v\n", le, sum)
		}
		st := promqltest.LoadedStorage(t, script)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 1} {
			query, err := engine.NewInstantQuery(context.Background(), st, nil, fmt.Sprintf("histogram_quantile(%v, delta)", q), time.UnixMilli(0))
			require.NoError(t, err)
			res, err := query.Exec(context.Background()).Vector()
			require.NoError(t, err)
			k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Quantile, Histogram: named("lat"), Q: q}}
			m := kpi.NewMeter(k, kpi.MeterOptions{})
			feedTwice(m, counts)
			p := m.Close(1000, false)[0].Point
			if math.IsNaN(res[0].F) {
				require.False(t, p.Real(), "q %v of %v: %+v", q, counts, p)
				continue
			}
			require.Equal(t, math.Float64bits(res[0].F), math.Float64bits(p.Value), "q %v of %v: %v and %v", q, counts, res[0].F, p.Value)
		}
	}
}
