package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const twoKPIs = `kind: KPI
name: efile
owner: team-a
indicator: {rate: filings_total}
thresholds: {red: "< 1"}
---
kind: KPI
name: other
owner: team-a
indicator: {rate: others_total}
`

const aComparison = `{"sentence":"s","results":[{"kpi":"efile","title":"Filings","from":0,"to":0,
	"now":{"label":"Now, revision 3","revision":3,"threshold":"< 2","way":"points","from":1776211200000,"to":1778803200000,"limited":"","points":43200,
		"page_count":3,"night_count":1,"per_week":0.7,"minutes":{"red":31,"yellow":0,"grey":12.5,"green":43156.5},"budget_left":0.5,"caught":1,"real":2,"light":"green",
		"strip":[{"day":"2026-05-13","light":"red"},{"day":"2026-05-14","light":"green"}]},
	"proposed":{"label":"Proposed","threshold":"< 1","way":"raw","from":1776211200000,"to":1778803200000,"limited":"Stored samples that match reach back to 15 Apr 2026 00:00 UTC","points":43200,
		"page_count":8,"night_count":2,"per_week":1.87,"minutes":{"red":61,"yellow":0,"grey":12,"green":43127},"first_alert":125,"caught":2,"real":2,"light":"red",
		"strip":[{"day":"2026-05-13","light":"red"},{"day":"2026-05-14","light":"yellow"}]},
	"sentence":"Five more pages in 30 days, one real incident caught that was missed, and the board would show Breached today instead of On target."}]}`

func TestBacktestPrintsBothSides(t *testing.T) {
	s, asked := answers(t, map[string]string{"POST /policies/backtest": aComparison})
	file := filepath.Join(t.TempDir(), "k.yaml")
	require.NoError(t, os.WriteFile(file, []byte(twoKPIs), 0o600))
	code, out, errOut := policyCommand(t, "", "policy", "backtest", file, "--last", "36h", "--kpi", "efile", "--server", s.URL, "--token", "x")
	require.Equal(t, 0, code, errOut)
	require.Len(t, *asked, 1)
	require.Contains(t, (*asked)[0], `"days":2`)
	require.Contains(t, (*asked)[0], "filings_total")
	require.NotContains(t, (*asked)[0], "others_total", "only what was asked for is sent")
	require.Equal(t, `efile: Filings
2026-04-15 00:00:00 UTC to 2026-05-15 00:00:00 UTC

                Now, revision 3  Proposed
threshold       < 2              < 1
pages           3 (0.7 a week)   8 (1.9 a week)
at night        1                2
real caught     1 of 2           2 of 2
first alert     -                2m5s
minutes red     31               61
minutes yellow  0                0
minutes grey    12.5             12
budget left     50 %             -
datapoints      43200 published  43200 replayed
today           ✓ On target      ✗ Breached
a light a day   ✗✓               ✗!

Proposed: Stored samples that match reach back to 15 Apr 2026 00:00 UTC.
Five more pages in 30 days, one real incident caught that was missed, and the board would show Breached today instead of On target.
`, out)

	code, out, _ = policyCommand(t, twoKPIs, "policy", "backtest", "-", "--output", "json", "--server", s.URL, "--token", "x")
	require.Equal(t, 0, code)
	require.True(t, strings.HasPrefix(out, "[\n"), out)
	require.Contains(t, (*asked)[1], "others_total")
}

func TestBacktestMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k.yaml")
	require.NoError(t, os.WriteFile(file, []byte(twoKPIs), 0o600))
	for want, args := range map[string][]string{
		`--last "3x": want a span such as 30d, 12h or 90m`: {file, "--last", "3x"},
		"--kpi nobody: " + file + " has no such KPI":       {file, "--kpi", "nobody"},
		"there is no state database":                       {file, "--data", filepath.Join(t.TempDir(), "nowhere")},
	} {
		code, _, errOut := policyCommand(t, "", append([]string{"policy", "backtest"}, args...)...)
		require.NotZero(t, code)
		require.Contains(t, errOut, want)
	}
}
