package probe

import (
	"net"
	"net/url"
	"strings"
	"time"

	bbconfig "github.com/prometheus/blackbox_exporter/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
)

// Config is one entry of probes: a name and a target, and beside them a module as the blackbox exporter writes it.
type Config struct {
	Name     string            `yaml:"name"`
	Target   string            `yaml:"target,omitempty"`
	Interval model.Duration    `yaml:"interval,omitempty"` // default: DefaultInterval
	Labels   map[string]string `yaml:"labels,omitempty"`

	Prober  string             `yaml:"prober,omitempty"`  // http, tcp, dns, icmp or grpc; by the target where it is left out
	Timeout model.Duration     `yaml:"timeout,omitempty"` // default: 5s, and never more than the interval
	HTTP    bbconfig.HTTPProbe `yaml:"http,omitempty"`
	TCP     bbconfig.TCPProbe  `yaml:"tcp,omitempty"`
	ICMP    bbconfig.ICMPProbe `yaml:"icmp,omitempty"`
	DNS     bbconfig.DNSProbe  `yaml:"dns,omitempty"`
	GRPC    bbconfig.GRPCProbe `yaml:"grpc,omitempty"`

	Postgres *Postgres `yaml:"postgres,omitempty"`
}

// DefaultInterval is the time between two rounds; DefaultTimeout is how long one may take.
const (
	DefaultInterval = 30 * time.Second
	DefaultTimeout  = 5 * time.Second
)

// UnmarshalYAML fills in the blackbox exporter's own defaults.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	d := bbconfig.DefaultModule
	*c = Config{HTTP: d.HTTP, TCP: d.TCP, ICMP: d.ICMP, DNS: d.DNS, GRPC: d.GRPC}
	type plain Config
	return unmarshal((*plain)(c))
}

// Every is the time between two rounds.
func (c *Config) Every() time.Duration {
	if c.Interval <= 0 {
		return DefaultInterval
	}
	return time.Duration(c.Interval)
}

// Wait is how long a round may take.
func (c *Config) Wait() time.Duration {
	d := time.Duration(c.Timeout)
	if d <= 0 {
		d = DefaultTimeout
	}
	return min(d, c.Every())
}

// Kind is http, tcp, dns, icmp, grpc or postgres.
func (c *Config) Kind() string {
	switch {
	case c.Postgres != nil:
		return "postgres"
	case c.Prober != "":
		return c.Prober
	case strings.HasPrefix(c.Target, "http://"), strings.HasPrefix(c.Target, "https://"):
		return "http"
	}
	return ""
}

// Shown is what is asked, for people: an address without user, password and query.
func (c *Config) Shown() string {
	if c.Postgres != nil {
		return "postgres " + c.Name
	}
	u, err := url.Parse(c.Target)
	if err != nil || u.Host == "" {
		return c.Target
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// series are the labels of all the probe's series.
func (c *Config) series() labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for k, v := range c.Labels {
		b.Set(k, v)
	}
	b.Set(model.JobLabel, Job)
	b.Set(model.InstanceLabel, c.Shown())
	b.Set("probe", c.Name)
	return b.Labels()
}

func (c *Config) bad(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "probe %q: "+format, append([]any{c.Name}, args...)...)
}

// Validate finds what cannot work, and what would go past egress.
func (c *Config) Validate() error {
	if c.Name == "" || len(c.Name) > 200 {
		return fault.New(fault.Invalid, "a probe wants a name of 1 to 200 bytes, such as name: efile-portal")
	}
	if e := c.Every(); e < time.Second || e > time.Hour {
		return c.bad("interval %s: want 1s to 1h", e)
	}
	if c.Timeout < 0 || time.Duration(c.Timeout) > c.Every() {
		return c.bad("timeout %s: want more than 0 and at most the interval, %s", time.Duration(c.Timeout), c.Every())
	}
	for k := range c.Labels {
		if !model.LegacyValidation.IsValidLabelName(k) || strings.HasPrefix(k, "__") || k == "job" || k == "instance" || k == "probe" {
			return c.bad("label %q: want a name of letters, digits and underscores other than job, instance and probe", k)
		}
	}
	if c.Postgres != nil {
		if c.Target != "" || c.Prober != "" {
			return c.bad("postgres stands alone: target and prober belong to other probes")
		}
		return c.Postgres.validate(c)
	}
	if c.Target == "" {
		return c.bad("target is missing, such as https://efile.irs.example/health, or host:port")
	}
	switch c.Kind() {
	case "http":
		return c.validateHTTP()
	case "tcp":
		if _, _, err := net.SplitHostPort(c.Target); err != nil {
			return c.bad("target %q: want host:port", c.Target)
		}
		for _, q := range c.TCP.QueryResponse {
			if len(q.Labels) > 0 {
				return c.bad("labels of query_response would keep what the target answers, which is not done")
			}
		}
	case "grpc":
		if strings.Contains(c.Target, "/") {
			return c.bad("target %q: want host:port", c.Target)
		}
	case "dns":
		if c.DNS.QueryName == "" {
			return c.bad("dns wants query_name")
		}
	case "icmp":
	case "":
		return c.bad("prober is missing: http, tcp, dns, icmp, grpc or postgres")
	default:
		return c.bad("prober %q: want http, tcp, dns, icmp, grpc or postgres", c.Prober)
	}
	return nil
}

func (c *Config) validateHTTP() error {
	u, err := url.Parse(c.Target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c.bad("target %q: want an address that begins with https:// or http://", c.Target)
	}
	h := &c.HTTP.HTTPClientConfig
	if h.ProxyURL.URL != nil || h.ProxyFromEnvironment || h.OAuth2 != nil {
		return c.bad("proxies and oauth2 would connect past egress.allow and are not used by probes")
	}
	return nil
}
