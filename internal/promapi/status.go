package promapi

import (
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	promconfig "github.com/prometheus/prometheus/config"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/signalbox/signalbox/internal/scrape"
)

// runtimeInfo answers status/runtimeinfo.
func (a *API) runtimeInfo() (v1.RuntimeInfo, error) {
	host, err := os.Hostname()
	if err != nil {
		return v1.RuntimeInfo{}, fmt.Errorf("host name: %w", err)
	}
	limit := debug.SetMemoryLimit(-1)
	info := v1.RuntimeInfo{
		StartTime:        a.started,
		Hostname:         host,
		ServerTime:       a.o.Now().UTC(),
		GoroutineCount:   runtime.NumGoroutine(),
		GOMAXPROCS:       runtime.GOMAXPROCS(0),
		GOMEMLIMIT:       limit,
		GOGC:             os.Getenv("GOGC"),
		GODEBUG:          os.Getenv("GODEBUG"),
		StorageRetention: a.o.Retention,
	}
	if limit == math.MaxInt64 {
		info.GOMEMLIMIT = 0
	}
	if a.o.Reloaded != nil {
		at, ok := a.o.Reloaded()
		info.LastConfigTime, info.ReloadConfigSuccess = at.UTC(), ok
	}
	return info, nil
}

// shown returns the configuration as status/config shows it. The library masks what it knows to be a secret when it writes
// YAML; parameters of a URL are masked here.
func shown(cfg *promconfig.Config) promconfig.Config {
	out := *cfg
	out.ScrapeConfigs = make([]*promconfig.ScrapeConfig, len(cfg.ScrapeConfigs))
	for i, job := range cfg.ScrapeConfigs {
		out.ScrapeConfigs[i] = shownJob(job)
	}
	return out
}

func shownJob(job *promconfig.ScrapeConfig) *promconfig.ScrapeConfig {
	c := *job
	c.Params = maps.Clone(job.Params)
	for name, values := range c.Params {
		if !scrape.IsSecret(name) {
			continue
		}
		masked := make([]string, len(values))
		for i := range masked {
			masked[i] = "<secret>"
		}
		c.Params[name] = masked
	}
	return &c
}

// shownTargets are the targets with their jobs' configuration as it may be shown.
type shownTargets struct{ Targets }

func (s shownTargets) ScrapePoolConfig(job string) (*promconfig.ScrapeConfig, error) {
	c, err := s.Targets.ScrapePoolConfig(job)
	if err != nil {
		return nil, err
	}
	return shownJob(c), nil
}
