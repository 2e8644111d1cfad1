package otlp_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// lax marshals a message although its text may not be UTF-8, as careless senders do.
func lax(t testing.TB, m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err == nil {
		return b
	}
	return laxMarshal(t, m)
}

func answerLogs(t testing.TB, w *httptest.ResponseRecorder) *collogs.ExportLogsServiceResponse {
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, protobuf, w.Header().Get("Content-Type"))
	res := &collogs.ExportLogsServiceResponse{}
	require.NoError(t, proto.Unmarshal(w.Body.Bytes(), res))
	return res
}

func statusOf(t testing.TB, w *httptest.ResponseRecorder) *spb.Status {
	require.Equal(t, protobuf, w.Header().Get("Content-Type"))
	s := &spb.Status{}
	require.NoError(t, proto.Unmarshal(w.Body.Bytes(), s))
	return s
}

// TestProtocol runs every case of the table of OTLP/HTTP.
func TestProtocol(t *testing.T) {
	raw, err := os.ReadFile("testdata/otlp-http.tsv")
	require.NoError(t, err)
	want := map[string]string{}
	for _, line := range strings.Split(string(raw), "\n") {
		if c := strings.Split(line, "\t"); len(c) == 5 && strings.HasPrefix(c[0], "o") {
			want[c[0]] = c[2]
		}
	}
	require.Len(t, want, 10)
	full := fault.New(fault.Unavailable, "the disk is full")
	cases := map[string]func(t *testing.T, code string){
		"o1": func(t *testing.T, code string) {
			w := build(t, gate.Limits{}).send(logsRequest(record("a")))
			require.Equal(t, code, strconv.Itoa(w.Code))
			require.Nil(t, answerLogs(t, w).PartialSuccess)
		},
		"o2": func(t *testing.T, code string) {
			bad := record("b")
			bad.SpanId = []byte{1}
			w := build(t, gate.Limits{}).send(logsRequest(record("a"), bad))
			require.Equal(t, code, strconv.Itoa(w.Code))
			require.EqualValues(t, 1, answerLogs(t, w).PartialSuccess.RejectedLogRecords)
			require.NotEmpty(t, answerLogs(t, w).PartialSuccess.ErrorMessage)
		},
		"o4": func(t *testing.T, code string) {
			h := build(t, gate.Limits{})
			for _, path := range []string{"/v1/logs", "/v1/traces", "/v1/metrics"} {
				w := h.post(path, protobuf, "", nil)
				require.Equal(t, code, strconv.Itoa(w.Code))
				require.Empty(t, w.Body.Bytes())
				w = h.post(path, jsonType, "", []byte("{}"))
				require.Equal(t, "{}", w.Body.String())
			}
		},
		"o5": func(t *testing.T, code string) {
			h := build(t, gate.Limits{})
			w := h.post("/v1/traces", protobuf, "", []byte("\xffno protobuf"))
			require.Equal(t, code, strconv.Itoa(w.Code))
			s := statusOf(t, w)
			require.EqualValues(t, 3, s.Code)
			require.Contains(t, s.Details[0].TypeUrl, "google.rpc.BadRequest")
			w = h.post("/v1/traces", jsonType, "", []byte(`{"resourceSpans":7}`))
			require.Equal(t, code, strconv.Itoa(w.Code))
			require.Contains(t, w.Body.String(), `google.rpc.BadRequest`)
			require.Empty(t, w.Header().Get("Retry-After"))
		},
		"o6": func(t *testing.T, _ string) {
			h := build(t, gate.Limits{RowsPerSecond: 0.1})
			require.Equal(t, 200, h.send(logsRequest(record("a"), record("b"), record("c"))).Code)
			w := h.send(logsRequest(record("d")))
			require.Equal(t, 429, w.Code)
			n, err := strconv.Atoi(w.Header().Get("Retry-After"))
			require.NoError(t, err)
			require.Positive(t, n)
			require.EqualValues(t, 8, statusOf(t, w).Code)

			h = build(t, gate.Limits{})
			var why error = full
			h.rows.fail.Store(&why)
			w = h.send(logsRequest(record("a")))
			require.Equal(t, 503, w.Code)
			require.Equal(t, "5", w.Header().Get("Retry-After"))
			require.Contains(t, statusOf(t, w).Message, "the disk is full")
		},
		"o9": func(t *testing.T, code string) {
			h := build(t, gate.Limits{})
			for encoding, bomb := range bombs(t, 65<<20) {
				w := h.post("/v1/logs", protobuf, encoding, bomb)
				require.Equal(t, code, strconv.Itoa(w.Code), encoding)
				require.EqualValues(t, 8, statusOf(t, w).Code)
			}
			fits := logsRequest(record(strings.Repeat("x", 1000)))
			for range 20_000 {
				fits.ResourceLogs[0].ScopeLogs[0].LogRecords = append(fits.ResourceLogs[0].ScopeLogs[0].LogRecords, record(strings.Repeat("x", 1000)))
			}
			require.Equal(t, 200, h.send(fits).Code, "20 MB are not too many")
		},
		"o10": func(t *testing.T, _ string) {
			h := build(t, gate.Limits{})
			require.Equal(t, protobuf, h.send(logsRequest(record("a"))).Header().Get("Content-Type"))
			w := h.post("/v1/logs", jsonType+"; charset=utf-8", "", []byte(`{"resourceLogs":[]}`))
			require.Equal(t, jsonType, w.Header().Get("Content-Type"))
			require.Equal(t, 415, h.post("/v1/logs", "text/plain", "", nil).Code)
			require.Equal(t, 415, h.post("/v1/logs", protobuf, "br", nil).Code)
			require.Empty(t, w.Header().Get("Content-Encoding"))
		},
	}
	for id, f := range cases {
		t.Run(id, func(t *testing.T) { f(t, want[id]) })
	}
}

