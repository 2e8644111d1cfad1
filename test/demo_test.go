package test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDemo breaks and heals the demo from the command line, as its page says one can: the light turns yellow, then red, one
// mail arrives with the runbook, and after healing the light turns green and one more mail says so.
func TestDemo(t *testing.T) {
	t.Parallel()
	path, err := binary()
	require.NoError(t, err)
	temporary := t.TempDir()
	s := &signalbox{t: t, addr: freePort(t), log: &journal{}, done: make(chan error, 1)}
	t.Cleanup(func() { s.log.tell(t) })
	s.cmd = exec.Command(path, "demo", "run", "--period", "5s", "--listen", s.addr)
	s.cmd.Env = append(os.Environ(), "SIGNALBOX_ADMIN_TOKEN="+token, "TMPDIR="+temporary)
	s.cmd.Stderr, s.cmd.Stdout = s.log, s.log
	require.NoError(t, s.cmd.Start())
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(s.kill)

	const kpi = "efile-error-rate"
	s.until("green", func() bool { return s.kpi(kpi).Light == "green" })
	for _, name := range []string{"efile-under-2s", "filings-accepted", "filings-against-forecast", "machine-cpu", "machine-memory", "machine-disk"} {
		s.until(name+" has a value", func() bool { return s.kpi(name).Value != nil })
	}
	require.Empty(t, s.mails())
	var actives struct{ Points []struct{ People int } }
	s.until("weeks of people before today", func() bool {
		s.get("/api/signalbox/v1/usage/actives", &actives)
		days := 0
		for _, p := range actives.Points {
			if p.People > 30 {
				days++
			}
		}
		return days >= 14
	})
	for _, name := range []string{"filing-apdex", "errors-logged", "people-here", "last-acceptance"} {
		s.until(name+" has a value", func() bool { return s.kpi(name).Value != nil })
	}

	out, code := run(t, "demo", "break", "intake", "--server", "http://"+s.addr)
	require.Zero(t, code, out)
	s.until("red", func() bool { return s.kpi(kpi).Light == "red" })
	for group, lights := range s.lights(kpi) {
		if red := slices.Index(lights, "red"); red >= 0 {
			require.Contains(t, lights[:red], "yellow", "%s: the third breaching datapoint is red, not the first", group)
		}
	}
	s.until("a mail", func() bool { return len(s.mails()) > 0 })
	s.until("the guilty line leads to its trace", s.guilty)
	var changes struct {
		Changes []struct{ Letter, Title string }
	}
	s.get("/api/signalbox/v1/changes", &changes)
	require.Len(t, changes.Changes, 1)
	require.Equal(t, "D Deploy intake 4.2", changes.Changes[0].Letter+" "+changes.Changes[0].Title)
	s.until("satisfaction falls", func() bool { return s.kpi("filing-apdex").Light != "green" })

	out, code = run(t, "demo", "heal", "intake", "--server", "http://"+s.addr)
	require.Zero(t, code, out)
	s.until("green again", func() bool { return s.kpi(kpi).Light == "green" })
	s.until("a second mail", func() bool { return len(s.mails()) > 1 })
	mails := s.mails()
	require.Len(t, mails, 2, "one page and one all-clear")
	require.Contains(t, mails[0].Subject, "[On target]")
	require.Contains(t, mails[1].Subject, "[Breached]")

	var page struct{ Text string }
	require.Equal(t, http.StatusOK, s.get("/api/signalbox/v1/demo/mails/"+mails[1].ID, &page))
	_, runbook, found := strings.Cut(page.Text, "Runbook:")
	require.True(t, found, page.Text)
	runbook, _, _ = strings.Cut(strings.TrimSpace(runbook), "\n")
	resp, err := http.Get(strings.TrimSpace(runbook))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, "the runbook can be read")

	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-s.done, s.log.String())
	s.done <- nil
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left, "the demo leaves no trace")
}

// guilty goes the way from an error to its log line and from there to the failing span.
func (s *signalbox) guilty() bool {
	var errors struct {
		Groups []struct {
			Origin, Type string
			Releases     []string
		}
	}
	s.get("/api/signalbox/v1/errors", &errors)
	grouped := false
	for _, g := range errors.Groups {
		grouped = grouped || g.Type == "SchemaValidationError" && len(g.Releases) == 1 && g.Releases[0] == "4.2"
	}
	var lines struct {
		Rows []struct {
			Body    string
			TraceID string `json:"trace_id"`
		}
	}
	s.get("/api/signalbox/v1/logs?limit=20&q="+url.QueryEscape("level:error error_type:SchemaValidationError"), &lines)
	for _, line := range lines.Rows {
		require.Contains(s.t, line.Body, "schema validation failed: form 8949 line 1b")
		var trace struct {
			Spans []struct{ Name, Service string }
			Logs  []any
		}
		s.get("/api/signalbox/v1/traces/"+line.TraceID, &trace)
		for _, span := range trace.Spans {
			if grouped && span.Name == "parse return" && span.Service == "intake" {
				return len(trace.Logs) > 0
			}
		}
	}
	return false
}

type demoMail struct{ ID, Subject string }

// mails are the demo's mails of the error rate, newest first. Another promise may page, too, on a machine that is so busy that
// filings take long.
func (s *signalbox) mails() (out []demoMail) {
	var list struct{ Mails []demoMail }
	s.get("/api/signalbox/v1/demo/mails", &list)
	for _, m := range list.Mails {
		if strings.Contains(m.Subject, "1040 e-file error rate") {
			out = append(out, m)
		}
	}
	return out
}

// lights are the lights that a KPI's groups turned to, the oldest first.
func (s *signalbox) lights(kpi string) map[string][]string {
	var list struct {
		Decisions []struct {
			Group map[string]string
			To    string
		}
	}
	require.Equal(s.t, http.StatusOK, s.get("/api/signalbox/v1/kpis/"+kpi+"/decisions?limit=200", &list))
	require.NotEmpty(s.t, list.Decisions)
	out := map[string][]string{}
	for _, d := range slices.Backward(list.Decisions) {
		group := fmt.Sprint(d.Group)
		out[group] = append(out[group], d.To)
	}
	return out
}
