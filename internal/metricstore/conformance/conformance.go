// Package conformance is the one suite that every engine of metricstore runs. It knows the contract only.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/metricstore"
)

// Engine opens an engine on a directory that may hold what a former one left. The engine's out-of-order window is an hour.
type Engine struct {
	Open       func(t testing.TB, dir string) metricstore.Store
	Persistent bool // what was committed is there after Close and Open
}

// Point is one stored sample as a querier gives it back.
type Point struct {
	T, ST int64
	V     float64
	H     *histogram.Histogram
	FH    *histogram.FloatHistogram
}

// Read returns the points of the one series with these labels between two instants, both included.
func Read(t testing.TB, q storage.Queryable, l labels.Labels, mint, maxt int64) []Point {
	t.Helper()
	querier, err := q.Querier(mint, maxt)
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	var ms []*labels.Matcher
	l.Range(func(l labels.Label) { ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value)) })
	set := querier.Select(context.Background(), true, nil, ms...)
	var out []Point
	for set.Next() {
		if !labels.Equal(set.At().Labels(), l) {
			continue
		}
		it := set.At().Iterator(nil)
		for k := it.Next(); k != chunkenc.ValNone; k = it.Next() {
			p := Point{ST: it.AtST()}
			switch k {
			case chunkenc.ValFloat:
				p.T, p.V = it.At()
			case chunkenc.ValHistogram:
				p.T, p.H = it.AtHistogram(nil)
			case chunkenc.ValFloatHistogram:
				p.T, p.FH = it.AtFloatHistogram(nil)
			}
			out = append(out, p)
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return out
}

// Write commits points of one series in one transaction.
func Write(t testing.TB, a storage.AppendableV2, l labels.Labels, ps ...Point) {
	t.Helper()
	app := a.AppenderV2(context.Background())
	var ref storage.SeriesRef
	for _, p := range ps {
		var err error
		ref, err = app.Append(ref, l, p.ST, p.T, p.V, p.H, p.FH, storage.AOptions{})
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
}

// Run runs the suite.
func Run(t *testing.T, e Engine) {
	const base = int64(1_700_000_000_000)
	name := func(n string) labels.Labels { return labels.FromStrings("__name__", n, "job", "efile") }
	open := func(t *testing.T) metricstore.Store {
		s := e.Open(t, t.TempDir())
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}

	t.Run("an empty store answers", func(t *testing.T) {
		s := open(t)
		require.Empty(t, Read(t, s, name("nothing"), math.MinInt64, math.MaxInt64))
		require.NoError(t, s.Writable())
		require.Zero(t, s.Usage().Series)
		require.EqualValues(t, math.MinInt64, s.NewestTime())
		require.False(t, s.Usage().ReadOnly)
	})

	t.Run("every kind of sample comes back with its start timestamp", func(t *testing.T) {
		s := open(t)
		for l, ps := range kinds(base) {
			Write(t, s, name(l), ps...)
			requirePoints(t, ps, Read(t, s, name(l), base, base+3_600_000))
		}
		require.EqualValues(t, len(kinds(base)), s.Usage().Series)
	})

	t.Run("nothing is visible before the commit and after a rollback", func(t *testing.T) {
		s := open(t)
		app := s.AppenderV2(t.Context())
		_, err := app.Append(0, name("m"), 0, base, 1, nil, nil, storage.AOptions{})
		require.NoError(t, err)
		require.Empty(t, Read(t, s, name("m"), base, base))
		require.NoError(t, app.Rollback())
		require.Empty(t, Read(t, s, name("m"), base, base))
	})

	t.Run("the first sample of a timestamp stands", func(t *testing.T) {
		s := open(t)
		Write(t, s, name("m"), Point{T: base, V: 1})
		Write(t, s, name("m"), Point{T: base, V: 1}) // equal: no error
		app := s.AppenderV2(t.Context())
		_, err := app.Append(0, name("m"), 0, base, 2, nil, nil, storage.AOptions{})
		require.ErrorIs(t, err, storage.ErrDuplicateSampleForTimestamp)
		require.NoError(t, app.Commit())
		requirePoints(t, []Point{{T: base, V: 1}}, Read(t, s, name("m"), base, base))
	})

	t.Run("out of order within the window, too old beyond it", func(t *testing.T) {
		s := open(t)
		Write(t, s, name("m"), Point{T: base, V: 1}, Point{T: base + 60_000, V: 3})
		Write(t, s, name("m"), Point{T: base + 30_000, V: 2, ST: base - 5})
		Write(t, s, name("other"), Point{T: base + 2*3_600_000, V: 1})
		app := s.AppenderV2(t.Context())
		_, err := app.Append(0, name("m"), 0, base+10, 9, nil, nil, storage.AOptions{})
		require.ErrorIs(t, err, storage.ErrTooOldSample)
		require.NoError(t, app.Rollback())
		require.Equal(t, base+2*3_600_000, s.NewestTime())
		requirePoints(t, []Point{{T: base, V: 1}, {T: base + 30_000, V: 2, ST: base - 5}, {T: base + 60_000, V: 3}},
			Read(t, s, name("m"), base, base+60_000))
	})

	t.Run("references", func(t *testing.T) {
		s := open(t)
		l := name("m")
		app := s.AppenderV2(t.Context())
		ref, err := app.Append(0, l, 0, base, 1, nil, nil, storage.AOptions{})
		require.NoError(t, err)
		require.NotZero(t, ref)
		require.NoError(t, app.Commit())

		app = s.AppenderV2(t.Context())
		got, same := app.(storage.GetRef).GetRef(l, l.Hash())
		require.Equal(t, ref, got)
		require.True(t, labels.Equal(l, same))
		again, err := app.Append(ref, l, 0, base+1, 2, nil, nil, storage.AOptions{})
		require.NoError(t, err)
		require.Equal(t, ref, again)
		// A reference that means nothing is resolved by the labels.
		again, err = app.Append(1<<60|12345, l, 0, base+2, 3, nil, nil, storage.AOptions{})
		require.NoError(t, err)
		require.Equal(t, ref, again)
		require.NoError(t, app.Commit())
		require.Len(t, Read(t, s, l, base, base+2), 3)
	})

	t.Run("exemplars", func(t *testing.T) {
		s := open(t)
		ex := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "abc"), Value: 0.3, Ts: base, HasTs: true}
		app := s.AppenderV2(t.Context())
		_, err := app.Append(0, name("m"), 0, base, 1, nil, nil, storage.AOptions{Exemplars: []exemplar.Exemplar{ex}})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
		q, err := s.ExemplarQuerier(t.Context())
		require.NoError(t, err)
		res, err := q.Select(base-1, base+1, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "m")})
		require.NoError(t, err)
		require.Len(t, res, 1)
		require.Equal(t, "abc", res[0].Exemplars[0].Labels.Get("trace_id"))
	})

	t.Run("the former appender", func(t *testing.T) {
		s := open(t)
		app := s.Appender(t.Context())
		_, err := app.Append(0, name("m"), base, 1)
		require.NoError(t, err)
		_, err = app.AppendHistogram(0, name("h"), base, tsdbutil.GenerateTestHistogram(1), nil)
		require.NoError(t, err)
		require.NoError(t, app.Commit())
		require.Len(t, Read(t, s, name("m"), base, base), 1)
		require.Len(t, Read(t, s, name("h"), base, base), 1)
	})

	t.Run("an invalid histogram is refused", func(t *testing.T) {
		s := open(t)
		h := tsdbutil.GenerateTestHistogram(1)
		h.PositiveSpans = h.PositiveSpans[:1]
		app := s.AppenderV2(t.Context())
		_, err := app.Append(0, name("h"), 0, base, 0, h, nil, storage.AOptions{})
		var he histogram.Error
		require.True(t, errors.As(err, &he), "%v", err)
		require.NoError(t, app.Rollback())
	})

	t.Run("many at once", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 50 {
					app := s.AppenderV2(context.Background())
					_, err := app.Append(0, labels.FromStrings("__name__", "m", "g", fmt.Sprint(g)), 0, base+int64(i)*1000, float64(i), nil, nil, storage.AOptions{})
					if err == nil {
						err = app.Commit()
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Go(func() {
			for range 50 {
				_ = s.Usage()
				Read(t, s, labels.FromStrings("__name__", "m", "g", "0"), base, base+60_000)
			}
		})
		wg.Wait()
		for g := range 4 {
			require.Len(t, Read(t, s, labels.FromStrings("__name__", "m", "g", fmt.Sprint(g)), base, base+60_000), 50)
		}
	})

	if !e.Persistent {
		return
	}
	t.Run("what was committed is there after reopening", func(t *testing.T) {
		dir := t.TempDir()
		s := e.Open(t, dir)
		want := kinds(base)
		for l, ps := range want {
			Write(t, s, name(l), ps...)
		}
		late := Point{T: base + 500, ST: base - 7, V: 42}
		Write(t, s, name("counter"), late)
		want["counter"] = append([]Point{want["counter"][0], late}, want["counter"][1:]...)
		require.NoError(t, s.Close())

		s = e.Open(t, dir)
		for l, ps := range want {
			requirePoints(t, ps, Read(t, s, name(l), base, base+3_600_000))
		}
		// The same samples again are no error: a sender whose answer was lost sends them once more.
		for l, ps := range kinds(base) {
			Write(t, s, name(l), ps[len(ps)-1])
			requirePoints(t, want[l], Read(t, s, name(l), base, base+3_600_000))
		}
		start, err := s.StartTime()
		require.NoError(t, err)
		require.LessOrEqual(t, start, base)
		require.NoError(t, s.Close())
		_, err = s.Querier(base, base)
		require.Error(t, err, "a closed store answers nothing")
		require.Error(t, s.Writable())
	})
}

