package alert_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/ledger"
)

// TestKillChild is not a test but the process that is killed: a room over the state in SIGNALBOX_KILL_DIR, told of
// SIGNALBOX_KILL_GROUPS groups that are red. It says on its output how far it is.
func TestKillChild(t *testing.T) {
	dir := os.Getenv("SIGNALBOX_KILL_DIR")
	if dir == "" {
		t.Skip("run by TestKill")
	}
	groups, err := strconv.Atoi(os.Getenv("SIGNALBOX_KILL_GROUPS"))
	require.NoError(t, err)
	h := open(t, dir, os.Getenv("SIGNALBOX_KILL_CONFIG"))
	for i := range groups {
		h.signal(red(errorRate(), fmt.Sprintf("s%03d", i), 0.05, time.UnixMilli(1_800_000_000_000)))
	}
	fmt.Println("signalled")
	if os.Getenv("SIGNALBOX_KILL_RUN") == "" {
		select {}
	}
	go func() {
		for n := 0; ; {
			<-h.more
			for _, r := range h.left("sent")[n:] {
				fmt.Println("sent", r.Group.Get("service"))
				n++
			}
		}
	}()
	_ = h.Run(context.Background())
}

// child starts the process; lines are what it says.
type child struct {
	*exec.Cmd
	lines chan string
}

func spawn(t *testing.T, dir, cfg string, groups int, runs bool) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], "-test.run=^TestKillChild$"), lines: make(chan string, 10_000)}
	c.Env = append(os.Environ(), "SIGNALBOX_KILL_DIR="+dir, "SIGNALBOX_KILL_CONFIG="+cfg, "SIGNALBOX_KILL_GROUPS="+strconv.Itoa(groups))
	if runs {
		c.Env = append(c.Env, "SIGNALBOX_KILL_RUN=1")
	}
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
		close(c.lines)
	}()
	return c
}

func (c *child) kill() {
	_ = c.Process.Kill() // SIGKILL
	_ = c.Wait()
}

// says waits for a line.
func (c *child) says(t *testing.T, want string) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case l, ok := <-c.lines:
			if !ok {
				t.Fatalf("the child ended before it said %q", want)
			}
			if l == want {
				return
			}
		case <-limit:
			t.Fatalf("the child did not say %q", want)
		}
	}
}

// after opens the room in this process with the same groups and one more, which is told last: nothing else may be told.
func after(t *testing.T, dir, cfg string, groups int) []ledger.Receipt {
	t.Helper()
	h := open(t, dir, cfg)
	for i := range groups {
		h.signal(red(errorRate(), fmt.Sprintf("s%03d", i), 0.05, time.UnixMilli(1_800_000_000_000)))
	}
	h.run()
	require.Eventually(t, func() bool { // every group was compared with the log, and is in it
		return h.counted("signalbox_alertmanager_nflog_queries_total") >= float64(groups) && h.noted() >= groups
	}, patience, time.Millisecond)
	h.signal(red(errorRate(), "last", 0.05, time.Now()))
	require.Eventually(t, func() bool { return h.noted() >= groups+1 }, patience, time.Millisecond)
	h.stop()
	return h.left("sent")
}

