package otlp_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestARecordOfAPersonIsAnEvent sends records with event names among others: those that name a person or a session are events.
func TestARecordOfAPersonIsAnEvent(t *testing.T) {
	h := build(t, gate.Limits{})
	named := func(name, body string, attrs ...string) *logspb.LogRecord {
		r := record(body)
		r.EventName, r.Attributes = name, kv(attrs...)
		return r
	}
	failed := named("browser.exception", "boom", "session.id", "s2", "exception.type", "TypeError", "http.route", "/file")
	failed.SeverityNumber = 17
	res := answerLogs(t, h.send(logsRequest(
		named("", "a line", "user.id", "u1"),
		named("app.filing_submitted", "", "user.id", "u1", "case.id", "C-7", "form", "1040"),
		named("device.crash", "nobody's", "form", "1040"),
		failed,
		record("another line"),
	)))
	require.Nil(t, res.GetPartialSuccess())
	events := h.rows.of(rowstore.Events)
	require.Len(t, events, 2)
	e := events[0]
	require.Equal(t, []any{"app.filing_submitted", "u1", "C-7", uint8(0), uint8(0)}, []any{e.Name, e.User, e.Business, e.Kind, e.Status})
	require.Equal(t, []rowstore.Attr{{Key: "form", Value: "1040"}}, e.Attrs)
	e = events[1]
	require.Equal(t, []any{"browser.exception", "s2", "TypeError", "/file", "boom", uint8(rowstore.StatusError), uint8(0)}, []any{e.Name, e.Session, e.ErrorType, e.Route, e.Body, e.Status, e.Severity})
	logs := h.rows.of(rowstore.Logs)
	require.Len(t, logs, 3)
	require.Equal(t, []string{"a line", "nobody's", "another line"}, []string{logs[0].Body, logs[1].Body, logs[2].Body})
	require.Equal(t, "device.crash", logs[1].Name)
	require.Zero(t, logs[1].Kind)

	// An agent hands the name of a logger on as that of an event.
	lines := logsRequest(named("com.irs.Intake", "taken in", "user.id", "u1"))
	lines.ResourceLogs[0].Resource.Attributes = append(lines.ResourceLogs[0].Resource.Attributes, kv("log.file.path", "/var/log/intake.log")...)
	answerLogs(t, h.send(lines))
	require.Len(t, h.rows.of(rowstore.Events), 2)
	require.Len(t, h.rows.of(rowstore.Logs), 4)
}
