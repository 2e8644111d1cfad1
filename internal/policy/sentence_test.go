package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

// plain puts an ordinary space where people see a thin one.
func plain(sentences []string) []string {
	out := []string{}
	for _, s := range sentences {
		out = append(out, strings.ReplaceAll(s, "\u2009", " "))
	}
	return out
}

func TestSentences(t *testing.T) {
	const kpi = "kind: KPI\nname: efile\ntitle: E-file errors\nowner: team\nindicator: {ratio: {bad: 'filings_total{r=\"bad\"}', total: filings_total}}\n"
	pages := "page: {runbook: https://r.example/x}\n"
	good := "kind: KPI\nname: ok\ntitle: Accepted\nowner: team\nindicator: {ratio: {good: 'http_requests_total{code=\"200\"}', total: http_requests_total}}\n"
	slow := "kind: KPI\nname: p95\ntitle: 95th percentile\nowner: team\nindicator: {quantile: {histogram: h_seconds, q: 0.95}}\nperiod: 10s\n"
	for _, c := range []struct {
		before, after string
		want          []string
	}{
		{kpi + pages + `thresholds: {red: "> 3%", for: 3}`, kpi + pages + `thresholds: {red: "> 2.5%", for: 3}`, []string{"pages when more than 2.5 % of filings fail for 3 minutes in a row; before: 3 %"}},
		{kpi + pages + `thresholds: {red: "> 3%", for: 3}`, kpi + pages + `thresholds: {red: "> 3%", for: 2 of 5}`, []string{"pages when more than 3 % of filings fail in 2 of 5 minutes; before: for 3 minutes in a row"}},
		{kpi + `thresholds: {red: "> 3%", for: 3}`, kpi + `thresholds: {red: ">= 2%"}`, []string{"turns red when 2 % or more of filings fail in one minute; before: above 3 % for 3 minutes in a row"}},
		{kpi + `thresholds: {red: "> 3%"}`, kpi + `thresholds: {red: ">= 3%"}`, []string{"turns red when 3 % or more of filings fail in one minute; before: above 3 %"}},
		{kpi + `thresholds: {red: "> 3%"}`, kpi + `thresholds: {yellow: "> 1%"}`, []string{"is at risk when more than 1 % of filings fail in one minute; before: never", "never turns red; before: above 3 % in one minute"}},
		{kpi + `thresholds: {red: "> 3%"}`, kpi + pages + `thresholds: {red: "> 3%"}`, []string{"pages with the severity page; before: not stated", "the runbook is “https://r.example/x”; before: not stated"}},
		{kpi + pages + `thresholds: {red: "> 3%"}`, kpi + `thresholds: {red: "> 3%"}`, []string{"nobody is paged; before: page", "the runbook is no longer stated; before: “https://r.example/x”"}},
		{kpi + `thresholds: {red: "> 99.99%"}`, kpi + `thresholds: {red: "> 99.991%"}`, []string{"turns red when more than 99.99 % of filings fail in one minute (exactly > 99.991%); before: > 99.99%"}},
		{good + `thresholds: {red: "< 97%"}`, good + `thresholds: {red: "<= 96%"}`, []string{"turns red when 96 % or less of HTTP requests succeed in one minute; before: below 97 %"}},
		{slow + `thresholds: {red: "> 2s", for: 3}`, slow + `thresholds: {red: "outside 1s..2s", for: 3}`, []string{"turns red when 95th percentile is outside 1 s to 2 s for 3 periods of 10 s in a row; before: above 2 s"}},
		{slow + `thresholds: {red: "> 2s"}`, strings.Replace(slow, "0.95", "0.99", 1) + "by: [service]\nmin_coverage: 80%\n" + `thresholds: {red: "> 2s"}`, []string{"the quantile is 0.99; before: 0.95", "each combination of service has a light of its own; before: not stated", "datapoints with less than 80 % of the data are left out; before: not stated"}},
		{kpi + "objective: {target: 99.9%, window: 30d}\n" + `thresholds: {red: "> 3%"}`, kpi + "objective: {target: 99.95%, window: month}\nregulated: true\n" + `thresholds: {red: "> 3%"}`,
			[]string{"promises 99.95 % over the calendar month; before: 99.9 %", "the promise holds over the calendar month; before: 30 d", "is regulated: a change needs another person's approval; before: is not regulated"}},
		{kpi + `thresholds: {red: "> 3%"}`, "# other comment\nthresholds: {red: '> 0.03'}\n" + kpi, []string{}},
		{"", kpi + pages + `thresholds: {yellow: "> 1%", red: "> 3%", for: 3}`, []string{"new: “E-file errors” pages when more than 3 % of filings fail for 3 minutes in a row and is at risk above 1 % in one minute."}},
		{kpi + `thresholds: {red: "> 3%"}`, "", []string{"removed: “E-file errors” turns red when more than 3 % of filings fail in one minute."}},
		{"kind: Retention\nname: r\nsignal: logs\nkeep: 30d\nreason: x", "kind: Retention\nname: r\nsignal: logs\nkeep: 14d\nreason: x", []string{"keeps logs for 14 d; before: 30 d"}},
		{"kind: Sampling\nname: s\nlogs: {debug: 1%}", "kind: Sampling\nname: s\nlogs: {debug: 10%, info: 50%}", []string{"keeps 10 % of debug records; before: 1 %", "keeps 50 % of info records; before: not stated"}},
		{"kind: Privacy\nname: p\npurpose: x\nrules: [{attribute: user.email, action: drop}]\nk: 10", "kind: Privacy\nname: p\npurpose: x\nrules: [{attribute: user.email, action: mask, keep_last: 4}]",
			[]string{"user.email is masked but for the last 4; before: dropped", "groups of any size are shown; before: 10"}},
		{"kind: Approval\nname: a\nregulated: true", "kind: Approval\nname: a\napprovals: 2\nfor: {kinds: [KPI]}\nevidence: required", []string{
			"the kinds that it is about are KPI alone; before: not stated", "needs 2 approvals; before: 1 approval", "needs a back-test; before: needs no back-test",
			"the longest that a back-test counts is 24 h; before: not stated", "is not regulated; before: is regulated: a change needs another person's approval"}},
		{"kind: Route\nname: r\nreceiver: a\nrepeat_interval: 4h", "kind: Route\nname: r\nreceiver: b\ncontinue: true", []string{
			"sends to b; before: a", "routes after it are tried too; before: routes after it are not tried", "the time until a message is repeated is what the parent route says; before: 4 h"}},
	} {
		var change policy.Change
		if c.before != "" {
			change.Before = doc(t, c.before)
		}
		if c.after != "" {
			change.After = doc(t, c.after)
		}
		require.Equal(t, c.want, plain(change.Sentences()), c.after)
	}
}

