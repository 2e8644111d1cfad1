package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/probe"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

// What applies where signalbox.yaml states nothing.
const (
	DefaultListen           = "127.0.0.1:9700"
	DefaultData             = "./signalbox-data"
	DefaultMetricsRetention = 40 * 24 * time.Hour
	DefaultKPIRetention     = 25 * 31 * 24 * time.Hour
	DefaultOutOfOrder       = time.Hour
	DefaultHostInterval     = 15 * time.Second
	MinAdminToken           = 32 // characters
)

// HostJob is the job label of the host agent's series.
const HostJob = "host"

// Config is signalbox.yaml with everything it names, read and checked: no room starts before all of it is good.
type Config struct {
	File  string   // absolute path of signalbox.yaml; empty without one
	Dir   string   // absolute directory that relative names in the file start from
	Files []string // every file that was read, to be watched: the file itself, policies, rules, templates

	Listen         string
	Data           string   // absolute path
	ExternalURL    *url.URL // for links; derived from Listen unless ExternalStated
	ExternalStated bool
	AdminToken     string // from SIGNALBOX_ADMIN_TOKEN; empty = made at first start
	WebConfigFile  string // exporter-toolkit's web configuration; empty = no TLS

	Scrape     *promconfig.Config // global, scrape_configs, scrape_config_files, rule_files
	JSONString []string           // jobs whose answers may be one JSON string (scrape_fixes.json_string)
	RuleFiles  []string           // absolute paths of the rule files that match
	Alerting   *amconfig.Config   // Alertmanager's configuration; group_wait of the root route is 0s unless stated
	Policies   []string           // patterns of policy files
	Documents  []policy.Document  // what the policy files say; what is in force is another matter
	KPIs       []*kpi.KPI         // of Documents
	Jobs       []policy.Job       // scrape jobs and the host agent, with their intervals

	Metrics    MetricsStorage
	KPI        KPIStorage
	RowStorage RowStorage
	Rows       Rows
	// PrivacyKeys is the directory of the keys of pseudonyms: whoever has it and the rows can tell whether a row is of a
	// certain person, so it is backed up apart.
	PrivacyKeys string
	FSync       bool // durability: fsync

	Export      *export.Plan                    // nil = off
	RemoteWrite []*promconfig.RemoteWriteConfig // remote_write

	EgressAllow []netip.Prefix
	Secrets     map[string]string
	Host        Host
	SignIn      SignIn
	Anchor      Anchor
	CloudTrail  string // folder with CloudTrail log files; empty = none
	Probes      []probe.Config

	Warnings []policy.Finding
}

// MetricsStorage is storage.metrics.
type MetricsStorage struct {
	Retention  time.Duration
	MaxBytes   int64 // 0 = bounded by time alone
	OutOfOrder time.Duration
}

// KPIStorage is storage.kpi.
type KPIStorage struct{ Retention time.Duration }

// RowStorage is storage.rows but for the retention, which stands in Rows.
type RowStorage struct {
	QueryMemory int64 // bytes of questions and of the rows that are not sealed yet; 0 = the store's default
}

// Host is the host agent's part.
type Host struct {
	Enabled  bool
	Interval time.Duration
}

// Flags are the command line's: what is not empty overrides environment and file.
type Flags struct{ Listen, Data string }

// Load reads the file at path, if any, then the environment ("NAME=value" as of os.Environ), then the flags, and everything
// that the file names. It returns all findings; the Config is nil if one of them is an error.
func Load(path string, environ []string, flags Flags) (*Config, []policy.Finding) {
	l := &loader{
		env: environment(environ), flags: flags,
		cfg: &Config{Host: Host{Enabled: true, Interval: DefaultHostInterval}, Secrets: map[string]string{}},
	}
	l.root = &strict.Value{Form: strict.Map, File: path}
	if !l.read(path) {
		return nil, l.report.Findings()
	}
	l.own()
	l.govern()
	l.address()
	l.rows()
	l.probes()
	l.scrape()
	l.exports()
	l.alerting()
	l.policies()
	l.environmentNames()
	findings := l.report.Findings()
	if strict.Failed(findings) {
		return nil, findings
	}
	l.cfg.Warnings = findings
	return l.cfg, findings
}

