package alert_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestReload: a bad configuration changes nothing, a good one takes over the alerts, and nobody is told twice.
func TestReload(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir := t.TempDir()
		cfg := mailTo(box.addr, "group_by: [kpi, service], group_interval: 5m")
		h := run(t, dir, cfg)
		defer h.stop()
		a, b := red(errorRate(), "mef", 0.084, time.Now()), red(errorRate(), "ides", 0.05, time.Now())
		h.signal(a)
		pass(time.Minute)

		broken := filepath.Join(dir, "broken.tmpl")
		require.NoError(t, os.WriteFile(broken, []byte(`{{ define "x" }}{{ nothing }}{{ end }}`), 0o600))
		require.ErrorContains(t, h.ApplyConfig(build(t, "templates: ['"+broken+"']\n"+strings.Replace(cfg, "oncall@", "else@", 1))), "broken.tmpl")
		require.ErrorContains(t, h.ApplyConfig(build(t,
			"route: {receiver: hook}\nreceivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:1', http_config: {tls_config: {ca_file: '"+dir+"/none.pem'}}}]}]\n")), `receiver "hook"`)
		h.signal(b)
		pass(0)
		require.Len(t, subjects(box.all()), 2)
		require.Contains(t, string(box.all()[1].Raw), "To: oncall@irs.example")

		require.NoError(t, h.ApplyConfig(build(t, strings.Replace(cfg, "to: oncall@", "to: night@", 1))))
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 2, "what people know they are not told again")
		h.signal(over(a, 0))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 3)
		require.Contains(t, string(box.all()[2].Raw), "To: night@irs.example")
		require.NoError(t, h.ApplyConfig(nil), "nobody is told, alerts are visible all the same")
		require.Len(t, h.Active(t.Context()), 1)
	})
}

// TestReloadDuringDelivery: a receiver that is about to accept while the configuration is replaced, or while we are stopped,
// is not told again.
func TestReloadDuringDelivery(t *testing.T) {
	for _, how := range []string{"reload", "stop"} {
		t.Run(how, func(t *testing.T) {
			box := sinkAt(t, "127.0.0.1:0")
			arrived, accept := make(chan struct{}, 10), make(chan struct{})
			box.reply(func([]byte) error {
				arrived <- struct{}{}
				<-accept
				return nil
			})
			dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [service]")
			h := run(t, dir, cfg)
			a := red(errorRate(), "mef", 0.084, time.Now())
			h.signal(a)
			<-arrived
			if how == "reload" {
				require.NoError(t, h.ApplyConfig(build(t, cfg)))
				close(accept)
			} else {
				stopped := make(chan struct{})
				go func() { h.stop(); close(stopped) }()
				select {
				case <-stopped:
					t.Fatal("the end did not wait for the answer")
				case <-time.After(200 * time.Millisecond):
				}
				close(accept)
				<-stopped
				h = h.again(dir, cfg, a)
			}
			h.signal(red(errorRate(), "ides", 0.05, time.Now()))
			box.await(t, 2)
			h.await("sent", map[string]int{"reload": 2, "stop": 1}[how])
			require.Len(t, subjects(box.all()), 2)
		})
	}
}

// TestReloadsAndSignals: configurations are replaced while alerts come: each group is told once.
func TestReloadsAndSignals(t *testing.T) {
	hook := hookServer(t)
	cfg := hookTo(hook.URL, "group_by: [service], group_interval: 1h")
	h := run(t, t.TempDir(), cfg)
	var wg sync.WaitGroup
	const groups = 100
	wg.Go(func() {
		for i := range groups {
			h.signal(red(errorRate(), fmt.Sprint("s", i), 0.05, time.Now()))
		}
	})
	wg.Go(func() {
		for range 20 {
			if err := h.ApplyConfig(build(t, cfg)); err != nil {
				t.Error(err)
			}
			h.Active(t.Context())
		}
	})
	wg.Wait()
	seen := map[string]int{}
	for len(seen) < groups {
		for _, x := range hook.next(t).Alerts {
			seen[x.Labels["service"]]++
		}
	}
	h.await("sent", groups)
	require.NoError(t, h.ApplyConfig(build(t, cfg)))
	h.signal(red(errorRate(), "last", 0.05, time.Now()))
	for seen["last"] == 0 {
		for _, x := range hook.next(t).Alerts {
			seen[x.Labels["service"]]++
		}
	}
	for s, n := range seen {
		require.Equal(t, 1, n, s)
	}
}

// TestRunEnds: Run leaves no goroutine behind.
func TestRunEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	box := sinkAt(t, "127.0.0.1:0")
	h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [service]")+"inhibit_rules: [{source_matchers: [a=b], target_matchers: [a=c], equal: [x]}]\n")
	h.signal(red(errorRate(), "mef", 0.084, time.Now()))
	box.await(t, 1)
	require.NoError(t, h.ApplyConfig(nil))
	h.stop()
	box.stop()
}
