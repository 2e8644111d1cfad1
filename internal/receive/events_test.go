package receive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// shelf is a row store that keeps what it is given; of a store's promises these tests need Write alone.
type shelf struct {
	rowstore.Store
	mu   sync.Mutex
	rows []rowstore.Row
	hold chan struct{} // if set, Write waits for it
	fail error
}

func (s *shelf) Writable() error { return nil }

func (s *shelf) Write(_ context.Context, batches ...*rowstore.Batch) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, b := range batches {
		for _, r := range b.Rows {
			s.rows = append(s.rows, copied(r))
		}
	}
	return nil
}

// copied is a row that outlives its batch.
func copied(r rowstore.Row) rowstore.Row {
	r.Attrs = append([]rowstore.Attr(nil), r.Attrs...)
	for _, at := range []*string{&r.Name, &r.User, &r.Session, &r.Business, &r.Route, &r.Body, &r.Service, &r.ErrorType} {
		*at = strings.Clone(*at)
	}
	for i, a := range r.Attrs {
		r.Attrs[i] = rowstore.Attr{Key: strings.Clone(a.Key), Value: strings.Clone(a.Value)}
	}
	return r
}

var eventsNow = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// attrs are attributes of keys and values in turn.
func attrs(kv ...string) (out []rowstore.Attr) {
	for i := 0; i+1 < len(kv); i += 2 {
		out = append(out, rowstore.Attr{Key: kv[i], Value: kv[i+1]})
	}
	return out
}

// desk is a receiver of events over a real gate.
type desk struct {
	t     testing.TB
	shelf *shelf
	gate  *gate.Gate
	mux   *http.ServeMux
}

func newDesk(t testing.TB) *desk {
	d := &desk{t: t, shelf: &shelf{}, mux: http.NewServeMux()}
	now := func() time.Time { return eventsNow }
	d.gate = gate.New(gate.Options{Rows: d.shelf, Now: now})
	for _, r := range receive.NewEvents(receive.EventsOptions{Gate: d.gate, Now: now}).Routes() {
		d.mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	return d
}

type answer struct {
	Success    bool
	Accepted   int
	Duplicates int
	Refused    []struct {
		Index, Count  int
		Field, Reason string
	}
	Error string

	status int
}

func (d *desk) post(path, body string, header ...string) (a answer) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	require.NoError(d.t, json.Unmarshal(w.Body.Bytes(), &a), "%d %s", w.Code, w.Body)
	a.status = w.Code
	return a
}

func (d *desk) row() rowstore.Row {
	require.NotEmpty(d.t, d.shelf.rows)
	return d.shelf.rows[len(d.shelf.rows)-1]
}

func TestEventBecomesRow(t *testing.T) {
	d := newDesk(t)
	a := d.post("/v1/events", `{"context": {"service": "efile-web", "env": "prod", "user": "u-1", "properties": {"plan": "a", "channel": "web"}},
		"events": [{"id": "e1", "name": "filing_submitted", "time": "2026-11-21T09:59:58.5Z", "session": "s1", "agency": "IRS",
		"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "value": 1.5, "duration": 0.25, "status": "ok", "body": "fine",
		"route": "https://efile.example/form/1040?ssn=123#x", "consent": "granted", "release": "r7",
		"properties": {"plan": "b", "case_id": "C-7", "pages": 12, "big": 1e3, "nested": {"a": [1, 2]}, "yes": true, "none": null, "name": "a form", "error.type": "E"}}]}`)
	require.Equal(t, 200, a.status)
	require.True(t, a.Success)
	require.Equal(t, 1, a.Accepted)
	r := d.row()
	require.Equal(t, eventsNow.Add(-1500*time.Millisecond).UnixMicro(), r.Time)
	require.Equal(t, []string{"filing_submitted", "efile-web", "prod", "IRS", "r7", "u-1", "s1", "C-7", "/form/1040", "fine", "E"},
		[]string{r.Name, r.Service, r.Env, r.Agency, r.Release, r.User, r.Session, r.Business, r.Route, r.Body, r.ErrorType})
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", r.Trace.String())
	require.Equal(t, "b7ad6b7169203331", r.Span.String())
	require.Equal(t, 1.5, r.Value)
	require.EqualValues(t, 250*time.Millisecond, r.Duration)
	require.EqualValues(t, 1, r.Status)
	require.Equal(t, attrs("consent", "granted", "big", "1000", "channel", "web", "properties.name", "a form", "nested", `{"a":[1,2]}`, "pages", "12", "plan", "b", "yes", "true"), r.Attrs)
}

