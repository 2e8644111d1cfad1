package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy/carry"
)

// propose posts the documents as one proposal.
func (c *importCmd) propose(w *world, docs []carry.Document) (json.RawMessage, error) {
	type document struct {
		Text string `json:"text"`
	}
	in := struct {
		Title     string     `json:"title"`
		Reason    string     `json:"reason"`
		Documents []document `json:"documents"`
	}{Title: fmt.Sprintf("Import of %s from %s", plural(len(docs), "document"), c.source()), Reason: c.Reason}
	for _, d := range docs {
		in.Documents = append(in.Documents, document{d.Text})
	}
	if err := c.collisions(w, docs); err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err := c.call(w, http.MethodPost, own("/proposals"), in, &raw)
	return raw, err
}

// collisions refuses documents whose names are in force: a name made from a foreign one may be that of something else, and
// where one person governs alone the proposal would replace it at once.
func (c *importCmd) collisions(w *world, docs []carry.Document) error {
	if c.Replace {
		return nil
	}
	var body struct {
		Policies []struct{ Kind, Name string } `json:"policies"`
	}
	if err := c.call(w, http.MethodGet, own("/policies"), nil, &body); err != nil {
		return err
	}
	var taken []string
	for _, d := range docs {
		for _, p := range body.Policies {
			if p.Kind == d.Kind && p.Name == d.Name {
				taken = append(taken, d.Kind+"/"+d.Name)
			}
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "%s in force already, and the proposal would change what stands there: %s", count(len(taken)), strings.Join(taken, ", ")).
		Hint("Write the documents with --out, rename them and propose them with `signalbox policy propose`; or say --replace")
}

func count(n int) string {
	if n == 1 {
		return "one name is"
	}
	return fmt.Sprintf("%d names are", n)
}

func (c *importCmd) source() string {
	return map[string]string{"openslo": "OpenSLO", "rules": "Prometheus rules", "sloth": "Sloth", "grafana": "Grafana"}[c.Format]
}
