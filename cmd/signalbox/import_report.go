package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
)

// tell says what became of the documents: proposed, written, or printed.
func (c *importCmd) tell(w *world, answer importAnswer) error {
	if c.Output == "json" {
		return c.print(w, nil, answer)
	}
	switch {
	case answer.Proposal != nil:
		var p struct {
			ID    json.Number `json:"id"`
			State string      `json:"state"`
		}
		if err := json.Unmarshal(answer.Proposal, &p); err != nil {
			return fmt.Errorf("the answer to the proposal: %w", err)
		}
		fmt.Fprintf(w.out, "proposal %s (%s)\n", p.ID, p.State)
	case c.Out != "":
		for _, path := range answer.Written {
			fmt.Fprintln(w.out, path)
		}
	default:
		printDocuments(w.out, answer.Documents)
	}
	return nil
}

// printDocuments prints documents as one YAML stream.
func printDocuments(out io.Writer, docs []carry.Document) {
	for i, d := range docs {
		if i > 0 && !strings.HasPrefix(d.Text, "---") {
			fmt.Fprintln(out, "---")
		}
		fmt.Fprint(out, d.Text)
		if !strings.HasSuffix(d.Text, "\n") {
			fmt.Fprintln(out)
		}
	}
}

// reportTable prints what was imported, changed and not carried over.
func reportTable(lines []carry.Line) table {
	t := table{{"PLACE", "OUTCOME", "WHAT", "WHY"}}
	for _, l := range lines {
		place := l.File
		if l.Line > 0 {
			place = fmt.Sprintf("%s:%d", l.File, l.Line)
		}
		t = append(t, []string{place, string(l.Outcome), l.What, l.Why})
	}
	return t
}

func tally(lines []carry.Line, documents int) string {
	n := map[carry.Outcome]int{}
	for _, l := range lines {
		n[l.Outcome]++
	}
	return fmt.Sprintf("%s; %d imported, %d changed, %d not carried over", plural(documents, "document"), n[carry.Imported], n[carry.Changed], n[carry.Lost])
}
