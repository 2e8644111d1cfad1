package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
	logspb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracespb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// ear is a receiver that keeps what the demo says.
type ear struct {
	mu     sync.Mutex
	spans  []heardSpan
	lines  []heardLine
	events []map[string]any
}

type heardSpan struct {
	service, version string
	*tracepb.Span
}

type heardLine struct {
	service, version, body, trace string
	severe                        bool
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var in tracespb.ExportTraceServiceRequest
		if err = proto.Unmarshal(b, &in); err == nil {
			for _, rs := range in.ResourceSpans {
				for _, ss := range rs.ScopeSpans {
					for _, s := range ss.Spans {
						e.spans = append(e.spans, heardSpan{text(rs.Resource.Attributes, "service.name"), text(rs.Resource.Attributes, "service.version"), s})
					}
				}
			}
		}
	case "/v1/logs":
		var in logspb.ExportLogsServiceRequest
		if err = proto.Unmarshal(b, &in); err == nil {
			for _, rl := range in.ResourceLogs {
				for _, sl := range rl.ScopeLogs {
					for _, l := range sl.LogRecords {
						e.lines = append(e.lines, heardLine{text(rl.Resource.Attributes, "service.name"), text(rl.Resource.Attributes, "service.version"), l.Body.GetStringValue(), string(l.TraceId), l.SeverityNumber >= 17})
					}
				}
			}
		}
	case "/v1/events":
		var in struct{ Events []map[string]any }
		err = json.Unmarshal(b, &in)
		e.events = append(e.events, in.Events...)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"accepted": len(in.Events)})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func text(attrs []*commonpb.KeyValue, key string) string {
	for _, a := range attrs {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// until asks again and again, at most a minute.
func (e *ear) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return cond()
	}, time.Minute, 50*time.Millisecond, what)
}

// trace are the spans of a trace.
func (e *ear) trace(id []byte) (out []heardSpan) {
	for _, s := range e.spans {
		if string(s.TraceId) == string(id) {
			out = append(out, s)
		}
	}
	return out
}

func named(spans []heardSpan, service, name string) (heardSpan, bool) {
	i := slices.IndexFunc(spans, func(s heardSpan) bool { return s.service == service && s.Name == name })
	if i < 0 {
		return heardSpan{}, false
	}
	return spans[i], true
}

// everySession is the session of everyForm's clicks.
const everySession = "every-form"

// everyForm has ten people click "File my return" at once: as many as it takes for every form.
func everyForm(t *testing.T, d *Demo) {
	t.Helper()
	var clicks sync.WaitGroup
	for n := range 10 {
		who, rng := newPerson(d.people.seed, n)
		l := &life{visitors: d.people, ctx: t.Context(), visit: &visit{person: who, kind: toFile, session: everySession, rng: rng}}
		clicks.Go(func() { l.file("", false) })
	}
	clicks.Wait()
}

// A click leads through every service to the mail; a broken intake leaves an exception, a line and an event that belong
// together, and healing ends them.
func TestTheStoryOfABrokenRelease(t *testing.T) {
	t.Parallel()
	e := &ear{}
	server := httptest.NewServer(e)
	defer server.Close()
	d, err := Start(t.Context(), Options{Base: 20, Peak: 20, Visits: 50 * time.Millisecond})
	require.NoError(t, err)
	defer func() {
		d.Hush()
		require.NoError(t, d.Close())
	}()
	require.NoError(t, d.Send(server.URL))

	everyForm(t, d)
	e.until(t, "a click that ends in a mail", func() bool {
		for _, s := range e.spans {
			if s.service != Mailer {
				continue
			}
			all := e.trace(s.TraceId)
			click, ok := named(all, Browser, "click File my return")
			if !ok {
				continue
			}
			// From the mailer up to the click, each span's parent is there.
			above := map[string]heardSpan{}
			for _, x := range all {
				above[string(x.SpanId)] = x
			}
			var way []string
			at := s
			for string(at.SpanId) != string(click.SpanId) {
				way = append(way, at.service)
				if at, ok = above[string(at.ParentSpanId)]; !ok {
					return false // not all have arrived
				}
			}
			require.Equal(t, []string{Mailer, Accept, Accept, Intake, Intake, Portal, Portal}, way)
			require.Empty(t, click.ParentSpanId)
			_, ledger := named(all, Accept, "INSERT ledger.filings")
			return ledger
		}
		return false
	})

	require.NoError(t, d.Break(Intake))
	require.Equal(t, faulty, d.Services()[0].Version)
	everyForm(t, d)
	e.until(t, "an exception, a line and an event of one trace", func() bool {
		for _, l := range e.lines {
			if l.service != Intake || !l.severe || l.body != errSchema.Error() {
				continue
			}
			require.Equal(t, faulty, l.version)
			s, ok := named(e.trace([]byte(l.trace)), Intake, "parse return")
			if !ok || !slices.ContainsFunc(e.events, func(ev map[string]any) bool {
				return ev["name"] == rejectedEvent && ev["trace_id"] == traceText(l.trace)
			}) {
				continue
			}
			require.Equal(t, tracepb.Status_STATUS_CODE_ERROR, s.Status.GetCode())
			require.Equal(t, "exception", s.Events[0].Name)
			require.Equal(t, schemaError, text(s.Events[0].Attributes, "exception.type"))
			require.Contains(t, text(s.Events[0].Attributes, "exception.stacktrace"), "portal).parse")
			return true
		}
		return false
	})
	require.NoError(t, d.Heal(Intake))
	require.Equal(t, good, d.Services()[0].Version)
	healed := time.Now().UnixNano()
	everyForm(t, d)
	e.until(t, "filings with form 8949 that are taken in again", func() bool {
		for _, s := range e.spans {
			if s.service == Intake && s.Name == "parse return" && s.StartTimeUnixNano > uint64(healed) && text(s.Attributes, "session.id") == everySession {
				require.NotEqual(t, tracepb.Status_STATUS_CODE_ERROR, s.Status.GetCode())
				if text(s.Attributes, "form") == form8949 {
					return true
				}
			}
		}
		return false
	})
}

