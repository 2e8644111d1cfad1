package main

import (
	std "bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Rows are sent so many a request by two senders, first so many that none is sealed yet, then so many more that about as many
// are sealed meanwhile: the first phase shows what is paid until a sender has its answer, the second what rows cost in all.
const (
	rowsPerRequest = 1000
	rowSenders     = 2
)

// measureIngest sends logs, spans and metrics by OTLP over HTTP to a server with its default settings. The peer of rows is a
// ClickHouse engine that gets the same rows as RowBinary from a file, in blocks of 100,000, without a network, receiver or
// privacy rule before it; the peer of metrics is Prometheus' OTLP receiver.
func measureIngest(ctx context.Context, b *bench) error {
	for _, signal := range []string{"logs", "traces"} {
		if err := b.ingestRows(ctx, signal); err != nil {
			return fmt.Errorf("%s: %w", signal, err)
		}
	}
	for _, shuffled := range []bool{false, true} {
		if err := b.ingestMetrics(ctx, shuffled); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return b.ingestSteady(ctx)
}

// ingestRows measures one signal of rows.
func (b *bench) ingestRows(ctx context.Context, signal string) error {
	ours, err := b.startSignalbox(ctx, setup{})
	if err != nil {
		return err
	}
	defer ours.stop()
	store := filepath.Join(ours.dir, "data", "rows")
	first, more := pick(b, 150_000, 50_000), pick(b, 1_000_000, 500_000)
	rest0 := ours.memory()
	used, err := b.sendRows(ctx, ours, signal, 0, first, 0)
	if err != nil {
		return err
	}
	perRow := func(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }
	acknowledged := perRow(used, first)
	hot := size(store, "hot")
	before := ours.cpu()
	if _, err := b.sendRows(ctx, ours, signal, first, more, 0); err != nil {
		return err
	}
	if err := ours.settle(ctx); err != nil {
		return err
	}
	all := perRow(ours.cpu()-before, more)
	memory := ours.memory()
	table := map[string]string{"logs": `table="logs"`, "traces": `table="spans"`}[signal]
	kept, err := ours.metric(ctx, "signalbox_rows_written_total", table)
	if err != nil {
		return err
	}
	if int(kept) != first+more {
		return fmt.Errorf("%.0f rows were kept of %d", kept, first+more)
	}
	hotRows := kept
	if left := size(store, "hot"); left < hot*kept/float64(first) { // some are sealed
		hotRows = left / hot * float64(first)
	}
	peer, peerBytes := b.clickhouseRows(ctx, signal, first+more)
	b.table.atLeast(signal+": rows a CPU-second until they are acknowledged", plain, 1e9/acknowledged, none, 120_000)
	b.table.atLeast(signal+": rows a CPU-second, sealing and merging behind included", plain, 1e9/all, none, 120_000)
	b.table.info(signal+": CPU a row, everything included", nanos, all, peer)
	b.table.atMost(signal+": bytes of a row on disk, hot", bytes, hot/float64(first), none, 90)
	if sealed := kept - hotRows; sealed > 0 {
		b.table.atMost(signal+": bytes of a row on disk, sealed", bytes, size(store, "sealed")/sealed, peerBytes, 75)
	}
	b.table.info(signal+": RSS at rest before", bytes, rest0.rss, none)
	b.table.info(signal+": RSS afterwards", bytes, memory.rss, none)
	b.table.atMost(signal+": highest RSS", bytes, memory.peak, none, 1.5e9)
	return nil
}

// settle waits until the server has no segment of rows to seal and does next to nothing.
func (p *process) settle(ctx context.Context) error {
	for range 120 {
		before := p.cpu()
		if err := rest(ctx, time.Second); err != nil {
			return err
		}
		waiting, err := p.metric(ctx, "signalbox_rows_segments_waiting", "")
		if err != nil {
			return err
		}
		if waiting == 0 && p.cpu()-before < 100*time.Millisecond {
			return nil
		}
	}
	return fmt.Errorf("%s is not done after two minutes", p.name)
}

// sendRows sends rows and returns the CPU time that the server used until the last answer. With a rate it sends so many a
// second. A request that is refused because the store is busy is sent again.
func (b *bench) sendRows(ctx context.Context, p *process, signal string, from, n int, rate float64) (time.Duration, error) {
	before, start := p.cpu(), time.Now()
	next := make(chan int)
	errs := make(chan error, rowSenders)
	var all sync.WaitGroup
	for range rowSenders {
		all.Go(func() {
			for at := range next {
				body, err := rowsBody(signal, wideRows(from+at, rowsPerRequest))
				if err == nil && rate > 0 {
					err = rest(ctx, time.Until(start.Add(time.Duration(float64(at)/rate*1e9))))
				}
				if err == nil {
					err = p.otlp(ctx, "/v1/"+signal, body)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	var err error
send:
	for at := 0; at < n; at += rowsPerRequest {
		select {
		case next <- at:
		case err = <-errs:
			break send
		}
	}
	close(next)
	all.Wait()
	if len(errs) > 0 && err == nil {
		err = <-errs
	}
	return p.cpu() - before, err
}

// otlp sends a request of OTLP over HTTP, again where the server is busy.
func (p *process) otlp(ctx context.Context, path string, data []byte) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url(path), std.NewReader(data))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		if p.token != "" {
			req.Header.Set("Authorization", "Bearer "+p.token)
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if err := rest(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		answer, err := body(res, p.name+path)
		if err == nil && std.Contains([]byte(answer), []byte("rejected")) {
			err = fmt.Errorf("%s%s refused rows: %q", p.name, path, answer)
		}
		return err
	}
}

// clickhouseRows has the peer insert the rows: nanoseconds of CPU and bytes on disk a row, none where it cannot run.
func (b *bench) clickhouseRows(ctx context.Context, signal string, n int) (cpu, size float64) {
	dir, err := b.chdb(ctx)
	if err == nil && dir != "" {
		cpu, size, err = b.insertRows(ctx, dir, signal, n)
	}
	switch {
	case err != nil:
		b.table.note("the peer of %s: %v", signal, err)
		return none, none
	case dir == "":
		b.table.note("no peer of rows: Node with npm is needed for it")
		return none, none
	}
	return cpu, size
}

func (b *bench) insertRows(ctx context.Context, dir, signal string, n int) (cpu, size float64, err error) {
	const block = 100_000
	work, err := os.MkdirTemp(b.scratch, "rows-")
	if err != nil {
		return none, none, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	for at := 0; at < n; at += block {
		text := rowBinary(wideRows(at, min(block, n-at)))
		if err := os.WriteFile(filepath.Join(work, fmt.Sprintf("%04d.bin", at/block)), text, 0o644); err != nil {
			return none, none, err
		}
	}
	c := exec.CommandContext(ctx, "node", filepath.Join(b.dir, "ingest.mjs"), work, signal)
	c.Dir, c.Stderr = dir, os.Stderr
	out, err := c.Output()
	if err != nil {
		return none, none, err
	}
	var got struct{ CPU, Bytes, Rows float64 }
	if err := json.Unmarshal(std.TrimSpace(out), &got); err != nil {
		return none, none, fmt.Errorf("%q: %w", out, err)
	}
	if int(got.Rows) != n {
		return none, none, fmt.Errorf("it has %.0f rows of %d", got.Rows, n)
	}
	return got.CPU * 1000 / got.Rows, got.Bytes / got.Rows, nil
}

// ingestSteady sends 20,000 rows a second for SIGNALBOX_STEADY_SECONDS and watches the memory.
func (b *bench) ingestSteady(ctx context.Context) error {
	const rate = 20_000
	seconds := pick(b, 60, 10)
	if v, err := strconv.Atoi(os.Getenv("SIGNALBOX_STEADY_SECONDS")); err == nil {
		seconds = v
	}
	ours, err := b.startSignalbox(ctx, setup{})
	if err != nil {
		return err
	}
	defer ours.stop()
	watch, stop := context.WithCancel(ctx)
	var seen []float64
	var all sync.WaitGroup
	all.Go(func() {
		for rest(watch, time.Duration(seconds)*time.Second/20) == nil {
			seen = append(seen, ours.memory().rss)
		}
	})
	start := time.Now()
	used, err := b.sendRows(ctx, ours, "logs", 0, seconds*rate, rate)
	wall := time.Since(start)
	stop()
	all.Wait()
	if err != nil || len(seen) < 4 {
		return err
	}
	memory := ours.memory()
	half := len(seen) / 2
	b.table.info("20,000 logs a second: CPU", cores, used.Seconds()/wall.Seconds(), none)
	b.table.atMost("20,000 logs a second: highest RSS", bytes, memory.peak, none, 1.5e9)
	b.table.info("20,000 logs a second: median RSS in the first half", bytes, median(seen[:half]), none)
	b.table.info("20,000 logs a second: median RSS in the second half", bytes, median(seen[half:]), none)
	b.table.note("%d s, %.0f rows a second in the mean; RSS from %s to %s", seconds, float64(seconds*rate)/wall.Seconds(), show(slices.Min(seen), bytes), show(slices.Max(seen), bytes))
	return nil
}
