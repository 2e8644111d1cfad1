package otlp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestJSON runs the rules of OTLP's JSON on one record: ids in hexadecimal of any case, enumerations as integers, names in
// lowerCamelCase, unknown ones passed over, 64-bit numbers as strings or numbers.
func TestJSON(t *testing.T) {
	const around = `{"unknown":{"a":[1,{"b":null}]},"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"intake"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{%s}],"more":[[]]}]}]}`
	at := fmt.Sprint(base.UnixNano())
	for name, c := range map[string]struct {
		record string
		code   int
		want   func(t *testing.T, r rowstore.Row)
	}{
		"strings and numbers": {`"timeUnixNano":"` + at + `","severityNumber":17,"body":{"stringValue":"x"},"attributes":[{"key":"a","value":{"intValue":"9007199254740993"}},{"key":"b","value":{"intValue":9007199254740993}},{"key":"c","value":{"doubleValue":"NaN"}},{"key":"d","value":{"doubleValue":1e3}},{"key":"e","value":{"boolValue":false}},{"key":"f","value":{"bytesValue":"aGk="}},{"key":"g","value":{"arrayValue":{"values":[{"intValue":1},{"kvlistValue":{"values":[{"key":"k","value":{}}]}}]}}}]`, 200, func(t *testing.T, r rowstore.Row) {
			require.Equal(t, base.UnixMicro(), r.Time)
			require.EqualValues(t, 17, r.Severity)
			require.Equal(t, "intake", r.Service)
			require.Equal(t, map[string]string{"a": "9007199254740993", "b": "9007199254740993", "c": "NaN", "d": "1000", "e": "false", "f": "aGk=", "g": `[1,{"k":null}]`}, attrs(r))
		}},
		"a number as time": {`"timeUnixNano":` + at, 200, func(t *testing.T, r rowstore.Row) { require.Equal(t, base.UnixMicro(), r.Time) }},
		"ids of any case": {`"timeUnixNano":` + at + `,"traceId":"5B8EFFF798038103D269B633813fc60c","spanId":"eee19b7ec3c1b174"`, 200, func(t *testing.T, r rowstore.Row) {
			require.Equal(t, "5b8efff798038103d269b633813fc60c", r.Trace.String())
		}},
		"snake case": {`"time_unix_nano":1,"observedTimeUnixNano":"` + at + `","severity_number":9`, 200, func(t *testing.T, r rowstore.Row) {
			require.Zero(t, r.Severity)
			require.Equal(t, base.UnixMicro(), r.Time)
		}},
		"null":              {`"timeUnixNano":` + at + `,"body":null,"attributes":null`, 200, func(t *testing.T, r rowstore.Row) { require.Empty(t, r.Body) }},
		"an id in base64":   {`"timeUnixNano":` + at + `,"traceId":"W47/95gDgQPSabYzgT/GDA=="`, 200, nil},
		"a short id":        {`"timeUnixNano":` + at + `,"spanId":"eee19b"`, 200, nil},
		"a name of an enum": {`"timeUnixNano":` + at + `,"severityNumber":"SEVERITY_NUMBER_INFO"`, 400, nil},
		"a number as text":  {`"timeUnixNano":` + at + `,"body":{"stringValue":5}`, 400, nil},
		"a fraction":        {`"timeUnixNano":1.5`, 400, nil},
		"too large":         {`"timeUnixNano":"18446744073709551616"`, 400, nil},
		"a negative time":   {`"timeUnixNano":-1`, 400, nil},
		"no object":         {`"timeUnixNano":` + at + `,"body":[]`, 400, nil},
		"no array":          {`"timeUnixNano":` + at + `,"attributes":{}`, 400, nil},
		"null in an array":  {`"timeUnixNano":` + at + `,"attributes":[null]`, 400, nil},
		"not base64":        {`"timeUnixNano":` + at + `,"body":{"bytesValue":"*"}`, 400, nil},
		"not JSON":          {`"timeUnixNano":`, 400, nil},
		"infinity":          {`"timeUnixNano":` + at + `,"body":{"doubleValue":1e999}`, 400, nil},
		"deep":              {`"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), 400, nil},
		"deep in a value":   {`"timeUnixNano":` + at + `,"body":` + strings.Repeat(`{"arrayValue":{"values":[`, 80) + "{}" + strings.Repeat("]}}", 80), 200, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t, gate.Limits{})
			w := h.post("/v1/logs", jsonType, "", fmt.Appendf(nil, around, c.record))
			require.Equal(t, c.code, w.Code, w.Body)
			rows := h.rows.of(rowstore.Logs)
			if c.want == nil {
				require.Empty(t, rows)
				if c.code == 200 {
					var res struct {
						PartialSuccess struct{ RejectedLogRecords, ErrorMessage string }
					}
					require.NoError(t, json.Unmarshal(w.Body.Bytes(), &res), w.Body)
					require.Equal(t, "1", res.PartialSuccess.RejectedLogRecords)
					require.NotEmpty(t, res.PartialSuccess.ErrorMessage)
				}
				return
			}
			require.Equal(t, "{}", w.Body.String())
			require.Len(t, rows, 1)
			c.want(t, rows[0])
		})
	}
	h := build(t, gate.Limits{})
	for _, body := range []string{"", "[]", "7", `{} {}`, `{"resourceLogs":[}`, strings.Repeat("[", 1<<20)} {
		require.Equal(t, 400, h.post("/v1/logs", jsonType, "", []byte(body)).Code, body[:min(len(body), 10)])
	}
}