// loader carries one Load.
type loader struct {
	report strict.Report
	cfg    *Config
	root   *strict.Value // the file; an empty map without one
	lines  []string      // the file's lines
	env    map[string]string
	flags  Flags
	jobs   []*promconfig.ScrapeConfig // all scrape jobs, those of scrape_config_files too
	hidden map[string]string          // expanded secret -> ${NAME}, so that no message carries it
}

func environment(environ []string) map[string]string {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok {
			env[name] = value
		}
	}
	return env
}

// read reads the file itself. It reports false if there is no use in going on.
func (l *loader) read(path string) bool {
	dir, err := os.Getwd()
	if err != nil {
		l.fileError(path, "the working directory is unknown: %v", err)
		return false
	}
	l.cfg.Dir = dir
	if path == "" {
		return true
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		l.fileError(path, "%v", err)
		return false
	}
	l.cfg.File, l.cfg.Dir = abs, filepath.Dir(abs)
	l.cfg.Files = append(l.cfg.Files, abs)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fileError(path, "the configuration file does not exist; name another with --config, or leave --config out to start with the defaults")
		return false
	case err == nil && info.IsDir():
		l.fileError(path, "the configuration file is a directory; name the file in it, such as %s", filepath.Join(path, "signalbox.yaml"))
		return false
	case err == nil && info.Size() > strict.MaxFile:
		l.fileError(path, "the configuration file has %d bytes, at most %d are read", info.Size(), int64(strict.MaxFile))
		return false
	}
	src, err := os.ReadFile(path)
	if err != nil {
		l.fileError(path, "the configuration file cannot be read: %v", err)
		return false
	}
	docs, findings := strict.Parse(path, src)
	l.report.Add(findings...)
	if len(findings) > 0 {
		return false
	}
	if len(docs) == 0 {
		return true
	}
	if len(docs) > 1 {
		l.report.Errorf(docs[1], "a second document begins here; signalbox.yaml is one document (KPI documents live in the files of policies)")
	}
	l.root = docs[0]
	l.lines = strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n"), "\n")
	if l.root.Form != strict.Map {
		l.report.Errorf(l.root, "this is no configuration; want keys such as listen, scrape_configs, alerting and policies")
		return false
	}
	strict.Check(l.root, configShape(), &l.report)
	for i := 1; i < len(l.root.Keys); i++ {
		if l.root.Keys[i].Key.Line == l.root.Keys[i-1].Key.Line {
			l.report.Errorf(l.root.Keys[i].Key, "stands on the line of another key; write each key of the file on a line of its own")
			return false
		}
	}
	return true
}

func (l *loader) fileError(path, format string, args ...any) {
	l.report.Add(policy.Finding{File: path, Severity: strict.Error, Message: fmt.Sprintf(format, args...)})
}

// address settles where the server listens and how links to it read, and refuses to be open to others by accident.
func (l *loader) address() {
	listen, at := l.setting("listen", "SIGNALBOX_LISTEN", l.flags.Listen, "--listen", DefaultListen)
	l.cfg.Listen = listen
	host, port, err := net.SplitHostPort(listen)
	if err != nil || !validPort(port) {
		l.report.Errorf(at, "%q: want host:port, such as %s or :9700", listen, DefaultListen)
		return
	}
	external, atURL := l.setting("external_url", "SIGNALBOX_EXTERNAL_URL", "", "", "")
	if external != "" {
		u, err := url.Parse(external)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			l.report.Errorf(atURL, "%q: want the address that people open, such as https://signalbox.irs.example", external)
			return
		}
		u.Path = strings.TrimSuffix(u.Path, "/")
		l.cfg.ExternalURL, l.cfg.ExternalStated = u, true
	}
	tls := l.cfg.WebConfigFile != ""
	if !loopback(host) && !tls && !l.cfg.ExternalStated {
		l.report.Errorf(at, "%q can be reached from other machines without encryption; add tls: {config_file: web.yml}, or state external_url: https://... if a proxy in front speaks TLS, or listen on %s", listen, DefaultListen)
	}
	if l.cfg.ExternalURL == nil {
		scheme := "http"
		if tls {
			scheme = "https"
		}
		if host == "" || host == "0.0.0.0" || host == "::" {
			if host, err = os.Hostname(); err != nil {
				host = "localhost"
			}
		}
		l.cfg.ExternalURL = &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}
	}
}

