// Package push brings what an agent has read to a server elsewhere: samples by remote write 2.0 through a queue on the disk, so
// that neither a server that is away nor a restart loses them, and log rows by OTLP, where the followed file is the queue. The
// queue is bounded: what it cannot hold is dropped oldest first and counted. It refuses to decide what is read.
package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// Options of a Pusher. Server, Dir and Client are required.
type Options struct {
	Server *url.URL
	Token  func() (string, error) // the bearer token; read for each request, so that it can be changed in its file
	Dir    string                 // of the queue
	Most   int64                  // bytes of the queue; default 64 MB
	Client *http.Client
	Logger *slog.Logger
}

// Pusher sends. It is safe for use by several goroutines at once.
type Pusher struct {
	o    Options
	wake chan struct{}

	mu      sync.Mutex
	next    uint64
	bytes   int64
	dropped int64
	sent    int64
	waiting bool // the server was away the last time
}

// Counts are what became of requests with samples.
type Counts struct{ Sent, Dropped, Waiting int64 }

const ending = ".rw2"

// New opens the queue; what a former run left in it is sent first.
func New(o Options) (*Pusher, error) {
	if o.Most <= 0 {
		o.Most = 64 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the agent's queue: %w", err)
	}
	p := &Pusher{o: o, wake: make(chan struct{}, 1)}
	names, err := p.queued()
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if info, err := os.Stat(filepath.Join(o.Dir, n)); err == nil {
			p.bytes += info.Size()
		}
		seq, _ := strconv.ParseUint(strings.TrimSuffix(n, ending), 10, 64) // as named by put
		p.next = max(p.next, seq+1)
	}
	return p, nil
}

// queued lists what waits, oldest first.
func (p *Pusher) queued() ([]string, error) {
	entries, err := os.ReadDir(p.o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the agent's queue: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// put queues the body of a request.
func (p *Pusher) put(body []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := filepath.Join(p.o.Dir, fmt.Sprintf("%020d%s", p.next, ending))
	if err := os.WriteFile(name+".tmp", body, 0o600); err != nil {
		return errors.Join(err, os.Remove(name+".tmp"))
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return err
	}
	p.next++
	p.bytes += int64(len(body))
	for p.bytes > p.o.Most {
		names, err := p.queued()
		if err != nil || len(names) < 2 {
			break
		}
		p.drop(names[0])
		p.dropped++
		if p.dropped == 1 || p.dropped%100 == 0 {
			p.o.Logger.Warn("the queue is full and its oldest samples are dropped", "requests", p.dropped)
		}
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return nil
}

// drop takes a request off the queue. It needs the lock.
func (p *Pusher) drop(name string) {
	path := filepath.Join(p.o.Dir, name)
	if info, err := os.Stat(path); err == nil && os.Remove(path) == nil {
		p.bytes -= info.Size()
	}
}

// Counts returns what became of requests.
func (p *Pusher) Counts() Counts {
	names, _ := p.queued() // a folder that cannot be read shows as empty
	p.mu.Lock()
	defer p.mu.Unlock()
	return Counts{p.sent, p.dropped, int64(len(names))}
}

// Run sends what is queued until ctx ends, and then, for a moment, what is left.
func (p *Pusher) Run(ctx context.Context) error {
	wait := time.Second
	for ctx.Err() == nil {
		after, err := p.flush(ctx)
		if err == nil {
			wait = time.Second
			select {
			case <-p.wake:
			case <-ctx.Done():
			}
			continue
		}
		if after <= 0 {
			after = wait
			wait = min(2*wait, 30*time.Second)
		}
		t := time.NewTimer(after)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
	return nil
}

// Finish sends what is left, for at most so long; the rest stays on the disk for the next start.
func (p *Pusher) Finish(most time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	if _, err := p.flush(ctx); err != nil {
		p.o.Logger.Warn("samples wait on the disk for the next start", "requests", p.Counts().Waiting, "err", err)
	}
}

// flush sends everything that waits. An error says that the server takes nothing now, and after how long to try again.
func (p *Pusher) flush(ctx context.Context) (after time.Duration, err error) {
	names, err := p.queued()
	if err != nil {
		return 0, err
	}
	for _, n := range names {
		body, err := os.ReadFile(filepath.Join(p.o.Dir, n))
		if errors.Is(err, os.ErrNotExist) {
			continue // dropped meanwhile
		}
		if err != nil {
			return 0, err
		}
		err = p.post(ctx, "/api/v1/write", map[string]string{
			"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "2.0.0",
		}, body)
		var no refused
		if err != nil && !errors.As(err, &no) {
			p.told(err)
			var busy *gate.Busy
			if errors.As(err, &busy) {
				after = busy.After
			}
			return after, err
		}
		p.mu.Lock()
		p.drop(n)
		if err != nil {
			p.dropped++
			p.o.Logger.Warn("the server did not take all samples of a request", "err", err)
		} else {
			p.sent++
		}
		p.mu.Unlock()
		p.told(nil)
	}
	return 0, nil
}

// told logs when the server goes and comes.
func (p *Pusher) told(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (err != nil) == p.waiting {
		return
	}
	p.waiting = err != nil
	if err != nil {
		p.o.Logger.Warn("the server takes nothing now; what is read waits", "server", p.o.Server.Host, "err", err)
	} else {
		p.o.Logger.Info("the server takes what is read again", "server", p.o.Server.Host)
	}
}

// refused is an answer after which sending again does not help.
type refused struct{ text string }

func (r refused) Error() string { return r.text }

// post sends a request. The error is a refused, or one after which it is tried again, inside a *gate.Busy where the server said
// when.
func (p *Pusher) post(ctx context.Context, path string, header map[string]string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.o.Server.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	r.Header.Set("User-Agent", "signalbox-agent")
	if p.o.Token != nil {
		token, err := p.o.Token()
		if err != nil {
			return err
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
	}
	resp, err := p.o.Client.Do(r)
	if err != nil {
		return fault.New(fault.Unavailable, "the server could not be reached: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 2048)) // for the log
	text := fmt.Sprintf("the server answers %s", resp.Status)
	if s := strings.TrimSpace(strings.ToValidUTF8(string(said), "")); s != "" && !strings.ContainsAny(s, "{<") && len(s) < 500 {
		text += ": " + s
	}
	switch {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		n, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // without one it is up to us
		if n > 0 {
			return &gate.Busy{After: time.Duration(min(n, 60)) * time.Second, Err: fault.New(fault.Limited, "%s", text)}
		}
	case resp.StatusCode < 500 && resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusNotFound:
		return refused{text}
	}
	return fault.New(fault.Unavailable, "%s", text)
}
