package api_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
)

func TestScalingValue(t *testing.T) {
	now := time.Now().UnixMilli()
	by := status(kpi.Green, point(now-1000, 10, 1000))
	by.KPI.By = []string{"service"}
	by.Groups = []kpi.GroupStatus{{Labels: labels.FromStrings("service", "refund"), Light: kpi.Red, Last: point(now-1000, 70, 1000)}}
	fresh := 2*time.Minute + 5*time.Second
	for _, c := range []struct {
		name, query string
		st          kpi.Status
		code        int
		want        string
	}{
		{"fresh", "", status(kpi.Green, point(now-1000, 10, 1000)), 200, fmt.Sprintf(`{"name":"efile-error-rate","value":0.01,"light":"green","period_end":%d}`, now-1000)},
		{"a true 0 is a value", "", status(kpi.Green, point(now-1000, 0, 1000)), 200, fmt.Sprintf(`{"name":"efile-error-rate","value":0,"light":"green","period_end":%d}`, now-1000)},
		{"red is still a value", "", status(kpi.Red, point(now-1000, 100, 1000)), 200, fmt.Sprintf(`{"name":"efile-error-rate","value":0.1,"light":"red","period_end":%d}`, now-1000)},
		{"just fresh", "", status(kpi.Green, point(now-fresh.Milliseconds()+5000, 10, 1000)), 200, ""},
		{"group", "?group=" + `%7B%22service%22%3A%22refund%22%7D`, by, 200, fmt.Sprintf(`{"name":"efile-error-rate","value":0.07,"light":"red","period_end":%d}`, now-1000)},
		{"no such group", "?group=" + `%7B%22service%22%3A%22x%22%7D`, by, 404, "has no group"},
		{"bad group", "?group=service%3Drefund", by, 400, `group "service=refund": want a JSON object`},
		{"stale", "", status(kpi.Green, point(now-fresh.Milliseconds()-1000, 10, 1000)), 503, "and two periods and the delay are 2m5s"},
		{"missing", "", status(kpi.Grey, gone(now-1000, kpi.NoData, "nothing matched reported")), 503, "the newest datapoint is missing (nothing matched reported)"},
		{"few", "", status(kpi.Green, gone(now-1000, kpi.Few, "")), 503, "the newest datapoint is missing (few)"},
		{"never", "", status(kpi.Grey, gone(0, kpi.NoData, "")), 503, "no datapoint yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.engine.set(c.st)
			code, body := h.get(t, "/kpis/efile-error-rate/value"+c.query)
			require.Equal(t, c.code, code, body)
			if code == 200 {
				if c.want != "" {
					require.JSONEq(t, c.want, body)
				}
				return
			}
			require.Contains(t, problem(t, body), c.want)
			require.NotContains(t, body, `"value":`, "an autoscaler must find no number")
			code, _ = h.get(t, "/kpis/nope/value")
			require.Equal(t, 404, code)
		})
	}
}

func TestWrongParameters(t *testing.T) {
	h := newHouse(t, nil)
	h.engine.set(status(kpi.Green, point(time.Now().UnixMilli()-1000, 10, 1000)))
	for path, want := range map[string][]string{
		"/board?state=blue":                                                {`state "blue"`, "green", "paused"},
		"/board?label=journey":                                             {`label "journey": want name=value`},
		"/board?colour=red":                                                {"colour", "unknown"},
		"/board?outcome=both":                                              {`outcome "both"`, "technical"},
		"/kpis/efile-error-rate/series?from=yesterday":                     {`from "yesterday"`, "integer"},
		"/kpis/efile-error-rate/series?max=0":                              {"max", "1"},
		"/kpis/efile-error-rate/series?max=999999":                         {"max", "11000"},
		"/kpis/efile-error-rate/series?from=5000&to=4000":                  {"from 5000: want a time before to 4000"},
		"/kpis/efile-error-rate/series?from=1":                             {"want at most 800 days"},
		"/kpis/efile-error-rate/series?group=%7B%7D":                       {`group "{}"`},
		"/kpis/efile-error-rate/series?group=%7B%22a%22%3A%22b%22%7D":      {`group {a="b"}`, "has no groups"},
		"/kpis/efile-error-rate/series?group=" + strings.Repeat("x", 5000): {"group", "4096"},
		"/kpis/efile-error-rate/decisions?limit=100000":                    {"limit", "1000"},
		"/decisions?from=9&to=5":                                           {"from 9: want a time before to 5"},
	} {
		code, body := h.get(t, path)
		require.Equal(t, 400, code, "%s: %s", path, body)
		for _, w := range want {
			require.Contains(t, problem(t, body), w, path)
		}
		require.Contains(t, body, `"status":400`)
	}
	for _, path := range []string{"/kpis/nope", "/kpis/nope/series", "/kpis/nope/groups", "/kpis/nope/budget", "/kpis/nope/decisions", "/kpis/efile-error-rate/budget", "/decisions/nope", "/nonsense"} {
		code, body := h.get(t, path)
		require.Equal(t, 404, code, "%s: %s", path, body)
		require.Greater(t, len(problem(t, body)), 15)
	}
	require.Empty(t, h.log.String(), "a person's mistake is not logged as ours")
}

