package app

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// variable is ${NAME} of an environment variable. ${1} and ${lower} belong to relabelling and templates.
var variable = regexp.MustCompile(`\$\{([A-Z_][A-Z0-9_]*)\}`)

// own reads the keys that are neither Prometheus' nor Alertmanager's.
func (l *loader) own() {
	root, cfg := l.root, l.cfg
	l.noVariables(root)
	data, at := l.setting("data", "SIGNALBOX_DATA", l.flags.Data, "--data", "")
	if data == "" {
		data = DefaultData
	}
	switch abs, err := filepath.Abs(data); {
	case at.Line > 0 && !filepath.IsAbs(data): // from the file: beside the file
		cfg.Data = filepath.Join(cfg.Dir, data)
	case err != nil:
		l.report.Errorf(at, "%q: %v", data, err)
	default:
		cfg.Data = abs
	}
	if info, err := os.Stat(cfg.Data); err == nil && !info.IsDir() {
		l.report.Errorf(at, "%q is a file; want a directory", data)
	}
	if token := l.env["SIGNALBOX_ADMIN_TOKEN"]; token != "" {
		cfg.AdminToken = token
		if n := len([]rune(token)); n < MinAdminToken {
			l.report.Errorf(&strict.Value{Path: "SIGNALBOX_ADMIN_TOKEN"}, "has %d characters; want at least %d, such as the output of openssl rand -hex 32", n, MinAdminToken)
		}
	}
	if v := root.Get("tls").Get("config_file"); v.Usable() {
		cfg.WebConfigFile = l.join(v.Text)
		if err := web.Validate(cfg.WebConfigFile); err != nil {
			l.report.Errorf(v, "%q: %v", v.Text, err)
		}
		cfg.Files = append(cfg.Files, cfg.WebConfigFile)
	}
	l.storage(root.Get("storage"))
	if v := root.Get("durability"); v.Usable() {
		cfg.FSync = v.Text == "fsync"
	}
	if v := root.Get("egress").Get("allow"); v.Usable() {
		for _, item := range v.Items {
			if !item.Usable() {
				continue
			}
			p, err := egress.ParseAllow([]string{item.Text})
			if err != nil {
				l.report.Errorf(item, "%q: want a network such as 10.0.0.0/8 or an address such as 127.0.0.1", item.Text)
			}
			cfg.EgressAllow = append(cfg.EgressAllow, p...)
		}
	}
	l.secrets(root.Get("secrets"))
	host := root.Get("host")
	if v := host.Get("enabled"); v.Usable() {
		cfg.Host.Enabled, _ = v.Bool()
	}
	cfg.Host.Interval = l.duration(host, "interval", DefaultHostInterval, time.Second, 5*time.Minute)
}

func (l *loader) join(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.cfg.Dir, name)
}

// duration reads a duration between two bounds; a zero upper bound is none.
func (l *loader) duration(parent *strict.Value, key string, fallback, least, most time.Duration) time.Duration {
	v := parent.Get(key)
	if !v.Usable() {
		return fallback
	}
	d, err := strict.Duration(v.Text)
	switch {
	case err != nil:
		l.report.Errorf(v, "%v", err)
	case d < least:
		l.report.Errorf(v, "%q: want at least %s", v.Text, policy.Span(least))
	case most > 0 && d > most:
		l.report.Errorf(v, "%q: want at most %s", v.Text, policy.Span(most))
	default:
		return d
	}
	return fallback
}

// size reads a number of bytes, 0 if it is not stated.
func (l *loader) size(v *strict.Value, key string, least int64, why string) int64 {
	s := v.Get(key)
	if !s.Usable() {
		return 0
	}
	n, err := strict.Size(s.Text)
	switch {
	case err != nil:
		l.report.Errorf(s, "%v", err)
	case n < least:
		l.report.Errorf(s, "%q: want at least %dMiB, %s", s.Text, least>>20, why)
	}
	return n
}

func (l *loader) storage(v *strict.Value) {
	const day = 24 * time.Hour
	cfg := l.cfg
	m := v.Get("metrics")
	cfg.Metrics.Retention = l.duration(m, "retention", DefaultMetricsRetention, 2*time.Hour, 0)
	cfg.Metrics.OutOfOrder = l.duration(m, "out_of_order", DefaultOutOfOrder, 0, 7*day)
	cfg.Metrics.MaxBytes = l.size(m, "max_bytes", 64<<20, "or the newest block alone does not fit")
	cfg.KPI.Retention = l.duration(v.Get("kpi"), "retention", DefaultKPIRetention, day, 0)
	cfg.RowStorage.QueryMemory = l.size(v.Get("rows"), "query_memory", 128<<20, "or the rows that are not sealed yet do not fit")
	for _, store := range []struct{ key, engine string }{{"metrics", "its own time series database"}, {"state", "SQLite"}, {"rows", "an embedded row store"}} {
		if u := v.Get(store.key).Get("url"); u.Usable() {
			l.report.Errorf(u, "%q: this version keeps %s in %s only; leave url out", redactURL(u.Text), store.key, store.engine)
		}
	}
}

// redactURL drops what may be a password in a URL.
func redactURL(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if i := strings.LastIndexByte(rest, '@'); ok && i >= 0 {
		return scheme + "://...@" + rest[i+1:]
	}
	return s
}

func (l *loader) secrets(v *strict.Value) {
	if !v.Usable() {
		return
	}
	for _, p := range v.Keys {
		value, file := p.Value.Get("value"), p.Value.Get("file")
		switch {
		case !p.Value.Usable():
		case p.Value.Has("value") == p.Value.Has("file"):
			l.report.Errorf(p.Key, "want either value or file")
		case value.Usable():
			text, ok := l.expand(value)
			if ok && text == "" {
				l.report.Errorf(value, "is empty")
			}
			l.cfg.Secrets[p.Key.Text] = text
		case file.Usable():
			b, err := os.ReadFile(l.join(file.Text))
			if err != nil {
				l.report.Errorf(file, "%q cannot be read: %v", file.Text, err)
			}
			l.cfg.Secrets[p.Key.Text] = strings.TrimSpace(string(b))
		}
	}
}

// expand replaces ${NAME} in a secret by the environment's value and remembers to hide it.
func (l *loader) expand(v *strict.Value) (string, bool) {
	ok := true
	out := variable.ReplaceAllStringFunc(v.Text, func(ref string) string {
		name := variable.FindStringSubmatch(ref)[1]
		value, set := l.env[name]
		if !set || value == "" {
			ok = false
			l.report.Errorf(v, "the environment variable %s is not set", name)
		}
		if l.hidden == nil {
			l.hidden = map[string]string{}
		}
		if len(value) >= 3 {
			l.hidden[value] = ref
		}
		return value
	})
	return out, ok
}

// noVariables refuses ${NAME} in the values of our own keys, secrets aside.
func (l *loader) noVariables(v *strict.Value) {
	opaque := []string{"global", "scrape_configs", "scrape_config_files", "rule_files", "remote_write", "alerting", "secrets", "probes"}
	if v.Form == strict.Scalar {
		if m := variable.FindString(v.Text); m != "" {
			l.report.Errorf(v, "%q: environment variables are read in secret values only; write the value out, or use a SIGNALBOX_ variable or a flag", m)
		}
	}
	for _, item := range v.Items {
		l.noVariables(item)
	}
	for _, p := range v.Keys {
		if v != l.root || !slices.Contains(opaque, p.Key.Text) {
			l.noVariables(p.Value)
		}
	}
}