// bombs are bodies of n zero bytes, packed.
func bombs(t testing.TB, n int) map[string][]byte {
	plain := make([]byte, n)
	var g, z bytes.Buffer
	gw := gzip.NewWriter(&g)
	_, err := gw.Write(plain)
	require.NoError(t, err)
	require.NoError(t, gw.Close())
	zw := zlib.NewWriter(&z)
	_, err = zw.Write(plain)
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	e, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return map[string][]byte{"gzip": g.Bytes(), "deflate": z.Bytes(), "zstd": e.EncodeAll(plain, nil), "snappy": snappy.Encode(nil, plain), "": plain}
}

func TestEveryEncodingIsUnderstood(t *testing.T) {
	h := build(t, gate.Limits{})
	plain, err := proto.Marshal(logsRequest(record("a")))
	require.NoError(t, err)
	var g, z, s bytes.Buffer
	gw, zw, sw := gzip.NewWriter(&g), zlib.NewWriter(&z), snappy.NewBufferedWriter(&s)
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{gw, zw, sw} {
		_, err := w.Write(plain)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	e, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	n := 0
	for range 2 { // the second time with readers that were used before
		for encoding, b := range map[string][]byte{"": plain, "identity": plain, "gzip": g.Bytes(), "GZIP": g.Bytes(), "deflate": z.Bytes(),
			"zstd": e.EncodeAll(plain, nil), "snappy": snappy.Encode(nil, plain), "x-snappy-framed": s.Bytes()} {
			require.Equal(t, 200, h.post("/v1/logs", protobuf, encoding, b).Code, encoding)
			n++
			if len(b) > 3 && encoding != "" && encoding != "identity" {
				require.Equal(t, 400, h.post("/v1/logs", protobuf, encoding, b[:len(b)/2]).Code, "half of "+encoding)
				require.Equal(t, 400, h.post("/v1/logs", protobuf, encoding, plain).Code, "not "+encoding)
			}
		}
	}
	require.Len(t, h.rows.of(rowstore.Logs), n)
}

func TestMillionsOfEmptyRecordsAreNotTakenIn(t *testing.T) {
	h := build(t, gate.Limits{}, func(o *otlp.Options) { o.Records = 10_000 })
	scope := bytes.Repeat([]byte{2<<3 | 2, 0}, 1<<20)
	w := h.post("/v1/logs", protobuf, "", nest(nest(scope, 2), 1))
	require.Equal(t, 413, w.Code)
	require.Contains(t, statusOf(t, w).Message, "more than 10000 records")
	require.Empty(t, h.rows.of(rowstore.Logs))
	require.Equal(t, 200, h.send(logsRequest(record("a"))).Code, "what was asked for was given back")
}

// nest puts a message into a field.
func nest(b []byte, field byte) []byte {
	out := appendVarint([]byte{field<<3 | 2}, uint64(len(b)))
	return append(out, b...)
}

func appendVarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func TestASlowBodyEnds(t *testing.T) {
	h := build(t, gate.Limits{}, func(o *otlp.Options) { o.BodyTimeout = 50 * time.Millisecond })
	srv := httptest.NewServer(h.handler)
	defer srv.Close()
	c := dial(t, srv.Listener.Addr().String())
	_, err := c.Write([]byte("POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\nabc"))
	require.NoError(t, err)
	require.Contains(t, read(t, c), "HTTP/1.1 503")
}
