package kpi_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

func TestLateSamplesAreReported(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: named("of")}}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	a, b := m.Attach(0, labels.FromStrings("s", "a"), 1000), m.Attach(0, labels.FromStrings("s", "b"), 1000)
	a.Feed(10_500, 0, 1, nil, nil)
	a.Feed(11_500, 0, 2, nil, nil)
	m.Close(11_000, false)
	_, dirty := m.Dirty()
	require.False(t, dirty)
	b.Feed(10_900, 0, 1, nil, nil) // its period is closed
	from, dirty := m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(10_900), from)
	b.Feed(10_950, 0, 1, nil, nil)
	a.Feed(10_700, 0, 1, nil, nil) // before the series' newest
	from, dirty = m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(10_700), from)
	_, dirty = m.Dirty()
	require.False(t, dirty, "told once")

	for side, name := range []string{"lat_sum", "lat_count"} { // an instance's frame that comes in two orders
		k = &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["mean"]}
		m = kpi.NewMeter(k, kpi.MeterOptions{})
		x, y := m.Attach(side, labels.FromStrings("__name__", name), 1000), m.Attach(1-side, labels.FromStrings("__name__", "other"), 1000)
		x.Feed(500, 0, 1, nil, nil)
		x.Feed(600, 0, 1, nil, nil)
		y.Feed(500, 0, 1, nil, nil)
		from, dirty = m.Dirty()
		require.True(t, dirty)
		require.Equal(t, int64(500), from)
	}

	k = &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["p95"]}
	m = kpi.NewMeter(k, kpi.MeterOptions{})
	n := m.Attach(2, labels.FromStrings("__name__", "lat"), 1000)
	n.Feed(2000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	n.Feed(1000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	from, dirty = m.Dirty()
	require.True(t, dirty)
	require.Equal(t, int64(1000), from)
}

func TestAGroupRetiresOnlyAfterAnHourOrItsRange(t *testing.T) {
	for _, kind := range []kpi.Kind{kpi.Rate, kpi.Freshness} {
		k := &kpi.KPI{Period: time.Minute, Window: time.Minute, By: []string{"svc"}, Expect: []labels.Labels{labels.FromStrings("svc", "must")},
			Indicator: kpi.Indicator{Kind: kind, Of: named("of")}}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		l := labels.FromStrings("svc", "gone")
		tap := m.Attach(0, l, 15_000)
		for ts := int64(15_000); ts <= 300_000; ts += 15_000 {
			tap.Feed(ts, 0, float64(ts), nil, nil)
		}
		retired := int64(0)
		for e := int64(60_000); e <= 2*3600_000; e += 60_000 {
			for _, p := range m.Close(e, false) {
				if p.Retired {
					require.Equal(t, l.String(), p.Key)
					require.Zero(t, retired, "once")
					retired = e
				}
			}
		}
		if kind == kpi.Freshness {
			require.Zero(t, retired, "silence is what freshness measures")
			continue
		}
		require.Equal(t, int64(300_000+3600_000+60_000), retired)
		tap.Feed(7_230_000, 0, 1e6, nil, nil) // and comes back
		tap.Feed(7_250_000, 0, 1e6+60, nil, nil)
		tap.Feed(7_310_000, 0, 1e6+120, nil, nil)
		require.Len(t, m.Close(7_260_000, false), 2, "must and the whole: the group's first whole period is the next")
		ps := m.Close(7_320_000, false)
		require.Equal(t, l.String(), ps[0].Key)
		require.Equal(t, 1.0, ps[0].Point.Value)
	}
}

func TestPeriodsThatNobodyClosesFallOutOfTheWindow(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: 5 * time.Second, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: named("of")}}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(0, labels.FromStrings("s", "a"), 1000)
	tap.Feed(1000, 0, 100, nil, nil)
	tap.Feed(2000, 0, 200, nil, nil)
	m.Close(1000, false)
	require.Equal(t, 100.0, m.Close(2000, false)[0].Point.Total)
	require.Equal(t, kpi.Unobserved, m.Close(900_000, true)[0].Point.Missing)
	tap.Feed(900_500, 0, 300, nil, nil)
	tap.Feed(900_900, 0, 301, nil, nil)
	p := m.Close(901_000, false)[0]
	require.Equal(t, 1.0, p.Point.Total)
	require.Equal(t, 100.0, p.Unplaced)
}

