package backtest_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// t0 is a midnight.
var t0 = time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC).UnixMilli()

// run is a rehearsal over some days with pages that begin at these offsets and last ten minutes each; somebody is told
// 15 seconds after the datapoint.
func run(days int64, light kpi.Light, starts ...int64) *backtest.Rehearsed {
	r := backtest.NewRecorder(t0, t0+days*day, time.Minute, time.UTC)
	for _, s := range starts {
		at := t0 + s
		r.Signal(&kpi.PageSignal{Firing: true, Since: at, At: at + 15_000, Cause: "threshold"})
		r.Signal(&kpi.PageSignal{Since: at, At: at + 10*minute + 15_000, Last: kpi.Point{End: at + 10*minute}, Resolved: "recovered"})
	}
	end := t0 + days*day
	p := kpi.Point{End: end}
	r.Group("{}", labels.EmptyLabels(), &p, light)
	r.Whole(end, &p, light)
	out := &backtest.Rehearsed{KPI: "x", From: t0, To: end}
	r.Result(out)
	return out
}

func TestCompareScores(t *testing.T) {
	now := run(90, kpi.Green, 10*hour+5*minute)
	proposed := run(90, kpi.Red, 10*hour+2*minute, 33*hour, 35*hour, 37*hour, 39*hour, 50*hour)
	labelled := []backtest.Labelled{
		{From: t0 + 10*hour, To: t0 + 11*hour, Kind: backtest.RealIncident},
		{From: t0 + 33*hour, To: t0 + 34*hour, Kind: backtest.MissedIncident},
		{From: t0 + 50*hour, To: t0 + 51*hour, Kind: backtest.NoiseOnly},
		{From: t0 - 5*hour, To: t0 - 4*hour, Kind: backtest.RealIncident}, // before the test
	}
	c := backtest.Compare(now, proposed, labelled)
	require.Equal(t, "Five more pages in 90 days, one real incident caught that was missed, the first alert comes 4 min earlier, and the board would show Breached today instead of On target.", c.Sentence)
	require.Equal(t, 2, c.Now.Real)
	require.Equal(t, 1, c.Now.Caught)
	require.Equal(t, 0.5, *c.Now.Recall)
	require.Equal(t, 1.0, *c.Now.Precision)
	require.Equal(t, 315.0, *c.Now.FirstAlert)
	require.Equal(t, 2, c.Proposed.Caught)
	require.Equal(t, 1.0, *c.Proposed.Recall)
	require.InDelta(t, 2.0/3, *c.Proposed.Precision, 1e-12, "what the log says nothing of counts neither way")
	require.Equal(t, 75.0, *c.Proposed.FirstAlert, "the median of 135 s and 15 s")
	require.Equal(t, 6, c.Proposed.PageCount)
	require.Equal(t, 1, c.Proposed.NightCount, "50 h is two o'clock")
	require.InDelta(t, 6*7/90.0, c.Proposed.PerWeek, 0.01)
	var real []string
	for _, p := range c.Proposed.Pages {
		real = append(real, p.Real)
	}
	require.Equal(t, []string{"real", "real", "unlabelled", "unlabelled", "unlabelled", "noise"}, real)
	_, err := json.Marshal(c)
	require.NoError(t, err)
}

func TestConsequences(t *testing.T) {
	silent := func(r *backtest.Rehearsed, red float64) *backtest.Rehearsed {
		r.Silent, r.Minutes = true, map[string]float64{"red": red}
		return r
	}
	for want, pair := range map[string][2]*backtest.Rehearsed{
		"No pages, as now, in 30 days, and the board would show On target today.":                  {run(30, kpi.Green), run(30, kpi.Green)},
		"As many pages as now (2) in 7 days, and the board would show At risk today.":              {run(7, kpi.Yellow, hour, 2*hour), run(7, kpi.Yellow, 3*hour, 4*hour)},
		"One page fewer in 30 days, and the board would show On target today instead of Breached.": {run(30, kpi.Red, hour), run(30, kpi.Green)},
		"Two pages in 30 days, and the board would show On target today.":                          {nil, run(30, kpi.Green, hour, 5*hour)},
		"The KPI would be judged no more; it sent one page in 30 days.":                            {run(30, kpi.Green, hour), nil},
		"12 more minutes red in 30 days, and the board would show On target today.":                {silent(run(30, kpi.Green), 3), silent(run(30, kpi.Green), 15)},
		"Nothing can be said of the past, because there is no datapoint to judge.":                 {run(30, kpi.Green), {Silent: true}},
	} {
		if want[:2] == "12" {
			want = "Twelve" + want[2:]
		}
		require.Equal(t, want, backtest.Compare(pair[0], pair[1], nil).Sentence)
	}
}

