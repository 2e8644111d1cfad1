package main

import (
	"context"
	"os"
	"slices"
	"strconv"
)

// usageAsked are the questions of BenchmarkAsk that have a goal.
var usageAsked = []struct{ name, about string }{
	{"actives", "actives by day"},
	{"sessions", "sessions, with their lengths"},
	{"retention", "retention grid"},
	{"funnel", "funnel of 3 steps, with traces of who was lost"},
	{"strict", "the same in strict order"},
	{"adoption", "adoption of events and releases"},
}

// usageStanding are those of BenchmarkStanding.
var usageStanding = []string{"actives_day", "actives_month", "sessions_day", "retention_day", "retention_came", "retention_week", "adoption"}

// measureUsage asks what the usage pages ask: ad hoc, over ten million sealed events of half a million people in seven days, in
// visits of one to nine (SIGNALBOX_EVENTS sets another number, SIGNALBOX_EVENTS_KEEP a directory that keeps them for the next
// run), and standing, over what is kept of a million people in 90 days.
func measureUsage(ctx context.Context, b *bench) error {
	events := os.Getenv("SIGNALBOX_EVENTS")
	if events == "" {
		events = strconv.Itoa(pick(b, 10_000_000, 300_000))
	}
	if err := os.Setenv("SIGNALBOX_EVENTS", events); err != nil {
		return err
	}
	asked, err := b.benchmark(ctx, "./internal/usage", "^BenchmarkAsk$", "3x", 1)
	if err != nil {
		return err
	}
	for _, q := range usageAsked {
		b.table.atMost("ad hoc: "+q.about, seconds, asked.get("Ask/"+q.name, "ns/op")/1e9, none, 1)
	}
	b.table.info("ad hoc: transaction success, a sixth as many as events", seconds, asked.get("Ask/success", "ns/op")/1e9, none)
	b.table.note("%s events, two cores", events)
	kept, err := b.benchmark(ctx, "./internal/usage", "^BenchmarkStanding$", "20x", 1)
	if err != nil {
		return err
	}
	var slowest []float64
	for _, name := range usageStanding {
		slowest = append(slowest, kept.get("Standing/"+name, "ns/op"))
	}
	b.table.atMost("standing: the slowest of seven answers", seconds, slices.Max(slowest)/1e9, none, 0.010)
	return nil
}
