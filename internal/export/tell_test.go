package export_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

// hearer takes metadata of remote write 1.0 and turns the first request away.
type hearer struct {
	mu       sync.Mutex
	turned   int
	requests [][]prompb.MetricMetadata
}

func (h *hearer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	var m prompb.WriteRequest
	if err == nil {
		body, err = snappy.Decode(nil, body)
	}
	if err == nil {
		err = m.Unmarshal(body)
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case h.turned == 0:
		h.turned++
		http.Error(w, "not yet", http.StatusServiceUnavailable)
	default:
		h.requests = append(h.requests, m.Metadata)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (h *hearer) heard() (families []string, requests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.requests {
		for _, m := range r {
			families = append(families, m.MetricFamilyName)
		}
	}
	return families, len(h.requests)
}

// TestMetadataIsToldAgainAndAgain has receivers of both versions: those of 1.0 get it in pieces, however often it takes.
func TestMetadataIsToldAgainAndAgain(t *testing.T) {
	_, dir := openSamples(t)
	config := func(h *hearer) *promconfig.RemoteWriteConfig {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		at, err := url.Parse(srv.URL)
		require.NoError(t, err)
		c := promconfig.DefaultRemoteWriteConfig
		c.URL = &commoncfg.URL{URL: at}
		c.MetadataConfig = promconfig.MetadataConfig{Send: true, SendInterval: model.Duration(time.Second), MaxSamplesPerSend: 2}
		return &c
	}
	var one, two, quiet hearer
	v2, silent := config(&two), config(&quiet)
	v2.ProtobufMessage = remoteapi.WriteV2MessageType
	silent.MetadataConfig.Send = false
	var all []prompb.MetricMetadata
	for i := range 3 {
		all = append(all, prompb.MetricMetadata{MetricFamilyName: fmt.Sprint("m", i), Type: prompb.MetricMetadata_COUNTER, Help: "Returns", Unit: "seconds"})
	}
	r := export.NewRemote(export.RemoteOptions{Feeds: []export.Feed{{Name: "metrics", Dir: dir}}, Metadata: func() []prompb.MetricMetadata { return all }})
	require.NoError(t, r.Apply(labels.EmptyLabels(), []*promconfig.RemoteWriteConfig{config(&one), v2, silent}))
	running := make(chan error, 1)
	go func() { running <- r.Run(t.Context()) }()
	require.Eventually(t, func() bool { _, n := one.heard(); return n >= 4 }, time.Minute, 10*time.Millisecond, "twice, in two pieces each")
	families, _ := one.heard()
	require.Equal(t, []string{"m0", "m1", "m2", "m0", "m1", "m2"}, families[:6])
	one.mu.Lock()
	require.Equal(t, all[0], one.requests[0][0])
	one.mu.Unlock()
	for _, h := range []*hearer{&two, &quiet} {
		_, n := h.heard()
		require.Zero(t, n)
	}
	require.NoError(t, r.Close())
}

// TestMetadataComesWithSamples has a receiver of 2.0 read what a metric is from the message that brings its samples.
func TestMetadataComesWithSamples(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "metrics")
	store, err := tsdb.Open(tsdb.Options{Dir: dir, Retention: 24 * time.Hour, Metadata: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	told := make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m writev2.Request
		if err == nil {
			body, err = snappy.Decode(nil, body)
		}
		if err == nil {
			err = m.Unmarshal(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, s := range m.Timeseries {
			select {
			case told <- fmt.Sprint(s.Metadata.Type, " ", m.Symbols[s.Metadata.HelpRef]):
			default:
			}
			w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", fmt.Sprint(len(s.Samples)))
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	at, err := url.Parse(srv.URL)
	require.NoError(t, err)
	c := promconfig.DefaultRemoteWriteConfig
	c.URL, c.ProtobufMessage = &commoncfg.URL{URL: at}, remoteapi.WriteV2MessageType
	c.QueueConfig.BatchSendDeadline = model.Duration(20 * time.Millisecond)
	r := export.NewRemote(export.RemoteOptions{Feeds: []export.Feed{{Name: "metrics", Dir: dir}}})
	require.NoError(t, r.Apply(labels.EmptyLabels(), []*promconfig.RemoteWriteConfig{&c}))
	go func() { _ = r.Run(t.Context()) }()
	app := store.AppenderV2(t.Context())
	_, err = app.Append(0, labels.FromStrings("__name__", "filings_total"), 0, time.Now().Add(time.Minute).UnixMilli(), 1, nil, nil,
		storage.AOptions{MetricFamilyName: "filings_total", Metadata: metadata.Metadata{Type: model.MetricTypeCounter, Help: "Returns filed"}})
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	require.Equal(t, "METRIC_TYPE_COUNTER Returns filed", <-told)
	require.NoError(t, r.Close())
}
