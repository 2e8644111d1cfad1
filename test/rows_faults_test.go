package test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	grpccodes "google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // what clients of gRPC compress with
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// TestRowsSurviveBadInput sends one server what broken, hostile and confused clients send. It stays up, small, and right about
// what it keeps.
func TestRowsSurviveBadInput(t *testing.T) {
	h := openRows(t, "")
	for name, f := range map[string]func(*rowsHouse, *testing.T){
		"decompression bombs":              (*rowsHouse).bombs,
		"ten megabytes in an attribute":    (*rowsHouse).bigAttribute,
		"what is no message":               (*rowsHouse).nonsense,
		"text that is no UTF-8":            (*rowsHouse).brokenText,
		"1970 and 2100":                    (*rowsHouse).otherTimes,
		"a batch sent twice":               (*rowsHouse).twice,
		"spans without parents and cycles": (*rowsHouse).oddTraces,
		"events out of order":              (*rowsHouse).outOfOrder,
		"wrong tokens":                     (*rowsHouse).wrongTokens,
	} {
		t.Run(name, func(t *testing.T) { f(h.at(t), t) })
	}
	require.Less(t, h.memory(t), 1500<<20, "bytes of resident memory at most")
	require.Equal(t, http.StatusOK, h.get("/-/ready", nil))
	for _, reason := range []string{"body_too_large", "malformed", "attribute_length", "row_too_old", "row_future"} {
		require.NotZero(t, h.refused(reason), "refusals by reason on Sources: %s", reason)
	}
}

// memory is the resident memory of the server now.
func (h *rowsHouse) memory(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	require.NoError(t, err)
	for l := range strings.Lines(string(raw)) {
		if f := strings.Fields(l); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			require.NoError(t, err)
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// refused sums what the sources were refused for a reason.
func (h *rowsHouse) refused(reason string) (n int64) {
	h.t.Helper()
	var a struct {
		Sources []struct{ Refused map[string]int64 }
	}
	require.Equal(h.t, http.StatusOK, h.get("/api/signalbox/v1/sources", &a))
	for _, s := range a.Sources {
		n += s.Refused[reason]
	}
	return n
}

// packed is so many zeros, compressed.
func packed(t *testing.T, zeros int64, by func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := by(&b)
	_, err := io.CopyN(w, zeroes{}, zeros)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type zeroes struct{}

// Read implements io.Reader.
func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

func (h *rowsHouse) bombs(t *testing.T) {
	zip := packed(t, 100<<20, gzipped)
	zst := packed(t, 100<<20, func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		require.NoError(t, err)
		return z
	})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for _, path := range []string{h.http + "/v1/logs", h.http + "/v1/traces", h.http + "/v1/metrics", h.addr + "/v1/logs"} {
				if r := post(path, protobuf, zip, "Content-Encoding", "gzip"); r.code != http.StatusRequestEntityTooLarge && r.code != http.StatusTooManyRequests {
					t.Errorf("gzip to %s: %d %s", path, r.code, r.body)
				}
				if r := post(path, protobuf, zst, "Content-Encoding", "zstd"); r.code != http.StatusRequestEntityTooLarge && r.code != http.StatusTooManyRequests {
					t.Errorf("zstd to %s: %d %s", path, r.code, r.body)
				}
			}
			if r := post(h.addr+"/v1/events", asJSON, zip, "Content-Encoding", "gzip"); r.code != http.StatusRequestEntityTooLarge {
				t.Errorf("events: %d %s", r.code, r.body)
			}
		})
	}
	wg.Wait()
	_, err := h.export(t, &collogs.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{{
		LogRecords: []*logspb.LogRecord{line(time.Now(), strings.Repeat("\x00", 100<<20))}}}}}}, token, grpc.UseCompressor("gzip"))
	require.Equal(t, grpccodes.ResourceExhausted, status.Code(err), "%v", err)
	require.Equal(t, http.StatusRequestEntityTooLarge, post(h.addr+"/api/v1/write", protobuf, append([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, make([]byte, 64)...), "Content-Encoding", "snappy").code)
	require.Equal(t, http.StatusOK, post(h.http+"/v1/logs", protobuf, logs("after", line(time.Now(), "all is well"))).code)
	require.Equal(t, 1, h.count("logs", "service:after"))
}

