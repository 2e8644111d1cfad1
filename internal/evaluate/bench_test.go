package evaluate_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/kpi"
)

// BenchmarkEngine runs whole seconds of KPIs at a 1 s period, each over five series: what feeding them costs, what closing
// and judging costs, and apart from that what writing the KPI series back costs.
func BenchmarkEngine(b *testing.B) {
	for _, n := range []int{5_000, 100_000} {
		b.Run(fmt.Sprintf("kpis=%d", n), func(b *testing.B) {
			now := t0
			clock := func() time.Time { return now }
			dir := b.TempDir()
			on := openBooks(b, filepath.Join(dir, "metrics"), dir, clock, 0)
			e := evaluate.New(evaluate.Options{Store: on.raw, Ledger: on.ledger, Now: clock, Registerer: prometheus.NewRegistry()})
			zero := time.Duration(0)
			var kpis []*kpi.KPI
			for i := range n {
				svc := "svc-" + strconv.Itoa(i)
				name := labels.MustNewMatcher(labels.MatchEqual, "__name__", "http_requests_total")
				of := labels.MustNewMatcher(labels.MatchEqual, "service", svc)
				kpis = append(kpis, &kpi.KPI{Name: svc, Hash: "1", Period: time.Second, Window: time.Second, Delay: &zero,
					Indicator: kpi.Indicator{Kind: kpi.Ratio, Bad: &kpi.Selector{Matchers: []*labels.Matcher{name, of, labels.MustNewMatcher(labels.MatchRegexp, "code", "5..")}},
						Total: &kpi.Selector{Matchers: []*labels.Matcher{name, of}}},
					Thresholds: kpi.Thresholds{Yellow: atMost(0.5), Red: atMost(0.9), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing}})
			}
			require.NoError(b, e.Start(b.Context()))
			require.NoError(b, e.Apply(b.Context(), kpis))
			batch := make([]gate.Sample, 0, 4*n)
			for i := range n {
				for _, code := range []string{"200", "301", "404", "500"} {
					batch = append(batch, gate.Sample{Watch: e.Born(labels.FromStrings("__name__", "http_requests_total", "service", "svc-"+strconv.Itoa(i), "code", code))})
				}
			}
			second := func() {
				now = now.Add(time.Second)
				for i := range batch {
					batch[i].T = now.UnixMilli()
					batch[i].V += 10
				}
				e.Observe(batch)
			}
			for range 4 {
				second()
				e.CloseDue(b.Context())
			}
			var feed, closing time.Duration
			wrote := on.ledger.Spent()
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				t := time.Now()
				second()
				feed += time.Since(t)
				t = time.Now()
				e.CloseDue(b.Context())
				closing += time.Since(t)
			}
			wrote = on.ledger.Spent() - wrote
			per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) / float64(n) }
			b.ReportMetric(per(feed), "feed-ns/kpi")
			b.ReportMetric(per(closing-wrote), "judge-ns/kpi")
			b.ReportMetric(per(wrote), "write-ns/kpi")
			b.ReportMetric((closing-wrote).Seconds()/float64(b.N), "cores-to-judge")
		})
	}
}