// counted returns a counter.
func (h *house) counted(name string) float64 {
	got, err := h.reg.Gather()
	require.NoError(h.t, err)
	for _, f := range got {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

// noted returns how many groups the log knows.
func (h *house) noted() int {
	var n int
	require.NoError(h.t, h.db.SQL().QueryRow(`SELECT count(*) FROM told`).Scan(&n))
	return n
}

// TestKill kills the process with SIGKILL at the points that matter. Nobody is told twice, except of a notification that
// the receiver accepted and of which we could not know; then the mail has the same Message-ID.
func TestKill(t *testing.T) {
	route := "group_by: [service], group_interval: 1h"
	t.Run("before it was sent", func(t *testing.T) {
		hook := hookServer(t)
		dir, cfg := t.TempDir(), hookTo(hook.URL, route)
		c := spawn(t, dir, cfg, 1, false)
		c.says(t, "signalled")
		c.kill()
		require.Empty(t, hook.came)
		require.Len(t, after(t, dir, cfg, 1), 2)
		require.Len(t, hook.came, 2)
	})
	t.Run("accepted and not noted, webhook", func(t *testing.T) {
		var c atomic.Pointer[child]
		var n atomic.Int32
		ready := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if n.Add(1) == 1 {
				<-ready
				c.Load().kill() // it has the notification, and we never hear so
			}
		}))
		defer server.Close()
		dir, cfg := t.TempDir(), hookTo(server.URL, route)
		c.Store(spawn(t, dir, cfg, 1, true))
		close(ready)
		for range c.Load().lines {
		}
		require.Len(t, after(t, dir, cfg, 1), 2)
		require.EqualValues(t, 3, n.Load(), "the one repetition that cannot be avoided")
	})
	t.Run("accepted and not noted, mail", func(t *testing.T) {
		box := sinkAt(t, "127.0.0.1:0")
		var c atomic.Pointer[child]
		var lost letter
		ready := make(chan struct{})
		box.reply(func(raw []byte) error {
			<-ready
			if lost.ID == "" {
				lost = readLetter(raw)
				c.Load().kill()
				return errors.New("nobody hears this")
			}
			return nil
		})
		dir, cfg := t.TempDir(), mailTo(box.addr, route)
		c.Store(spawn(t, dir, cfg, 1, true))
		close(ready)
		for range c.Load().lines {
		}
		require.Len(t, after(t, dir, cfg, 1), 2)
		got := box.all()
		require.Len(t, got, 2)
		require.Equal(t, lost.Subject, got[0].Subject)
		require.Equal(t, lost.ID, got[0].ID, "the repetition can be told from another page")
		require.NotEqual(t, got[0].ID, got[1].ID)
	})
	t.Run("noted", func(t *testing.T) {
		hook := hookServer(t)
		dir, cfg := t.TempDir(), hookTo(hook.URL, route)
		c := spawn(t, dir, cfg, 1, true)
		c.says(t, "sent s000")
		c.kill()
		require.Len(t, after(t, dir, cfg, 1), 1)
		require.Len(t, hook.came, 2)
	})
}

// TestKillAnywhere kills the process at any moment while it pages for many groups. Everybody is told of every group, and
// twice only with the same Message-ID. SIGNALBOX_KILL_ROUNDS sets how often (3).
func TestKillAnywhere(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("SIGNALBOX_KILL_ROUNDS"))
	if err != nil {
		rounds = 3
	}
	const groups = 60
	for round := range rounds {
		box := sinkAt(t, "127.0.0.1:0")
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [service], group_interval: 1h")
		kills := 0
		for len(box.all()) < groups && kills < 6 {
			c := spawn(t, dir, cfg, groups, true)
			c.says(t, "signalled")
			timer := time.NewTimer(time.Duration(rand.IntN(60)) * time.Millisecond)
			<-timer.C
			c.kill()
			kills++
		}
		after(t, dir, cfg, groups)
		ids := map[string]map[string]int{}
		for _, m := range box.all() {
			require.NoError(t, m.Err)
			_, service, _ := strings.Cut(m.Subject, "service=")
			service, _, _ = strings.Cut(service, " ")
			if ids[service] == nil {
				ids[service] = map[string]int{}
			}
			ids[service][m.ID]++
		}
		require.Len(t, ids, groups+1, "every group was told")
		twice := 0
		for service, of := range ids {
			require.Len(t, of, 1, "%s was told under two names", service)
			for _, n := range of {
				twice += n - 1
			}
		}
		t.Logf("round %d: %d kills, %d mails of %d were repeated with their Message-ID", round, kills, twice, groups)
	}
}
