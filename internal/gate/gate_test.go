package gate_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

// seen is an observer that watches by a rule and keeps what it was told.
type seen struct {
	mu      sync.Mutex
	want    func(labels.Labels) bool
	born    map[string]gate.Watch
	samples map[gate.Watch][]gate.Sample
}

func newSeen(want func(labels.Labels) bool) *seen {
	return &seen{want: want, born: map[string]gate.Watch{}, samples: map[gate.Watch][]gate.Sample{}}
}

func (s *seen) Born(l labels.Labels) gate.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.want(l) {
		return 0
	}
	w, ok := s.born[l.String()]
	if !ok {
		w = gate.Watch(len(s.born) + 1)
		s.born[l.String()] = w
	}
	return w
}

func (s *seen) Observe(batch []gate.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range batch {
		s.samples[x.Watch] = append(s.samples[x.Watch], x)
	}
}

func (s *seen) of(l labels.Labels) (out []float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.samples[s.born[l.String()]] {
		out = append(out, x.V)
	}
	return out
}

func all(labels.Labels) bool { return true }

type house struct {
	t     testing.TB
	store *tsdb.Store
	gate  *gate.Gate
	seen  *seen
	free  atomic.Int64
	now   atomic.Int64 // Unix milliseconds
}

const base = int64(1_700_000_000_000)

func build(t testing.TB, dir string, o gate.Options) *house {
	h := &house{t: t, seen: newSeen(all)}
	h.now.Store(base)
	h.free.Store(1 << 40)
	now := func() time.Time { return time.UnixMilli(h.now.Load()) }
	var err error
	h.store, err = tsdb.Open(tsdb.Options{Dir: dir, ReserveBytes: -1, FloorBytes: 1 << 20, Now: now,
		FreeSpace: func(string) (int64, error) { return h.free.Load(), nil }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	o.Store, o.Now = h.store, now
	if o.Observers == nil {
		o.Observers = []gate.Observer{h.seen}
	}
	h.gate = gate.New(o)
	return h
}

func (h *house) admit(source string, by ...string) *gate.Grant {
	h.t.Helper()
	g, err := h.gate.Admit(context.Background(), gate.Credential{Source: source, By: by}, 100)
	require.NoError(h.t, err)
	h.t.Cleanup(g.Close)
	return g
}

// push commits floats of one series, resolving it each time.
func (h *house) push(g *gate.Grant, l labels.Labels, tv ...float64) error {
	b := g.Batch(context.Background())
	var errs []error
	for i := 0; i < len(tv); i += 2 {
		r, err := b.Resolve(l, mark(l.String()), 1)
		if err == nil {
			err = b.Append(r, 0, base+int64(tv[i]), tv[i+1])
		}
		errs = append(errs, err)
	}
	_, err := b.Commit()
	return errors.Join(append(errs, err)...)
}

// mark stands for the encoding of a series.
func mark(n string) gate.Mark {
	return gate.Mark{Hash: xxhash.Sum64String(n), Size: uint32(len(n))}
}

func series(n string, kv ...string) labels.Labels {
	return labels.FromStrings(append([]string{"__name__", n}, kv...)...)
}

func TestObserversSeeWhatWasCommittedOnce(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{})
	g := h.admit("push")
	l := series("m")
	require.NoError(t, h.push(g, l, 0, 1, 1000, 2))
	require.Equal(t, []float64{1, 2}, h.seen.of(l))
	// A sender whose answer was lost sends all of it again.
	require.NoError(t, h.push(g, l, 0, 1, 1000, 2))
	require.Equal(t, []float64{1, 2}, h.seen.of(l))
	// Another value for a known timestamp: the first stands, in order and late.
	require.ErrorIs(t, h.push(g, l, 1000, 9), storage.ErrDuplicateSampleForTimestamp)
	require.ErrorIs(t, h.push(g, l, 0, 9), storage.ErrDuplicateSampleForTimestamp)
	// Late within the window, then the same again.
	require.NoError(t, h.push(g, l, 500, 1.5))
	require.NoError(t, h.push(g, l, 500, 1.5))
	// Twice in one batch, equal and not.
	require.NoError(t, h.push(g, l, 2000, 3, 2000, 3, 1500, 2.5, 1500, 2.5, 2000, 3))
	require.ErrorIs(t, h.push(g, l, 3000, 4, 3000, 5), storage.ErrDuplicateSampleForTimestamp)
	require.Equal(t, []float64{1, 2, 1.5, 3, 2.5, 4}, h.seen.of(l))
	var stored []float64
	for _, p := range conformance.Read(t, h.store, l, base, base+10_000) {
		stored = append(stored, p.V)
	}
	require.Equal(t, []float64{1, 1.5, 2, 2.5, 3, 4}, stored)
	st := h.gate.Sources()[0]
	require.Equal(t, "push", st.Source)
	require.EqualValues(t, 3, st.Refused["metrics"]["duplicate"])
	require.NotEmpty(t, st.LastError)
}

func TestStaleMarkersAndHistogramsReachObservers(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{})
	g := h.admit("push")
	b := g.Batch(t.Context())
	m, err := b.Resolve(series("m"), gate.Mark{}, 1)
	require.NoError(t, err)
	hist, err := b.Resolve(series("h"), gate.Mark{}, 1)
	require.NoError(t, err)
	require.NoError(t, b.Append(m, base-5, base, math.Float64frombits(value.StaleNaN)))
	require.NoError(t, b.AppendHistogram(hist, 7, base, tsdbutil.GenerateTestHistogram(1), nil))
	require.NoError(t, b.AppendHistogram(hist, 7, base+1, nil, tsdbutil.GenerateTestFloatHistogram(2)))
	require.Empty(t, h.seen.samples, "nothing before the commit")
	_, err = b.Commit()
	require.NoError(t, err)
	got := h.seen.samples[h.seen.born[series("m").String()]]
	require.True(t, value.IsStaleNaN(got[0].V))
	require.Equal(t, base-5, got[0].ST)
	got = h.seen.samples[h.seen.born[series("h").String()]]
	require.NotNil(t, got[0].H)
	require.NotNil(t, got[1].FH)
}

