package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// chdbVersion is the package of a real ClickHouse engine that runs in a process of Node; rowspeer/package.json pins it.
const chdbVersion = "3.4.0"

// rowQueries are the questions of measureRows: what BenchmarkPeer calls them, and people.
var rowQueries = []struct{ name, about string }{
	{"substring-day-latest", "a word in one day, latest 100"},
	{"substring-count", "a word over 30 days, counted"},
	{"latest-service", "latest 100 rows of one service"},
	{"per-hour-level", "rows per hour and level, all"},
	{"p95-5min-service", "p95 of the duration per 5 min, one service (ours exact, the peer's estimated)"},
	{"attribute-filter", "attribute filter and group, all"},
	{"trace", "trace by id"},
	{"trace-hint", "trace by id within an hour"},
	{"retention-join", "retention grid (the peer's as a join)"},
	{"retention-array", "retention grid (the peer's by arrays)"},
	{"funnel", "funnel of 3 steps in 24 h (the peer's windowFunnel)"},
	{"sessions", "sessions with gaps of 30 min"},
	{"adoption", "adoption per day and flag, exact"},
	{"daily-actives", "daily actives (ours exact, the peer's estimated)"},
}

// measureRows asks the row store and ClickHouse the same questions in turn, seven times each, over one million rows of 30
// days; SIGNALBOX_ROWS sets another number, and of more than two million rows each is asked three times. SIGNALBOX_ROWS_KEEP
// names a directory that keeps the rows for the next run. The answers are compared. The goal is a median ratio of at least 1, and none
// below 1/1.5.
func measureRows(ctx context.Context, b *bench) error {
	dir, err := b.chdb(ctx)
	if err != nil {
		return err
	}
	if dir == "" {
		b.table.note("not measured: Node with npm is needed for the peer")
		return nil
	}
	n := os.Getenv("SIGNALBOX_ROWS")
	if n == "" {
		n = strconv.Itoa(pick(b, 1_000_000, 100_000))
	}
	for key, value := range map[string]string{"SIGNALBOX_ROWS": n, "SIGNALBOX_CHDB": dir} {
		if err := os.Setenv(key, value); err != nil {
			return err
		}
	}
	runs, err := b.benchmark(ctx, "./internal/rowstore/duckdb", "^BenchmarkPeer$", "1x", 1)
	if err != nil {
		return err
	}
	var ratios, again []float64
	for _, q := range rowQueries {
		ours, peer := runs.get("Peer", q.name+":ours")/1000, runs.get("Peer", q.name+":peer")/1000
		b.table.add(q.about, seconds, ours, peer, ">= 0.67x", 1.5-ours/peer)
		ratios = append(ratios, ours/peer)
		again = append(again, runs.get("Peer", q.name+":again")/runs.get("Peer", q.name+":cached"))
	}
	b.table.atMost("median of ours over the peer's, nothing remembered", plain, median(ratios), none, 1)
	b.table.atMost("median of ours over the peer's, asked again with what both remember", plain, median(again), none, 1)
	b.table.atMost("worst of ours over the peer's, nothing remembered", plain, slices.Max(ratios), none, 1.5)
	b.table.atMost("worst of ours over the peer's, asked again with what both remember", plain, slices.Max(again), none, 1.5)
	for _, q := range rowQueries[:2] {
		b.table.info(q.about+": asked again", seconds, runs.get("Peer", q.name+":again")/1000, runs.get("Peer", q.name+":cached")/1000)
	}
	b.table.info("bytes of a row on disk", bytes, runs.get("Peer", "store-B/row"), none)
	b.table.note("%s rows, ClickHouse's engine from chdb %s with two threads, its condition cache off and then on; answers compared", n, chdbVersion)
	return nil
}

// chdb returns the folder of ClickHouse's engine, which it fetches once; nothing without npm.
func (b *bench) chdb(ctx context.Context) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", nil
	}
	dir := filepath.Join(b.dir, ".build", "chdb")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json", "rows.mjs"} {
		text, err := os.ReadFile(filepath.Join(b.dir, "rowspeer", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return "", err
		}
	}
	if !missing(filepath.Join(dir, "node_modules", "chdb")) {
		return dir, nil
	}
	fmt.Fprintln(os.Stderr, "fetching ClickHouse's engine, half a gigabyte, once")
	c := exec.CommandContext(ctx, npm, "install", "--no-save", "--no-audit", "--no-fund") // not ci, which wants the other platforms in the lock
	c.Dir, c.Stderr = dir, os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("fetch chdb: %w", err)
	}
	return dir, nil
}