func TestSingleEvent(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, 1, d.post("/v1/events", `{"name": "a", "time": 1795255199000, "sent_at": 1795255199500}`, "Content-Type", "text/plain;charset=UTF-8").Accepted)
	require.Equal(t, eventsNow.Add(-500*time.Millisecond).UnixMicro(), d.row().Time)
}

// The schema that is served and the receiver agree on what an event is.
func TestSchemaAgreesWithReceiver(t *testing.T) {
	d := newDesk(t)
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/events/schema", nil))
	doc, err := jsonschema.UnmarshalJSON(w.Body)
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("events.json", doc))
	schema, err := c.Compile("events.json")
	require.NoError(t, err)
	for body, field := range map[string]string{
		`{"events": [{"name": "a"}]}`: "",
		`{"name": "a"}`:               "",
		`{"name": "a", "time": 1795255199000, "user": "u", "properties": {"x": 1}}`:                                    "",
		`{"events": [{"name": "a", "time": "2026-11-21T09:59:58+01:00"}], "sent_at": 1795255199000, "context": {}}`:    "",
		`{"events": [{"name": "a", "status": "error", "value": -1.5, "consent": "denied"}], "context": {"user": "u"}}`: "",
		`{"events": []}`: "events",
		`{"events": {}}`: "events",
		`{"events": [{"name": "a"}], "extra": 1}`:               "extra",
		`{"events": [{"name": "a"}], "context": {"name": "b"}}`: "context.name",
		`{"events": [{"name": "a"}], "context": {"user": 1}}`:   "context.user",
		`{"events": [{"name": "a"}], "sent_at": "yesterday"}`:   "sent_at",
		`{"events": [{}]}`:                                                      "name",
		`{"events": [{"name": ""}]}`:                                            "name",
		`{"events": [{"name": 7}]}`:                                             "name",
		`{"events": [1]}`:                                                       "event",
		`{"events": [{"name": "a", "usr": "x"}]}`:                               "usr",
		`{"events": [{"name": "a", "time": "soon"}]}`:                           "time",
		`{"events": [{"name": "a", "time": -5}]}`:                               "time",
		`{"events": [{"name": "a", "time": true}]}`:                             "time",
		`{"events": [{"name": "a", "value": "much"}]}`:                          "value",
		`{"events": [{"name": "a", "duration": -1}]}`:                           "duration",
		`{"events": [{"name": "a", "status": "bad"}]}`:                          "status",
		`{"events": [{"name": "a", "trace_id": "xyz"}]}`:                        "trace_id",
		`{"events": [{"name": "a", "span_id": "12"}]}`:                          "span_id",
		`{"events": [{"name": "a", "properties": [1]}]}`:                        "properties",
		`{"events": [{"name": "a", "sent_at": 1795255199000}]}`:                 "sent_at",
		`{"events": [{"name": "` + strings.Repeat("n", 201) + `"}]}`:            "name",
		`{"events": [{"name": "a", "id": "` + strings.Repeat("n", 257) + `"}]}`: "id",
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		require.NoError(t, err)
		a := d.post("/v1/events", body)
		if field == "" {
			require.NoError(t, schema.Validate(v), body)
			require.Equal(t, 200, a.status, "%s: %+v", body, a)
			continue
		}
		require.Error(t, schema.Validate(v), body)
		require.Equal(t, 400, a.status, body)
		if len(a.Refused) > 0 {
			require.Equal(t, field, a.Refused[0].Field, body)
			continue
		}
		require.Contains(t, a.Error, field, body)
	}
}

