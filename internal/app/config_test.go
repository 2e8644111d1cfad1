package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

func write(t *testing.T, dir, name, body string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(body), 0o600))
	return path
}

func messages(findings []policy.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.String())
	}
	return out
}

// One command starts it on nothing but the binary.
func TestLoadWithoutFile(t *testing.T) {
	cfg, findings := app.Load("", nil, app.Flags{})
	require.Empty(t, messages(findings))
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9700", cfg.Listen)
	require.Equal(t, filepath.Join(dir, "signalbox-data"), cfg.Data)
	require.Equal(t, "http://127.0.0.1:9700", cfg.ExternalURL.String())
	require.False(t, cfg.ExternalStated)
	require.Equal(t, 40*24*time.Hour, cfg.Metrics.Retention)
	require.Equal(t, 775*24*time.Hour, cfg.KPI.Retention)
	require.Equal(t, time.Hour, cfg.Metrics.OutOfOrder)
	require.Equal(t, app.Host{Enabled: true, Interval: 15 * time.Second}, cfg.Host)
	require.False(t, cfg.FSync)
	require.Zero(t, cfg.RowStorage.QueryMemory, "the store's own default")
	require.Empty(t, cfg.Scrape.ScrapeConfigs)
	require.Equal(t, model.Duration(15*time.Second), cfg.Scrape.GlobalConfig.ScrapeInterval)
	require.Equal(t, "nobody", cfg.Alerting.Route.Receiver)
	require.Empty(t, cfg.KPIs)
}

// The examples are what the documentation shows: they must load without a word.
func TestExamples(t *testing.T) {
	cfg, findings := app.Load("../../examples/signalbox.yaml", nil, app.Flags{})
	require.Empty(t, messages(findings))
	require.Len(t, cfg.KPIs, 8)
	require.Len(t, cfg.Files, 3)
	require.Equal(t, int64(20<<30), cfg.Metrics.MaxBytes)
	require.Len(t, cfg.Scrape.ScrapeConfigs, 1)
	require.Equal(t, model.Duration(5*time.Second), cfg.Scrape.ScrapeConfigs[0].ScrapeInterval)
	require.Equal(t, model.Duration(0), *cfg.Alerting.Route.GroupWait)
	require.Equal(t, "127.0.0.1:1025", cfg.Alerting.Receivers[0].EmailConfigs[0].Smarthost.String())
	require.True(t, strings.HasSuffix(cfg.Data, "/examples/signalbox-data"), "a relative name starts from the file's directory")
}

func TestRank(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "signalbox.yaml", "listen: 127.0.0.1:1\ndata: here\n")
	cfg, findings := app.Load(file, nil, app.Flags{})
	require.Empty(t, messages(findings))
	require.Equal(t, "127.0.0.1:1", cfg.Listen)
	require.Equal(t, filepath.Join(dir, "here"), cfg.Data)

	env := []string{"SIGNALBOX_LISTEN=127.0.0.1:2", "SIGNALBOX_DATA=/tmp/env", "SIGNALBOX_ADMIN_TOKEN=" + strings.Repeat("x", 32), "SIGNALBOX_EXTERNAL_URL=https://s.example/x/"}
	cfg, findings = app.Load(file, env, app.Flags{})
	require.Empty(t, messages(findings))
	require.Equal(t, "127.0.0.1:2", cfg.Listen)
	require.Equal(t, "/tmp/env", cfg.Data)
	require.Equal(t, "https://s.example/x", cfg.ExternalURL.String())
	require.Len(t, cfg.AdminToken, 32)

	cfg, findings = app.Load(file, env, app.Flags{Listen: "127.0.0.1:3", Data: "/tmp/flag"})
	require.Empty(t, messages(findings))
	require.Equal(t, "127.0.0.1:3", cfg.Listen)
	require.Equal(t, "/tmp/flag", cfg.Data)
}

// Open to other machines only with TLS or a stated address.
func TestOpenToOthers(t *testing.T) {
	dir := t.TempDir()
	for listen, open := range map[string]bool{"127.0.0.1:1": false, "[::1]:1": false, "localhost:1": false, "127.9.9.9:1": false, ":1": true, "0.0.0.0:1": true, "[::]:1": true, "10.0.0.1:1": true, "signalbox.irs.example:1": true} {
		_, findings := app.Load("", nil, app.Flags{Listen: listen, Data: dir})
		require.Equal(t, open, strict.Failed(findings), listen)
		_, findings = app.Load("", []string{"SIGNALBOX_EXTERNAL_URL=https://s.example"}, app.Flags{Listen: listen, Data: dir})
		require.Empty(t, messages(findings), listen)
	}
}

