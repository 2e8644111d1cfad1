package foreign_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/foreign"
)

// fuzz feeds a reader with what strangers may send: it never panics, what it makes is accepted by the house's own reader, and
// a source of which nothing came out is spoken of in the report.
func fuzz(f *testing.F, format string, seeds ...string) {
	f.Helper()
	for _, files := range casesOf(f, format) {
		for _, src := range files {
			f.Add(src)
		}
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := foreign.Import(format, map[string][]byte{"f": src}, foreign.Options{Runbook: "https://r.example/x"})
		require.NoError(t, err)
		for _, d := range r.Documents {
			docs, findings := policy.Read("f", []byte(d.Text), policy.Limits{})
			require.Len(t, docs, 1, "%v\n%s", findings, d.Text)
			require.True(t, docs[0].Good(), "%v\n%s", findings, d.Text)
			require.Equal(t, d.Name, docs[0].Name)
		}
	})
}

func FuzzRules(f *testing.F) {
	fuzz(f, "rules", "groups: [{name: a, rules: [{alert: A, expr: 'up == 0', for: 1d}]}]", "groups: [{name: a, interval: 7s, rules: [{alert: 'é', expr: 'sum(rate(a[90s]))/sum(rate(b[90s])) < 2'}]}]", "groups: [{name: a, rules: [{alert: A, expr: 'absent_over_time(a[1h:5m])'}]}]")
}

func FuzzOpenSLO(f *testing.F) {
	seeds := []string{}
	r, err := foreign.Export("openslo", exportedFor(f))
	require.NoError(f, err)
	for _, d := range r.Documents {
		seeds = append(seeds, d.Text)
	}
	fuzz(f, "openslo", seeds...)
}

func FuzzSloth(f *testing.F) {
	fuzz(f, "sloth", "version: prometheus/v1\nslos: [{name: a, objective: 0x1p4}]", "version: prometheus/v1\nslos: [1, {sli: 2}, [3]]")
}

func FuzzGrafana(f *testing.F) {
	fuzz(f, "grafana", `{"panels":[{"type":"graph","targets":[{"expr":"a{b=\"$c\"}"}]}]}`, `{"panels":{"type":1}}`, `{"rows":[[]],"templating":{"list":[{"name":"a","type":"custom","query":",,"}]}}`)
}
