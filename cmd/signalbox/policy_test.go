package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answers is a server that notes what it is asked and answers from a table.
func answers(t *testing.T, table map[string]string) (*httptest.Server, *[]string) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		who := "nobody"
		if c, err := r.Cookie("signalbox"); err == nil {
			who = c.Value
			if r.Method != http.MethodGet && r.Header.Get("Origin") != "http://"+r.Host {
				t.Errorf("%s %s: origin %q", r.Method, r.URL, r.Header.Get("Origin"))
			}
		} else if a := r.Header.Get("Authorization"); a != "" {
			who = a
		}
		key := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/signalbox/v1")
		asked = append(asked, who+": "+key+" "+string(b))
		if key == "POST /login" {
			http.SetCookie(rw, &http.Cookie{Name: "signalbox", Value: "otto", Path: "/", HttpOnly: true})
		}
		body, ok := table[key]
		if !ok {
			rw.WriteHeader(http.StatusForbidden)
			body = `{"detail":"approving takes a person"}`
		}
		_, _ = io.WriteString(rw, body)
	}))
	t.Cleanup(s.Close)
	return s, &asked
}

func policyCommand(t *testing.T, in string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(in), &o, &e, nil)
	return code, o.String(), e.String()
}

const aProposal = `{"id":7,"title":"Change KPI efile","state":"draft","hash":"abc","need":{"sentence":"Needs 1 approval by owner"},
	"changes":[{"kind":"KPI","name":"efile","action":"change","sentences":["pages above 2.5 %; before: 3 %"],"diff":[{"kind":"remove","text":"a"},{"kind":"add","text":"b"}]}]}`

func TestApprovingSignsInAndOutAgain(t *testing.T) {
	s, asked := answers(t, map[string]string{
		"POST /login": "{}", "POST /logout": "{}", "GET /proposals/7": aProposal, "POST /proposals/7/approve": strings.Replace(aProposal, `"draft"`, `"applied"`, 1),
	})
	code, out, errOut := policyCommand(t, "secret\n", "policy", "approve", "7", "--login", "otto", "--comment", "fine", "--server", s.URL)
	require.Zero(t, code, errOut)
	require.Contains(t, out, "proposal 7: applied")
	require.Equal(t, []string{
		`nobody: POST /login {"login":"otto","password":"secret"}`, "otto: GET /proposals/7 ",
		`otto: POST /proposals/7/approve {"comment":"fine","hash":"abc"}`, "otto: POST /logout ",
	}, *asked)
	require.NotContains(t, out+errOut, "secret")
}

func TestApprovingByTokenSaysWhatTheServerSays(t *testing.T) {
	s, _ := answers(t, map[string]string{"GET /proposals/7": aProposal})
	code, _, errOut := policyCommand(t, "", "policy", "approve", "7", "--server", s.URL, "--token", "t")
	require.Equal(t, exitFail, code)
	require.Contains(t, errOut, "approving takes a person")
}

func TestAPasswordIsNotSentInTheClear(t *testing.T) {
	code, _, errOut := policyCommand(t, "secret\n", "policy", "list", "--login", "otto", "--server", "http://signalbox.example")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errOut, "https://")
}

func TestPolicyProposeAndDiff(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "efile.yaml")
	require.NoError(t, os.WriteFile(file, []byte("kind: KPI\nname: efile\n"), 0o600))
	s, asked := answers(t, map[string]string{
		"POST /proposals":                   aProposal,
		"POST /policies/check":              `{"findings":[{"line":2,"column":1,"message":"owner: the key is missing","severity":"error"}],"changes":[],"need":{}}`,
		"GET /policies/KPI/efile/revisions": `{"revisions":[{"number":2,"text":"a: 2\n"},{"number":1,"text":"a: 1\n"}]}`,
	})
	code, out, errOut := policyCommand(t, "", "policy", "propose", file, "--remove", "Route/night", "--reason", "lax", "--server", s.URL, "--token", "t")
	require.Zero(t, code, errOut)
	require.Contains(t, out, "Needs 1 approval by owner")
	_, body, _ := strings.Cut((*asked)[0], "/proposals ")
	var d map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &d))
	require.Equal(t, []any{map[string]any{"text": "kind: KPI\nname: efile\n"}, map[string]any{"remove": "Route/night"}}, d["documents"])

	code, out, _ = policyCommand(t, "", "policy", "check", file, "--server", s.URL, "--token", "t")
	require.Equal(t, exitFail, code)
	require.Contains(t, out, file+":2:1: owner: the key is missing")

	code, out, errOut = policyCommand(t, "", "policy", "diff", "efile", "--server", s.URL, "--token", "t")
	require.Zero(t, code, errOut)
	require.Equal(t, "efile, revision 1 to 2\n- a: 1\n+ a: 2\n", out)

	code, _, errOut = policyCommand(t, "", "policy", "propose", "--reason", "x", "--server", s.URL)
	require.Equal(t, exitUsage, code, errOut)
	code, _, _ = policyCommand(t, "", "policy", "show", "Nonsense/x", "--server", s.URL)
	require.Equal(t, exitUsage, code)
}
