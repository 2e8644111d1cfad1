package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
)

// measureEngine runs the module's own benchmarks: what a sample costs at a watched series, and what closing costs a
// window, and what whole seconds of 5,000 and of 100,000 KPIs cost, writing their series apart.
func measureEngine(ctx context.Context, b *bench) error {
	runs, err := b.benchmark(ctx, "./internal/kpi", "^(BenchmarkFeed|BenchmarkClose)$", pick(b, "300ms", "200ms"), pick(b, 2, 1))
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
		b.table.atMost("memory of an error ratio with 4 series, window "+window, bytes, runs.get("Close/ratio/kpis=5000/window="+window, "B/kpi"), none, 3000+4*200)
		b.table.atMost("memory of a 95th percentile with 12 buckets, window "+window, bytes, runs.get("Close/p95/kpis=5000/window="+window, "B/kpi"), none, 3000+12*200)
	}
	rounds, err := b.benchmark(ctx, "./internal/evaluate", pick(b, "^BenchmarkEngine$", "^BenchmarkEngine$/^kpis=5000$"), pick(b, "1s", "200ms"), 1)
	if err != nil {
		return err
	}
	for _, n := range []int{5000, 100_000} {
		name := fmt.Sprintf("Engine/kpis=%d", n)
		if rounds[name] == nil {
			continue
		}
		feed, judge, write := rounds.get(name, "feed-ns/kpi"), rounds.get(name, "judge-ns/kpi"), rounds.get(name, "write-ns/kpi")
		b.table.info(fmt.Sprintf("%d error ratios at 1 s: feeding four series", n), nanos, feed, none)
		b.table.info(fmt.Sprintf("%d error ratios at 1 s: closing and judging", n), nanos, judge, none)
		b.table.info(fmt.Sprintf("%d error ratios at 1 s: writing the KPI series", n), nanos, write, none)
		if n == 100_000 {
			b.table.atMost("100,000 error ratios at 1 s, above ingest, without writing", cores, float64(n)*(feed+judge)/1e9, none, 0.2)
			b.table.info("100,000 error ratios at 1 s, writing the KPI series back", cores, float64(n)*write/1e9, none)
		}
	}
	b.table.note("in process, one processor, nothing else in the caches: a server that also takes samples in pays more, see rules1s")
	return nil
}

// benchmarks are the figures of go test -bench: name without Benchmark and without the number of processors, then unit.
type benchmarks map[string]map[string][]float64

// benchmark runs Go benchmarks of signalbox' module.
func (b *bench) benchmark(ctx context.Context, pkg, pattern, time string, count int) (benchmarks, error) {
	c := exec.CommandContext(ctx, "go", "test", pkg, "-run", "^$", "-bench", pattern, "-benchmem", "-benchtime", time, "-count", strconv.Itoa(count), "-cpu", "1", "-timeout", "2h")
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
