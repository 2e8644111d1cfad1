package test

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTutorialDefects walks the defects of the tutorial that this product grew from, on the real binary: two real services,
// a real mail server, and the story from healthy to broken, silent, restarted and healed. Each defect is a named step. c11
// is the middleware's and is tested where it lives, in package emit (a panic is timed, counted as 500 and raised again).
func TestTutorialDefects(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	a, b := newPortal(t, "127.0.0.1:0"), newPortal(t, "127.0.0.1:0")
	mails := newMailbox(t)
	write(t, dir, map[string]string{"signalbox.yaml": config(a.addr, b.addr, mails.addr), "policies/efile.yaml": policies})
	s := start(t, dir, addr)
	done := map[string]bool{"c11": true}
	step := func(id, what string, f func(t *testing.T)) {
		done[id] = true
		t.Run(id+" "+what, f)
	}

	step("c7", "no data is grey and never green", func(t *testing.T) {
		v := s.kpi("error-rate")
		require.NotEqual(t, "green", v.Light, "nothing has been measured yet")
		s.until("green after real data", func() bool { return s.kpi("error-rate").Light == "green" })
	})
	step("c1", "comments are not samples", func(t *testing.T) {
		require.NotEmpty(t, s.query(`http_errors_total`))
		require.Empty(t, s.query(`responses`))
	})
	step("c2", "collector, page and alerts are independent loops", func(t *testing.T) {
		require.Equal(t, 200, s.get("/api/signalbox/v1/board", nil), "the page answers while the collector runs")
		require.Equal(t, 200, s.get("/api/v2/alerts", nil))
	})
	step("c3", "two services are two series", func(t *testing.T) {
		s.until("two series", func() bool { return len(s.query(`http_requests_total{job="efile"}`)) == 2 })
		s.until("two groups", func() bool { return len(s.kpi("error-rate").Groups) == 2 })
	})
	step("c4", "the rate is errors per request, whatever is stored", func(t *testing.T) {
		a.set(2)
		s.until("2 % at service a", func() bool {
			for _, g := range s.kpi("error-rate").Groups {
				if g.Labels["service"] == "a" && g.Value != nil && *g.Value == 0.02 {
					return true
				}
			}
			return false
		})
	})
	step("c5", "a mean is the increase of the sum over the increase of the count", func(t *testing.T) {
		for range 3 {
			var v kpiView
			s.until("a mean", func() bool { v = s.kpi("latency"); return v.Value != nil })
			require.InDelta(t, 20, *v.Value, 1e-9, "20 ms a request, now and for ever")
		}
	})
	step("c6", "a reset counter makes no negative rate", func(t *testing.T) {
		b.reset()
		for range 40 {
			v := s.kpi("error-rate")
			for _, g := range v.Groups {
				if g.Value != nil {
					require.GreaterOrEqual(t, *g.Value, 0.0)
				}
			}
			require.NotEqual(t, "red", v.Light)
			time.Sleep(50 * time.Millisecond)
		}
	})
	step("c8", "three bands and one comparison for light and alert", func(t *testing.T) {
		s.until("yellow at 2 %", func() bool { return s.kpi("error-rate").Light == "yellow" })
		require.Zero(t, mails.count("Breached"), "yellow pages nobody")
		a.set(3) // 3 % is not above 3 %: neither light nor alert
		s.until("exactly 3 %, and yellow", func() bool {
			v := s.kpi("error-rate")
			return len(v.Groups) > 0 && v.Groups[0].Value != nil && *v.Groups[0].Value == 0.03 && v.Light == "yellow"
		})
		require.Zero(t, mails.count("Breached"))
	})
	step("c12", "a failed send is retried", func(t *testing.T) {
		mails.mu.Lock()
		mails.refuse = 1
		mails.mu.Unlock()
		a.set(10)
		s.until("the mail, after 451 was answered once", func() bool { return mails.count("Breached") == 1 })
		mails.mu.Lock()
		defer mails.mu.Unlock()
		require.Zero(t, mails.refuse)
	})
	step("c9", "red after the third breaching period, evaluation goes on, one page, one resolve", func(t *testing.T) {
		s.until("red", func() bool { return s.kpi("error-rate").Light == "red" })
		out, code := run(t, "why", "error-rate", "--limit", "1", "--server", "http://"+addr)
		require.Zero(t, code, out)
		require.Contains(t, out, "3 datapoints in a row above 3")
		require.Contains(t, out, "was sent to oncall by email")
	})
	step("c10", "a target that is down is a signal", func(t *testing.T) {
		require.NoError(t, b.server.Close())
		s.until("up is 0", func() bool { return contains(s.query(`up{job="efile"}`), 0) })
		require.Equal(t, "red", s.kpi("error-rate").Light, "the other service is still judged")
		out, _ := run(t, "source", "list", "--server", "http://"+addr)
		require.Contains(t, out, "down")
	})
	t.Run("kill -9 and start again pages nobody twice", func(t *testing.T) {
		s.kill()
		s = start(t, dir, addr)
		require.Equal(t, "red", s.kpi("error-rate").Light, "the light is there before the first new datapoint")
		s.until("new datapoints", func() bool { return s.kpi("error-rate").Value != nil })
		a.set(0)
		s.until("the mail that it is over", func() bool { return mails.count("On target") == 1 })
		require.Equal(t, 1, mails.count("Breached"))
	})

	f, err := os.Open("testdata/tutorial-chapter-defects.tsv")
	require.NoError(t, err)
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if id, _, ok := strings.Cut(sc.Text(), "\t"); ok && strings.HasPrefix(id, "c") {
			require.True(t, done[id], "defect %s has no step", id)
		}
	}
}

func contains(vs []float64, want float64) bool {
	for _, v := range vs {
		if v == want {
			return true
		}
	}
	return false
}
