package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/usage"
)

// shelf is a store of a few rows in memory, newest first.
type shelf struct{ rows []rowstore.Row }

func (s *shelf) matching(where rowstore.Expr, between rowstore.Between) []rowstore.Row {
	holds, err := where.Compile()
	if err != nil {
		return nil
	}
	var out []rowstore.Row
	for i := range s.rows {
		if r := &s.rows[i]; holds(r) && r.Time >= between.From && (between.To == 0 || r.Time < between.To) {
			out = append(out, *r)
		}
	}
	return out
}

func (s *shelf) Find(_ context.Context, q rowstore.Find) ([]rowstore.Row, error) {
	found := s.matching(q.Where, q.Between)
	if q.After != nil {
		skip := q.After.Skip
		var rest []rowstore.Row
		for _, r := range found {
			if r.Time == q.After.Time && skip > 0 {
				skip--
				continue
			}
			if r.Time <= q.After.Time {
				rest = append(rest, r)
			}
		}
		found = rest
	}
	return found[:min(len(found), q.Limit)], nil
}

func (s *shelf) Count(_ context.Context, q rowstore.Count) (rowstore.Groups, error) {
	if q.Top > 100_000 { // as the engine has it
		return rowstore.Groups{}, fault.New(fault.TooLarge, "top %d", q.Top)
	}
	type key struct {
		at   int64
		word string
	}
	sum := map[key][2]float64{}
	for _, r := range s.matching(q.Where, q.Between) {
		k := key{}
		if q.Step > 0 {
			k.at = r.Time / q.Step.Microseconds() * q.Step.Microseconds()
		}
		if len(q.By) > 0 {
			k.word = r.Get(q.By[0])
		}
		n := sum[k]
		sum[k] = [2]float64{n[0] + float64(r.Weight), n[1] + 1}
	}
	g := rowstore.Groups{By: q.By}
	for k, n := range sum {
		row := rowstore.Group{At: k.at, Numbers: []float64{n[0], n[1]}}
		if len(q.By) > 0 {
			row.Keys = []string{k.word}
		}
		g.Rows = append(g.Rows, row)
	}
	return g, nil
}

func (s *shelf) Scan(_ context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	return f(s.matching(q.Where, q.Between))
}

func (s *shelf) Attributes(context.Context, rowstore.Table, rowstore.Between) ([]string, error) {
	return []string{"http.status_code", "secret.of.ssa"}, nil
}

// empty answers every question of usage with lists without entries.
type empty struct{}

func (empty) Actives(context.Context, usage.ActivesQuestion) (usage.Actives, error) {
	return usage.Actives{Points: []usage.ActivePoint{}, Apps: []usage.App{}, Notes: []string{}}, nil
}
func (empty) Sessions(context.Context, usage.SessionsQuestion) (usage.Sessions, error) {
	return usage.Sessions{Points: []usage.SessionPoint{}, Distribution: []usage.SessionBracket{}, Notes: []string{}}, nil
}
func (empty) Retention(context.Context, usage.RetentionQuestion) (usage.Retention, error) {
	return usage.Retention{Cohorts: []usage.Cohort{}, Weighted: []usage.Average{}, Simple: []usage.Average{}, Notes: []string{}}, nil
}
func (empty) Funnel(_ context.Context, q usage.FunnelQuestion) (usage.Funnel, error) {
	f := usage.Funnel{Groups: []usage.FunnelGroup{}, Notes: []string{}}
	for _, s := range q.Steps {
		f.Steps = append(f.Steps, usage.FunnelStep{Name: s.Name, Traces: []string{}})
	}
	for _, x := range q.Exclude {
		f.Notes = append(f.Notes, fmt.Sprintf("after step %d not %s", x.After+1, x.Where))
	}
	return f, nil
}
func (empty) Adoption(context.Context, usage.AdoptionQuestion) (usage.Adoption, error) {
	return usage.Adoption{Features: []usage.Feature{}, Notes: []string{}}, nil
}
func (empty) Success(context.Context, usage.SuccessQuestion) (usage.Success, error) {
	return usage.Success{Points: []usage.SuccessPoint{}, Examples: []usage.SuccessSample{}, Notes: []string{}}, nil
}
func (empty) Watch(context.Context, usage.Watched) error { return nil }
func (empty) Traces(context.Context, usage.TraceQuestion) (usage.Traces, error) {
	return usage.Traces{Traces: []usage.TraceSummary{}, Notes: []string{}}, nil
}
func (empty) Trace(_ context.Context, id string, _ rowstore.Expr) (usage.Trace, error) {
	return usage.Trace{ID: id, Spans: []usage.TraceSpan{}, Logs: []usage.TraceRow{}, Events: []usage.TraceRow{}, Services: []usage.TraceService{}, Notes: []string{}}, nil
}
func (empty) Map(context.Context, usage.MapQuestion) (usage.Map, error) {
	return usage.Map{Nodes: []usage.MapNode{}, Edges: []usage.MapEdge{}, Notes: []string{}}, nil
}
func (empty) Errors(usage.ErrorsQuestion) (usage.Errors, error) {
	return usage.Errors{Groups: []usage.ErrorGroup{}, Notes: []string{}}, nil
}
func (empty) Error(id string, _ usage.ErrorsQuestion) (usage.ErrorGroup, error) {
	return usage.ErrorGroup{ID: id, Releases: []string{}, Hours: []usage.HourCount{}, Samples: []usage.ErrorSample{}}, nil
}
func (empty) Related(context.Context, usage.RelatedQuestion) (usage.Related, error) {
	return usage.Related{Rows: []usage.TraceRow{}, Counts: map[string]float64{}, Traces: []string{}, Sessions: []string{}, Business: []string{}, Services: []string{}, Releases: []string{}, Notes: []string{}}, nil
}

