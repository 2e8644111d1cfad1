package main

import (
	"fmt"
	"net/http"

	"github.com/signalbox/signalbox/internal/govern"
)

// policyReviewCmd is the review calendar.
type policyReviewCmd struct {
	List policyReviewListCmd `cmd:"" default:"withargs" help:"List what has to be looked at again, the most urgent first."`
	Done policyReviewDoneCmd `cmd:"" help:"Say that a policy was looked at and is still right."`
}

type policyReviewListCmd struct {
	personal
	output
	All bool `help:"Also what is not due soon."`
}

// Run lists reviews.
func (c *policyReviewListCmd) Run(w *world) error {
	defer c.leave(w)
	var v struct {
		Reviews []govern.Review `json:"reviews"`
	}
	if err := c.ask(w, http.MethodGet, own("/reviews"), nil, &v); err != nil {
		return err
	}
	kept := []govern.Review{}
	t := table{{"STATE", "POLICY", "DUE", "OWNER", "WHAT"}}
	for _, r := range v.Reviews {
		if r.State == "ok" && !c.All {
			continue
		}
		kept = append(kept, r)
		t = append(t, []string{r.State, r.Kind + "/" + r.Name, when(r.DueAt), r.Owner, r.Sentence})
	}
	return c.print(w, t, kept)
}

type policyReviewDoneCmd struct {
	personal
	Name string `arg:"" help:"KIND/NAME; a name alone is a KPI."`
	Note string `help:"What was found." required:""`
}

// Run completes a review.
func (c *policyReviewDoneCmd) Run(w *world) error {
	defer c.leave(w)
	ref, _, err := pathOf(c.Name)
	if err != nil {
		return err
	}
	var r govern.Review
	if err := c.ask(w, http.MethodPost, own("/reviews/"+esc(string(ref.Kind))+"/"+esc(ref.Name)), map[string]string{"note": c.Note}, &r); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s: the next review is due %s\n", ref, when(r.DueAt))
	return nil
}

// policyFeedbackCmd is what people say of KPIs.
type policyFeedbackCmd struct {
	List   policyFeedbackListCmd   `cmd:"" default:"withargs" help:"List feedback."`
	Give   policyFeedbackGiveCmd   `cmd:"" help:"Say whether a KPI is relevant and accurate."`
	Answer policyFeedbackAnswerCmd `cmd:"" help:"Answer feedback and close it."`
}

type policyFeedbackListCmd struct {
	personal
	output
	KPI string `arg:"" optional:"" help:"Name of a KPI; all unless given."`
}

// Run lists feedback.
func (c *policyFeedbackListCmd) Run(w *world) error {
	defer c.leave(w)
	var v struct {
		Feedback []govern.Feedback `json:"feedback"`
	}
	if err := c.ask(w, http.MethodGet, own("/feedback"+query("kpi", c.KPI)), nil, &v); err != nil {
		return err
	}
	t := table{{"ID", "KPI", "STATE", "BY", "AT", "RELEVANT", "ACCURATE", "COMMENT", "ANSWER"}}
	for _, f := range v.Feedback {
		t = append(t, []string{fmt.Sprint(f.ID), f.KPI, f.State, f.Who.Name, when(f.At), f.Relevant, f.Accurate, f.Comment, f.Answer})
	}
	return c.print(w, t, v.Feedback)
}

type policyFeedbackGiveCmd struct {
	personal
	KPI      string `arg:"" help:"Name of the KPI."`
	Relevant string `help:"yes, no or unsaid." enum:"yes,no,unsaid" default:"unsaid"`
	Accurate string `help:"yes, no or unsaid." enum:"yes,no,unsaid" default:"unsaid"`
	Comment  string `help:"In words."`
}

// Run gives feedback.
func (c *policyFeedbackGiveCmd) Run(w *world) error {
	defer c.leave(w)
	var f govern.Feedback
	in := map[string]string{"relevant": c.Relevant, "accurate": c.Accurate, "comment": c.Comment}
	if err := c.ask(w, http.MethodPost, own("/kpis/"+esc(c.KPI)+"/feedback"), in, &f); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "feedback", f.ID)
	return nil
}

type policyFeedbackAnswerCmd struct {
	personal
	ID     int64  `arg:"" help:"Number of the feedback."`
	Answer string `arg:"" help:"The answer."`
}

// Run answers feedback.
func (c *policyFeedbackAnswerCmd) Run(w *world) error {
	defer c.leave(w)
	var f govern.Feedback
	if err := c.ask(w, http.MethodPost, own(fmt.Sprintf("/feedback/%d/answer", c.ID)), map[string]string{"answer": c.Answer}, &f); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "feedback %d: %s\n", f.ID, f.State)
	return nil
}
