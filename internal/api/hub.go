package api

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
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
	laws    bool
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

func (h *hub) policiesChanged() {
	h.mu.Lock()
	h.laws = true
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
	late := map[Board]int{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ping.C:
			h.send("ping", nil, func(b Board) (any, error) { return Ping{AsOf: b.AsOf()}, nil })
		case <-sources.C:
			h.sources(late)
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
	alerts, laws := h.alerts, h.laws
	h.alerts, h.laws = false, false
	h.mu.Unlock()
	if len(names) > 0 {
		h.send("kpis", nil, func(b Board) (any, error) { return b.Update(ctx, names) })
	}
	if laws {
		h.send("policies", nil, func(Board) (any, error) { return Empty{}, nil })
	}
	if alerts {
		h.send("alerts", nil, func(Board) (any, error) { return Empty{}, nil })
	}
}

// sources tells those who see other late sources than before.
func (h *hub) sources(before map[Board]int) {
	if h.a.o.Sources == nil {
		return
	}
	now := map[Board]int{}
	for c := range h.eachBoard() {
		ss, err := h.a.o.Sources(c.ctx)
		if err != nil {
			h.a.o.Logger.Error("event stream: sources", "err", err)
			continue
		}
		sum := board.Summarise(ss)
		now[c.board] = sum.Total - sum.OnTime
		if n, known := before[c.board]; !known || n != now[c.board] {
			h.send("sources", c.board, func(Board) (any, error) { return sum, nil })
		}
	}
	clear(before)
	maps.Copy(before, now)
}

// eachBoard yields one client of each board that is looked at.
func (h *hub) eachBoard() iter.Seq[*client] {
	h.mu.Lock()
	first := map[Board]*client{}
	for c := range h.clients {
		first[c.board] = c
	}
	h.mu.Unlock()
	return maps.Values(first)
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

// send encodes an event once for each board that is looked at (or for only that one) and hands it to those who look at it:
// nobody gets a byte that was made from what another may see.
func (h *hub) send(event string, only Board, data func(Board) (any, error)) {
	for c := range h.eachBoard() {
		if only != nil && c.board != only {
			continue
		}
		d, err := data(c.board)
		if err == nil {
			err = h.deliver(c.board, event, d)
		}
		if err != nil {
			h.a.o.Logger.Error("event stream", "event", event, "err", err)
		}
	}
}

func (h *hub) deliver(b Board, event string, data any) error {
	f, err := frame(event, data)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		if c.board != b {
			continue
		}
		select {
		case c.frames <- f:
		default: // it does not read: it reconnects and asks again, the others are not held up
			h.drop(c)
		}
	}
	return nil
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

func (h *hub) join(ctx context.Context) (*client, error) {
	b := h.a.boardOf(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, fault.New(fault.Unavailable, "the server is stopping")
	}
	if len(h.clients) >= h.a.o.MaxStreams {
		return nil, fault.New(fault.Limited, "%d event streams are open, which is the most this server gives", len(h.clients)).Hint("Close a tab, or ask for the board every few seconds")
	}
	c := &client{h: h, ctx: context.WithoutCancel(ctx), board: b, frames: make(chan []byte, queue)}
	h.clients[c] = struct{}{}
	return c, nil
}

// client is one open stream.
type client struct {
	h      *hub
	ctx    context.Context // who listens
	board  Board           // what they may see
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
	first, err := frame("ping", Ping{AsOf: c.board.AsOf()})
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