// ${NAME} is read in secret values of both foreign blocks, whatever is in the value, and in no other place.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "hook.txt", "s3cret\n")
	write(t, dir, "web.token", "t")
	file := write(t, dir, "signalbox.yaml", `
secrets:
  smtp: {value: "a${SMTP}b"}
  hook: {file: hook.txt}
scrape_configs:
  - job_name: efile
    basic_auth:
      username: u
      password: ${SCRAPE}   # and ${NOT_THIS}
    metric_relabel_configs:
      - {source_labels: [code], regex: '(.)..', target_label: class, replacement: '${1}xx'}
  - job_name: bearer
    authorization: {credentials_file: web.token}
alerting:
  global: {smtp_smarthost: "127.0.0.1:25", smtp_from: a@b.example, smtp_auth_password: "${SMTP}", slack_api_url: "${HOOK}"}
  route: {receiver: oncall, group_wait: 30s}
  receivers:
    - name: oncall
      email_configs: [{to: x@y.example}]
      slack_configs: [{channel: "#x"}]
`)
	cfg, findings := app.Load(file, []string{`SCRAPE=p: "q" # 'x'`, "SMTP=p\\w{", "HOOK=https://hooks.example/T0/secret"}, app.Flags{})
	require.Empty(t, messages(findings))
	require.Equal(t, map[string]string{"smtp": `ap\w{b`, "hook": "s3cret"}, cfg.Secrets)
	require.Equal(t, `p: "q" # 'x'`, string(cfg.Scrape.ScrapeConfigs[0].HTTPClientConfig.BasicAuth.Password))
	require.Equal(t, "${1}xx", cfg.Scrape.ScrapeConfigs[0].MetricRelabelConfigs[0].Replacement)
	require.Equal(t, filepath.Join(dir, "web.token"), cfg.Scrape.ScrapeConfigs[1].HTTPClientConfig.Authorization.CredentialsFile)
	mail := cfg.Alerting.Receivers[0].EmailConfigs[0]
	require.Equal(t, `p\w{`, string(mail.AuthPassword))
	require.Equal(t, "https://hooks.example/T0/secret", cfg.Alerting.Receivers[0].SlackConfigs[0].APIURL.String())
	require.Equal(t, model.Duration(30*time.Second), *cfg.Alerting.Route.GroupWait, "stated, it holds")
	require.NotContains(t, cfg.Alerting.String(), "hooks.example/T0")
}

// The foreign blocks are read in place: anchors within a block, comments, flow style and document marks do not matter.
func TestBlocks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "rules/a.rules", "groups: [{name: a, rules: [{record: a, expr: sum(b)}]}]\n")
	write(t, dir, "t/a.tmpl", `{{ define "x" }}{{ end }}`)
	file := write(t, dir, "signalbox.yaml", `--- # the house
alerting: {route: {receiver: oncall}, receivers: [{name: oncall}], templates: [t/*.tmpl]}
# between
global: {scrape_interval: 7s, external_labels: {env: '${ENV}'}}
scrape_configs:
- job_name: a
  relabel_configs: &r
  - {target_label: x, replacement: y}
- job_name: b
  relabel_configs: *r
  scrape_interval: 2s
  scrape_timeout: 1s
rule_files:
  - rules/*.rules
data: x
`)
	cfg, findings := app.Load(file, nil, app.Flags{})
	require.Empty(t, messages(findings))
	require.Len(t, cfg.Scrape.ScrapeConfigs, 2)
	require.Len(t, cfg.Scrape.ScrapeConfigs[1].RelabelConfigs, 1)
	require.Equal(t, model.Duration(7*time.Second), cfg.Scrape.ScrapeConfigs[0].ScrapeInterval)
	require.Equal(t, []string{filepath.Join(dir, "rules/a.rules")}, cfg.RuleFiles)
	require.Equal(t, []string{filepath.Join(dir, "t/*.tmpl")}, cfg.Alerting.Templates)
	require.Contains(t, cfg.Files, filepath.Join(dir, "t/a.tmpl"))
}

// A file of nothing but comments is the defaults; a file that is missing is an error that says what to do.
func TestEmptyAndMissing(t *testing.T) {
	dir := t.TempDir()
	cfg, findings := app.Load(write(t, dir, "empty.yaml", "# nothing\n"), nil, app.Flags{Data: dir})
	require.Empty(t, messages(findings))
	require.Equal(t, app.DefaultListen, cfg.Listen)
	_, findings = app.Load(filepath.Join(dir, "gone.yaml"), nil, app.Flags{})
	require.Equal(t, []string{filepath.Join(dir, "gone.yaml") + ": the configuration file does not exist; name another with --config, or leave --config out to start with the defaults"}, messages(findings))
	_, findings = app.Load(dir, nil, app.Flags{})
	require.True(t, strict.Failed(findings))
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	require.NoError(f, err)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		path := filepath.Join(t.TempDir(), "signalbox.yaml")
		require.NoError(t, os.WriteFile(path, src, 0o600))
		cfg, findings := app.Load(path, []string{"A=xyz", "SMTP_PASSWORD=hidden-secret"}, app.Flags{})
		require.Equal(t, strict.Failed(findings), cfg == nil)
		for _, m := range messages(findings) {
			require.NotContains(t, m, "hidden-secret")
		}
	})
}
