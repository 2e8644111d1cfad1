package otlp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func attrs(r rowstore.Row) map[string]string {
	m := map[string]string{}
	for _, a := range r.Attrs {
		m[a.Key] = a.Value
	}
	return m
}

func TestALogRecordIsARow(t *testing.T) {
	h := build(t, gate.Limits{})
	r := record("Filing 17 timed out")
	r.SeverityNumber, r.SeverityText = 17, "ERROR"
	r.TraceId, r.SpanId = id(1, 16), id(2, 8)
	r.Attributes = append(kv("enduser.id", "u-1", "session.id", "s-1", "case.id", "C7", "payment.id", "P9", "http.route", "/file", "exception.type", "Timeout",
		"release", "r2", "note", "bad \xff utf8", "note", "a double"),
		&commonpb.KeyValue{Key: "count", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: -7}}},
		&commonpb.KeyValue{Key: "share", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: 0.25}}},
		&commonpb.KeyValue{Key: "ok", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}}},
		&commonpb.KeyValue{Key: "raw", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: []byte{1, 2}}}},
		&commonpb.KeyValue{Key: "tree", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: []*commonpb.KeyValue{
			{Key: "b", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{str("x\n"), {}}}}}},
			{Key: "a", Value: str("<y>")}}}}}},
	)
	w := h.post("/v1/logs", protobuf, "", lax(t, logsRequest(r)))
	require.Equal(t, 200, w.Code, w.Body)
	require.Empty(t, w.Body.Bytes())
	rows := h.rows.of(rowstore.Logs)
	require.Len(t, rows, 1)
	g := rows[0]
	require.Equal(t, base.UnixMicro(), g.Time)
	require.Equal(t, []string{"intake", "prod", "IRS", "1.4.2", "r2", "u-1", "s-1", "C7", "intake/http", "/file", "Timeout", "Filing 17 timed out"},
		[]string{g.Service, g.Env, g.Agency, g.Version, g.Release, g.User, g.Session, g.Business, g.Name, g.Route, g.ErrorType, g.Body})
	require.EqualValues(t, 17, g.Severity)
	require.Equal(t, "01000000000000000000000000000001", g.Trace.String())
	require.Equal(t, "0200000000000002", g.Span.String())
	require.Equal(t, map[string]string{"payment.id": "P9", "note": "bad \ufffd utf8", "count": "-7", "share": "0.25", "ok": "true", "raw": "AQI=",
		"tree": `{"a":"<y>","b":["x\n",null]}`}, attrs(g))
	require.Equal(t, `{"host.name":"node-7","otel.scope.name":"intake/http","otel.scope.version":"2"}`, g.Resource.JSON)
	require.EqualValues(t, 1, g.Weight)
}

func TestALogRecordThatLacksWhatOthersHave(t *testing.T) {
	h := build(t, gate.Limits{})
	body := record("")
	body.Body = &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: kv("z", "1", "a", "2")}}}
	body.SeverityNumber, body.SeverityText = 0, "Warning"
	late := record("observed")
	late.TimeUnixNano, late.ObservedTimeUnixNano = 0, uint64(base.UnixNano())+5000
	own := record("own level")
	own.SeverityNumber, own.SeverityText = 0, "AUDIT"
	require.Equal(t, 200, h.send(logsRequest(body, late, own)).Code)
	rows := h.rows.of(rowstore.Logs)
	require.Len(t, rows, 3)
	require.Equal(t, `{"a":"2","z":"1"}`, rows[0].Body)
	require.EqualValues(t, 13, rows[0].Severity)
	require.Empty(t, rows[0].Attrs)
	require.Equal(t, "intake/http", rows[0].Name, "the logger")
	require.Equal(t, base.UnixMicro()+5, rows[1].Time)
	require.Equal(t, map[string]string{"severity_text": "AUDIT"}, attrs(rows[2]))
}

