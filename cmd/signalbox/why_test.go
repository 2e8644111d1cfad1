package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const whyAnswer = `{"kpi":"efile-error-rate","title":"E-file error rate","group":{"service":"intake"},"at":1795269900000,"paged":false,"answer":"silenced",
"sentence":"The receiver oncall was not told because the alert was silenced.","light":"red","word":"Breached","reasons":[
{"kind":"light","effect":"leads","sentence":"The light was red (Breached): 3 of the 3 datapoints that the rule needs were above 3 %.","at":1,"link":{"kind":"decision","id":"mwq0gdxs-2zkrt4y3g7yix","text":"x"}},
{"kind":"silenced","effect":"stops","sentence":"The alert was withheld by silence 6c054fe9.","at":1,"link":{"kind":"silence","id":"6c054fe9","text":"x"}}],
"others":[{"text":"refund","word":"At risk"}]}`

// asked runs the command against a server that answers every question alike, and returns what it was asked.
func whyAsked(t *testing.T, args ...string) (got *http.Request, out, errs string, code int) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		if r.URL.Path[:len("/api/signalbox/v1/why")] == "/api/signalbox/v1/why" {
			_, _ = w.Write([]byte(`{"id":"x","kind":"message","sentence":"The message was accepted.","answers":[` + whyAnswer + `]}`))
			return
		}
		_, _ = w.Write([]byte(whyAnswer))
	}))
	t.Cleanup(s.Close)
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"why", "--server", s.URL, "--token", "x"}, args...), nil, &o, &e, nil)
	return got, o.String(), e.String(), code
}

func TestWhyAsks(t *testing.T) {
	r, out, _, code := whyAsked(t, "efile-error-rate", "--at", "2026-11-21T14:05:00Z", "--receiver", "oncall", "--group", "service=intake")
	require.Zero(t, code)
	require.Equal(t, "/api/signalbox/v1/kpis/efile-error-rate/why", r.URL.Path)
	require.Equal(t, url.Values{"at": {"1795269900000"}, "receiver": {"oncall"}, "group": {`{"service":"intake"}`}}, r.URL.Query())
	require.Equal(t, `The receiver oncall was not told because the alert was silenced.
efile-error-rate {service="intake"} at 2026-11-21 14:05:00 UTC: ✗ Breached
  → The light was red (Breached): 3 of the 3 datapoints that the rule needs were above 3 %. [decision mwq0gdxs-2zkrt4y3g7yix]
  ■ The alert was withheld by silence 6c054fe9.
  · refund was At risk too.
`, out)
	r, out, _, _ = whyAsked(t, "efile-error-rate", "--not")
	require.Empty(t, r.URL.RawQuery, "now")
	require.NotContains(t, out, "The light was red")
	require.Contains(t, out, "■ The alert was withheld")
	r, _, _, _ = whyAsked(t, "efile-error-rate", "--from", "2026-11-21 13:00", "--to", "2026-11-21T14:05:00Z")
	require.Equal(t, url.Values{"from": {"1795266000000"}, "to": {"1795269900000"}}, r.URL.Query())
	_, out, _, _ = whyAsked(t, "efile-error-rate", "--not", "-o", "json")
	require.Contains(t, out, `"answer": "silenced"`)
}

func TestWhyOfARecord(t *testing.T) {
	r, out, _, code := whyAsked(t, "<abc@signalbox.irs.example>")
	require.Zero(t, code)
	require.Equal(t, "/api/signalbox/v1/why/<abc@signalbox.irs.example>", r.URL.Path)
	require.Contains(t, out, "The message was accepted.\n\nThe receiver oncall was not told")
	r, _, _, _ = whyAsked(t, "6c054fe9-0f5c-4c7b-9a0e-3c0d8f1f2a11")
	require.Equal(t, "/api/signalbox/v1/why/6c054fe9-0f5c-4c7b-9a0e-3c0d8f1f2a11", r.URL.Path)
}

func TestWhyWrongFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"want a time such as":                     {"x", "--at", "tea time"},
		"not both":                                {"x", "--at", "14:05", "--from", "2h ago"},
		"want --from too":                         {"x", "--to", "14:05"},
		"want name=value":                         {"x", "--group", "intake"},
		"want a KPI's name beside --at":           {"<a@b>", "--at", "14:05"},
		"want a time such as 2026-11-21T14:05:00": {"x", "--from", "2 fortnights ago"},
	} {
		_, _, errs, code := whyAsked(t, args...)
		require.Equal(t, exitUsage, code, args)
		require.Contains(t, errs, want)
	}
}

func TestInstantOf(t *testing.T) {
	now := time.Date(2026, 11, 21, 14, 31, 46, 0, time.UTC)
	for text, want := range map[string]string{
		"14:05": "2026-11-21T14:05:00Z", "23:50": "2026-11-20T23:50:00Z", "14:05:07": "2026-11-21T14:05:07Z", "14:05 UTC": "2026-11-21T14:05:00Z",
		"2h ago": "2026-11-21T12:31:46Z", "1h 30m ago": "2026-11-21T13:01:46Z", "2026-11-21T09:05:00-05:00": "2026-11-21T14:05:00Z",
		"2026-11-20 10:00:00 UTC": "2026-11-20T10:00:00Z", "now": "2026-11-21T14:31:46Z",
	} {
		at, err := instantOf("at", text, now)
		require.NoError(t, err, text)
		require.Equal(t, want, at.UTC().Format(time.RFC3339), text)
	}
}
