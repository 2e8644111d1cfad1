package receive_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	configutil "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
)

// Prometheus' own sender reads its log and pushes to us over HTTP, in both versions: what goes in comes out, to the sample,
// with histograms, exemplars and, in 2.0, start timestamps.
func TestPrometheusSends(t *testing.T) {
	for _, msg := range []remoteapi.WriteMessageType{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType} {
		t.Run(string(msg), func(t *testing.T) {
			h := build(t, gate.Limits{})
			h.now.Store(time.Now().UnixMilli())
			srv := httptest.NewServer(h.handler())
			defer srv.Close()

			dir := t.TempDir()
			opts := promtsdb.DefaultOptions()
			opts.EnableExemplarStorage, opts.MaxExemplars = true, 10_000
			opts.EnableSTStorage, opts.FloatChunkEncoding, opts.EnableHistogramSTEncoding = true, chunkenc.EncXOR2, true
			db, err := promtsdb.Open(dir, nil, nil, opts, nil)
			require.NoError(t, err)
			defer db.Close()
			sender := remote.NewStorage(nil, prometheus.NewRegistry(), db.StartTime, dir, 10*time.Second, nil, false)
			db.SetWriteNotified(sender)
			u, err := url.Parse(srv.URL + "/api/v1/write")
			require.NoError(t, err)
			q := config.DefaultQueueConfig
			q.MaxSamplesPerSend, q.MaxShards, q.MinShards = 137, 3, 3
			q.BatchSendDeadline = model.Duration(50 * time.Millisecond)
			rw := config.DefaultRemoteWriteConfig
			rw.URL, rw.Name, rw.ProtobufMessage, rw.QueueConfig = &configutil.URL{URL: u}, "t", msg, q
			rw.SendExemplars, rw.SendNativeHistograms = true, true
			require.NoError(t, sender.ApplyConfig(&config.Config{GlobalConfig: config.DefaultGlobalConfig, RemoteWriteConfigs: []*config.RemoteWriteConfig{&rw}}))

			// The sender leaves out what is older than itself, and it may begin late.
			start := time.Now().Add(time.Minute).UnixMilli()
			const series, rounds = 200, 10
			name := func(i int) labels.Labels {
				return metric(fmt.Sprintf("kind%d", i%4), "job", "efile", "i", fmt.Sprint(i))
			}
			exemplars := 0
			for round := range int64(rounds) {
				app := db.AppenderV2(context.Background())
				for i := range series {
					ts := start + round*1000
					var o storage.AOptions
					if i%4 == 0 && round%2 == 0 {
						o.Exemplars = []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", fmt.Sprint(i, round)), Value: 1, Ts: ts, HasTs: true}}
						exemplars++
					}
					var err error
					switch i % 4 {
					case 0, 1:
						_, err = app.Append(0, name(i), start-5000, ts, float64(round*1000)+float64(i), nil, nil, o)
					case 2:
						_, err = app.Append(0, name(i), start-5000, ts, 0, tsdbutil.GenerateTestHistogram(round), nil, o)
					case 3:
						_, err = app.Append(0, name(i), start-5000, ts, 0, nil, tsdbutil.GenerateTestFloatHistogram(round), o)
					}
					require.NoError(t, err)
				}
				require.NoError(t, app.Commit())
			}
			require.Eventually(t, func() bool { return h.observed.Load() == series*rounds }, time.Minute, 20*time.Millisecond)
			require.NoError(t, sender.Close()) // flushes the exemplars, too

			for i := range series {
				want := conformance.Read(t, db, name(i), start, start+rounds*1000)
				got := conformance.Read(t, h.store, name(i), start, start+rounds*1000)
				require.Len(t, got, rounds)
				for k, w := range want {
					g := got[k]
					require.Equal(t, w.T, g.T)
					require.Equal(t, w.V, g.V)
					require.Equal(t, w.H == nil, g.H == nil)
					require.Equal(t, w.FH == nil, g.FH == nil)
					if w.H != nil {
						require.True(t, w.H.Equals(g.H))
					}
					if w.FH != nil {
						require.True(t, w.FH.Equals(g.FH))
					}
					if msg == remoteapi.WriteV2MessageType {
						require.Equal(t, start-5000, g.ST)
					}
				}
			}
			count := 0
			eq, err := h.store.ExemplarQuerier(t.Context())
			require.NoError(t, err)
			res, err := eq.Select(start, start+rounds*1000, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "kind0")})
			require.NoError(t, err)
			for _, r := range res {
				count += len(r.Exemplars)
			}
			require.Equal(t, exemplars, count)
			st := h.gate.Sources()[0]
			require.EqualValues(t, series*rounds, st.Accepted)
			require.Empty(t, st.Refused)
		})
	}
}