// filed returns n log lines a second apart, the newest first and a second old, every third an error of the SSA.
func filed(n int) *shelf {
	s := &shelf{}
	now := time.Now().UnixMicro()
	for i := range n {
		r := rowstore.Row{Time: now - int64(i+1)*1e6, Service: "intake", Agency: "IRS", Severity: 9, Body: fmt.Sprintf("line %d", i), Weight: 2,
			Attrs: []rowstore.Attr{{Key: "http.status_code", Value: "200"}}}
		if i%3 == 0 {
			r.Agency, r.Severity = "SSA", 17
		}
		s.rows = append(s.rows, r)
	}
	return s
}

func TestRowsArePagedWithoutLossOrDouble(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Rows = filed(95) })
	seen := map[string]bool{}
	after := ""
	for page := 0; ; page++ {
		require.Less(t, page, 12)
		code, raw := h.do(t, "GET", api.Prefix+"/logs?limit=10&after="+after, "")
		require.Equal(t, 200, code, raw)
		var b api.RowsBody
		require.NoError(t, json.Unmarshal([]byte(raw), &b))
		for _, r := range b.Rows {
			require.False(t, seen[r.Body], r.Body)
			seen[r.Body] = true
		}
		if after = b.Next; after == "" {
			break
		}
	}
	require.Len(t, seen, 95)
	code, raw := h.do(t, "GET", api.Prefix+"/logs?after=yesterday", "")
	require.Equal(t, 400, code)
	require.Contains(t, raw, `after \"yesterday\": want the next of the page before`)
}

func TestAHistogramHoldsEveryRow(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Rows = filed(90) })
	code, raw := h.do(t, "GET", api.Prefix+"/logs/histogram?by=level&max=20", "")
	require.Equal(t, 200, code, raw)
	var b api.HistogramBody
	require.NoError(t, json.Unmarshal([]byte(raw), &b))
	require.LessOrEqual(t, len(b.Times), 21)
	sum := map[string]float64{}
	for _, s := range b.Series {
		require.Len(t, s.Counts, len(b.Times))
		for _, c := range s.Counts {
			sum[s.Value] += c
		}
	}
	require.Equal(t, map[string]float64{"info": 120, "error": 60}, sum, "by weight")
	code, raw = h.do(t, "GET", api.Prefix+"/logs/count?q=level:error", "")
	require.Equal(t, 200, code, raw)
	require.Contains(t, raw, `"count":60`)
	require.Contains(t, raw, `"rows":30`)
	code, raw = h.do(t, "GET", api.Prefix+"/logs?q=level:%3E", "")
	require.Equal(t, 400, code, raw)
}

// watch lets a test read a stream as it is written.
func (h *house) watch(t *testing.T, path string) (*bufio.Scanner, func()) {
	ctx, stop := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", h.srv.URL+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+h.token)
	resp, err := h.srv.Client().Do(req)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	return bufio.NewScanner(resp.Body), func() { stop(); _ = resp.Body.Close() }
}

