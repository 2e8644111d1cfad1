package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Services break one after the other, then many at once; who is told when? The error ratio over the window is 0 until a
// service breaks, and over the threshold with the first sample after that: this is the crossing sample. With pushes it
// crosses when it is sent, with scrapes when the target serves it. A datapoint closes at the end of the crossing sample's
// period and the KPI's delay after it.

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

func measurePage(ctx context.Context, b *bench) error {
	apart, together, spread := pick(b, 100, 20), pick(b, 100, 50), pick(b, 20*time.Second, 4*time.Second)
	for _, s := range []stage{
		{name: "pushed each second", pushed: true, interval: time.Second, apart: apart, spread: spread, together: together, fromSample: 1.2},
		{name: "scraped each second", interval: time.Second, apart: apart, spread: spread, together: together, fromSample: 2.2},
	} {
		if err := b.race(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func measureShipped(ctx context.Context, b *bench) error {
	if b.quick {
		b.table.note("left out of a quick run: it takes three minutes")
		return nil
	}
	return b.race(ctx, stage{name: "scraped each 15 s, nothing tuned", interval: 15 * time.Second, shipped: true, apart: 40, spread: 30 * time.Second, fromSample: 15 + 60 + 5})
}

// house is one side of the race.
type house struct {
	name  string
	serve *process
	mu    sync.Mutex
	cross map[int]time.Time // service -> its crossing sample, in this side's eyes
	told  map[int]time.Time // service -> first webhook
}

func (b *bench) race(ctx context.Context, s stage) error {
	w := &world{services: s.apart + s.together, start: time.Now(), breaks: map[int]time.Time{},
		sides: map[string]*house{"ours": newHouse("ours"), "peer": newHouse("peer")}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: w.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	addr := listener.Addr().String()

	am, err := b.startAlertmanager(ctx, setup{route: s.peerRoute(addr)})
	if err != nil {
		return err
	}
	defer am.stop()
	ours, peer := w.sides["ours"], w.sides["peer"]
	if peer.serve, err = b.startPrometheus(ctx, setup{interval: s.interval.String(), scrape: s.targets(addr, "peer"), rules: s.rules(), alerts: am.addr}); err != nil {
		return err
	}
	defer peer.serve.stop()
	if ours.serve, err = b.startSignalbox(ctx, setup{interval: s.interval.String(), scrape: s.targets(addr, "ours"), policies: []string{s.policy()}, route: s.ourRoute(addr)}); err != nil {
		return err
	}
	defer ours.serve.stop()

	pushing, stop := context.WithCancel(ctx)
	defer stop()
	pushed := make(chan error, 1)
	go func() { pushed <- w.push(pushing, s) }()
	warm := 12 * time.Second
	if s.shipped { // a group is judged from its first whole period, so every target must have been scraped before it begins
		known := time.Now().Add(s.interval + 2*time.Second)
		warm = max(40*time.Second, time.Until(known.Truncate(time.Minute).Add(time.Minute+2*time.Second)))
	}
	if err := rest(ctx, warm); err != nil {
		return err
	}
	for i := range s.apart {
		w.crash(i)
		at := time.Duration(float64(s.spread) / float64(s.apart) * (0.5 + rand.Float64()))
		if err := rest(ctx, at); err != nil {
			return err
		}
	}
	if s.together > 0 {
		if err := rest(ctx, 2*s.interval); err != nil {
			return err
		}
		for i := range s.together {
			w.crash(s.apart + i)
		}
	}
	patience := time.Now().Add(15 * time.Second)
	if s.shipped {
		patience = time.Now().Add(110 * time.Second)
	}
	for time.Now().Before(patience) && (ours.heard() < w.services || peer.heard() < w.services) {
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	stop()
	if err := <-pushed; err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		return err
	}
	delay, period, err := closing(ctx, ours.serve)
	if err != nil {
		return err
	}
	return w.report(b, s, delay, period)
}

// closing asks what period and delay are in force.
func closing(ctx context.Context, p *process) (delay, period time.Duration, err error) {
	text, err := p.get(ctx, "/api/signalbox/v1/kpis/race")
	if err != nil {
		return 0, 0, err
	}
	var view struct {
		PeriodMS int64 `json:"period_ms"`
		DelayMS  int64 `json:"delay_ms"`
	}
	if err := json.Unmarshal([]byte(text), &view); err != nil {
		return 0, 0, fmt.Errorf("read the KPI's view: %w", err)
	}
	return time.Duration(view.DelayMS) * time.Millisecond, time.Duration(view.PeriodMS) * time.Millisecond, nil
}

func (w *world) report(b *bench, s stage, delay, period time.Duration) error {
	ours, peer := w.sides["ours"], w.sides["peer"]
	fromSample := func(h *house, from, to int) (out []float64) {
		for i := from; i < to; i++ {
			if told, ok := h.told[i]; ok {
				out = append(out, told.Sub(h.cross[i]).Seconds())
			}
		}
		return out
	}
	fromClose := func(from, to int) (out []float64) {
		for i := from; i < to; i++ {
			if told, ok := ours.told[i]; ok {
				end := math.Ceil(float64(ours.cross[i].UnixMilli()) / float64(period.Milliseconds()))
				closes := time.UnixMilli(int64(end) * period.Milliseconds()).Add(delay)
				out = append(out, told.Sub(closes).Seconds())
			}
		}
		return out
	}
	fromBreak := func(h *house) (out []float64) {
		for i, told := range h.told {
			out = append(out, told.Sub(w.breaks[i]).Seconds())
		}
		return out
	}
	n := w.services
	for _, h := range []*house{ours, peer} {
		if len(h.told) < n {
			b.table.note("%s: %s told of %d services of %d only; of %s nobody heard", s.name, h.name, len(h.told), n, h.unheard(w))
		}
	}
	if len(ours.told) == 0 {
		return errors.New("ours told nobody")
	}
	o, p := fromSample(ours, 0, n), fromSample(peer, 0, n)
	b.table.info(s.name+": crossing sample to webhook, median", seconds, median(o), median(p))
	b.table.atMost(s.name+": crossing sample to webhook, p99", seconds, quantile(o, 0.99), quantile(p, 0.99), s.fromSample)
	b.table.info(s.name+": service breaks to webhook, median", seconds, median(fromBreak(ours)), median(fromBreak(peer)))
	b.table.info(s.name+": close of the datapoint to webhook, median", seconds, median(fromClose(0, n)), none)
	if s.together == 0 {
		b.table.atMost(s.name+": close of the datapoint to webhook, p99", seconds, quantile(fromClose(0, n), 0.99), none, 0.1)
	} else {
		b.table.atMost(fmt.Sprintf("%s: close to webhook, p99 of %d one by one", s.name, s.apart), seconds, quantile(fromClose(0, s.apart), 0.99), none, 0.1)
		b.table.atMost(fmt.Sprintf("%s: close to webhook, p99 of %d at once", s.name, s.together), seconds, quantile(fromClose(s.apart, n), 0.99), none, 0.1)
	}
	b.table.note("%s: period %s, delay %s", s.name, period, delay)
	return nil
}

func newHouse(name string) *house {
	return &house{name: name, cross: map[int]time.Time{}, told: map[int]time.Time{}}
}

// unheard lists some services that nobody was told of, with the time of their crossing samples.
func (h *house) unheard(w *world) string {
	var out []string
	for i := range w.services {
		if _, ok := h.told[i]; ok || len(out) > 4 {
			continue
		}
		out = append(out, fmt.Sprintf("%s (%s)", service(i), h.cross[i].UTC().Format("15:04:05.000")))
	}
	return strings.Join(out, ", ")
}

func (h *house) heard() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.told)
}

// crossed notes a service's first sample after it broke.
func (h *house) crossed(i int, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.cross[i]; !ok {
		h.cross[i] = at
	}
}

// hook is the webhook receiver.
func (h *house) hook(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var m struct {
		Alerts []struct {
			Status string            `json:"status"`
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 16<<20)).Decode(&m); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range m.Alerts {
		var i int
		if _, err := fmt.Sscanf(a.Labels["service"], "svc-%d", &i); err != nil || a.Status != "firing" {
			continue
		}
		if _, ok := h.told[i]; !ok {
			h.told[i] = now
		}
	}
}

// world is the services that break.
type world struct {
	services int
	start    time.Time
	mu       sync.Mutex
	breaks   map[int]time.Time
	sides    map[string]*house
}

func (w *world) crash(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.breaks[i] = time.Now()
}

// counts are a service's counters at an instant: a hundred requests a second, and a thousand failed ones when it breaks.
func (w *world) counts(i int, at time.Time) (good, bad float64, broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	good = math.Floor(100 * at.Sub(w.start).Seconds())
	if t, ok := w.breaks[i]; ok && !at.Before(t) {
		return good, 1000, true
	}
	return good, 0, false
}

// targetCount is how many targets the services are spread over, so that their scrapes fall on different instants.
const targetCount = 20

func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	for name, h := range w.sides {
		mux.HandleFunc("POST /hook/"+name, h.hook)
		for t := range targetCount {
			mux.HandleFunc(fmt.Sprintf("GET /metrics/%s/%d", name, t), func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
				now := time.Now()
				var b strings.Builder
				b.WriteString("# TYPE race_requests_total counter\n")
				for i := t; i < w.services; i += targetCount {
					good, bad, broken := w.counts(i, now)
					fmt.Fprintf(&b, "race_requests_total{service=\"svc-%d\",code=\"200\"} %g\nrace_requests_total{service=\"svc-%d\",code=\"500\"} %g\n", i, good, i, bad)
					if broken {
						h.crossed(i, now)
					}
				}
				_, _ = rw.Write([]byte(b.String()))
			})
		}
	}
	return mux
}

