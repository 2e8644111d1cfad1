//go:build unix

package evaluate_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// month writes days of 15 s samples of 100 series (50 instances, two codes) as blocks of a day and returns the store's
// directory: counters that restart now and then, each instance scraped at its own moment.
func month(b *testing.B, days int) string {
	dir := filepath.Join(b.TempDir(), "metrics")
	rng := rand.New(rand.NewPCG(1, 1))
	value := make([]float64, 100)
	var series []labels.Labels
	for i := range 50 {
		for _, code := range []string{"200", "500"} {
			series = append(series, labels.FromStrings("__name__", "http_requests_total", "job", "efile", "instance", fmt.Sprintf("i-%02d", i), "code", code))
		}
	}
	for d := range days {
		w, err := promtsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, (24 * time.Hour).Milliseconds())
		require.NoError(b, err)
		begin := t0.Add(time.Duration(d-days)*24*time.Hour - 12*time.Hour).UnixMilli()
		for q := range int64(24 * 60 * 4) {
			app := w.Appender(b.Context())
			for i, l := range series {
				if rng.IntN(2_000_000) == 0 {
					value[i] = 0
				}
				if i%2 == 0 {
					value[i] += float64(rng.IntN(100))
				} else if q/240%8 == 3 {
					value[i] += float64(rng.IntN(5))
				}
				_, err := app.Append(0, l, begin+q*15_000+1+int64(i/2)*200, value[i])
				require.NoError(b, err)
			}
			require.NoError(b, app.Commit())
		}
		_, err = w.Flush(b.Context())
		require.NoError(b, err)
		require.NoError(b, w.Close())
	}
	return dir
}

// peak runs f and returns the most memory that the heap took above where it was.
func peak(f func()) float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapInuse
	most := before
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	f()
	close(stop)
	<-done
	return float64(most-before) / 1e6
}

// processor is the processor time that the process has taken, in seconds: what is left of a figure on a busy machine.
func processor() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkBacktest replays a changed indicator over 30 days of 15 s samples on 100 series, and asks Prometheus' engine for
// the same ratio as a range query over the same store; then it judges 30 days of published datapoints anew.
func BenchmarkBacktest(b *testing.B) {
	const days = 30
	dir := month(b, days)
	now := t0
	clock := func() time.Time { return now }
	on := openBooks(b, dir, filepath.Dir(dir), clock, 60*24*time.Hour)
	e := evaluate.New(evaluate.Options{Store: on.raw, Ledger: on.ledger, Now: clock, Registerer: prometheus.NewRegistry(),
		IntervalOf: func(labels.Labels) (time.Duration, bool) { return 15 * time.Second, true }})
	name := labels.MustNewMatcher(labels.MatchEqual, "__name__", "http_requests_total")
	k := &kpi.KPI{Name: "errors", Hash: "1", Period: time.Minute, Window: time.Minute, MaxGroups: 1000,
		Indicator: kpi.Indicator{Kind: kpi.Ratio, Bad: &kpi.Selector{Text: "bad", Matchers: []*labels.Matcher{name, labels.MustNewMatcher(labels.MatchRegexp, "code", "5..")}},
			Total: &kpi.Selector{Text: "total", Matchers: []*labels.Matcher{name}}},
		Thresholds: kpi.Thresholds{Yellow: atMost(0.01), Red: atMost(0.03), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing},
		Page:       &kpi.Page{Severity: "page"}}
	to := t0.Add(-12 * time.Hour)
	from := to.Add(-days * 24 * time.Hour)
	var minutes map[string]float64
	rehearse := func(b *testing.B, k *kpi.KPI, way string) {
		b.ReportAllocs()
		var most float64
		used := processor()
		for range b.N {
			most = max(most, peak(func() {
				r, err := e.Rehearse(b.Context(), evaluate.Rehearsal{KPI: k, From: from.UnixMilli(), To: to.UnixMilli()})
				require.NoError(b, err)
				require.Equal(b, way, r.Way)
				require.Greater(b, r.Points, int64(days*1440-3))
				minutes = r.Minutes
			}))
		}
		b.ReportMetric(most, "peak-MB")
		b.ReportMetric((processor()-used)/float64(b.N), "cpu-s/op")
	}
	b.Run("replay", func(b *testing.B) { rehearse(b, k, "raw") })
	b.Run("prometheus", func(b *testing.B) {
		engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: 10 * time.Minute, Parser: parser.NewParser(parser.Options{})})
		b.ReportAllocs()
		var most float64
		used := processor()
		for range b.N {
			most = max(most, peak(func() {
				q, err := engine.NewRangeQuery(b.Context(), on.raw, nil, `sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))`, from.Add(time.Minute), to, time.Minute)
				require.NoError(b, err)
				res := q.Exec(b.Context())
				require.NoError(b, res.Err)
				m, err := res.Matrix()
				require.NoError(b, err)
				require.Len(b, m, 1)
				red := 0
				for _, p := range m[0].Floats {
					if p.F > 0.03 {
						red++
					}
				}
				require.InDelta(b, minutes["red"]+minutes["yellow"], float64(red), 3000, "both see the same bad minutes, but for edges")
				q.Close()
			}))
		}
		b.ReportMetric(most, "peak-MB")
		b.ReportMetric((processor()-used)/float64(b.N), "cpu-s/op")
	})
	b.Run("points", func(b *testing.B) {
		_, _, err := on.ledger.Revise(b.Context(), k, from.UnixMilli())
		require.NoError(b, err)
		track := on.ledger.Track(k.Name, labels.EmptyLabels(), false)
		var entries []ledger.Entry
		for end := from.UnixMilli() + 60_000; end <= to.UnixMilli(); end += 60_000 {
			v := math.Abs(math.Sin(float64(end))) / 20
			entries = append(entries, ledger.Entry{Track: track, Revision: 1, Point: kpi.Point{End: end, Value: v, Good: 1000 * (1 - v), Total: 1000, Upper: math.NaN(), Coverage: 1}})
		}
		require.NoError(b, on.ledger.Publish(b.Context(), entries))
		changed := *k
		changed.Hash, changed.Thresholds.Red = "2", atMost(0.025)
		b.ResetTimer()
		rehearse(b, &changed, "points")
	})
}

