package probe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/probe"
)

// server is a real PostgreSQL of this machine, in a folder of its own.
type server struct {
	t    *testing.T
	bin  string
	dir  string
	port string
	run  *syscall.SysProcAttr
}

// program runs one of PostgreSQL's programs, which refuse to be run by root.
func (s *server) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr = s.run
	cmd.Dir = os.TempDir()
	return cmd
}

// freePort is a port that nobody listens on. It is none of those that the kernel hands out by itself, so nobody gets it by
// chance before it is used.
func freePort(t *testing.T) string {
	for range 1000 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func newServer(t *testing.T) *server {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
	}
	slices.Sort(found)
	s := &server{t: t, bin: filepath.Dir(found[len(found)-1]), port: freePort(t)}
	var err error
	s.dir, err = os.MkdirTemp("", "signalbox-postgres-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("root may not run PostgreSQL, and there is no user postgres")
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		require.NoError(t, os.Chown(s.dir, uid, gid))
		s.run = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	out, err := s.program("initdb", "-D", s.dir+"/data", "-A", "trust", "-U", "probe", "-N", "--no-instructions").CombinedOutput()
	require.NoError(t, err, string(out))
	s.start(s.dir+"/data", s.port)
	return s
}

func (s *server) start(data, port string) {
	cmd := s.program("postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "", "-F", "-c", "shared_preload_libraries=pg_stat_statements", "-c", "deadlock_timeout=50ms", "-c", "log_min_messages=panic")
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait() // ended
	})
	require.Eventually(s.t, func() bool {
		c, err := pgx.Connect(s.t.Context(), s.dsn(port))
		if err != nil {
			return false
		}
		_ = c.Close(s.t.Context())
		return true
	}, time.Minute, 20*time.Millisecond, "PostgreSQL did not start")
}

func (s *server) dsn(port string) string {
	return fmt.Sprintf("postgres://probe@127.0.0.1:%s/postgres?sslmode=disable", port)
}

