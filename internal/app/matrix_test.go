package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/gate"
)

// opened is a whole house on a temporary directory, with the doors open and nothing running.
func opened(t *testing.T, config string, files map[string]string) (*house, *httptest.Server) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	path := filepath.Join(dir, "signalbox.yaml")
	require.NoError(t, os.WriteFile(path, []byte("host: {enabled: false}\n"+config), 0o644))
	cfg, findings := Load(path, nil, Flags{Data: filepath.Join(dir, "data")})
	require.NotNil(t, cfg, "%v", findings)
	h, err := open(t.Context(), cfg, ServeOptions{ConfigPath: path, Version: "test"}, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.close()) })
	srv := httptest.NewServer(h.handler)
	t.Cleanup(srv.Close)
	return h, srv
}

const somebodysPassword = "a password of quite some length"

// member makes a person with one role and returns a client with their session.
func member(t *testing.T, h *house, srv *httptest.Server, login string, grants ...access.GrantText) func(method, path, body string) (int, string) {
	t.Helper()
	ctx := access.With(context.Background(), access.Administrator(access.ViaBearer))
	_, err := h.access.CreateUser(ctx, access.UserInput{Login: login, Grants: grants, Password: somebodysPassword, KeepPassword: true})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, srv.URL+"/login", nil)
	cookie, _, err := h.access.Login(r, access.LoginInput{Login: login, Password: somebodysPassword})
	require.NoError(t, err)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(method, path, body string) (int, string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel() // a stream ends here
		req, err := http.NewRequestWithContext(ctx, method, srv.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		req.AddCookie(cookie)
		req.Header.Set("Origin", srv.URL)
		if strings.HasPrefix(body, "{") {
			req.Header.Set("Content-Type", "application/json")
		} else if body != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := client.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		if strings.HasSuffix(path, "/stream") {
			buf := make([]byte, 8192)
			n, _ := resp.Body.Read(buf)
			return resp.StatusCode, string(buf[:n])
		}
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(raw)
	}
}

