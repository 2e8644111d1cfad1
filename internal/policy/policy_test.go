package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

func readOne(t *testing.T, src string) *kpi.KPI {
	t.Helper()
	docs, findings := policy.Read("a.yaml", []byte(src), policy.Limits{})
	require.Empty(t, findings)
	require.Len(t, docs, 1)
	require.NotNil(t, docs[0].KPI)
	return docs[0].KPI
}

const minimal = `
kind: KPI
name: errors
owner: team
indicator: {ratio: {bad: 'r_total{code=~"5.."}', total: r_total}}
thresholds: {red: "> 3%"}
`

// The defaults of kpi.md, each where nothing is stated.
func TestDefaults(t *testing.T) {
	k := readOne(t, minimal)
	require.Equal(t, "errors", k.Title)
	require.Equal(t, kpi.Technical, k.Outcome)
	require.Equal(t, "percent", k.Unit)
	require.Equal(t, time.Minute, k.Period)
	require.Equal(t, time.Minute, k.Window)
	require.Nil(t, k.Delay)
	require.Zero(t, k.Interval)
	require.Equal(t, time.Hour, k.RestateFor)
	require.Equal(t, 1000, k.MaxGroups)
	require.Zero(t, k.MinCoverage)
	require.Equal(t, kpi.Thresholds{
		Red: &kpi.Comparison{Op: kpi.Above, A: 0.03, Text: "> 3%"}, ForRed: kpi.MofN{M: 1, N: 1}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing,
	}, k.Thresholds)
	require.Nil(t, k.Page)
	require.Nil(t, k.Objective)
	require.Equal(t, "a.yaml:2", k.Source)
	require.Len(t, k.Hash, 64)
}

func TestEverythingStated(t *testing.T) {
	k := readOne(t, full)
	require.Equal(t, "How long the slowest twentieth waits.", k.Description)
	require.Equal(t, map[string]string{"team": "efile", "tier": "1"}, k.Labels)
	require.Equal(t, 0.95, k.Indicator.Q)
	require.Len(t, k.Indicator.Histogram.Matchers, 2)
	require.Equal(t, []string{"service", "env"}, k.By)
	require.Equal(t, []labels.Labels{labels.FromStrings("env", "prod", "service", "intake")}, k.Expect)
	require.Equal(t, 50, k.MaxGroups)
	require.Equal(t, 24*time.Hour, k.Period)
	require.Equal(t, 7*24*time.Hour, k.Window)
	require.NotNil(t, k.Delay)
	require.Zero(t, *k.Delay)
	require.Equal(t, time.Minute, k.Interval)
	require.Equal(t, "America/New_York", k.Zone)
	require.Equal(t, &kpi.Comparison{Op: kpi.AtLeast, A: 0.5, Text: ">= 500ms"}, k.Thresholds.Yellow)
	require.Equal(t, kpi.MofN{M: 2, N: 3}, k.Thresholds.ForRed)
	require.Equal(t, kpi.MofN{M: 1, N: 1}, k.Thresholds.ForYellow)
	require.Equal(t, kpi.MofN{M: 2, N: 4}, k.Thresholds.Recover)
	require.Equal(t, kpi.TreatIgnore, k.Thresholds.Missing)
	require.Equal(t, 20.0, k.Thresholds.MinCount)
	require.Equal(t, 6, k.Thresholds.Range)
	require.Equal(t, 0.8, k.MinCoverage)
	require.Equal(t, 30*time.Minute, k.RestateFor)
	require.Equal(t, &kpi.Objective{Target: 0.999, Calendar: "quarter", Text: "99.9% over quarter"}, k.Objective)
	require.Equal(t, &kpi.Page{Severity: "ticket", Runbook: "https://r.example/p95", NoData: 3}, k.Page)
}

const full = `
kind: KPI
name: p95
title: 95th percentile
description: >
  How long the slowest
  twentieth waits.
outcome: business
owner: oncall@irs.example
unit: seconds
labels: {team: efile, tier: 1}
indicator:
  quantile:
    histogram: http_request_duration_seconds{job="efile"}
    q: 0.95
by: [service, env]
expect: [{service: intake, env: prod}]
max_groups: 50
period: 1d
window: 7d
delay: 0s
interval: 1m
zone: America/New_York
thresholds:
  yellow: ">= 500ms"
  red: "> 2s"
  for: {red: 2 of 3, yellow: 1}
  recover: 2 of 4
  missing: ignore
  min_count: 20
  range: 6
min_coverage: 80%
restate_for: 30m
objective: {target: 99.9%, window: quarter}
page: {severity: ticket, runbook: "https://r.example/p95", no_data: 3}
`

