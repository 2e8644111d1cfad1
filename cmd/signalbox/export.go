package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/foreign"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// exportCmd writes policies and rows for others.
type exportCmd struct {
	OpenSLO  exportOpenSLOCmd  `cmd:"" name:"openslo" help:"Write KPIs as OpenSLO."`
	Policies exportPoliciesCmd `cmd:"" help:"Write every policy as it is."`
	Rows     exportRowsCmd     `cmd:"" help:"Write one day of logs, spans or events as a Parquet file."`
	Days     exportDaysCmd     `cmd:"" help:"Write days to the pipeline's folder now."`
	List     exportListCmd     `cmd:"" help:"List which rows left, newest first, and how the schedule is doing."`
}

// exportDocuments writes policies.
type exportDocuments struct {
	connection
	output
	Names []string `arg:"" optional:"" help:"Names of the policies, alone or as Kind/name; all of them without."`
	Out   string   `help:"Write each to a file in this folder; nothing that exists is overwritten." placeholder:"DIR"`
	Files []string `help:"Read policies from these files or patterns, not from the running signalbox." placeholder:"FILE"`
}

type exportOpenSLOCmd struct{ exportDocuments }

// Run exports KPIs as SLOs.
func (c *exportOpenSLOCmd) Run(w *world) error { return c.write(w, "openslo") }

type exportPoliciesCmd struct{ exportDocuments }

// Run exports every document.
func (c *exportPoliciesCmd) Run(w *world) error { return c.write(w, "policies") }

// exportAnswer is what --output json prints.
type exportAnswer struct {
	Documents []carry.Document `json:"documents"`
	Report    []carry.Line     `json:"report"`
	Written   []string         `json:"written,omitempty"`
}

// write exports; a name that no policy has is a failure.
func (c *exportDocuments) write(w *world, format string) error {
	docs, err := c.read(w)
	if err != nil {
		return err
	}
	if docs, err = chosen(docs, c.Names); err != nil {
		return err
	}
	r := &carry.Result{Documents: []carry.Document{}, Report: []carry.Line{}}
	if format == "openslo" {
		if r, err = foreign.Export(format, docs); err != nil {
			return err
		}
	} else {
		for _, d := range docs {
			r.Documents = append(r.Documents, carry.Document{Kind: string(d.Kind), Name: d.Name, Text: d.Text})
		}
	}
	answer := exportAnswer{Documents: r.Documents, Report: r.Report}
	if c.Output == "table" && len(r.Report) > 0 {
		printTable(w.err, reportTable(r.Report))
	}
	if c.Out != "" && len(r.Documents) > 0 {
		if answer.Written, err = writeDocuments(c.Out, r.Documents); err != nil {
			return err
		}
	}
	switch {
	case c.Output == "json":
		err = c.print(w, nil, answer)
	case c.Out != "":
		for _, path := range answer.Written {
			fmt.Fprintln(w.out, path)
		}
	default:
		printDocuments(w.out, r.Documents)
	}
	if err == nil && len(r.Documents) == 0 {
		return fault.New(fault.NotFound, "there is nothing to export")
	}
	return err
}

// read reads the policies in force from the server, or those of files, which must be good.
func (c *exportDocuments) read(w *world) ([]policy.Document, error) {
	if len(c.Files) > 0 {
		docs, findings := policy.ReadFiles(c.Files, "", policy.Limits{})
		for _, f := range findings {
			if f.Severity == strict.Error {
				return nil, fault.New(fault.Invalid, "%s", f).Hint("`signalbox check` says everything that is wrong")
			}
		}
		return docs, nil
	}
	var body struct {
		Documents []exported `json:"documents"`
	}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/policies/export"), nil, &raw); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("the exported policies: %w", err)
	}
	var docs []policy.Document
	for _, e := range body.Documents {
		place := e.File
		if place == "" {
			place = e.Kind + "/" + e.Name
		}
		read, _ := policy.Read(place, []byte(e.Text), policy.Limits{})
		docs = append(docs, read...)
	}
	return docs, nil
}

// exported is one policy as the server exports it.
type exported struct {
	File string `json:"file"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// chosen keeps the documents that were named.
func chosen(docs []policy.Document, names []string) ([]policy.Document, error) {
	if len(names) == 0 {
		return docs, nil
	}
	var out []policy.Document
	found := map[string]bool{}
	for _, d := range docs {
		for _, name := range []string{d.Name, d.Ref().String()} {
			if slices.Contains(names, name) {
				found[name] = true
				out = append(out, d)
				break
			}
		}
	}
	all := make([]string, 0, len(docs))
	for _, d := range docs {
		all = append(all, d.Name)
	}
	for _, name := range names {
		if !found[name] {
			f := fault.New(fault.NotFound, "there is no policy %q", name)
			if near := strict.Nearest(name, all); near != "" {
				return nil, f.Hint("Did you mean %q?", near)
			}
			return nil, f
		}
	}
	return out, nil
}
