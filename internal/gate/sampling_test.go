package gate_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func sampler(t testing.TB, now func() time.Time, ps ...*policy.Sampling) *gate.Sampler {
	s := gate.NewSampler(now, nil)
	require.NoError(t, s.Set(ps))
	return s
}

func still() time.Time { return time.UnixMilli(base) }

func heads(rate float64, reservoir int, routes ...policy.RouteSampling) *policy.TraceSampling {
	return &policy.TraceSampling{Head: &policy.HeadSampling{Rate: rate, Reservoir: reservoir, Routes: routes}}
}

func trace(rnd *rand.Rand) rowstore.TraceID { return rowstore.TraceIDOf(rnd.Uint64(), rnd.Uint64()) }

func spans(rows ...rowstore.Row) *rowstore.Batch {
	b := &rowstore.Batch{Table: rowstore.Spans, Rows: rows}
	for i := range b.Rows {
		b.Rows[i].Weight = 1
	}
	return b
}

func TestATraceIsKeptWholeAndItsWeightMakesUpForTheOthers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	a := sampler(t, still, &policy.Sampling{Name: "a", Traces: heads(0.1, 0)})
	other := sampler(t, still, &policy.Sampling{Name: "a", Traces: heads(0.1, 0)})
	half := sampler(t, still, &policy.Sampling{Name: "a", Traces: heads(0.5, 0)})
	const n = 20_000
	sum := 0.0
	for range n {
		id := trace(rnd)
		one := spans(rowstore.Row{Trace: id, Span: 1}, rowstore.Row{Trace: id, Span: 2, Parent: 1})
		a.Sample("portal", one)
		require.Contains(t, []int{0, 2}, len(one.Rows))
		elsewhere := spans(rowstore.Row{Trace: id, Span: 3, Parent: 2})
		other.Sample("bank", elsewhere)
		require.Equal(t, len(one.Rows) == 2, len(elsewhere.Rows) == 1, "another service decides alike")
		more := spans(rowstore.Row{Trace: id, Span: 3})
		half.Sample("bank", more)
		if len(one.Rows) > 0 {
			require.Len(t, more.Rows, 1, "a greater share holds the smaller one")
			require.EqualValues(t, 10, one.Rows[0].Weight)
			sum += float64(one.Rows[0].Weight)
		}
	}
	require.InEpsilon(t, n, sum, 0.1)
	lone := spans(rowstore.Row{Span: 1})
	a.Sample("portal", lone)
	require.Len(t, lone.Rows, 1, "a span without a trace is no trace")
}

func TestARouteHasItsShareAndAReservoirItsTracesASecond(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	at := still()
	s := sampler(t, func() time.Time { return at }, &policy.Sampling{Name: "a", Traces: heads(0, 2, policy.RouteSampling{Route: "/health*", Rate: 0}, policy.RouteSampling{Route: "/api/*/file", Rate: 1})})
	count := func(route string) (n int, w float32) {
		for range 100 {
			id := trace(rnd)
			b := spans(rowstore.Row{Trace: id, Span: 2, Parent: 1, Name: "child"}, rowstore.Row{Trace: id, Span: 1, Route: route})
			s.Sample("portal", b)
			require.NotEqual(t, 1, len(b.Rows), "the root's route decides for its children")
			for _, r := range b.Rows {
				w += r.Weight
			}
			n += len(b.Rows) / 2
		}
		return n, w
	}
	n, _ := count("/healthz")
	require.Zero(t, n)
	n, w := count("/api/7/file")
	require.Equal(t, 100, n)
	require.EqualValues(t, 200, w)
	n, _ = count("/other")
	require.Equal(t, 2, n)
	at = at.Add(time.Second)
	n, _ = count("/other")
	require.Equal(t, 2, n)
}

func TestLogsAreSampledByLevel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	s := sampler(t, still,
		&policy.Sampling{Name: "a", Logs: map[string]float64{"debug": 0, "info": 0.25}},
		&policy.Sampling{Name: "b", Source: "efile", Logs: map[string]float64{"info": 1}},
		&policy.Sampling{Name: "c", Match: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "service", "noisy")}, Logs: map[string]float64{"error": 0}})
	count := func(source, service string, severity uint8, traced bool) (sum float64, n int) {
		b := &rowstore.Batch{}
		b.Reset(rowstore.Logs)
		for range 10_000 {
			r := b.Add()
			r.Severity, r.Service = severity, service
			if traced {
				r.Trace = trace(rnd)
			}
		}
		s.Sample(source, b)
		for _, r := range b.Rows {
			sum += float64(r.Weight)
		}
		return sum, len(b.Rows)
	}
	for _, traced := range []bool{false, true} {
		sum, n := count("web", "x", 9, traced)
		require.InEpsilon(t, 10_000, sum, 0.1)
		require.InEpsilon(t, 2_500, n, 0.1)
	}
	_, n := count("web", "x", 5, false)
	require.Zero(t, n)
	for _, severity := range []uint8{0, 13, 17} {
		_, n = count("web", "x", severity, false)
		require.Equal(t, 10_000, n)
	}
	_, n = count("efile", "x", 9, false)
	require.Equal(t, 10_000, n, "the source's own policy goes first")
	_, n = count("web", "noisy", 17, false)
	require.Zero(t, n)
	events := &rowstore.Batch{Table: rowstore.Events, Rows: []rowstore.Row{{Severity: 5}}}
	s.Sample("web", events)
	require.Len(t, events.Rows, 1)
}

