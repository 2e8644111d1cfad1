package test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to change one byte behind the server's back
)

// someone asks the API: a person with a session of their own, or whoever holds the start token.
type someone struct {
	s      *signalbox
	client *http.Client
	bearer string
}

func (s *signalbox) starter() someone { return someone{s, http.DefaultClient, token} }

// signIn opens a session with login and password.
func (s *signalbox) signIn(login, password string) someone {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	p := someone{s: s, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	code, body := p.do(http.MethodPost, "/login", map[string]any{"login": login, "password": password})
	require.Equal(s.t, http.StatusOK, code, body)
	return p
}

// do asks the API and returns status and body.
func (p someone) do(method, path string, in any) (int, string) {
	p.s.t.Helper()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		require.NoError(p.s.t, err)
		body = bytes.NewReader(raw)
	}
	url := path
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/-/") && path != "/metrics" {
		url = "/api/signalbox/v1" + path
	}
	req, err := http.NewRequestWithContext(p.s.t.Context(), method, "http://"+p.s.addr+url, body)
	require.NoError(p.s.t, err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Origin", "http://"+p.s.addr)
	if p.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	resp, err := p.client.Do(req)
	require.NoError(p.s.t, err)
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	require.NoError(p.s.t, err)
	return resp.StatusCode, string(out)
}

// ask is do for what must work; into may be nil.
func (p someone) ask(method, path string, in, into any) {
	p.s.t.Helper()
	code, body := p.do(method, path, in)
	require.Less(p.s.t, code, 300, "%s %s: %s", method, path, body)
	if into != nil {
		require.NoError(p.s.t, json.Unmarshal([]byte(body), into), body)
	}
}

type proposal struct {
	ID       int64
	State    string
	Hash     string
	May      []string
	MayNo    map[string]string `json:"may_no"`
	Need     struct{ Sentence string }
	Evidence *struct {
		State   string
		Error   string
		Results []struct {
			Sentence string
			Proposed *struct{ Threshold string }
		}
	}
	Changes []struct{ Sentences []string }
}

const (
	rootPassword = "an administrator's long password"
	anaPassword  = "ana chose seven quiet words here"
	benPassword  = "ben keeps a different set of words"
)

const approvalPolicy = `kind: Approval
name: kpi-changes
title: Changes of KPIs take a second person
for: {kinds: [KPI]}
when: any_change
approvals: 1
roles: [analyst, owner]
evidence: required
regulated: true
`

