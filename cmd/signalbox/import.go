package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/foreign"
)

// importCmd turns foreign files into policy documents.
type importCmd struct {
	connection
	output
	Format   string   `arg:"" enum:"openslo,rules,sloth,grafana" help:"openslo, rules (Prometheus' alerting rules), sloth or grafana (dashboard JSON)."`
	Files    []string `arg:"" help:"Files; references from one to another hold."`
	Out      string   `help:"Write each document to a file in this folder; nothing that exists is overwritten." placeholder:"DIR"`
	Propose  bool     `help:"Propose the documents to the running signalbox."`
	Reason   string   `help:"Why, for the proposal." placeholder:"TEXT"`
	Replace  bool     `help:"Let the proposal change policies in force that have the same names."`
	Owner    string   `help:"Owner of documents whose source names none." placeholder:"WHO"`
	Runbook  string   `help:"Runbook of KPIs that page and whose source names none." placeholder:"URL"`
	Interval string   `help:"Prometheus' evaluation_interval, for rule groups that state none." default:"1m" placeholder:"DURATION"`
}

// Help says what happens without flags.
func (*importCmd) Help() string {
	return "Without --out and --propose nothing is written: the documents go to standard output, the report of what was imported, changed and not carried over to standard error."
}

// importAnswer is what --output json prints.
type importAnswer struct {
	Documents []carry.Document `json:"documents"`
	Report    []carry.Line     `json:"report"`
	Written   []string         `json:"written,omitempty"`
	Proposal  json.RawMessage  `json:"proposal,omitempty"`
}

// Run imports; without any document it fails.
func (c *importCmd) Run(w *world) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	files, err := readAll(c.Files)
	if err != nil {
		return err
	}
	r, err := foreign.Import(c.Format, files, o)
	if err != nil {
		return err
	}
	answer := importAnswer{Documents: r.Documents, Report: r.Report}
	// The report comes first, whatever becomes of the documents.
	if c.Output == "table" {
		printTable(w.err, reportTable(r.Report))
		fmt.Fprintln(w.err, tally(r.Report, len(r.Documents)))
	}
	if len(r.Documents) > 0 && c.Out != "" {
		if answer.Written, err = writeDocuments(c.Out, r.Documents); err != nil {
			return err
		}
	}
	if len(r.Documents) > 0 && c.Propose {
		if answer.Proposal, err = c.propose(w, r.Documents); err != nil {
			return err
		}
	}
	if err := c.tell(w, answer); err != nil {
		return err
	}
	if len(r.Documents) == 0 {
		return errFindings
	}
	return nil
}

func (c *importCmd) options() (foreign.Options, error) {
	o := foreign.Options{Owner: c.Owner, Runbook: c.Runbook}
	d, err := model.ParseDuration(c.Interval)
	switch {
	case err != nil || d <= 0:
		return o, usage("--interval %q: want a duration such as 15s or 1m", c.Interval)
	case c.Out != "" && c.Propose:
		return o, usage("--out and --propose: want one of the two")
	case c.Propose && strings.TrimSpace(c.Reason) == "":
		return o, usage("--propose needs --reason: those who approve want to know why")
	case c.Replace && !c.Propose:
		return o, usage("--replace belongs to --propose")
	case c.Reason != "" && !c.Propose:
		return o, usage("--reason belongs to --propose")
	case c.Runbook != "" && !carry.Address(c.Runbook):
		return o, usage("--runbook %q: want an address that begins with https:// or http://", c.Runbook)
	}
	o.Interval = time.Duration(d)
	return o, nil
}
