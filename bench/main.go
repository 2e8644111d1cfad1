// Command bench measures signalbox beside its peers, Prometheus and Alertmanager, in the same run on the same machine, and
// prints one table: our figure, the peer's, the ratio, the goal, and whether it is met. Figures of a busy machine move;
// ratios of one run are what to look at. Everything stays on the loopback interface and every load ends by itself.
//
//	go run . [-signalbox ../bin/signalbox] [-only NAME,...] [-quick] [-out FILE]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// measurement is one part of the bench.
type measurement struct {
	name  string
	about string
	run   func(context.Context, *bench) error
}

var measurements = []measurement{
	{"remotewrite", "taking in remote write 1.0 and 2.0 with 1,000 KPIs active", measureRemoteWrite},
	{"rules1s", "5,000 KPIs at 1 s over 40,000 series, against as many rules", measureRules1s},
	{"rules15s", "50,000 KPIs at 15 s over 400,000 series, against as many rules", measureRules15s},
	{"engine", "the engine alone, in process", measureEngine},
	{"backtest", "a back-test of one KPI over 30 days, against a range query", measureBacktest},
	{"page", "time to page, tuned: pushed, and scraped at 1 s", measurePage},
	{"shipped", "time to page as shipped, scraped at 15 s", measureShipped},
	{"scrape", "scraping 50 targets of 1,000 series at 1 s", measureScrape},
	{"disk", "bytes a sample on disk", measureDisk},
	{"middleware", "what the emit middleware adds to a request", measureMiddleware},
	{"idle", "memory at rest and time to start", measureIdle},
	{"board", "a board with 1,000 KPIs", measureBoard},
	{"ingest", "taking in logs, spans and metrics by OTLP, and what is left of them in memory and on disk", measureIngest},
	{"rowkpis", "1,000 KPIs over rows: what they cost beside taking the rows in", measureRowKPIs},
	{"rows", "14 questions to the row store, against a ClickHouse engine", measureRows},
	{"usage", "what the usage pages ask: ad hoc and standing", measureUsage},
	{"audit", "verifying 10 million audit records, in process", measureAudit},
}

// bench is what the measurements share.
type bench struct {
	signalbox    string // path of the binary
	prometheus   string
	alertmanager string
	root         string // of signalbox' module
	dir          string // of this module
	scratch      string // removed at the end
	quick        bool
	table        table
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	binary := flag.String("signalbox", "../bin/signalbox", "the binary to measure")
	only := flag.String("only", "", "measure only these, by name, separated by commas")
	quick := flag.Bool("quick", false, "smaller and shorter: to see that everything works, not to quote")
	out := flag.String("out", "", "write the table to this file too")
	keep := flag.String("keep", "", "work in this directory and leave logs and data there")
	flag.Usage = usage
	flag.Parse()
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	b := &bench{quick: *quick, scratch: *keep}
	if b.dir, err = os.Getwd(); err != nil {
		return err
	}
	b.root = filepath.Dir(b.dir)
	if b.signalbox, err = filepath.Abs(*binary); err != nil {
		return err
	}
	if _, err := os.Stat(b.signalbox); err != nil {
		return fmt.Errorf("there is no binary to measure: %w; build it with: make build", err)
	}
	if err := b.buildPeers(ctx); err != nil {
		return err
	}
	if b.scratch == "" {
		if b.scratch, err = os.MkdirTemp("", "signalbox-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	}
	var failed []error
	for _, m := range chosen {
		start := time.Now()
		fmt.Fprintf(os.Stderr, "%s: %s\n", m.name, m.about)
		b.table.section(m.name, m.about)
		if err := m.run(ctx, b); err != nil {
			if ctx.Err() != nil { // what was measured so far is printed all the same
				b.table.note("interrupted")
				failed = append(failed, ctx.Err())
				break
			}
			fmt.Fprintf(os.Stderr, "%s failed: %v\n", m.name, err)
			b.table.note("failed: %v", err)
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
		}
		fmt.Fprintf(os.Stderr, "%s: done after %s\n", m.name, time.Since(start).Round(time.Second))
	}
	text := b.header() + b.table.String()
	fmt.Print(text)
	if err := b.keepResult(text, *only); err != nil {
		return err
	}
	if *out != "" {
		if err := os.WriteFile(*out, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

func usage() {
	fmt.Fprintln(os.Stderr, "go run . [flags], measuring signalbox beside Prometheus and Alertmanager:")
	for _, m := range measurements {
		fmt.Fprintf(os.Stderr, "  %-12s %s\n", m.name, m.about)
	}
	flag.PrintDefaults()
}

func choose(only string) ([]measurement, error) {
	if only == "" {
		return measurements, nil
	}
	var out []measurement
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == name })
		if i < 0 {
			var names []string
			for _, m := range measurements {
				names = append(names, m.name)
			}
			return nil, fmt.Errorf("-only %q: want some of %s", name, strings.Join(names, ", "))
		}
		out = append(out, measurements[i])
	}
	return out, nil
}

func (b *bench) header() string {
	mode := ""
	if b.quick {
		mode = ", quick: not to be quoted"
	}
	load, _, _ := strings.Cut(readFile("/proc/loadavg"), " ")
	return fmt.Sprintf("signalbox beside Prometheus %s and Alertmanager %s; %s, %d CPUs, %s, load at the end %s%s\n\n",
		prometheusVersion, alertmanagerVersion, time.Now().UTC().Format(time.RFC3339), runtime.NumCPU(), runtime.Version(), load, mode)
}

// keepResult writes the table under results/, named by the time and by what was measured.
func (b *bench) keepResult(text, only string) error {
	dir := filepath.Join(b.dir, "results")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := time.Now().UTC().Format("20060102-150405")
	if only != "" {
		name += "-" + strings.ReplaceAll(only, ",", "+")
	}
	return os.WriteFile(filepath.Join(dir, name+".txt"), []byte(text), 0o644)
}

// pick returns full, or small for a quick run.
func pick[T any](b *bench, full, small T) T {
	if b.quick {
		return small
	}
	return full
}

// rest waits, unless the run is ended.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
