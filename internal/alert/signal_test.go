package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

const nobodyListens = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

// TestSignal holds a KPI's alert to the agreed labels and annotations.
func TestSignal(t *testing.T) {
	h := run(t, t.TempDir(), nobodyListens)
	since := time.Now().Add(-12 * time.Minute).Truncate(time.Second)
	k := errorRate()
	s := red(k, "mef", 0.084, since)
	s.NoDataFrom = since.Add(5 * time.Minute).UnixMilli()
	h.signal(s)
	got := h.Active(t.Context())
	require.Len(t, got, 1)
	require.Equal(t, model.LabelSet{"alertname": "efile-error-rate", "kpi": "efile-error-rate", "severity": "page", "service": "mef", "team": "efile"}, got[0].Labels)
	at := func(ts time.Time) model.LabelValue {
		return model.LabelValue(ts.UTC().Format("2 Jan 2006, 15:04:05 UTC"))
	}
	link := "https://kpi.irs.example/kpi/efile-error-rate?group=%7Bservice%3D%22mef%22%7D"
	require.Equal(t, model.LabelSet{
		"title": "1040 e-file error rate", "value": "8.40\u2009%", "threshold": "> 3%", "limit": "≤ 3\u2009%", "summary": "1040 e-file error rate is 8.40\u2009%",
		"why": "3 datapoints in a row above 3 %", "runbook_url": "https://runbooks.irs.example/efile-errors", "link": model.LabelValue(link),
		"nodata": "no data since " + at(since.Add(5*time.Minute)), "since": at(since), "owner": "oncall@irs.example", "decision": "lx2-mef", "revision": "3",
		"cause": "threshold", "state": "Breached", "by": "service",
	}, got[0].Annotations)
	require.Equal(t, link, got[0].GeneratorURL)
	require.True(t, got[0].StartsAt.Equal(since))
	require.True(t, got[0].EndsAt.IsZero(), "it goes on until it is said to end")

	s.Revision = 4
	h.signal(s)
	again := h.Active(t.Context())
	require.Len(t, again, 1, "a new revision is the same alert")
	require.Equal(t, got[0].Fingerprint(), again[0].Fingerprint())
	require.Equal(t, model.LabelValue("4"), again[0].Annotations["revision"])

	before := time.Now()
	h.signal(over(s, 0.004))
	require.Empty(t, h.Active(t.Context()))
	x, err := h.Provider().Get(got[0].Fingerprint())
	require.NoError(t, err)
	require.True(t, x.Resolved())
	require.False(t, x.EndsAt.Before(before.Truncate(time.Millisecond)))
	require.Equal(t, model.LabelValue("recovered"), x.Annotations["resolved"])
	require.Equal(t, model.LabelValue("On target"), x.Annotations["state"])
	require.Equal(t, model.LabelValue("The value is within its limit again (≤ 3\u2009%)"), x.Annotations["why"])
	require.True(t, strings.HasPrefix(string(x.Annotations["lasted"]), "12"), x.Annotations["lasted"])
}

// TestStates are the words for what a signal says.
func TestStates(t *testing.T) {
	since := time.Now().Add(-time.Minute)
	for _, c := range []struct {
		name, cause, resolved string
		value                 float64
		state, why            model.LabelValue
	}{
		{"red", "threshold", "", 0.05, "Breached", "3 datapoints in a row above 3 %"},
		{"burn", "burn", "", 0.05, "Breached", "3 datapoints in a row above 3 %"},
		{"no data", "no_data", "", 0.05, "No data", "3 datapoints in a row above 3 %"},
		{"green", "threshold", "recovered", 0.001, "On target", "The value is within its limit again (≤ 3\u2009%)"},
		{"yellow", "threshold", "recovered", 0.02, "At risk", "The value is within its limit again (≤ 3\u2009%)"},
		{"burn over", "burn", "recovered", 0.001, "On target", "The error budget no longer burns too fast"},
		{"data again", "no_data", "recovered", 0.001, "On target", "Data has arrived again"},
		{"retired", "threshold", "retired", 0.05, "Ended", "The KPI or the group is no longer there, and no longer judged"},
		{"revision", "threshold", "revision", 0.05, "Ended", "The KPI has a new revision, under which nothing is breached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := run(t, t.TempDir(), nobodyListens)
			s := red(errorRate(), "mef", c.value, since)
			s.Cause = c.cause
			h.signal(s)
			fp := h.Active(t.Context())[0].Fingerprint()
			if c.resolved != "" {
				s.Firing, s.Resolved = false, c.resolved
				h.signal(s)
			}
			x, err := h.Provider().Get(fp)
			require.NoError(t, err)
			require.Equal(t, c.state, x.Annotations["state"])
			require.Equal(t, c.why, x.Annotations["why"])
		})
	}
}

// TestNewLabels: a revision that gives a breached group other labels ends the alert with the old ones.
func TestNewLabels(t *testing.T) {
	h := run(t, t.TempDir(), nobodyListens)
	since := time.Now().Add(-time.Minute)
	h.signal(red(errorRate(), "mef", 0.05, since))
	k := errorRate()
	k.Page.Severity = "ticket"
	h.signal(red(k, "mef", 0.05, since))
	got := h.Active(t.Context())
	require.Len(t, got, 1)
	require.Equal(t, model.LabelValue("ticket"), got[0].Labels["severity"])
	h.signal(over(red(k, "mef", 0.05, since), 0))
	require.Empty(t, h.Active(t.Context()))
}