func TestPartialSuccess(t *testing.T) {
	d := newDesk(t)
	a := d.post("/v1/events", `{"events": [{"name": "a"}, {"name": "b", "value": "x"}, {"name": "c"}, {"name": "d", "time": "2100-01-01T00:00:00Z"}]}`)
	require.Equal(t, 200, a.status)
	require.True(t, a.Success)
	require.Equal(t, 2, a.Accepted)
	require.Len(t, a.Refused, 2)
	require.Equal(t, 1, a.Refused[0].Index)
	require.Equal(t, "value", a.Refused[0].Field)
	require.Equal(t, "is a JSON string: want a number", a.Refused[0].Reason)
	require.Equal(t, -1, a.Refused[1].Index)
	require.Equal(t, 1, a.Refused[1].Count)
	require.Contains(t, a.Refused[1].Reason, "ahead of our clock")
	refused := d.gate.Sources()[0].Refused["events"]
	require.EqualValues(t, 1, refused["malformed"], refused)
	require.Len(t, d.shelf.rows, 2)
}

func TestRetryCountsOnce(t *testing.T) {
	d := newDesk(t)
	body := `{"events": [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}, {"id": "2", "name": "a"}, {"name": "a"}]}`
	a := d.post("/v1/events", body)
	require.Equal(t, []int{3, 1}, []int{a.Accepted, a.Duplicates})
	a = d.post("/v1/events", body)
	require.Equal(t, []int{1, 3}, []int{a.Accepted, a.Duplicates}, "only the one without an id counts again")
	require.Len(t, d.shelf.rows, 4)
	require.Equal(t, 1, d.post("/v1/track", `{"event": "a", "userId": "u", "messageId": "m"}`).Accepted)
	a = d.post("/v1/batch", `{"batch": [{"type": "track", "event": "a", "userId": "u", "messageId": "m"}]}`)
	require.Equal(t, []int{0, 1, 200}, []int{a.Accepted, a.Duplicates, a.status})
	require.True(t, a.Success)
}

func TestFailedWriteIsNotRemembered(t *testing.T) {
	d := newDesk(t)
	d.shelf.fail = fault.New(fault.Unavailable, "the disk is full")
	a := d.post("/v1/events", `{"id": "1", "name": "a"}`)
	require.Equal(t, 503, a.status)
	require.Contains(t, a.Error, "the disk is full")
	d.shelf.fail = nil
	require.Equal(t, 1, d.post("/v1/events", `{"id": "1", "name": "a"}`).Accepted)
}

// Two requests with the same events at once: the second is answered after the first is through, and knows what became of it.
func TestSameBatchTwiceAtOnce(t *testing.T) {
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			d.shelf.hold = make(chan struct{})
			answers := make([]answer, 2)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = d.post("/v1/events", `{"id": "1", "name": "a"}`) })
			}
			synctest.Wait()
			if fails {
				d.shelf.fail = fault.New(fault.Unavailable, "the disk is full")
			}
			close(d.shelf.hold)
			wg.Wait()
			if fails {
				require.Equal(t, 503, answers[0].status)
				require.Equal(t, 503, answers[1].status)
				return
			}
			require.Equal(t, 1, answers[0].Accepted+answers[1].Accepted)
			require.Equal(t, 1, answers[0].Duplicates+answers[1].Duplicates)
			require.Len(t, d.shelf.rows, 1)
		})
	}
}

func TestClockSkew(t *testing.T) {
	for _, c := range []struct {
		time, sent string
		want       time.Duration // before receipt
	}{
		{`"2026-11-21T09:00:00Z"`, ``, time.Hour},
		{`"2026-11-20T10:00:00Z"`, `"2026-11-20T10:00:30Z"`, 30 * time.Second}, // a day behind
		{`"2026-11-21T12:00:00Z"`, `"2026-11-21T12:00:01Z"`, time.Second},      // two hours ahead
		{`"2026-11-21T12:00:05Z"`, `"2026-11-21T12:00:01Z"`, 0},                // younger than its sending
		{`1000`, `61000`, time.Minute},                                         // a clock that was never set
		{`null`, `"2026-11-20T10:00:30Z"`, 0},
	} {
		d := newDesk(t)
		sent := ""
		if c.sent != "" {
			sent = `, "sent_at": ` + c.sent
		}
		require.Equal(t, 200, d.post("/v1/events", `{"name": "a", "time": `+c.time+sent+`}`).status, c)
		require.Equal(t, eventsNow.Add(-c.want).UnixMicro(), d.row().Time, c)
		if c.sent != "" && c.time[0] == '"' {
			require.Equal(t, 200, d.post("/v1/track", fmt.Sprintf(`{"event": "a", "userId": "u", "originalTimestamp": %s, "sentAt": %s}`, c.time, c.sent)).status)
			require.Equal(t, eventsNow.Add(-c.want).UnixMicro(), d.row().Time, c)
		}
	}
}

