package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// edges are the bucket edges of every histogram here. The weights that go with them put the 95th percentile between 5 and 10.
var edges = []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}

func bucketWeight(j int) float64 { return float64(min(len(edges), j+2)) }

// perTarget is how many series one target of the web fleet has.
const perTarget = 200

// webFleet is what n series of web services look like to a receiver: ten labels or so a series, 200 series a target: 80
// request counters, 78 of histograms, 42 gauges.
func webFleet(n int) []series {
	out := make([]series, 0, n)
	for target := 0; len(out) < n; target++ {
		add := func(weight float64, name string, more ...string) {
			if len(out) == n {
				return
			}
			pairs := append([]string{"__name__", name, "agency", "IRS", "env", "production", "zone", "us-east-1a",
				"job", "efile-" + strconv.Itoa(target%20), "instance", instance(target)}, more...)
			out = append(out, series{labels.FromStrings(pairs...), weight})
		}
		for i := range 80 {
			add(float64(1+i%7), "http_requests_total", "method", []string{"GET", "POST"}[i/4%2], "route", "/api/v1/returns/"+strconv.Itoa(i/8), "code", []string{"200", "404", "500", "503"}[i%4])
		}
		for i := range 6 {
			for j, le := range edges {
				add(bucketWeight(j), "http_request_duration_seconds_bucket", "method", "GET", "route", "/api/v1/returns/"+strconv.Itoa(i), "le", le)
			}
			add(float64(len(edges)), "http_request_duration_seconds_count", "method", "GET", "route", "/api/v1/returns/"+strconv.Itoa(i))
		}
		for i := range perTarget - 80 - 78 {
			add(0.1*float64(1+i), "queue_depth", "queue", "filing-"+strconv.Itoa(i), "partition", strconv.Itoa(i%8))
		}
	}
	return out
}

func instance(target int) string {
	return fmt.Sprintf("10.%d.%d.%d:8080", target>>16&255, target>>8&255, target&255)
}

// webPolicies are n KPIs over the web fleet: error ratio and 95th percentile of each target, so that 158 of a target's 200
// series are watched.
func webPolicies(n int, period time.Duration) []string {
	var docs []string
	for i := range n {
		at := fmt.Sprintf(`instance="%s"`, instance(i/2))
		indicator := fmt.Sprintf(`ratio: {bad: 'http_requests_total{%s,code=~"5.."}', total: 'http_requests_total{%s}'}`, at, at)
		if i%2 == 1 {
			indicator = fmt.Sprintf(`quantile: {histogram: 'http_request_duration_seconds{%s}', q: 0.95}`, at)
		}
		docs = append(docs, document(fmt.Sprintf("web-%05d", i), indicator, period, period))
	}
	return files(docs)
}

// questions is n services: of every even one the error ratio is asked, over four series; of every odd one the 95th
// percentile, over twelve buckets.
type questions struct {
	n        int
	interval time.Duration
}

func (q questions) series() []series {
	out := make([]series, 0, 8*q.n)
	for i := range q.n {
		svc := service(i)
		if i%2 == 0 {
			for c, code := range []string{"200", "301", "404", "500"} {
				out = append(out, series{labels.FromStrings("__name__", "http_requests_total", "service", svc, "code", code), []float64{97, 1, 1, 1}[c]})
			}
			continue
		}
		for j, le := range edges {
			out = append(out, series{labels.FromStrings("__name__", "http_request_duration_seconds_bucket", "service", svc, "le", le), bucketWeight(j)})
		}
	}
	return out
}

func service(i int) string { return "svc-" + strconv.Itoa(i) }

// window is what each question looks back over.
const window = 5 * time.Minute

func (q questions) policies() []string {
	var docs []string
	for i := range q.n {
		indicator := fmt.Sprintf(`ratio: {bad: 'http_requests_total{service="%s",code=~"5.."}', total: 'http_requests_total{service="%s"}'}`, service(i), service(i))
		if i%2 == 1 {
			indicator = fmt.Sprintf(`quantile: {histogram: 'http_request_duration_seconds{service="%s"}', q: 0.95}`, service(i))
		}
		docs = append(docs, document("kpi-"+service(i), indicator, q.interval, window))
	}
	return files(docs)
}

// rules are the same questions to Prometheus, in groups of 50, as alerting rules: they write no series back while all is
// well, which a KPI does.
func (q questions) rules() string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for i := range q.n {
		if i%50 == 0 {
			fmt.Fprintf(&b, "- name: group-%d\n  interval: %s\n  rules:\n", i/50, q.interval)
		}
		expr := fmt.Sprintf(`sum(rate(http_requests_total{service="%s",code=~"5.."}[5m])) / sum(rate(http_requests_total{service="%s"}[5m])) > 0.03`, service(i), service(i))
		if i%2 == 1 {
			expr = fmt.Sprintf(`histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{service="%s"}[5m]))) > 60`, service(i))
		}
		fmt.Fprintf(&b, "  - alert: kpi-%s\n    expr: '%s'\n    for: 3m\n", service(i), expr)
	}
	return b.String()
}

// document is one KPI that nobody is paged for.
func document(name, indicator string, period, window time.Duration) string {
	return fmt.Sprintf(`kind: KPI
name: %s
owner: bench@irs.example
indicator: {%s}
period: %s
window: %s
delay: 0s
thresholds: {red: "> %s", for: 3}
`, name, indicator, period, window, red(indicator))
}

func red(indicator string) string {
	if strings.HasPrefix(indicator, "quantile") {
		return "60s"
	}
	return "3%"
}

// files joins documents into files of a thousand.
func files(docs []string) []string {
	var out []string
	for len(docs) > 0 {
		n := min(1000, len(docs))
		out = append(out, strings.Join(docs[:n], "---\n"))
		docs = docs[n:]
	}
	return out
}
