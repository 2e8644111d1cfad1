package demo_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/promslog"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/demo"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// The blocks of the configuration are read by the very code that they are written for.
func TestConfigurationIsInPrometheusAndAlertmanagersOwnFormat(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{Base: 1, Peak: 1, Period: time.Minute, Listen: "127.0.0.1:9999", ExternalURL: "http://board.irs.example"})
	file, err := os.ReadFile(d.ConfigFile())
	require.NoError(t, err)
	require.Equal(t, string(d.Config()), string(file))
	var c struct {
		Listen, Data  string
		ExternalURL   string `yaml:"external_url"`
		Host          struct{ Interval string }
		ScrapeConfigs any `yaml:"scrape_configs"`
		Alerting      any
		Policies      []string
	}
	require.NoError(t, yaml.UnmarshalWithOptions(file, &c, yaml.Strict()))
	require.Equal(t, "127.0.0.1:9999", c.Listen)
	require.Equal(t, "http://board.irs.example", c.ExternalURL)
	require.Equal(t, filepath.Join(d.Folder(), "data"), c.Data)
	require.Equal(t, "5s", c.Host.Interval)

	text, err := yaml.Marshal(map[string]any{"scrape_configs": c.ScrapeConfigs})
	require.NoError(t, err)
	prom, err := promconfig.Load(string(text), promslog.NewNopLogger())
	require.NoError(t, err)
	jobs, err := prom.GetScrapeConfigs()
	require.NoError(t, err)
	require.Len(t, jobs, 2)
	require.Equal(t, "web", jobs[1].JobName)
	require.Equal(t, "efile", jobs[0].JobName)
	require.Equal(t, "5s", jobs[0].ScrapeInterval.String())

	text, err = yaml.Marshal(c.Alerting)
	require.NoError(t, err)
	am, err := amconfig.Load(string(text))
	require.NoError(t, err)
	require.Equal(t, d.SMTP(), am.Global.SMTPSmarthost.String())
	require.True(t, am.Receivers[0].EmailConfigs[0].SendResolved())
}

// The policies are good at every period, without so much as a warning, and as they stand in the source.
func TestPoliciesAreGood(t *testing.T) {
	t.Parallel()
	for period, interval := range map[time.Duration]time.Duration{5 * time.Second: time.Second, 10 * time.Second: 2 * time.Second, time.Minute: 5 * time.Second} {
		d := start(t, demo.Options{Base: 1, Peak: 1, Period: period})
		check(t, filepath.Join(d.Folder(), "policies", "*.yaml"), period, interval)
	}
	check(t, filepath.Join("files", "policies", "*.yaml"), 10*time.Second, 2*time.Second)
}

func check(t *testing.T, glob string, period, interval time.Duration) {
	t.Helper()
	docs, findings := policy.ReadFiles([]string{glob}, ".", policy.Limits{
		History: 2 * 365 * 24 * time.Hour,
		Samples: 40 * 24 * time.Hour,
		Jobs:    []policy.Job{{Name: "efile", Interval: interval}, {Name: "web", Interval: interval}, {Name: "host", Interval: interval}},
	})
	require.Empty(t, findings)
	var pages, business []string
	for _, k := range policy.KPIs(docs) {
		require.Equal(t, period, k.Period, k.Name)
		require.NotEmpty(t, k.Title)
		require.NotEmpty(t, k.Owner)
		require.NotEmpty(t, k.Description)
		if k.Page != nil {
			pages = append(pages, k.Name)
		}
		if k.Outcome == kpi.Business {
			business = append(business, k.Name)
		}
	}
	slices.Sort(pages)
	require.Equal(t, []string{"efile-error-rate", "efile-under-2s"}, pages)
	require.Contains(t, business, "filings-accepted")
	require.Contains(t, business, "filings-against-forecast")
	require.Len(t, docs, 23, "KPIs, a board, and what is kept of people, traces and rows")
}
