package alert_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

var update = flag.Bool("update", false, "rewrite the golden mails in testdata/mail")

// foreign is an alert without our annotations.
func foreign(starts time.Time, l, annotations model.LabelSet, generator string) *amalert.Alert {
	x := &amalert.Alert{UpdatedAt: starts}
	x.Labels, x.Annotations, x.StartsAt, x.EndsAt, x.GeneratorURL = l, annotations, starts, starts.Add(time.Hour), generator
	return x
}

// TestMail holds mails to golden files: subject, text, HTML.
func TestMail(t *testing.T) {
	noData := func(at time.Time) kpi.PageSignal {
		s := red(errorRate(), "mef", 0, at)
		s.Cause, s.Threshold, s.NoDataFrom, s.Last = "no_data", "no data", at.UnixMilli(), kpi.Point{End: at.UnixMilli(), Missing: kpi.NoData}
		s.Summary, s.Why = "1040 e-file error rate has had no data since 00:00:00 UTC", "Nothing that matches http_requests_total reported"
		return s
	}
	for name, send := range map[string]func(t *testing.T, h *house){
		"one": func(_ *testing.T, h *house) { h.signal(red(errorRate(), "mef", 0.084, time.Now())) },
		"several": func(_ *testing.T, h *house) {
			var all []kpi.PageSignal
			for i := range 8 {
				all = append(all, red(errorRate(), fmt.Sprint("s", i), 0.05, time.Now()))
			}
			h.signal(all...)
		},
		"nodata": func(_ *testing.T, h *house) { h.signal(noData(time.Now())) },
		"stays red without data": func(_ *testing.T, h *house) {
			s := red(errorRate(), "mef", 0.084, time.Now())
			s.NoDataFrom = time.Now().Add(5 * time.Minute).UnixMilli()
			s.Last = kpi.Point{End: s.NoDataFrom, Missing: kpi.NoData}
			h.signal(s)
		},
		"resolved": func(_ *testing.T, h *house) {
			s := red(errorRate(), "mef", 0.084, time.Now())
			h.signal(s)
			pass(3 * time.Minute)
			h.signal(over(s, 0.004))
		},
		"retired": func(_ *testing.T, h *house) {
			s := red(errorRate(), "mef", 0.084, time.Now())
			h.signal(s)
			pass(3 * time.Minute)
			s.Firing, s.Resolved = false, "retired"
			h.signal(s)
		},
		"rule": func(t *testing.T, h *house) {
			require.NoError(t, h.Put(t.Context(), []*amalert.Alert{foreign(time.Now(), model.LabelSet{"alertname": "InstanceDown", "instance": "10.0.0.7:9100", "job": "node", "severity": "critical"},
				model.LabelSet{"summary": "Instance 10.0.0.7:9100 is down.", "description": "It has been down for more than 5 minutes.", "runbook_url": "https://runbooks.example/down"},
				"https://kpi.irs.example/explore?q=up%3D%3D0")}))
		},
		"pushed": func(t *testing.T, h *house) {
			require.NoError(t, h.Provider().Put(t.Context(), foreign(time.Now(), model.LabelSet{"alertname": "DiskFull", "host": "db1"}, nil, "")))
		},
		"hostile": func(t *testing.T, h *house) {
			k := errorRate()
			k.Title = "</title><script>alert(1)</script>\r\nBcc: everybody@irs.example"
			s := red(k, `"><img src=x onerror=alert(2)>'`, 0.084, time.Now())
			s.Summary = "{{ .ExternalURL }} <b>&amp;</b>"
			k.Page.Runbook = "javascript:alert(3)"
			h.signal(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, box *sink) {
				by := "kpi"
				if name == "rule" || name == "pushed" {
					by = "alertname"
				}
				h := run(t, t.TempDir(), mailTo(box.addr, "group_by: ["+by+"], group_interval: 5m"))
				defer h.stop()
				send(t, h)
				pass(5 * time.Minute)
				ms := box.all()
				m := ms[len(ms)-1]
				require.NoError(t, m.Err)
				require.False(t, m.Date.IsZero())
				require.True(t, strings.HasSuffix(m.ID, "@kpi.irs.example"), m.ID)
				raw := string(m.Raw)
				require.Contains(t, raw, "\r\nMIME-Version: 1.0\r\n")
				require.NotContains(t, raw, "\r\nBcc:")
				for _, line := range strings.Split(raw, "\r\n") {
					require.LessOrEqual(t, len(line), 998, "RFC 5322")
				}
				require.NotContains(t, m.Subject, "\u2009")
				require.NotContains(t, m.HTML, "<script")
				require.NotContains(t, m.HTML, "<img")
				require.NotContains(t, m.HTML, "javascript:")
				got := "Subject: " + m.Subject + "\n\n" + m.Text + "\n--- HTML ---\n" + m.HTML
				got = strings.ReplaceAll(got, "\r\n", "\n")
				file := filepath.Join("testdata", "mail", strings.ReplaceAll(name, " ", "-")+".golden")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
					require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, string(want), got)
			})
		})
	}
}

