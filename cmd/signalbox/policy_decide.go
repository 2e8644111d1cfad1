package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/internal/govern"
)

// proposalView is a proposal with its back-test.
type proposalView struct {
	govern.Proposal
	Evidence *govern.Evidence `json:"evidence"`
}

// proposal sends something about a proposal and prints what it is then.
func (c *personal) proposal(w *world, o output, method, path string, in any) error {
	var p proposalView
	if err := c.ask(w, method, own(path), in, &p); err != nil {
		return err
	}
	if o.Output == "json" {
		return o.print(w, nil, p)
	}
	state := p.State
	if p.Stale {
		state += ", stale"
	}
	if p.Emergency {
		state += ", emergency"
	}
	fmt.Fprintf(w.out, "proposal %d: %s\n%s\n", p.ID, state, p.Title)
	for _, x := range p.Changes {
		printChange(w, x)
	}
	for _, s := range []string{p.StaleWhy, p.Why} {
		if s != "" {
			fmt.Fprintln(w.out, s)
		}
	}
	if p.State == "draft" || p.State == "tested" {
		fmt.Fprintln(w.out, p.Need.Sentence)
	}
	return nil
}

type policyProposalsCmd struct {
	personal
	output
	State string `help:"One of the states, open, or all." default:"open"`
	Kind  string `help:"Only those that touch this kind." placeholder:"KIND"`
	Name  string `help:"Only those that touch this policy."`
	Mine  bool   `help:"Only one's own."`
	Limit int    `help:"At most so many." default:"100"`
}

// Run lists proposals.
func (c *policyProposalsCmd) Run(w *world) error {
	defer c.leave(w)
	state, mine := c.State, ""
	if state == "all" {
		state = ""
	}
	if c.Mine {
		mine = "true"
	}
	var v struct {
		Proposals []proposalView `json:"proposals"`
	}
	path := "/proposals" + query("state", state, "kind", c.Kind, "name", c.Name, "mine", mine, "limit", fmt.Sprint(c.Limit))
	if err := c.ask(w, http.MethodGet, own(path), nil, &v); err != nil {
		return err
	}
	t := table{{"ID", "STATE", "TITLE", "BY", "CREATED", "NEEDS"}}
	for _, p := range v.Proposals {
		state := p.State
		if p.Stale {
			state += ", stale"
		}
		if p.Emergency {
			state += ", emergency"
		}
		t = append(t, []string{fmt.Sprint(p.ID), state, p.Title, p.Author.Name, when(p.CreatedAt), p.Need.Sentence})
	}
	return c.print(w, t, v.Proposals)
}

type policyProposalCmd struct {
	personal
	output
	ID int64 `arg:"" help:"Number of the proposal."`
}

// Run shows everything that is known of a proposal.
func (c *policyProposalCmd) Run(w *world) error {
	defer c.leave(w)
	var p proposalView
	if err := c.ask(w, http.MethodGet, own(fmt.Sprintf("/proposals/%d", c.ID)), nil, &p); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, p)
	}
	fmt.Fprintf(w.out, "%s\n", p.Title)
	editors := ""
	if len(p.Editors) > 0 {
		editors = ", edited by " + whoNames(p.Editors)
	}
	t := table{{"state", p.State}, {"by", p.Author.Name + editors}, {"reason", p.Reason}, {"created", when(p.CreatedAt)}, {"expires", when(p.ExpiresAt)}, {"needs", p.Need.Sentence}, {"hash", p.Hash}}
	if p.Stale {
		t = append(t, []string{"stale", p.StaleWhy})
	}
	if p.Why != "" {
		t = append(t, []string{"why", p.Why})
	}
	if p.EffectiveFrom != 0 {
		t = append(t, []string{"from", when(p.EffectiveFrom)})
	}
	if e := p.Evidence; e != nil {
		t = append(t, []string{"back-test", strings.TrimSpace(fmt.Sprintf("%s %.0f%% %s%s", e.State, 100*e.Progress, e.Sentence, e.Error))})
	}
	printTable(w.out, t)
	for _, x := range p.Changes {
		fmt.Fprintln(w.out)
		printChange(w, x)
		printDiff(w, x.Diff)
	}
	for _, f := range p.Findings {
		fmt.Fprintln(w.out, f)
	}
	if len(p.Discussion) > 0 {
		fmt.Fprintln(w.out)
	}
	for _, d := range p.Discussion {
		fmt.Fprintf(w.out, "%s  %s  %s  %s\n", when(d.At), d.Who.Name, d.Kind, d.Text)
	}
	return nil
}

