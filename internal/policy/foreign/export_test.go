package foreign_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/foreign"
)

// exported reads testdata/export/kpis.yaml, a KPI of every kind, and the examples of the documentation.
func exported(t *testing.T) []policy.Document {
	t.Helper()
	return exportedFor(t)
}

func exportedFor(t testing.TB) []policy.Document {
	t.Helper()
	files, err := filepath.Glob("../../../examples/policies/*.yaml")
	require.NoError(t, err)
	var docs []policy.Document
	for _, file := range append([]string{"testdata/export/kpis.yaml"}, files...) {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		ds, findings := policy.Read(filepath.Base(file), src, policy.Limits{})
		for _, f := range findings {
			require.NotEqual(t, "error", string(f.Severity), f.String())
		}
		docs = append(docs, ds...)
	}
	require.Greater(t, len(docs), 15)
	return docs
}

// TestExportGolden writes every kind of indicator as OpenSLO.
func TestExportGolden(t *testing.T) {
	r, err := foreign.Export("openslo", exported(t))
	require.NoError(t, err)
	golden := "testdata/export/openslo.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(show(r)), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), show(r))
}

// TestRoundTrip exports every KPI and imports it again: it is the same KPI, by its content hash, and nothing is reported as
// changed or lost.
func TestRoundTrip(t *testing.T) {
	docs := exported(t)
	r, err := foreign.Export("openslo", docs)
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, d := range r.Documents {
		files[d.Name+".yaml"] = []byte(d.Text)
	}
	back, err := foreign.Import("openslo", files, foreign.Options{})
	require.NoError(t, err)
	for _, l := range back.Report {
		if l.Outcome != carry.Imported {
			t.Errorf("%s:%d %s: %s: %s: %s", l.File, l.Line, l.Path, l.Outcome, l.What, l.Why)
		}
	}
	got := map[string]policy.Document{}
	for _, d := range back.Documents {
		ds, _ := policy.Read("", []byte(d.Text), policy.Limits{})
		require.Len(t, ds, 1)
		got[d.Name] = ds[0]
	}
	for i := range docs {
		if docs[i].KPI == nil {
			continue
		}
		again := got[docs[i].Name]
		require.NotEmpty(t, docs[i].Hash)
		if docs[i].Hash != again.Hash {
			t.Errorf("%s is another KPI after the round trip:\n%s\n%s", docs[i].Name, docs[i].Text, again.Text)
		}
	}
}

// What is edited in OpenSLO's own fields counts; what contradicts an annotation is reported.
func TestEditedAfterExport(t *testing.T) {
	src := `kind: KPI
name: errors
title: Errors
owner: crew
indicator: {ratio: {bad: 'r_total{code="500"}', total: r_total}}
thresholds: {red: "> 3%", for: 3}
objective: {target: 99.5%, window: 30d}
page: {severity: page, runbook: https://r.example/e}
`
	docs, _ := policy.Read("errors.yaml", []byte(src), policy.Limits{})
	r, err := foreign.Export("openslo", docs)
	require.NoError(t, err)
	text := r.Documents[0].Text
	for _, edit := range [][2]string{
		{"target: 0.995", "target: 0.999"}, {"displayName: Errors", "displayName: Failures"}, {"severity: page\n", "severity: urgent\n"},
		{`code="500"`, `code=~"5.."`}, {"service: crew", "service: other"}, {"lookbackWindow: 6h", "lookbackWindow: 12h"},
	} {
		require.Contains(t, text, edit[0])
		text = strings.ReplaceAll(text, edit[0], edit[1])
	}
	back, err := foreign.Import("openslo", map[string][]byte{"errors.yaml": []byte(text)}, foreign.Options{})
	require.NoError(t, err)
	require.Len(t, back.Documents, 1)
	for _, want := range []string{"target: 0.999", "title: Failures", "severity: urgent", `code=~"5.."`, "for: 3"} {
		require.Contains(t, back.Documents[0].Text, want)
	}
	var lost []string
	for _, l := range back.Report {
		if l.Outcome == carry.Lost {
			lost = append(lost, l.What)
		}
	}
	require.Equal(t, []string{"spec.service: other", "spec.condition.lookbackWindow: 12h"}, lost)
}

func TestExportRefuses(t *testing.T) {
	_, err := foreign.Export("nobl9", nil)
	require.ErrorContains(t, err, `format "nobl9": want openslo`)
	docs, _ := policy.Read("x.yaml", []byte("kind: KPI\nname: broken\n"), policy.Limits{})
	r, err := foreign.Export("openslo", docs)
	require.NoError(t, err)
	require.Empty(t, r.Documents)
	require.Contains(t, r.Report[0].Why, "has errors")
}