// push sends each service's counters to both sides once an interval: a tenth of the services each tenth of the interval.
func (w *world) push(ctx context.Context, s stage) error {
	if !s.pushed {
		return nil
	}
	const phases = 10
	var parts [phases][]int
	var messages [phases]*message
	for i := range w.services {
		parts[i%phases] = append(parts[i%phases], i)
	}
	for k, part := range parts {
		var all []series
		for _, i := range part {
			for _, code := range []string{"200", "500"} {
				all = append(all, series{labels.FromStrings("__name__", "race_requests_total", "code", code, "job", "race", "service", service(i)), 0})
			}
		}
		ms, err := encode(all, write2, len(all), 1)
		if err != nil {
			return err
		}
		messages[k] = ms[0]
	}
	var buf []byte
	for n := 0; ; n++ {
		// Tenths are sent at their middles: a sample is a twentieth of an interval away from a period's end.
		due := time.Now().Truncate(s.interval / phases).Add(s.interval/phases + s.interval/phases/2)
		if err := rest(ctx, time.Until(due)); err != nil {
			return err
		}
		k := int(due.UnixNano()/int64(s.interval/phases)) % phases
		now := time.Now()
		values := make([]float64, 0, 2*len(parts[k]))
		for _, i := range parts[k] {
			good, bad, broken := w.counts(i, now)
			values = append(values, good, bad)
			if broken {
				for _, h := range w.sides {
					h.crossed(i, now)
				}
			}
		}
		buf = messages[k].values(now.UnixMilli(), values, buf)
		for j := range 2 { // in turn, so that neither is always second
			side := []string{"ours", "peer"}[(n+j)%2]
			if err := push(ctx, w.sides[side].serve, write2, buf); err != nil {
				return err
			}
		}
	}
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
