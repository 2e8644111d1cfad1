// Package strict reads YAML the way the house reads every file that people write: each key is known or refused, and every
// mistake is a finding with file, line, column, key, value and what would be accepted. It collects all findings of a file
// instead of stopping at the first. It knows the shape of documents, never their meaning.
package strict

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a finding stops the file from being used.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the file is not used
	Warning Severity = "warning" // the file is used; a person should look
)

// Finding is one thing to say about a file. Line and Column count from 1 (columns in characters); 0 means the file as a whole.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Key      string   `json:"key"` // path of the key, such as thresholds.red; empty for the document
	Message  string   `json:"message"`
	Severity Severity `json:"severity"`
}

// String returns file:line:column: message, with the word warning before the message of a warning.
func (f Finding) String() string {
	msg := f.Message
	if f.Severity == Warning {
		msg = "warning: " + msg
	}
	switch {
	case f.Line == 0 && f.File == "":
		return msg
	case f.Line == 0:
		return f.File + ": " + msg
	default:
		return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, msg)
	}
}

// Failed reports whether one of the findings is an error.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
}

// Sort orders findings by file, line and column and drops exact repeats.
func Sort(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(findings)
}

// Report collects findings.
type Report struct {
	findings []Finding
}

// Errorf adds an error at v. The message begins with v's path.
func (r *Report) Errorf(v *Value, format string, args ...any) { r.add(v, 0, Error, format, args) }

// Warnf adds a warning at v.
func (r *Report) Warnf(v *Value, format string, args ...any) { r.add(v, 0, Warning, format, args) }

// ErrorAt adds an error at the offset-th byte of v's text, where the text stands in the file as it is; else at v.
func (r *Report) ErrorAt(v *Value, offset int, format string, args ...any) {
	r.add(v, offset, Error, format, args)
}

func (r *Report) add(v *Value, offset int, s Severity, format string, args []any) {
	f := Finding{File: v.File, Line: v.Line, Column: v.Column, Key: v.Path, Message: fmt.Sprintf(format, args...), Severity: s}
	if v.exact && offset > 0 && offset <= len(v.Text) {
		f.Column += len([]rune(v.Text[:offset]))
		if v.quoted {
			f.Column++
		}
	}
	if v.Path != "" {
		f.Message = v.Path + ": " + f.Message
	}
	r.findings = append(r.findings, f)
}

// Add adds findings that were made elsewhere.
func (r *Report) Add(f ...Finding) { r.findings = append(r.findings, f...) }

// Findings returns what was collected, in order of place.
func (r *Report) Findings() []Finding { return Sort(r.findings) }

// Count returns the number of findings so far; errors alone if errorsOnly.
func (r *Report) Count(errorsOnly bool) int {
	n := 0
	for _, f := range r.findings {
		if !errorsOnly || f.Severity == Error {
			n++
		}
	}
	return n
}
