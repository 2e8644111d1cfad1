package kpi_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

func TestApdexOverRowsIsTheWorkbooks(t *testing.T) {
	for i, row := range rows(t, "testdata/apdex.tsv") {
		limit, err := strconv.ParseFloat(row["T_ms"], 64)
		require.NoError(t, err)
		k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Apdex, Of: named("spans"), Value: "duration", T: limit / 1000}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		m.SawBefore(0, 1) // spans were seen before, so that silence is nothing that happened
		for _, s := range strings.Split(row["samples_ms"], ",") {
			if s == "(none)" {
				continue
			}
			ms, err := strconv.ParseFloat(strings.TrimSuffix(s, " (error)"), 64)
			require.NoError(t, err)
			m.FeedRow(0, nil, &kpi.Row{Time: 500_000, Weight: 1, Value: ms * 1e6 / 1e9, Failed: strings.HasSuffix(s, "(error)")})
		}
		p := m.Close(1000, false)[0].Point
		if row["apdex"] == "no-data" {
			require.Equal(t, kpi.Few, p.Missing)
			continue
		}
		want, err := strconv.ParseFloat(row["apdex"], 64)
		require.NoError(t, err)
		require.Equal(t, kpi.NotMissing, p.Missing)
		require.Equal(t, want, p.Value, "row %d", i)
	}
}

func TestARowCountsInThePeriodOfItsTime(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: named("events")}}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	for _, us := range []int64{1_000_000, 1_000_001, 2_000_000, 2_000_001} { // (start, end]
		m.FeedRow(0, nil, &kpi.Row{Time: us, Weight: 1})
	}
	require.Equal(t, 1.0, m.Close(1000, false)[0].Point.Value)
	require.Equal(t, 2.0, m.Close(2000, false)[0].Point.Value)
	require.Equal(t, 1.0, m.Close(3000, false)[0].Point.Value)
	require.Equal(t, int64(2), kpi.RowTime(1001))
}

func TestWhatSilenceOfRowsMeans(t *testing.T) {
	alive := true
	point := func(in kpi.Indicator, seen, unobserved bool) kpi.Point {
		k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: in}
		m := kpi.NewMeter(k, kpi.MeterOptions{Alive: func(from, to int64) bool {
			require.Equal(t, [2]int64{1000, 2000}, [2]int64{from, to})
			return alive
		}})
		if seen {
			for i := range m.Sides() {
				m.SawBefore(i, 500)
			}
		}
		return m.Close(2000, unobserved)[0].Point
	}
	rate := kpi.Indicator{Kind: kpi.Rate, Of: named("logs")}
	people := kpi.Indicator{Kind: kpi.Unique, Of: named("logs"), Value: "user"}
	share := kpi.Indicator{Kind: kpi.Ratio, Bad: named("logs"), Total: named("logs")}
	require.Zero(t, point(rate, true, false).Value)
	require.True(t, point(people, true, false).Real())
	require.Equal(t, kpi.Few, point(share, true, false).Missing)
	require.Equal(t, kpi.Unobserved, point(rate, true, true).Missing, "silence while we were down says nothing")
	require.Equal(t, kpi.NeverSeen, point(rate, false, false).Missing)
	alive = false
	require.Equal(t, kpi.NoData, point(rate, true, false).Missing)
	require.Equal(t, kpi.NoData, point(share, true, false).Missing)
}

func TestAPairIsBookedTheSameInAnyOrder(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, By: []string{"agency"}, MaxGroups: 10, Indicator: kpi.Indicator{Kind: kpi.Pair, First: named("events"), Then: named("events"), On: "business_id", Within: 2 * time.Second}}
	type step struct {
		side int
		at   int64 // ms
		id   uint64
	}
	steps := []step{{0, 100, 1}, {1, 900, 1}, {1, 1500, 1}, {0, 200, 2}, {1, 2300, 2}, {0, 1200, 3}, {1, 3200, 3}, {0, 400, 4}}
	permute := func(order []int) []kpi.Point {
		m := kpi.NewMeter(k, kpi.MeterOptions{Keep: 60_000})
		feed := func(at int) {
			s := steps[at]
			m.FeedRow(s.side, []string{"IRS"}, &kpi.Row{Time: s.at * 1000, Weight: 1, ID: s.id, Business: "case-" + strconv.Itoa(int(s.id)), Trace: [16]byte{15: byte(s.id)}})
		}
		half := len(order) / 2
		for _, at := range order[:half] {
			feed(at)
		}
		for end := int64(1000); end <= 4000; end += 1000 {
			m.Close(end, false)
		}
		for _, at := range order[half:] {
			feed(at)
		}
		var out []kpi.Point
		for end := int64(1000); end <= 4000; end += 1000 {
			ps := m.Again(end, false)
			out = append(out, ps[len(ps)-1].Point)
		}
		refs := m.Examples(labels.FromStrings("agency", "IRS"), 3000, 5)
		require.Equal(t, []kpi.TraceRef{
			{At: 200, Trace: strings.Repeat("0", 31) + "2", Business: "case-2", After: 2100 * time.Millisecond},
			{At: 400, Trace: strings.Repeat("0", 31) + "4", Business: "case-4"},
		}, refs, "%v", order)
		require.Empty(t, m.Examples(labels.FromStrings("agency", "SSA"), 3000, 5))
		return out
	}
	want := permute([]int{0, 1, 2, 3, 4, 5, 6, 7})
	require.Equal(t, 1.0, want[0].Value, "case 1 completed")
	require.Equal(t, kpi.Few, want[1].Missing)
	require.Zero(t, want[2].Value, "cases 2 and 4 ran out of time")
	require.Equal(t, 2.0, want[2].Total)
	require.Equal(t, 1.0, want[3].Value, "case 3 completed at the very end of its time")
	for _, order := range [][]int{{7, 6, 5, 4, 3, 2, 1, 0}, {1, 0, 2, 4, 3, 6, 5, 7}, {2, 7, 4, 6, 0, 1, 3, 5}} {
		got := permute(order)
		for i := range want {
			require.Equal(t, want[i].Missing, got[i].Missing, "%v", order)
			require.Equal(t, want[i].Total, got[i].Total, "%v", order)
			require.Equal(t, want[i].Good, got[i].Good, "%v", order)
		}
	}
}

func TestRowsOfAMeterAreForgotten(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: 2 * time.Second, Indicator: kpi.Indicator{Kind: kpi.Pair, First: named("events"), Then: named("events"), On: "business_id", Within: time.Second}}
	m := kpi.NewMeter(k, kpi.MeterOptions{Keep: 5000})
	for end := int64(1000); end < 2_000_000; end += 1000 {
		for side := range 2 {
			m.FeedRow(side, nil, &kpi.Row{Time: end*1000 - 500_000 + int64(side), Weight: 1, ID: uint64(end)})
		}
		p := m.Close(end, false)[0].Point
		require.Equal(t, 1.0, p.Value)
	}
	require.Zero(t, m.Unpaired)
	require.LessOrEqual(t, kpi.Held(m), 40)
}
