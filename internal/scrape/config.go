package scrape

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	_ "github.com/prometheus/prometheus/discovery/dns"  // dns_sd_configs
	_ "github.com/prometheus/prometheus/discovery/file" // file_sd_configs
	_ "github.com/prometheus/prometheus/discovery/http" // http_sd_configs
	"go.yaml.in/yaml/v2"
)

// What applies where the configuration states nothing.
const (
	DefaultInterval         = 15 * time.Second
	DefaultBodySizeLimit    = 64 << 20 // bytes of the unpacked answer
	DefaultSampleLimit      = 200_000  // samples of one answer, after metric relabelling
	DefaultLabelLimit       = 64       // labels of one series
	DefaultLabelNameLength  = 512      // bytes
	DefaultLabelValueLength = 4096     // bytes
)

// ConfigError is a mistake in scrape_configs. Line counts from 1 in the text handed to ParseConfig; 0 is unknown.
type ConfigError struct {
	Line     int
	Sentence string
}

// Error returns the sentence, with its line where known.
func (e *ConfigError) Error() string {
	if e.Line == 0 {
		return e.Sentence
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Sentence)
}

var (
	sdKey      = regexp.MustCompile(`^\s*(?:-\s+)?([a-z0-9_]+_sd_configs)\s*:`)
	yamlLine   = regexp.MustCompile(`line (\d+): (.*)`)
	unknownKey = regexp.MustCompile(`field (\S+) (not found|already set) in (type|struct) (\S+)`)
)

// ParseConfig reads a document with the keys global, scrape_configs, scrape_config_files and rule_files as Prometheus does,
// strictly, and joins relative file names with dir. Jobs without an interval are scraped every 15 seconds unless global says
// otherwise. The error is a *ConfigError.
func ParseConfig(doc []byte, dir string) (*promconfig.Config, error) {
	for i, line := range strings.Split(string(doc), "\n") {
		m := sdKey.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		switch m[1] {
		case "file_sd_configs", "http_sd_configs", "dns_sd_configs":
		default:
			return nil, &ConfigError{Line: i + 1, Sentence: fmt.Sprintf("%s is not supported; accepted are static_configs, file_sd_configs, http_sd_configs and dns_sd_configs (most other sources can write a file for file_sd_configs)", m[1])}
		}
	}
	cfg, err := promconfig.Load(string(doc), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, configError(err)
	}
	// What the document states itself, to tell a default from a wish.
	var stated struct {
		Global struct {
			ScrapeInterval     string `yaml:"scrape_interval"`
			ScrapeTimeout      string `yaml:"scrape_timeout"`
			EvaluationInterval string `yaml:"evaluation_interval"`
		} `yaml:"global"`
		ScrapeConfigs []struct {
			ScrapeInterval string `yaml:"scrape_interval"`
			ScrapeTimeout  string `yaml:"scrape_timeout"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(doc, &stated); err != nil {
		return nil, configError(err)
	}
	if stated.Global.EvaluationInterval == "" {
		cfg.GlobalConfig.EvaluationInterval = model.Duration(DefaultInterval)
	}
	if stated.Global.ScrapeInterval == "" {
		cfg.GlobalConfig.ScrapeInterval = model.Duration(DefaultInterval)
		if cfg.GlobalConfig.ScrapeTimeout > cfg.GlobalConfig.ScrapeInterval {
			return nil, &ConfigError{Sentence: fmt.Sprintf("global: scrape_timeout %s is longer than the scrape interval %s", cfg.GlobalConfig.ScrapeTimeout, cfg.GlobalConfig.ScrapeInterval)}
		}
		for i, sc := range cfg.ScrapeConfigs {
			if stated.ScrapeConfigs[i].ScrapeInterval != "" {
				continue
			}
			sc.ScrapeInterval = cfg.GlobalConfig.ScrapeInterval
			if sc.ScrapeTimeout > sc.ScrapeInterval {
				return nil, &ConfigError{Sentence: fmt.Sprintf("job %q: scrape_timeout %s is longer than the scrape interval %s", sc.JobName, sc.ScrapeTimeout, sc.ScrapeInterval)}
			}
		}
	}
	cfg.SetDirectory(dir)
	return cfg, nil
}

func configError(err error) *ConfigError {
	out := &ConfigError{Sentence: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		out.Line, _ = strconv.Atoi(m[1])
		out.Sentence = m[2]
	}
	if m := unknownKey.FindStringSubmatch(out.Sentence); m != nil {
		if m[2] == "already set" {
			out.Sentence = fmt.Sprintf("the key %q stands twice", m[1])
		} else {
			out.Sentence = fmt.Sprintf("unknown key %q", m[1])
		}
	}
	return out
}

// bounded returns a copy of cfg in which every job has limits; the jobs themselves are copied where they change.
func bounded(cfg *promconfig.Config) (*promconfig.Config, error) {
	// GetScrapeConfigs fails for a configuration that was not loaded by Prometheus' own code, and reads
	// scrape_config_files once, so that they can be bounded and split like the others.
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return nil, err
	}
	out := *cfg
	out.ScrapeConfigFiles = nil
	out.ScrapeConfigs = make([]*promconfig.ScrapeConfig, len(jobs))
	for i, job := range jobs {
		c := *job
		if c.BodySizeLimit == 0 {
			c.BodySizeLimit = DefaultBodySizeLimit
		}
		orDefault(&c.SampleLimit, DefaultSampleLimit)
		orDefault(&c.LabelLimit, DefaultLabelLimit)
		orDefault(&c.LabelNameLengthLimit, DefaultLabelNameLength)
		orDefault(&c.LabelValueLengthLimit, DefaultLabelValueLength)
		out.ScrapeConfigs[i] = &c
	}
	return &out, nil
}

func orDefault(v *uint, d uint) {
	if *v == 0 {
		*v = d
	}
}

// split parts the configuration in the jobs that are scraped directly and those that are scraped through the relay.
func split(cfg *promconfig.Config, jsonString []string) (direct, relayed *promconfig.Config, err error) {
	d, r := *cfg, *cfg
	d.ScrapeConfigs, r.ScrapeConfigs = nil, nil
	wanted := make(map[string]bool, len(jsonString))
	for _, name := range jsonString {
		wanted[name] = true
	}
	var names []string
	for _, job := range cfg.ScrapeConfigs {
		names = append(names, job.JobName)
		if wanted[job.JobName] {
			delete(wanted, job.JobName)
			r.ScrapeConfigs = append(r.ScrapeConfigs, job)
			continue
		}
		d.ScrapeConfigs = append(d.ScrapeConfigs, job)
	}
	for _, name := range jsonString {
		if wanted[name] {
			err = errors.Join(err, fmt.Errorf("scrape_fixes.json_string: there is no job %q in scrape_configs; jobs are %q", name, names))
		}
	}
	return &d, &r, err
}