func TestASpanIsARow(t *testing.T) {
	h := build(t, gate.Limits{})
	s := span(1)
	s.ParentSpanId = id(9, 8)
	s.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR}
	s.TraceState = "a=b"
	s.Attributes = kv("http.route", "/file", "http.request.method", "POST", "user.id", "u1")
	s.Events = []*tracepb.Span_Event{
		{TimeUnixNano: uint64(base.UnixNano()), Name: "retry"},
		{TimeUnixNano: uint64(base.UnixNano()) + 1000, Name: "exception", Attributes: kv("exception.type", "Timeout", "exception.message", "after 30 s")},
	}
	s.Links = []*tracepb.Span_Link{{TraceId: id(3, 16), SpanId: id(4, 8), Attributes: kv("k", "v")}, {TraceId: id(5, 16), SpanId: id(6, 8)}}
	s.DroppedEventsCount = 2
	skewed := span(2)
	skewed.EndTimeUnixNano = skewed.StartTimeUnixNano - 1
	require.Equal(t, 200, h.send(spansRequest(s, skewed)).Code)
	rows := h.rows.of(rowstore.Spans)
	require.Len(t, rows, 2)
	g := rows[0]
	require.EqualValues(t, 1_500_000_000, g.Duration)
	require.EqualValues(t, rowstore.StatusError, g.Status)
	require.EqualValues(t, 2, g.Kind)
	require.Equal(t, []string{"POST /file", "/file", "u1", "Timeout", "after 30 s", "0900000000000009"}, []string{g.Name, g.Route, g.User, g.ErrorType, g.Body, g.Parent.String()})
	require.Equal(t, map[string]string{"http.request.method": "POST", "trace_state": "a=b"}, attrs(g))
	var d map[string]any
	require.NoError(t, json.Unmarshal([]byte(g.Detail), &d), g.Detail)
	require.Equal(t, `{"events":[{"time":1795262400000000,"name":"retry"},{"time":1795262400000001,"name":"exception","attributes":{"exception.message":"after 30 s","exception.type":"Timeout"}}],`+
		`"links":[{"trace_id":"03000000000000000000000000000003","span_id":"0400000000000004","attributes":{"k":"v"}},{"trace_id":"05000000000000000000000000000005","span_id":"0600000000000006"}],"events_cut":2}`, g.Detail)
	require.Zero(t, rows[1].Duration)
	require.Equal(t, map[string]string{"clock_skew": "true"}, attrs(rows[1]))
	require.Empty(t, rows[1].Detail)
}

func TestDetailIsBounded(t *testing.T) {
	h := build(t, gate.Limits{})
	s := span(1)
	for range 200 {
		s.Events = append(s.Events, &tracepb.Span_Event{Name: "step", Attributes: kv("text", strings.Repeat("x", 1000))})
	}
	require.Equal(t, 200, h.send(spansRequest(s)).Code)
	d := h.rows.of(rowstore.Spans)[0].Detail
	require.Less(t, len(d), 33<<10)
	var got struct {
		Events []any
		Cut    int `json:"events_cut"`
	}
	require.NoError(t, json.Unmarshal([]byte(d), &got))
	require.Equal(t, 200, len(got.Events)+got.Cut)
	require.Greater(t, len(got.Events), 20)
}

func TestARecordThatIsWrongIsRefusedAlone(t *testing.T) {
	h := build(t, gate.Limits{})
	bad := record("short id")
	bad.TraceId = []byte{1, 2, 3}
	deep := record("deep")
	v := str("x")
	for range 100 {
		v = &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{v}}}}
	}
	deep.Attributes = []*commonpb.KeyValue{{Key: "k", Value: v}}
	res := answerLogs(t, h.send(logsRequest(record("a"), bad, deep, record("b"))))
	require.EqualValues(t, 2, res.GetPartialSuccess().GetRejectedLogRecords())
	require.Contains(t, res.GetPartialSuccess().GetErrorMessage(), "a trace id must have 16 bytes")
	require.Len(t, h.rows.of(rowstore.Logs), 2)

	none, short := span(1), span(2)
	none.TraceId = nil
	short.ParentSpanId = []byte{1}
	w := h.send(spansRequest(none, span(3), short))
	require.Equal(t, 200, w.Code)
	require.Len(t, h.rows.of(rowstore.Spans), 1)
	require.Equal(t, map[string]map[string]int64{"logs": {"malformed": 2}, "spans": {"malformed": 2}}, h.gate.Sources()[0].Refused)
}

func TestResourcesAreShared(t *testing.T) {
	h := build(t, gate.Limits{})
	h.send(logsRequest(record("a"), record("b")))
	h.send(logsRequest(record("c")))
	rows := h.rows.of(rowstore.Logs)
	require.Len(t, rows, 3)
	require.Same(t, rows[0].Resource, rows[2].Resource)
	two := logsRequest(record("d"))
	two.ResourceLogs = append(two.ResourceLogs, &logspb.ResourceLogs{ScopeLogs: []*logspb.ScopeLogs{{LogRecords: []*logspb.LogRecord{record("bare")}}}})
	h.send(two)
	require.Nil(t, h.rows.of(rowstore.Logs)[4].Resource)
	require.Empty(t, h.rows.of(rowstore.Logs)[4].Service)
}
