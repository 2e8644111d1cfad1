package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under measurement.
type process struct {
	name  string
	dir   string // its working directory: configuration, data, log
	addr  string // host:port
	token string // bearer token for what is not open; may be empty
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended
	took  time.Duration // from start to ready
}

// launch starts a server and waits until it says it is ready.
func launch(ctx context.Context, name, dir, addr, binary string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log.txt"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{name: name, dir: dir, addr: addr, done: make(chan struct{})}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	for time.Since(start) < 2*time.Minute {
		select {
		case <-p.done:
			return nil, fmt.Errorf("%s ended at start (%v): %s", name, p.cmd.ProcessState, tail(log.Name()))
		case <-ctx.Done():
			p.stop()
			return nil, ctx.Err()
		default:
		}
		if status(ctx, p.url("/-/ready")) == http.StatusOK {
			p.took = time.Since(start)
			return p, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("%s is not ready after two minutes: %s", name, tail(log.Name()))
}

func status(ctx context.Context, url string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func tail(file string) string {
	text := strings.TrimSpace(readFile(file))
	if len(text) > 1500 {
		text = "..." + text[len(text)-1500:]
	}
	return text
}

// client talks to the servers: no proxy, connections kept, every request bounded.
var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (p *process) url(path string) string { return "http://" + p.addr + path }

// stop ends the server as an operator would, and by force if it does not end. It may be called again.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// cpu is the processor time that the server has used, user and system. The kernel counts it in hundredths of a second.
func (p *process) cpu() time.Duration {
	text := readFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory is what the server holds, in bytes.
type memory struct{ rss, anonymous, peak float64 }

func (p *process) memory() memory {
	read := func(file, key string) float64 {
		s := bufio.NewScanner(strings.NewReader(readFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))))
		for s.Scan() {
			if rest, ok := strings.CutPrefix(s.Text(), key+":"); ok {
				n, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
				return n * 1024
			}
		}
		return none
	}
	return memory{rss: read("smaps_rollup", "Rss"), anonymous: read("smaps_rollup", "Anonymous"), peak: read("status", "VmHWM")}
}

func (m memory) plus(o memory) memory {
	return memory{m.rss + o.rss, m.anonymous + o.anonymous, m.peak + o.peak}
}

func readFile(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(b)
}

// get asks the server and returns the answer's body as text. It is an error if the answer is not 200.
func (p *process) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(path), nil)
	if err != nil {
		return "", err
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return body(res, p.name+path)
}

// errNoMetric is of a metric that a server does not have, or not yet.
var errNoMetric = errors.New("no metric")

// metric is the sum of the server's own series of a name whose labels contain a text.
func (p *process) metric(ctx context.Context, name, with string) (float64, error) {
	text, err := p.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || (rest[0] != '{' && rest[0] != ' ') || !strings.Contains(rest, with) {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]), 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %q is no number", p.name, line)
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, fmt.Errorf("%s: %w %s", p.name, errNoMetric, name)
	}
	return sum, nil
}

// liveHeap is what the newest garbage collection found to be in use: half of what the next one waits for, with Go's default
// pacing.
func (p *process) liveHeap(ctx context.Context) (float64, error) {
	next, err := p.metric(ctx, "go_memstats_next_gc_bytes", "")
	if err != nil {
		return 0, err
	}
	gogc, err := p.metric(ctx, "go_gc_gogc_percent", "")
	if err != nil {
		gogc = 100
	}
	return next / (1 + gogc/100), nil
}

// freeAddress is an address on the loopback interface that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr := l.Addr().String()
	return addr, l.Close()
}

// body reads an answer and closes it.
func body(res *http.Response, what string) (string, error) {
	defer res.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(res.Body).WriteTo(&b); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if res.StatusCode/100 != 2 {
		text := b.String()
		return "", errors.New(what + " answered " + res.Status + ": " + text[:min(len(text), 400)])
	}
	return b.String(), nil
}