func TestBounds(t *testing.T) {
	d := newDesk(t)
	pack := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		require.NoError(t, z.Close())
		return b.String()
	}
	list := func(n int) string {
		return `{"events": [` + strings.TrimSuffix(strings.Repeat(`{"name":"a"},`, n), ",") + `]}`
	}
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
		says   string
	}{
		"gzip":            {pack(list(2)), []string{"Content-Encoding", "gzip"}, 200, ""},
		"bomb":            {pack(`{"name": "a", "body": "` + strings.Repeat("x", 2<<20) + `"}`), []string{"Content-Encoding", "gzip"}, 413, "unpacks to more than 1048576 bytes"},
		"not gzip":        {`{}`, []string{"Content-Encoding", "gzip"}, 400, "not gzip"},
		"cut gzip":        {pack(list(9))[:30], []string{"Content-Encoding", "gzip"}, 400, "not gzip"},
		"zstd":            {`{}`, []string{"Content-Encoding", "zstd"}, 415, "want gzip"},
		"form":            {`a=b`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "want application/json"},
		"too large":       {strings.Repeat(" ", 1<<20+1), nil, 413, "1048576 bytes"},
		"500":             {list(500), nil, 200, ""},
		"501":             {list(501), nil, 413, "events has 501 entries; at most 500"},
		"empty":           {"", nil, 400, "empty"},
		"array":           {`[{"name":"a"}]`, nil, 400, "want an object"},
		"null":            {`null`, nil, 400, "not a JSON object"},
		"broken":          {`{"events": [`, nil, 400, "at byte 12"},
		"two bodies":      {`{"name":"a"} {"name":"b"}`, nil, 400, "not JSON"},
		"not UTF-8":       {"{\"name\": \"\xff\"}", nil, 400, "UTF-8"},
		"something else":  {`{"hello": 1}`, nil, 400, `neither "events" nor "name"`},
		"control":         {`{"name": "a\u0000b"}`, nil, 400, "none of the 1 events"},
		"unknown segment": {`{"type": "dance", "userId": "u"}`, nil, 400, "none of the 1 events"},
	} {
		a := d.post("/v1/events", c.body, c.header...)
		require.Equal(t, c.status, a.status, "%s: %+v", name, a)
		require.Contains(t, a.Error, c.says, name)
	}
}

func TestSurvey(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, 1, d.post("/v1/events", `{"name": "survey", "properties": {"score": 4, "comment": "quick", "form": "1040"}}`).Accepted)
	r := d.row()
	require.Equal(t, 4.0, r.Value)
	require.Equal(t, "quick", r.Body)
	require.Equal(t, attrs("form", "1040"), r.Attrs)
	require.Equal(t, 1, d.post("/v1/track", `{"event": "survey", "userId": "u", "properties": {"score": "3"}}`).Accepted)
	require.Equal(t, 3.0, d.row().Value)
}

func BenchmarkEvents(b *testing.B) {
	d := newDesk(b)
	var body strings.Builder
	body.WriteString(`{"context": {"service": "efile-web", "env": "prod", "agency": "IRS"}, "events": [`)
	for i := range 100 {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"name": "filing_submitted", "time": 1795255199000, "user": "u-%d", "session": "s-%d", "business_id": "C-%d", "properties": {"form": "1040", "pages": %d, "channel": "web"}}`, i, i, i, i)
	}
	body.WriteString("]}")
	b.ReportAllocs()
	for b.Loop() {
		d.post("/v1/events", body.String())
		d.shelf.rows = d.shelf.rows[:0]
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "events/s")
}
