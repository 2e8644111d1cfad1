package export_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

func openSamples(t *testing.T) (metricstore.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "metrics")
	s, err := tsdb.Open(tsdb.Options{Dir: dir, Retention: 24 * time.Hour, OutOfOrder: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, dir
}

// receiver is Prometheus' own remote-write receiver on a store of its own.
type receiver struct {
	store  metricstore.Store
	url    *url.URL
	down   atomic.Bool
	turned atomic.Int64 // requests that were turned away
	auth   atomic.Value
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.store, _ = openSamples(t)
	h := remote.NewWriteHandler(nil, prometheus.NewRegistry(), r.store, remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}, false, false, false)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.down.Load() {
			r.turned.Add(1)
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		r.auth.Store(req.Header.Get("Authorization"))
		h.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	var err error
	r.url, err = url.Parse(srv.URL)
	require.NoError(t, err)
	return r
}

func (r *receiver) config() *promconfig.RemoteWriteConfig {
	c := promconfig.DefaultRemoteWriteConfig
	c.URL = &commoncfg.URL{URL: r.url}
	c.QueueConfig.BatchSendDeadline = model.Duration(20 * time.Millisecond)
	c.QueueConfig.MaxBackoff = model.Duration(50 * time.Millisecond)
	return &c
}

// count returns samples by series, and their sum.
func count(t *testing.T, s metricstore.Store, name string) (samples int, sum float64, external string) {
	t.Helper()
	q, err := s.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
	for set.Next() {
		external = set.At().Labels().Get("cluster")
		it := set.At().Iterator(nil)
		for it.Next() != 0 {
			_, v := it.At()
			samples++
			sum += v
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return samples, sum, external
}

func push(t *testing.T, s storage.Appendable, name string, from, n int) {
	t.Helper()
	app := s.Appender(t.Context())
	now := time.Now().Add(time.Minute).UnixMilli() // a queue sends what is younger than itself, and may begin late
	for i := range n {
		for _, agency := range []string{"IRS", "SSA"} {
			_, err := app.Append(0, labels.FromStrings("__name__", name, "agency", agency), now+int64(from+i), float64(from+i))
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())
}

// wait lets the queues of a running Remote bring all samples of a store to a receiver.
func wait(t *testing.T, from, to metricstore.Store, name string) {
	t.Helper()
	want, sum, _ := count(t, from, name)
	require.Eventually(t, func() bool { n, _, _ := count(t, to, name); return n >= want }, time.Minute, 50*time.Millisecond)
	n, got, _ := count(t, to, name)
	require.Equal(t, want, n)
	require.Equal(t, sum, got)
}

func TestSamplesInAreSamplesOut(t *testing.T) {
	store, dir := openSamples(t)
	points, pointsDir := openSamples(t)
	var took atomic.Int64
	reg := prometheus.NewRegistry()
	r := export.NewRemote(export.RemoteOptions{Registerer: reg, Feeds: []export.Feed{
		{Name: "metrics", Dir: dir, Appended: func() (int64, int64) { return took.Load(), store.NewestTime() }},
		{Name: "kpi", Dir: pointsDir},
	}})
	running := make(chan error, 1)
	go func() { running <- r.Run(t.Context()) }()
	a, b := receive(t), receive(t)
	b.url = b.url.JoinPath("b")
	external := labels.FromStrings("cluster", "efile")
	require.NoError(t, r.Apply(external, []*promconfig.RemoteWriteConfig{a.config()}))
	push(t, store, "filings_total", 0, 1000)
	push(t, points, "signalbox_kpi_value", 0, 10)
	took.Store(2000)
	wait(t, store, a.store, "filings_total")
	wait(t, points, a.store, "signalbox_kpi_value")
	_, _, cluster := count(t, a.store, "filings_total")
	require.Equal(t, "efile", cluster)

	// A receiver that is away loses nothing.
	a.down.Store(true)
	push(t, store, "filings_total", 1000, 1000)
	require.Eventually(t, func() bool { return a.turned.Load() > 2 }, time.Minute, 10*time.Millisecond)
	push(t, store, "filings_total", 2000, 1000)
	a.down.Store(false)
	wait(t, store, a.store, "filings_total")

	// A reload adds a second receiver and leaves the first alone; a bad one changes nothing.
	bad := b.config()
	bad.HTTPClientConfig.TLSConfig.CAFile = "/nonexistent.pem"
	require.ErrorContains(t, r.Apply(external, []*promconfig.RemoteWriteConfig{bad}), "remote_write: "+b.url.String())
	both := b.config()
	both.HTTPClientConfig.BasicAuth = &commoncfg.BasicAuth{Username: "signalbox", Password: "hunter2"}
	require.NoError(t, r.Apply(external, []*promconfig.RemoteWriteConfig{a.config(), both}))
	push(t, store, "late_total", 0, 50)
	wait(t, store, a.store, "late_total")
	wait(t, store, b.store, "late_total")
	require.Equal(t, "Basic c2lnbmFsYm94Omh1bnRlcjI=", b.auth.Load())

	require.NoError(t, r.Close())
	require.Error(t, r.Apply(external, nil))
	left, err := reg.Gather()
	require.NoError(t, err)
	require.Empty(t, left, "the queues take their metrics with them")
}

func TestNoReceiverOpensNothing(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := export.NewRemote(export.RemoteOptions{Registerer: reg, Feeds: []export.Feed{{Name: "metrics", Dir: t.TempDir()}}})
	require.NoError(t, r.Apply(labels.EmptyLabels(), nil))
	got, err := reg.Gather()
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, r.Close())
}

func TestAReceiverThatStandsTwice(t *testing.T) {
	a := receive(t).config()
	require.ErrorContains(t, export.CheckRemote([]*promconfig.RemoteWriteConfig{a, a}), "stands twice")
	named := *a
	named.Name = "second"
	require.NoError(t, export.CheckRemote([]*promconfig.RemoteWriteConfig{a, &named}))
}
