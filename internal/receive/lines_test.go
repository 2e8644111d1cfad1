package receive_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func lines(t *testing.T, limits gate.Limits) (*shelf, *gate.Gate, func(body []byte, header ...string) (int, string)) {
	s := &shelf{}
	g := gate.New(gate.Options{Rows: s, Limits: limits, Now: func() time.Time { return eventsNow }})
	rc := receive.NewLines(receive.LinesOptions{Gate: g, Now: func() time.Time { return eventsNow }})
	mux := http.NewServeMux()
	for _, r := range rc.Routes() {
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	return s, g, func(body []byte, header ...string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/lines", bytes.NewReader(body))
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
}

func TestLines(t *testing.T) {
	s, g, post := lines(t, gate.Limits{})
	code, answer := post([]byte(`{"time":"2026-11-21T09:59:00Z","level":"error","msg":"no","service":"intake","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","order":7}
nonsense

[1]
{"ts":1795255200,"message":"two"}
{"message":"too old","time":"1999-01-01T00:00:00Z"}
`))
	require.Equal(t, 200, code)
	var out struct {
		Accepted, Refused int
		Lines             []struct {
			Line   int
			Reason string
		} `json:"refused_lines"`
		Why string
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &out))
	require.Equal(t, []int{2, 3, 2, 2, 4}, []int{out.Accepted, out.Refused, len(out.Lines), out.Lines[0].Line, out.Lines[1].Line}, answer)
	require.Contains(t, out.Lines[1].Reason, "is a list")
	require.Contains(t, out.Why, "1 of 3 rows")
	require.Len(t, s.rows, 2)
	require.Equal(t, []string{"intake", "no", "error", "4bf92f3577b34da6a3ce929d0e0e4736"}, []string{s.rows[0].Service, s.rows[0].Body, rowstore.Level(s.rows[0].Severity), s.rows[0].Trace.String()})
	require.Equal(t, attrs("order", "7"), s.rows[0].Attrs)
	require.Equal(t, int64(2), g.Sources()[0].Refused["logs"]["malformed"])

	var z bytes.Buffer
	gz := gzip.NewWriter(&z)
	_, _ = gz.Write([]byte(`{"msg":"zipped"}`))
	require.NoError(t, gz.Close())
	code, answer = post(z.Bytes(), "Content-Encoding", "gzip")
	require.Equal(t, 200, code, answer)
	require.JSONEq(t, `{"accepted":1,"refused":0}`, answer)
}

func TestBadLines(t *testing.T) {
	s, _, post := lines(t, gate.Limits{DecodedBytes: 1 << 20})
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	_, _ = gz.Write(make([]byte, 10<<20))
	require.NoError(t, gz.Close())
	for _, tc := range []struct {
		body     []byte
		encoding string
		code     int
		want     string
	}{
		{[]byte("x"), "", 400, `"refused":1`},
		{[]byte("x"), "br", 415, "want gzip or none"},
		{[]byte("x"), "gzip", 400, "is not gzip"},
		{bomb.Bytes(), "gzip", 413, "unpacks to more"},
		{[]byte(strings.Repeat("{}\n", 50_001)), "", 413, "more than 50000 lines"},
		{nil, "", 200, `"accepted":0`},
	} {
		code, answer := post(tc.body, "Content-Encoding", tc.encoding)
		require.Equal(t, tc.code, code, answer)
		require.Contains(t, answer, tc.want)
	}
	s.fail = fault.New(fault.Unavailable, "away")
	code, _ := post([]byte(`{"a":1}`))
	require.Equal(t, 503, code)
	require.Empty(t, s.rows)
}