type policyTestCmd struct {
	personal
	output
	ID   int64 `arg:"" help:"Number of the proposal."`
	Days int   `help:"How many days to look back." default:"30"`
	Stop bool  `help:"Stop the back-test that runs."`
}

// Run starts or stops a back-test.
func (c *policyTestCmd) Run(w *world) error {
	defer c.leave(w)
	if c.Stop {
		return c.proposal(w, c.output, http.MethodDelete, fmt.Sprintf("/proposals/%d/backtest", c.ID), nil)
	}
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/test", c.ID), map[string]int{"days": c.Days})
}

type policyApproveCmd struct {
	personal
	output
	ID      int64  `arg:"" help:"Number of the proposal."`
	Hash    string `help:"Hash of what was read (see policy proposal); as it is now unless given." placeholder:"HASH"`
	Comment string `help:"A word to it."`
}

// Run approves what the proposal says.
func (c *policyApproveCmd) Run(w *world) error {
	defer c.leave(w)
	if c.Hash == "" {
		var p proposalView
		if err := c.ask(w, http.MethodGet, own(fmt.Sprintf("/proposals/%d", c.ID)), nil, &p); err != nil {
			return err
		}
		c.Hash = p.Hash
	}
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/approve", c.ID), map[string]string{"hash": c.Hash, "comment": c.Comment})
}

type policyRejectCmd struct {
	personal
	output
	ID     int64  `arg:"" help:"Number of the proposal."`
	Reason string `help:"Why." required:""`
}

// Run rejects.
func (c *policyRejectCmd) Run(w *world) error {
	defer c.leave(w)
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/reject", c.ID), map[string]string{"reason": c.Reason})
}

type policyApplyCmd struct {
	personal
	output
	ID int64 `arg:"" help:"Number of the proposal."`
}

// Run applies.
func (c *policyApplyCmd) Run(w *world) error {
	defer c.leave(w)
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/apply", c.ID), nil)
}

type policyCancelCmd struct {
	personal
	output
	ID     int64  `arg:"" help:"Number of the proposal."`
	Reason string `help:"Why." required:""`
}

// Run takes a proposal back.
func (c *policyCancelCmd) Run(w *world) error {
	defer c.leave(w)
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/cancel", c.ID), map[string]string{"reason": c.Reason})
}

type policyRebaseCmd struct {
	personal
	output
	ID int64 `arg:"" help:"Number of the proposal."`
}

// Run rebases.
func (c *policyRebaseCmd) Run(w *world) error {
	defer c.leave(w)
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/rebase", c.ID), nil)
}

type policyCommentCmd struct {
	personal
	output
	ID   int64  `arg:"" help:"Number of the proposal."`
	Text string `arg:"" help:"What to say."`
}

// Run comments.
func (c *policyCommentCmd) Run(w *world) error {
	defer c.leave(w)
	return c.proposal(w, c.output, http.MethodPost, fmt.Sprintf("/proposals/%d/comment", c.ID), map[string]string{"text": c.Text})
}

type policyRevertCmd struct {
	personal
	output
	Name   string `arg:"" help:"KIND/NAME; a name alone is a KPI."`
	Number int    `arg:"" help:"Revision to go back to."`
	Reason string `help:"Why." required:""`
}

// Run proposes an earlier revision.
func (c *policyRevertCmd) Run(w *world) error {
	defer c.leave(w)
	_, path, err := pathOf(c.Name)
	if err != nil {
		return err
	}
	return c.proposal(w, c.output, http.MethodPost, path+"/revert", map[string]any{"number": c.Number, "reason": c.Reason})
}