func (s *server) connect() *pgx.Conn {
	c, err := pgx.Connect(s.t.Context(), s.dsn(s.port))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// find returns the value of the only series with a name and these parts in its labels.
func (p *tape) find(t *testing.T, name string, parts ...string) float64 {
	t.Helper()
	var hits []float64
	for l, v := range p.newest {
		ok := strings.Contains(l, `__name__="`+name+`"`)
		for _, part := range parts {
			ok = ok && strings.Contains(l, part)
		}
		if ok {
			hits = append(hits, v)
		}
	}
	require.Len(t, hits, 1, "%s %v", name, parts)
	return hits[0]
}

func TestPostgres(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	exec := func(c *pgx.Conn, sql string) {
		t.Helper()
		_, err := c.Exec(ctx, sql)
		require.NoError(t, err, sql)
	}
	probed := func(port string) (*tape, probe.State) {
		return ask(t, `[{name: efile-db, interval: 1m, timeout: 1m, postgres: {dsn_secret: db, slow: 100ms}}]`, func(o *probe.Options) {
			o.Secret = func(name string) (string, bool) { return s.dsn(port), name == "db" }
		})
	}
	a, b, c := s.connect(), s.connect(), s.connect()
	exec(a, "CREATE EXTENSION pg_stat_statements")
	exec(a, "CREATE TABLE filing (id int PRIMARY KEY, state text)")
	exec(a, "INSERT INTO filing SELECT i, 'new' FROM generate_series(1, 100) i")

	// One holds a lock, one waits for it, one is idle in a transaction, one query is slow.
	exec(a, "BEGIN")
	exec(a, "UPDATE filing SET state = 'a' WHERE id = 1")
	exec(b, "BEGIN")
	exec(b, "UPDATE filing SET state = 'b' WHERE id = 2")
	waiting := make(chan error, 1)
	go func() {
		_, err := b.Exec(ctx, "UPDATE filing SET state = 'b' WHERE id = 1")
		waiting <- err
	}()
	slow := make(chan error, 1)
	asleep, wake := context.WithCancel(ctx)
	defer wake()
	go func() {
		_, err := c.Exec(asleep, "SELECT pg_sleep(600)")
		slow <- err
	}()
	var to *tape
	require.Eventually(t, func() bool {
		var st probe.State
		to, st = probed(s.port)
		return st.LastError == "" && to.find(t, "pg_locks_waiting", `datname="postgres"`) == 1 && to.find(t, "pg_slow_queries", `datname="postgres"`) == 2
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, 1.0, to.byName["pg_up"])
	require.Equal(t, 1.0, to.byName["probe_success"])
	require.Equal(t, 1.0, to.find(t, "pg_stat_activity_count", `datname="postgres"`, `state="idle in transaction"`))
	require.Equal(t, 2.0, to.find(t, "pg_stat_activity_count", `datname="postgres"`, `state="active"`))
	require.Positive(t, to.find(t, "pg_stat_activity_max_tx_duration", `datname="postgres"`, `state="active"`))
	require.Positive(t, to.find(t, "pg_locks_count", `datname="postgres"`, `mode="rowexclusivelock"`))
	require.Equal(t, 100.0, to.find(t, "pg_settings_max_connections"))
	require.Equal(t, 0.0, to.find(t, "pg_replication_is_replica"))
	require.Positive(t, to.find(t, "pg_stat_database_xact_commit", `datname="postgres"`))
	require.Positive(t, to.find(t, "pg_database_size_bytes", `datname="postgres"`))
	statements := 0
	for l := range to.newest {
		if strings.Contains(l, "pg_stat_statements_calls_total") {
			statements++
			require.NotContains(t, strings.ToLower(l), "filing", "texts of queries are not kept")
		}
	}
	require.Positive(t, statements)

	// A deadlock is counted, and the rollback that ends it.
	before := to.find(t, "pg_stat_database_xact_rollback", `datname="postgres"`)
	_, _ = a.Exec(ctx, "UPDATE filing SET state = 'a' WHERE id = 2") // one of the two is ended
	<-waiting
	_, _ = a.Exec(ctx, "ROLLBACK")
	_, _ = b.Exec(ctx, "ROLLBACK")
	wake()
	require.ErrorIs(t, <-slow, context.Canceled)
	require.NoError(t, a.Close(ctx)) // what a session counted is told when it ends
	require.NoError(t, b.Close(ctx))
	require.Eventually(t, func() bool {
		to, _ = probed(s.port)
		return to.find(t, "pg_stat_database_deadlocks", `datname="postgres"`) == 1 && to.find(t, "pg_stat_database_xact_rollback", `datname="postgres"`) > before
	}, time.Minute, 50*time.Millisecond)

	// A standby.
	out, err := s.program("pg_basebackup", "-d", s.dsn(s.port), "-D", s.dir+"/standby", "-R", "-X", "stream", "-c", "fast").CombinedOutput()
	require.NoError(t, err, string(out))
	port := freePort(t)
	s.start(s.dir+"/standby", port)
	require.Eventually(t, func() bool {
		replica, _ := probed(port)
		primary, _ := probed(s.port)
		return replica.find(t, "pg_replication_is_replica") == 1 && replica.find(t, "pg_replication_lag_seconds") >= 0 && len(names(primary, "pg_stat_replication_pg_wal_lsn_diff")) == 1
	}, time.Minute, 50*time.Millisecond)

	// A server that is away is down, and says nothing of how it is reached.
	to, st := probed(freePort(t))
	require.Equal(t, []any{0.0, 0.0}, []any{to.byName["pg_up"], to.byName["probe_success"]})
	require.Equal(t, "the server could not be reached", st.LastError)
}

func names(p *tape, name string) (out []string) {
	for l := range p.newest {
		if strings.Contains(l, `__name__="`+name+`"`) {
			out = append(out, l)
		}
	}
	return out
}
