package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const someRules = `groups:
- name: queue
  interval: 1m
  rules:
  - alert: QueueDeep
    expr: sum(queue_depth) > 5
    for: 2m
    labels: {severity: page}
    annotations: {runbook_url: https://r.example/q, board: x}
  - {alert: Odd, expr: up}
`

func rulesFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// Without flags nothing is written: documents go to standard output, so that they can be redirected, the report beside them.
func TestImportIsADryRun(t *testing.T) {
	code, out, errOut := policyCommand(t, "", "import", "rules", rulesFile(t, someRules), "--owner", "queue crew")
	require.Equal(t, exitGood, code, errOut)
	require.Contains(t, out, "name: queue-deep\n")
	require.Contains(t, out, "owner: queue crew\n")
	require.NotContains(t, out, "not carried over")
	require.Contains(t, errOut, "PLACE")
	require.Contains(t, errOut, "annotation board: x")
	require.Contains(t, errOut, "it compares nothing")
	require.Contains(t, errOut, "1 document; 1 imported, ")

	code, out, errOut = policyCommand(t, "", "import", "rules", rulesFile(t, someRules), "-o", "json")
	require.Equal(t, exitGood, code, errOut)
	var v struct {
		Documents []struct{ Kind, Name, Text string }
		Report    []struct {
			File, Path, What, Outcome, Why string
			Line                           int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	require.Len(t, v.Documents, 1)
	require.Equal(t, "KPI", v.Documents[0].Kind)
	require.Equal(t, 5, v.Report[0].Line)
	require.Empty(t, errOut)
}

// What --out wrote is good, and a second time nothing is overwritten.
func TestImportWrites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	file := rulesFile(t, someRules)
	code, out, errOut := policyCommand(t, "", "import", "rules", file, "--out", dir)
	require.Equal(t, exitGood, code, errOut)
	path := filepath.Join(dir, "queue-deep.yaml")
	require.Equal(t, path+"\n", out)
	code, _, errOut = policyCommand(t, "", "check", path)
	require.Equal(t, exitGood, code, errOut)

	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	code, _, errOut = policyCommand(t, "", "import", "rules", file, "--out", dir)
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, "exists, and nothing is overwritten")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(b))
}

func TestImportProposes(t *testing.T) {
	s, asked := answers(t, map[string]string{"POST /proposals": aProposal, "GET /policies": `{"policies":[{"kind":"Route","name":"queue-deep"}]}`})
	code, out, errOut := policyCommand(t, "", "import", "rules", rulesFile(t, someRules), "--propose", "--reason", "off Prometheus", "--server", s.URL, "--token", "t")
	require.Equal(t, exitGood, code, errOut)
	require.Equal(t, "proposal 7 (draft)\n", out)
	_, body, _ := strings.Cut((*asked)[1], "/proposals ")
	var d struct {
		Title, Reason string
		Documents     []struct{ Text string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &d))
	require.Equal(t, "Import of 1 document from Prometheus rules", d.Title)
	require.Equal(t, "off Prometheus", d.Reason)
	require.Contains(t, d.Documents[0].Text, "name: queue-deep")
}

// A name made from a foreign one may be that of a governed KPI, which an import must not replace unasked.
func TestImportDoesNotReplaceUnasked(t *testing.T) {
	s, asked := answers(t, map[string]string{"POST /proposals": aProposal, "GET /policies": `{"policies":[{"kind":"KPI","name":"queue-deep"}]}`})
	args := []string{"import", "rules", rulesFile(t, someRules), "--propose", "--reason", "x", "--server", s.URL, "--token", "t"}
	code, _, errOut := policyCommand(t, "", args...)
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, "one name is in force already, and the proposal would change what stands there: KPI/queue-deep")
	require.Contains(t, errOut, "--replace")
	require.Len(t, *asked, 1, "nothing was proposed")

	code, _, errOut = policyCommand(t, "", append(args, "--replace")...)
	require.Equal(t, exitGood, code, errOut)
}

func TestImportRefuses(t *testing.T) {
	file := rulesFile(t, someRules)
	for want, args := range map[string][]string{
		"--propose needs --reason": {"--propose"},
		"want one of the two":      {"--propose", "--reason", "x", "--out", "y"},
		"--replace belongs to":     {"--replace"},
		"--reason belongs to":      {"--reason", "x"},
		`--interval "soon"`:        {"--interval", "soon"},
		`--runbook "wiki"`:         {"--runbook", "wiki"},
		"must be one of":           {"-o", "xml"},
	} {
		code, _, errOut := policyCommand(t, "", append([]string{"import", "rules", file}, args...)...)
		require.Equal(t, exitUsage, code, want)
		require.Contains(t, errOut, want)
	}
	code, _, _ := policyCommand(t, "", "import", "nagios", file)
	require.Equal(t, exitUsage, code)
	code, _, errOut := policyCommand(t, "", "import", "rules", file+"x")
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, "cannot be read")
	code, _, errOut = policyCommand(t, "", "import", "rules", rulesFile(t, "groups: [{name: a, rules: [{alert: A, expr: up}]}]"))
	require.Equal(t, exitFail, code, "nothing came over")
	require.Contains(t, errOut, "0 documents; 0 imported, 0 changed, 1 not carried over")
}

// What was exported as OpenSLO comes back as the document that was exported, from files and from the server.
func TestExport(t *testing.T) {
	files := []string{"--files", "../../examples/policies/*.yaml"}
	dir := t.TempDir()
	code, out, errOut := policyCommand(t, "", append([]string{"export", "openslo", "efile-error-rate", "--out", dir}, files...)...)
	require.Equal(t, exitGood, code, errOut)
	require.Contains(t, errOut, "paging at > 3%")
	code, out, errOut = policyCommand(t, "", "import", "openslo", strings.TrimSpace(out))
	require.Equal(t, exitGood, code, errOut)
	require.Contains(t, out, "name: efile-error-rate\n")
	require.Contains(t, errOut, "0 changed, 0 not carried over")

	code, out, errOut = policyCommand(t, "", append([]string{"export", "policies", "KPI/efile-up", "filings-accepted"}, files...)...)
	require.Equal(t, exitGood, code, errOut)
	require.Equal(t, 2, strings.Count(out, "kind: KPI"))

	text := "# of the server\nkind: KPI\nname: errors\nowner: crew\nindicator: {rate: x_total}\nthresholds: {red: '> 1'}\n"
	body, err := json.Marshal(map[string]any{"documents": []any{map[string]string{"kind": "KPI", "name": "errors", "text": text}}})
	require.NoError(t, err)
	s, _ := answers(t, map[string]string{"GET /policies/export": string(body)})
	code, out, errOut = policyCommand(t, "", "export", "policies", "--server", s.URL, "--token", "t")
	require.Equal(t, exitGood, code, errOut)
	require.Equal(t, text, out, "byte for byte")

	code, _, errOut = policyCommand(t, "", "export", "openslo", "error", "--server", s.URL, "--token", "t")
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, `there is no policy "error". Did you mean "errors"?`)
}
