package push_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/hostagent/push"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
)

type shelf struct {
	rowstore.Store
	mu   sync.Mutex
	rows []rowstore.Row
}

func (s *shelf) Writable() error { return nil }

func (s *shelf) Write(_ context.Context, batches ...*rowstore.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		for _, r := range b.Rows {
			r.Attrs = append([]rowstore.Attr(nil), r.Attrs...)
			r.Body, r.Service, r.Name, r.User, r.ErrorType = strings.Clone(r.Body), strings.Clone(r.Service), strings.Clone(r.Name), strings.Clone(r.User), strings.Clone(r.ErrorType)
			s.rows = append(s.rows, r)
		}
	}
	return nil
}

// server is real receivers over a real store, which can be away.
type server struct {
	*httptest.Server
	store *tsdb.Store
	rows  *shelf
	away  atomic.Bool
	asked atomic.Int64
}

func newServer(t *testing.T) *server {
	s := &server{rows: &shelf{}}
	var err error
	s.store, err = tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1, Now: time.Now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	g := gate.New(gate.Options{Store: s.store, Rows: s.rows, Now: time.Now})
	mux := http.NewServeMux()
	for _, r := range receive.New(receive.Options{Gate: g}).Routes() {
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	logs := otlp.New(otlp.Options{Gate: g, Now: time.Now}).Handler()
	mux.Handle("/v1/", logs)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if s.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "who?", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) pusher(t *testing.T, dir string, most int64) *push.Pusher {
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	p, err := push.New(push.Options{Server: u, Dir: dir, Most: most, Client: s.Client(), Token: func() (string, error) { return "secret", nil }})
	require.NoError(t, err)
	return p
}

func write(t *testing.T, p *push.Pusher, at time.Time, v float64) {
	app := p.AppenderV2(t.Context())
	_, err := app.Append(0, labels.FromStrings("__name__", "x_total", "job", "host", "instance", "m"), at.Add(-time.Hour).UnixMilli(), at.UnixMilli(), v, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.NoError(t, app.Commit())
}

func (s *server) samples(t *testing.T) int {
	q, err := s.store.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(t, err)
	defer func() { _ = q.Close() }()
	n := 0
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "x_total"))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() != 0 {
			n++
		}
	}
	return n
}

// What is read while the server is away, and while the agent itself is not there to send it, arrives.
func TestSamplesWaitOnTheDisk(t *testing.T) {
	s := newServer(t)
	s.away.Store(true)
	dir := t.TempDir()
	start := time.Now().Add(-time.Minute)
	p := s.pusher(t, dir, 0)
	for i := range 5 {
		write(t, p, start.Add(time.Duration(i)*time.Second), float64(i))
	}
	p.Finish(time.Second)
	require.Equal(t, push.Counts{Waiting: 5}, p.Counts())
	s.away.Store(false)
	p = s.pusher(t, dir, 0) // after a restart
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	write(t, p, start.Add(5*time.Second), 5)
	require.Eventually(t, func() bool { return p.Counts() == push.Counts{Sent: 6} }, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, 6, s.samples(t))
}

func TestTheQueueIsBounded(t *testing.T) {
	s := newServer(t)
	s.away.Store(true)
	p := s.pusher(t, t.TempDir(), 500)
	for i := range 50 {
		write(t, p, time.Now(), float64(i))
	}
	c := p.Counts()
	require.Less(t, c.Waiting, int64(10))
	require.Equal(t, int64(50), c.Waiting+c.Dropped)
}

// A row that went by OTLP is the row that was read.
func TestRows(t *testing.T) {
	s := newServer(t)
	p := s.pusher(t, t.TempDir(), 0)
	var b rowstore.Batch
	b.Reset(rowstore.Logs)
	r := b.Add()
	now := time.Now().UnixMicro()
	*r = rowstore.Row{Weight: 1, Time: now, Service: "intake", Env: "prod", Agency: "IRS", Name: "db", Severity: 17, Body: "no", ErrorType: "E", User: "u", Trace: rowstore.TraceIDOf(1, 2), Span: 3,
		Resource: &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "host.name", Value: "h"}, {Key: "log.file.path", Value: "/x"}}}}
	b.Attr("n", "1")
	s.away.Store(true)
	_, err := p.WriteRows(t.Context(), &b)
	require.Error(t, err)
	s.away.Store(false)
	res, err := p.WriteRows(t.Context(), &b)
	require.NoError(t, err)
	require.Equal(t, 1, res.Accepted)
	got := s.rows.rows[0]
	require.Equal(t, []any{now, "intake", "prod", "IRS", "db", uint8(17), "no", "E", "u", rowstore.TraceIDOf(1, 2), rowstore.SpanID(3), []rowstore.Attr{{Key: "n", Value: "1"}}},
		[]any{got.Time, got.Service, got.Env, got.Agency, got.Name, got.Severity, got.Body, got.ErrorType, got.User, got.Trace, got.Span, got.Attrs})
	path, _ := got.Attribute("log.file.path")
	require.Equal(t, "/x", path)
}
