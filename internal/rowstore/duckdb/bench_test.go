package duckdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// cpu returns the processor time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var benchResources = func() (rs []*rowstore.Resource) {
	for i := range 20 {
		rs = append(rs, &rowstore.Resource{JSON: fmt.Sprintf(`{"host.name":"ip-10-0-3-%d","k8s.pod.name":"intake-7d9f8b6c5-%05d","telemetry.sdk.language":"go"}`, i, i*7919)})
	}
	return rs
}()

// benchRows makes rows as a busy portal sends them: a body of 114 bytes and 8 attributes for a log record.
func benchRows(b *rowstore.Batch, t rowstore.Table, rnd *rand.Rand, n int, at int64) {
	services := []string{"intake", "validation", "payments", "refund-status", "identity", "notification-mail"}
	routes := []string{"/file/1040", "/file/:id/status", "/pay", "/refund", "/login", "/documents/:id"}
	methods := []string{"GET", "POST", "PUT"}
	text := make([]byte, 0, 200)
	num := func(n uint64) string { text = strconv.AppendUint(text[:0], n, 10); return b.Text(text) }
	b.Reset(t)
	for i := range n {
		r := b.Add()
		r.Time, r.Received = at+int64(i)*50, at+int64(i)*50+1500
		r.Trace = rowstore.TraceIDOf(rnd.Uint64(), rnd.Uint64())
		r.Span = rowstore.SpanID(rnd.Uint64())
		svc := rnd.IntN(len(services))
		r.Service, r.Env, r.Agency, r.Version, r.Source = services[svc], "prod", "IRS", "2026.4.1", "collector"
		r.Route = routes[rnd.IntN(len(routes))]
		r.Resource = benchResources[rnd.IntN(len(benchResources))]
		if rnd.IntN(3) == 0 {
			r.User = "u_" + num(rnd.Uint64N(50_000)*2654435761%1e9)
			r.Session = "s_" + num(rnd.Uint64N(80_000)*2654435761%1e9)
		}
		status := uint64(200)
		if rnd.IntN(50) == 0 {
			status, r.ErrorType = 503, "timeout"
		}
		ms := uint64(rnd.ExpFloat64() * 80)
		switch t {
		case rowstore.Logs:
			r.Severity = 9
			text = append(text[:0], "request "...)
			text = strconv.AppendUint(text, rnd.Uint64N(1e12), 10)
			text = append(text, " handled by worker "...)
			text = strconv.AppendUint(text, rnd.Uint64N(64), 10)
			text = append(text, " for form 1040 of tax year 2025, took "...)
			text = strconv.AppendUint(text, ms, 10)
			text = append(text, " ms, returned the acknowledgement"...)
			for len(text) < 114 {
				text = append(text, '.')
			}
			r.Body = b.Text(text)
		case rowstore.Spans:
			r.Name, r.Kind, r.Parent, r.Duration = r.Route, 2, rowstore.SpanID(rnd.Uint64()), int64(ms)*1e6+rnd.Int64N(1e6)
		default:
			r.Name, r.Value = "filing_submitted", float64(rnd.IntN(5))
		}
		b.Attr("http.request.method", methods[rnd.IntN(3)])
		b.Attr("http.response.status_code", num(status))
		b.Attr("url.scheme", "https")
		b.Attr("server.address", "efile.irs.example")
		b.Attr("client.address", "198.51."+num(rnd.Uint64N(256)))
		b.Attr("thread.id", num(rnd.Uint64N(64)))
		b.Attr("duration_ms", num(ms))
		b.Attr("request.bytes", num(rnd.Uint64N(20_000)))
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, t := range []rowstore.Table{rowstore.Logs, rowstore.Spans} {
		for _, n := range []int{100, 1000, 2000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", t, n), func(b *testing.B) {
				s, err := Open(context.Background(), Options{Dir: b.TempDir(), SegmentRows: 1 << 40, SegmentBytes: 1 << 40})
				require.NoError(b, err)
				defer func() { require.NoError(b, s.Close()) }()
				rnd := rand.New(rand.NewPCG(1, 2))
				batches := make([]rowstore.Batch, 8)
				for i := range batches {
					benchRows(&batches[i], t, rnd, n, 1_800_000_000_000_000)
				}
				b.ReportAllocs()
				b.ResetTimer()
				from, rows := cpu(), 0
				for i := 0; b.Loop(); i++ {
					if err := s.Write(context.Background(), &batches[i%8]); err != nil {
						b.Fatal(err)
					}
					rows += n
				}
				b.ReportMetric(float64((cpu()-from).Nanoseconds())/1000/float64(rows), "µscpu/row")
			})
		}
	}
}

