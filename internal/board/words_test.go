package board

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

func TestShow(t *testing.T) {
	above := func(a float64) *kpi.Comparison { return &kpi.Comparison{Op: kpi.Above, A: a} }
	below := func(a float64) *kpi.Comparison { return &kpi.Comparison{Op: kpi.Below, A: a} }
	for _, c := range []struct {
		unit  string
		red   *kpi.Comparison
		value float64
		want  string
	}{
		{"percent", above(0.03), 0.0084, "0.84\u2009%"},
		{"percent", above(0.03), 0.0412, "4.12\u2009%"},
		{"percent", above(0.03), 0.03, "3\u2009%"},
		{"percent", above(0.03), 0.030001, "3.0001\u2009%"},   // breaches, so it is not shown as 3.00
		{"percent", below(0.99), 0.98996, "98.996\u2009%"},    // under 99, so it is not shown as 99.00
		{"percent", below(0.99), 0.99999, "99.999\u2009%"},    // one failed: not all
		{"percent", above(0.03), 0.0000004, "0.00004\u2009%"}, // some: not none
		{"percent", below(0.9), 1, "100\u2009%"},
		{"percent", below(0.9), 0, "0\u2009%"},
		{"seconds", nil, 0.843, "843\u2009ms"},
		{"seconds", above(2), 2.0004, "2.0004\u2009s"},
		{"seconds", nil, 1.5, "1.50\u2009s"},
		{"seconds", nil, 5400, "90\u2009min"},
		{"bytes", nil, 512 << 20, "512\u2009MiB"},
		{"count", nil, 55230, "55,230"},
		{"count", nil, -1204, "−1,204"},
		{"per_minute", nil, 1204, "1,204\u2009per minute"},
		{"filings", nil, 12, "12\u2009filings"},
		{"percent", nil, math.NaN(), "—"},
		{"seconds", nil, math.Inf(1), "—"},
	} {
		k := &kpi.KPI{Unit: c.unit, Thresholds: kpi.Thresholds{Red: c.red}}
		require.Equal(t, c.want, text(k, c.value), "%s %v", c.unit, c.value)
	}
}

func TestWords(t *testing.T) {
	require.Equal(t, "28 days", long(28*24*time.Hour))
	require.Equal(t, "1 minute", long(time.Minute))
	for d, want := range map[time.Duration]string{time.Hour: "1\u2009h", 90 * time.Minute: "90\u2009min", 9*time.Hour + 20*time.Minute: "9\u2009h", 28 * 24 * time.Hour: "28\u2009d", 45 * time.Second: "45\u2009s"} {
		require.Equal(t, want, about(d))
	}
	require.Equal(t, "90 minutes", long(90*time.Minute))
	now := time.Date(2026, 4, 14, 14, 2, 0, 0, time.UTC).UnixMilli()
	require.Equal(t, "14:02 UTC", since(now, now))
	require.Equal(t, "13 Apr, 14:02 UTC", since(now-dayMS, now))
	require.Equal(t, "14 Apr 2025, 14:02 UTC", since(now-365*dayMS, now))
	require.Equal(t, "http_requests_total is gone", capital("http_requests_total is gone"))
	require.Equal(t, "Ünder 1", capital("ünder 1"))
	require.Equal(t, "under 1\u2009%", joined(wholePercent(0.001)))
	require.Equal(t, "99\u2009%", joined(wholePercent(0.999)))
	require.Equal(t, "−12\u2009%", joined(wholePercent(-0.12)))
	require.Equal(t, "0\u2009%", joined(wholePercent(-0.0001)))
	require.Equal(t, "—\u2009%", joined(wholePercent(math.NaN())))
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0084: "0.0084", 1e-9: "1e-09", 1e22: "1e+22", 123456789012: "123456789012", -1.5: "-1.5"} {
		b, err := Number(v).MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, want, string(b))
		var back Number
		require.NoError(t, back.UnmarshalJSON(b))
		require.Equal(t, Number(v), back)
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b, err := Number(v).MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, "null", string(b))
	}
	b, err := Numbers{1, math.NaN(), 2.5}.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, "[1,null,2.5]", string(b))
}

func TestSpark(t *testing.T) {
	k := &kpi.KPI{Period: 5 * time.Second, Thresholds: kpi.Thresholds{Red: &kpi.Comparison{Op: kpi.Below, A: 0.99}}}
	s := newSpark(k)
	var now int64
	start := int64(1_776_000_000_000)
	for i := range int64(26 * 720) {
		v := 0.999
		if i == 10_000 {
			v = 0.5
		}
		now = start + (i+1)*5000
		s.add(kpi.Point{End: now, Value: v})
		if l := s.line(now); i < 96 {
			require.Len(t, l.T, int(i)+1)
		} else {
			require.LessOrEqual(t, len(l.T), 96)
			require.GreaterOrEqual(t, len(l.T), 46, "at %d", i)
		}
	}
	l := s.line(now)
	require.Contains(t, []float64(l.V), 0.5, "the worst point is kept however wide the slots grow")
	require.Greater(t, now-l.T[0], 22*int64(time.Hour/time.Millisecond))
	require.LessOrEqual(t, now-l.T[0], dayMS)
	before := len(l.T)
	s.add(kpi.Point{End: start, Value: 0.1})
	require.Len(t, s.line(now).T, before, "what is older than the newest slot is passed over")
}

func TestShift(t *testing.T) {
	var p past
	day := int64(20_000)
	p.first = day - stripDays + 1
	for i := range int64(stripDays) {
		p.light((p.first+i)*dayMS+dayMS, kpi.Green)
	}
	p.light((day+1)*dayMS, kpi.Red)
	p.light((day+1)*dayMS-1, kpi.Green)
	require.Equal(t, kpi.Red, p.days[stripDays-1], "the worst of the day stays")
	p.shift(day + 3)
	require.Equal(t, day+3-stripDays+1, p.first)
	require.Equal(t, kpi.Red, p.days[stripDays-4])
	require.False(t, p.judged[stripDays-1])
	p.shift(day + 1000)
	require.Equal(t, [stripDays]bool{}, p.judged)
	p.light(5*dayMS, kpi.Red) // long ago
	require.Equal(t, [stripDays]bool{}, p.judged)
}
