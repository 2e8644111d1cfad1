package test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWrongConfigurationStartsNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"signalbox.yaml": "lisen: 127.0.0.1:9700\n"})
	out, code := run(t, "serve", "--config", filepath.Join(dir, "signalbox.yaml"), "--data", filepath.Join(dir, "data"))
	require.Equal(t, 1, code)
	require.Contains(t, out, "signalbox.yaml:1:1")
	require.Contains(t, out, "listen")
	require.NoDirExists(t, filepath.Join(dir, "data"), "nothing is made for a configuration that is not good")
}

func TestAReloadOfABadFileChangesNothing(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	a, b := newPortal(t, "127.0.0.1:0"), newPortal(t, "127.0.0.1:0")
	write(t, dir, map[string]string{"signalbox.yaml": config(a.addr, b.addr, newMailbox(t).addr), "policies/efile.yaml": policies})
	s := start(t, dir, addr)
	s.until("green", func() bool { return s.kpi("error-rate").Light == "green" })

	write(t, dir, map[string]string{"policies/efile.yaml": strings.ReplaceAll(policies, "> 3%", "> 3 apples")})
	var st struct{ Config struct{ Error string } }
	s.until("the mistake is shown", func() bool {
		s.get("/api/signalbox/v1/status", &st)
		return strings.Contains(st.Config.Error, "apples")
	})
	require.Equal(t, "green", s.kpi("error-rate").Light, "what was in force stays in force")

	write(t, dir, map[string]string{"policies/efile.yaml": strings.ReplaceAll(policies, "> 3%", "> 4%")})
	s.until("the good file is taken over", func() bool {
		var v struct{ Promise string }
		s.get("/api/signalbox/v1/kpis/error-rate", &v)
		return strings.Contains(v.Promise, "4")
	})
}

func TestASecondProcessIsRefusedByName(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	write(t, dir, map[string]string{"signalbox.yaml": "host: {enabled: false}\n"})
	start(t, dir, addr)
	out, code := run(t, "serve", "--config", filepath.Join(dir, "signalbox.yaml"), "--data", filepath.Join(dir, "data"), "--listen", freePort(t))
	require.Equal(t, 1, code)
	require.Contains(t, out, "is in use by the signalbox process")
}

func TestOnlyHealthIsOpen(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	write(t, dir, map[string]string{"signalbox.yaml": "host: {enabled: false}\n"})
	s := start(t, dir, addr)
	for path, want := range map[string]int{"/-/healthy": 200, "/api/signalbox/v1/kpis": 401, "/api/v1/query?query=up": 401, "/api/v2/alerts": 401, "/metrics": 401} {
		resp, err := http.Get("http://" + addr + path)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, want, resp.StatusCode, path)
	}
	info, err := os.Stat(filepath.Join(dir, "data", "admin.token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, 404, s.get("/api/signalbox/v1/kpis/none/value", nil), "unknown KPIs have no value")
}

func TestAScrapeWithATokenIsJudgedBesideRuleFiles(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	write(t, dir, map[string]string{
		"signalbox.yaml": `host: {enabled: false}
scrape_configs:
  - job_name: itself
    scrape_interval: 1s
    authorization: {credentials: ` + token + `}
    static_configs: [{targets: ["` + addr + `"]}]
policies: [policies/*.yaml]
rule_files: [rules.yml]
`,
		"rules.yml": "groups: [{name: g, interval: 1s, rules: [{record: 'itself:up', expr: 'sum(up)'}, {alert: Always, expr: 'vector(1)'}]}]\n",
		"policies/self.yaml": `kind: KPI
name: itself-up
title: Scrapes of signalbox that work
outcome: technical
owner: oncall@irs.example
unit: percent
indicator: {availability: 'up{job="itself"}'}
period: 2s
thresholds: {red: "< 99%", for: 3}
`,
	})
	s := start(t, dir, addr)
	s.until("green", func() bool { return s.kpi("itself-up").Light == "green" })
	s.until("the recording rule", func() bool { return len(s.query("itself:up")) == 1 })
	s.until("the rule's alert in the Alertmanager API", func() bool {
		var alerts []struct{ Labels map[string]string }
		s.get("/api/v2/alerts", &alerts)
		return len(alerts) == 1 && alerts[0].Labels["alertname"] == "Always"
	})
	require.NotEmpty(t, s.query("signalbox_kpi_light"))
}
