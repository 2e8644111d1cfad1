package app

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestAScopedPersonSeesNoRowOfAnotherAgency is the table of attempts on logs, spans, events, and on all that is made of them.
func TestAScopedPersonSeesNoRowOfAnotherAgency(t *testing.T) {
	h, srv := opened(t, "", nil)
	trace := rowstore.TraceIDOf(7, 7)
	fillRows(t, h, trace)
	irs := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Analyst, Scope: `agency="IRS"`})
	all := member(t, h, srv, "root@irs.example", access.GrantText{Role: access.Admin})
	const api = "/api/signalbox/v1"
	now := time.Now()
	asked := func(path string, query ...string) string {
		v := url.Values{}
		for i := 0; i+1 < len(query); i += 2 {
			v.Add(query[i], query[i+1])
		}
		return api + path + "?" + v.Encode()
	}
	errorsOf := func(do func(method, path, body string) (int, string)) string {
		_, body := do("GET", asked("/errors"), "")
		return body
	}
	all("GET", asked("/errors"), "")
	id := between(errorsOf(all), `"id":"`, `"`)
	var paths []string
	for _, table := range []string{"/logs", "/spans", "/events"} {
		for _, q := range []string{"", "agency:ZSA", "agency:ZSA OR agency:IRS", "-agency:IRS", `agency:~".*"`, "(a:b OR -a:b)", "trace_id:" + trace.String()} {
			paths = append(paths, asked(table, "q", q), asked(table+"/count", "q", q), asked(table+"/histogram", "q", q, "by", "agency"),
				asked(table+"/histogram", "q", q, "by", "service"), asked(table+"/facets", "q", q, "field", "agency", "field", "service", "field", "name", "field", "zsa.key"))
		}
		paths = append(paths, asked(table+"/fields"), asked(table, "after", fmt.Sprintf("%d.0", now.UnixMicro())))
	}
	paths = append(paths,
		asked("/logs/context", "at", fmt.Sprint(now.UnixMilli()), "q", "service:zsa-portal"), asked("/logs/context", "at", fmt.Sprint(now.UnixMilli())),
		asked("/traces"), asked("/traces", "q", "service:zsa-portal"), asked("/traces/count", "q", "agency:ZSA"), asked("/traces/"+trace.String()),
		asked("/services"), asked("/services", "exact", "true"), asked("/services", "agency", "ZSA"), asked("/services", "q", "agency:ZSA"),
		asked("/errors"), asked("/errors", "agency", "ZSA"), asked("/errors", "q", "service:zsa-portal"), asked("/errors/"+id),
		asked("/correlate", "trace_id", trace.String()), asked("/correlate", "session", "shared"), asked("/correlate", "business_id", "case-1"),
		asked("/usage/actives"), asked("/usage/actives", "agency", "ZSA"), asked("/usage/sessions"), asked("/usage/sessions", "q", "agency:ZSA"),
		asked("/usage/retention"), asked("/usage/retention", "start", "agency:ZSA"), asked("/usage/adoption"), asked("/usage/adoption", "agency", "ZSA"),
		asked("/usage/adoption", "q", "agency:ZSA"), asked("/usage/adoption", "kind", "route"), asked("/usage/funnel", "step", "name:filing", "step", "name:zsa_event", "by", "agency"),
		asked("/usage/success", "start", "name:filing", "end", "name:zsa_event"),
		asked("/usage/people"), asked("/usage/people", "table", "spans", "q", "agency:ZSA"), asked("/usage/people", "table", "events", "q", `agency:~".*"`),
		asked("/privacy/requests"),
	)
	for _, path := range paths {
		code, body := irs("GET", path, "")
		require.Less(t, code, 500, "%s: %s", path, body)
		plain, err := url.QueryUnescape(path)
		require.NoError(t, err)
		for _, word := range []string{"ZSA", "zsa-portal", "zsa_event", "zsa.key"} {
			if strings.Contains(plain, word) { // what somebody asked for by name may be said back to them
				for _, said := range []string{`"field":"` + word + `"`, `"name":"name:` + word + `"`, `: ` + word, `"` + word + `"`} {
					if code >= 400 || strings.HasPrefix(said, `"field"`) || strings.HasPrefix(said, `"name":"name:`) {
						body = strings.ReplaceAll(body, said, "")
					}
				}
			}
		}
		require.NotContains(t, strings.ToLower(body), "zsa", "%s: %d", path, code)
		require.NotContains(t, body, "4321", "%s: %d: the other agency's number", path, code)
	}
	for q, want := range map[string]string{"agency:ZSA": `"people":0`, "agency:ZSA OR agency:IRS": `"people":1`} { // of two agencies' people
		_, body := irs("GET", asked("/usage/people", "table", "events", "q", q), "")
		require.Contains(t, body, want, q)
	}
	// What is theirs they see, and the administrator sees both.
	for path, want := range map[string]string{asked("/logs"): "irs line", asked("/traces/" + trace.String()): "irs-portal", asked("/usage/adoption"): "filing", asked("/errors"): "irs-portal"} {
		code, body := irs("GET", path, "")
		require.Equal(t, 200, code, body)
		require.Contains(t, body, want, path)
	}
	for _, path := range []string{asked("/logs"), asked("/traces/" + trace.String()), asked("/services", "exact", "true"), asked("/errors"), asked("/usage/adoption")} {
		code, body := all("GET", path, "")
		require.Equal(t, 200, code, body)
		require.Contains(t, body, "zsa", path)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// fillRows stores rows of two agencies in all tables; one trace, one session and one case belong to both.
func fillRows(t *testing.T, h *house, trace rowstore.TraceID) {
	t.Helper()
	grant, err := h.gate.Admit(t.Context(), gate.Credential{Source: "test", Signal: gate.Logs}, 0)
	require.NoError(t, err)
	var batches []*rowstore.Batch
	for _, table := range rowstore.Tables() {
		b := &rowstore.Batch{}
		b.Reset(table)
		for i, a := range []struct{ agency, service, name, line string }{{"IRS", "irs-portal", "filing", "irs line"}, {"ZSA", "zsa-portal", "zsa_event", "zsa secret"}} {
			for k := range 3 {
				r := b.Add()
				r.Time = time.Now().UnixMicro() - int64(10+k)*1e6
				r.Agency, r.Service, r.Name, r.Body, r.Env = a.agency, a.service, a.name, a.line, "prod"
				r.Route, r.User, r.Session, r.Business, r.Release = "/"+a.name, a.service+"-user", "shared", "case-1", a.service+"-4"
				r.Severity, r.Status, r.ErrorType = 17, rowstore.StatusError, a.service+".Failure"
				if table == rowstore.Spans {
					r.Severity, r.Kind, r.Duration = 0, 2, int64(1+i*4320)*1e6
					r.Span, r.Parent = rowstore.SpanID(1+i+10*k), rowstore.SpanID(i*(1+10*k))
				}
				r.Trace = trace
				b.Attr(strings.ToLower(a.agency)+".key", a.line)
			}
		}
		batches = append(batches, b)
	}
	res, err := grant.WriteRows(t.Context(), batches...)
	require.NoError(t, err)
	require.Equal(t, 18, res.Accepted, res.Why)
}
