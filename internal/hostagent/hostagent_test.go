package hostagent_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/hostagent"
)

type point struct {
	st, t int64
	v     float64
}

// tape is an appendable that keeps what is committed.
type tape struct {
	mu     sync.Mutex
	points map[string][]point
	fail   error
}

func (p *tape) AppenderV2(context.Context) storage.AppenderV2 {
	return &tapeAppender{tape: p, points: map[string]point{}}
}

type tapeAppender struct {
	tape   *tape
	points map[string]point
}

func (a *tapeAppender) Append(_ storage.SeriesRef, l labels.Labels, st, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	if a.tape.fail != nil {
		return 0, a.tape.fail
	}
	a.points[l.String()] = point{st, t, v}
	return 1, nil
}

func (a *tapeAppender) Commit() error {
	a.tape.mu.Lock()
	defer a.tape.mu.Unlock()
	for l, p := range a.points {
		a.tape.points[l] = append(a.tape.points[l], p)
	}
	return nil
}

func (*tapeAppender) Rollback() error { return nil }

func TestRunWritesRoundsLikeScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tape{points: map[string][]point{}}
		a, err := hostagent.New(hostagent.Options{Appendable: p, Instance: "m1"})
		require.NoError(t, err)
		require.Equal(t, "unknown", a.Source().Health)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		start := time.Now()
		go func() { done <- a.Run(ctx) }()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		cancel()
		require.NoError(t, <-done)

		ups := p.points[labels.FromStrings("__name__", "up", "instance", "m1", "job", "host").String()]
		require.Len(t, ups, 3)
		for i, u := range ups {
			require.EqualValues(t, 1, u.v)
			require.Equal(t, start.Add(time.Duration(i)*15*time.Second).UnixMilli(), u.t)
		}
		mem := p.points[labels.FromStrings("__name__", "node_memory_MemTotal_bytes", "instance", "m1", "job", "host").String()]
		require.Len(t, mem, 3)
		require.Greater(t, mem[0].v, 1e8)
		s := a.Source()
		require.Equal(t, "up", s.Health)
		require.Greater(t, s.Samples, 50)
		require.Equal(t, start.Add(30*time.Second).UnixMilli(), s.LastScrape)
	})
}

func TestRefusedWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tape{points: map[string][]point{}, fail: context.DeadlineExceeded}
		a, err := hostagent.New(hostagent.Options{Appendable: p, Instance: "m1"})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		synctest.Wait()
		require.Equal(t, "down", a.Source().Health)
		require.Contains(t, a.Source().LastError, "deadline")
		cancel()
		require.NoError(t, <-done)
	})
}

// In a real store: counters carry the machine's start, the values are plausible, and what is known stays known.
func TestRealStore(t *testing.T) {
	store := teststorage.New(t, func(o *tsdb.Options) {
		o.EnableSTStorage, o.FloatChunkEncoding = true, chunkenc.EncXOR2
	})
	a, err := hostagent.New(hostagent.Options{Appendable: store, Instance: "m1", Interval: 20 * time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	for tick := time.NewTicker(10 * time.Millisecond); len(read(t, store, "up")) == 0 || len(first(read(t, store, "up"))) < 3; <-tick.C {
	}
	cancel()
	require.NoError(t, <-done)

	boot := first(read(t, store, "node_boot_time_seconds"))[0].v
	require.Greater(t, boot, 1e9)
	idle := 0
	for l, ps := range read(t, store, "node_cpu_seconds_total") {
		require.Equal(t, int64(boot*1000), ps[0].st, l)
		require.GreaterOrEqual(t, ps[len(ps)-1].v, ps[0].v)
		idle++
	}
	require.Zero(t, idle%8, "eight modes a processor")
	total, avail := first(read(t, store, "node_memory_MemTotal_bytes"))[0].v, first(read(t, store, "node_memory_MemAvailable_bytes"))[0].v
	require.Greater(t, total, avail)
	require.NotEmpty(t, read(t, store, "node_filesystem_avail_bytes"))
	require.NotEmpty(t, read(t, store, "node_network_receive_bytes_total"))
	require.NotEmpty(t, read(t, store, "node_load1"))
	require.NotEmpty(t, read(t, store, "node_uname_info"))
	for _, ps := range read(t, store, "scrape_series_added") {
		require.Greater(t, ps[0].v, 50.0)
		last := ps[len(ps)-1].v
		require.Less(t, last, ps[0].v/2, "known series are not new; a mount or an interface that came meanwhile is")
	}
	require.Zero(t, countStale(t, store))
}

func first(m map[string][]point) []point {
	for _, ps := range m {
		return ps
	}
	return nil
}

func read(t *testing.T, s storage.Queryable, name string) map[string][]point {
	return sel(t, s, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
}

func sel(t *testing.T, s storage.Queryable, m *labels.Matcher) map[string][]point {
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	out := map[string][]point{}
	set := q.Select(t.Context(), false, nil, m)
	for set.Next() {
		it := set.At().Iterator(nil)
		var ps []point
		for it.Next() != chunkenc.ValNone {
			ts, v := it.At()
			ps = append(ps, point{it.AtST(), ts, v})
		}
		require.NoError(t, it.Err())
		if len(ps) > 0 {
			out[set.At().Labels().String()] = ps
		}
	}
	require.NoError(t, set.Err())
	return out
}

func countStale(t *testing.T, s storage.Queryable) int {
	n := 0
	for _, ps := range sel(t, s, labels.MustNewMatcher(labels.MatchRegexp, "__name__", "node_cpu.+")) {
		for _, p := range ps {
			if value.IsStaleNaN(p.v) {
				n++
			}
		}
	}
	return n
}
