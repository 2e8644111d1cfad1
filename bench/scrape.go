package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// measureScrape has three servers scrape the same targets at the same time: ours, ours with KPIs over the series, and
// Prometheus.
func measureScrape(ctx context.Context, b *bench) error {
	const targets, each = 50, 1000
	span := pick(b, 60*time.Second, 15*time.Second)
	f := newFarm(targets, each)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	config := func(who int) setup {
		return setup{interval: "1s", scrape: f.config(listener.Addr().String(), who)}
	}
	const bare, full, peer = 0, 1, 2
	var servers [3]*process
	defer func() {
		for _, p := range servers {
			p.stop()
		}
	}()
	if servers[bare], err = b.startSignalbox(ctx, config(bare)); err != nil {
		return err
	}
	s := config(full)
	s.policies = f.policies()
	if servers[full], err = b.startSignalbox(ctx, s); err != nil {
		return err
	}
	if servers[peer], err = b.startPrometheus(ctx, config(peer)); err != nil {
		return err
	}
	if err := rest(ctx, 6*time.Second); err != nil {
		return err
	}
	// Several stretches, so that one disturbance is not the figure.
	const stretches = 5
	var costs [3][]float64
	for range stretches {
		var cpu [3]time.Duration
		var scrapes [3]int64
		for i, p := range servers {
			cpu[i], scrapes[i] = p.cpu(), f.scrapes[i].Load()
		}
		if err := rest(ctx, span/stretches); err != nil {
			return err
		}
		for i, p := range servers {
			n := (f.scrapes[i].Load() - scrapes[i]) * each
			if n == 0 {
				return fmt.Errorf("%s scraped nothing", p.name)
			}
			costs[i] = append(costs[i], float64((p.cpu()-cpu[i]).Nanoseconds())/float64(n))
		}
	}
	o, k, p := median(costs[bare]), median(costs[full]), median(costs[peer])
	b.table.times("CPU a scraped sample", nanos, o, p, 1)
	b.table.info("CPU a scraped sample, ours with 100 KPIs over all series", nanos, k, p)
	om, pm := servers[bare].memory(), servers[peer].memory()
	b.table.info("RSS", bytes, om.rss, pm.rss)
	b.table.info("anonymous memory", bytes, om.anonymous, pm.anonymous)
	b.table.note("%d targets of %d series, plain text, scraped by all three servers at the same time for %s", targets, each, span)
	return nil
}

// farm serves the targets' pages. The path is /WHO/TARGET: each server has its own, so that its scrapes are counted.
type farm struct {
	pages   []string // with room for a number of twelve digits at each place
	places  [][]int
	scrapes [3]atomic.Int64
	start   time.Time
}

const digitsOfValue = 12

func newFarm(targets, each int) *farm {
	f := &farm{start: time.Now()}
	for t := range targets {
		var b strings.Builder
		var places []int
		b.WriteString("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n")
		for i := range each {
			fmt.Fprintf(&b, "http_requests_total{service=%q,method=%q,route=\"/api/v1/returns/%d\",code=%q} ", service(t), []string{"GET", "POST"}[i%2], i/8, []string{"200", "404", "500", "503"}[i/2%4])
			places = append(places, b.Len())
			b.WriteString(strings.Repeat("0", digitsOfValue) + "\n")
		}
		f.pages, f.places = append(f.pages, b.String()), append(f.places, places)
	}
	return f
}

func (f *farm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var who, target int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d", &who, &target); err != nil || who >= len(f.scrapes) || target >= len(f.pages) {
		http.NotFound(w, r)
		return
	}
	page := []byte(f.pages[target])
	tick := time.Since(f.start).Milliseconds() / 100
	for i, p := range f.places[target] {
		v := strconv.AppendInt(nil, 1_000_000+tick*int64(1+i%13), 10)
		copy(page[p+digitsOfValue-len(v):], v)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(page)
	f.scrapes[who].Add(1)
}

func (f *farm) config(addr string, who int) string {
	var b strings.Builder
	b.WriteString("- job_name: farm\n  static_configs:\n")
	for t := range f.pages {
		fmt.Fprintf(&b, "  - {targets: ['%s'], labels: {instance: 'target-%d', __metrics_path__: '/%d/%d'}}\n", addr, t, who, t)
	}
	return b.String()
}

// policies are two KPIs a target, which between them watch every series.
func (f *farm) policies() []string {
	var docs []string
	for t := range f.pages {
		for _, method := range []string{"GET", "POST"} {
			at := fmt.Sprintf(`service="%s",method="%s"`, service(t), method)
			indicator := fmt.Sprintf(`ratio: {bad: 'http_requests_total{%s,code=~"5.."}', total: 'http_requests_total{%s}'}`, at, at)
			docs = append(docs, document(fmt.Sprintf("farm-%d-%s", t, strings.ToLower(method)), indicator, 5*time.Second, 5*time.Second))
		}
	}
	return slices.Clip(files(docs))
}
