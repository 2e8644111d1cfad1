package alert_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

// inBubble runs f on a fake clock with a mailbox whose server runs on the real one. A connection is never durably blocked,
// so the clock stands still while a mail is on its way.
func inBubble(t *testing.T, f func(t *testing.T, box *sink)) {
	t.Helper()
	box := sinkAt(t, "127.0.0.1:0")
	synctest.Test(t, func(t *testing.T) { f(t, box) })
}

// pass lets time go by and everything settle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestFirstPageAtOnce: with group_wait left out the first page of a group goes at once, what follows waits for
// group_interval, the end is told, and what goes on is repeated.
func TestFirstPageAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m, repeat_interval: 4h"))
		defer h.stop()
		k, start := errorRate(), time.Now()
		a, b := red(k, "mef", 0.084, start), red(k, "ides", 0.05, start)
		h.signal(a)
		pass(0)
		require.Equal(t, []string{"[Breached] 1040 e-file error rate is 8.40 % (limit: ≤ 3 %) service=mef"}, subjects(box.all()))
		require.Equal(t, time.Duration(0), time.Since(start))

		pass(time.Minute)
		h.signal(b)
		pass(3 * time.Minute)
		h.signal(a) // goes on with other numbers
		require.Len(t, subjects(box.all()), 1, "what follows is grouped")
		pass(time.Minute)
		require.Len(t, subjects(box.all()), 2)
		require.Equal(t, "[Breached] 1040 e-file error rate: 2 groups, the first is 5 % service=ides", box.all()[1].Subject)

		pass(time.Minute)
		h.signal(over(a, 0.02), over(b, 0.001))
		pass(3 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
		pass(time.Minute)
		require.Len(t, subjects(box.all()), 3, "the end is told after group_interval")
		require.Equal(t, "[On target] 1040 e-file error rate: 2 groups", box.all()[2].Subject)

		h.signal(a)
		pass(0)
		require.Len(t, subjects(box.all()), 4, "a new page of a group that had ended goes at once")
		pass(4 * time.Hour)
		require.Len(t, subjects(box.all()), 4)
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 5, "it goes on and is repeated")
		require.Equal(t, box.all()[3].Subject, box.all()[4].Subject)
		require.NotEqual(t, box.all()[3].ID, box.all()[4].ID)
		h.signal(over(a, 0.02))
		pass(5 * time.Minute)
		require.Equal(t, "[At risk] 1040 e-file error rate is 2 %, after 4.25 h service=mef", box.all()[5].Subject)
		pass(24 * time.Hour)
		require.Len(t, subjects(box.all()), 6)
		require.Len(t, h.left("failed"), 0)
	})
}

// TestShortBreach: what began and ended before anybody could be told is not told.
func TestShortBreach(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_wait: 30s"))
		defer h.stop()
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a)
		pass(10 * time.Second)
		h.signal(over(a, 0))
		pass(time.Hour)
		require.Empty(t, subjects(box.all()))
	})
}

// TestTemporaryFailure: a mail that is answered 451 is tried again and arrives once.
func TestTemporaryFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		var calls atomic.Int32
		box.reply(func([]byte) error {
			if calls.Add(1) <= 2 {
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "local error in processing"}
			}
			return nil
		})
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi]"))
		defer h.stop()
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a)
		pass(0)
		failed := h.left("failed")
		require.Len(t, failed, 1)
		require.Equal(t, "efile-error-rate", failed[0].KPI)
		require.Equal(t, "oncall", failed[0].Receiver)
		require.Equal(t, "email", failed[0].Integration)
		require.Contains(t, failed[0].Err, "local error in processing")
		require.Equal(t, 1, failed[0].Attempt)
		pass(10 * time.Second)
		require.Len(t, subjects(box.all()), 1)
		require.EqualValues(t, 3, calls.Load())
		sent := h.left("sent")
		require.Len(t, sent, 1)
		require.Empty(t, h.left("failed"), "the receipt of the last attempt replaces those before")
		require.Equal(t, 3, sent[0].Attempt)
		require.Equal(t, "<"+box.all()[0].ID+">", sent[0].MessageID)
		require.Equal(t, "lx2-mef", sent[0].Decision)
		require.Equal(t, `{service="mef"}`, sent[0].Group.String())
		require.True(t, sent[0].Firing)
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 1)
	})
}