// kinds returns one series of each kind of sample.
func kinds(base int64) map[string][]Point {
	m := map[string][]Point{}
	for i := range int64(40) {
		t := base + i*time.Second.Milliseconds()
		st := base - 1000
		if i >= 20 {
			st = base + 20*1000 - 1 // the process was restarted
		}
		m["counter"] = append(m["counter"], Point{T: t, ST: st, V: float64(i)})
		m["gauge"] = append(m["gauge"], Point{T: t, V: math.Sin(float64(i))})
		h := tsdbutil.GenerateTestHistogram(i)
		m["histogram"] = append(m["histogram"], Point{T: t, ST: st, H: h})
		m["float_histogram"] = append(m["float_histogram"], Point{T: t, ST: st, FH: tsdbutil.GenerateTestFloatHistogram(i)})
		m["custom_histogram"] = append(m["custom_histogram"], Point{T: t, ST: st, H: tsdbutil.GenerateTestCustomBucketsHistogram(i)})
	}
	m["stale"] = []Point{{T: base, V: 1}, {T: base + 1000, V: math.Float64frombits(value.StaleNaN)}}
	return m
}

// requirePoints compares points; the hint of a histogram's counter reset is the engine's business.
func requirePoints(t testing.TB, want, got []Point) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		g := got[i]
		require.Equal(t, w.T, g.T, "timestamp of point %d", i)
		require.Equal(t, w.ST, g.ST, "start timestamp of point %d", i)
		require.Equal(t, math.Float64bits(w.V), math.Float64bits(g.V), "value of point %d", i)
		require.Equal(t, w.H == nil, g.H == nil)
		require.Equal(t, w.FH == nil, g.FH == nil)
		if w.H != nil {
			require.True(t, w.H.Equals(g.H), "histogram of point %d: %s, want %s", i, g.H, w.H)
		}
		if w.FH != nil {
			require.True(t, w.FH.Equals(g.FH), "histogram of point %d: %s, want %s", i, g.FH, w.FH)
		}
	}
}