func TestOnlyWatchedAndRewatch(t *testing.T) {
	watch := "a"
	s := newSeen(nil)
	s.want = func(l labels.Labels) bool { return l.Get("__name__") == watch }
	h := build(t, t.TempDir(), gate.Options{Observers: []gate.Observer{s}})
	g := h.admit("push")
	require.NoError(t, h.push(g, series("a"), 0, 1))
	require.NoError(t, h.push(g, series("b"), 0, 1))
	require.Equal(t, []float64{1}, s.of(series("a")))
	watch = "b"
	h.gate.Rewatch()
	require.NoError(t, h.push(g, series("a"), 1, 2))
	require.NoError(t, h.push(g, series("b"), 0, 1), "seen by the store before it was watched")
	require.NoError(t, h.push(g, series("b"), 1, 2))
	require.Equal(t, []float64{1}, s.of(series("a")))
	require.Equal(t, []float64{2}, s.of(series("b")))
}

func TestAfterRestartASampleSentAgainIsNotObservedAgain(t *testing.T) {
	dir := t.TempDir()
	h := build(t, dir, gate.Options{})
	require.NoError(t, h.push(h.admit("push"), series("m"), 0, 1, 1000, 2))
	require.NoError(t, h.store.Close())
	h = build(t, dir, gate.Options{})
	require.NoError(t, h.push(h.admit("push"), series("m"), 0, 1, 500, 1.5, 1000, 2, 2000, 3))
	require.Equal(t, []float64{1.5, 3}, h.seen.of(series("m")))
}

func TestRollbackForgets(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{})
	g := h.admit("push")
	b := g.Batch(t.Context())
	r, err := b.Resolve(series("m"), gate.Mark{}, 1)
	require.NoError(t, err)
	require.NoError(t, b.Append(r, 0, base, 1))
	require.NoError(t, b.Rollback())
	require.Empty(t, h.seen.of(series("m")))
	require.NoError(t, h.push(g, series("m"), 0, 1))
	require.Equal(t, []float64{1}, h.seen.of(series("m")))
	require.EqualValues(t, 1, h.gate.Sources()[0].Accepted)
}

func TestGuess(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{})
	g := h.admit("push")
	round := func(ts int64, names ...string) (guessed int) {
		b := g.Batch(t.Context())
		for _, n := range names {
			var r gate.Ref
			if b.Guess() == mark(n) {
				r = b.Take()
				guessed++
			} else {
				var err error
				r, err = b.Resolve(series(n), mark(n), 1)
				require.NoError(t, err)
			}
			require.NoError(t, b.Append(r, 0, ts, 1))
		}
		_, err := b.Commit()
		require.NoError(t, err)
		return guessed
	}
	require.Equal(t, 0, round(base, "a", "b", "c", "d"))
	require.Equal(t, 3, round(base+1, "a", "b", "c", "d"))
	require.Equal(t, 1, round(base+2, "c", "d", "a"))
	require.Equal(t, 3, round(base+3, "a", "b", "c", "d"))
	for _, n := range []string{"a", "b", "c", "d"} {
		require.GreaterOrEqual(t, len(h.seen.of(series(n))), 3)
	}
}

