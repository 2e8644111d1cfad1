package test

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// portal is a service with a /metrics in the exposition format, whose numbers the test sets. Its help texts hold the very
// words that the tutorial's grep stumbled over.
type portal struct {
	mu       sync.Mutex
	requests float64
	errors   float64
	ms       float64
	rate     float64 // errors of each 100 requests that a scrape adds
	server   *http.Server
	addr     string
}

func newPortal(t *testing.T, addr string) *portal {
	t.Helper()
	p := &portal{}
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	p.addr = l.Addr().String()
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(l) }()
	t.Cleanup(func() { _ = p.server.Close() })
	return p
}

// ServeHTTP answers a scrape; every scrape finds 100 more requests of 20 ms.
func (p *portal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests += 100
	p.errors += p.rate
	p.ms += 2000
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# HELP http_errors_total 500 responses\n# TYPE http_errors_total counter\nhttp_errors_total %g\n", p.errors)
	fmt.Fprintf(w, "# HELP http_requests_total requests\n# TYPE http_requests_total counter\nhttp_requests_total %g\n", p.requests)
	fmt.Fprintf(w, "# HELP req_ms time\n# TYPE req_ms summary\nreq_ms_sum %g\nreq_ms_count %g\n", p.ms, p.requests)
}

func (p *portal) set(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
}

// reset is what a restart of the service does to its counters.
func (p *portal) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.errors, p.ms = 0, 0, 0
}

const policies = `kind: KPI
name: error-rate
title: 1040 e-file error rate
outcome: technical
owner: oncall@irs.example
unit: percent
indicator:
  ratio: {bad: 'http_errors_total{job="efile"}', total: 'http_requests_total{job="efile"}'}
by: [service]
period: 2s
thresholds: {yellow: "> 1%", red: "> 3%", for: 3}
page: {severity: page, runbook: https://runbooks.irs.example/efile-errors}
---
kind: KPI
name: latency
title: Mean response time
outcome: technical
owner: oncall@irs.example
unit: seconds
indicator:
  mean: {sum: 'req_ms_sum{job="efile"}', count: 'req_ms_count{job="efile"}'}
period: 2s
thresholds: {red: "> 100s", for: 3}
`

// config watches two portals and mails to a mailbox.
func config(a, b, smtp string) string {
	return fmt.Sprintf(`external_url: http://127.0.0.1:9700
host: {enabled: false}
scrape_configs:
  - job_name: efile
    scrape_interval: 1s
    scrape_timeout: 900ms
    static_configs:
      - {targets: [%q], labels: {service: a}}
      - {targets: [%q], labels: {service: b}}
alerting:
  global: {smtp_smarthost: %q, smtp_from: noreply@irs.example, smtp_require_tls: false}
  route: {receiver: oncall, group_by: [kpi], group_interval: 2s}
  receivers: [{name: oncall, email_configs: [{to: oncall@irs.example, send_resolved: true}]}]
policies: [policies/*.yaml]
`, a, b, smtp)
}