// BenchmarkCloseBesideBacktest closes 2,000 KPIs once a second of the engine's clock, alone and while back-tests of another
// run without a pause on the same engine: how late the slowest in a hundred closes is.
func BenchmarkCloseBesideBacktest(b *testing.B) {
	dir := month(b, 5)
	now := t0
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	on := openBooks(b, dir, filepath.Dir(dir), clock, 0)
	e := evaluate.New(evaluate.Options{Store: on.raw, Ledger: on.ledger, Now: clock, Registerer: prometheus.NewRegistry(),
		IntervalOf: func(labels.Labels) (time.Duration, bool) { return 15 * time.Second, true }})
	zero := time.Duration(0)
	var kpis []*kpi.KPI
	for i := range 2000 {
		sel := &kpi.Selector{Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "live"), labels.MustNewMatcher(labels.MatchEqual, "n", strconv.Itoa(i))}}
		kpis = append(kpis, &kpi.KPI{Name: "live-" + strconv.Itoa(i), Hash: "1", Period: time.Second, Window: time.Second, Delay: &zero,
			Indicator: kpi.Indicator{Kind: kpi.Rate, Of: sel}, Thresholds: kpi.Thresholds{Red: atMost(1e9), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}}})
	}
	require.NoError(b, e.Start(b.Context()))
	require.NoError(b, e.Apply(b.Context(), kpis))
	all := &kpi.Selector{Text: "all", Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "http_requests_total")}}
	k := &kpi.KPI{Name: "rehearsed", Hash: "1", Period: time.Minute, Window: time.Minute, MaxGroups: 1000, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: all},
		Thresholds: kpi.Thresholds{Red: atMost(1e9), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}}}
	for _, beside := range []bool{false, true} {
		b.Run(fmt.Sprintf("backtest=%t", beside), func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan int)
			go func() {
				n := 0
				for beside && ctx.Err() == nil {
					if _, err := e.Rehearse(ctx, evaluate.Rehearsal{KPI: k, From: t0.Add(-6 * 24 * time.Hour).UnixMilli(), To: t0.UnixMilli()}); err == nil {
						n++
					}
				}
				done <- n
			}()
			var took []time.Duration
			for range b.N {
				mu.Lock()
				now = now.Add(time.Second)
				mu.Unlock()
				begun := time.Now()
				e.CloseDue(b.Context())
				took = append(took, time.Since(begun))
				time.Sleep(20 * time.Millisecond) // the rest of the second, shortened
			}
			cancel()
			n := <-done
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(n), "backtests")
		})
	}
}
