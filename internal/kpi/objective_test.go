package kpi_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

func rolling(target float64, days int) kpi.Objective {
	return kpi.Objective{Target: target, Window: time.Duration(days) * 24 * time.Hour}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return v
}

func length(t *testing.T, s string) int64 {
	t.Helper()
	d, err := model.ParseDuration(s)
	require.NoError(t, err)
	return time.Duration(d).Milliseconds()
}

// The published factors, the time in which each rule notices that everything fails, and how soon it lets go.
func TestBurnRatesFollowTheWorkbook(t *testing.T) {
	o := rolling(0.999, 30)
	for i, row := range rows(t, "testdata/slo-burn-rate.tsv") {
		t.Run(row["severity"]+"/"+row["speed"], func(t *testing.T) {
			l := kpi.NewLadder(o, time.Minute)
			now := 20_000 * day
			for range 4 * 24 * 60 {
				now += minute
				l.Add(now, 100, 100)
			}
			burn := l.View(o, now, 0, nil).Burns[i]
			require.Equal(t, row["severity"], burn.Severity)
			require.InDelta(t, number(t, row["factor_30d"]), burn.Factor, 1e-9)
			require.Equal(t, length(t, row["long"]), burn.Long.Milliseconds())
			require.Equal(t, length(t, row["short"]), burn.Short.Milliseconds())
			require.InDelta(t, number(t, row["factor_30d"])*28/30, kpi.NewLadder(rolling(0.999, 28), time.Minute).View(rolling(0.999, 28), now, 0, nil).Burns[i].Factor, 1e-9)
			require.False(t, burn.Burning)

			noticed := 0
			for n := 1; n <= 120; n++ {
				now += minute
				l.Add(now, 0, 100)
				if l.View(o, now, 0, nil).Burns[i].Burning && noticed == 0 {
					noticed = n
				}
			}
			require.Equal(t, int(math.Ceil(number(t, row["detect_s_at_100pct_bad_target_99.9"])/60)), noticed, "minutes until it burns")

			let := int64(0)
			for n := int64(1); n <= 7*60 && let == 0; n++ {
				now += minute
				l.Add(now, 100, 100)
				if !l.View(o, now, 0, nil).Burns[i].Burning {
					let = n * minute
				}
			}
			// A bad share under factor x budget may remain in the short window: at most factor/1000 of it.
			reset := length(t, row["reset"])
			require.InDelta(t, reset, let, float64(10*minute)+0.015*float64(reset))
		})
	}
}

func TestLightOfTheBudget(t *testing.T) {
	o := rolling(0.9, 30)
	at := func(bad float64) *kpi.BudgetView { // spread thinly over 30 days, so that no burn rule fires
		l := kpi.NewLadder(o, time.Hour)
		now := 20_000 * day
		for range 30 * 24 {
			now += hour
			l.Add(now, 1000-bad, 1000)
		}
		return l.View(o, now, 0, nil)
	}
	v := at(50)
	require.InDelta(t, 0.5, v.Remaining, 1e-9)
	require.InDelta(t, 0.95, v.Attained, 1e-9)
	require.Equal(t, kpi.Green, v.Light)
	require.False(t, v.Partial)
	v = at(80)
	require.Equal(t, kpi.Yellow, v.Light)
	require.Contains(t, v.Cause, "20 % of the error budget is left")
	v = at(100)
	require.Equal(t, kpi.Yellow, v.Light, "burning at exactly 1 is not above 1, but nothing is left")
	require.Equal(t, "the error budget is spent", v.Cause)
}

func TestNothingHappenedIsNoAlarm(t *testing.T) {
	o := rolling(0.999, 30)
	l := kpi.NewLadder(o, time.Minute)
	now := 20_000 * day
	never := l.View(o, now, 0, nil)
	require.Equal(t, kpi.Grey, never.Light)
	require.True(t, never.Partial)
	for range 60 {
		now += minute
		l.Add(now, 0, 0)
	}
	v := l.View(o, now, 0, nil)
	require.Equal(t, kpi.Grey, v.Light)
	require.True(t, math.IsNaN(v.Attained))
	for _, b := range v.Burns {
		require.False(t, b.Burning)
		require.True(t, math.IsNaN(b.LongRate))
	}
}

// Ten requests an hour and one failure: 100 times the allowed rate, and nobody should be woken for it.
func TestMinCountGuardsAgainstPagingOnOneRequest(t *testing.T) {
	o := rolling(0.999, 30)
	l := kpi.NewLadder(o, time.Minute)
	now := 20_000 * day
	for i := range 24 * 60 {
		now += minute
		switch {
		case i == 24*60-2:
			l.Add(now, 0, 1)
		case i%6 == 0:
			l.Add(now, 1, 1)
		}
	}
	require.Equal(t, kpi.Red, l.View(o, now, 0, nil).Light)
	v := l.View(o, now, 12, nil)
	require.False(t, v.Burns[0].Burning)
	require.InDelta(t, 90, v.Burns[0].LongRate, 10)
	require.Equal(t, kpi.Green, l.View(o, now, 1000, nil).Light)
}

