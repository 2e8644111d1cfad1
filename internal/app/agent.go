package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/hostagent"
	"github.com/signalbox/signalbox/internal/hostagent/lean"
	"github.com/signalbox/signalbox/internal/hostagent/push"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/probe"
	"github.com/signalbox/signalbox/internal/receive/tail"
)

// AgentOptions are the command line of an agent. Server is required.
type AgentOptions struct {
	Server     string // https://signalbox.irs.example
	TokenFile  string // file with an API token that may write; empty = none
	CAFile     string // certificates that the server's is checked with; empty = the system's
	ConfigPath string // host, probes, log_files, egress and secrets are read from it; empty = the machine alone
	Data       string // directory of the queue and of how far files were read
	Instance   string // the machine's name; empty = its host name
	Environ    []string
	LogFormat  string
	LogLevel   string
	LogOut     io.Writer
}

// What bounds an agent.
const (
	DefaultAgentData = "./signalbox-agent"
	agentMemory      = 36 << 20 // from where on memory is given back rather than kept
	agentGC          = 50       // percent of the live heap that may be garbage: little is allocated, and memory is what counts
	agentFinish      = 5 * time.Second
	agentTrimSoon    = 500 * time.Millisecond // when the start is done
	agentTrimEvery   = time.Minute
)

// Agent reads a machine, its log files and what it probes, and pushes all of it to a server until the context ends; then it
// sends what is left, and what cannot be sent waits on the disk.
func Agent(ctx context.Context, o AgentOptions) error {
	debug.SetMemoryLimit(agentMemory)
	debug.SetGCPercent(agentGC)
	log, err := logger(ServeOptions{LogFormat: o.LogFormat, LogLevel: o.LogLevel, LogOut: o.LogOut})
	if err != nil {
		return err
	}
	server, client, err := o.server()
	if err != nil {
		return err
	}
	cfg, err := o.config()
	if err != nil {
		return err
	}
	if o.Instance == "" {
		if o.Instance, err = os.Hostname(); err != nil {
			return fault.New(fault.Invalid, "this machine has no name: %w", err).Hint("State one with --instance")
		}
	}
	dir, err := filepath.Abs(cmp.Or(o.Data, DefaultAgentData))
	if err != nil {
		return err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	queue, err := push.New(push.Options{Server: server, Token: o.token, Dir: filepath.Join(dir, "queue"), Client: client, Logger: log.With("room", "push")})
	if err != nil {
		return err
	}
	g, reading := errgroup.WithContext(ctx)
	if cfg.Host.Enabled {
		a, err := hostagent.New(hostagent.Options{Appendable: queue, Interval: cfg.Host.Interval, Instance: o.Instance, Logger: log.With("room", "hostagent"), Now: time.Now})
		if err != nil {
			return err
		}
		g.Go(func() error { return a.Run(reading) })
	}
	if len(cfg.Probes) > 0 {
		p, err := probe.New(probe.Options{
			Appendable: queue, Egress: dialer(cfg), Probes: signed(cfg.Probes, o.Instance), Now: time.Now, Logger: log.With("room", "probe"),
			Secret: func(name string) (string, bool) { s, ok := cfg.Secrets[name]; return s, ok },
		})
		if err != nil {
			return err
		}
		g.Go(func() error { return p.Run(reading) })
	}
	if len(cfg.Rows.Files) > 0 {
		f, err := tail.New(tail.Options{
			Admit: func(string) (tail.Writer, error) { return queue, nil }, Sets: fileSets(cfg.Rows.Files), Book: filepath.Join(dir, tailBook),
			BusinessIDs: cfg.Rows.BusinessIDs, Now: time.Now, Logger: log.With("room", "tail"),
		})
		if err != nil {
			return err
		}
		g.Go(func() error { return f.Run(reading) })
	}
	g.Go(func() error { return queue.Run(reading) })
	g.Go(func() error {
		if err := lean.Run(reading, agentTrimSoon, agentTrimEvery); err != nil {
			log.Info("the agent keeps pages of its binary that it no longer needs", "err", err)
		}
		return nil
	})
	log.Info("the agent is ready", "server", server.Host, "instance", o.Instance, "probes", len(cfg.Probes), "log_files", len(cfg.Rows.Files))
	err = g.Wait()
	queue.Finish(agentFinish)
	return err
}

// signed gives the probes of an agent its name, so that two agents may ask the same.
func signed(probes []probe.Config, instance string) []probe.Config {
	out := make([]probe.Config, len(probes))
	for i, c := range probes {
		labels := map[string]string{"agent": instance}
		maps.Copy(labels, c.Labels)
		c.Labels = labels
		out[i] = c
	}
	return out
}

// config reads what an agent does beside the machine itself.
func (o *AgentOptions) config() (*Config, error) {
	cfg, findings := Load(o.ConfigPath, o.Environ, Flags{})
	if cfg != nil {
		return cfg, nil
	}
	for _, f := range findings {
		if f.Severity == strict.Error {
			return nil, fault.New(fault.Invalid, "%s", f.String()).Hint("`signalbox check --config %s` lists all mistakes", o.ConfigPath)
		}
	}
	return nil, fault.New(fault.Invalid, "%s cannot be read", o.ConfigPath)
}

// token reads the token anew, so that a changed file needs no restart.
func (o *AgentOptions) token() (string, error) {
	if o.TokenFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(o.TokenFile)
	if err != nil {
		return "", fault.New(fault.Unavailable, "the token cannot be read: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// server reads where to push to. A token never crosses a network in clear.
func (o *AgentOptions) server() (*url.URL, *http.Client, error) {
	u, err := url.Parse(o.Server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, nil, fault.New(fault.Invalid, "--server %q: want the server's address, such as https://signalbox.irs.example", o.Server)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, nil, fault.New(fault.Invalid, "--server %q: token and data would cross the network in clear", o.Server).Hint("Use https://")
	}
	if _, err := o.token(); err != nil {
		return nil, nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		b, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, nil, fault.New(fault.Invalid, "--ca-file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(b) {
			return nil, nil, fault.New(fault.Invalid, "--ca-file %s holds no certificate", o.CAFile)
		}
	}
	return u, &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes to no other host
	}, nil
}
