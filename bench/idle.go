package main

import (
	"context"
	"time"
)

// measureIdle lets the servers do nothing, and starts each a few times.
func measureIdle(ctx context.Context, b *bench) error {
	starts := map[string][]float64{}
	for range pick(b, 3, 2) {
		for name, start := range map[string]func(context.Context, setup) (*process, error){
			"signalbox": b.startSignalbox, "prometheus": b.startPrometheus, "alertmanager": b.startAlertmanager,
		} {
			p, err := start(ctx, setup{})
			if err != nil {
				return err
			}
			starts[name] = append(starts[name], p.took.Seconds())
			p.stop()
		}
	}
	ours, prometheus, stop, err := b.startBoth(ctx, setup{})
	if err != nil {
		return err
	}
	defer stop()
	alertmanager, err := b.startAlertmanager(ctx, setup{})
	if err != nil {
		return err
	}
	defer alertmanager.stop()
	wait := pick(b, 30*time.Second, 10*time.Second)
	o0, p0 := ours.cpu(), prometheus.cpu()+alertmanager.cpu()
	if err := rest(ctx, wait); err != nil {
		return err
	}
	o1, p1 := ours.cpu(), prometheus.cpu()+alertmanager.cpu()
	o, p := ours.memory(), prometheus.memory().plus(alertmanager.memory())
	b.table.atMost("anonymous memory at rest", bytes, o.anonymous, p.anonymous, 60e6)
	b.table.info("RSS at rest", bytes, o.rss, p.rss)
	b.table.info("CPU at rest", cores, (o1-o0).Seconds()/wait.Seconds(), (p1-p0).Seconds()/wait.Seconds())
	b.table.info("from start to ready, empty data directory", seconds, median(starts["signalbox"]), median(starts["prometheus"])+median(starts["alertmanager"]))
	b.table.note("after %s without work; the peer's figures are Prometheus' and Alertmanager's together; RSS counts the pages of the binary that are mapped", wait)
	return nil
}