// export sends logs over gRPC.
func (h *rowsHouse) export(t *testing.T, r *collogs.ExportLogsServiceRequest, bearer string, how ...grpc.CallOption) (*collogs.ExportLogsServiceResponse, error) {
	t.Helper()
	require.NotNil(t, encoding.GetCompressor("gzip"))
	c, err := grpc.NewClient(h.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+bearer), time.Minute)
	defer cancel()
	return collogs.NewLogsServiceClient(c).Export(ctx, r, how...)
}

func (h *rowsHouse) bigAttribute(t *testing.T) {
	big := strings.Repeat("x", 10<<20)
	r := post(h.http+"/v1/logs", protobuf, logs("big", line(time.Now(), "good"), line(time.Now(), "bad", attr("big", big)), line(time.Now(), big)))
	require.Equal(t, http.StatusOK, r.code)
	require.Contains(t, r.body, "2 of 3 rows were refused")
	require.Equal(t, 1, h.count("logs", "service:big"))
	r = post(h.http+"/v1/traces", protobuf, spans("big", &tracepb.Span{Name: "good", TraceId: bytes.Repeat([]byte{7}, 16), SpanId: bytes.Repeat([]byte{7}, 8), StartTimeUnixNano: uint64(time.Now().UnixNano()), EndTimeUnixNano: uint64(time.Now().UnixNano())},
		&tracepb.Span{Name: "bad", TraceId: bytes.Repeat([]byte{7}, 16), SpanId: bytes.Repeat([]byte{8}, 8), StartTimeUnixNano: uint64(time.Now().UnixNano()), Events: []*tracepb.Span_Event{{Name: "e", Attributes: attrs("big", big)}}}))
	require.Equal(t, http.StatusOK, r.code)
	require.Equal(t, 1, h.count("spans", "service:big name:good"))
	require.Equal(t, http.StatusRequestEntityTooLarge, post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "properties": map[string]any{"big": big}})).code)
	r = post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "service": "big"}, map[string]any{"name": "e", "service": "big", "properties": map[string]any{"big": big[:100<<10]}}))
	require.Equal(t, http.StatusOK, r.code, r.body)
	require.Contains(t, r.body, `"accepted":1`)
	require.Equal(t, 1, h.count("events", "service:big"))
}

func (h *rowsHouse) nonsense(t *testing.T) {
	before := h.count("logs", "")
	for _, x := range []struct {
		path, kind, body string
		want             int
	}{
		{"/v1/logs", protobuf, "\x0a\xff\xff\xff\xff\x0fnothing of the kind", http.StatusBadRequest},
		{"/v1/traces", protobuf, "{}", http.StatusBadRequest},
		{"/v1/metrics", protobuf, "\xff\xff", http.StatusBadRequest},
		{"/v1/logs", asJSON, `{"resourceLogs": [{`, http.StatusBadRequest},
		{"/v1/logs", asJSON, `{"resourceLogs": "many"}`, http.StatusBadRequest},
		{"/v1/logs", asJSON, strings.Repeat(`{"resourceLogs":[`, 100_000), http.StatusBadRequest},
		{"/v1/logs", "text/plain", "hello", http.StatusUnsupportedMediaType},
		{"/v1/logs", "", "hello", http.StatusUnsupportedMediaType},
		{"/v1/events", asJSON, `{"events": [{"nmae": "filed"}]}`, http.StatusBadRequest},
		{"/v1/events", asJSON, `[`, http.StatusBadRequest},
		{"/v1/events", "application/xml", `<events/>`, http.StatusUnsupportedMediaType},
		{"/v1/batch", asJSON, `{"batch": {}}`, http.StatusBadRequest},
	} {
		r := post(h.addr+x.path, x.kind, []byte(x.body))
		require.Equal(t, x.want, r.code, "%s %s %.40q: %s", x.path, x.kind, x.body, r.body)
	}
	require.Equal(t, http.StatusUnsupportedMediaType, post(h.http+"/v1/logs", protobuf, []byte("x"), "Content-Encoding", "br").code)
	require.Equal(t, before, h.count("logs", ""))
}

func (h *rowsHouse) brokenText(t *testing.T) {
	body := bytes.ReplaceAll(logs("torn", line(time.Now(), "caf@@@ torn", attr("k@@@y", "v@@@lue"))), []byte("@@@"), []byte("\xe9!!"))
	require.Equal(t, http.StatusOK, post(h.http+"/v1/logs", protobuf, body).code)
	rows := h.find("logs", "service:torn")
	require.Len(t, rows, 1)
	require.Equal(t, "caf\uFFFD!! torn", rows[0].Body)
	for _, a := range rows[0].Attributes {
		require.True(t, utf8.ValidString(a.Name+a.Value))
	}
	require.Equal(t, 1, h.count("logs", "service:torn \"caf\uFFFD!! torn\""))
	r := post(h.addr+"/v1/events", asJSON, []byte("{\"name\":\"caf\xe9\",\"service\":\"torn\"}"))
	require.Equal(t, http.StatusBadRequest, r.code, "JSON is UTF-8")
	require.Contains(t, r.body, "UTF-8")
	require.Zero(t, h.count("events", "service:torn"))
}

