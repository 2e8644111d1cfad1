package main

import (
	std "bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// measureBoard asks for a board of 1,000 KPIs that all change each five seconds, from the server and in a browser.
func measureBoard(ctx context.Context, b *bench) error {
	const kpis = 1000
	q := questions{n: kpis, interval: 5 * time.Second}
	p, err := b.startSignalbox(ctx, setup{policies: q.policies()})
	if err != nil {
		return err
	}
	defer p.stop()
	messages, err := encode(q.series(), write2, perRequest, 1)
	if err != nil {
		return err
	}
	pushing, stop := context.WithCancel(ctx)
	defer stop()
	pushed := make(chan error, 1)
	go func() {
		for {
			if err := pass(pushing, messages, write2, time.Now().UnixMilli(), 0, p); err != nil {
				pushed <- err
				return
			}
			if err := rest(pushing, time.Second); err != nil {
				pushed <- err
				return
			}
		}
	}()
	defer func() { stop(); <-pushed }()
	if err := rest(ctx, 17*time.Second); err != nil {
		return err
	}
	if err := b.boardAnswers(ctx, p, kpis); err != nil {
		return err
	}
	if err := b.firstLoad(); err != nil {
		return err
	}
	return b.boardInBrowser(ctx, p)
}

func (b *bench) boardAnswers(ctx context.Context, p *process, want int) error {
	var took []float64
	var length, zipped int
	for range 20 {
		start := time.Now()
		text, err := p.get(ctx, "/api/signalbox/v1/board")
		if err != nil {
			return err
		}
		took = append(took, time.Since(start).Seconds())
		var board struct {
			Tiles []json.RawMessage `json:"tiles"`
		}
		if err := json.Unmarshal([]byte(text), &board); err != nil {
			return fmt.Errorf("read the board: %w", err)
		}
		if len(board.Tiles) != want {
			return fmt.Errorf("the board has %d tiles, want %d", len(board.Tiles), want)
		}
		length, zipped = len(text), gzipped([]byte(text))
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	b.table.info("GET board with 1,000 KPIs, first answer", seconds, took[0], none)
	b.table.info("GET board with 1,000 KPIs, median", seconds, median(took), none)
	b.table.info("GET board with 1,000 KPIs, slowest of 20", seconds, quantile(took, 1), none)
	b.table.info("the answer's length", bytes, float64(length), none)
	b.table.info("the answer's length, gzip", bytes, float64(zipped), none)
	return nil
}

func gzipped(text []byte) int {
	var out std.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(text)
	_ = w.Close()
	return out.Len()
}

// entry finds what index.html loads at once.
var entry = regexp.MustCompile(`(?:src|href)="/?(assets/[^"]+)"`)

// firstLoad adds up what the built page names in its HTML. What the board loads on top is in the browser's figure.
func (b *bench) firstLoad() error {
	dist := filepath.Join(b.root, "ui", "dist")
	index, err := os.ReadFile(filepath.Join(dist, "index.html"))
	if err != nil {
		return fmt.Errorf("read the built page: %w", err)
	}
	sum := gzipped(index)
	for _, m := range entry.FindAllStringSubmatch(string(index), -1) {
		text, err := os.ReadFile(filepath.Join(dist, m[1]))
		if err != nil {
			return fmt.Errorf("read the built page: %w", err)
		}
		if strings.HasSuffix(m[1], ".woff2") { // compressed already
			sum += len(text)
			continue
		}
		sum += gzipped(text)
	}
	b.table.atMost("first load, what the HTML names, gzip", bytes, float64(sum), none, 220_000)
	return nil
}

// boardInBrowser runs board.mjs with the page's own copy of Playwright, if it and Chromium are there.
func (b *bench) boardInBrowser(ctx context.Context, p *process) error {
	browser := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if browser == "" {
			browser, _ = exec.LookPath(name)
		}
	}
	node, err := exec.LookPath("node")
	playwright := filepath.Join(b.root, "ui", "node_modules", "playwright-core", "index.mjs")
	if browser == "" || err != nil || missing(playwright) {
		b.table.note("not measured in a browser: Chromium, Node and ui/node_modules are needed")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, node, filepath.Join(b.dir, "board.mjs"), playwright, browser, p.url(""), fmt.Sprint(pick(b, 7, 3)))
	c.Env = append(os.Environ(), "SIGNALBOX_TOKEN="+p.token)
	out, err := c.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, tailText(string(exit.Stderr)))
		}
		return fmt.Errorf("board in the browser: %w", err)
	}
	var figures struct {
		Interactive []float64 `json:"interactive"` // ms
		Updates     []float64 `json:"updates"`     // ms of the longest task that an update causes
		Bytes       float64   `json:"bytes"`       // page, scripts and styles sent to a browser with an empty cache
		Fonts       float64   `json:"fonts"`       // fonts sent then; they come after the text is shown
	}
	if err := json.Unmarshal(out, &figures); err != nil {
		return fmt.Errorf("read what board.mjs says: %w", err)
	}
	b.table.atMost("board with 1,000 KPIs interactive in Chromium, median", seconds, median(figures.Interactive)/1000, none, 1)
	b.table.atMost("an update of all 1,000 in Chromium, median of busy time", seconds, median(figures.Updates)/1000, none, 0.1)
	b.table.atMost("first load in Chromium as sent: page, scripts, styles", bytes, figures.Bytes, none, 220_000)
	b.table.info("first load in Chromium with fonts", bytes, figures.Bytes+figures.Fonts, none)
	return nil
}

func tailText(s string) string { return s[max(0, len(s)-1500):] }
