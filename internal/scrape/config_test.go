package scrape_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

func TestParseConfig(t *testing.T) {
	cfg, err := scrape.ParseConfig([]byte(`
scrape_configs:
  - job_name: a
    static_configs: [{targets: ["127.0.0.1:1"]}]
  - job_name: b
    scrape_interval: 5s
    file_sd_configs: [{files: [t.json]}]
`), "/etc/sb")
	require.NoError(t, err)
	require.Equal(t, 15*time.Second, time.Duration(cfg.ScrapeConfigs[0].ScrapeInterval))
	require.Equal(t, 10*time.Second, time.Duration(cfg.ScrapeConfigs[0].ScrapeTimeout))
	require.Equal(t, 5*time.Second, time.Duration(cfg.ScrapeConfigs[1].ScrapeInterval))
	require.Equal(t, 15*time.Second, time.Duration(cfg.GlobalConfig.EvaluationInterval))

	cfg, err = scrape.ParseConfig([]byte("global: {scrape_interval: 1m, external_labels: {env: prod}}\nscrape_configs: [{job_name: a}]\n"), "/")
	require.NoError(t, err)
	require.Equal(t, time.Minute, time.Duration(cfg.ScrapeConfigs[0].ScrapeInterval))

	cfg, err = scrape.ParseConfig(nil, "/")
	require.NoError(t, err)
	require.Empty(t, cfg.ScrapeConfigs)
}

func TestParseConfigErrors(t *testing.T) {
	for doc, want := range map[string]struct {
		line     int
		sentence string
	}{
		"scrape_configs:\n  - job_name: a\n    kubernetes_sd_configs: [{role: pod}]\n": {3, "kubernetes_sd_configs is not supported; accepted are static_configs, file_sd_configs, http_sd_configs and dns_sd_configs (most other sources can write a file for file_sd_configs)"},
		"scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n":                 {3, `unknown key "scrape_intervall"`},
		"scrape_configs:\n  - job_name: a\n    scrape_interval: 5 seconds\n":           {0, `"5 seconds"`},
		"scrape_configs:\n  - job_name: a\n  - job_name: a\n":                          {0, `found multiple scrape configs with job name "a"`},
		"scrape_configs:\n  - scrape_interval: 5s\n":                                   {0, "job_name is empty"},
		"scrape_configs:\n  - {job_name: a, scrape_timeout: 30s}\n":                    {0, `job "a": scrape_timeout 30s is longer than the scrape interval 15s`},
		"scrape_configs: [\n": {0, "did not find expected node content"},
	} {
		_, err := scrape.ParseConfig([]byte(doc), "/")
		var ce *scrape.ConfigError
		require.True(t, errors.As(err, &ce), "%v", err)
		require.Contains(t, ce.Sentence, want.sentence)
		if want.line > 0 {
			require.Equal(t, want.line, ce.Line)
		}
	}
}
