package main

import (
	"fmt"
	"path/filepath"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// checkCmd checks without starting anything.
type checkCmd struct {
	output
	Config string   `help:"Configuration file." env:"SIGNALBOX_CONFIG" placeholder:"FILE"`
	Files  []string `arg:"" optional:"" help:"Policy files to check by themselves."`
}

// Run prints every finding and fails if one of them is an error.
func (c *checkCmd) Run(w *world) error {
	var findings []policy.Finding
	kpis := 0
	if c.Config != "" || len(c.Files) == 0 {
		cfg, found := app.Load(c.Config, w.env, app.Flags{})
		findings = append(findings, found...)
		if cfg != nil {
			kpis = len(cfg.KPIs)
		}
	}
	if len(c.Files) > 0 {
		var globs []string
		for _, f := range c.Files {
			abs, err := filepath.Abs(f)
			if err != nil {
				return err
			}
			globs = append(globs, abs)
		}
		docs, found := policy.ReadFiles(globs, "", policy.Limits{})
		findings = append(findings, found...)
		kpis += len(policy.KPIs(docs))
	}
	if c.Output == "json" {
		if findings == nil {
			findings = []policy.Finding{}
		}
		if err := c.print(w, nil, findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(w.out, f)
		}
	}
	if strict.Failed(findings) {
		return failure
	}
	if c.Output != "json" {
		fmt.Fprintf(w.out, "good: %d KPIs\n", kpis)
	}
	return nil
}
