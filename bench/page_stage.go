package main

import (
	"fmt"
	"strings"
	"time"
)

// stage is one way of running the race.
type stage struct {
	name       string
	pushed     bool
	interval   time.Duration // of scrapes, pushes, KPI periods and rule evaluation; shipped: of scrapes and rules
	shipped    bool          // KPI period of a minute, group_wait left out; the peer waits 30 s for its group
	apart      int           // services that break one after the other
	spread     time.Duration // over so long
	together   int           // services that break at once, afterwards
	fromSample float64       // goal in seconds from the crossing sample to the webhook
}

func (s stage) targets(addr, side string) string {
	if s.pushed {
		return ""
	}
	var b strings.Builder
	b.WriteString("- job_name: race\n  static_configs:\n")
	for t := range targetCount {
		fmt.Fprintf(&b, "  - {targets: ['%s'], labels: {instance: 'target-%d', __metrics_path__: '/metrics/%s/%d'}}\n", addr, t, side, t)
	}
	return b.String()
}

func (s stage) policy() string {
	times := fmt.Sprintf("period: %s\nwindow: 1m\n", s.interval)
	if s.shipped {
		times = ""
	} else if s.pushed {
		times += "delay: 0s\n"
	}
	return `kind: KPI
name: race
owner: bench@irs.example
indicator:
  ratio: {bad: 'race_requests_total{code=~"5.."}', total: 'race_requests_total'}
by: [service]
` + times + `thresholds: {red: "> 3%"}
page: {severity: page, runbook: https://runbooks.irs.example/race}
`
}

func (s stage) rules() string {
	return fmt.Sprintf(`groups:
- name: race
  interval: %s
  rules:
  - alert: race
    expr: sum by (service) (rate(race_requests_total{code=~"5.."}[1m])) / sum by (service) (rate(race_requests_total[1m])) > 0.03
`, s.interval)
}

func (s stage) ourRoute(addr string) string {
	return fmt.Sprintf("route: {receiver: hook, group_by: [kpi, service]}\nreceivers:\n- name: hook\n  webhook_configs: [{url: 'http://%s/hook/ours'}]\n", addr)
}

func (s stage) peerRoute(addr string) string {
	wait := "group_wait: 0s, group_interval: 1s, "
	if s.shipped {
		wait = "group_wait: 30s, group_interval: 5m, " // as its example configuration
	}
	return fmt.Sprintf("route: {receiver: hook, %sgroup_by: [alertname, service]}\nreceivers:\n- name: hook\n  webhook_configs: [{url: 'http://%s/hook/peer'}]\n", wait, addr)
}
