package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Services break one after the other, then many at once; who is told when? The error ratio over the window is 0 until a
// service breaks, and over the threshold with the first sample after that: this is the crossing sample. With pushes it
// crosses when it is sent, with scrapes when the target serves it. A datapoint closes at the end of the crossing sample's
// period and the KPI's delay after it.

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