func TestLimits(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Limits: gate.Limits{
		Labels: 4, LabelValueBytes: 50, LabelNameBytes: 20, SeriesPerSource: 10, SeriesPerTarget: 3, Series: 12,
		BodyBytes: 1000, InFlightBytes: 150,
	}})
	_, err := h.gate.Admit(t.Context(), gate.Credential{Source: "big"}, 1001)
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
	require.ErrorContains(t, err, "1001 bytes; at most 1000")

	g := h.admit("push")
	_, err = h.gate.Admit(t.Context(), gate.Credential{Source: "second"}, 100)
	require.Equal(t, fault.Limited, fault.KindOf(err))
	var busy *gate.Busy
	require.True(t, errors.As(err, &busy))
	require.Positive(t, busy.After)

	reason := func(want gate.Reason, l labels.Labels, tv ...float64) {
		t.Helper()
		if len(tv) == 0 {
			tv = []float64{0, 1}
		}
		var r *gate.Refusal
		require.True(t, errors.As(h.push(g, l, tv...), &r))
		require.Equal(t, want, r.Reason, r.Sentence)
	}
	reason(gate.LabelsInvalid, labels.FromStrings("no_name", "x"))
	reason(gate.LabelsInvalid, labels.New(labels.Label{Name: "__name__", Value: "m"}, labels.Label{Name: "a", Value: "1"}, labels.Label{Name: "a", Value: "2"}))
	reason(gate.LabelsInvalid, series("m", "a", "\xff"))
	reason(gate.LabelCount, series("m", "a", "1", "b", "2", "c", "3", "d", "4"))
	reason(gate.LabelLength, series("m", "a", string(make([]byte, 51))))
	reason(gate.LabelLength, series("m", string(make([]rune, 21)), "x"))
	reason(gate.Future, series("m"), 601_000, 1)

	// A target that explodes is limited; the others are not harmed, and what it had goes on.
	scrape, err := h.gate.Admit(t.Context(), gate.Credential{Source: "scrape", By: []string{"job", "instance"}}, 0)
	require.NoError(t, err)
	app := scrape.AppendableV2().AppenderV2(t.Context())
	refused := 0
	for i := range 1000 {
		if _, err := app.Append(0, series("boom", "job", "a", "instance", "1", "i", fmt.Sprint(i)), 0, base, 1, nil, nil, storage.AOptions{}); err != nil {
			require.ErrorIs(t, err, storage.ErrOutOfBounds, "the scrape loop drops the sample and goes on")
			refused++
		}
	}
	_, err = app.Append(0, series("up", "job", "b", "instance", "2"), 0, base, 1, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	require.Equal(t, 997, refused)
	st := map[string]gate.SourceStat{}
	for _, s := range h.gate.Sources() {
		st[s.Source] = s
	}
	require.EqualValues(t, 3, st["scrape:a/1"].Series)
	require.EqualValues(t, 997, st["scrape:a/1"].Refused["metrics"]["series_of_source"])
	require.Contains(t, st["scrape:a/1"].LastError, "3 a target")
	require.EqualValues(t, 1, st["scrape:b/2"].Accepted)
	require.Empty(t, st["scrape:b/2"].Refused)
	require.EqualValues(t, 1, st["big"].Refused["metrics"]["body_too_large"])
	require.EqualValues(t, 1, st["second"].Refused["metrics"]["overload"])

	for i := range 20 {
		err = h.push(g, series("n", "i", fmt.Sprint(i)), 0, 1)
	}
	var r *gate.Refusal
	require.True(t, errors.As(err, &r))
	require.Equal(t, gate.SeriesTotal, r.Reason)

	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(h.gate)
	n, err := testutil.GatherAndCount(reg, "signalbox_gate_refused_total")
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 5)
}

func TestRate(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Limits: gate.Limits{SamplesPerSecond: 1}})
	g := h.admit("push")
	for i := range 15 {
		require.NoError(t, h.push(g, series("m"), float64(i), 1))
	}
	_, err := h.gate.Admit(t.Context(), gate.Credential{Source: "push"}, 10)
	var busy *gate.Busy
	require.True(t, errors.As(err, &busy), "%v", err)
	require.Equal(t, 5*time.Second, busy.After)
	h.now.Add(busy.After.Milliseconds())
	_, err = h.gate.Admit(t.Context(), gate.Credential{Source: "push"}, 10)
	require.NoError(t, err)
}