func TestABucketWithoutAnEdgeIsSkipped(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, By: []string{"svc"}, Indicator: indicators()["p95"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "svc", "a", "le", "many"), 1000)
	for ts := int64(500); ts < 5000; ts += 500 {
		tap.Feed(ts, 0, float64(ts), nil, nil)
	}
	require.Len(t, m.Close(5000, false), 1, "no group comes of it beside the whole")
	require.Positive(t, m.Skipped)
}

// A summary's count beside a histogram of the same name must not take the group's buckets away.
func TestACountWithoutBucketsIsNoHistogram(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["share/edge"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	four := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "pod", "b", "le", "4"), 1000)
	inf := m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "pod", "b", "le", "+Inf"), 1000)
	summary := m.Attach(1, labels.FromStrings("__name__", "lat_count", "pod", "a"), 1000)
	for i := range 4 {
		four.Feed(int64(500+i*1000), 0, float64(i*3), nil, nil)
		inf.Feed(int64(500+i*1000), 0, float64(i*4), nil, nil)
		summary.Feed(int64(500+i*1000), 0, float64(i*100), nil, nil)
	}
	m.Close(1000, false)
	p := m.Close(2000, false)[0].Point
	require.Equal(t, kpi.NotMissing, p.Missing, p.Detail)
	require.Equal(t, 0.75, p.Value)
}

// A share's good side counts as seen from its first sample on, in a replay too, which attaches every series first.
func TestGoodNeverMatchedIsAQuestionOfTime(t *testing.T) {
	wo := world{k: &kpi.KPI{Period: 10 * time.Second, Window: 10 * time.Second, Indicator: indicators()["ratio/good"]}, from: start,
		born: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{} }}
	total, good := &series{side: 1, labels: labels.FromStrings("__name__", "total"), interval: 10_000}, &series{labels: labels.FromStrings("__name__", "part"), interval: 10_000}
	for i := range int64(6) {
		total.samples = append(total.samples, sample{t: start + 5000 + i*10_000, v: float64(i * 10)})
		if i > 2 {
			good.samples = append(good.samples, sample{t: start + 5000 + i*10_000, v: float64(i * 9)})
		}
	}
	wo.series = []*series{total, good}
	_, ps := wo.replayed(start, start+60_000, wo.born)
	require.Equal(t, kpi.NeverSeen, ps[start+30_000][0].Point.Missing)
	require.Equal(t, 0.9, ps[start+50_000][0].Point.Value)
}

func TestHistogramsOfTwoLayoutsLeaveNothingBehind(t *testing.T) {
	k := &kpi.KPI{Period: 10 * time.Second, Window: 10 * time.Second, Indicator: indicators()["share/edge"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	tap := m.Attach(2, labels.FromStrings("__name__", "lat"), 1000)
	custom := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: 8, Sum: 8, CustomValues: []float64{1, 4}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 2, 5}}
	tap.Feed(1000, 0, 0, nil, nativeOf(1, [nativeBuckets]float64{}))
	tap.Feed(2000, 0, 0, nil, nativeOf(3, [nativeBuckets]float64{}))
	tap.Feed(3000, 0, 0, nil, custom)
	p := m.Close(10_000, false)[0]
	require.Equal(t, 10.0, p.Point.Total+p.Unplaced, "two placed, eight without a place")
}

func TestCustomBucketsBeyondTheLastEdgeAreOnlyBoundedBelow(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["p95"]}
	m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }})
	custom := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: 8, Sum: 8, CustomValues: []float64{1, 4}, PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{1, 2, 5}}
	m.Attach(2, labels.FromStrings("__name__", "lat"), 1000).Feed(500, 0, 0, nil, custom)
	p := m.Close(1000, false)[0].Point
	require.Equal(t, 4.0, p.Value)
	require.Equal(t, math.Inf(1), p.Upper)
}

