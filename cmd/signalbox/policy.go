package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
)

// policyCmd shows and changes policies.
type policyCmd struct {
	List      policyListCmd      `cmd:"" default:"withargs" help:"List the policies in force."`
	Show      policyShowCmd      `cmd:"" help:"Show one policy with its document."`
	History   policyHistoryCmd   `cmd:"" help:"List the revisions of a policy."`
	Diff      policyDiffCmd      `cmd:"" help:"Show what changed between two revisions, or what a file would change."`
	Check     policyCheckCmd     `cmd:"" help:"Ask the server what files would be, without proposing anything."`
	Propose   policyProposeCmd   `cmd:"" help:"Propose what files say; applied at once where nobody has to approve."`
	Proposals policyProposalsCmd `cmd:"" help:"List proposals."`
	Proposal  policyProposalCmd  `cmd:"" help:"Show one proposal: diff, sentences, votes, discussion."`
	Test      policyTestCmd      `cmd:"" help:"Back-test a proposal over recorded history."`
	Backtest  policyBacktestCmd  `cmd:"" help:"Replay what a file's KPIs would have done, beside those in force."`
	Approve   policyApproveCmd   `cmd:"" help:"Approve a proposal as it reads now (a person: --login)."`
	Reject    policyRejectCmd    `cmd:"" help:"Reject a proposal (a person: --login)."`
	Apply     policyApplyCmd     `cmd:"" help:"Apply a proposal that has what it needs."`
	Cancel    policyCancelCmd    `cmd:"" help:"Take one's own proposal back."`
	Rebase    policyRebaseCmd    `cmd:"" help:"Start a stale proposal from what is in force."`
	Comment   policyCommentCmd   `cmd:"" help:"Add a word to the discussion of a proposal."`
	Revert    policyRevertCmd    `cmd:"" help:"Propose an earlier revision again."`
	Review    policyReviewCmd    `cmd:"" help:"Show the review calendar, or complete a review."`
	Feedback  policyFeedbackCmd  `cmd:"" help:"Show what people say of KPIs, or say it."`
	Export    policyExportCmd    `cmd:"" help:"Write the documents in force, byte for byte as their files read."`
	Schema    policySchemaCmd    `cmd:"" help:"Print the JSON Schema of a kind, for editors."`
}

type policyListCmd struct {
	personal
	output
	Kind   string `help:"Only of this kind." placeholder:"KIND"`
	Owner  string `help:"Only of this owner."`
	State  string `help:"in_force, scheduled, removed or refused."`
	Review string `help:"ok, soon, overdue or none."`
}

// Run lists policies.
func (c *policyListCmd) Run(w *world) error {
	defer c.leave(w)
	var v struct {
		Policies []govern.Policy `json:"policies"`
	}
	if err := c.ask(w, http.MethodGet, own("/policies"+query("kind", c.Kind, "owner", c.Owner, "state", c.State, "review", c.Review)), nil, &v); err != nil {
		return err
	}
	t := table{{"KIND", "NAME", "REV", "STATE", "OWNER", "REVIEW", "OPEN", "FILE"}}
	for _, p := range v.Policies {
		state := p.State
		if p.Emergency {
			state += ", emergency"
		}
		file := p.File
		if p.FileState == "ahead" || p.FileState == "behind" {
			file += " (" + p.FileState + ")"
		}
		t = append(t, []string{p.Kind, p.Name, fmt.Sprint(p.Revision), state, p.Owner, p.ReviewState, numbers(p.Proposals), file})
	}
	return c.print(w, t, v.Policies)
}

// query builds a query string of the pairs that have a value.
func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Add(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func numbers(ids []int64) string {
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprint(id))
	}
	return strings.Join(parts, " ")
}

// pathOf is the path of a policy that is named KIND/NAME; a name alone is a KPI's.
func pathOf(name string) (policy.Ref, string, error) {
	if !strings.Contains(name, "/") {
		name = string(policy.KindKPI) + "/" + name
	}
	ref, err := policy.ParseRef(name)
	if err != nil {
		return ref, "", usage("%v", err)
	}
	return ref, "/policies/" + esc(string(ref.Kind)) + "/" + esc(ref.Name), nil
}

type policyShowCmd struct {
	personal
	output
	Name string `arg:"" help:"KIND/NAME; a name alone is a KPI."`
}