// TestAThresholdIsGovernedLikeALaw is the story of a new installation: an administrator and two people, a threshold that
// one proposes and the other approves, judged from the next period on, proven by the record, and the record proven whole.
func TestAThresholdIsGovernedLikeALaw(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	portalA, portalB, mails := newPortal(t, "127.0.0.1:0"), newPortal(t, "127.0.0.1:0"), newMailbox(t)
	write(t, dir, map[string]string{"signalbox.yaml": config(portalA.addr, portalB.addr, mails.addr), "policies/efile.yaml": policies})
	s := start(t, dir, addr)
	root := s.starter()
	var me struct{ First bool }
	root.ask(http.MethodGet, "/me", nil, &me)
	require.True(t, me.First, "nobody exists yet")

	root.ask(http.MethodPost, "/users", map[string]any{"login": "root@irs.example", "name": "Root", "password": rootPassword, "keep_password": true, "grants": []map[string]string{{"role": "admin"}}}, nil)
	admin := s.signIn("root@irs.example", rootPassword)
	admin.ask(http.MethodPost, "/users", map[string]any{"login": "ana@irs.example", "name": "Ana", "password": anaPassword, "grants": []map[string]string{{"role": "analyst"}}}, nil)
	admin.ask(http.MethodPost, "/users", map[string]any{"login": "ben@irs.example", "name": "Ben", "password": benPassword, "grants": []map[string]string{{"role": "owner"}}}, nil)
	ana, ben := s.personal("ana@irs.example", anaPassword), s.personal("ben@irs.example", benPassword)

	var law proposal
	admin.ask(http.MethodPost, "/proposals", map[string]any{"title": "Two people", "reason": "The handbook says so.", "documents": []map[string]string{{"text": approvalPolicy}}}, &law)
	require.Equal(t, "draft", law.State, "a law that no author may approve is not made by one person either")
	ben.ask(http.MethodPost, fmt.Sprintf("/proposals/%d/approve", law.ID), map[string]any{"hash": law.Hash}, &law)
	require.Equal(t, "applied", law.State)

	// Enough history to look back on, at an error rate between the two thresholds.
	portalA.set(2)
	portalB.set(2)
	s.until("2 % errors", func() bool { v := s.kpi("error-rate"); return v.Value != nil && *v.Value > 0.019 && *v.Value < 0.021 })
	require.NotEqual(t, "red", s.kpi("error-rate").Light)

	var doc struct {
		Text     string
		Revision int
	}
	ana.ask(http.MethodGet, "/policies/KPI/error-rate", nil, &doc)
	require.Equal(t, 1, doc.Revision)
	tighter := strings.Replace(doc.Text, "red: \"> 3%\"", "red: \"> 1.5%\"", 1)
	require.NotEqual(t, doc.Text, tighter, doc.Text)
	var p proposal
	ana.ask(http.MethodPost, "/proposals", map[string]any{"title": "Page earlier", "reason": "Callers notice at 1.5 %.", "documents": []map[string]string{{"text": tighter}}}, &p)
	require.Equal(t, "draft", p.State)
	require.NotEmpty(t, p.Changes[0].Sentences)
	require.Contains(t, strings.Join(p.Changes[0].Sentences, " "), "before")
	path := fmt.Sprintf("/proposals/%d", p.ID)

	ana.ask(http.MethodPost, path+"/test", map[string]any{"days": 7}, &p)
	s.until("the back-test is done", func() bool {
		ana.ask(http.MethodGet, path, nil, &p)
		require.NotEqual(t, "failed", p.Evidence.State, p.Evidence.Error)
		return p.Evidence.State == "done"
	})
	require.Equal(t, "tested", p.State)
	require.Len(t, p.Evidence.Results, 1)
	require.Contains(t, p.Evidence.Results[0].Proposed.Threshold, "1.5")

	code, body := ana.do(http.MethodPost, path+"/approve", map[string]any{"hash": p.Hash})
	require.Equal(t, http.StatusForbidden, code, "the author's own approval: %s", body)
	code, body = root.do(http.MethodPost, path+"/approve", map[string]any{"hash": p.Hash})
	require.Equal(t, http.StatusForbidden, code, "a token is no person: %s", body)
	code, body = ben.do(http.MethodPost, path+"/approve", map[string]any{"hash": "of something else"})
	require.Equal(t, http.StatusConflict, code, "what was not read is not approved: %s", body)
	ben.ask(http.MethodPost, path+"/approve", map[string]any{"hash": p.Hash, "comment": "I have read it."}, &p)
	require.Equal(t, "applied", p.State)

	s.until("judged by revision 2", func() bool {
		var v struct {
			Revision int
			Light    string
		}
		ana.ask(http.MethodGet, "/kpis/error-rate", nil, &v)
		return v.Revision == 2 && v.Light == "red"
	})
	var changes struct {
		Changes []struct{ Letter, Title, KPI string }
	}
	ana.ask(http.MethodGet, "/changes?kpi=error-rate", nil, &changes)
	marked := false
	for _, c := range changes.Changes {
		marked = marked || c.Letter == "P" && strings.Contains(c.Title, "2")
	}
	require.True(t, marked, "the chart has the mark: %v", changes)

	var trail struct {
		Records []struct {
			Seq                   int64
			Action, Outcome       string
			Actor                 struct{ Name string }
			Object                struct{ Kind, Name string }
			Before, After, Reason string
		}
	}
	admin.ask(http.MethodGet, "/audit?limit=500", nil, &trail)
	has := func(action, outcome, actor string) bool {
		for _, r := range trail.Records {
			if r.Action == action && r.Outcome == outcome && (actor == "" || r.Actor.Name == actor) {
				return true
			}
		}
		return false
	}
	require.True(t, has("approve", "denied", "ana@irs.example"), "her attempt is on record: %v", trail)
	require.True(t, has("approve", "denied", ""), "the token's too")
	require.True(t, has("approve", "done", "ben@irs.example"), "%+v", trail)
	require.True(t, has("propose", "done", "ana@irs.example"), "%+v", trail)
	require.True(t, has("apply", "done", ""), "%+v", trail)
	require.True(t, has("user_create", "done", "root@irs.example"), "%+v", trail)
	require.True(t, has("sign_in", "done", "ana@irs.example"), "%+v", trail)

	// The file went with the change, and so did nothing else in it.
	require.Eventually(t, func() bool {
		raw, err := os.ReadFile(filepath.Join(dir, "policies/efile.yaml"))
		return err == nil && strings.Contains(string(raw), "1.5%") && strings.Count(string(raw), "kind: KPI") == strings.Count(policies, "kind: KPI")
	}, time.Minute, 50*time.Millisecond)

	// kill -9, start: the same law, the same light.
	s.kill()
	s = start(t, dir, addr)
	var after struct{ Revision int }
	s.starter().ask(http.MethodGet, "/policies/KPI/error-rate", nil, &after)
	require.Equal(t, 2, after.Revision)

	out, exit := run(t, "audit", "verify", "--server", "http://"+addr)
	require.Equal(t, 0, exit, out)
	file := filepath.Join(dir, "audit.jsonl")
	out, exit = run(t, "audit", "export", file, "--server", "http://"+addr)
	require.Equal(t, 0, exit, out)
	out, exit = run(t, "audit", "verify", file)
	require.Equal(t, 0, exit, out)
	s.kill()

	seq := tamper(t, filepath.Join(dir, "data", "state.db"))
	out, exit = run(t, "audit", "verify", "--data", filepath.Join(dir, "data"))
	require.Equal(t, 1, exit, out)
	require.Contains(t, out, fmt.Sprintf("record %d", seq), "it names the record")
}

// personal signs somebody in whose first password was set by another, who has to choose their own first.
func (s *signalbox) personal(login, password string) someone {
	s.t.Helper()
	p := s.signIn(login, password)
	var me struct {
		MustChange bool `json:"must_change"`
	}
	p.ask(http.MethodGet, "/me", nil, &me)
	if !me.MustChange {
		return p
	}
	p.ask(http.MethodPost, "/password", map[string]string{"old": password, "new": password + " of my own"}, nil)
	return s.signIn(login, password+" of my own")
}

// tamper changes one byte of one record of the audit chain and returns the record's number.
func tamper(t *testing.T, path string) (seq int64) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer db.Close()
	var body string
	require.NoError(t, db.QueryRow(`SELECT seq, CAST(body AS TEXT) FROM audit_record WHERE CAST(body AS TEXT) LIKE '%"action":"approve"%"outcome":"denied"%' LIMIT 1`).Scan(&seq, &body))
	forged := strings.Replace(body, `"outcome":"denied"`, `"outcome":"dEnied"`, 1)
	require.NotEqual(t, body, forged)
	_, err = db.Exec(`UPDATE audit_record SET body = CAST(? AS BLOB) WHERE seq = ?`, forged, seq)
	require.NoError(t, err)
	return seq
}
