// Package carry holds what every import of a foreign format needs: the source as a tree with places, an account in which
// each leaf of that tree is either carried into a document or named in the report, and the writer of policy documents. It
// knows no foreign format and reads no file.
package carry

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Outcome says what became of a part of the source.
type Outcome string

// The outcomes.
const (
	Imported Outcome = "imported"         // it means the same here
	Changed  Outcome = "changed"          // it is in a document, and Why says in what it differs
	Lost     Outcome = "not carried over" // it is in no document, and Why says for what reason
)

// Line is one line of the report: what became of the part of the source that stands at Path.
type Line struct {
	File    string  `json:"file"`
	Line    int     `json:"line"` // from 1; 0 = the file as a whole
	Path    string  `json:"path"` // such as spec.objectives[0].target; empty for the document
	What    string  `json:"what"`
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why"`

	Covers []string `json:"-"` // paths of what it speaks for, with everything below them
}

// Document is one policy document that came out, ready to be stored.
type Document struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Text string `json:"text"` // YAML; its first comment says where it came from

	at *strict.Value // the part of the source that it was made from
}

// Result is what an import yields. Neither list is ever nil.
type Result struct {
	Documents []Document `json:"documents"`
	Report    []Line     `json:"report"`
}

// Options is what the one who imports knows and the source does not say.
type Options struct {
	Owner    string        // of documents whose source names none
	Runbook  string        // of KPIs that page and whose source names none
	Interval time.Duration // Prometheus' evaluation_interval, for rule groups that state none; 0 = 1m
}

// Bounds of what is read at once.
const (
	MaxFile  = 4 << 20  // bytes of one file
	MaxTotal = 16 << 20 // bytes of all files
	MaxFiles = 500
)

// Unassigned is the owner of a document whose source names none.
const Unassigned = "unassigned"

// Count returns how many lines of the report have each outcome.
func (r *Result) Count() map[Outcome]int {
	n := map[Outcome]int{}
	for _, l := range r.Report {
		n[l.Outcome]++
	}
	return n
}

// sorted orders a report by place and says everything once; lines of one place keep the order in which they were written.
func sorted(lines []Line) []Line {
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	seen := map[[5]string]bool{}
	return slices.DeleteFunc(lines, func(l Line) bool {
		key := [5]string{l.File + ":" + strconv.Itoa(l.Line), l.Path, string(l.Outcome), l.What, l.Why}
		twice := seen[key]
		seen[key] = true
		return twice
	})
}