// Run shows one policy.
func (c *policyShowCmd) Run(w *world) error {
	defer c.leave(w)
	_, path, err := pathOf(c.Name)
	if err != nil {
		return err
	}
	var p govern.Policy
	if err := c.ask(w, http.MethodGet, own(path), nil, &p); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, p)
	}
	fmt.Fprintf(w.out, "%s/%s, revision %d, %s\n%s\n", p.Kind, p.Name, p.Revision, strings.ReplaceAll(p.State, "_", " "), p.Sentence)
	t := table{{"since", when(p.EffectiveFrom)}, {"by", p.Author.Name}, {"approved by", whoNames(p.Approvers)}, {"reason", p.Reason}, {"review", p.ReviewState + ", due " + when(p.ReviewDue)}, {"file", p.File + " (" + p.FileState + ")"}}
	if len(p.Proposals) > 0 {
		t = append(t, []string{"open proposals", numbers(p.Proposals)})
	}
	printTable(w.out, t)
	fmt.Fprintf(w.out, "\n%s", p.Text)
	return nil
}

func whoNames(ws []govern.Who) string {
	var out []string
	for _, x := range ws {
		out = append(out, x.Name)
	}
	if len(out) == 0 {
		return "nobody"
	}
	return strings.Join(out, ", ")
}

type policyHistoryCmd struct {
	personal
	output
	Name string `arg:"" help:"KIND/NAME; a name alone is a KPI."`
}

// Run lists revisions.
func (c *policyHistoryCmd) Run(w *world) error {
	defer c.leave(w)
	rs, err := c.revisions(w, c.Name)
	if err != nil {
		return err
	}
	t := table{{"REV", "EFFECTIVE", "BY", "APPROVED BY", "PROPOSAL", "REASON"}}
	for _, r := range rs {
		reason := r.Reason
		if r.Removed {
			reason = "(removed) " + reason
		}
		t = append(t, []string{fmt.Sprint(r.Number), when(r.EffectiveFrom), r.Author.Name, whoNames(r.Approvers), fmt.Sprint(r.Proposal), reason})
	}
	return c.print(w, t, rs)
}

func (c *personal) revisions(w *world, name string) ([]govern.Revision, error) {
	_, path, err := pathOf(name)
	if err != nil {
		return nil, err
	}
	var v struct {
		Revisions []govern.Revision `json:"revisions"`
	}
	err = c.ask(w, http.MethodGet, own(path+"/revisions"), nil, &v)
	return v.Revisions, err
}

type policySchemaCmd struct {
	Kind string `arg:"" help:"KPI, Route, Retention, Sampling, Privacy, Approval, Maintenance, Board, or all."`
}

// Run prints a schema; no server is asked.
func (c *policySchemaCmd) Run(w *world) error {
	switch {
	case c.Kind == "all":
		_, err := w.out.Write(policy.AllSchema())
		return err
	case !slices.Contains(policy.Kinds(), policy.Kind(c.Kind)):
		return usage("kind %q: want all or one of %v", c.Kind, policy.Kinds())
	}
	_, err := w.out.Write(policy.Schema(policy.Kind(c.Kind)))
	return err
}

type policyExportCmd struct {
	personal
	Kind  []string `help:"Only of these kinds." placeholder:"KIND"`
	Dir   string   `help:"Write files into DIR instead of printing." placeholder:"DIR"`
	Force bool     `help:"Overwrite files that read differently."`
}

// Run prints or writes the documents in force.
func (c *policyExportCmd) Run(w *world) error {
	defer c.leave(w)
	v := url.Values{"kind": c.Kind}
	var got struct {
		Documents []govern.Exported `json:"documents"`
	}
	if err := c.ask(w, http.MethodGet, own("/policies/export?"+v.Encode()), nil, &got); err != nil {
		return err
	}
	files, order := map[string][]byte{}, []string{}
	for _, d := range got.Documents {
		name := filepath.Base(d.File)
		if c.Dir == "" {
			name = ""
		}
		if _, ok := files[name]; !ok {
			order = append(order, name)
		}
		b, err := policy.Append(files[name], policy.Ref{Kind: policy.Kind(d.Kind), Name: d.Name}, d.Text)
		if err != nil {
			return err
		}
		files[name] = b
	}
	for _, name := range order {
		if c.Dir == "" {
			if _, err := w.out.Write(files[name]); err != nil {
				return err
			}
			continue
		}
		path := filepath.Join(c.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if old, err := os.ReadFile(path); err == nil && string(old) != string(files[name]) && !c.Force {
			return fmt.Errorf("%s exists and reads differently; give --force to overwrite it", path)
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintln(w.out, path)
	}
	return nil
}
