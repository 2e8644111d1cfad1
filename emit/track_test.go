package emit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

// inbox is the server as the sender sees it; it counts each id once.
type inbox struct {
	mu       sync.Mutex
	events   map[string]map[string]any
	context  map[string]any
	requests int
	token    string
	answer   func(n int) (*http.Response, error) // nil: accepts
}

func (in *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.requests++
	in.token = r.Header.Get("Authorization")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if in.answer != nil {
		if res, err := in.answer(in.requests); res != nil || err != nil {
			return res, err
		}
	}
	var batch struct {
		Sent    int64          `json:"sent_at"`
		Context map[string]any `json:"context"`
		Events  []map[string]any
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	in.context = batch.Context
	for _, e := range batch.Events {
		in.events[e["id"].(string)] = e
	}
	return says(200, fmt.Sprintf(`{"success":true,"accepted":%d}`, len(batch.Events))), nil
}

// asked is how many requests came.
func (in *inbox) asked() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.requests
}

func says(status int, body string, header ...string) *http.Response {
	res := &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

func (in *inbox) one(t *testing.T) map[string]any {
	require.Len(t, in.events, 1)
	for _, e := range in.events {
		return e
	}
	return nil
}

func tracking(in *inbox, queue int) *emit.Emitter {
	in.events = map[string]map[string]any{}
	return emit.New(emit.Options{Labels: map[string]string{"agency": "IRS", "env": "prod"}, Version: "1.2", Registry: prometheus.NewRegistry(),
		Events: emit.EventsTo{URL: "http://signalbox.example:9700", Token: "t", Service: "efile", Queue: queue, Client: &http.Client{Transport: in}}})
}

// value is a counter of the scrape, of the series whose labels hold a text.
func value(t *testing.T, e *emit.Emitter, name, holds string) string {
	w := httptest.NewRecorder()
	e.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if rest, ok := strings.CutPrefix(line, name+"{"); ok && strings.Contains(rest, holds) {
			return rest[strings.LastIndex(rest, " ")+1 : len(rest)-1]
		}
	}
	t.Fatalf("no %s in %s", name, w.Body)
	return ""
}

// running runs the emitter; stop ends it and waits.
func running(t *testing.T, e *emit.Emitter) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// rest lets time pass and everybody come to rest.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestTrack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{}
		e := tracking(in, 0)
		defer running(t, e)()
		h := e.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			emit.SetRoute(r.Context(), "/filings/{id}")
			emit.Track(r.Context(), "filing_submitted", emit.User("u-1"), emit.Session("s"), emit.BusinessID("C-7"), emit.Value(12.5), emit.Release("r7"),
				emit.Failed("Timeout"), emit.Prop("form", "1040"), emit.Prop("pages", 3))
		}))
		r := httptest.NewRequest("POST", "/filings/7", nil)
		r.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		h.ServeHTTP(httptest.NewRecorder(), r)
		rest(2 * time.Second)
		got := in.one(t)
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", got["trace_id"])
		require.Len(t, got["span_id"], 16)
		require.EqualValues(t, time.Now().Add(-2*time.Second).UnixMilli(), got["time"])
		for k, want := range map[string]any{"name": "filing_submitted", "user": "u-1", "session": "s", "business_id": "C-7", "value": 12.5, "release": "r7",
			"status": "error", "error_type": "Timeout", "route": "/filings/{id}"} {
			require.Equal(t, want, got[k], k)
		}
		require.Equal(t, map[string]any{"form": "1040", "pages": 3.0}, got["properties"])
		require.Equal(t, map[string]any{"service": "efile", "env": "prod", "agency": "IRS", "version": "1.2"}, in.context)
		require.Equal(t, "Bearer t", in.token)
		require.Equal(t, "1", value(t, e, "emit_events_sent_total", ""))
	})
}

func TestTrackWithoutAnywhereToGo(t *testing.T) {
	e := emit.New(emit.Options{})
	e.Track(t.Context(), "a")
	emit.Track(t.Context(), "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, e.Run(ctx))
}

// Every event arrives once, whatever the network does meanwhile.
func TestTrackRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{answer: func(n int) (*http.Response, error) {
			switch n {
			case 1:
				return nil, errors.New("connection refused")
			case 2:
				return says(503, "", "Retry-After", "7"), nil
			case 3:
				return says(401, ""), nil // a token that somebody puts right
			}
			return nil, nil
		}}
		e := tracking(in, 0)
		defer running(t, e)()
		for i := range 500 {
			e.Track(t.Context(), "a", emit.Prop("i", i))
		}
		rest(5 * time.Second)
		require.Equal(t, 2, in.asked(), "the server asked for seven seconds")
		rest(time.Minute)
		require.Len(t, in.events, 500)
		require.Equal(t, "500", value(t, e, "emit_events_sent_total", ""))
	})
}

func TestTrackNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{}
		e := tracking(in, 10)
		for range 25 {
			e.Track(t.Context(), "a") // nobody sends yet
		}
		require.Equal(t, "15", value(t, e, "emit_events_dropped_total", "queue_full"))
		e.Track(t.Context(), "a", emit.Prop("big", strings.Repeat("x", 40<<10)))
		e.Track(t.Context(), "a", emit.Prop("channel", make(chan int)))
		require.Equal(t, "2", value(t, e, "emit_events_dropped_total", "invalid"))
		running(t, e)()
		require.Len(t, in.events, 10, "what waits when the process ends is sent")
	})
}

func TestTrackCountsWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{answer: func(n int) (*http.Response, error) {
			if n == 1 {
				return says(200, `{"accepted":1,"duplicates":1,"refused":[{"index":2}]}`), nil
			}
			return says(400, `{}`), nil
		}}
		e := tracking(in, 0)
		stop := running(t, e)
		for range 3 {
			e.Track(t.Context(), "a")
		}
		rest(2 * time.Second)
		e.Track(t.Context(), "a")
		rest(2 * time.Second)
		stop()
		require.Equal(t, 2, in.asked())
		require.Equal(t, "2", value(t, e, "emit_events_sent_total", ""))
		require.Equal(t, "2", value(t, e, "emit_events_dropped_total", "refused"))
	})
}

// The end does not wait for a server that is gone.
func TestTrackEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &inbox{answer: func(int) (*http.Response, error) { return nil, errors.New("gone") }}
		e := tracking(in, 0)
		stop := running(t, e)
		e.Track(t.Context(), "a")
		rest(time.Minute)
		began := time.Now()
		stop()
		require.LessOrEqual(t, time.Since(began), 6*time.Second)
	})
}

func TestEventsOptions(t *testing.T) {
	for _, url := range []string{"signalbox:9700", "ftp://x", "http://", "://"} {
		require.ErrorContains(t, emit.Options{Events: emit.EventsTo{URL: url}}.Validate(), "want http or https", url)
	}
	require.ErrorContains(t, emit.Options{Events: emit.EventsTo{URL: "http://x", Queue: -1}}.Validate(), "want 0 for the default")
}

func BenchmarkTrack(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprintf("on=%t", on), func(b *testing.B) {
			e := emit.New(emit.Options{})
			if on {
				e = tracking(&inbox{}, 1)
			}
			b.ReportAllocs()
			for b.Loop() {
				e.Track(b.Context(), "filing_submitted", emit.BusinessID("C-7"), emit.Prop("form", "1040"))
			}
		})
	}
}
