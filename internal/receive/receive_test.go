package receive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/receive"
)

// TestProtocol runs every case of the table: what it says of status and headers is read from it.
func TestProtocol(t *testing.T) {
	raw, err := os.ReadFile("testdata/remote-write-2.tsv")
	require.NoError(t, err)
	status := map[string]string{}
	for _, line := range strings.Split(string(raw), "\n") {
		if c := strings.Split(line, "\t"); len(c) == 4 && strings.HasPrefix(c[0], "w") {
			status[c[0]] = c[2]
		}
	}
	require.Len(t, status, 7)
	headers := func(w *httptest.ResponseRecorder) string {
		var out []string
		for _, n := range []string{"Samples", "Histograms", "Exemplars"} {
			out = append(out, w.Header().Get("X-Prometheus-Remote-Write-"+n+"-Written"))
		}
		return strings.Join(out, " ")
	}
	cases := map[string]func(t *testing.T){
		"w1": func(t *testing.T) {
			require.Equal(t, "204 (any 2xx)", status["w1"])
			h := build(t, gate.Limits{})
			r := v2(base, metric("a"), metric("b"))
			r.Symbols = append(r.Symbols, "trace_id", "abc")
			r.Timeseries[0].Exemplars = []writev2.Exemplar{{LabelsRefs: []uint32{uint32(len(r.Symbols) - 2), uint32(len(r.Symbols) - 1)}, Value: 1, Timestamp: base}}
			r.Timeseries[1].Samples = nil
			r.Timeseries[1].Histograms = []writev2.Histogram{
				writev2.FromIntHistogram(base-9, base, tsdbutil.GenerateTestHistogram(1)),
				writev2.FromFloatHistogram(base-9, base+1, tsdbutil.GenerateTestFloatHistogram(2)),
			}
			w := h.send(r)
			require.Equal(t, 204, w.Code, w.Body)
			require.Empty(t, w.Body.Bytes())
			require.Equal(t, "1 2 1", headers(w))
			ps := conformance.Read(t, h.store, metric("b"), base, base+10)
			require.Len(t, ps, 2)
			require.Equal(t, base-9, ps[0].ST)
			require.NotNil(t, ps[0].H)
			require.NotNil(t, ps[1].FH)
			require.Equal(t, base-1000, conformance.Read(t, h.store, metric("a"), base, base)[0].ST)
			require.EqualValues(t, 3, h.observed.Load())
		},
		"w2": func(t *testing.T) {
			require.Equal(t, "400", status["w2"])
			h := build(t, gate.Limits{})
			r := v2(base, metric("a"), labels.FromStrings("no", "name"), metric("b"))
			r.Timeseries = append(r.Timeseries, writev2.TimeSeries{LabelsRefs: []uint32{1, 999}, Samples: []writev2.Sample{{Value: 1, Timestamp: base}}})
			r.Timeseries = append(r.Timeseries, writev2.TimeSeries{LabelsRefs: r.Timeseries[0].LabelsRefs, Samples: []writev2.Sample{{Value: 99, Timestamp: base}}})
			w := h.send(r)
			require.Equal(t, 400, w.Code)
			require.Equal(t, "2 0 0", headers(w))
			require.Contains(t, w.Body.String(), "3 refused, 2 written:")
			require.Contains(t, w.Body.String(), "labels_invalid 1 (the labels are invalid")
			require.Contains(t, w.Body.String(), "malformed 1 (")
			require.Contains(t, w.Body.String(), "duplicate 1 (")
			require.Equal(t, []float64{1}, h.values(metric("a")))
			require.Equal(t, []float64{3}, h.values(metric("b")))
		},
		"w3": func(t *testing.T) {
			require.Equal(t, "415", status["w3"])
			h := build(t, gate.Limits{})
			body := pack(t, v1(base, metric("a")))
			for _, ct := range []string{"application/json", "application/x-protobuf;proto=io.prometheus.write.v3.Request", "garbage;;"} {
				w := h.post(ct, "snappy", body)
				require.Equal(t, 415, w.Code, ct)
				require.Contains(t, w.Body.String(), "want application/x-protobuf")
			}
			w := h.post(type1, "zstd", body)
			require.Equal(t, 415, w.Code)
			require.Contains(t, w.Body.String(), `Content-Encoding "zstd": want snappy`)
			for _, ct := range []string{"", type1, type1 + ";proto=prometheus.WriteRequest", type1 + "; proto=prometheus.WriteRequest"} {
				require.Equal(t, 204, h.post(ct, "snappy", body).Code, ct)
			}
			require.Equal(t, 204, h.post(type1, "", body).Code)
		},
		"w4": func(t *testing.T) {
			require.Equal(t, "429 (+Retry-After)", status["w4"])
			h := build(t, gate.Limits{SamplesPerSecond: 0.1, Ahead: -1})
			require.Equal(t, 204, h.send(v2(base, metric("a"), metric("b"))).Code)
			w := h.send(v2(base+1, metric("a"), metric("b")))
			require.Equal(t, 429, w.Code)
			require.Equal(t, "0 0 0", headers(w))
			n, err := strconv.Atoi(w.Header().Get("Retry-After"))
			require.NoError(t, err)
			require.Equal(t, 10, n)
			h.now.Add(10_000)
			require.Equal(t, 204, h.send(v2(base+1, metric("a"))).Code)
		},
		"w5": func(t *testing.T) {
			require.Equal(t, "5xx", status["w5"])
			h := build(t, gate.Limits{})
			require.Equal(t, 204, h.send(v2(base, metric("a"))).Code)
			h.free.Store(0)
			h.now.Add(1000)
			w := h.send(v2(base+1, metric("a"), metric("b")))
			require.Equal(t, 503, w.Code)
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			require.Contains(t, w.Body.String(), "the metric store accepts nothing")
			require.Equal(t, "0 0 0", headers(w))
			h.free.Store(1 << 40)
			h.now.Add(1000)
			for range 3 { // the whole request again, and again
				w = h.send(v2(base+1, metric("a"), metric("b")))
				require.Equal(t, 204, w.Code, w.Body)
				require.Equal(t, "2 0 0", headers(w))
			}
			require.Equal(t, []float64{1, 1}, h.values(metric("a")))
			require.EqualValues(t, 3, h.observed.Load())
		},
		"w6": func(t *testing.T) {
			require.Equal(t, "4xx", status["w6"])
			h := build(t, gate.Limits{BodyBytes: 1000, DecodedBytes: 5000})
			require.Equal(t, 413, h.post(type2, "snappy", make([]byte, 1001)).Code)
			require.Equal(t, 413, h.post(type2, "snappy", snappy.Encode(nil, make([]byte, 6000))).Code, "unpacks to too much")
			require.Equal(t, 400, h.post(type2, "snappy", []byte("not snappy")).Code)
			require.Equal(t, 400, h.post(type2, "snappy", binary.AppendUvarint(nil, 4000)).Code, "a head that lies")
			require.Equal(t, 400, h.post(type2, "snappy", snappy.Encode(nil, []byte{0xff, 0xff})).Code)
			require.Equal(t, 400, h.post(type2, "snappy", nil).Code)
			st := h.gate.Sources()[0]
			require.Equal(t, "push 10.0.0.7", st.Source)
			require.EqualValues(t, 2, st.Refused["metrics"]["body_too_large"])
			require.EqualValues(t, 4, st.Refused["metrics"]["malformed"])
			bad := v2(base, metric("a"))
			bad.Symbols[0] = "x"
			require.Equal(t, 400, h.send(bad).Code)
		},
		"w7": func(t *testing.T) {
			h := build(t, gate.Limits{})
			require.Equal(t, "1 0 0", headers(h.send(v2(base, metric("a")))))
			require.Equal(t, "  ", headers(h.send(v1(base, metric("a")))), "no such headers in 1.0")
		},
	}
	require.Len(t, cases, len(status))
	for id, f := range cases {
		t.Run(id, f)
	}
}

