package emit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

func TestLogLinesCarryTheTraceAtTheTop(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(emit.LogHandler(slog.NewJSONHandler(&out, nil))).With("app", "efile")
	var trace emit.Trace
	h := emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		trace, _ = emit.TraceFrom(r.Context())
		logger.InfoContext(r.Context(), "filed", "form", "1040")
		logger.WithGroup("db").With("table", "forms").WithGroup("row").InfoContext(r.Context(), "stored", "id", 7)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	logger.Info("outside a request")

	lines := jsonLines(t, out.Bytes())
	require.Len(t, lines, 3)
	for _, line := range lines[:2] {
		assert.Equal(t, trace.TraceID(), line["trace_id"])
		assert.Equal(t, trace.SpanID(), line["span_id"])
		assert.Equal(t, "efile", line["app"])
	}
	assert.Equal(t, "1040", lines[0]["form"])
	assert.Equal(t, map[string]any{"table": "forms", "row": map[string]any{"id": 7.0}}, lines[1]["db"])
	assert.NotContains(t, lines[2], "trace_id")
}

func TestARecordMayBeHandledTwice(t *testing.T) {
	var out bytes.Buffer
	log := emit.LogHandler(slog.NewJSONHandler(&out, nil))
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "fanned out", 0)
	for i := range 10 { // beyond those a record holds in itself, with room behind them
		record.AddAttrs(slog.Int(fmt.Sprint("a", i), i))
	}
	emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, log.Handle(r.Context(), record))
		assert.NoError(t, log.Handle(r.Context(), record))
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	lines := jsonLines(t, out.Bytes())
	require.Len(t, lines, 2)
	assert.Equal(t, lines[0], lines[1])
}

func TestLogHandlerKeepsTheContractOfSlog(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, slogtest.TestHandler(emit.LogHandler(slog.NewJSONHandler(&out, nil)), func() []map[string]any {
		return jsonLines(t, out.Bytes())
	}))
}

func jsonLines(t *testing.T, data []byte) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range bytes.Lines(data) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m))
		lines = append(lines, m)
	}
	return lines
}
