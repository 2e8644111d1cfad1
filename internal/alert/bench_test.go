package alert_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// BenchmarkPage is the time from a signal to the webhook's or the mail server's acceptance, group wait 0: p50 and p99 over
// the signals of the run, at least 200.
func BenchmarkPage(b *testing.B) {
	for _, to := range []string{"webhook", "mail"} {
		b.Run(to, func(b *testing.B) {
			came := make(chan time.Time, 1)
			var cfg string
			if to == "webhook" {
				server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- time.Now() }))
				defer server.Close()
				cfg = hookTo(server.URL, "group_by: [service]")
			} else {
				box := sinkAt(b, "127.0.0.1:0")
				box.reply(func([]byte) error { came <- time.Now(); return nil })
				cfg = mailTo(box.addr, "group_by: [service]")
			}
			h := run(b, b.TempDir(), cfg)
			h.signal(red(errorRate(), "warm", 0.05, time.Now()))
			<-came
			var took []time.Duration
			for len(took) < 200 || b.Loop() {
				begun := time.Now()
				h.signal(red(errorRate(), fmt.Sprint("s", len(took)), 0.05, begun))
				took = append(took, (<-came).Sub(begun))
			}
			report(b, took)
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkStorm is the time for the alert room to take 1,000 groups in one signal.
func BenchmarkStorm(b *testing.B) {
	hook := hookServer(b)
	h := run(b, b.TempDir(), hookTo(hook.URL, "group_by: [kpi], group_interval: 1h"))
	var all []kpi.PageSignal
	for i := range 1000 {
		all = append(all, red(errorRate(), fmt.Sprintf("s%04d", i), 0.05, time.Now()))
	}
	for b.Loop() {
		h.signal(all...)
	}
}