// TestMailServerDown: nothing listens for longer than a flush may take; when it listens again the page arrives, once.
func TestMailServerDown(t *testing.T) {
	box := sinkAt(t, "127.0.0.1:0")
	addr := box.addr
	box.stop()
	listen, up := make(chan struct{}), make(chan *sink)
	go func() { // outside of the bubble
		<-listen
		up <- sinkAt(t, addr)
	}()
	synctest.Test(t, func(t *testing.T) {
		h := run(t, t.TempDir(), mailTo(addr, "group_by: [kpi], group_interval: 5m"))
		defer h.stop()
		h.signal(red(errorRate(), "mef", 0.084, time.Now()))
		pass(12 * time.Minute)
		failed := h.left("failed")
		require.Len(t, failed, 1)
		require.Greater(t, failed[0].Attempt, 10, "tried again all the time, and counted over flushes")
		require.Contains(t, failed[0].Err, "connection refused")
		listen <- struct{}{}
		box := <-up
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 1)
		sent := h.left("sent")
		require.Len(t, sent, 1)
		require.Greater(t, sent[0].Attempt, failed[0].Attempt)
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 1)
	})
}

// TestBackAgain: however long the mail server was away, the page arrives soon after it is back, and not at the next flush.
func TestBackAgain(t *testing.T) {
	for _, away := range []time.Duration{10 * time.Second, time.Minute, 170 * time.Second, 19 * time.Minute} {
		t.Run(away.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, box *sink) {
				var back atomic.Bool
				box.reply(func([]byte) error {
					if !back.Load() {
						return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "local error in processing"}
					}
					return nil
				})
				h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
				defer h.stop()
				h.signal(red(errorRate(), "mef", 0.084, time.Now()))
				pass(away)
				require.Empty(t, box.all())
				back.Store(true)
				pass(30 * time.Second)
				require.Len(t, box.all(), 1)
				pass(time.Hour)
				require.Len(t, box.all(), 1)
			})
		})
	}
}

// TestSlowServer: a mail server that accepts a connection and says nothing holds up neither a signal nor another receiver.
func TestSlowServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	conns := make(chan net.Conn, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(conns)
				return
			}
			conns <- c
		}
	}()
	hook := hookServer(t)
	h := run(t, t.TempDir(), strings.NewReplacer("ADDR", l.Addr().String(), "URL", hook.URL).Replace(`
global: {smtp_smarthost: 'ADDR', smtp_from: a@b.example, smtp_require_tls: false}
route: {receiver: both, group_by: [service]}
receivers: [{name: both, email_configs: [{to: c@d.example}], webhook_configs: [{url: 'URL'}]}]
`))
	h.signal(red(errorRate(), "mef", 0.084, time.Now()))
	first := <-conns // a delivery hangs
	hook.next(t)
	for i := range 50 {
		begun := time.Now()
		h.signal(red(errorRate(), fmt.Sprint("s", i), 0.084, time.Now()))
		require.Less(t, time.Since(begun), patience)
		hook.next(t)
	}
	begun := time.Now()
	h.stop()
	require.Less(t, time.Since(begun), patience, "a delivery that hangs does not hold up the end")
	require.NoError(t, l.Close())
	require.NoError(t, first.Close())
	for c := range conns {
		_ = c.Close()
	}
}

// TestStorm: a thousand groups of one KPI turn red in one close. People get one page, at once, and it speaks of all.
func TestStorm(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
		defer h.stop()
		var all []kpi.PageSignal
		for i := range 1000 {
			all = append(all, red(errorRate(), fmt.Sprintf("s%04d", i), 0.05, time.Now()))
		}
		h.signal(all...)
		pass(0)
		require.Equal(t, []string{"[Breached] 1040 e-file error rate: 1000 groups, the first is 5 % service=s0000"}, subjects(box.all()))
		require.Less(t, len(box.all()[0].Raw), 30_000)
		require.Len(t, h.left("sent"), 1000, "every group's decision has its receipt")
		pass(2 * time.Hour)
		require.Len(t, subjects(box.all()), 1)
		for i := range all {
			all[i] = over(all[i], 0)
		}
		h.signal(all[:999]...)
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
		require.Equal(t, "[Breached] 1040 e-file error rate is 5 % (limit: ≤ 3 %) service=s0999", subjects(box.all())[1])
	})
}