func TestDescribe(t *testing.T) {
	want := map[policy.Ref]string{}
	var got []string
	for _, d := range everyKind(t) {
		require.Empty(t, want[d.Ref()])
		want[d.Ref()] = policy.Describe(&d)
		got = append(got, want[d.Ref()])
	}
	require.Equal(t, []string{
		`Sends alerts of efile-error-rate or efile-p95 with agency="IRS" and severity=~"page|ticket" to oncall, again every 4 h, only in nights, not in holidays. Routes after it are tried too.`,
		`Keeps personal logs with service="portal" for 30 d. The privacy office asks for it.`,
		`Takes counters every 15 s, gauges every 30 s, histograms every 1 min, summaries every 1 min, metrics without a type every 30 s, the job efile every 15 s, the job host every 30 s, 10 % of traces, every trace with an error, every trace slower than 2 s, 1 % of debug records and 10 % of info records of efile with env="prod".`,
		`In signals of web, user.email is dropped, card is masked but for the last 4, url.query is cut after 64 characters, client.address is made coarser, to its network /24, user.age is made coarser, in steps of 10, user.id is replaced by a pseudonym that changes every 30 d, e-mail addresses are masked, social security numbers are dropped, internet addresses are replaced by a pseudonym, only user.email, card, url.query, client.address, user.age, user.id and http.method are kept, groups of fewer than 10 people are not shown and only what people consented to is kept. Purpose: Finding out why filings fail.`,
		`A change of business KPIs of filing-season@irs.example with agency="IRS", when thresholds.red changes by more than 10 %, needs 2 approvals by an owner, an analyst or anna and a back-test no older than 12 h; nobody approves what they wrote.`,
		`A change of every policy, when page.severity changes from page to ticket, needs 1 approval; an author may approve.`,
		`Nobody is paged by alerts of efile-error-rate with agency="IRS" each Saturday and Sunday from 02:00 to 04:00 (America/New_York) from 1 Mar 2026, 00:00 UTC on until 31 Dec 2026, 05:00 UTC. Reason: The database is packed.`,
		`Nobody is paged by alerts with agency="SSA" from 15 Apr 2026, 02:00 UTC to 15 Apr 2026, 06:00 UTC. Reason: New machines.`,
		`“Filing day” shows 5 panels for viewer, analyst and efile; readers choose agency and svc.`,
		`“1040 e-file error rate” pages when more than 3 % of filings fail for 3 minutes in a row and is at risk above 1 % in one minute.`,
		`“efile-p95” turns red when efile-p95 is above 2 s in one minute.`,
	}, plain(got))
	require.Empty(t, policy.Describe(nil))
	require.Empty(t, policy.Describe(&policy.Document{}))
}

// Only what can make a light differ is worth a back-test.
func TestJudges(t *testing.T) {
	base := minimal + "page: {runbook: https://r.example/x}\n"
	for more, want := range map[string]bool{"title: x": false, "description: x": false, "labels: {a: b}": false, "regulated: true": false, "review_every: 1d": false, "outcome: business": false, "period: 2m": true, "by: [a]": true, "min_coverage: 1%": true, "objective: {target: 99%, window: 1d}": true} {
		require.Equal(t, want, policy.Change{Before: readAny(t, base), After: readAny(t, base+more+"\n")}.Judges(), more)
	}
	require.False(t, policy.Change{Before: readAny(t, base), After: readAny(t, base)}.Judges())
	require.True(t, policy.Change{After: readAny(t, base)}.Judges())
	require.False(t, policy.Change{Before: readAny(t, base)}.Judges())
	require.False(t, policy.Change{After: doc(t, "kind: Approval\nname: a\n")}.Judges())
}

// readAny reads a document that may have warnings.
func readAny(t *testing.T, src string) *policy.Document {
	docs, _ := policy.Read("a.yaml", []byte(src), policy.Limits{})
	require.Len(t, docs, 1)
	require.True(t, docs[0].Good(), src)
	return &docs[0]
}