func (h *rowsHouse) otherTimes(t *testing.T) {
	long, far := time.Unix(86_400, 0), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	r := post(h.http+"/v1/logs", protobuf, logs("times", line(long, "old"), line(time.Now(), "now"), line(far, "far")))
	require.Equal(t, http.StatusOK, r.code)
	require.Contains(t, r.body, "2 of 3 rows were refused")
	r = post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "service": "times", "time": long.UnixMilli()},
		map[string]any{"name": "e", "service": "times"}, map[string]any{"name": "e", "service": "times", "time": far.UnixMilli()}))
	require.Equal(t, http.StatusOK, r.code, r.body)
	require.Contains(t, r.body, `"accepted":1`)
	require.Equal(t, []int{1, 1}, []int{h.count("logs", "service:times"), h.count("events", "service:times")})
	id := bytes.Repeat([]byte{9}, 16)
	r = post(h.http+"/v1/traces", protobuf, spans("times",
		&tracepb.Span{Name: "backwards", TraceId: id, SpanId: id[:8], StartTimeUnixNano: uint64(time.Now().UnixNano()), EndTimeUnixNano: uint64(time.Now().Add(-time.Hour).UnixNano())}))
	require.Equal(t, http.StatusOK, r.code, r.body)
	require.Equal(t, 1, h.count("spans", "service:times name:backwards duration:<1s"), "it ends before it begins: it lasts nothing")
}

