package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// configName is the configuration file that is read when none is named.
const configName = "signalbox.yaml"

// configPath is the configuration file to use: the one named, or configName if it exists.
func configPath(named string) string {
	if named == "" {
		if _, err := os.Stat(configName); err == nil {
			return configName
		}
	}
	return named
}

// checkCmd checks without starting anything.
type checkCmd struct {
	output
	Config string   `help:"Configuration file, with everything that it names (default ./signalbox.yaml)." env:"SIGNALBOX_CONFIG" placeholder:"FILE"`
	Files  []string `arg:"" optional:"" help:"Files with KPI documents to check by themselves, or configuration files."`
}

// Run prints every finding and fails if one of them is an error.
func (c *checkCmd) Run(w *world) error {
	configs, policies := c.sort()
	if len(configs)+len(policies) == 0 {
		return usage("there is no %s here; name a configuration with --config, or files with KPI documents", configName)
	}
	findings := []policy.Finding{}
	kpis := 0
	for _, file := range configs {
		cfg, found := app.Load(file, w.env, app.Flags{})
		findings = append(findings, found...)
		if cfg != nil {
			kpis += len(cfg.KPIs)
		}
	}
	if len(policies) > 0 {
		docs, found := policy.ReadFiles(policies, "", policy.Limits{})
		findings = append(findings, found...)
		kpis += len(policy.KPIs(docs))
	}
	if c.Output == "json" {
		if err := c.print(w, nil, findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(w.out, f)
		}
		summary(w.err, findings, kpis)
	}
	if strict.Failed(findings) {
		return errFindings
	}
	return nil
}

// sort parts the files into configurations and KPI documents. Without --config and files it is ./signalbox.yaml.
func (c *checkCmd) sort() (configs, policies []string) {
	if c.Config != "" || len(c.Files) == 0 {
		if path := configPath(c.Config); path != "" {
			configs = append(configs, path)
		}
	}
	for _, file := range c.Files {
		if isConfig(file) {
			configs = append(configs, file)
		} else {
			policies = append(policies, file)
		}
	}
	return configs, policies
}

// isConfig reports whether a file is a configuration: its first document has no kind and one of a configuration's keys.
func isConfig(file string) bool {
	src, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	docs, _ := strict.Parse(file, src)
	if len(docs) == 0 || docs[0].Has("kind") {
		return false
	}
	return slices.ContainsFunc([]string{"listen", "data", "scrape_configs", "alerting", "policies", "storage", "rule_files", "host"}, docs[0].Has)
}

func summary(out io.Writer, findings []policy.Finding, kpis int) {
	errors, warnings := 0, 0
	for _, f := range findings {
		if f.Severity == strict.Error {
			errors++
		} else {
			warnings++
		}
	}
	text := fmt.Sprintf("good: %s", plural(kpis, "KPI"))
	if errors > 0 {
		text = plural(errors, "error")
	}
	if warnings > 0 {
		text += ", " + plural(warnings, "warning")
	}
	fmt.Fprintln(out, text)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