// TestEveryAnswerFitsTheDocument asks every GET of the document and checks the answer against its schema, key by key.
func TestEveryAnswerFitsTheDocument(t *testing.T) {
	h := newHouse(t, nil)
	now := time.Now().UnixMilli() / 60_000 * 60_000
	st := status(kpi.Red, point(now, 40, 1000))
	st.KPI.By, st.KPI.Objective, st.KPI.Page = []string{"service"}, &kpi.Objective{Target: 0.99, Window: 24 * time.Hour, Text: "99% over 24h"}, &kpi.Page{Severity: "page", Runbook: "https://r.example"}
	ladder := kpi.NewLadder(*st.KPI.Objective, st.KPI.Period)
	ladder.Add(now, 960, 1000)
	st.Budget = ladder.View(*st.KPI.Objective, now, 0, nil)
	group := labels.FromStrings("service", "refund")
	st.Groups = []kpi.GroupStatus{{Labels: group, Light: kpi.Red, Last: st.Last, Budget: st.Budget}}
	h.engine.set(st)
	track := h.ledger.Track(st.KPI.Name, group, false)
	require.NoError(t, h.ledger.Decide(t.Context(), []kpi.Transition{{ID: "d1", KPI: st.KPI.Name, Group: group, From: kpi.Green, To: kpi.Red, End: now, At: now, Verdict: kpi.Verdict{Range: []kpi.Point{st.Last, gone(now, kpi.Gap, "a gap")}, Budget: st.Budget}}}, nil, nil))
	_ = track
	code, made := h.do(t, "POST", api.Prefix+"/users", `{"login":"d1","grants":[{"role":"viewer"}]}`)
	require.Equal(t, 200, code, made)
	doc1 := fmt.Sprintf("kind: KPI\nname: %s\nowner: a@irs.example\nindicator: {rate: 'x_total'}\nthresholds: {red: '> 3'}\n", st.KPI.Name)
	raw1, err := json.Marshal(govern.Draft{Reason: "first", Documents: []govern.Text{{Text: doc1}}})
	require.NoError(t, err)
	code, made = h.do(t, "POST", api.Prefix+"/proposals", string(raw1))
	require.Equal(t, 200, code, made)
	raw, err := h.OpenAPI()
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	for path, item := range doc["paths"].(map[string]any) {
		op, ok := item.(map[string]any)["get"].(map[string]any)
		if !ok || strings.HasSuffix(path, "/stream") || strings.Contains(path, "/tail/") {
			continue
		}
		query := ""
		for _, p := range params(op) {
			if p["required"] == true && p["in"] == "query" {
				query += fmt.Sprintf("&%s=%d", p["name"], now)
			}
		}
		if strings.HasSuffix(path, "/correlate") {
			query = "&session=s"
		}
		content, ok := op["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any)
		if !ok {
			continue // a file
		}
		schema := content["application/json"].(map[string]any)["schema"].(map[string]any)
		id := "d1"
		switch {
		case strings.Contains(path, "mails"):
			id = "m1"
		case strings.Contains(path, "/proposals/"), strings.Contains(path, "/requests/"):
			id = "1"
		}
		code, body := h.do(t, "GET", strings.NewReplacer("{name}", st.KPI.Name, "{id}", id, "{kind}", "KPI").Replace(path)+"?"+query, "")
		require.Equal(t, 200, code, "%s: %s", path, body)
		var v any
		require.NoError(t, json.Unmarshal([]byte(body), &v))
		fits(t, doc, path, schema, v)
	}
}

func params(op map[string]any) (out []map[string]any) {
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		out = append(out, p.(map[string]any))
	}
	return out
}