func TestALiveTailShowsWhatMatchesAndKeepsNothingOfTheBatch(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Rows = filed(0) })
	lines, stop := h.watch(t, api.Prefix+"/tail/logs?q=level:error")
	defer stop()
	next := func() (b api.TailBody) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				require.NoError(t, json.Unmarshal([]byte(data), &b))
				return b
			}
		}
		return b
	}
	require.Empty(t, next().Rows, "the first event says that the tail is open")
	var batch rowstore.Batch
	batch.Reset(rowstore.Logs)
	text := []byte("intake fails")
	r := batch.Add()
	r.Severity, r.Body = 17, batch.Text(text)
	batch.Add().Severity = 9
	h.ObserveRows(&batch)
	batch.Reset(rowstore.Logs)
	batch.Text([]byte("overwritten!"))
	got := next()
	require.Len(t, got.Rows, 1)
	require.Equal(t, "intake fails", got.Rows[0].Body)
}

func TestAScopeBoundsRows(t *testing.T) {
	scope, err := access.ParseScope(`agency="IRS"`)
	require.NoError(t, err)
	h := newHouse(t, func(o *api.Options) { o.Rows = filed(90) })
	mux := http.NewServeMux()
	for _, r := range h.Routes() {
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	irs := access.With(t.Context(), access.Principal{ID: "i", Kind: access.KindPerson, Grants: []access.Grant{{Role: access.Developer, Scope: scope}}})
	for _, path := range []string{"/logs?limit=1000", "/logs?limit=1000&q=agency:SSA+OR+agency:IRS", "/logs/facets?field=agency", "/logs/fields", "/logs/histogram?by=agency", fmt.Sprintf("/logs/context?at=%d", time.Now().UnixMilli()-40_000)} {
		req := httptest.NewRequestWithContext(irs, "GET", api.Prefix+path, nil)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		require.Equal(t, 200, w.Code, "%s: %s", path, w.Body)
		require.NotContains(t, w.Body.String(), "SSA", path)
		require.NotContains(t, w.Body.String(), "secret.of.ssa", path)
	}
}

func TestAFunnelIsReadFromItsSearches(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Usage = empty{} })
	code, raw := h.do(t, "GET", api.Prefix+"/usage/funnel?step=name:a&step=name:b&exclude=1:name:x", "")
	require.Equal(t, 200, code, raw)
	require.Contains(t, raw, "after step 1 not name:x")
	for query, want := range map[string]string{
		"step=name:a&step=":                        "step 2 is empty",
		"step=name:a&step=name:b&exclude=2:name:x": "want the number of a step",
		"step=name:a&step=name:b&exclude=name:x":   "want the number of a step",
		"step=name:a&step=(name:b":                 "want a )",
	} {
		code, raw := h.do(t, "GET", api.Prefix+"/usage/funnel?"+query, "")
		require.Equal(t, 400, code, raw)
		require.Contains(t, raw, want)
	}
}

// nobody keeps nothing of anybody.
type nobody struct{}

func (nobody) Erase(_ context.Context, who privacy.Who, _ string) (privacy.Request, error) {
	return privacy.Request{ID: 1, Kind: privacy.KindErase, State: privacy.Running, By: who.Actor, Reason: who.Reason}, nil
}
func (nobody) Export(_ context.Context, _ privacy.Who, subject string, w io.Writer) (privacy.Request, error) {
	if subject == "broken" {
		return privacy.Request{}, fault.New(fault.Unavailable, "the store is closed")
	}
	_, err := w.Write([]byte("PK"))
	if subject == "half" {
		err = errors.New("the disk broke")
	}
	return privacy.Request{}, err
}
func (nobody) Get(_ context.Context, id int64) (privacy.Request, error) {
	return privacy.Request{ID: id, Kind: privacy.KindErase, State: privacy.Done}, nil
}
func (nobody) List(context.Context) ([]privacy.Request, error) { return nil, nil }
func (nobody) Keys(context.Context) ([]privacy.Key, error)     { return nil, nil }

func TestAPersonsIdIsNeverSaidBack(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Privacy = nobody{} })
	for body, want := range map[string]int{
		`{"subject":"jane-4711","reason":""}`:                                        400,
		`{"subject":"` + strings.Repeat("jane-4711", 200) + `","reason":"letter 7"}`: 400,
		`{"subject":"jane-4711","reason":"letter 7"}`:                                200,
	} {
		code, raw := h.do(t, "POST", api.Prefix+"/privacy/erase", body)
		require.Equal(t, want, code, raw)
		require.NotContains(t, raw, "jane-4711")
		require.NotContains(t, h.log.String(), "jane-4711")
	}
	code, raw := h.do(t, "POST", api.Prefix+"/privacy/export", `{"subject":"broken","reason":"letter 8"}`)
	require.Equal(t, 503, code, raw)
	require.Contains(t, raw, "the store is closed")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.srv.URL+api.Prefix+"/privacy/export", strings.NewReader(`{"subject":"half","reason":"letter 9"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.srv.Client().Do(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	require.Error(t, err, "half a file must not look whole")
}