func validPort(port string) bool {
	n, err := net.LookupPort("tcp", port)
	return err == nil && n >= 0 && port != ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// setting returns a text by rank: flag, environment, file, default; and where it stands, for findings.
func (l *loader) setting(key, env, flag, flagName, fallback string) (string, *strict.Value) {
	if flag != "" {
		return flag, &strict.Value{Path: flagName}
	}
	if v := l.env[env]; v != "" {
		return v, &strict.Value{Path: env}
	}
	if v := l.root.Get(key); v.Usable() {
		return v.Text, v
	}
	return fallback, &strict.Value{File: l.root.File, Path: key}
}

// policies reads the KPI documents with the house around them known.
func (l *loader) policies() {
	var globs []string
	if v := l.root.Get("policies"); v.Usable() {
		for _, item := range v.Items {
			if item.Usable() {
				globs = append(globs, item.Text)
			}
		}
	}
	for _, sc := range l.jobs {
		l.cfg.Jobs = append(l.cfg.Jobs, policy.Job{Name: sc.JobName, Interval: time.Duration(sc.ScrapeInterval)})
	}
	if l.cfg.Host.Enabled {
		l.cfg.Jobs = append(l.cfg.Jobs, policy.Job{Name: HostJob, Interval: l.cfg.Host.Interval})
	}
	if len(globs) == 0 {
		return
	}
	l.cfg.Policies = globs
	docs, findings := policy.ReadFiles(globs, l.cfg.Dir, l.cfg.limits())
	for _, f := range findings {
		if f.File == "" { // about the list itself
			v := l.root.Get("policies")
			f.File, f.Line, f.Column = v.File, v.Line, v.Column
		}
		l.report.Add(f)
	}
	l.cfg.Documents, l.cfg.KPIs = docs, policy.KPIs(docs)
	for i, d := range docs {
		l.cfg.Files = append(l.cfg.Files, d.File)
		if d.KPI != nil && d.KPI.Indicator.SQL != "" {
			if err := sandbox.Check(windowed(d.KPI.Indicator.SQL, time.Now(), time.Now())); err != nil {
				l.report.Add(refusedSQL(&docs[i], err))
			}
		}
	}
	slices.Sort(l.cfg.Files)
	l.cfg.Files = slices.Compact(l.cfg.Files)
	l.nobodyIsTold()
	l.strangersPage()
}

// nobodyIsTold warns if a KPI pages and no receiver delivers.
func (l *loader) nobodyIsTold() {
	i := slices.IndexFunc(l.cfg.KPIs, func(k *kpi.KPI) bool { return k.Page != nil })
	if i < 0 || l.root.Has("alerting") {
		return
	}
	l.report.Warnf(&strict.Value{File: l.root.File, Path: "alerting"}, "%q pages, and there are no receivers: red shows on the page and nobody is told; add alerting: with route and receivers", l.cfg.KPIs[i].Name)
}

// environmentNames warns of SIGNALBOX_ variables that look like a known one.
func (l *loader) environmentNames() {
	known := []string{"SIGNALBOX_LISTEN", "SIGNALBOX_DATA", "SIGNALBOX_EXTERNAL_URL", "SIGNALBOX_CONFIG", "SIGNALBOX_SERVER", "SIGNALBOX_ADMIN_TOKEN", "SIGNALBOX_OTLP_GRPC", "SIGNALBOX_OTLP_HTTP"}
	for name := range l.env {
		rest, ok := strings.CutPrefix(name, "SIGNALBOX_")
		if !ok || slices.Contains(known, name) {
			continue
		}
		var words []string
		for _, k := range known {
			words = append(words, strings.TrimPrefix(k, "SIGNALBOX_"))
		}
		if n := strict.Nearest(rest, words); n != "" {
			l.report.Warnf(&strict.Value{Path: name}, "unknown environment variable; did you mean SIGNALBOX_%s?", n)
		}
	}
}
