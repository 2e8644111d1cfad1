package api

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
)

// The stream's times. A session is checked anew when a browser reconnects, so no stream lives longer than streamLife.
const (
	pingEvery    = 10 * time.Second
	gather       = 200 * time.Millisecond // changes within it go out together, after the first went at once
	sourcesEvery = 5 * time.Second
	streamLife   = time.Hour
	writeTimeout = 10 * time.Second
	queue        = 32 // frames that a client may be behind before it is dropped
)

// hub encodes each event once and hands the same bytes to every stream. It never waits for a client.
type hub struct {
	a    *API
	wake chan struct{}

	mu      sync.Mutex
	dirty   map[string]struct{}
	alerts  bool
	clients map[*client]struct{}
	closed  bool
}

func newHub(a *API) *hub {
	return &hub{a: a, wake: make(chan struct{}, 1), dirty: map[string]struct{}{}, clients: map[*client]struct{}{}}
}

func (h *hub) changed(names []string) {
	h.mu.Lock()
	if len(h.clients) > 0 {
		for _, n := range names {
			h.dirty[n] = struct{}{}
		}
	}
	h.mu.Unlock()
	h.poke()
}

func (h *hub) alertsChanged() {
	h.mu.Lock()
	h.alerts = true
	h.mu.Unlock()
	h.poke()
}

func (h *hub) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run sends until ctx ends, then ends every stream.
func (h *hub) run(ctx context.Context) error {
	ping, sources := time.NewTicker(pingEvery), time.NewTicker(sourcesEvery)
	defer ping.Stop()
	defer sources.Stop()
	defer h.closeAll()
	late := -1
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ping.C:
			h.send("ping", Ping{AsOf: h.a.o.Board.AsOf()})
		case <-sources.C:
			late = h.sources(ctx, late)
		case <-h.wake:
			began := time.Now()
			h.flush(ctx)
			// Very many KPIs cost more to tell of: telling takes a tenth of a core at most.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(max(gather, 10*time.Since(began))):
			}
		}
	}
}

func (h *hub) flush(ctx context.Context) {
	h.mu.Lock()
	names := make([]string, 0, len(h.dirty))
	for n := range h.dirty {
		names = append(names, n)
	}
	clear(h.dirty)
	alerts := h.alerts
	h.alerts = false
	h.mu.Unlock()
	if len(names) > 0 {
		u, err := h.a.o.Board.Update(ctx, names)
		if err != nil {
			h.a.o.Logger.Error("event stream", "err", err)
		} else {
			h.send("kpis", u)
		}
	}
	if alerts {
		h.send("alerts", Empty{})
	}
}

// sources tells when the number of late sources changed; it returns the number.
func (h *hub) sources(ctx context.Context, before int) int {
	if h.a.o.Sources == nil || h.idle() {
		return before
	}
	ss, err := h.a.o.Sources(ctx)
	if err != nil {
		h.a.o.Logger.Error("event stream: sources", "err", err)
		return before
	}
	sum := board.Summarise(ss)
	if n := sum.Total - sum.OnTime; n != before {
		h.send("sources", sum)
		return n
	}
	return before
}

func (h *hub) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients) == 0
}

func frame(event string, data any) ([]byte, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	f := make([]byte, 0, len(b)+len(event)+17)
	f = append(f, "event: "...)
	f = append(f, event...)
	f = append(f, "\ndata: "...)
	f = append(f, b...)
	return append(f, "\n\n"...), nil
}

func (h *hub) send(event string, data any) {
	if h.idle() {
		return
	}
	f, err := frame(event, data)
	if err != nil {
		h.a.o.Logger.Error("event stream: encode", "event", event, "err", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c.frames <- f:
		default: // it does not read: it reconnects and asks again, the others are not held up
			h.drop(c)
		}
	}
}

// drop needs mu.
func (h *hub) drop(c *client) {
	if _, ok := h.clients[c]; ok {
		delete(h.clients, c)
		close(c.frames)
	}
}

func (h *hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.clients {
		h.drop(c)
	}
}

func (h *hub) join() (*client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, fault.New(fault.Unavailable, "the server is stopping")
	}
	if len(h.clients) >= h.a.o.MaxStreams {
		return nil, fault.New(fault.Limited, "%d event streams are open, which is the most this server gives", len(h.clients)).Hint("Close a tab, or ask for the board every few seconds")
	}
	c := &client{h: h, frames: make(chan []byte, queue)}
	h.clients[c] = struct{}{}
	return c, nil
}

// client is one open stream.
type client struct {
	h      *hub
	frames chan []byte
}

// serve writes frames until the client goes, falls behind, or has had its time.
func (c *client) serve(hctx huma.Context) {
	defer func() {
		c.h.mu.Lock()
		c.h.drop(c)
		c.h.mu.Unlock()
	}()
	r, w := humago.Unwrap(hctx)
	rc := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	write := func(f []byte) bool {
		// A server without deadlines (a test recorder) still streams; a real one never waits longer than this.
		_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.Write(f); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	first, err := frame("ping", Ping{AsOf: c.h.a.o.Board.AsOf()})
	if err != nil || !write(append([]byte("retry: 2000\n"), first...)) {
		return
	}
	life := time.NewTimer(streamLife)
	defer life.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-life.C:
			return
		case f, ok := <-c.frames:
			if !ok || !write(f) {
				return
			}
		}
	}
}