func TestATailRuleLeavesTheDecisionToTheStore(t *testing.T) {
	p := &policy.Sampling{Name: "a", Source: "portal", Match: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "service", "intake")},
		Traces: heads(0.1, 0, policy.RouteSampling{Route: "/a.b/*", Rate: 0}, policy.RouteSampling{Route: "/x", Rate: 1})}
	p.Traces.Tail = &policy.TailSampling{Errors: true, SlowerThan: time.Second}
	s := sampler(t, still, p)
	b := spans(rowstore.Row{Trace: rowstore.TraceIDOf(0, 999_999), Service: "intake", Span: 1})
	s.Sample("portal", b)
	require.Len(t, b.Rows, 1)
	require.EqualValues(t, 1, b.Rows[0].Weight)
	rules := s.Tail()
	require.Len(t, rules, 3)
	require.Equal(t, `service:intake source:portal route:~"/a\\.b/.*"`, rules[0].Where.String())
	require.Equal(t, rowstore.All(rowstore.Is("service", "intake"), rowstore.Is("source", "portal"), rowstore.Is("route", "/x")), rules[1].Where)
	require.Equal(t, gate.TailRule{Where: rowstore.All(rowstore.Is("service", "intake"), rowstore.Is("source", "portal")), Errors: true, SlowerThan: time.Second, Share: 0.1}, rules[2])
}

func TestPushedSeriesAreThinnedAndLoseNoIncrease(t *testing.T) {
	s := sampler(t, still, &policy.Sampling{Name: "a", Metrics: map[policy.MetricType]time.Duration{policy.Counter: 30 * time.Second, policy.Untyped: 10 * time.Second}})
	h := build(t, t.TempDir(), gate.Options{Interval: s.Interval})
	gr := h.admit("push")
	total, temp := labels.FromStrings("__name__", "requests_total"), labels.FromStrings("__name__", "temperature")
	send := func(l labels.Labels, at int64, v float64) {
		b := gr.Batch(t.Context())
		r, err := b.Resolve(l, gate.Mark{}, 1)
		require.NoError(t, err)
		require.NoError(t, b.Append(r, 0, base+at*1000, v))
		_, err = b.Commit()
		require.NoError(t, err)
	}
	h.now.Store(base + 200_000)
	for i := range 7 { // each 10 s
		send(total, int64(i)*10, float64(10*(i+1)))
		send(temp, int64(i)*10, 20-float64(i))
	}
	require.Equal(t, []float64{10, 40, 70}, h.seen.of(total))
	require.Equal(t, []float64{20, 19, 18, 17, 16, 15, 14}, h.seen.of(temp), "a gauge that falls is no reset")
	send(temp, 65, 1)
	require.Len(t, h.seen.of(temp), 7)

	send(total, 70, 75) // left out, and stored once it turns out to be the last before a reset
	send(total, 80, 3)
	send(total, 90, 5)
	send(total, 85, 4) // late: goes its own way
	require.Equal(t, []float64{10, 40, 70, 75, 3, 4}, h.seen.of(total))
	send(total, 95, 6)
	send(total, 96, math.Float64frombits(value.StaleNaN))
	got := h.seen.of(total)
	require.Equal(t, 6.0, got[len(got)-2], "the last before the end counts")
	require.True(t, value.IsStaleNaN(got[len(got)-1]))

	st := statOf(h.gate, "push")
	require.EqualValues(t, 21, st.Accepted+st.Thinned, "what was sent is what was stored and what was left out")
	samples, rows := h.gate.SampledOut("push")
	require.InDelta(t, float64(st.Thinned)/21, samples, 1e-9)
	require.Zero(t, rows)
	require.InDelta(t, samples, h.gate.SampledOutOf(total), 1e-9)

	require.NoError(t, s.Set(nil))
	h.gate.Resample()
	send(temp, 66, 2)
	require.Len(t, h.seen.of(temp), 8)
	require.Zero(t, h.gate.SampledOutOf(temp))
}

func TestWhatASeriesIsShowsInItsName(t *testing.T) {
	s := sampler(t, still, &policy.Sampling{Name: "a", Metrics: map[policy.MetricType]time.Duration{
		policy.Counter: time.Second, policy.GaugeType: 2 * time.Second, policy.Histogram: 3 * time.Second, policy.Summary: 4 * time.Second, policy.Untyped: 5 * time.Second}})
	for _, c := range []struct {
		l      labels.Labels
		native bool
		every  time.Duration
		adds   bool
	}{
		{labels.FromStrings("__name__", "a_total"), false, time.Second, true},
		{labels.FromStrings("__name__", "a_bucket", "le", "1"), false, 3 * time.Second, true},
		{labels.FromStrings("__name__", "a_count"), false, 3 * time.Second, true},
		{labels.FromStrings("__name__", "a"), true, 3 * time.Second, true},
		{labels.FromStrings("__name__", "a", "quantile", "0.5"), false, 4 * time.Second, false},
		{labels.FromStrings("__name__", "a"), false, 5 * time.Second, false},
	} {
		every, adds := s.Interval("x", c.l, c.native)
		require.Equal(t, c.every, every, c.l.String())
		require.Equal(t, c.adds, adds, c.l.String())
	}
}

func BenchmarkSampleSpans(b *testing.B) {
	s := sampler(b, still, &policy.Sampling{Name: "a", Traces: heads(0.1, 1)})
	batch := &rowstore.Batch{Table: rowstore.Spans}
	rows := make([]rowstore.Row, 1000)
	for i := range rows {
		binary.BigEndian.PutUint64(rows[i].Trace[8:], uint64(i)*7919)
		rows[i].Weight = 1
	}
	b.ReportAllocs()
	for b.Loop() {
		batch.Rows = append(batch.Rows[:0], rows...)
		s.Sample("x", batch)
	}
}
