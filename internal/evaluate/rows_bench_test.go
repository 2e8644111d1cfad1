package evaluate_test

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// tapped is an engine with n KPIs over rows: ratios, quantiles and rates of n/10 services, ten KPIs each.
func tapped(tb testing.TB, n int, now func() time.Time) *evaluate.Engine {
	dir := tb.TempDir()
	on := openBooks(tb, dir+"/metrics", dir, now, 0)
	e := evaluate.New(evaluate.Options{Store: on.raw, Rows: &memRows{}, Ledger: on.ledger, Now: now})
	require.NoError(tb, e.Start(tb.Context()))
	var kpis []*kpi.KPI
	for i := range n {
		service := strconv.Itoa(i / 10)
		in := kpi.Indicator{Kind: kpi.Ratio, Bad: selector(tb, `logs{service="svc-`+service+`",level="error"}`), Total: selector(tb, `logs{service="svc-`+service+`"}`)}
		switch i % 10 {
		case 0, 1, 2:
			in = kpi.Indicator{Kind: kpi.Rate, Of: selector(tb, `logs{service="svc-`+service+`",level=~"error|fatal"}`)}
		case 3:
			in = kpi.Indicator{Kind: kpi.Quantile, Of: selector(tb, `logs{service="svc-`+service+`"}`), Value: "took", Q: 0.95}
		case 4, 5, 6:
			in = kpi.Indicator{Kind: kpi.Rate, Of: selector(tb, `logs{service="svc-`+service+`",http_route="/r`+strconv.Itoa(i%10)+`"}`)}
		}
		k := overRows("k"+strconv.Itoa(i), in)
		if i%10 == 7 {
			k.By = []string{"level"}
		}
		kpis = append(kpis, k)
	}
	require.NoError(tb, e.Apply(tb.Context(), kpis))
	return e
}

// logsOf is a batch as a collector sends it: rows of a few services, one after the other.
func logsOf(services []string, now time.Time) *rowstore.Batch {
	b := &rowstore.Batch{Table: rowstore.Logs}
	for i := range 512 {
		r := b.Add()
		r.Time, r.Received = now.Add(-time.Duration(512-i)*time.Millisecond).UnixMicro(), now.UnixMicro()
		r.Service, r.Severity, r.Env, r.Body = services[i*len(services)/512], []uint8{9, 9, 9, 9, 9, 9, 13, 17}[i%8], "prod", "request handled"
		b.Attr("http.route", "/r"+strconv.Itoa(i%10))
		b.Attr("took", strconv.Itoa(1+i%300))
	}
	return b
}

// spentCPU is the process's processor time in nanoseconds: the clock on the wall tells of the neighbours, too.
func spentCPU() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkTapRows(b *testing.B) {
	for _, of := range []struct {
		name     string
		services []string
	}{{"nothing", []string{"other-1", "other-2", "other-3", "other-4"}}, {"ten-each", []string{"svc-1", "svc-7", "svc-42", "svc-99"}}} {
		for _, n := range []int{100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", of.name, n), func(b *testing.B) {
				now := t0
				e := tapped(b, n, func() time.Time { return now })
				now = now.Add(30 * time.Second)
				batch := logsOf(of.services, now)
				b.ReportAllocs()
				b.ResetTimer()
				began := spentCPU()
				for range b.N {
					e.ObserveRows(batch)
				}
				b.ReportMetric(float64(spentCPU()-began)/float64(b.N)/512, "cpu-ns/row")
			})
		}
	}
}

func TestTheTapAllocatesNothing(t *testing.T) {
	now := t0
	e := tapped(t, 200, func() time.Time { return now })
	now = now.Add(30 * time.Second)
	for _, services := range [][]string{{"other"}, {"svc-1", "svc-2", "svc-3"}} {
		batch := logsOf(services, now)
		e.ObserveRows(batch)
		require.Zero(t, testing.AllocsPerRun(20, func() { e.ObserveRows(batch) }), services)
	}
}
