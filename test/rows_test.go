package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// rowsHouse is a server whose doors for logs, spans and events are all open, each on a port of its own.
type rowsHouse struct {
	*signalbox
	grpc, http, syslog string // host:port
}

// openRows starts a server; more is what its configuration says besides the doors.
func openRows(t *testing.T, more string) *rowsHouse {
	t.Helper()
	return openRowsIn(t, t.TempDir(), more)
}

func openRowsIn(t *testing.T, dir, more string) *rowsHouse {
	t.Helper()
	addr := freePorts(t, 4)
	h := &rowsHouse{grpc: addr[1], http: addr[2], syslog: addr[3]}
	write(t, dir, map[string]string{"signalbox.yaml": fmt.Sprintf("host: {enabled: false}\notlp: {grpc: %q, http: %q}\nsyslog: {udp: %q, tcp: %q, service: syslog}\n%s", h.grpc, h.http, h.syslog, h.syslog, more)})
	h.signalbox = start(t, dir, addr[0])
	return h
}

// again kills the server and starts it on the same data.
func (h *rowsHouse) again() {
	h.t.Helper()
	h.kill()
	http.DefaultClient.CloseIdleConnections()
	h.signalbox = start(h.t, h.dir, h.addr)
}

// at is the same server for a test within a test. It must not be started again there.
func (h *rowsHouse) at(t *testing.T) *rowsHouse {
	inner, s := *h, *h.signalbox
	s.t, inner.signalbox = t, &s
	return &inner
}

// data is the data directory.
func (h *rowsHouse) data() string { return filepath.Join(h.dir, "data") }

// freePorts returns addresses nobody listens on, no two of them the same. They are none of those that the kernel hands out by
// itself, so that nobody gets one by chance before it is used, or while its server is killed and started again.
func freePorts(t *testing.T, n int) (out []string) {
	t.Helper()
	var held []net.Listener
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000)))
		if err != nil {
			continue
		}
		held = append(held, l)
		if out = append(out, l.Addr().String()); len(out) == n {
			break
		}
	}
	require.Len(t, out, n, "free ports")
	for _, l := range held {
		require.NoError(t, l.Close())
	}
	return out
}

// count asks how many rows of a table a search finds in the last two years.
func (h *rowsHouse) count(table, q string) int {
	h.t.Helper()
	var a struct{ Count, Rows float64 }
	path := fmt.Sprintf("/api/signalbox/v1/%s/count?from=%d&to=%d&q=%s", table, time.Now().AddDate(-2, 0, 0).UnixMilli(), time.Now().Add(time.Hour).UnixMilli(), url.QueryEscape(q))
	require.Equal(h.t, http.StatusOK, h.get(path, &a), path)
	require.Equal(h.t, a.Count, a.Rows, "nothing samples here")
	return int(a.Count)
}

// found is a row as the API shows it.
type found struct {
	Time                                             float64
	Service, User, Session, Name, Body, Route, Level string
	TraceID                                          string `json:"trace_id"`
	ParentID                                         string `json:"parent_id"`
	Attributes                                       []struct{ Name, Value string }
}

// find returns up to a thousand rows of the last two years, the newest first.
func (h *rowsHouse) find(table, q string) []found {
	h.t.Helper()
	var a struct{ Rows []found }
	path := fmt.Sprintf("/api/signalbox/v1/%s?limit=1000&from=%d&q=%s", table, time.Now().AddDate(-2, 0, 0).UnixMilli(), url.QueryEscape(q))
	require.Equal(h.t, http.StatusOK, h.get(path, &a), path)
	return a.Rows
}

// reply is what a sender is told.
type reply struct {
	code  int
	after string // Retry-After
	body  string
}

// post sends a body to a door; header is a list of names and values. A code of 0 says that nobody answered.
func post(address, kind string, body []byte, header ...string) reply {
	req, err := http.NewRequest(http.MethodPost, "http://"+address, bytes.NewReader(body))
	if err != nil {
		return reply{body: err.Error()}
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{body: err.Error()}
	}
	return reply{resp.StatusCode, resp.Header.Get("Retry-After"), string(out)}
}

const (
	protobuf = "application/x-protobuf"
	asJSON   = "application/json"
)

// events is the body of a batch of events.
func events(all ...map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{"events": all})
	if err != nil {
		panic(err) // maps of plain values
	}
	return raw
}

func attr(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: text(value)}
}

func text(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

// from is the resource of a service.
func from(service string) *resourcepb.Resource {
	return &resourcepb.Resource{Attributes: []*commonpb.KeyValue{attr("service.name", service), attr("deployment.environment.name", "test"), attr("agency", "IRS")}}
}

func attrs(key, value string) []*commonpb.KeyValue { return []*commonpb.KeyValue{attr(key, value)} }

// logs is an OTLP request with log records.
func logs(service string, records ...*logspb.LogRecord) []byte {
	return message(&logspb.LogsData{ResourceLogs: []*logspb.ResourceLogs{{Resource: from(service), ScopeLogs: []*logspb.ScopeLogs{{LogRecords: records}}}}})
}

// spans is an OTLP request with spans.
func spans(service string, all ...*tracepb.Span) []byte {
	return message(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{Resource: from(service), ScopeSpans: []*tracepb.ScopeSpans{{Spans: all}}}}})
}

// message is the wire form; the data messages of OTLP have the layout of its requests.
func message(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err) // text that is no UTF-8; who wants that writes it himself
	}
	return raw
}

func line(at time.Time, body string, attrs ...*commonpb.KeyValue) *logspb.LogRecord {
	return &logspb.LogRecord{TimeUnixNano: uint64(at.UnixNano()), SeverityNumber: logspb.SeverityNumber_SEVERITY_NUMBER_INFO, Body: text(body), Attributes: attrs}
}
