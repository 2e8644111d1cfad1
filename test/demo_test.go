package test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
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
	s := &signalbox{t: t, addr: freePort(t), log: &bytes.Buffer{}, done: make(chan error, 1)}
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

	out, code := run(t, "demo", "break", "intake", "--server", "http://"+s.addr)
	require.Zero(t, code, out)
	s.until("yellow first", func() bool {
		light := s.kpi(kpi).Light
		require.NotEqual(t, "red", light, "the third breaching datapoint is red, not the first")
		return light == "yellow"
	})
	s.until("red", func() bool { return s.kpi(kpi).Light == "red" })
	s.until("a mail", func() bool { return len(s.mails()) > 0 })

	out, code = run(t, "demo", "heal", "intake", "--server", "http://"+s.addr)
	require.Zero(t, code, out)
	s.until("green again", func() bool { return s.kpi(kpi).Light == "green" })
	s.until("a second mail", func() bool { return len(s.mails()) > 1 })
	mails := s.mails()
	require.Len(t, mails, 2, "one page and one all-clear")
	require.Contains(t, mails[0].Subject, "[On target] 1040 e-file error rate")
	require.Contains(t, mails[1].Subject, "[Breached] 1040 e-file error rate")

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

type demoMail struct{ ID, Subject string }

// mails are the demo's mails, newest first.
func (s *signalbox) mails() []demoMail {
	var list struct{ Mails []demoMail }
	s.get("/api/signalbox/v1/demo/mails", &list)
	return list.Mails
}
