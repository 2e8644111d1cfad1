package demo

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// books are the portal's business counters, kept by the intake service, which sees how every filing ends. They are exported
// from one look under the lock: a scrape can never see a filing accepted that it does not also see submitted, so "accepted,
// of those submitted" is at most 100 % in every period. A filing is counted when it is answered, for the same reason.
type books struct {
	forecast func() float64
	born     time.Time

	mu        sync.Mutex
	submitted float64
	accepted  float64
	rejected  map[string]float64

	submittedDesc, acceptedDesc, rejectedDesc, forecastDesc *prometheus.Desc
}

func newBooks(born time.Time, forecast func() float64) *books {
	b := &books{forecast: forecast, born: born, rejected: map[string]float64{}}
	for _, reason := range []string{reasonSchema, reasonIdentity, reasonPriorAGI, reasonDuplicate} {
		b.rejected[reason] = 0
	}
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, variable, nil)
	}
	b.submittedDesc = desc("filings_submitted_total", "Filings submitted, counted when the portal has answered.")
	b.acceptedDesc = desc("filings_accepted_total", "Filings accepted.")
	b.rejectedDesc = desc("filings_rejected_total", "Filings rejected for a mistake in them, by reason.", "reason")
	b.forecastDesc = desc("filings_forecast_per_minute", "Filings a minute that the plan of the deadline day expects now.")
	return b
}

// enter books one answered filing.
func (b *books) enter(a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.submitted++
	switch a.Status {
	case accepted:
		b.accepted++
	case rejected:
		b.rejected[a.Reason]++
	}
}

// Describe implements prometheus.Collector.
func (b *books) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.submittedDesc, b.acceptedDesc, b.rejectedDesc, b.forecastDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (b *books) Collect(ch chan<- prometheus.Metric) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetricWithCreatedTimestamp(d, prometheus.CounterValue, v, b.born, labels...)
	}
	count(b.submittedDesc, b.submitted)
	count(b.acceptedDesc, b.accepted)
	for reason, n := range b.rejected {
		count(b.rejectedDesc, n, reason)
	}
	ch <- prometheus.MustNewConstMetric(b.forecastDesc, prometheus.GaugeValue, b.forecast())
}
