package receive_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive"
)

// house is a receiver over a real gate and store.
type house struct {
	t        testing.TB
	store    *tsdb.Store
	gate     *gate.Gate
	receiver *receive.Receiver
	observed atomic.Int64
	free     atomic.Int64
	now      atomic.Int64
}

func (h *house) Born(labels.Labels) gate.Watch { return 1 }
func (h *house) Observe(b []gate.Sample)       { h.observed.Add(int64(len(b))) }

func build(t testing.TB, l gate.Limits) *house {
	h := &house{t: t}
	h.free.Store(1 << 40)
	h.now.Store(base + time.Hour.Milliseconds())
	now := func() time.Time { return time.UnixMilli(h.now.Load()) }
	var err error
	h.store, err = tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: 1 << 20, Now: now,
		FreeSpace: func(string) (int64, error) { return h.free.Load(), nil }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.connect(h.store, l, now)
	return h
}

func (h *house) connect(s metricstore.Store, l gate.Limits, now func() time.Time) {
	h.gate = gate.New(gate.Options{Store: s, Observers: []gate.Observer{h}, Limits: l, Now: now})
	h.receiver = receive.New(receive.Options{Gate: h.gate})
}

func (h *house) handler() http.Handler { return h.receiver.Routes()[0].Handler }

// post sends a message in the given headers and returns the answer.
func (h *house) post(ct, enc string, body []byte) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(body))
	r.RemoteAddr = "10.0.0.7:1234"
	if ct != "" {
		r.Header.Set("Content-Type", ct)
	}
	if enc != "" {
		r.Header.Set("Content-Encoding", enc)
	}
	w := httptest.NewRecorder()
	h.handler().ServeHTTP(w, r)
	return w
}

type message interface{ Marshal() ([]byte, error) }

func pack(t testing.TB, m message) []byte {
	b, err := m.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

func (h *house) send(m message) *httptest.ResponseRecorder {
	h.t.Helper()
	ct := type1
	if _, ok := m.(*writev2.Request); ok {
		ct = type2
	}
	return h.post(ct, "snappy", pack(h.t, m))
}

func (h *house) values(l labels.Labels) (out []float64) {
	h.t.Helper()
	for _, p := range conformance.Read(h.t, h.store, l, base-time.Hour.Milliseconds(), base+2*time.Hour.Milliseconds()) {
		out = append(out, p.V)
	}
	return out
}

// v1 builds a request of 1.0 with a float sample a series.
func v1(ts int64, ls ...labels.Labels) *prompb.WriteRequest {
	r := &prompb.WriteRequest{}
	for i, l := range ls {
		r.Timeseries = append(r.Timeseries, prompb.TimeSeries{Labels: prompb.FromLabels(l, nil), Samples: []prompb.Sample{{Timestamp: ts, Value: float64(i + 1)}}})
	}
	return r
}

// v2 builds a request of 2.0 with a float sample a series.
func v2(ts int64, ls ...labels.Labels) *writev2.Request {
	st := writev2.NewSymbolTable()
	r := &writev2.Request{}
	for i, l := range ls {
		r.Timeseries = append(r.Timeseries, writev2.TimeSeries{LabelsRefs: st.SymbolizeLabels(l, nil), Samples: []writev2.Sample{{Timestamp: ts, Value: float64(i + 1), StartTimestamp: ts - 1000}}})
	}
	r.Symbols = st.Symbols()
	return r
}

func metric(name string, kv ...string) labels.Labels {
	return labels.FromStrings(append([]string{"__name__", name}, kv...)...)
}