// TestBatchOfSeveralRoutes: what is said at once goes to its own group and route, each once.
func TestBatchOfSeveralRoutes(t *testing.T) {
	hook := hookServer(t)
	h := run(t, t.TempDir(), hookTo(hook.URL, "group_by: [service, region], group_interval: 1h, routes: [{matchers: ['service=~\"a.*\"'], group_by: [team], continue: true}, {matchers: ['service=a1'], group_by: ['...']}]"))
	var all []kpi.PageSignal
	for _, s := range []string{"a1", "a2", "b1", "b2"} {
		all = append(all, red(errorRate(), s, 0.05, time.Now()))
	}
	abroad := red(errorRate(), "b1", 0.05, time.Now())
	abroad.Group = labels.FromStrings("service", "b1", "region", "eu")
	h.signal(append(all, abroad)...)
	got := map[string]int{}
	for range 5 {
		var names []string
		for _, x := range hook.next(t).Alerts {
			names = append(names, x.Labels["service"])
		}
		got[strings.Join(names, " ")]++
	}
	require.Equal(t, map[string]int{"a1 a2": 1, "a1": 1, "b1": 2, "b2": 1}, got)
	require.Empty(t, hook.came)
}

// TestTestReceiver: a test goes out marked as one, and leaves neither a note of who was told nor a receipt.
func TestTestReceiver(t *testing.T) {
	box := sinkAt(t, "127.0.0.1:0")
	h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi]"))
	tried, err := h.TestReceiver(t.Context(), "oncall")
	require.NoError(t, err)
	require.Len(t, tried, 1)
	require.NoError(t, tried[0].Err)
	require.Equal(t, "email[0]", tried[0].Integration)
	require.Equal(t, "[Test] Test of the receiver oncall", box.await(t, 1)[0].Subject)
	require.Empty(t, h.left("sent"))
	var told int
	require.NoError(t, h.db.SQL().QueryRow(`SELECT count(*) FROM told`).Scan(&told))
	require.Zero(t, told)
	_, err = h.TestReceiver(t.Context(), "nobody")
	require.ErrorContains(t, err, `there is no receiver "nobody"`)
	box.reply(func([]byte) error { return errors.New("no") })
	tried, err = h.TestReceiver(t.Context(), "oncall")
	require.NoError(t, err)
	require.Error(t, tried[0].Err)
	require.Empty(t, h.left("failed"))
}

// TestOwnTemplate: a receiver's own template is used, and may call our functions.
func TestOwnTemplate(t *testing.T) {
	box := sinkAt(t, "127.0.0.1:0")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "own.tmpl"), []byte(`{{ define "own" }}OURS {{ subjectOf . }}{{ end }}`), 0o600))
	h := run(t, dir, strings.NewReplacer("ADDR", box.addr, "DIR", dir).Replace(`
global: {smtp_smarthost: 'ADDR', smtp_from: a@b.example, smtp_require_tls: false}
templates: ['DIR/own.tmpl']
route: {receiver: r, group_by: [service]}
receivers: [{name: r, email_configs: [{to: c@d.example, headers: {Subject: '{{ template "own" . }}'}, text: 'plain {{ .Status }}', html: ''}]}]
`))
	h.signal(red(errorRate(), "mef", 0.084, time.Now()))
	m := box.await(t, 1)[0]
	require.Equal(t, "OURS [Breached] 1040 e-file error rate is 8.40 % (limit: ≤ 3 %) service=mef", m.Subject)
	require.Equal(t, "plain firing", strings.TrimSpace(m.Text))
	require.Empty(t, m.HTML)
}
