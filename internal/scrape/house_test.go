package scrape_test

import (
	"context"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

// house is a running manager over a real store.
type house struct {
	t     *testing.T
	store *teststorage.TestStorage
	m     *scrape.Manager
}

const fast = "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n"

func start(t *testing.T, doc string, jsonString ...string) *house {
	t.Helper()
	h := &house{t: t, store: teststorage.New(t, func(o *tsdb.Options) {
		o.EnableSTStorage, o.FloatChunkEncoding = true, chunkenc.EncXOR2
	})}
	var err error
	h.m, err = scrape.New(scrape.Options{Appendable: h.store, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h.apply(doc, jsonString...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return h
}

func (h *house) apply(doc string, jsonString ...string) {
	h.t.Helper()
	cfg, err := scrape.ParseConfig([]byte(doc), h.t.TempDir())
	require.NoError(h.t, err)
	require.NoError(h.t, h.m.ApplyConfig(cfg, jsonString...))
}

// source waits until the job's only target satisfies ok and returns its state.
func (h *house) source(job string, ok func(scrape.TargetState) bool) scrape.TargetState {
	h.t.Helper()
	var last scrape.TargetState
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; time.Now().Before(deadline); <-tick.C {
		for _, s := range h.m.Sources() {
			if s.Job == job {
				if last = s; ok(s) {
					return s
				}
			}
		}
	}
	h.t.Fatalf("job %s did not get there: %+v", job, last)
	return last
}

// health waits for a state; an answer counts once its samples are committed.
func health(want string) func(scrape.TargetState) bool {
	return func(s scrape.TargetState) bool { return s.Health == want && (want != "up" || s.Series > 0) }
}

// series returns the samples of a selector by label set.
func (h *house) series(matchers ...*labels.Matcher) map[string][]float64 {
	h.t.Helper()
	q, err := h.store.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, q.Close()) }()
	out := map[string][]float64{}
	set := q.Select(h.t.Context(), true, nil, matchers...)
	for set.Next() {
		it := set.At().Iterator(nil)
		vs := []float64{}
		for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
			switch typ {
			case chunkenc.ValFloat:
				_, v := it.At()
				vs = append(vs, v)
			case chunkenc.ValHistogram, chunkenc.ValFloatHistogram:
				_, fh := it.AtFloatHistogram(nil)
				vs = append(vs, fh.Count)
			}
		}
		require.NoError(h.t, it.Err())
		if len(vs) > 0 {
			out[set.At().Labels().String()] = vs
		}
	}
	require.NoError(h.t, set.Err())
	return out
}

func named(name string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, "__name__", name)
}

func target(s *httptest.Server) string { return s.Listener.Addr().String() }

func serve(t *testing.T, f http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, body)
	}
}

// nobody is an address that nobody listens on and nobody can take: the near end of a connection that stays open.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr().String()
}
