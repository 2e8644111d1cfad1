package main

import "context"

// measureBacktest replays a changed indicator over 30 days of 15 s samples on 100 series, and has Prometheus' engine answer
// the same ratio as a range query over the same store in the same run.
func measureBacktest(ctx context.Context, b *bench) error {
	runs, err := b.benchmark(ctx, "./internal/evaluate", "^BenchmarkBacktest$", pick(b, "3x", "1x"), 1)
	if err != nil {
		return err
	}
	replay, peer, points := "Backtest/replay", "Backtest/prometheus", "Backtest/points"
	b.table.atMost("30 days, 100 series at 15 s, a changed indicator", seconds, runs.get(replay, "ns/op")/1e9, runs.get(peer, "ns/op")/1e9, 5)
	b.table.info("the same, processor time", seconds, runs.get(replay, "cpu-s/op"), runs.get(peer, "cpu-s/op"))
	b.table.info("the same, memory at its peak above the store's", bytes, runs.get(replay, "peak-MB")*1e6, runs.get(peer, "peak-MB")*1e6)
	b.table.info("30 days of one KPI, changed thresholds only", seconds, runs.get(points, "ns/op")/1e9, none)
	b.table.info("the same, memory at its peak", bytes, runs.get(points, "peak-MB")*1e6, none)
	b.table.note("the peer's answer is one ratio a minute; ours has lights, transitions, pages and charts too")
	return nil
}
