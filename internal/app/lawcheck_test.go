package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
)

// What a document alone cannot say is said when it is checked against the house: what its selectors match, and whether the
// runbook answers. Both are warnings.
func TestACheckLooksAtTheHouse(t *testing.T) {
	books := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/there" {
			http.NotFound(w, r)
		}
	}))
	defer books.Close()
	h, srv := opened(t, "policies: [p.yaml]\negress: {allow: [127.0.0.1]}\n", map[string]string{"p.yaml": twoAgencies})
	fill(t, h)
	ask := member(t, h, srv, "root@irs.example", access.GrantText{Role: access.Admin})
	check := func(selector, runbook string) string {
		code, body := ask("POST", "/api/signalbox/v1/policies/check", strings.NewReplacer("SELECTOR", selector, "RUNBOOK", runbook).Replace(
			`{"documents":[{"text":"kind: KPI\nname: try\nowner: a\nindicator: {rate: 'SELECTOR'}\nthresholds: {red: '> 5'}\npage: {runbook: 'RUNBOOK'}\n"}]}`))
		require.Equal(t, 200, code, body)
		return body
	}
	body := check("filings_totl", books.URL+"/there")
	require.Contains(t, body, "nothing has matched filings_totl in the last day; there is filings_total")
	require.NotContains(t, body, "page.runbook")
	body = check(`filings_total{agency=\"XYZ\"}`, books.URL+"/gone")
	require.Contains(t, body, "filings_total is there, with other labels")
	require.Contains(t, body, "answers 404 not found")
	body = check("filings_total", "http://127.0.0.1:1/closed")
	require.NotContains(t, body, "nothing has matched")
	require.Contains(t, body, "cannot be reached")
	require.NotContains(t, check("filings_total", "http://10.1.2.3/private"), "cannot be reached", "what may not be dialled is not judged")
	// Somebody with a part in sight learns nothing of the rest: not even that it is there.
	irs := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Analyst, Scope: `agency="IRS"`})
	for _, selector := range []string{`filings_total{agency=\"SSA\"}`, `filings_total{agency=\"NONE\"}`} {
		_, body := irs("POST", "/api/signalbox/v1/policies/check", `{"documents":[{"text":"kind: KPI\nname: try\nowner: a\nindicator: {rate: '`+selector+`'}\nthresholds: {red: '> 5'}\n"}]}`)
		require.Contains(t, body, "nothing has matched", selector)
	}
}