// fits checks types, required and unknown keys.
func fits(t *testing.T, doc map[string]any, at string, schema map[string]any, v any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = doc["components"].(map[string]any)["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
	if one, ok := schema["oneOf"].([]any); ok {
		if v == nil {
			return
		}
		fits(t, doc, at, one[0].(map[string]any), v)
		return
	}
	if schema["type"] == nil {
		return // anything
	}
	types := []any{schema["type"]}
	if l, ok := schema["type"].([]any); ok {
		types = l
	}
	is := map[string]bool{}
	for _, x := range types {
		is[x.(string)] = true
	}
	switch x := v.(type) {
	case nil:
		require.True(t, is["null"], "%s is null", at)
	case bool:
		require.True(t, is["boolean"], at)
	case float64:
		require.True(t, is["number"] || is["integer"], at)
	case string:
		require.True(t, is["string"], at)
		if enum, ok := schema["enum"].([]any); ok {
			require.Contains(t, enum, any(x), at)
		}
	case []any:
		require.True(t, is["array"], at)
		for _, y := range x {
			fits(t, doc, at+"[]", schema["items"].(map[string]any), y)
		}
	case map[string]any:
		require.True(t, is["object"], at)
		props, _ := schema["properties"].(map[string]any)
		for key, y := range x {
			if p, ok := props[key].(map[string]any); ok {
				fits(t, doc, at+"."+key, p, y)
				continue
			}
			more, ok := schema["additionalProperties"].(map[string]any)
			require.True(t, ok, "%s.%s is not in the document", at, key)
			fits(t, doc, at+"."+key, more, y)
		}
		required, _ := schema["required"].([]any)
		for _, key := range required {
			require.Contains(t, x, key.(string), at)
		}
	}
}

func TestSilences(t *testing.T) {
	h := newHouse(t, nil)
	end := time.Now().Add(time.Hour).UnixMilli()
	post := func(path, body string) (int, string) { return h.do(t, "POST", api.Prefix+path, body) }
	for body, want := range map[string]string{
		`{}`: "matchers",
		`{"matchers":[],"ends_at":1,"comment":"x"}`:                                                                "matchers",
		fmt.Sprintf(`{"matchers":[{"name":"kpi","value":"["  ,"is_regex":true}],"ends_at":%d,"comment":"x"}`, end): `matcher kpi "["`,
		fmt.Sprintf(`{"matchers":[{"name":"kpi","value":".*","is_regex":true}],"ends_at":%d,"comment":"x"}`, end):  "would silence every alert",
		`{"matchers":[{"name":"kpi","value":"x"}],"ends_at":5,"comment":"x"}`:                                      "ends_at 5: want a time after starts_at",
		`{"matchers":[{"name":"kpi","value":"x"}],"starts_at":4,"ends_at":5,"comment":"x"}`:                        "in the future",
		fmt.Sprintf(`{"matchers":[{"name":"kpi","value":"x"}],"ends_at":%d}`, end):                                 "comment",
		fmt.Sprintf(`{"matchers":[{"name":"kpi","value":"x"}],"ends_at":%d,"comment":"x","colour":1}`, end):        "colour",
		`not json`: "",
	} {
		code, got := post("/silences", body)
		require.Equal(t, 400, code, "%s: %s", body, got)
		require.Contains(t, problem(t, got), want, body)
	}
	code, body := post("/silences", fmt.Sprintf(`{"matchers":[{"name":"kpi","value":"efile-error-rate"},{"name":"env","value":"test","is_equal":false}],"ends_at":%d,"comment":"maintenance"}`, end))
	require.Equal(t, 200, code, body)
	require.JSONEq(t, `{"id":"silence-1","matches":1}`, body)
	s := h.alerts.silences[0]
	require.Equal(t, "admin", s.CreatedBy, "who is signed in, when the request does not say")
	require.Equal(t, []board.Matcher{{Name: "kpi", Value: "efile-error-rate", IsEqual: true}, {Name: "env", Value: "test"}}, s.Matchers)
	require.InDelta(t, time.Now().UnixMilli(), s.StartsAt, 5000)
	code, body = post("/silences/preview", `{"matchers":[{"name":"kpi","value":"other"}]}`)
	require.Equal(t, 200, code)
	require.JSONEq(t, `{"matches":0,"alerts":[]}`, body)
	code, _ = h.do(t, "DELETE", api.Prefix+"/silences/silence-1", "")
	require.Equal(t, 200, code)
	code, body = h.do(t, "DELETE", api.Prefix+"/silences/nope", "")
	require.Equal(t, 404, code)
	require.Equal(t, `there is no silence "nope"`, problem(t, body))
	code, body = post("/receivers/test", `{"receiver":"oncall"}`)
	require.Equal(t, 200, code)
	require.Contains(t, body, "connection refused")
	code, _ = post("/receivers/test", `{"receiver":"x"}`)
	require.Equal(t, 404, code)
}

func TestDemoAndAbsence(t *testing.T) {
	h := newHouse(t, nil)
	code, body := h.do(t, "POST", api.Prefix+"/demo/submit/break", "")
	require.Equal(t, 200, code)
	require.Contains(t, body, `"broken":true`)
	_, _ = h.do(t, "POST", api.Prefix+"/demo/submit/break", "")
	_, body = h.do(t, "GET", api.Prefix+"/changes", "")
	require.Equal(t, 1, strings.Count(body, "Deploy submit 4.2"), "once for one change")
	_, _ = h.do(t, "POST", api.Prefix+"/demo/submit/heal", "")
	_, body = h.do(t, "GET", api.Prefix+"/changes?letter=D", "")
	require.Contains(t, body, "Release 4.2 was taken back")
	code, _ = h.do(t, "POST", api.Prefix+"/demo/submit/burn", "")
	require.Equal(t, 400, code)
	code, _ = h.do(t, "POST", api.Prefix+"/demo/x/heal", "")
	require.Equal(t, 404, code)
	h = newHouse(t, func(o *api.Options) { o.Demo, o.Alerts, o.People = nil, nil, nil })
	for _, path := range []string{"/demo", "/demo/mails", "/demo/mails/1", "/alerts"} {
		code, _ = h.get(t, path)
		require.Equal(t, 404, code, path)
	}
}

func TestSignInThroughTheAPI(t *testing.T) {
	h := newHouse(t, nil)
	login := func(secret, origin string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "POST", h.srv.URL+api.Prefix+"/login", strings.NewReader(fmt.Sprintf(`{"secret":%q}`, secret)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		res, err := h.srv.Client().Do(r)
		require.NoError(t, err)
		_ = res.Body.Close()
		return res
	}
	require.Equal(t, 401, login("wrong", h.srv.URL).StatusCode)
	require.Equal(t, 403, login(h.token, "https://evil.example").StatusCode)
	res := login(h.token, h.srv.URL)
	require.Equal(t, 200, res.StatusCode)
	require.Len(t, res.Cookies(), 1)
	cookie := res.Cookies()[0]
	require.True(t, cookie.HttpOnly)
	ask := func(method, path string) (int, string, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), method, h.srv.URL+api.Prefix+path, nil)
		require.NoError(t, err)
		r.AddCookie(cookie)
		r.Header.Set("Origin", h.srv.URL)
		res, err := h.srv.Client().Do(r)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b), res.Header
	}
	code, body, _ := ask("GET", "/me")
	require.Equal(t, 200, code)
	require.Contains(t, body, `"via":"cookie"`)
	require.Contains(t, body, `"operate"`)
	code, _, head := ask("POST", "/logout")
	require.Equal(t, 200, code)
	require.Contains(t, head.Get("Set-Cookie"), "Max-Age=0")
	code, _, _ = ask("GET", "/me")
	require.Equal(t, 401, code)
}