// Sums are added up in the order of labels, whatever the order in which series are found and fed.
func TestSumsDependOnNoOrder(t *testing.T) {
	d := rand.New(rand.NewPCG(5, 5))
	k := &kpi.KPI{Period: time.Second, Window: 3 * time.Second, By: []string{"svc"}, Indicator: indicators()["rate"]}
	vals := make([]float64, 40)
	for i := range vals {
		vals[i] = d.Float64() * math.Pow(10, float64(d.IntN(12)))
	}
	var want []kpi.GroupPoint
	for range 10 {
		m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }, From: -5000})
		taps := map[int]*kpi.Tap{}
		for _, i := range d.Perm(len(vals)) {
			taps[i] = m.Attach(0, labels.FromStrings("svc", strconv.Itoa(i%2), "pod", strconv.Itoa(i)), 1000)
		}
		for _, i := range d.Perm(len(vals)) {
			taps[i].Feed(500, 0, vals[i], nil, nil)
			taps[i].Feed(1500, 0, 3*vals[i], nil, nil)
			taps[i].Feed(90_500, 0, 7*vals[i], nil, nil) // across a gap
		}
		m.Close(1000, false)
		got := slices.Clone(m.Close(2000, false))
		got = append(got, m.Close(91_000, false)...)
		require.Len(t, got, 6)
		require.Positive(t, got[0].Point.Value)
		require.Positive(t, got[3].Unplaced)
		if want == nil {
			want = got
		}
		requireIdentical(t, want, got, "")
	}
}

// The start timestamp of any series of an instance shows the reset of all.
func TestAnInstancesStartTimestampNeedsOneWitness(t *testing.T) {
	for first := range 2 {
		k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: indicators()["mean"]}
		m := kpi.NewMeter(k, kpi.MeterOptions{})
		taps := []*kpi.Tap{m.Attach(0, labels.FromStrings("__name__", "lat_sum"), 1000), m.Attach(1, labels.FromStrings("__name__", "lat_count"), 1000)}
		for _, i := range []int{first, 1 - first} {
			taps[i].Feed(500, 0, 10, nil, nil)
		}
		st := []int64{0, 800}
		for _, i := range []int{first, 1 - first} {
			taps[i].Feed(900, st[i], 20, nil, nil)
		}
		require.Equal(t, 20.0, m.Close(1000, false)[0].Point.Total)
	}
}

// What lies before the history that a replay reads is carried over.
func TestTakeOverRemembersSilentGroups(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, By: []string{"svc"}, Indicator: indicators()["freshness"]}
	old := kpi.NewMeter(k, kpi.MeterOptions{})
	l := labels.FromStrings("__name__", "f", "svc", "a")
	old.Attach(0, l, 1000).Feed(500, 0, 1, nil, nil)
	old.Close(1000, false)
	old.Close(2000, false)
	m := kpi.NewMeter(k, kpi.MeterOptions{})
	m.Attach(0, l, 1000) // the replay knows the series and has no sample of it
	m.Resume(2000)
	m.TakeOver(old)
	ps := m.Close(3000, false)
	require.Len(t, ps, 2)
	require.Equal(t, 2.5, ps[0].Point.Value)
	require.Equal(t, 2.5, ps[1].Point.Value)
	require.Equal(t, kpi.Unobserved, m.Close(4000, true)[0].Point.Missing, "we were down")
}

// A bucket that appears while an older period is open says nothing of that period.
func TestANewEdgeDoesNotReachBack(t *testing.T) {
	k := &kpi.KPI{Period: time.Second, Window: time.Second, Indicator: kpi.Indicator{Kind: kpi.ShareBelow, Histogram: named("lat"), Below: 2}}
	m := kpi.NewMeter(k, kpi.MeterOptions{Origin: func(labels.Labels, int64, int64) kpi.Origin { return kpi.Origin{Born: true} }})
	bucket := func(le string) *kpi.Tap {
		return m.Attach(0, labels.FromStrings("__name__", "lat_bucket", "le", le), 1000)
	}
	four, inf := bucket("4"), bucket("+Inf")
	four.Feed(500, 0, 3, nil, nil)
	inf.Feed(500, 0, 4, nil, nil)
	four.Feed(1500, 0, 6, nil, nil)
	bucket("2").Feed(1500, 0, 5, nil, nil)
	inf.Feed(1500, 0, 8, nil, nil)
	p := m.Close(1000, false)[0].Point
	require.Equal(t, 0.0, p.Value)
	require.Equal(t, 0.75, p.Upper, "between nothing and what lies below 4")
}
