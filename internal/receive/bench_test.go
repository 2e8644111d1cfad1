package receive_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive"
)

const (
	type1 = "application/x-protobuf"
	type2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
	base  = int64(1_700_000_000_000)
)

// watcher observes every series and does nothing with it.
type watcher struct{}

func (watcher) Born(labels.Labels) gate.Watch { return 1 }
func (watcher) Observe([]gate.Sample)         {}

// fleet is what a fleet of web services looks like to a receiver: ten labels a series.
func fleet(n int) []labels.Labels {
	out := make([]labels.Labels, n)
	for i := range out {
		target := i / 200 // 200 series a target
		j := i % 200
		out[i] = labels.FromStrings(
			"__name__", []string{"http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds_sum", "process_cpu_seconds_total"}[j%4],
			"agency", "IRS", "env", "production", "job", "efile-"+strconv.Itoa(target%20),
			"instance", fmt.Sprintf("10.%d.%d.%d:8080", target>>16&255, target>>8&255, target&255),
			"method", []string{"GET", "POST", "PUT"}[j%3], "code", []string{"200", "404", "500", "503"}[j/4%4],
			"route", "/api/v1/returns/"+strconv.Itoa(j), "le", []string{"0.1", "0.5", "1", "2.5", "+Inf"}[j%5], "zone", "us-east-1a")
	}
	return out
}

// body is one request's message with the places where timestamps and values stand.
type body struct {
	plain []byte
	at    []int // of each sample's value; the timestamp's varint of six bytes follows its tag
}

// requests encodes the series into requests of 5,000.
func requests(t testing.TB, ls []labels.Labels, v2 bool) []body {
	var out []body
	for len(ls) > 0 {
		part := ls[:min(5000, len(ls))]
		ls = ls[len(part):]
		var b []byte
		var err error
		if v2 {
			st := writev2.NewSymbolTable()
			var req writev2.Request
			for _, l := range part {
				req.Timeseries = append(req.Timeseries, writev2.TimeSeries{
					LabelsRefs: st.SymbolizeLabels(l, nil),
					Samples:    []writev2.Sample{{Value: math.Pi, Timestamp: base}},
				})
			}
			req.Symbols = st.Symbols()
			b, err = req.Marshal()
		} else {
			var req prompb.WriteRequest
			for _, l := range part {
				req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
					Labels:  prompb.FromLabels(l, nil),
					Samples: []prompb.Sample{{Value: math.Pi, Timestamp: base}},
				})
			}
			b, err = req.Marshal()
		}
		require.NoError(t, err)
		mark := binary.LittleEndian.AppendUint64([]byte{9}, math.Float64bits(math.Pi))
		x := body{plain: b}
		for p := 0; ; {
			i := bytes.Index(b[p:], mark)
			if i < 0 {
				break
			}
			x.at = append(x.at, p+i+1)
			p += i + len(mark)
		}
		require.Len(t, x.at, len(part))
		out = append(out, x)
	}
	return out
}

// set writes a timestamp and moving values and compresses the message into dst.
func (b *body) set(ts int64, dst []byte) []byte {
	for i, p := range b.at {
		binary.LittleEndian.PutUint64(b.plain[p:], math.Float64bits(float64((ts-base)/1000*int64(1+i%7))))
		binary.PutUvarint(b.plain[p+9:], uint64(ts))
	}
	return snappy.Encode(dst[:cap(dst)], b.plain)
}

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func anonymous() int64 {
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(l, "RssAnon:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(s int)           { d.status = s }

// BenchmarkRemoteWrite serves the same requests with our receiver and with Prometheus' own write handler over a store of the
// same options, in the same run. SIGNALBOX_BENCH_SERIES sets the number of series (100,000).
func BenchmarkRemoteWrite(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("SIGNALBOX_BENCH_SERIES"))
	if err != nil {
		n = 100_000
	}
	ls := fleet(n)
	for _, v := range []struct {
		name, ct string
		two      bool
	}{{"1.0", type1, false}, {"2.0", type2, true}} {
		reqs := requests(b, ls, v.two)
		handlers := map[string]func(*tsdb.Store) http.Handler{
			"signalbox": func(s *tsdb.Store) http.Handler {
				g := gate.New(gate.Options{Store: s, Observers: []gate.Observer{watcher{}}, Limits: gate.Limits{Ahead: -1}})
				return receive.New(receive.Options{Gate: g}).Routes()[0].Handler
			},
			"prometheus": func(s *tsdb.Store) http.Handler {
				return remote.NewWriteHandler(slog.New(slog.DiscardHandler), nil, s,
					remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}, false, false, false)
			},
		}
		for _, who := range []string{"signalbox", "prometheus"} {
			b.Run(v.name+"/"+who, func(b *testing.B) {
				s, err := tsdb.Open(tsdb.Options{Dir: b.TempDir(), ReserveBytes: -1, FloorBytes: -1})
				require.NoError(b, err)
				defer s.Close()
				h := handlers[who](s)
				runtime.GC()
				before := anonymous()
				var buf []byte
				ts := base
				round := func() time.Duration {
					ts += 1000
					var used time.Duration
					for i := range reqs {
						buf = reqs[i].set(ts, buf)
						r := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(buf))
						r.Header.Set("Content-Type", v.ct)
						r.Header.Set("Content-Encoding", "snappy")
						w := &discard{h: http.Header{}}
						c := cpu()
						h.ServeHTTP(w, r)
						used += cpu() - c
						if w.status >= 300 {
							b.Fatal(w.status)
						}
					}
					return used
				}
				born := round()
				round()
				var used time.Duration
				rounds := 0
				b.ReportAllocs()
				for b.Loop() {
					used += round()
					rounds++
				}
				runtime.GC()
				b.ReportMetric(float64(used.Nanoseconds())/float64(rounds*n), "cpu-ns/sample")
				b.ReportMetric(float64(rounds*n)/used.Seconds(), "samples/cpu-s")
				b.ReportMetric(float64(born.Nanoseconds())/float64(n), "cpu-ns/new-series")
				b.ReportMetric(float64(anonymous()-before)/float64(n), "rss-B/series")
			})
		}
	}
}
