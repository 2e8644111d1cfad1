package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/kpi"
)

type contextT = context.Context

// events reads a stream and hands over each event as "name data".
func events(t *testing.T, h *house) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.srv.URL+api.Prefix+"/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+h.token)
	res, err := h.srv.Client().Do(r)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	out := make(chan string)
	go func() {
		defer close(out)
		defer func() { _ = res.Body.Close() }()
		s := bufio.NewScanner(res.Body)
		s.Buffer(nil, 1<<22)
		name := ""
		for s.Scan() {
			line := s.Text()
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(line, "data: "); ok {
				select {
				case out <- name + " " + v:
				case <-t.Context().Done():
					return
				}
			}
		}
	}()
	return out
}

// TestStream follows a real stream from its first ping over a change to the server's end.
func TestStream(t *testing.T) {
	h := newHouse(t, nil)
	h.engine.set(status(kpi.Green, point(time.Now().UnixMilli(), 1, 1000)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	one, two := events(t, h), events(t, h)
	require.Contains(t, <-one, `ping {"as_of":`)
	require.Contains(t, <-two, `ping {"as_of":`)
	h.engine.set(status(kpi.Red, point(time.Now().UnixMilli(), 90, 1000)))
	h.Changed([]string{"efile-error-rate", "gone"})
	for _, c := range []<-chan string{one, two} {
		name, data, _ := strings.Cut(<-c, " ")
		require.Equal(t, "kpis", name)
		var u board.Update
		require.NoError(t, json.Unmarshal([]byte(data), &u))
		require.Equal(t, "red", u.KPIs[0].Light)
		require.Equal(t, []string{"gone"}, u.Removed)
		require.Equal(t, 1, u.Counts.Red)
		require.Equal(t, "E-file error rate is breached.", u.Verdict.Sentence)
	}
	h.AlertsChanged()
	require.Equal(t, "alerts {}", <-one)
	require.Equal(t, "alerts {}", <-two)
	cancel()
	require.NoError(t, <-done)
	_, open := <-one
	require.False(t, open, "the server's end ends the stream")
	code, _ := h.get(t, "/stream")
	require.Equal(t, 503, code)
}

// pipe is a response that a test reads; a blocked one never returns from Write until it is closed.
type pipe struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	head    http.Header
	blocked chan struct{}
}

func (p *pipe) Header() http.Header { return p.head }
func (p *pipe) WriteHeader(int)     {}
func (p *pipe) Flush()              {}
func (p *pipe) Write(b []byte) (int, error) {
	if p.blocked != nil {
		<-p.blocked
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *pipe) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.buf.String()
	p.buf.Reset()
	return s
}

// still is a board that only counts.
type still struct {
	api.Board
	mu      sync.Mutex
	updates int
}

func (s *still) AsOf() int64 { return time.Now().UnixMilli() }
func (s *still) Update(_ context.Context, names []string) (board.Update, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates++
	return board.Update{Removed: names}, nil
}

func stream(a *api.API) http.Handler {
	for _, r := range a.Routes() {
		if strings.HasSuffix(r.Pattern, "/stream") {
			return r.Handler
		}
	}
	return nil
}

func TestStreamTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &still{}
		sources := []board.Source{{ID: "a", Health: "up"}}
		var mu sync.Mutex
		a := api.New(api.Options{Board: b, MaxStreams: 2, Sources: func(context.Context) ([]board.Source, error) {
			mu.Lock()
			defer mu.Unlock()
			return append([]board.Source(nil), sources...), nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = a.Run(ctx) })
		open := func(p *pipe) {
			p.head = http.Header{}
			wg.Go(func() {
				stream(a).ServeHTTP(p, httptest.NewRequest("GET", api.Prefix+"/stream", nil).WithContext(ctx))
			})
			synctest.Wait()
		}
		reader, sleeper := &pipe{}, &pipe{blocked: make(chan struct{})}
		a.Changed([]string{"nobody listens"})
		synctest.Wait()
		open(reader)
		open(sleeper)
		require.Contains(t, reader.take(), "event: ping")
		over := httptest.NewRecorder()
		stream(a).ServeHTTP(over, httptest.NewRequest("GET", api.Prefix+"/stream", nil))
		require.Equal(t, http.StatusTooManyRequests, over.Code)
		require.Contains(t, over.Body.String(), "2 event streams are open")

		time.Sleep(time.Second) // past the gathering of the change that nobody heard
		before := b.updates
		a.Changed([]string{"one"})
		synctest.Wait()
		require.Contains(t, reader.take(), `"removed":["one"]`, "the first change goes at once")
		for range 50 {
			a.Changed([]string{"two"})
		}
		synctest.Wait()
		require.Empty(t, reader.take())
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(reader.take(), `"removed":["two"]`), "what follows goes together")
		require.Equal(t, before+2, b.updates, "encoded once, however many listen")

		time.Sleep(10 * time.Second)
		synctest.Wait()
		got := reader.take()
		require.Equal(t, 1, strings.Count(got, "event: ping"))
		require.Equal(t, 1, strings.Count(got, "event: sources"), "the first look at the sources")
		mu.Lock()
		sources[0].Health = "late"
		mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Contains(t, reader.take(), `"on_time":0`)

		// The one that does not read falls behind and is dropped; the other misses nothing.
		for i := range 60 {
			a.Changed([]string{"x"})
			time.Sleep(time.Second)
			synctest.Wait()
			require.Contains(t, reader.take(), "event: kpis", i)
		}
		close(sleeper.blocked)
		synctest.Wait()
		third := &pipe{}
		open(third)
		require.Contains(t, third.take(), "event: ping", "its place is free again")

		time.Sleep(time.Hour)
		synctest.Wait()
		reader.take()
		a.Changed([]string{"late"})
		synctest.Wait()
		require.Empty(t, reader.take(), "no stream outlives the hour after which its session is looked at again")
		cancel()
		wg.Wait()
	})
}