func traceText(id string) string {
	var t rowstore.TraceID
	copy(t[:], id)
	return t.String()
}

// Texts hold what Signalbox has to take out: without it the demo could not show that it does.
func TestLinesHoldWhatPrivacyTakesOut(t *testing.T) {
	require.Contains(t, mailAddress(7), "@example.org")
	require.Regexp(t, `^[1-5][0-9]{2}-[0-9]{2}-[0-9]{4}$`, socialSecurity(7))
	require.Regexp(t, `^(192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]+$`, address4(7))
}

func TestTheWeeksBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 14, 15, 0, 0, 0, time.UTC)
	s := newSeason(7, now)
	again := newSeason(7, now)
	require.Equal(t, s.moments, again.moments, "the same seed makes the same weeks")
	require.NotEqual(t, len(s.moments), len(newSeason(8, now).moments))
	require.Greater(t, len(s.moments), 40_000)
	require.Less(t, len(s.moments), 120_000)

	names, people, weeks := map[string]int{}, map[int]bool{}, map[int]map[int]bool{}
	releases, agencies, filings := map[string]int{}, map[string]int{}, map[string]string{}
	for _, m := range s.moments {
		require.Less(t, m.at, now.UnixMicro())
		require.GreaterOrEqual(t, m.at, s.began.UnixMicro())
		names[m.name]++
		people[m.person.number] = true
		releases[m.release]++
		agencies[m.person.agency]++
		week := int(time.UnixMicro(m.at).Sub(s.began) / (7 * 24 * time.Hour))
		if weeks[week] == nil {
			weeks[week] = map[int]bool{}
		}
		weeks[week][m.person.number] = true
		if week < rolloutDay/7 {
			require.NotEqual(t, newForm, m.release, "the new form was not there yet")
		}
		if m.name == submittedEvent {
			require.NotContains(t, filings, m.filing)
			filings[m.filing] = ""
		} else if m.name == acceptedEvent || m.name == rejectedEvent {
			require.Contains(t, filings, m.filing)
		}
	}
	require.Greater(t, len(people), 4000)
	for week := range weeksBefore {
		require.Greater(t, len(weeks[week]), 100, "week %d", week)
	}
	require.Greater(t, len(weeks[weeksBefore-1]), len(weeks[0]), "more come near the deadline")
	for _, name := range []string{pageView, "filing_started", "form_step", submittedEvent, acceptedEvent, rejectedEvent, "payment_started", "payment_done", "refund_status_viewed", "help_opened", surveyEvent, "statement_viewed", "js_error"} {
		require.Positive(t, names[name], name)
	}
	require.InDelta(t, 0.97, float64(names[acceptedEvent])/float64(names[submittedEvent]), 0.01)
	require.Greater(t, releases[newForm], releases[classicForm]/4)
	require.Positive(t, agencies[otherAgency])
}

func TestHistoryIsHandedOverInOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 14, 15, 0, 0, 0, time.UTC)
	d := &Demo{now: func() time.Time { return now }, people: &visitors{seed: 7}}
	var last int64
	rows := 0
	require.NoError(t, d.History(func(at time.Time, b *rowstore.Batch) error {
		require.Equal(t, rowstore.Events, b.Table)
		for i := range b.Rows {
			r := &b.Rows[i]
			require.GreaterOrEqual(t, r.Time, last)
			last = r.Time
			require.LessOrEqual(t, at.UnixMicro()-r.Time, (time.Hour + time.Second).Microseconds(), "it arrived when it happened")
			require.Greater(t, at.UnixMicro(), r.Time)
			require.True(t, strings.HasPrefix(r.User, "taxpayer-"))
			require.NotEmpty(t, r.Session)
		}
		rows += len(b.Rows)
		return nil
	}))
	require.Len(t, newSeason(7, now).moments, rows)
	require.ErrorIs(t, d.History(func(time.Time, *rowstore.Batch) error { return context.Canceled }), context.Canceled)
}

func TestSchemas(t *testing.T) {
	for date, want := range map[string][2]bool{"": {true, true}, "06/14/2025": {true, true}, various: {true, false}, "soon": {false, false}} {
		f := filing{DateAcquired: date}
		require.Equal(t, want, [2]bool{oldSchema(f) == nil, newSchema(f) == nil}, date)
	}
}
