package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
)

// measureEngine runs the module's own benchmarks: what a sample costs at a watched series, and what closing costs, a KPI. From
// them it says what 100,000 KPIs at one second would take above ingest.
func measureEngine(ctx context.Context, b *bench) error {
	const kpis, watched = 100_000, 8 // half of the KPIs watch 4 series, half 12
	runs, err := b.benchmark(ctx, "./internal/kpi", "^(BenchmarkFeed|BenchmarkClose)$", pick(b, "1s", "200ms"), pick(b, 5, 2))
	if err != nil {
		return err
	}
	feed := runs.get("Feed/series=40000/random=false", "ns/op")
	random := runs.get("Feed/series=40000/random=true", "ns/op")
	b.table.info("a sample at a watched series, in the sender's order", nanos, feed, none)
	b.table.info("a sample at a watched series, in random order", nanos, random, none)
	for _, window := range []string{"1s", "5m0s"} {
		ratio := runs.get("Close/ratio/kpis=5000/window="+window, "ns/op")
		p95 := runs.get("Close/p95/kpis=5000/window="+window, "ns/op")
		b.table.info("closing an error ratio, window "+window, nanos, ratio, none)
		b.table.info("closing a 95th percentile, window "+window, nanos, p95, none)
		use := kpis * ((ratio+p95)/2 + watched*random) / 1e9
		b.table.atMost("100,000 KPIs at 1 s, window "+window+": windows alone", cores, use, none, 0.2)
		b.table.atMost("memory of an error ratio with 4 series, window "+window, bytes, runs.get("Close/ratio/kpis=5000/window="+window, "B/kpi"), none, 3000+4*200)
		b.table.atMost("memory of a 95th percentile with 12 buckets, window "+window, bytes, runs.get("Close/p95/kpis=5000/window="+window, "B/kpi"), none, 3000+12*200)
	}
	rounds, err := b.benchmark(ctx, "./internal/evaluate", ".", pick(b, "1s", "200ms"), pick(b, 3, 1))
	if err != nil {
		return err
	}
	if len(rounds) == 0 {
		b.table.note("internal/evaluate has no benchmark of its own: judging and writing are in the figures of rules1s")
	}
	for _, name := range rounds.names() {
		b.table.info("evaluate "+name, nanos, rounds.get(name, "ns/op"), none)
	}
	b.table.note("windows alone: %d watched series a KPI, random order, half error ratios and half 95th percentiles; writing the KPI series back is in rules1s", watched)
	return nil
}

// benchmarks are the figures of go test -bench: name without Benchmark and without the number of processors, then unit.
type benchmarks map[string]map[string][]float64

// benchmark runs Go benchmarks of signalbox' module.
func (b *bench) benchmark(ctx context.Context, pkg, pattern, time string, count int) (benchmarks, error) {
	c := exec.CommandContext(ctx, "go", "test", pkg, "-run", "^$", "-bench", pattern, "-benchmem", "-benchtime", time, "-count", strconv.Itoa(count), "-cpu", "1")
	c.Dir = b.root
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go test -bench in %s: %w: %s", pkg, err, strings.TrimSpace(string(out)))
	}
	found := benchmarks{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		name, ok := strings.CutPrefix(line, "Benchmark")
		if !ok || len(f) < 4 {
			continue
		}
		name = strings.Fields(name)[0]
		if found[name] == nil {
			found[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				found[name][f[i+1]] = append(found[name][f[i+1]], v)
			}
		}
	}
	return found, nil
}

// get is the median of a figure, NaN if there is none.
func (s benchmarks) get(name, unit string) float64 {
	if s[name] == nil {
		return math.NaN()
	}
	return median(s[name][unit])
}

func (s benchmarks) names() []string { return sortedKeys(s) }
