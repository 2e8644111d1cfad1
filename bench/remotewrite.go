package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureRemoteWrite sends the same requests to both servers, round about: a round is a few passes over all series to one
// server, then as many to the other. Series keep their order from pass to pass, as those of a real sender do.
func measureRemoteWrite(ctx context.Context, b *bench) (err error) {
	n, rounds, passes := pick(b, 320_000, 100_000), pick(b, 5, 3), pick(b, 3, 2)
	const kpis = 1000
	all := webFleet(n)
	ours, peer, stop, err := b.startBoth(ctx, setup{policies: webPolicies(kpis, 5*time.Second)})
	if err != nil {
		return err
	}
	defer stop()
	servers := []*process{ours, peer}

	born := make([]float64, 2)
	for _, v := range []protocol{write1, write2} {
		messages, err := encode(all, v, perRequest, 1)
		if err != nil {
			return err
		}
		// once sends all series once and returns the CPU time a sample.
		once := func(i, passes int) (float64, error) {
			before := servers[i].cpu()
			for range passes {
				if err := pass(ctx, messages, v, time.Now().UnixMilli(), 0, servers[i]); err != nil {
					return 0, err
				}
			}
			return float64((servers[i].cpu() - before).Nanoseconds()) / float64(passes*n), nil
		}
		for i := range servers { // new series, or the first meeting with them in this protocol
			cost, err := once(i, 1)
			if err != nil {
				return err
			}
			if v == write1 {
				born[i] = cost
			}
		}
		costs := make([][]float64, 2)
		for range rounds {
			for i := range servers {
				cost, err := once(i, passes)
				if err != nil {
					return err
				}
				costs[i] = append(costs[i], cost)
			}
		}
		o, p := median(costs[0]), median(costs[1])
		goal := 5.0
		if v == write2 {
			goal = 3
		}
		b.table.times("remote write "+v.name+", receiver's CPU a sample", nanos, o, p, goal)
		b.table.info("remote write "+v.name+", samples a CPU-second (ratio: ours is above)", plain, 1e9/o, none)
		b.table.rows[len(b.table.rows)-1].peer = show(1e9/p, plain)
		b.table.rows[len(b.table.rows)-1].ratio = show(p/o, plain) + "x"
	}
	b.table.info("new series by remote write 1.0, CPU a series", nanos, born[0], born[1])
	watched, err := ours.metric(ctx, "signalbox_evaluate_watched_series_total", "")
	if err != nil {
		return err
	}
	closed, err := ours.metric(ctx, "signalbox_evaluate_datapoints_total", "")
	if err != nil {
		return err
	}
	if closed == 0 {
		return errors.New("no KPI closed a datapoint: the figures are not those of a working engine")
	}
	if err := stored(ctx, servers, float64(2*n*(1+rounds*passes))); err != nil {
		return err
	}
	if err := rest(ctx, 3*time.Second); err != nil {
		return err
	}
	o, p := ours.memory(), peer.memory()
	b.table.atMost("RSS with these series", bytes, o.rss, p.rss, p.rss)
	b.table.info("anonymous memory with these series", bytes, o.anonymous, p.anonymous)
	b.table.info("highest RSS", bytes, o.peak, p.peak)
	oh, err := ours.liveHeap(ctx)
	if err != nil {
		return err
	}
	ph, err := peer.liveHeap(ctx)
	if err != nil {
		return err
	}
	b.table.info("live heap", bytes, oh, ph)
	b.table.note("%d series, %d a request, one sender, %d rounds of %d passes each; ours has %d KPIs with a period of 5 s over %.0f of the series; %.0f datapoints were closed meanwhile", n, perRequest, rounds, passes, kpis, watched, closed)
	return nil
}

// stored makes sure that every server's store has taken in what was sent.
func stored(ctx context.Context, servers []*process, want float64) error {
	for _, p := range servers {
		store := ""
		if p.name == "signalbox" {
			store = `store="metrics"`
		}
		got, err := p.metric(ctx, "prometheus_tsdb_head_samples_appended_total", store)
		if err != nil {
			return err
		}
		if got < want {
			return fmt.Errorf("%s stored %.0f samples of %.0f", p.name, got, want)
		}
	}
	return nil
}
