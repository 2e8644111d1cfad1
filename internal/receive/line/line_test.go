package line_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/rowstore"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func read(f line.Format, s string) rowstore.Row {
	var b rowstore.Batch
	b.Reset(rowstore.Logs)
	r := line.New(line.Options{Zone: time.UTC, Now: func() time.Time { return now }, Labels: map[string]string{"service": "stated"}})
	r.Line(&b, f, []byte(s))
	return b.Rows[0]
}

func at(s string) int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

func TestTextIsRecognised(t *testing.T) {
	for _, tc := range []struct {
		line, level, time string // an empty time is now
	}{
		{"2026-11-20T10:00:00.123456Z ERROR payment failed", "error", "2026-11-20T10:00:00.123456Z"},
		{"2026-11-20 10:00:00,123 [main] WARN  c.e.App - slow", "warn", "2026-11-20T10:00:00.123Z"},
		{"2026-11-20 10:00:00.5 +0200 info: started", "info", "2026-11-20T08:00:00.5Z"},
		{"[2026-11-20 10:00:00] app.ERROR: boom", "error", "2026-11-20T10:00:00Z"},
		{"2026/11/20 10:00:00 [error] 12#0: *1 open() failed", "error", "2026-11-20T10:00:00Z"},
		{`10.0.0.1 - alice [20/Nov/2026:12:00:00 +0200] "GET /ERROR HTTP/1.1" 200 12`, "", "2026-11-20T10:00:00Z"},
		{"Nov 20 10:00:00 host sshd[1]: Failed password", "", "2026-11-20T10:00:00Z"},
		{"Dec 31 23:59:59 host x: last year's", "", "2025-12-31T23:59:59Z"},
		{"ERROR: no time here", "error", ""},
		{"just words about an error", "", ""},
		{"1234567 is a number", "", ""},
		{"", "", ""},
	} {
		r := read(line.Text, tc.line)
		want := now.UnixMicro()
		if tc.time != "" {
			want = at(tc.time)
		}
		require.Equal(t, time.UnixMicro(want).UTC(), time.UnixMicro(r.Time).UTC(), tc.line)
		require.Equal(t, tc.level, rowstore.Level(r.Severity), tc.line)
		require.Equal(t, tc.line, r.Body)
		require.Equal(t, "stated", r.Service)
	}
}

func TestStackTrace(t *testing.T) {
	s := "2026-11-20 10:00:00,123 ERROR java.lang.IllegalStateException: no return\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: x"
	r := read(line.Auto, s)
	require.Equal(t, s, r.Body)
	require.Equal(t, "java.lang.IllegalStateException", r.ErrorType)
	require.Equal(t, "error", rowstore.Level(r.Severity))
}

func TestJSON(t *testing.T) {
	r := read(line.Auto, ` {"ts":1790000000.25,"lvl":"WARN","msg":"a \"quoted\" A","message":"wins","logger":"db","service":{"name":"own"},"user_id":"u","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",`+
		`"a":{"b":{"c":{"d":{"e":1}}},"n":null},"list":[1,{"x":"]"}],"ok":true,"n":1.50,"big":12345678901234567890,"name":"n2","body":"b2","error.type":"E","empty":{}} `)
	require.Equal(t, int64(1790000000250000), r.Time)
	require.Equal(t, []string{"warn", "wins", "db", "own", "u", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "E"},
		[]string{rowstore.Level(r.Severity), r.Body, r.Name, r.Service, r.User, r.Trace.String(), r.Span.String(), r.ErrorType})
	got := map[string]string{}
	for _, a := range r.Attrs {
		got[a.Key] = a.Value
	}
	require.Equal(t, map[string]string{"msg": `a "quoted" A`, "a.b.c.d": `{"e":1}`, "list": `[1,{"x":"]"}]`, "ok": "true", "n": "1.5", "big": "12345678901234567890",
		"attributes.name": "n2", "attributes.body": "b2", "empty": "{}"}, got)
	for in, level := range map[string]string{`{"level":30}`: "info", `{"level":"50"}`: "error", `{"severity_number":21}`: "fatal", `{"level":7}`: "", `{"level":"loud"}`: ""} {
		require.Equal(t, level, rowstore.Level(read(line.JSON, in).Severity), in)
	}
	require.Equal(t, `{"level":`, read(line.JSON, `{"level":`).Body, "what is no JSON is text")
}

func TestLogfmt(t *testing.T) {
	r := read(line.Auto, `time=2026-11-20T10:00:00Z level=error msg="it \"broke\"" path=/x user=u trace_id=4bf92f3577b34da6a3ce929d0e0e4736 empty=`)
	require.Equal(t, at("2026-11-20T10:00:00Z"), r.Time)
	require.Equal(t, []string{"error", `it "broke"`, "u"}, []string{rowstore.Level(r.Severity), r.Body, r.User})
	require.Equal(t, []rowstore.Attr{{Key: "path", Value: "/x"}, {Key: "empty", Value: ""}}, r.Attrs)
	require.Equal(t, "level=error and words", read(line.Auto, "level=error and words").Body)
	require.Empty(t, read(line.Auto, "a=b c=d").Attrs)
	require.Len(t, read(line.Logfmt, "a=b words c=d").Attrs, 2)
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1]},"time":"x","level":10}`, `level=info msg="x"`, "2026-11-20 10:00:00,123 [x] ERROR y\n\tat z", `a="\`, `{"\u0061":"\ud800"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range []line.Format{line.Auto, line.Text, line.JSON, line.Logfmt} {
			r := read(format, s)
			if r.Body == "" && len(r.Attrs) == 0 && s != "" && !json.Valid([]byte(s)) && format != line.Logfmt && format != line.Auto {
				t.Fatalf("%q is lost as %s", s, format)
			}
		}
	})
}