// Prometheus answers 204 to 1.0 and drops what it does not like. We say so.
func TestVersion1SaysWhatItRefuses(t *testing.T) {
	h := build(t, gate.Limits{Labels: 5, LabelValueBytes: 100})
	bad := v1(base, metric("good"), labels.FromStrings("no", "name"), metric("good2"),
		metric("long", "a", strings.Repeat("x", 101)), metric("many", "a", "1", "b", "1", "c", "1", "d", "1", "e", "1"))
	bad.Timeseries = append(bad.Timeseries, prompb.TimeSeries{
		Labels:  []prompb.Label{{Name: "__name__", Value: "twice"}, {Name: "a", Value: "1"}, {Name: "a", Value: "2"}},
		Samples: []prompb.Sample{{Timestamp: base, Value: 1}, {Timestamp: base + 1, Value: 1}},
	})
	w := h.send(bad)
	require.Equal(t, 400, w.Code)
	for _, want := range []string{"5 refused, 2 written", "labels_invalid 3", "label_length 1", "label_count 1"} {
		require.Contains(t, w.Body.String(), want)
	}
	require.Equal(t, []float64{1}, h.values(metric("good")))
	require.Equal(t, []float64{3}, h.values(metric("good2")))
	w = h.send(v1(base-2*3_600_000, metric("good")))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "too_old 1 (the sample is older than the out-of-order window)")
	w = h.send(v1(base+2*3_600_000, metric("good")))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "future 1 (the timestamp is more than 10m0s ahead of our clock)")
	st := h.gate.Sources()[0]
	require.EqualValues(t, 2, st.Accepted)
	require.EqualValues(t, 3, st.Refused["metrics"]["labels_invalid"])
}

