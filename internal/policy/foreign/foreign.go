// Package foreign is the one door for formats that others invented: it reads OpenSLO, Prometheus' alerting rules, Sloth and
// Grafana dashboards into policy documents, and writes KPIs as OpenSLO. Bytes in, documents and a report out: it opens no
// file, stores nothing and applies nothing.
package foreign

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/grafana"
	"github.com/signalbox/signalbox/internal/policy/openslo"
	"github.com/signalbox/signalbox/internal/policy/promrules"
	"github.com/signalbox/signalbox/internal/policy/sloth"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Result is what an import yields: documents ready to be stored, and a line for everything that became something else or
// nothing.
type Result = carry.Result

// Options is what the one who imports knows and the source does not say. The zero value is good.
type Options = carry.Options

// Formats returns the names of the formats that Import reads.
func Formats() []string { return []string{"openslo", "rules", "sloth", "grafana"} }

// Import reads the files of one format together, in order of their names; references between files hold. What cannot be
// read, file by file, is in the report; the error is of the kind fault.Invalid for an unknown format or no files, and
// fault.TooLarge beyond the bounds of package carry.
func Import(format string, files map[string][]byte, o Options) (*Result, error) {
	if !slices.Contains(Formats(), format) {
		return nil, fault.New(fault.Invalid, "format %q: want %s", carry.Clip(format), strings.Join(Formats(), ", "))
	}
	if len(files) == 0 {
		return nil, fault.New(fault.Invalid, "there are no files to import")
	}
	if len(files) > carry.MaxFiles {
		return nil, fault.New(fault.TooLarge, "%d files, at most %d are read at once", len(files), carry.MaxFiles)
	}
	total := 0
	for _, src := range files {
		total += len(src)
	}
	if total > carry.MaxTotal {
		return nil, fault.New(fault.TooLarge, "the files have %d bytes together, at most %d are read at once", total, carry.MaxTotal)
	}
	a := carry.NewAccount(o)
	switch format {
	case "openslo":
		openslo.Import(a, files)
	case "grafana":
		each(files, func(name string, src []byte) { grafana.Import(a, name, src) })
	case "rules":
		each(files, func(name string, src []byte) { promrules.Import(a, name, src) })
	case "sloth":
		each(files, func(name string, src []byte) { sloth.Import(a, name, src) })
	}
	return a.Close(accepted), nil
}

// Export writes the KPIs among the documents in a format; "openslo" is the only one. The documents that come out have the
// kind OpenSLO and the KPI's name.
func Export(format string, docs []policy.Document) (*Result, error) {
	if format != "openslo" {
		return nil, fault.New(fault.Invalid, "format %q: want openslo", carry.Clip(format))
	}
	return openslo.Export(docs), nil
}

func each(files map[string][]byte, read func(name string, src []byte)) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		read(name, files[name])
	}
}

// accepted asks the house's own reader about a document that was made. What only shows beside other documents is the
// proposal's to find.
func accepted(d carry.Document) error {
	docs, findings := policy.Read(d.Kind+"/"+d.Name, []byte(d.Text), policy.Limits{})
	for _, f := range findings {
		if f.Severity == strict.Error {
			return errors.New(f.Message)
		}
	}
	if len(docs) != 1 {
		return errors.New("it is not one document")
	}
	return nil
}