func (h *rowsHouse) twice(t *testing.T) {
	var all []map[string]any
	for i := range 100 {
		all = append(all, map[string]any{"id": fmt.Sprint("twice-", i), "name": "e", "service": "twice"})
	}
	for i := range 3 {
		r := post(h.addr+"/v1/events", asJSON, events(all...))
		require.Equal(t, http.StatusOK, r.code, r.body)
		require.Equal(t, i > 0, strings.Contains(r.body, `"duplicates":100`), r.body)
	}
	require.Equal(t, 100, h.count("events", "service:twice"))
	call := []byte(`{"batch":[{"type":"track","messageId":"m-1","event":"e","userId":"u","context":{"app":{"name":"twice-segment"}}}]}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r := post(h.addr+"/v1/batch", asJSON, call); r.code != http.StatusOK {
				t.Errorf("%d %s", r.code, r.body)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, h.count("events", "service:twice-segment"), "eight at the same time")
}

func (h *rowsHouse) oddTraces(t *testing.T) {
	now := time.Now()
	trace := func(n byte) []byte { return bytes.Repeat([]byte{n}, 16) }
	span := func(n, id, parent byte) *tracepb.Span {
		s := &tracepb.Span{Name: fmt.Sprint("s", id), TraceId: trace(n), SpanId: bytes.Repeat([]byte{id}, 8), StartTimeUnixNano: uint64(now.UnixNano()), EndTimeUnixNano: uint64(now.Add(time.Second).UnixNano())}
		if parent > 0 {
			s.ParentSpanId = bytes.Repeat([]byte{parent}, 8)
		}
		return s
	}
	for n, all := range [][]*tracepb.Span{
		{span(0xa0, 1, 99), span(0xa0, 2, 1), span(0xa0, 3, 98)},                 // parents that never came
		{span(0xa1, 1, 2), span(0xa1, 2, 3), span(0xa1, 3, 1), span(0xa1, 4, 3)}, // a circle, and one beside it
		{span(0xa2, 1, 1)}, // its own parent
		{span(0xa3, 1, 0), span(0xa3, 1, 0), span(0xa3, 2, 1)}, // one id twice
	} {
		r := post(h.http+"/v1/traces", protobuf, spans("odd", all...))
		require.Equal(t, http.StatusOK, r.code, r.body)
		var a struct {
			Spans []struct {
				ID            string `json:"span_id"`
				Orphan, Cycle bool
			}
			Notes []string
		}
		require.Equal(t, http.StatusOK, h.get(fmt.Sprintf("/api/signalbox/v1/traces/%x", all[0].TraceId), &a))
		require.Len(t, a.Spans, len(all), "trace %d", n)
		orphans, cycles := 0, 0
		for _, s := range a.Spans {
			if s.Orphan {
				orphans++
			}
			if s.Cycle {
				cycles++
			}
		}
		require.Equal(t, []int{2, 0, 0, 0}[n], orphans, "trace %d", n)
		require.Equal(t, []int{0, 1, 1, 0}[n], cycles, "trace %d", n)
	}
	require.Equal(t, http.StatusNotFound, h.get("/api/signalbox/v1/traces/00000000000000000000000000000bad", nil))
	require.Equal(t, http.StatusOK, h.get("/api/signalbox/v1/services", nil), "the map stands")
}

func (h *rowsHouse) outOfOrder(t *testing.T) {
	now := time.Now()
	for _, ago := range []int{5, 95, 25, 45, 75, 65, 5, 85} { // minutes; in the end they lie at most 20 apart
		at := now.Add(-time.Duration(ago) * time.Minute)
		r := post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "page_view", "user": "late visitor", "service": "late", "time": at.UnixMilli()}))
		require.Equal(t, http.StatusOK, r.code, r.body)
	}
	for _, q := range []string{"", "&q=name:page_view"} {
		var a sessions
		require.Equal(t, http.StatusOK, h.get(fmt.Sprintf("/api/signalbox/v1/usage/sessions?service=late&from=%d&to=%d%s", now.Add(-30*time.Hour).UnixMilli(), now.Add(time.Hour).UnixMilli(), q), &a))
		require.Equal(t, []int{1, 8, 1}, []int{a.Total.Sessions, a.Total.Actions, a.Total.People}, "standing %v", a.Standing)
	}
}

func (h *rowsHouse) wrongTokens(t *testing.T) {
	good := logs("token", line(time.Now(), "in"))
	for _, wrong := range []string{"Bearer wrong", "Bearer sb_wrong", "Basic c2Jfd3Jvbmc6", "Digest x"} {
		for _, door := range []string{h.http + "/v1/logs", h.addr + "/v1/logs"} {
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, post(door, protobuf, good, "Authorization", wrong).code, wrong)
		}
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "service": "token"}), "Authorization", wrong).code, wrong)
	}
	_, err := h.export(t, &collogs.ExportLogsServiceRequest{}, "sb_wrong")
	require.Equal(t, grpccodes.Unauthenticated, status.Code(err), "%v", err)
	require.Equal(t, http.StatusForbidden, post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "service": "token"}), "Origin", "https://elsewhere.example").code, "a page elsewhere")
	require.Zero(t, h.count("logs", "service:token")+h.count("events", "service:token"))
	right := h.token(t, "pusher")
	require.Equal(t, http.StatusOK, post(h.http+"/v1/logs", protobuf, good, "Authorization", "Bearer "+right).code)
	require.Equal(t, 1, h.count("logs", "service:token source:pusher"))
}

// TestIngestGoesOnBesideReaders has readers ask what takes long, over and over, while rows come in and those of before a crash
// are sealed.
func TestIngestGoesOnBesideReaders(t *testing.T) {
	h := openRows(t, "")
	h.crowd(100_000)
	h.again()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var asked, waited atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				from := time.Now().Add(-time.Hour).UnixMilli()
				path := []string{
					fmt.Sprintf("logs/facets?from=%d&field=body&field=user&field=n&top=200&q=%s", from, url.QueryEscape(`-"taken out"`)),
					fmt.Sprintf("logs/count?from=%d&q=%s", from, url.QueryEscape(`body:/[0-9]+5.*taken.*n$/`)),
				}[i%2]
				switch h.get("/api/signalbox/v1/"+path, nil) {
				case http.StatusOK:
					asked.Add(1)
				case http.StatusTooManyRequests, http.StatusServiceUnavailable:
					waited.Add(1)
				default:
					if ctx.Err() == nil {
						t.Errorf("no answer to %s", path)
						return
					}
				}
			}
		})
	}
	before, slowest := h.count("logs", ""), time.Duration(0)
	for range 75 {
		begun := time.Now()
		h.crowd(2000)
		slowest = max(slowest, time.Since(begun))
	}
	stop()
	wg.Wait()
	require.Equal(t, before+150_000, h.count("logs", ""))
	require.NotZero(t, asked.Load())
	require.Less(t, slowest, time.Minute, "a batch of 2,000 rows")
	t.Logf("%d long questions answered and %d told to come again; the slowest batch took %s", asked.Load(), waited.Load(), slowest)
}