// Every kind of sample, out of both protocols, again and again and in changing order: what was sent is there, once.
func TestOrders(t *testing.T) {
	h := build(t, gate.Limits{})
	names := []labels.Labels{metric("a", "x", "1"), metric("b", "x", "1"), metric("c"), metric("d", "y", strings.Repeat("v", 300))}
	ts := base
	orders := [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {3, 2, 1, 0}, {0, 0, 1, 1}, {2}, {1, 3}, {0, 1, 2, 3}}
	want := map[int]int{}
	for round, o := range append(orders, orders...) {
		ts += 1000
		var ls []labels.Labels
		seen := map[int]bool{}
		for _, i := range o {
			ls = append(ls, names[i])
			if !seen[i] {
				want[i]++
			}
			seen[i] = true
		}
		var w *httptest.ResponseRecorder
		if round%3 == 1 {
			r := v2(ts, ls...)
			for i := range r.Timeseries {
				r.Timeseries[i].Samples[0].Value = float64(ts)
			}
			w = h.send(r)
		} else {
			r := v1(ts, ls...)
			for i := range r.Timeseries {
				r.Timeseries[i].Samples[0].Value = float64(ts)
			}
			w = h.send(r)
		}
		require.Equal(t, 204, w.Code, w.Body)
	}
	total := 0
	for i, l := range names {
		require.Len(t, h.values(l), want[i])
		total += want[i]
	}
	require.EqualValues(t, total, h.observed.Load())
	require.EqualValues(t, 4, h.gate.Sources()[0].Series)
}