// TestLongMail: a mail of many alerts stays small and says what it leaves out.
func TestLongMail(t *testing.T) {
	for _, long := range []bool{false, true} {
		inBubble(t, func(t *testing.T, box *sink) {
			h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
			defer h.stop()
			var all []kpi.PageSignal
			for i := range 200 {
				service := fmt.Sprintf("service-%03d", i)
				s := red(errorRate(), service, 0.05, time.Now())
				if long {
					s = red(errorRate(), service+strings.Repeat("ä<", 500), 0.05, time.Now())
					s.Why, s.Summary = strings.Repeat("why ", 1000), strings.Repeat("sum ", 1000)
				}
				all = append(all, s)
			}
			h.signal(all...)
			pass(5 * time.Minute)
			ms := box.all()
			m := ms[len(ms)-1]
			require.NoError(t, m.Err)
			t.Log(len(m.Raw), "bytes")
			if !long {
				require.Less(t, len(m.Raw), 30_000)
			}
			require.Less(t, len(m.Raw), 100_000, "Gmail cuts at 102 kB")
			require.Contains(t, m.Subject, "200 groups")
			require.LessOrEqual(t, len([]rune(m.Subject)), 200)
			require.Equal(t, 50, strings.Count(m.Text, "Breached: "))
			require.Contains(t, m.Text, "and 150 more: https://kpi.irs.example/alerts")
			require.Contains(t, m.HTML, ">150 more</a>")
		})
	}
}

// TestManyKPIs: a mail about several KPIs names them.
func TestManyKPIs(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [team], group_interval: 5m"))
		defer h.stop()
		a, b := errorRate(), errorRate()
		b.Name, b.Title = "efile-latency", "1040 e-file p95"
		x, y := red(a, "mef", 0.05, time.Now()), red(b, "mef", 0.07, time.Now())
		h.signal(x, y)
		pass(5 * time.Minute)
		ms := subjects(box.all())
		require.Equal(t, "[Breached] 2 alerts: 1040 e-file error rate, 1040 e-file p95", ms[len(ms)-1])
		h.signal(over(x, 0), over(y, 0))
		pass(5 * time.Minute)
		ms = subjects(box.all())
		require.Equal(t, "[On target] 2 alerts: 1040 e-file error rate, 1040 e-file p95", ms[len(ms)-1])
	})
}

// TestLinkEscapes: the link of a hostile group is a link to that group and nothing else.
func TestLinkEscapes(t *testing.T) {
	h := run(t, t.TempDir(), nobodyListens)
	h.signal(red(errorRate(), `a&b="c" d`, 0.05, time.Now()))
	u, err := url.Parse(string(h.Active(t.Context())[0].Annotations["link"]))
	require.NoError(t, err)
	require.Equal(t, `{service="a&b=\"c\" d"}`, u.Query().Get("group"))
	require.Len(t, u.Query(), 1)
}
