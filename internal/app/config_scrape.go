package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/scrape"
)

// scrape hands Prometheus' part to its own reader and checks what it names: certificates, job names, rule files.
func (l *loader) scrape() {
	b := l.block(false, "global", "scrape_configs", "scrape_config_files", "rule_files")
	known := append(knownKeys(prometheusTypes()...), "static_configs", "file_sd_configs", "http_sd_configs", "dns_sd_configs")
	cfg, err := scrape.ParseConfig([]byte(b.text()), l.cfg.Dir)
	if err != nil {
		l.scrapeError(b, err, known)
		return
	}
	// Reads scrape_config_files, and fails for job names that stand twice over all of them.
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		b.report(err, known)
		return
	}
	for _, job := range jobs {
		if _, err := commoncfg.NewTLSConfig(&job.HTTPClientConfig.TLSConfig); err != nil {
			b.report(fmt.Errorf("job %q: tls_config: %w", job.JobName, err), known)
		}
	}
	for _, pattern := range cfg.ScrapeConfigFiles {
		files, err := filepath.Glob(pattern)
		if err == nil && len(files) == 0 {
			l.report.Warnf(l.root.Key("scrape_config_files"), "no file matches %q", l.relative(pattern))
		}
		l.cfg.Files = append(l.cfg.Files, files...)
	}
	l.cfg.Scrape, l.jobs = cfg, jobs
	l.jsonString(jobs)
	l.rules(b, cfg.RuleFiles)
}

// scrapeError reports all that Prometheus' reader found, not only the first.
func (l *loader) scrapeError(b *block, err error, known []string) {
	var ce *scrape.ConfigError
	if !errors.As(err, &ce) || ce.Line == 0 {
		b.report(err, known)
		return
	}
	b.add(ce.Line, b.hide(ce.Sentence), known)
	if _, all := promconfig.Load(b.text(), slog.New(slog.DiscardHandler)); all != nil {
		for line := range strings.SplitSeq(all.Error(), "\n") {
			if m := yamlPlace.FindStringSubmatch(line); m != nil && m[1] != strconv.Itoa(ce.Line) {
				b.report(errors.New(line), known)
			}
		}
	}
}

func (l *loader) jsonString(jobs []*promconfig.ScrapeConfig) {
	v := l.root.Get("scrape_fixes").Get("json_string")
	if !v.Usable() {
		return
	}
	var names []string
	for _, j := range jobs {
		names = append(names, j.JobName)
	}
	for _, item := range v.Items {
		if !item.Usable() {
			continue
		}
		if !slices.Contains(names, item.Text) {
			hint := "; there are " + strings.Join(names, ", ")
			if near := strict.Nearest(item.Text, names); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			} else if len(names) == 0 {
				hint = ""
			}
			l.report.Errorf(item, "there is no job %q in scrape_configs%s", item.Text, hint)
		}
		l.cfg.JSONString = append(l.cfg.JSONString, item.Text)
	}
}

// rules reads the rule files as Prometheus does; the rule manager reads them again when it starts.
func (l *loader) rules(b *block, patterns []string) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			b.report(fmt.Errorf("rule_files: %q is no file pattern", pattern), nil)
			continue
		}
		if len(files) == 0 {
			at := l.root.Key("rule_files")
			severity, msg := strict.Warning, "no file matches "+strconv.Quote(l.relative(pattern))
			if !strings.ContainsAny(pattern, "*?[") {
				severity, msg = strict.Error, "the file "+strconv.Quote(l.relative(pattern))+" does not exist"
			}
			l.report.Add(policy.Finding{File: at.File, Line: at.Line, Column: at.Column, Key: "rule_files", Message: "rule_files: " + msg, Severity: severity})
		}
		for _, file := range files {
			if slices.Contains(l.cfg.RuleFiles, file) {
				continue
			}
			l.cfg.RuleFiles = append(l.cfg.RuleFiles, file)
			l.cfg.Files = append(l.cfg.Files, file)
			l.ruleFile(file)
		}
	}
}

func (l *loader) relative(path string) string {
	if r, err := filepath.Rel(l.cfg.Dir, path); err == nil && !strings.HasPrefix(r, "..") {
		return r
	}
	return path
}

var rulePlace = regexp.MustCompile(`^([0-9]+):([0-9]+): (?:([0-9]+):([0-9]+): )?(.*)$`)

func (l *loader) ruleFile(file string) {
	name := filepath.Join(filepath.Dir(l.root.File), l.relative(file))
	src, err := os.ReadFile(file)
	if err != nil {
		l.fileError(name, "the rule file cannot be read: %v", err)
		return
	}
	_, errs := rulefmt.Parse(src, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		found := false
		for line := range strings.SplitSeq(err.Error(), "\n") {
			f := policy.Finding{File: name, Column: 1, Severity: strict.Error}
			if m := rulePlace.FindStringSubmatch(line); m != nil {
				f.Line, _ = strconv.Atoi(m[1])   // digits
				f.Column, _ = strconv.Atoi(m[2]) // digits
				f.Message = m[5]
			} else if m := yamlPlace.FindStringSubmatch(line); m != nil {
				f.Line, _ = strconv.Atoi(m[1]) // digits
				f.Message = m[2]
				if k := unknownKey.FindStringSubmatch(m[2]); k != nil {
					f.Message = k[1] + ": unknown key"
					if near := strict.Nearest(k[1], []string{"groups", "name", "interval", "query_offset", "limit", "labels", "rules", "record", "alert", "expr", "for", "keep_firing_for", "annotations"}); near != "" {
						f.Message += fmt.Sprintf("; did you mean %q?", near)
					}
				}
			} else {
				continue
			}
			found = true
			l.report.Add(f)
		}
		if !found {
			l.fileError(name, "%v", err)
		}
	}
}
