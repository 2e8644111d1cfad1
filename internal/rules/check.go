package rules

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

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxFile bounds a rule file.
const maxFile = 16 << 20

var (
	repeated  = regexp.MustCompile(`groupname: "(.*)" is repeated in the same file`)
	place     = regexp.MustCompile(`^(\d+):(\d+): (?:\d+:\d+: )?(.*)$`)
	yamlPlace = regexp.MustCompile(`line (\d+): (.*)`)
	unknown   = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// Check reads the files that match the patterns, each once and sorted by name, and says what is wrong with them. A pattern
// without wildcards must match.
func (m *Manager) Check(patterns []string, baseDir string) (files []string, findings []strict.Finding) {
	for _, p := range patterns {
		path := p
		if !filepath.IsAbs(path) {
			path = filepath.Join(baseDir, path)
		}
		matches, err := filepath.Glob(path)
		if err != nil {
			findings = append(findings, strict.Finding{Key: "rule_files", Severity: strict.Error, Message: fmt.Sprintf("rule_files: %q is no file pattern; want one such as rules/*.yaml", p)})
			continue
		}
		if len(matches) == 0 {
			f := strict.Finding{Key: "rule_files", Severity: strict.Warning, Message: fmt.Sprintf("rule_files: no file matches %q", p)}
			if !strings.ContainsAny(p, "*?[") {
				f.Severity, f.Message = strict.Error, fmt.Sprintf("rule_files: the file %q does not exist", p)
			}
			findings = append(findings, f)
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	for _, file := range files {
		findings = append(findings, m.checkFile(file)...)
	}
	return files, findings
}

func (m *Manager) checkFile(file string) []strict.Finding {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("it has %d bytes, at most %d are read", info.Size(), maxFile)
	}
	var src []byte
	if err == nil {
		src, err = os.ReadFile(file)
	}
	if err != nil {
		return []strict.Finding{{File: file, Severity: strict.Error, Message: fmt.Sprintf("cannot be read: %v", err)}}
	}
	_, errs := rulefmt.Parse(src, false, model.UTF8Validation, m.parser, slog.New(slog.DiscardHandler))
	var out []strict.Finding
	for _, err := range errs {
		for _, f := range findingsOf(string(src), err) {
			f.File, f.Severity = file, strict.Error
			if !slices.Contains(out, f) { // the file is decoded twice, so a YAML mistake is reported twice
				out = append(out, f)
			}
		}
	}
	return out
}

func findingsOf(src string, err error) []strict.Finding {
	text := err.Error()
	if strings.HasPrefix(text, "yaml: ") {
		var out []strict.Finding
		for _, y := range yamlPlace.FindAllStringSubmatch(text, -1) {
			line, _ := strconv.Atoi(y[1])
			msg := y[2]
			if u := unknown.FindStringSubmatch(msg); u != nil {
				msg = fmt.Sprintf("unknown key %q", u[1])
			}
			out = append(out, strict.Finding{Line: line, Column: 1, Message: msg})
		}
		if len(out) == 0 {
			out = append(out, strict.Finding{Message: strings.TrimPrefix(text, "yaml: ")})
		}
		return out
	}
	f := strict.Finding{Message: text}
	if p := place.FindStringSubmatch(text); p != nil {
		f.Line, _ = strconv.Atoi(p[1])
		f.Column, _ = strconv.Atoi(p[2])
		f.Message = p[3]
	}
	var re *rulefmt.Error
	switch twice := repeated.FindStringSubmatch(text); {
	case twice != nil:
		// The library's own place is that of no line.
		f.Message = fmt.Sprintf("group %q stands twice in this file; want one group of a name", twice[1])
		for i, l := range strings.Split(src, "\n") {
			if groupName(twice[1]).MatchString(l) {
				f.Line, f.Column = i+1, indent(l)+1
			}
		}
	case errors.As(err, &re) && f.Line == 0:
		f.Line, f.Column = lineOf(src, re.Group, re.RuleName)
	}
	return []strict.Finding{f}
}

// lineOf finds a rule in the text, for mistakes that come without a place (labels, annotations, templates).
func lineOf(src, group, rule string) (line, column int) {
	inGroup, isRule := groupName(group), named("alert|record", rule)
	found := false
	for i, l := range strings.Split(src, "\n") {
		switch {
		case inGroup.MatchString(l):
			found = true
		case found && isRule.MatchString(l):
			return i + 1, indent(l) + 1
		}
	}
	return 0, 0
}

func groupName(name string) *regexp.Regexp { return named("name", name) }

func named(keys, value string) *regexp.Regexp {
	return regexp.MustCompile(`^\s*(-\s+)?(` + keys + `):\s*["']?` + regexp.QuoteMeta(value) + `["']?\s*(#.*)?$`)
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t-")) }