func TestAuthenticate(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Authenticate: func(_ context.Context, c gate.Credential) error {
		return fault.New(fault.Forbidden, "%s may not write", c.Source)
	}})
	_, err := h.gate.Admit(t.Context(), gate.Credential{Source: "push"}, 10)
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
	require.EqualValues(t, 1, h.gate.Sources()[0].Refused["metrics"]["unauthorized"])
}

func TestDiskFull(t *testing.T) {
	type gap struct{ from, to int64 }
	var gaps []gap
	h := build(t, t.TempDir(), gate.Options{Refused: func(from, to time.Time, reason string) {
		require.Contains(t, reason, "less than the floor")
		gaps = append(gaps, gap{from.UnixMilli() - base, to.UnixMilli() - base})
	}})
	scrape, err := h.gate.Admit(t.Context(), gate.Credential{Source: "scrape", By: []string{"job"}}, 0)
	require.NoError(t, err)
	write := func(ts int64) error {
		h.now.Store(base + ts)
		app := scrape.AppendableV2().AppenderV2(t.Context())
		if _, err := app.Append(0, series("m"), 0, base+ts, 1, nil, nil, storage.AOptions{}); err != nil {
			_ = app.Rollback()
			return err
		}
		return app.Commit()
	}
	require.NoError(t, write(0))
	h.free.Store(0)
	require.Equal(t, fault.Unavailable, fault.KindOf(write(5000)))
	require.Equal(t, fault.Unavailable, fault.KindOf(write(5500)))
	_, err = h.gate.Admit(t.Context(), gate.Credential{Source: "push"}, 10)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, fault.Unavailable, fault.KindOf(write(6000)))
	h.free.Store(1 << 40)
	require.NoError(t, write(7000))
	require.NoError(t, write(8000))
	require.Equal(t, []gap{{0, 5000}, {0, 6000}, {0, 7000}}, gaps)
	require.Equal(t, []float64{1, 1, 1}, h.seen.of(series("m")))
}

func TestScrapeAppender(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{})
	g := h.admit("scrape", "job")
	a := g.AppendableV2()
	l := series("m", "job", "x")
	app := a.AppenderV2(t.Context())
	ref, err := app.Append(0, l, 0, base, 1, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.NotZero(t, ref)
	require.NoError(t, app.Commit())
	require.Error(t, app.Commit())

	app = a.AppenderV2(t.Context())
	again, err := app.Append(ref, l, 0, base+1, 2, nil, nil, storage.AOptions{Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", "x"), Value: 1, Ts: base + 1, HasTs: true}}})
	require.NoError(t, err)
	require.Equal(t, ref, again)
	// The reference of another series is not believed.
	other, err := app.Append(ref, series("n", "job", "x"), 0, base+1, 5, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.NotEqual(t, ref, other)
	_, err = app.Append(12345<<32|999999, l, 0, base+2, 3, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	require.Equal(t, []float64{1, 2, 3}, h.seen.of(l))
	require.Equal(t, []float64{5}, h.seen.of(series("n", "job", "x")))

	old := g.Appendable().Appender(t.Context())
	ref2, err := old.Append(0, l, base+3, 4)
	require.NoError(t, err)
	require.Equal(t, ref, ref2)
	_, err = old.AppendHistogram(0, series("h"), base, tsdbutil.GenerateTestHistogram(0), nil)
	require.NoError(t, err)
	_, err = old.AppendExemplar(ref2, l, exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "y"), Value: 1, Ts: base + 3, HasTs: true})
	require.NoError(t, err)
	require.NoError(t, old.Commit())
	require.Equal(t, []float64{1, 2, 3, 4}, h.seen.of(l))
	q, err := h.store.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	res, err := q.Select(base, base+10, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "m")})
	require.NoError(t, err)
	require.Len(t, res[0].Exemplars, 2)
}

