package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/statestore"
)

// people is a server with nothing but people, and a command line that talks to it.
type people struct {
	t      *testing.T
	dir    string
	server *httptest.Server
	access *access.Access
}

func openPeople(t *testing.T) people {
	t.Helper()
	dir := t.TempDir()
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	a, err := access.New(t.Context(), access.Options{DB: db, DataDir: dir, Listen: []string{"127.0.0.1:9700"}})
	require.NoError(t, err)
	handler, err := a.Handler(append(a.Routes(), api.New(api.Options{People: a}).Routes()...))
	require.NoError(t, err)
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return people{t, dir, s, a}
}

// run runs a command line, the server and the data directory added, and returns its exit code and output.
func (p people) run(in string, args ...string) (int, string) {
	p.t.Helper()
	var out bytes.Buffer
	args = append(args, "--server", p.server.URL, "--data", p.dir)
	code := run(p.t.Context(), args, strings.NewReader(in), &out, &out, nil)
	return code, out.String()
}

func (p people) good(want string, args ...string) string {
	p.t.Helper()
	code, out := p.run("", args...)
	require.Zero(p.t, code, out)
	require.Contains(p.t, out, want)
	return out
}

func (p people) bad(code int, want string, args ...string) {
	p.t.Helper()
	got, out := p.run("", args...)
	require.Equal(p.t, code, got, out)
	require.Contains(p.t, out, want)
}

func TestUsersAndTokensByCommand(t *testing.T) {
	p := openPeople(t)
	p.good("LOGIN", "user", "list")
	out := p.good("made ann@irs.example (admin)", "user", "add", "Ann@irs.example", "--name", "Ann A.", "--role", "admin")
	require.Contains(t, out, "password, shown only now: ")
	code, out := p.run("correct horse battery\n", "user", "add", "bob", "--role", `owner {agency="IRS", env=~"prod|test"}`, "--role", "viewer", "--password-stdin")
	require.Zero(t, code, out)
	require.Equal(t, "made bob (owner {agency=\"IRS\", env=~\"prod|test\"}; viewer)\n", out)
	p.good(`bob              `, "user", "list")
	p.good(`"login": "ann@irs.example"`, "user", "list", "-o", "json")
	p.bad(1, `role "root": want viewer`, "user", "add", "cat", "--role", "root")
	p.bad(1, `scope "agency"`, "user", "add", "cat", "--role", "viewer{agency}")
	p.bad(2, `--role "viewer {a=\"b\""`, "user", "add", "cat", "--role", `viewer {a="b"`)
	p.bad(2, "standard input is empty", "user", "add", "cat", "--password-stdin")

	p.good("bob is active (analyst)", "user", "set", "bob", "--role", "analyst", "--reason", "moved")
	p.bad(2, "nothing to change", "user", "set", "bob")
	p.bad(1, "last active administrator", "user", "set", "ann@irs.example", "--no-role")
	p.bad(1, "last active administrator", "user", "remove", "ann@irs.example")
	p.bad(1, "there is no user", "user", "disable", "zoe")

	out = p.good("sb_", "token", "create", "ci", "--owner", "bob", "--role", "analyst", "--for", "30d", "--agent", "--pushes-as", "ci")
	secret, _, _ := strings.Cut(out, "\n")
	ask := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.server.URL+"/api/signalbox/v1/me", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	require.Equal(t, 200, ask())
	list := p.good("ci (agent)", "token", "list")
	p.bad(1, "cannot be admin", "token", "create", "x", "--owner", "bob", "--role", "admin")
	p.bad(1, "a year from now", "token", "create", "x", "--owner", "bob", "--role", "viewer", "--for", "2y")
	p.bad(2, "--role: none", "token", "create", "x", "--owner", "bob")
	p.good("bob is disabled", "user", "disable", "bob", "--reason", "left")
	require.Equal(t, 401, ask())
	p.good("dead", "token", "list")
	p.good("bob is active", "user", "set", "bob", "--enable")
	require.Equal(t, 200, ask())
	id := list[strings.Index(list, "t_"):][:22]
	p.good("revoked "+id, "token", "revoke", id)
	require.Equal(t, 401, ask())
	p.bad(1, "there is no token", "token", "revoke", id)

	p.good("shown only now", "user", "password", "bob")
	code, out = p.run("another horse battery\n", "user", "password", "bob", "--password-stdin")
	require.Zero(t, code, out)
	require.NotContains(t, out, "horse")
	p.good("removed bob", "user", "remove", "bob")
}

// TestOfflineAdministrator: who owns the data directory gets in without a server, on the record, and not beside one.
func TestOfflineAdministrator(t *testing.T) {
	p := openPeople(t)
	p.server.Close()
	p.bad(1, "no signalbox answers", "user", "add", "ann", "--role", "admin")
	lock, err := os.OpenFile(filepath.Join(p.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	p.bad(1, "is in use by the signalbox process", "user", "add", "ann", "--role", "admin", "--offline")
	require.NoError(t, lock.Close())
	p.good("made ann (admin)", "user", "add", "ann", "--role", "admin", "--offline")
	p.bad(1, `login "ann" is taken`, "user", "add", "ann", "--role", "admin", "--offline")

	db, err := statestore.Open(filepath.Join(p.dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	log, err := audit.Open(t.Context(), audit.Options{DB: db, KeyFile: filepath.Join(p.dir, audit.KeyFile)})
	require.NoError(t, err)
	rs, err := log.Find(t.Context(), audit.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, rs, 2)
	require.Equal(t, []string{"role_grant", "user_create"}, []string{rs[0].Action, rs[1].Action})
	require.Equal(t, "offline command", rs[1].Actor.Name)

	p.dir = t.TempDir()
	p.bad(1, "there is no state.db", "user", "add", "ann", "--role", "admin", "--offline")
}