func TestOurOwnErrorsStayInside(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Sources = func(ctx contextT) ([]board.Source, error) { return nil, errors.New("disk /secret is gone") }
	})
	code, body := h.get(t, "/sources")
	require.Equal(t, 500, code)
	require.Equal(t, "internal error", problem(t, body))
	require.Contains(t, h.log.String(), "disk /secret is gone")
}

func TestSourcesAndStatus(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Sources = func(contextT) ([]board.Source, error) {
			return []board.Source{{ID: "a", Kind: "scrape", Health: "up"}, {ID: "b", Kind: "scrape", Health: "down", LastError: "connection refused"}}, nil
		}
	})
	code, body := h.get(t, "/sources")
	require.Equal(t, 200, code)
	var s api.SourcesBody
	require.NoError(t, json.Unmarshal([]byte(body), &s))
	require.Equal(t, "b", s.Sources[0].ID, "those in trouble first")
	require.Equal(t, "1 of 2 sources on time", s.Summary.Text)
	code, body = h.get(t, "/status")
	require.Equal(t, 200, code)
	require.Contains(t, body, `"version":"1.2.3"`)
	code, body = h.do(t, "GET", "/api/signalbox/openapi.json", "")
	require.Equal(t, 200, code)
	require.Contains(t, body, `"openapi": "3.1.0"`)
}