func TestSweep(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Forget: 2 * time.Hour})
	g := h.admit("scrape", "job")
	a := g.AppendableV2()
	write := func(ref storage.SeriesRef, l labels.Labels) storage.SeriesRef {
		app := a.AppenderV2(t.Context())
		ref, err := app.Append(ref, l, 0, h.now.Load(), 1, nil, nil, storage.AOptions{})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
		return ref
	}
	old := write(0, series("old", "job", "x"))
	h.now.Add(3 * time.Hour.Milliseconds())
	held := a.AppenderV2(t.Context()) // may hold anything that is alive now
	kept := write(0, series("kept", "job", "x"))
	h.gate.Sweep()
	require.EqualValues(t, 1, stat(h, "scrape:x").Series)
	back := write(old, series("old", "job", "x"))
	require.NotEqual(t, old, back, "a new life has a new reference")
	require.Equal(t, kept, write(kept, series("kept", "job", "x")))
	h.gate.Sweep() // the appender of before is still there: nothing is used again
	third := write(0, series("third", "job", "x"))
	require.NotEqual(t, uint32(old), uint32(third))
	require.NoError(t, held.Rollback())
	h.gate.Sweep()
	reused := write(0, series("reused", "job", "x"))
	require.Equal(t, uint32(old), uint32(reused))
	require.NotEqual(t, old, reused)
	// The reference of the former life now names another index's series, and is not believed.
	require.Equal(t, back, write(old, series("old", "job", "x")))
	require.EqualValues(t, 4, stat(h, "scrape:x").Series)
}

func stat(h *house, name string) gate.SourceStat {
	for _, s := range h.gate.Sources() {
		if s.Source == name {
			return s
		}
	}
	return gate.SourceStat{}
}

// Everything at once, for the race detector: pushes, scrapes, sweeps, new observers' wishes and statistics.
func TestConcurrent(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Forget: time.Minute})
	var wg sync.WaitGroup
	for k := range 4 {
		g := h.admit(fmt.Sprint("push", k%2))
		wg.Go(func() {
			for round := range int64(40) {
				b := g.Batch(context.Background())
				for i := range 50 {
					n := fmt.Sprint("m", (i+k*25)%100)
					var r gate.Ref
					if b.Guess() == mark(n) {
						r = b.Take()
					} else {
						var err error
						if r, err = b.Resolve(series(n), mark(n), 1); err != nil {
							t.Error(err)
						}
					}
					_ = b.Append(r, 0, base+round*1000, float64(round))
				}
				if _, err := b.Commit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 40 {
			h.now.Add(40_000)
			h.gate.Sweep()
			h.gate.Rewatch()
			_ = h.gate.Sources()
			_ = i
		}
	})
	wg.Wait()
	for i := range 100 {
		l := series(fmt.Sprint("m", i))
		require.Len(t, conformance.Read(t, h.store, l, base, base+100_000), 40)
	}
}

func BenchmarkAppend(b *testing.B) {
	h := build(b, b.TempDir(), gate.Options{Observers: []gate.Observer{silent{}}})
	g := h.admit("push")
	const n = 5000
	wires := make([]gate.Mark, n)
	ls := make([]labels.Labels, n)
	for i := range n {
		ls[i] = series("http_requests_total", "job", "efile", "instance", fmt.Sprintf("10.0.0.%d:8080", i%50), "path", fmt.Sprint(i))
		wires[i] = mark(ls[i].String())
	}
	b.ReportAllocs()
	ts := base
	samples := 0
	for b.Loop() {
		ts += 1000
		h.now.Store(ts)
		batch := g.Batch(b.Context())
		for i := range n {
			var r gate.Ref
			if batch.Guess() == wires[i] {
				r = batch.Take()
			} else {
				r, _ = batch.Resolve(ls[i], wires[i], 1)
			}
			if err := batch.Append(r, 0, ts, float64(ts+int64(i))); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := batch.Commit(); err != nil {
			b.Fatal(err)
		}
		samples += n
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}

type silent struct{}

func (silent) Born(labels.Labels) gate.Watch { return 1 }
func (silent) Observe([]gate.Sample)         {}

// BenchmarkLate appends samples that come late to watched series, each of which asks the store.
func BenchmarkLate(b *testing.B) {
	h := build(b, b.TempDir(), gate.Options{Observers: []gate.Observer{silent{}}})
	g := h.admit("push")
	const n = 20_000
	ls := make([]labels.Labels, n)
	write := func(ts int64, from, to int) {
		batch := g.Batch(b.Context())
		for i := from; i < to; i++ {
			r, err := batch.Resolve(ls[i], gate.Mark{}, 1)
			require.NoError(b, err)
			require.NoError(b, batch.Append(r, 0, base+ts, float64(ts)))
		}
		_, err := batch.Commit()
		require.NoError(b, err)
	}
	for i := range n {
		ls[i] = series("http_requests_total", "job", "efile", "instance", fmt.Sprintf("10.0.0.%d:8080", i%50), "path", fmt.Sprint(i))
	}
	for t := range int64(20) {
		write(t*10_000, 0, n)
	}
	t := int64(100_001)
	samples := 0
	for b.Loop() {
		write(t, 0, 1000)
		t++
		samples += 1000
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}
