package scrape_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

// A target with a million label sets, a bomb and a broken one: limited, counted, shown, and the good one does not notice.
func TestOthersStayUnharmed(t *testing.T) {
	million := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		var b bytes.Buffer
		for i := range 1_000_000 {
			_, _ = fmt.Fprintf(&b, "m{u=\"%d\"} 1\n", i)
			if b.Len() > 1<<16 {
				_, _ = w.Write(b.Bytes())
				b.Reset()
			}
		}
		_, _ = w.Write(b.Bytes())
	})
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	_, _ = gz.Write(bytes.Repeat([]byte("a"), 1<<20))
	require.NoError(t, gz.Close())
	bombBody := bytes.Repeat(bomb.Bytes(), 1<<10) // 1 GiB unpacked
	bomber := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bombBody)
	})
	good := serve(t, text("fine 1\n"))
	h := start(t, fmt.Sprintf(`
scrape_configs:
  - {job_name: good, scrape_interval: 1s, static_configs: [{targets: [%q]}]}
  - {job_name: million, scrape_interval: 10s, sample_limit: 50000, static_configs: [{targets: [%q]}]}
  - {job_name: bomb, scrape_interval: 5s, body_size_limit: 8MB, static_configs: [{targets: [%q]}]}
`, target(good), target(million), target(bomber)))
	s := h.source("million", func(s scrape.TargetState) bool {
		return strings.Contains(s.Hint, "the target exposes 1000000 samples, more than sample_limit (50000)")
	})
	require.Equal(t, "down", s.Health)
	require.Equal(t, 1_000_000, s.Samples)
	h.source("bomb", func(s scrape.TargetState) bool { return strings.Contains(s.Hint, "body_size_limit (8MiB unpacked)") })
	require.Empty(t, h.series(named("m")))

	// Nothing of it stays in the store, not even the names.
	require.Less(t, h.store.Head().NumSeries(), uint64(100))

	job := labels.MustNewMatcher(labels.MatchEqual, "job", "good")
	h.source("good", func(s scrape.TargetState) bool { // a machine that is busy may miss one within its second
		answered := 0.0
		for _, v := range h.series(named("up"), job) {
			for _, up := range v {
				answered += up
			}
		}
		return s.Hint == "" && answered > 3
	})
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	t.Logf("heap after all this: %d MB", ms.HeapInuse>>20)
}

// Once a target that had too many series is mended, the series that waited are all there; if it breaks again, what it leaves
// in the store is bounded by its limit, once.
func TestHeldSeriesArriveOnceMended(t *testing.T) {
	var n, round atomic.Int64
	n.Store(5000)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		var b bytes.Buffer
		for i := range n.Load() {
			if i >= 4500 {
				_, _ = fmt.Fprintf(&b, "m{u=\"%d-%d\"} 1\n", i, round.Load())
				continue
			}
			_, _ = fmt.Fprintf(&b, "m{u=\"%d\"} 1\n", i)
		}
		round.Add(1)
		_, _ = w.Write(b.Bytes())
	})
	h := start(t, fast+fmt.Sprintf("  - {job_name: j, sample_limit: 4700, static_configs: [{targets: [%q]}]}\n", target(srv)))
	h.source("j", health("down"))
	require.Less(t, h.store.Head().NumSeries(), uint64(100))
	n.Store(3000)
	h.source("j", func(s scrape.TargetState) bool { return s.Health == "up" && s.Series == 3000 })
	got := h.series(named("m"))
	require.True(t, len(got) == 3000, "%d series", len(got))
	h.source("j", func(scrape.TargetState) bool {
		for _, v := range h.series(named("m")) {
			if len(v) < 3 {
				return false
			}
		}
		return true
	})
	n.Store(9000)
	h.source("j", health("down"))
	after := round.Load()
	h.source("j", func(scrape.TargetState) bool { return round.Load() > after+3 })
	require.Less(t, h.store.Head().NumSeries(), uint64(4800))
}

func TestCounterTurnsIntoGauge(t *testing.T) {
	var typ atomic.Value
	typ.Store("counter")
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "# TYPE served counter\nserved 1\n# TYPE jobs_total %s\njobs_total 5\n", typ.Load())
	})
	clock := &atomic.Int64{}
	clock.Store(time.Now().UnixMilli())
	store := teststorage.New(t)
	m, err := scrape.New(scrape.Options{Appendable: store, Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	require.NoError(t, err)
	h := &house{t: t, store: store, m: m}
	h.apply(fast + fmt.Sprintf("  - {job_name: j, static_configs: [{targets: [%q]}]}\n", target(srv)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()

	h.source("j", func(s scrape.TargetState) bool { return s.Samples == 2 })
	typ.Store("gauge")
	const want = "a counter has changed its type: jobs_total (now a gauge); its increases cannot be trusted any more, give the new metric a new name"
	h.source("j", func(s scrape.TargetState) bool {
		clock.Add((2 * time.Minute).Milliseconds()) // the metadata is read once a minute
		return s.Hint == want
	})
	require.Len(t, h.series(named("jobs_total")), 1, "the series goes on")
	typ.Store("counter")
	h.source("j", func(s scrape.TargetState) bool {
		clock.Add((2 * time.Minute).Milliseconds())
		return s.Hint == ""
	})
}