// BenchmarkSeal seals a full segment: processor time a row, and bytes a row before and after.
func BenchmarkSeal(b *testing.B) {
	for _, t := range []rowstore.Table{rowstore.Logs, rowstore.Spans} {
		b.Run(t.String(), func(b *testing.B) {
			s, err := Open(context.Background(), Options{Dir: b.TempDir(), SegmentRows: 1 << 40, SegmentBytes: 1 << 40})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			rnd := rand.New(rand.NewPCG(1, 2))
			var batch rowstore.Batch
			var used time.Duration
			var hot, rows int64
			for b.Loop() {
				for i := range 20 {
					benchRows(&batch, t, rnd, 10_000, 1_800_000_000_000_000+int64(i)*500_000)
					require.NoError(b, s.Write(context.Background(), &batch))
				}
				_, h := s.stat()
				hot, rows = hot+h, rows+200_000
				from := cpu()
				require.NoError(b, s.sealAll(context.Background(), true))
				used += cpu() - from
			}
			st, _ := s.stat()
			b.ReportMetric(float64(used.Nanoseconds())/1000/float64(rows), "µscpu/row")
			b.ReportMetric(float64(hot)/float64(rows), "logB/row")
			b.ReportMetric(float64(st.Tables[t].Bytes)/float64(rows), "sealedB/row")
			s.work.Lock()
			from := cpu()
			err = s.merge(context.Background())
			s.work.Unlock()
			require.NoError(b, err)
			st, _ = s.stat()
			b.ReportMetric(float64((cpu()-from).Nanoseconds())/1000/float64(rows), "mergeµscpu/row")
			b.ReportMetric(float64(st.Tables[t].Bytes)/float64(rows), "mergedB/row")
		})
	}
}

// BenchmarkIngestUnderQuery sends 20,000 rows a second for some seconds while segments rotate and are sealed behind, without
// and with a heavy query all the time, and reports how long a commit took.
func BenchmarkIngestUnderQuery(b *testing.B) {
	for _, queries := range []int{0, 1, 3} {
		b.Run(fmt.Sprint(queries), func(b *testing.B) {
			ctx, cancel := context.WithCancel(context.Background())
			s, err := Open(ctx, Options{Dir: b.TempDir(), SegmentRows: 50_000})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			rnd := rand.New(rand.NewPCG(1, 2))
			var batch rowstore.Batch
			for i := range 30 { // something to query
				benchRows(&batch, rowstore.Logs, rnd, 10_000, 1_800_000_000_000_000+int64(i)*500_000)
				require.NoError(b, s.Write(ctx, &batch))
			}
			var all sync.WaitGroup
			all.Go(func() { _ = s.Run(ctx) })
			asked := make([]int, queries)
			for i := range queries {
				all.Go(func() {
					for ctx.Err() == nil {
						r, err := s.reading(ctx, rowstore.Logs, rowstore.Between{})
						if err != nil {
							return
						}
						var parts []string
						for _, src := range r.Sources {
							parts = append(parts, "SELECT session_id, time, body FROM "+src.Name)
						}
						var n int
						_ = r.Conn.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT session_id, time - lag(time) OVER (PARTITION BY session_id ORDER BY time) AS gap, body FROM ("+
							strings.Join(parts, " UNION ALL ")+")) WHERE gap > INTERVAL 1 SECOND OR body LIKE '%worker 7 %'").Scan(&n)
						r.Close()
						asked[i]++
					}
				})
			}
			batches := make([]rowstore.Batch, 16)
			for i := range batches {
				benchRows(&batches[i], rowstore.Logs, rnd, 500, 1_800_000_000_000_000)
			}
			var took []time.Duration
			from := cpu()
			start := time.Now()
			rows := 0
			for b.Loop() {
				for i := range 200 { // five seconds
					time.Sleep(time.Until(start.Add(time.Duration(rows) * time.Second / 20_000)))
					begin := time.Now()
					require.NoError(b, s.Write(ctx, &batches[i%16]))
					took = append(took, time.Since(begin))
					rows += 500
				}
			}
			used, wall := cpu()-from, time.Since(start)
			cancel()
			all.Wait()
			slices.Sort(took)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(took[len(took)/2]), "p50ms")
			b.ReportMetric(ms(took[len(took)*99/100]), "p99ms")
			b.ReportMetric(ms(took[len(took)-1]), "maxms")
			b.ReportMetric(float64(rows)/wall.Seconds(), "rows/s")
			b.ReportMetric(float64(used.Nanoseconds())/1000/float64(rows), "µscpu/row")
			total := 0
			for _, n := range asked {
				total += n
			}
			b.ReportMetric(float64(total), "queries")
		})
	}
}