func TestLadderIsExactOnSlotBoundaries(t *testing.T) {
	for seed := range uint64(4) {
		d := rand.New(rand.NewPCG(seed, 3))
		o := rolling(0.99, 30)
		l := kpi.NewLadder(o, time.Minute)
		now := 20_000 * day
		ends, good, total := []int64{}, []float64{}, []float64{}
		sum := func(window int64) (g, n float64) {
			for i := len(ends) - 1; i >= 0 && ends[i] > now-window; i-- {
				g, n = g+good[i], n+total[i]
			}
			return g, n
		}
		for range 40 * 24 * 60 {
			now += minute
			if d.IntN(400) == 0 {
				now += d.Int64N(300) * minute // nothing happened
			}
			n := float64(d.IntN(50))
			g := n - float64(d.IntN(int(n)+1)/3)
			ends, good, total = append(ends, now), append(good, g), append(total, n)
			l.Add(now, g, n)
			if back := d.IntN(50); d.IntN(20) == 0 && back < len(ends) && now-ends[len(ends)-1-back] < hour/2 { // a restatement
				i := len(ends) - 1 - back
				good[i]--
				l.Add(ends[i], -1, 0)
			}
			if now%(10*minute) != 0 {
				continue
			}
			v := l.View(o, now, 0, nil)
			for _, b := range v.Burns {
				for window, rate := range map[time.Duration]float64{b.Long: b.LongRate, b.Short: b.ShortRate} {
					if window >= 24*time.Hour && now%hour != 0 {
						continue
					}
					g, n := sum(window.Milliseconds())
					if n == 0 {
						require.True(t, math.IsNaN(rate))
						continue
					}
					require.InDelta(t, (n-g)/n/(1-0.99), rate, 1e-9, "seed %d window %s", seed, window)
				}
			}
			if now%(12*hour) == 0 {
				g, n := sum(30 * day)
				require.Equal(t, []float64{g, n}, []float64{v.Good, v.Total})
			}
		}
	}
}

func TestCalendarWindowsBeginAtLocalMidnight(t *testing.T) {
	starts := map[string]func(y int, m time.Month, d int, wd time.Weekday) (int, time.Month, int){
		"week":  func(y int, m time.Month, d int, wd time.Weekday) (int, time.Month, int) { return y, m, d - int(wd+6)%7 },
		"month": func(y int, m time.Month, _ int, _ time.Weekday) (int, time.Month, int) { return y, m, 1 },
		"quarter": func(y int, m time.Month, _ int, _ time.Weekday) (int, time.Month, int) {
			return y, []time.Month{1, 4, 7, 10}[(m-1)/3], 1
		},
	}
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		for unit, of := range starts {
			o := kpi.Objective{Target: 0.9, Calendar: unit}
			l := kpi.NewLadder(o, 10*time.Minute)
			now := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
			sums := map[int64]float64{}
			n := 0.0
			for range 130 * 24 * 6 { // over the changes of March and April
				now += 10 * minute
				n++
				l.Add(now, n, n)
				sums[now] = n
				if now%(70*minute) != 0 {
					continue
				}
				at := time.UnixMilli(now - 1).In(zone) // the end of a period at midnight belongs to the day before
				y, m, d := at.Date()
				y, m, d = of(y, m, d, at.Weekday())
				from := time.Date(y, m, d, 0, 0, 0, 0, zone).UnixMilli()
				if name == "Asia/Kolkata" {
					from -= 30 * minute // slots are hours of UTC
				}
				want := 0.0
				for e := from + 10*minute; e <= now; e += 10 * minute {
					want += sums[e]
				}
				v := l.View(o, now, 0, zone)
				require.Equal(t, want, v.Total, "%s %s at %s", name, unit, at)
				require.Equal(t, "this "+unit, v.Window)
			}
		}
	}
}

func TestSlices(t *testing.T) {
	ratio := &kpi.KPI{Indicator: kpi.Indicator{Kind: kpi.Ratio}}
	g, n, ok := kpi.SliceOf(ratio, kpi.Point{Missing: kpi.Few}, 3, 4)
	require.True(t, ok, "few events are events")
	require.Equal(t, []float64{3, 4}, []float64{g, n})
	for _, c := range []struct {
		missing kpi.MissingReason
		total   float64
	}{{kpi.NoData, math.NaN()}, {kpi.NotMissing, 0}, {kpi.Invariant, 4}} {
		_, _, ok = kpi.SliceOf(ratio, kpi.Point{Missing: c.missing}, 5, c.total)
		require.False(t, ok, c)
	}
	mean := &kpi.KPI{Indicator: kpi.Indicator{Kind: kpi.Mean}, Thresholds: kpi.Thresholds{Yellow: above(1), Red: above(2)}}
	for _, c := range []struct {
		p    kpi.Point
		good float64
		ok   bool
	}{{kpi.Point{Value: 1.5}, 1, true}, {kpi.Point{Value: 2.5}, 0, true}, {kpi.Point{Value: math.NaN(), Missing: kpi.NoData}, 0, false}} {
		g, _, ok := kpi.SliceOf(mean, c.p, math.NaN(), math.NaN())
		require.Equal(t, c.ok, ok)
		require.Equal(t, c.good, g)
	}
	mean.Thresholds.Red = nil
	g, _, _ = kpi.SliceOf(mean, kpi.Point{Value: 1.5}, math.NaN(), math.NaN())
	require.Zero(t, g, "without red, yellow decides")
}