// Labels that come unsorted, scattered, with empty values or with fields we do not know name the same series.
func TestOddEncodings(t *testing.T) {
	h := build(t, gate.Limits{})
	l := metric("m", "a", "1", "b", "2")
	require.Equal(t, 204, h.send(v1(base, l)).Code)
	label := func(n, v string) []byte {
		b, err := (&prompb.Label{Name: n, Value: v}).Marshal()
		require.NoError(t, err)
		return append([]byte{0x0a, byte(len(b))}, b...)
	}
	at := func(ts int64) []byte {
		b, err := (&prompb.Sample{Value: 1, Timestamp: ts}).Marshal()
		require.NoError(t, err)
		return append([]byte{0x12, byte(len(b))}, b...)
	}
	for i, parts := range [][][]byte{
		{label("b", "2"), label("a", "1"), label("__name__", "m"), at(base + 1)},                             // unsorted
		{at(base + 2), label("__name__", "m"), label("a", "1"), at(base + 3), label("b", "2")},               // scattered
		{label("__name__", "m"), label("a", "1"), label("b", "2"), label("c", ""), at(base + 4)},             // an empty value
		{{0x7a, 2, 1, 2}, label("__name__", "m"), label("a", "1"), label("b", "2"), at(base + 5), {0x30, 7}}, // unknown fields
	} {
		s := bytes.Join(parts, nil)
		msg := append([]byte{0x0a, byte(len(s))}, s...)
		for range 2 {
			w := h.post(type1, "snappy", snappy.Encode(nil, msg))
			require.Equal(t, 204, w.Code, "%d: %s", i, w.Body)
		}
	}
	require.Len(t, h.values(l), 6)
	// 2.0 with references that are not packed.
	s := []byte{0x08, 1, 0x08, 2, 0x08, 3, 0x08, 4, 0x08, 5, 0x08, 6}
	s = append(s, at(base+6)...)
	msg := []byte{0x22, 0}
	for _, sym := range []string{"__name__", "m", "a", "1", "b", "2"} {
		msg = append(append(msg, 0x22, byte(len(sym))), sym...)
	}
	msg = append(append(msg, 0x2a, byte(len(s))), s...)
	w := h.post(type2, "snappy", snappy.Encode(nil, msg))
	require.Equal(t, 204, w.Code, w.Body)
	require.Len(t, h.values(l), 7)
	require.EqualValues(t, 1, h.gate.Sources()[0].Series)
}

func TestSpecialValues(t *testing.T) {
	h := build(t, gate.Limits{})
	for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, math.Float64frombits(value.StaleNaN)} {
		r := v1(base+int64(i), metric("m"))
		r.Timeseries[0].Samples[0].Value = v
		require.Equal(t, 204, h.send(r).Code)
		require.Equal(t, 204, h.send(r).Code, "the same again")
	}
	ps := conformance.Read(t, h.store, metric("m"), base, base+10)
	require.Len(t, ps, 6)
	require.True(t, value.IsStaleNaN(ps[5].V))
	require.EqualValues(t, 6, h.observed.Load())
}

func TestHistograms(t *testing.T) {
	h := build(t, gate.Limits{})
	fine := tsdbutil.GenerateTestHistogram(1)
	fine.Schema = 9 // finer than the store keeps
	broken := tsdbutil.GenerateTestHistogram(1)
	broken.Count = 1
	r := &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
		{Labels: prompb.FromLabels(metric("h"), nil), Histograms: []prompb.Histogram{prompb.FromIntHistogram(base, fine), prompb.FromIntHistogram(base+1, broken)}},
		{Labels: prompb.FromLabels(metric("f"), nil), Histograms: []prompb.Histogram{prompb.FromFloatHistogram(base, tsdbutil.GenerateTestFloatHistogram(3))}},
	}}
	w := h.send(r)
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "1 refused, 2 written: histogram_invalid 1 (")
	ps := conformance.Read(t, h.store, metric("h"), base, base+10)
	require.Len(t, ps, 1)
	require.EqualValues(t, histogram.ExponentialSchemaMax, ps[0].H.Schema)
	require.Len(t, conformance.Read(t, h.store, metric("f"), base, base), 1)
}

func TestExemplarsApartAndMetadata(t *testing.T) {
	h := build(t, gate.Limits{})
	r := v1(base, metric("requests_total"))
	r.Timeseries = append(r.Timeseries, prompb.TimeSeries{Labels: r.Timeseries[0].Labels, Exemplars: []prompb.Exemplar{
		{Labels: []prompb.Label{{Name: "trace_id", Value: "abc"}}, Value: 1, Timestamp: base}}})
	r.Metadata = []prompb.MetricMetadata{{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "requests", Help: "All requests.", Unit: ""}}
	require.Equal(t, 204, h.send(r).Code)
	r2 := v2(base, metric("took_seconds_bucket", "le", "1"))
	r2.Symbols = append(r2.Symbols, "How long it took.", "seconds")
	r2.Timeseries[0].Metadata = writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM, HelpRef: uint32(len(r2.Symbols) - 2), UnitRef: uint32(len(r2.Symbols) - 1)}
	r2.Timeseries = append(r2.Timeseries, writev2.TimeSeries{LabelsRefs: r2.Timeseries[0].LabelsRefs, Exemplars: []writev2.Exemplar{
		{Value: 1, Timestamp: base}, {LabelsRefs: []uint32{999, 1}, Timestamp: base}, {Value: 1, Timestamp: base - 10}}})
	w := h.send(r2)
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "exemplar_invalid 1")
	require.Equal(t, "2", w.Header().Get("X-Prometheus-Remote-Write-Exemplars-Written"))
	q, err := h.store.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	res, err := q.Select(base-1, base+1, []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+")})
	require.NoError(t, err)
	require.Len(t, res, 2)
	m := h.receiver.Metadata()
	require.Equal(t, "All requests.", m["requests"].Help)
	require.Equal(t, model.MetricTypeHistogram, m["took_seconds"].Type)
	require.Equal(t, "seconds", m["took_seconds"].Unit)
}