var pathValue = regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`)

// TestEveryRouteWithEveryRole walks the one table of routes with every role, whole and bounded: what the matrix refuses is
// refused, what it allows is never refused for want of the right.
func TestEveryRouteWithEveryRole(t *testing.T) {
	h, srv := opened(t, "", nil)
	type asker struct {
		name  string
		grant access.Grant
		do    func(method, path, body string) (int, string)
	}
	// Somebody has to stay administrator whatever the walk does.
	member(t, h, srv, "root@irs.example", access.GrantText{Role: access.Admin})
	var askers []asker
	scope, err := access.ParseScope(`agency="IRS"`)
	require.NoError(t, err)
	for _, role := range access.Roles() {
		askers = append(askers,
			asker{string(role), access.Grant{Role: role}, member(t, h, srv, string(role)+"@irs.example", access.GrantText{Role: role})},
			asker{string(role) + " of the IRS", access.Grant{Role: role, Scope: scope}, member(t, h, srv, string(role)+".irs@irs.example", access.GrantText{Role: role, Scope: `agency="IRS"`})})
	}
	require.Greater(t, len(h.routes), 80)
	seen := map[access.Action]bool{}
	for _, r := range h.routes {
		seen[r.Action] = true
		if r.Pattern == "/logout" || r.Pattern == "/api/signalbox/v1/logout" || r.Pattern == "/-/reload" {
			continue // would end the sessions, or the walk
		}
		method := r.Method
		if method == "" {
			method = http.MethodGet
		}
		path := pathValue.ReplaceAllString(r.Pattern, "1")
		for _, a := range askers {
			p := access.Principal{ID: "x", Kind: access.KindPerson, Grants: []access.Grant{a.grant}}
			_, whole := p.Scopes(r.Action)
			want := r.Action == access.Open || r.Action == access.SignIn || r.Action == access.SignedIn || p.May(r.Action) && (whole || !r.Whole)
			body := ""
			if method != http.MethodGet && method != http.MethodDelete {
				body = "{}"
			}
			code, answer := a.do(method, path, body)
			// A handler may refuse for its own reasons, in its own words; the middleware's refusal names the right.
			refused := code == http.StatusForbidden && (strings.Contains(answer, " may not "+strings.ReplaceAll(string(r.Action), "_", " ")) || strings.Contains(answer, "what is asked for cannot be bounded"))
			if want {
				require.False(t, refused || code == http.StatusUnauthorized && r.Action != access.SignIn, "%s %s as %s: %d %s", method, path, a.name, code, answer)
			} else {
				require.True(t, refused, "%s %s as %s: want 403, got %d %s", method, path, a.name, code, answer)
			}
		}
	}
	for _, act := range access.Actions() {
		if act == access.Emergency {
			continue // a part of proposing, asked for by govern
		}
		require.True(t, seen[act], "no route asks for %s", act)
	}
}

// TestEveryChangeIsOnRecord: each route that changes something has a room that records it, or a witness.
func TestEveryChangeIsOnRecord(t *testing.T) {
	h, _ := opened(t, "", nil)
	// These rooms write their records in the transaction of the change, and their own tests prove it.
	own := []access.Action{access.Propose, access.Approve, access.Review, access.GiveFeedback, access.ManagePeople, access.OwnAccount, access.SignIn, access.ManagePrivacy, access.ExportRows}
	// These carry data, ask a question, or are the record itself.
	data := []string{"/api/signalbox/v1/audit/rotate", "/api/v1/", "/v1/", "/api/v2/alerts", "/api/signalbox/v1/silences/preview", "/api/signalbox/v1/policies/check", "/api/signalbox/v1/policies/backtest", "/api/signalbox/v1/import"}
	for _, r := range h.routes {
		if r.Method == http.MethodGet || r.Method == "" || slices.Contains(own, r.Action) {
			continue
		}
		_, ok := witnessed[r.Method+" "+r.Pattern]
		if !ok {
			ok = slices.ContainsFunc(data, func(p string) bool { return strings.HasPrefix(r.Pattern, p) })
		}
		require.True(t, ok, "%s %s changes something and nobody records it", r.Method, r.Pattern)
	}
	for key := range witnessed {
		method, pattern, _ := strings.Cut(key, " ")
		require.True(t, slices.ContainsFunc(h.routes, func(r access.Route) bool { return r.Method == method && r.Pattern == pattern }), "%s is witnessed and not mounted", key)
	}
}

const twoAgencies = `kind: KPI
name: filings
title: Filings refused
owner: a@irs.example
unit: percent
indicator: {ratio: {bad: 'refused_total', total: 'filings_total'}}
by: [agency]
period: 1s
delay: 0s
thresholds: {red: "> 50%", for: 1}
---
kind: KPI
name: ssa-only
title: Secret of the SSA
owner: b@ssa.example
labels: {agency: SSA}
indicator: {rate: 'filings_total{agency="SSA"}'}
period: 1s
delay: 0s
thresholds: {red: "> 1000000", for: 1}
`

// TestAScopedPersonSeesNothingOfAnotherAgency is the table of attempts against the whole house: each tries another way to
// the other agency's name or numbers.
func TestAScopedPersonSeesNothingOfAnotherAgency(t *testing.T) {
	h, srv := opened(t, "policies: [p.yaml]\n", map[string]string{"p.yaml": twoAgencies})
	fill(t, h)
	irs := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Analyst, Scope: `agency="IRS"`})
	all := member(t, h, srv, "root@irs.example", access.GrantText{Role: access.Admin})
	q := func(path, query string) string {
		return path + "?" + strings.NewReplacer(" ", "%20", "{", "%7B", "}", "%7D", `"`, "%22", "+", "%2B", "[", "%5B", "]", "%5D", "|", "%7C", "$", "%24", ",", "%2C").Replace(query)
	}
	attempts := []struct{ method, path, body string }{
		{"GET", q("/api/v1/query", `query=filings_total`), ""},
		{"GET", q("/api/v1/query", `query=filings_total{agency="SSA"}`), ""},
		{"GET", q("/api/v1/query", `query=filings_total{agency=~".*"}`), ""},
		{"GET", q("/api/v1/query", `query=filings_total{agency!="IRS"}`), ""},
		{"GET", q("/api/v1/query", `query=filings_total{agency="IRS"} or filings_total`), ""},
		{"GET", q("/api/v1/query", `query=max_over_time(filings_total[10m:1s])`), ""},
		{"GET", q("/api/v1/query", `query=label_replace(filings_total,"x","$1","agency","(.*)")`), ""},
		{"GET", q("/api/v1/query", `query=signalbox_kpi_value`), ""},
		{"GET", q("/api/v1/query", `query=signalbox_kpi_light{kpi="ssa-only"}`), ""},
		{"GET", q("/api/v1/query", `query={__name__=~".+"}`), ""},
		{"POST", "/api/v1/query", "query=filings_total"},
		{"GET", q("/api/v1/query_range", `query=filings_total&start=0&end=4000000000&step=400000`), ""},
		{"GET", q("/api/v1/query_exemplars", `query=filings_total&start=0&end=4000000000`), ""},
		{"GET", q("/api/v1/series", `match[]={__name__=~".+"}`), ""},
		{"GET", q("/api/v1/series", `match[]=filings_total{agency="SSA"}`), ""},
		{"GET", "/api/v1/label/agency/values", ""},
		{"GET", q("/api/v1/label/agency/values", `match[]=filings_total`), ""},
		{"GET", "/api/v1/label/kpi/values", ""},
		{"GET", "/api/v1/labels", ""},
		{"GET", "/api/v1/metadata", ""},
		{"GET", "/api/v1/targets", ""},
		{"GET", "/api/v1/rules", ""},
		{"GET", "/api/v1/alerts", ""},
		{"GET", "/api/v1/status/tsdb", ""},
		{"GET", "/api/v1/status/config", ""},
		{"GET", "/metrics", ""},
		{"GET", "/api/v2/alerts", ""},
		{"GET", "/api/v2/alerts/groups", ""},
		{"GET", "/api/v2/silences", ""},
		{"GET", "/api/signalbox/v1/board", ""},
		{"GET", "/api/signalbox/v1/kpis", ""},
		{"GET", "/api/signalbox/v1/kpis/ssa-only", ""},
		{"GET", "/api/signalbox/v1/kpis/ssa-only/value", ""},
		{"GET", "/api/signalbox/v1/kpis/ssa-only/series", ""},
		{"GET", "/api/signalbox/v1/kpis/filings", ""},
		{"GET", "/api/signalbox/v1/kpis/filings/series", ""},
		{"GET", q("/api/signalbox/v1/kpis/filings/series", `group={"agency":"SSA"}`), ""},
		{"GET", q("/api/signalbox/v1/kpis/filings/value", `group={"agency":"SSA"}`), ""},
		{"GET", "/api/signalbox/v1/kpis/filings/groups", ""},
		{"GET", "/api/signalbox/v1/kpis/filings/decisions", ""},
		{"GET", "/api/signalbox/v1/decisions", ""},
		{"GET", "/api/signalbox/v1/kpis/ssa-only/why", ""},
		{"GET", "/api/signalbox/v1/kpis/filings/why", ""},
		{"GET", q("/api/signalbox/v1/kpis/filings/why", `group={"agency":"SSA"}`), ""},
		{"GET", "/api/signalbox/v1/alerts", ""},
		{"GET", "/api/signalbox/v1/sources", ""},
		{"GET", "/api/signalbox/v1/status", ""},
		{"GET", "/api/signalbox/v1/stream", ""},
		{"GET", "/api/signalbox/v1/changes", ""},
		{"GET", "/api/signalbox/v1/policies", ""},
		{"GET", "/api/signalbox/v1/policies/KPI/ssa-only", ""},
		{"GET", "/api/signalbox/v1/policies/KPI/ssa-only/revisions", ""},
		{"GET", "/api/signalbox/v1/policies/export", ""},
		{"GET", "/api/signalbox/v1/proposals", ""},
		{"GET", "/api/signalbox/v1/reviews", ""},
		{"GET", "/api/signalbox/v1/feedback", ""},
		{"GET", "/api/signalbox/v1/audit", ""},
		{"GET", "/api/signalbox/v1/audit/export", ""},
		{"GET", "/api/signalbox/v1/users", ""},
		{"POST", "/api/signalbox/v1/policies/check", `{"preview":true,"documents":[{"text":"kind: KPI\nname: try\nowner: a\nindicator: {rate: 'filings_total{agency=\"S\\x53A\"}'}\nperiod: 1s\n"}]}`},
		{"POST", "/api/signalbox/v1/policies/backtest", `{"days":1,"documents":[{"text":"kind: KPI\nname: try\nowner: a\nindicator: {rate: 'filings_total'}\nperiod: 1s\n"}]}`},
		{"POST", "/api/signalbox/v1/proposals", `{"reason":"try","documents":[{"text":"kind: KPI\nname: try\nowner: a\nlabels: {agency: IRS}\nindicator: {rate: 'filings_total'}\nperiod: 1s\n"}]}`},
	}
	for _, a := range attempts {
		code, body := irs(a.method, a.path, a.body)
		// What somebody asked for by name may be said back to them, as for a name that there is not.
		for _, asked := range []string{"ssa-only", `{agency=\"SSA\"}`, `{"agency":"SSA"}`, `{\"agency\":\"SSA\"}`, `"group_text":"SSA"`, `(SSA)`} {
			if strings.Contains(a.path, "ssa-only") || strings.Contains(a.path, "SSA") {
				body = strings.ReplaceAll(body, asked, "")
			}
		}
		require.NotContains(t, body, "SSA", "%s %s: %d", a.method, a.path, code)
		require.NotContains(t, body, "ssa", "%s %s: %d", a.method, a.path, code)
		require.NotContains(t, body, "4321", "%s %s: %d: the other agency's number", a.method, a.path, code)
	}
	// The same person does see their own, and the administrator sees both.
	code, body := irs("GET", q("/api/v1/query", `query=filings_total`), "")
	require.Equal(t, 200, code)
	require.Contains(t, body, "IRS")
	code, body = irs("GET", "/api/signalbox/v1/kpis/filings", "")
	require.Equal(t, 200, code, body)
	require.Contains(t, body, "IRS")
	code, body = irs("GET", "/api/signalbox/v1/policies/KPI/filings", "")
	require.Equal(t, 200, code, "what judges their own group they may read: %s", body)
	code, body = all("GET", "/api/signalbox/v1/kpis/ssa-only", "")
	require.Equal(t, 200, code, body)
	code, body = all("GET", q("/api/v1/query", `query=filings_total`), "")
	require.Equal(t, 200, code)
	require.Contains(t, body, "SSA")
	// Neither may they change what is another's.
	code, body = irs("POST", "/api/signalbox/v1/silences", `{"matchers":[{"name":"kpi","value":"filings"}],"ends_at":4000000000000,"comment":"x"}`)
	require.Equal(t, 403, code, body)
	code, body = irs("POST", "/api/signalbox/v1/proposals", `{"reason":"x","documents":[{"remove":"KPI/ssa-only"}]}`)
	require.GreaterOrEqual(t, code, 400, body)
}

// fill stores two agencies' counters over the last minute and closes what is due.
func fill(t *testing.T, h *house) {
	t.Helper()
	grant, err := h.gate.Admit(t.Context(), gate.Credential{Source: "test"}, 0)
	require.NoError(t, err)
	app := grant.Appendable().Appender(t.Context())
	now := time.Now().UnixMilli()
	for i := range int64(60) {
		at := now - (60-i)*1000
		for _, a := range []struct {
			agency string
			total  float64
		}{{"IRS", 10}, {"SSA", 4321}} {
			for _, name := range []string{"filings_total", "refused_total"} {
				_, err := app.Append(0, labels.FromStrings("__name__", name, "agency", a.agency, "job", "efile", "instance", a.agency), at, a.total*float64(i))
				require.NoError(t, err)
			}
		}
	}
	require.NoError(t, app.Commit())
	require.Eventually(t, func() bool {
		h.engine.CloseDue(t.Context())
		st, _ := h.engine.Status("filings")
		return len(st.Groups) == 2
	}, time.Minute, 20*time.Millisecond, "both agencies are judged")
}
