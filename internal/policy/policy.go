// Package policy is the law of the house, in words alone. It reads governed documents of every kind and says everything that
// is wrong with them: shape, notation, selectors, thresholds, and what only shows when documents stand side by side
// (duplicate names, inputs, cycles). It fills the defaults and yields one typed spec per kind. It says what a change is in
// plain sentences, who must approve it, and which moves of a proposal are legal. It opens no network connection, keeps
// nothing and applies nothing.
package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Finding is one thing to say about a file; see strict.Finding.
type Finding = strict.Finding

// Job is a scrape job with its interval.
type Job struct {
	Name     string
	Interval time.Duration
}

// Limits is what the house around the documents fixes. A zero field is not checked.
type Limits struct {
	History    time.Duration // how long KPI datapoints are kept; an objective cannot look back further
	Samples    time.Duration // how long samples are kept; a window cannot look back further
	OutOfOrder time.Duration // the store's out-of-order window, which bounds restate_for; 0 = 1h
	Jobs       []Job         // scrape jobs, to compare their intervals with periods
	Receivers  []string      // names of receivers that a Route can send to; nil = not checked
	Intervals  []string      // names of time intervals that a Route can use; nil = not checked
}

func (l Limits) outOfOrder() time.Duration {
	if l.OutOfOrder == 0 {
		return DefaultRestateFor
	}
	return l.OutOfOrder
}

// Defaults of a KPI.
const (
	DefaultPeriod     = time.Minute
	DefaultRestateFor = time.Hour
	DefaultMaxGroups  = 1000
	DefaultSeverity   = "page"
)

// DefaultReviewEvery is how often a policy of any kind is looked at again, unless it states its own.
const DefaultReviewEvery = 180 * 24 * time.Hour

// ReadFiles reads all files that match the globs (relative ones are joined with baseDir), each once, in order of their
// names, and checks the documents by themselves and against each other. A glob without wildcards must match.
func ReadFiles(globs []string, baseDir string, limits Limits) ([]Document, []Finding) {
	var report strict.Report
	var files []string
	for _, glob := range globs {
		path := glob
		if !filepath.IsAbs(path) {
			path = filepath.Join(baseDir, path)
		}
		matches, err := filepath.Glob(path)
		if err != nil {
			report.Add(Finding{Key: "policies", Severity: strict.Error, Message: fmt.Sprintf("policies: %q is no file pattern; want one such as policies/*.yaml", glob)})
			continue
		}
		if len(matches) == 0 {
			f := Finding{Key: "policies", Severity: strict.Warning, Message: fmt.Sprintf("policies: no file matches %q", glob)}
			if !strings.ContainsAny(glob, "*?[") {
				f.Severity = strict.Error
				f.Message = fmt.Sprintf("policies: the file %q does not exist", glob)
			}
			report.Add(f)
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	var docs []Document
	for _, file := range slices.Compact(files) {
		src, err := readFile(file)
		if err != nil {
			report.Add(Finding{File: file, Severity: strict.Error, Message: fmt.Sprintf("cannot be read: %v", err)})
			continue
		}
		ds, fs := Read(file, src, limits)
		docs = append(docs, ds...)
		report.Add(fs...)
	}
	report.Add(Cross(docs)...)
	return docs, report.Findings()
}

// readFile reads at most one byte more than a document file may have, so that a huge file is refused and not loaded.
func readFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("it is a directory; name the files in it, such as %s/*.yaml", filepath.Base(file))
	}
	if info.Size() > strict.MaxFile {
		return nil, fmt.Errorf("it has %d bytes, at most %d are read", info.Size(), int64(strict.MaxFile))
	}
	return os.ReadFile(file)
}

// Read reads the documents of one file. Cross checks between documents are Cross's.
func Read(file string, src []byte, limits Limits) ([]Document, []Finding) {
	sections, findings := strict.Sections(file, src)
	report := &strict.Report{}
	report.Add(findings...)
	docs := make([]Document, 0, len(sections))
	for _, s := range sections {
		if s.Root != nil {
			docs = append(docs, readDocument(s.Root, string(src[s.Start:s.End]), limits, report))
		}
	}
	return docs, report.Findings()
}

// KPIs returns the KPIs of the documents that could be read.
func KPIs(docs []Document) []*kpi.KPI {
	return specs(docs, func(d *Document) *kpi.KPI { return d.KPI })
}

// Approvals returns the Approval policies of the documents that could be read.
func Approvals(docs []Document) []*Approval {
	return specs(docs, func(d *Document) *Approval { return d.Approval })
}

func specs[T any](docs []Document, of func(*Document) *T) []*T {
	var out []*T
	for i := range docs {
		if s := of(&docs[i]); s != nil {
			out = append(out, s)
		}
	}
	return out
}