// One sender with a million label sets is limited, counted and shown; the others are not harmed.
func TestCardinality(t *testing.T) {
	h := build(t, gate.Limits{SeriesPerSource: 1000})
	var ls []labels.Labels
	for i := range 5000 {
		ls = append(ls, metric("m", "i", strconv.Itoa(i)))
	}
	w := h.send(v2(base, ls...))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "4000 refused, 1000 written: series_of_source 4000 (")
	r := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(pack(t, v1(base, metric("other")))))
	r.RemoteAddr = "10.0.0.8:1"
	rec := httptest.NewRecorder()
	h.handler().ServeHTTP(rec, r)
	require.Equal(t, 204, rec.Code)
	st := h.gate.Sources()
	require.EqualValues(t, 1000, st[0].Series)
	require.EqualValues(t, 4000, st[0].Refused["metrics"]["series_of_source"])
	require.Empty(t, st[1].Refused)
}

// A body without a length is bounded while it is read; one that does not arrive is given up.
func TestBodies(t *testing.T) {
	h := build(t, gate.Limits{BodyBytes: 10_000})
	srv := httptest.NewServer(h.handler())
	defer srv.Close()
	post := func(body io.Reader) (int, error) {
		r, err := http.NewRequest(http.MethodPost, srv.URL+"/api/v1/write", body)
		require.NoError(t, err)
		r.ContentLength = -1
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	code, err := post(io.MultiReader(bytes.NewReader(pack(t, v1(base, metric("a"), metric("b"))))))
	require.NoError(t, err)
	require.Equal(t, 204, code)
	code, err = post(io.LimitReader(zeros{}, 1<<30))
	require.True(t, err != nil || code == 413, "%d %v", code, err)

	hasty := httptest.NewServer(receive.New(receive.Options{Gate: h.gate, BodyTimeout: 50 * time.Millisecond}).Routes()[0].Handler)
	defer hasty.Close()
	c, err := net.Dial("tcp", strings.TrimPrefix(hasty.URL, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc"))
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	b := make([]byte, 12)
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 503", string(b))
	for _, s := range h.gate.Sources() {
		require.EqualValues(t, 2, s.Accepted)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// A message cut anywhere writes nothing and is never a crash.
func TestTruncated(t *testing.T) {
	h := build(t, gate.Limits{})
	for _, m := range []message{v1(base, metric("a"), metric("b")), v2(base, metric("a"), metric("b"))} {
		b, err := m.Marshal()
		require.NoError(t, err)
		ct := type1
		if _, ok := m.(*writev2.Request); ok {
			ct = type2
		}
		for i := 1; i < len(b); i++ {
			w := h.post(ct, "snappy", snappy.Encode(nil, b[:i]))
			require.True(t, w.Code == 400 || w.Code == 204, "cut at %d: %d", i, w.Code)
			if w.Code == 204 {
				var q prompb.WriteRequest
				var q2 writev2.Request
				require.NoError(t, errors.Join(map[string]func() error{
					type1: func() error { return q.Unmarshal(b[:i]) },
					type2: func() error { return q2.Unmarshal(b[:i]) },
				}[ct]()), "cut at %d is no message", i)
			}
		}
	}
}
