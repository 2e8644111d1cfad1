package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The three servers run with the same settings: loopback without encryption, samples kept for 40 days, an out-of-order window
// of one hour, the write-ahead log as each has it by default.

// setup is what a server is started with.
type setup struct {
	scrape   string   // scrape_configs, YAML
	interval string   // global scrape and evaluation interval; 15s if empty
	policies []string // ours: KPI documents, one file each
	rules    string   // Prometheus: a rule file
	route    string   // Alertmanager's own configuration, for ours too
	alerts   string   // Prometheus: Alertmanager's address
}

func (b *bench) place(name string) (dir, addr string, err error) {
	if dir, err = os.MkdirTemp(b.scratch, name+"-"); err != nil {
		return "", "", err
	}
	addr, err = freeAddress()
	return dir, addr, err
}

func write(dir, name, text string) error {
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// startSignalbox starts ours. The host agent is off, because the peers have none.
func (b *bench) startSignalbox(ctx context.Context, s setup) (*process, error) {
	dir, addr, err := b.place("signalbox")
	if err != nil {
		return nil, err
	}
	var c strings.Builder
	fmt.Fprintf(&c, "global: {scrape_interval: %s}\n", or(s.interval, "15s"))
	c.WriteString("host: {enabled: false}\nstorage:\n  metrics: {retention: 40d, out_of_order: 1h}\n")
	if s.scrape != "" {
		c.WriteString("scrape_configs:\n" + s.scrape)
	}
	if s.route != "" {
		c.WriteString("egress: {allow: [127.0.0.1]}\nalerting:\n" + indent(s.route))
	}
	if len(s.policies) > 0 {
		c.WriteString("policies: [policies/*.yaml]\n")
	}
	if err := write(dir, "signalbox.yaml", c.String()); err != nil {
		return nil, err
	}
	for i, p := range s.policies {
		if err := write(dir, fmt.Sprintf("policies/%03d.yaml", i), p); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	p, err := launch(ctx, "signalbox", dir, addr, b.signalbox, "serve", "--config", filepath.Join(dir, "signalbox.yaml"), "--data", data, "--listen", addr)
	if err != nil {
		return nil, err
	}
	p.token = strings.TrimSpace(readFile(filepath.Join(data, "admin.token")))
	return p, nil
}

func (b *bench) startPrometheus(ctx context.Context, s setup) (*process, error) {
	dir, addr, err := b.place("prometheus")
	if err != nil {
		return nil, err
	}
	interval := or(s.interval, "15s")
	var c strings.Builder
	fmt.Fprintf(&c, "global: {scrape_interval: %s, evaluation_interval: %s}\n", interval, interval)
	c.WriteString("storage: {tsdb: {out_of_order_time_window: 1h}}\nrule_files: [rules.yml]\n")
	if s.scrape != "" {
		c.WriteString("scrape_configs:\n" + s.scrape)
	}
	if s.alerts != "" {
		fmt.Fprintf(&c, "alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}\n", s.alerts)
	}
	if err := write(dir, "prometheus.yml", c.String()); err != nil {
		return nil, err
	}
	if err := write(dir, "rules.yml", or(s.rules, "groups: []\n")); err != nil {
		return nil, err
	}
	return launch(ctx, "prometheus", dir, addr, b.prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address="+addr,
		"--storage.tsdb.retention.time=40d", "--web.enable-remote-write-receiver", "--web.enable-otlp-receiver", "--web.enable-lifecycle", "--log.level=warn")
}

// startBoth starts ours with these settings and Prometheus with none; stop ends both and may be called again.
func (b *bench) startBoth(ctx context.Context, s setup) (ours, peer *process, stop func(), err error) {
	if ours, err = b.startSignalbox(ctx, s); err != nil {
		return nil, nil, nil, err
	}
	if peer, err = b.startPrometheus(ctx, setup{}); err != nil {
		ours.stop()
		return nil, nil, nil, err
	}
	return ours, peer, func() { peer.stop(); ours.stop() }, nil
}

func (b *bench) startAlertmanager(ctx context.Context, s setup) (*process, error) {
	dir, addr, err := b.place("alertmanager")
	if err != nil {
		return nil, err
	}
	if err := write(dir, "alertmanager.yml", or(s.route, "route: {receiver: none}\nreceivers: [{name: none}]\n")); err != nil {
		return nil, err
	}
	return launch(ctx, "alertmanager", dir, addr, b.alertmanager, "--config.file=alertmanager.yml", "--storage.path=data", "--web.listen-address="+addr,
		"--cluster.listen-address=", "--log.level=warn")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}