// Each kind in its shortest form, with the unit that follows from it.
func TestKinds(t *testing.T) {
	for indicator, want := range map[string]struct {
		kind kpi.Kind
		unit string
	}{
		`{ratio: {good: a, total: b}}`:                             {kpi.Ratio, "percent"},
		`{rate: a_total}`:                                          {kpi.Rate, "per_second"},
		`{mean: {sum: d_seconds_sum, count: d_seconds_count}}`:     {kpi.Mean, "seconds"},
		`{share_below: {histogram: d_seconds, below: 2s}}`:         {kpi.ShareBelow, "percent"},
		`{quantile: {histogram: size_bytes, q: 0.5}}`:              {kpi.Quantile, "bytes"},
		`{apdex: {histogram: d_seconds, t: 500ms}}`:                {kpi.Apdex, "ratio"},
		`{availability: up}`:                                       {kpi.Availability, "percent"},
		`{gauge: {of: temperature, over: last, across: max}}`:      {kpi.Gauge, ""},
		`{freshness: '{job="efile"}'}`:                             {kpi.Freshness, "seconds"},
		`{promql: 'sum(rate(a[5m])) / sum(rate(b[5m])) > bool 2'}`: {kpi.PromQL, ""},
		`{promql: 'count(up == bool 1) or vector(0)'}`:             {kpi.PromQL, ""},
		`{promql: 'time() - 5'}`:                                   {kpi.PromQL, ""},
	} {
		k := readOne(t, "kind: KPI\nname: k\nowner: o\nindicator: "+indicator+"\nthresholds: {red: '> 0.5'}\n")
		require.Equal(t, want.kind, k.Indicator.Kind, indicator)
		require.Equal(t, want.unit, k.Unit, indicator)
	}
}

// What means the same has the same hash; what does not has another.
func TestHash(t *testing.T) {
	base := readOne(t, minimal).Hash
	for _, same := range []string{
		"# a comment\nname: errors\nkind: KPI\nowner: 'team'\nthresholds:\n  red: '>0.03'\nindicator: {ratio: {total: \"r_total\", bad: '{code=~\"5..\", __name__=\"r_total\"}'}}\nperiod: 60s\nunit: percent\n",
		minimal + "restate_for: 1h\nwindow: 1m\noutcome: technical\n",
	} {
		require.Equal(t, base, readOne(t, same).Hash, same)
	}
	seen := map[string]string{base: "base"}
	for _, other := range []string{"period: 2m", "window: 2m", "delay: 0s", "title: x", "by: [service]", "min_coverage: 1%", "restate_for: 1m", "labels: {a: b}", "objective: {target: 99%, window: 30d}", "interval: 30s"} {
		h := readOne(t, minimal+other+"\n").Hash
		require.Empty(t, seen[h], other)
		seen[h] = other
	}
}

func TestSchemaDoesNotDrift(t *testing.T) {
	files := map[string][]byte{"policy.schema.json": policy.AllSchema()}
	for _, k := range policy.Kinds() {
		files[policy.SchemaFile(k)] = policy.Schema(k)
	}
	for name, want := range files {
		if *update {
			require.NoError(t, os.WriteFile(name, want, 0o644))
		}
		have, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(have, want), "%s differs; run go test ./internal/policy -update", name)
	}
}

