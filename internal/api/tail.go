package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
)

// Bounds of live tails.
const (
	maxTails  = 64
	tailQueue = 500 // rows that a reader may be behind; what comes on top is counted and left out
	tailEvery = 250 * time.Millisecond
)

// tails hands rows to those who watch them arrive. Rows pass it in the way of ingest: without a watcher it costs one load.
type tails struct {
	mu   sync.Mutex
	open atomic.Pointer[[]*tail]
}

// tail is one watcher.
type tail struct {
	table rowstore.Table
	holds func(*rowstore.Row) bool

	mu     sync.Mutex
	rows   []rowstore.Row
	missed int
}

// TailBody is what arrived since the event before.
type TailBody struct {
	Rows   []Row `json:"rows"`
	Missed int   `json:"missed" doc:"Rows that came too fast to be shown"`
}

// ObserveRows hands committed rows to the live tails. It implements gate.RowObserver.
func (a *API) ObserveRows(b *rowstore.Batch) {
	open := a.tails.open.Load()
	if open == nil {
		return
	}
	for _, t := range *open {
		if t.table == b.Table {
			t.take(b)
		}
	}
}

func (t *tail) take(b *rowstore.Batch) {
	for i := range b.Rows {
		r := &b.Rows[i]
		if !t.holds(r) {
			continue
		}
		t.mu.Lock()
		if len(t.rows) < tailQueue {
			t.rows = append(t.rows, r.Clone())
		} else {
			t.missed++
		}
		t.mu.Unlock()
	}
}

func (t *tail) next() TailBody {
	t.mu.Lock()
	b := TailBody{Missed: t.missed}
	rows := t.rows
	t.rows, t.missed = nil, 0
	t.mu.Unlock()
	b.Rows = views(rows)
	return b
}

func (s *tails) join(t *tail) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now []*tail
	if p := s.open.Load(); p != nil {
		now = *p
	}
	if len(now) >= maxTails {
		return fault.New(fault.Limited, "%d live tails are open; at most %d at once", len(now), maxTails).Hint("Close one, or search instead")
	}
	grown := append(now[:len(now):len(now)], t)
	s.open.Store(&grown)
	return nil
}

func (s *tails) leave(t *tail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []*tail
	for _, o := range *s.open.Load() {
		if o != t {
			rest = append(rest, o)
		}
	}
	if rest == nil {
		s.open.Store(nil)
		return
	}
	s.open.Store(&rest)
}

type tailInput struct {
	Table string `path:"table" enum:"logs,spans,events"`
	Q     string `query:"q" maxLength:"4000"`
}

// tail describes and mounts the live tail.
func (a *API) tail(m *table) {
	m.action = access.ReadSignals
	missing := m.absent
	op := huma.Operation{
		OperationID: "tail", Method: http.MethodGet, Path: Prefix + "/tail/{table}", Summary: "Watch rows arrive",
		Description: "Server-sent events named `rows` with what was stored since the one before, at most four a second. A reader that is slow misses rows and is told how many.",
		Tags:        []string{"tail"}, Extensions: map[string]any{"x-action": string(access.ReadSignals)},
		Responses: map[string]*huma.Response{"200": {
			Description: "Events",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: a.doc.Components.Schemas.Schema(reflect.TypeFor[TailBody](), true, "TailBody")}},
		}},
	}
	huma.Register(m.api, op, func(ctx context.Context, in *tailInput) (*huma.StreamResponse, error) {
		if missing != "" {
			return nil, a.toProblem(ctx, absent(missing))
		}
		e, err := search.Parse(in.Q)
		if err != nil {
			return nil, a.toProblem(ctx, err)
		}
		holds, err := rowstore.All(scoped.Of(ctx, access.ReadSignals).Rows(), e).Compile()
		if err != nil {
			return nil, a.toProblem(ctx, fault.New(fault.Invalid, "q %q: %v", clip(in.Q), err))
		}
		t := &tail{holds: holds}
		t.table, _ = rowstore.ParseTable(in.Table)
		if err := a.tails.join(t); err != nil {
			return nil, a.toProblem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			defer a.tails.leave(t)
			t.serve(hctx)
		}}, nil
	})
}

// serve writes events until the client goes, or the stream's life is over: its session is checked anew when it reconnects.
func (t *tail) serve(hctx huma.Context) {
	_, w := humago.Unwrap(hctx)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	tick, end := time.NewTicker(tailEvery), time.NewTimer(streamLife)
	defer tick.Stop()
	defer end.Stop()
	quiet := pingEvery
	for {
		b := t.next()
		quiet += tailEvery
		if len(b.Rows) > 0 || b.Missed > 0 || quiet >= pingEvery {
			quiet = 0
			raw, err := json.Marshal(b)
			if err != nil {
				return
			}
			_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has deadlines
			if _, err := fmt.Fprintf(w, "event: rows\ndata: %s\n\n", raw); err != nil || rc.Flush() != nil {
				return
			}
		}
		select {
		case <-hctx.Context().Done():
			return
		case <-end.C:
			return
		case <-tick.C:
		}
	}
}