// TestPacking compresses a large answer for a client that is far away, and only then.
func TestPacking(t *testing.T) {
	h := newHouse(t, nil)
	some := status(kpi.Green, point(time.Now().UnixMilli(), 1, 1000))
	h.engine.set(some, some, some)
	ask := func(remote, accept, path string) *httptest.ResponseRecorder {
		for _, route := range h.Routes() {
			if route.Method == "GET" && route.Pattern == api.Prefix+path {
				r := httptest.NewRequest("GET", api.Prefix+path, nil)
				r.RemoteAddr = remote
				r.Header.Set("Accept-Encoding", accept)
				w := httptest.NewRecorder()
				route.Handler.ServeHTTP(w, r)
				return w
			}
		}
		t.Fatal(path)
		return nil
	}
	w := ask("203.0.113.1:1", "gzip, br", "/board")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	gz, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(gz)
	require.NoError(t, err)
	require.True(t, json.Valid(plain))
	require.Empty(t, ask("127.0.0.1:1", "gzip", "/board").Header().Get("Content-Encoding"))
	require.Empty(t, ask("203.0.113.1:1", "", "/board").Header().Get("Content-Encoding"))
	require.Empty(t, ask("203.0.113.1:1", "gzip", "/demo").Header().Get("Content-Encoding"), "not worth it")
}

func TestBoardsAreHarmless(t *testing.T) {
	h := newHouse(t, nil)
	code, body := h.get(t, "/boards/efile-error-rate")
	require.Equal(t, 200, code, body)
	require.Contains(t, body, "Hello")
	require.NotContains(t, body, "<script")
	require.NotContains(t, body, `u003cscript`)
	code, _ = h.get(t, "/boards/nope")
	require.Equal(t, 404, code)
}

func TestChangesAreReported(t *testing.T) {
	h := newHouse(t, nil)
	for body, want := range map[string]string{
		`{}`:                                  "title",
		`{"title":"x","kind":"rocket"}`:       "kind",
		`{"title":"x","link":"javascript:1"}`: "https://",
		`{"title":"x","labels":["a"]}`:        "labels",
		`{"title":"x","at":253402300799999}`:  "day ahead",
		`{"title":"x","colour":"red"}`:        "colour",
	} {
		code, got := h.do(t, "POST", api.Prefix+"/changes", body)
		require.Equal(t, 400, code, "%s: %s", body, got)
		require.Contains(t, problem(t, got), want, body)
	}
	for range 2 { // a retry is the same change
		code, got := h.do(t, "POST", api.Prefix+"/changes", `{"id":"build-7","title":"Deploy 4.2","labels":{"service":"intake"}}`)
		require.Equal(t, 200, code, got)
	}
	code, got := h.get(t, "/changes")
	require.Equal(t, 200, code)
	require.Equal(t, 1, strings.Count(got, "Deploy 4.2"), got)
	require.Contains(t, got, `"letter":"D"`)
}

// A mistake beside a password must not say the password back.
func TestSecretsAreNotSaidBack(t *testing.T) {
	h := newHouse(t, nil)
	for path, body := range map[string]string{
		"/login":    `{"login":"a","password":"hunter2 hunter2","colour":1}`,
		"/password": `{"old":"hunter2","new":"hunter2 hunter2","colour":1}`,
		"/confirm":  `{"password":["hunter2"]}`,
		"/users":    `{"login":"ab","password":"hunter2","grants":"x"}`,
	} {
		code, got := h.do(t, "POST", api.Prefix+path, body)
		require.Equal(t, 400, code, path)
		require.NotContains(t, got, "hunter2", path)
	}
}