// TestRecorderStaysSmall: a year of a light that changes every minute keeps exact minutes and few stretches.
func TestRecorderStaysSmall(t *testing.T) {
	const days = 90
	r := backtest.NewRecorder(t0, t0+days*day, time.Minute, time.UTC)
	for end := t0 + minute; end <= t0+days*day; end += minute {
		light := kpi.Light(end / minute % 3)
		p := kpi.Point{End: end, Value: math.Sin(float64(end))}
		if light == kpi.Yellow {
			p.Missing = kpi.NoData
		}
		for _, g := range []string{"a", "b"} {
			r.Group(g, labels.FromStrings("g", g), &p, light)
		}
		r.Whole(end, nil, light)
	}
	var out backtest.Rehearsed
	r.Result(&out)
	require.Equal(t, map[string]float64{"green": days * 480, "yellow": days * 480, "red": days * 480, "grey": 0}, out.Minutes)
	require.LessOrEqual(t, len(out.Spans), backtest.MaxSpans)
	require.Equal(t, t0, out.Spans[0].From)
	require.Equal(t, t0+days*day, out.Spans[len(out.Spans)-1].To)
	for i := 1; i < len(out.Spans); i++ {
		require.Equal(t, out.Spans[i-1].To, out.Spans[i].From)
	}
	require.Len(t, out.Strip, backtest.StripDays)
	require.Equal(t, backtest.Day{Day: "2026-07-13", Light: "red"}, out.Strip[29])
	require.Nil(t, out.Chart)
	require.Len(t, out.Groups, 2)
	require.LessOrEqual(t, len(out.Groups[0].Chart.T), 1000)
	lowest := 0.0
	for i, v := range out.Groups[0].Chart.Value {
		require.NotNil(t, v)
		lowest = min(lowest, *v)
		if i > 0 {
			require.Less(t, out.Groups[0].Chart.T[i-1], out.Groups[0].Chart.T[i])
		}
	}
	require.Less(t, lowest, -0.9999)
}

// TestRecorderFollowsPages: one that begins as silence and turns out to be a breach is one page, and what is open stays open.
func TestRecorderFollowsPages(t *testing.T) {
	r := backtest.NewRecorder(t0, t0+day, time.Minute, time.FixedZone("", -5*3600))
	g := labels.FromStrings("g", "a")
	r.Signal(&kpi.PageSignal{Group: g, Firing: true, Since: t0, At: t0}) // began before
	r.Signal(&kpi.PageSignal{Group: g, Resolved: "recovered", Last: kpi.Point{End: t0 + minute}})
	r.Signal(&kpi.PageSignal{Group: g, Firing: true, Since: t0 + 2*hour, Cause: "no_data"})
	r.Signal(&kpi.PageSignal{Group: g, Firing: true, Since: t0 + 3*hour, Cause: "threshold"})
	r.Signal(&kpi.PageSignal{Group: g, Firing: true, Since: t0 + 3*hour, NoDataFrom: t0 + 4*hour, Cause: "threshold"})
	var out backtest.Rehearsed
	r.Result(&out)
	require.Equal(t, []backtest.Sent{{Page: backtest.Page{Group: g, From: t0 + 2*hour, Cause: "threshold", Real: "unlabelled"}}}, out.Pages)
	require.Zero(t, out.NightCount, "nine in the evening there")
}
