package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// builds is where binary is, for as long as the tests run.
var builds string

func TestMain(m *testing.M) {
	var err error
	if builds, err = os.MkdirTemp("", "signalbox-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(builds)
	os.Exit(code)
}

// binary is built once for all tests of the package.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(builds, "signalbox")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/signalbox").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build signalbox: %w\n%s", err, out)
	}
	return path, nil
})

const token = "a-token-for-tests-of-more-than-32-characters"

// signalbox is one running server.
type signalbox struct {
	t    *testing.T
	dir  string
	addr string
	cmd  *exec.Cmd
	log  *journal
	done chan error
}

// journal keeps what a process says; it may be read while the process runs.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// tell says what the process said if the test failed.
func (j *journal) tell(t *testing.T) {
	if text := j.String(); t.Failed() {
		t.Logf("the end of what the server said:\n%s", text[max(0, len(text)-8000):])
	}
}

// start writes the configuration and policies into dir and runs `signalbox serve`. The address is kept over restarts.
func start(t *testing.T, dir, addr string) *signalbox {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	s := &signalbox{t: t, dir: dir, addr: addr, log: &journal{}, done: make(chan error, 1)}
	t.Cleanup(func() { s.log.tell(t) })
	s.cmd = exec.Command(path, "serve", "--config", filepath.Join(dir, "signalbox.yaml"), "--data", filepath.Join(dir, "data"), "--listen", addr)
	s.cmd.Env = append(os.Environ(), "SIGNALBOX_ADMIN_TOKEN="+token)
	s.cmd.Stderr, s.cmd.Stdout = s.log, s.log
	require.NoError(t, s.cmd.Start())
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(s.kill)
	s.until("ready", func() bool {
		resp, err := http.Get("http://" + addr + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return s
}

// kill is kill -9.
func (s *signalbox) kill() {
	if s.cmd.Process.Signal(syscall.SIGKILL) == nil {
		<-s.done
		s.done <- nil
	}
}

// until asks again and again whether something has come true, for at most a minute.
func (s *signalbox) until(what string, ok func() bool) {
	s.t.Helper()
	require.Eventually(s.t, ok, time.Minute, 50*time.Millisecond, "never came true: %s", what)
}

// get decodes an answer of the API.
func (s *signalbox) get(path string, into any) int {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+s.addr+path, nil)
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	if into != nil && resp.StatusCode == http.StatusOK {
		require.NoError(s.t, json.Unmarshal(body, into), string(body))
	}
	return resp.StatusCode
}

type kpiView struct {
	Name, Light, Word, Reason, Missing string
	Value                              *float64
	Groups                             []struct {
		Labels map[string]string
		Light  string
		Value  *float64
	}
}

func (s *signalbox) kpi(name string) kpiView {
	var v kpiView
	s.get("/api/signalbox/v1/kpis/"+name, &v)
	return v
}

// query returns the values of an instant query.
func (s *signalbox) query(expr string) []float64 {
	var a struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	s.get("/api/v1/query?query="+strings.NewReplacer(" ", "%20", "{", "%7B", "}", "%7D", `"`, "%22", "=", "%3D", "+", "%2B").Replace(expr), &a)
	var out []float64
	for _, r := range a.Data.Result {
		var v float64
		_, err := fmt.Sscan(fmt.Sprint(r.Value[1]), &v)
		require.NoError(s.t, err)
		out = append(out, v)
	}
	return out
}

// freePort returns an address nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	return freePorts(t, 1)[0]
}

// mailbox is a real SMTP server that keeps what arrives. It can be told to refuse.
type mailbox struct {
	mu     sync.Mutex
	mails  []string
	refuse int // answer 451 to so many more
	server *smtp.Server
	addr   string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{}
	m.server = smtp.NewServer(m)
	m.server.Domain = "localhost"
	l := listen(t)
	m.addr = l.Addr().String()
	go func() { _ = m.server.Serve(l) }()
	t.Cleanup(func() { _ = m.server.Close() })
	return m
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{m}, nil }

type session struct{ m *mailbox }

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

// Data takes a mail, or answers 451 as a busy server does.
func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.refuse > 0 {
		s.m.refuse--
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again"}
	}
	s.m.mails = append(s.m.mails, string(body))
	return nil
}

func (m *mailbox) count(subject string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, mail := range m.mails {
		for _, line := range strings.Split(mail, "\r\n") {
			if strings.HasPrefix(line, "Subject:") && strings.Contains(line, subject) {
				n++
			}
		}
	}
	return n
}

// write puts files into dir; names may have folders.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// run runs a command line of the binary and returns its output and exit code.
func run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "SIGNALBOX_ADMIN_TOKEN="+token)
	out, err := cmd.CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, string(out))
	}
	return string(out), cmd.ProcessState.ExitCode()
}