// The schemas accept what the reader accepts, and refuse the mistakes of shape in the corpus.
func TestSchemaAgrees(t *testing.T) {
	compile := func(src []byte) *jsonschema.Schema {
		c := jsonschema.NewCompiler()
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
		require.NoError(t, err)
		require.NoError(t, c.AddResource("x.json", doc))
		s, err := c.Compile("x.json")
		require.NoError(t, err)
		return s
	}
	all := compile(policy.AllSchema())
	parse := func(src string) any {
		js, err := yaml.YAMLToJSON([]byte(src))
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(js))
		require.NoError(t, err)
		return v
	}
	for _, d := range append(everyKind(t), *doc(t, minimal), *doc(t, full)) {
		v := parse(d.Text)
		require.NoError(t, all.Validate(v), d.Ref())
		for _, k := range policy.Kinds() {
			require.Equal(t, k == d.Kind, compile(policy.Schema(k)).Validate(v) == nil, "%s as %s", d.Ref(), k)
		}
	}
	for _, name := range []string{
		"unknown-key", "unknown-threshold-key", "kind-wrong", "kind-missing", "kind-far", "name-missing", "name-upper", "owner-missing", "by-text", "by-empty", "indicator-text", "indicator-unknown",
		"outcome", "gauge-over", "missing", "route-key", "route-receiver-missing", "route-matcher-text", "retention-signal", "retention-missing", "sampling-metric-type", "sampling-metrics-text",
		"privacy-rules", "privacy-detectors", "privacy-purpose", "approval-when", "approval-roles", "maintenance-reason", "maintenance-weekly", "board-panels", "board-promql", "empty-maps",
	} {
		src, err := os.ReadFile(filepath.Join("testdata", name+".bad.yml"))
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(src), "---\n")
		require.Error(t, all.Validate(parse(first)), name)
	}
}

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600))
	}
	write("b.yaml", strings.Replace(minimal, "errors", "b", 1))
	write("a.yaml", strings.Replace(minimal, "errors", "a", 1)+"---\n"+strings.Replace(minimal, "errors", "b", 1))
	docs, findings := policy.ReadFiles([]string{"*.yaml", "a.yaml", "none/*.yaml", "gone.yaml", "[", "."}, dir, policy.Limits{})
	require.Len(t, docs, 3)
	var got []string
	for _, f := range findings {
		got = append(got, strings.ReplaceAll(f.String(), dir+"/", ""))
	}
	require.Equal(t, []string{
		`warning: policies: no file matches "none/*.yaml"`,
		`policies: the file "gone.yaml" does not exist`,
		`policies: "[" is no file pattern; want one such as policies/*.yaml`,
		dir + `: cannot be read: it is a directory; name the files in it, such as ` + filepath.Base(dir) + `/*.yaml`,
		`b.yaml:3:7: name: "b" is taken by a.yaml:9; names are unique`,
	}, got)
	require.Len(t, policy.KPIs(docs), 2)
}

// A big set stays quick: every document is parsed by itself, so the time grows with the number of documents.
func TestManyDocuments(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		b.WriteString("---" + strings.Replace(minimal, "errors", fmt.Sprintf("errors-%d", i), 1))
	}
	docs, findings := policy.Read("many.yaml", []byte(b.String()), policy.Limits{})
	require.Empty(t, findings)
	require.Len(t, docs, 3000)
	require.Equal(t, "errors-2999", docs[2999].Name)
	require.Equal(t, 2999*6+2, docs[2999].Line)
	require.Empty(t, policy.Cross(docs))
}

func TestCanonicalIsJSON(t *testing.T) {
	require.True(t, json.Valid(policy.Canonical(readOne(t, full))))
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	require.NoError(f, err)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Add([]byte(minimal))
	f.Add([]byte(full))
	every, err := os.ReadFile("testdata/every-kind.good.yml")
	require.NoError(f, err)
	f.Add(every)
	f.Fuzz(func(t *testing.T, src []byte) {
		docs, findings := policy.Read("f.yaml", src, policy.Limits{Jobs: []policy.Job{{Name: "efile", Interval: time.Second}}})
		findings = append(findings, policy.Cross(docs)...)
		for _, x := range findings {
			require.Positive(t, x.Line)
			require.Positive(t, x.Column)
			require.NotEmpty(t, x.Message)
		}
		for i := range docs {
			require.Equal(t, docs[i].Good(), docs[i].Spec() != nil)
			require.Equal(t, docs[i].Good(), policy.Describe(&docs[i]) != "")
			if docs[i].Good() {
				require.Empty(t, policy.Change{Before: &docs[i], After: &docs[i]}.Sentences())
			}
			require.Contains(t, string(src), docs[i].Text)
		}
		for _, k := range policy.KPIs(docs) {
			require.True(t, json.Valid(policy.Canonical(k)))
			require.NotEmpty(t, k.Name)
		}
	})
}
