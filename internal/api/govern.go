package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/foreign"
)

// Govern is what the API asks of the room that keeps policies; *govern.Govern answers it. Who asks is in the context.
type Govern interface {
	Policies(ctx context.Context, f govern.PolicyFilter) ([]govern.Policy, error)
	Policy(ctx context.Context, kind, name string) (govern.Policy, error)
	Revisions(ctx context.Context, kind, name string) ([]govern.Revision, error)
	Check(ctx context.Context, documents []govern.Text) (govern.Checked, error)
	Export(ctx context.Context, kinds []string) ([]govern.Exported, error)

	Proposals(ctx context.Context, f govern.ProposalFilter) ([]govern.Proposal, error)
	Proposal(ctx context.Context, id int64) (govern.Proposal, error)
	Propose(ctx context.Context, d govern.Draft, origin string) (govern.Proposal, error)
	Edit(ctx context.Context, id int64, d govern.Draft) (govern.Proposal, error)
	Test(ctx context.Context, id int64, days int) (govern.Proposal, error)
	CancelTest(ctx context.Context, id int64) (govern.Proposal, error)
	Approve(ctx context.Context, id int64, hash, comment string) (govern.Proposal, error)
	Reject(ctx context.Context, id int64, reason string) (govern.Proposal, error)
	Apply(ctx context.Context, id int64) (govern.Proposal, error)
	Cancel(ctx context.Context, id int64, reason string) (govern.Proposal, error)
	Rebase(ctx context.Context, id int64) (govern.Proposal, error)
	Comment(ctx context.Context, id int64, text string) (govern.Proposal, error)
	Revert(ctx context.Context, kind, name string, number int, reason string) (govern.Proposal, error)

	Reviews(ctx context.Context) ([]govern.Review, error)
	CompleteReview(ctx context.Context, kind, name, note string) (govern.Review, error)
	Feedback(ctx context.Context, kpi string) ([]govern.Feedback, error)
	GiveFeedback(ctx context.Context, f govern.Feedback) (govern.Feedback, error)
	AnswerFeedback(ctx context.Context, id int64, answer string) (govern.Feedback, error)
}

// ProposalBody is a proposal with its back-test.
type ProposalBody struct {
	govern.Proposal
	Evidence *EvidenceBody `json:"evidence" doc:"The newest back-test; null before the first"`
}

// EvidenceBody is a back-test with what came out.
type EvidenceBody struct {
	govern.Evidence
	Results []backtest.Comparison `json:"results" doc:"One for each KPI that the proposal changes"`
}

// PoliciesBody lists policies.
type PoliciesBody struct {
	Policies []govern.Policy `json:"policies"`
}

// RevisionsBody lists the revisions of one policy, newest first.
type RevisionsBody struct {
	Revisions []govern.Revision `json:"revisions"`
}

// ExportBody holds the documents in force, as files that `policies:` reads.
type ExportBody struct {
	Documents []govern.Exported `json:"documents"`
}

// ProposalsBody lists proposals, newest first.
type ProposalsBody struct {
	Proposals []ProposalBody `json:"proposals"`
}

// ReviewsBody is the review calendar, the most urgent first.
type ReviewsBody struct {
	Reviews []govern.Review `json:"reviews"`
}

// FeedbackBody lists feedback, newest first.
type FeedbackBody struct {
	Feedback []govern.Feedback `json:"feedback"`
}

// CheckInput asks what documents would be.
type CheckInput struct {
	Documents []govern.Text `json:"documents" minItems:"1" maxItems:"1000"`
	Preview   bool          `json:"preview,omitempty" doc:"Also judge the last hours by each KPI as written"`
}

// CheckBody says what documents would be, before anybody proposes them.
type CheckBody struct {
	govern.Checked
	Previews []Preview `json:"previews"`
}

// Preview is a KPI judged over the last hours by a definition that nobody has proposed yet.
type Preview struct {
	KPI      string          `json:"kpi"`
	From     int64           `json:"from"`
	To       int64           `json:"to"`
	Light    string          `json:"light" enum:"green,yellow,red,grey"`
	Word     string          `json:"word"`
	Sentence string          `json:"sentence"`
	Spans    []backtest.Span `json:"spans" doc:"Lights over time, oldest first"`
	Error    string          `json:"error" doc:"Why it could not be judged; empty when it was"`
}

// BacktestInput asks for a back-test of documents that nobody proposed.
type BacktestInput struct {
	Documents []govern.Text `json:"documents" minItems:"1" maxItems:"1000"`
	Days      int           `json:"days,omitempty" minimum:"1" maximum:"760" default:"30"`
}

// BacktestBody says what the documents would have done, beside what is in force.
type BacktestBody struct {
	Sentence string                `json:"sentence"`
	Results  []backtest.Comparison `json:"results"`
}

// TestProposalInput says how far back to look.
type TestProposalInput struct {
	Days int `json:"days,omitempty" minimum:"1" maximum:"760" default:"30"`
}

// ApproveInput names what was seen.
type ApproveInput struct {
	Hash    string `json:"hash" minLength:"1" maxLength:"128" doc:"The proposal's hash as it was read: another one is a conflict"`
	Comment string `json:"comment,omitempty" maxLength:"4000"`
}

// ReasonInput says why.
type ReasonInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"4000"`
}

// TextInput is a word in a discussion.
type TextInput struct {
	Text string `json:"text" minLength:"1" maxLength:"10000"`
}

// RevertInput names the revision to go back to.
type RevertInput struct {
	Number int    `json:"number" minimum:"1"`
	Reason string `json:"reason" minLength:"1" maxLength:"4000"`
}

// NoteInput is what a review found.
type NoteInput struct {
	Note string `json:"note" minLength:"1" maxLength:"4000"`
}

// FeedbackInput is what somebody says of a KPI.
type FeedbackInput struct {
	Relevant string `json:"relevant,omitempty" enum:"yes,no,unsaid" default:"unsaid"`
	Accurate string `json:"accurate,omitempty" enum:"yes,no,unsaid" default:"unsaid"`
	Comment  string `json:"comment,omitempty" maxLength:"4000"`
}

// AnswerInput closes feedback with a word.
type AnswerInput struct {
	Answer string `json:"answer" minLength:"1" maxLength:"4000"`
}

// ImportInput is what another tool wrote.
type ImportInput struct {
	Format string            `json:"format" enum:"openslo,rules,sloth,grafana"`
	Files  map[string]string `json:"files" doc:"Text by file name"`
	// What the source does not say.
	Owner      string `json:"owner,omitempty" maxLength:"200" doc:"Of documents whose source names none"`
	Runbook    string `json:"runbook,omitempty" maxLength:"2000" doc:"Of KPIs that page and whose source names none; without one they do not page"`
	IntervalMS int64  `json:"interval_ms,omitempty" minimum:"0" maximum:"3600000" doc:"Prometheus' evaluation_interval, for rule groups that state none"`
}

// PolicyPath names a policy; exported because huma does not look into embedded types that are not.
type PolicyPath struct {
	Kind string `path:"kind" enum:"KPI,Route,Retention,Sampling,Privacy,Approval,Maintenance,Board"`
	Name string `path:"name" maxLength:"256"`
}

// ProposalPath names a proposal.
type ProposalPath struct {
	ID int64 `path:"id" minimum:"1"`
}

type policiesInput struct {
	Kind   string `query:"kind" maxLength:"32"`
	Owner  string `query:"owner" maxLength:"256"`
	State  string `query:"state" enum:"in_force,scheduled,removed,refused"`
	Review string `query:"review" enum:"ok,soon,overdue,none"`
}

type proposalsInput struct {
	State string `query:"state" enum:"open,draft,tested,approved,scheduled,applied,rejected,expired,superseded,failed"`
	Kind  string `query:"kind" maxLength:"32"`
	Name  string `query:"name" maxLength:"256"`
	Mine  bool   `query:"mine" doc:"Only the asker's own"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type kindsInput struct {
	Kinds []string `query:"kind,explode" maxItems:"8"`
}

type kindPath struct {
	Kind string `path:"kind" enum:"all,KPI,Route,Retention,Sampling,Privacy,Approval,Maintenance,Board"`
}

// PolicyBodyInput is a body for one policy.
type PolicyBodyInput[T any] struct {
	PolicyPath
	Body T
}

// ProposalBodyInput is a body for one proposal.
type ProposalBodyInput[T any] struct {
	ProposalPath
	Body T
}

// KPIBodyInput is a body for one KPI.
type KPIBodyInput[T any] struct {
	KPIPath
	Body T
}

type feedbackInput struct {
	KPI string `query:"kpi" maxLength:"256"`
}

// registerGovern describes what concerns policies.
func (a *API) registerGovern(m *table) {
	g := a.o.Govern
	if g == nil {
		m.absent = "policies"
		defer func() { m.absent = "" }()
	}
	read, propose := access.ReadPolicies, access.Propose
	add(a, m, "policies", http.MethodGet, "/policies", read, "All policies in force", func(ctx context.Context, in *policiesInput) (*out[PoliciesBody], error) {
		ps, err := g.Policies(ctx, govern.PolicyFilter{Kind: in.Kind, Owner: in.Owner, State: in.State, Review: in.Review})
		return &out[PoliciesBody]{PoliciesBody{list(ps)}}, err
	})
	add(a, m, "policies-export", http.MethodGet, "/policies/export", read, "The documents in force", func(ctx context.Context, in *kindsInput) (*out[ExportBody], error) {
		ds, err := g.Export(ctx, in.Kinds)
		return &out[ExportBody]{ExportBody{list(ds)}}, err
	})
	add(a, m, "policy-schema", http.MethodGet, "/policies/schema/{kind}", read, "JSON Schema of a kind, for editors", func(_ context.Context, in *kindPath) (*out[any], error) {
		return &out[any]{schemaOf(in.Kind)}, nil
	})
	add(a, m, "check-policies", http.MethodPost, "/policies/check", read, "What documents would be: findings, sentences, a preview of the light", a.checkPolicies(g))
	add(a, m, "backtest-policies", http.MethodPost, "/policies/backtest", propose, "What documents would have done, beside what is in force", a.backtestPolicies(g))
	add(a, m, "import", http.MethodPost, "/import", read, "Turn what another tool wrote into policy documents; nothing is stored", func(_ context.Context, in *bodyInput[ImportInput]) (*out[foreign.Result], error) {
		files := map[string][]byte{}
		for name, text := range in.Body.Files {
			files[name] = []byte(text)
		}
		r, err := foreign.Import(in.Body.Format, files, foreign.Options{Owner: in.Body.Owner, Runbook: in.Body.Runbook, Interval: time.Duration(in.Body.IntervalMS) * time.Millisecond})
		if err != nil {
			return nil, err
		}
		return &out[foreign.Result]{*r}, nil
	})
	add(a, m, "policy", http.MethodGet, "/policies/{kind}/{name}", read, "One policy with its document", func(ctx context.Context, in *PolicyPath) (*out[govern.Policy], error) {
		p, err := g.Policy(ctx, in.Kind, in.Name)
		return &out[govern.Policy]{p}, err
	})
	add(a, m, "policy-revisions", http.MethodGet, "/policies/{kind}/{name}/revisions", read, "Revisions of a policy, newest first", func(ctx context.Context, in *PolicyPath) (*out[RevisionsBody], error) {
		rs, err := g.Revisions(ctx, in.Kind, in.Name)
		return &out[RevisionsBody]{RevisionsBody{list(rs)}}, err
	})
	add(a, m, "revert-policy", http.MethodPost, "/policies/{kind}/{name}/revert", propose, "Propose an earlier revision", func(ctx context.Context, in *PolicyBodyInput[RevertInput]) (*out[ProposalBody], error) {
		return proposal(g.Revert(ctx, in.Kind, in.Name, in.Body.Number, in.Body.Reason))
	})

	add(a, m, "proposals", http.MethodGet, "/proposals", read, "Proposals, newest first", func(ctx context.Context, in *proposalsInput) (*out[ProposalsBody], error) {
		ps, err := g.Proposals(ctx, govern.ProposalFilter{State: in.State, Kind: in.Kind, Name: in.Name, Mine: in.Mine, Limit: in.Limit})
		b := ProposalsBody{Proposals: []ProposalBody{}}
		for _, p := range ps {
			o, err := proposal(p, nil)
			if err != nil {
				return nil, err
			}
			b.Proposals = append(b.Proposals, o.Body)
		}
		return &out[ProposalsBody]{b}, err
	})
	add(a, m, "propose", http.MethodPost, "/proposals", propose, "Propose a change; it is applied at once where no approval is asked for", func(ctx context.Context, in *bodyInput[govern.Draft]) (*out[ProposalBody], error) {
		return proposal(g.Propose(ctx, in.Body, originOf(ctx)))
	})
	add(a, m, "proposal", http.MethodGet, "/proposals/{id}", read, "One proposal with diff, sentences, votes and back-test", func(ctx context.Context, in *ProposalPath) (*out[ProposalBody], error) {
		p, err := g.Proposal(ctx, in.ID)
		if err == nil && a.o.Look != nil && (p.State == "draft" || p.State == "tested") {
			var texts []string
			for _, c := range p.Changes {
				texts = append(texts, c.After)
			}
			p.Findings = append(p.Findings, a.o.Look(ctx, texts)...)
		}
		return proposal(p, err)
	})
	add(a, m, "edit-proposal", http.MethodPut, "/proposals/{id}", propose, "Edit a proposal; votes and back-test are void", func(ctx context.Context, in *ProposalBodyInput[govern.Draft]) (*out[ProposalBody], error) {
		return proposal(g.Edit(ctx, in.ID, in.Body))
	})
	add(a, m, "test-proposal", http.MethodPost, "/proposals/{id}/test", propose, "Start the back-test", func(ctx context.Context, in *ProposalBodyInput[TestProposalInput]) (*out[ProposalBody], error) {
		return proposal(g.Test(ctx, in.ID, in.Body.Days))
	})
	add(a, m, "cancel-backtest", http.MethodDelete, "/proposals/{id}/backtest", propose, "Stop the back-test", func(ctx context.Context, in *ProposalPath) (*out[ProposalBody], error) {
		return proposal(g.CancelTest(ctx, in.ID))
	})
	add(a, m, "approve-proposal", http.MethodPost, "/proposals/{id}/approve", access.Approve, "Approve what was read; never one's own, never by a token", func(ctx context.Context, in *ProposalBodyInput[ApproveInput]) (*out[ProposalBody], error) {
		return proposal(g.Approve(ctx, in.ID, in.Body.Hash, in.Body.Comment))
	})
	add(a, m, "reject-proposal", http.MethodPost, "/proposals/{id}/reject", access.Approve, "Reject, with a reason", func(ctx context.Context, in *ProposalBodyInput[ReasonInput]) (*out[ProposalBody], error) {
		return proposal(g.Reject(ctx, in.ID, in.Body.Reason))
	})
	add(a, m, "apply-proposal", http.MethodPost, "/proposals/{id}/apply", propose, "Apply a proposal that has what it needs", func(ctx context.Context, in *ProposalPath) (*out[ProposalBody], error) {
		return proposal(g.Apply(ctx, in.ID))
	})
	add(a, m, "cancel-proposal", http.MethodPost, "/proposals/{id}/cancel", propose, "Take one's own proposal back", func(ctx context.Context, in *ProposalBodyInput[ReasonInput]) (*out[ProposalBody], error) {
		return proposal(g.Cancel(ctx, in.ID, in.Body.Reason))
	})
	add(a, m, "rebase-proposal", http.MethodPost, "/proposals/{id}/rebase", propose, "Put a stale proposal on what is in force now and test it again", func(ctx context.Context, in *ProposalPath) (*out[ProposalBody], error) {
		return proposal(g.Rebase(ctx, in.ID))
	})
	add(a, m, "comment-proposal", http.MethodPost, "/proposals/{id}/comment", access.GiveFeedback, "Say something in the discussion", func(ctx context.Context, in *ProposalBodyInput[TextInput]) (*out[ProposalBody], error) {
		return proposal(g.Comment(ctx, in.ID, in.Body.Text))
	})

	add(a, m, "reviews", http.MethodGet, "/reviews", read, "The review calendar, the most urgent first", func(ctx context.Context, _ *struct{}) (*out[ReviewsBody], error) {
		rs, err := g.Reviews(ctx)
		return &out[ReviewsBody]{ReviewsBody{list(rs)}}, err
	})
	add(a, m, "complete-review", http.MethodPost, "/reviews/{kind}/{name}", access.Review, "Say that a policy was looked at and what was found", func(ctx context.Context, in *PolicyBodyInput[NoteInput]) (*out[govern.Review], error) {
		r, err := g.CompleteReview(ctx, in.Kind, in.Name, in.Body.Note)
		return &out[govern.Review]{r}, err
	})
	add(a, m, "feedback", http.MethodGet, "/feedback", read, "What people say of the KPIs, newest first", func(ctx context.Context, in *feedbackInput) (*out[FeedbackBody], error) {
		fs, err := g.Feedback(ctx, in.KPI)
		return &out[FeedbackBody]{FeedbackBody{list(fs)}}, err
	})
	add(a, m, "give-feedback", http.MethodPost, "/kpis/{name}/feedback", access.GiveFeedback, "Say whether a KPI is relevant and accurate", func(ctx context.Context, in *KPIBodyInput[FeedbackInput]) (*out[govern.Feedback], error) {
		f, err := g.GiveFeedback(ctx, govern.Feedback{KPI: in.Name, Relevant: in.Body.Relevant, Accurate: in.Body.Accurate, Comment: in.Body.Comment})
		return &out[govern.Feedback]{f}, err
	})
	add(a, m, "answer-feedback", http.MethodPost, "/feedback/{id}/answer", propose, "Close feedback with an answer", func(ctx context.Context, in *ProposalBodyInput[AnswerInput]) (*out[govern.Feedback], error) {
		f, err := g.AnswerFeedback(ctx, in.ID, in.Body.Answer)
		return &out[govern.Feedback]{f}, err
	})
}

// schemaOf is the JSON Schema of a kind, or of all.
func schemaOf(kind string) json.RawMessage {
	if kind == "all" {
		return policy.AllSchema()
	}
	return policy.Schema(policy.Kind(kind))
}

// originOf says where a proposal comes from: the page has a session, everything else a token.
func originOf(ctx context.Context) string {
	if p, ok := access.From(ctx); ok && p.Via == access.ViaCookie {
		return "page"
	}
	return "api"
}

// proposal gives a proposal's back-test its type and its lists a value.
func proposal(p govern.Proposal, err error) (*out[ProposalBody], error) {
	if err != nil {
		return nil, err
	}
	b := ProposalBody{Proposal: p}
	if e := p.Evidence; e != nil {
		b.Evidence = &EvidenceBody{Evidence: *e, Results: []backtest.Comparison{}}
		if len(e.Results) > 0 {
			if err := json.Unmarshal(e.Results, &b.Evidence.Results); err != nil {
				return nil, fmt.Errorf("evidence of proposal %d: %w", p.ID, err)
			}
		}
	}
	return &out[ProposalBody]{b}, nil
}

func (a *API) checkPolicies(g Govern) func(context.Context, *bodyInput[CheckInput]) (*out[CheckBody], error) {
	return func(ctx context.Context, in *bodyInput[CheckInput]) (*out[CheckBody], error) {
		c, err := g.Check(ctx, in.Body.Documents)
		if err != nil {
			return nil, err
		}
		if a.o.Look != nil {
			texts := make([]string, len(in.Body.Documents))
			for i, t := range in.Body.Documents {
				texts[i] = t.Text
			}
			c.Findings = append(c.Findings, a.o.Look(ctx, texts)...)
		}
		b := CheckBody{Checked: c, Previews: []Preview{}}
		if in.Body.Preview && a.o.Preview != nil {
			for _, t := range in.Body.Documents {
				ps, err := a.o.Preview(ctx, t.Text)
				if err != nil {
					return nil, err
				}
				b.Previews = append(b.Previews, ps...)
			}
		}
		return &out[CheckBody]{b}, nil
	}
}

func (a *API) backtestPolicies(g Govern) func(context.Context, *bodyInput[BacktestInput]) (*out[BacktestBody], error) {
	return func(ctx context.Context, in *bodyInput[BacktestInput]) (*out[BacktestBody], error) {
		if a.o.Backtest == nil {
			return nil, absent("back-test")
		}
		c, err := g.Check(ctx, in.Body.Documents)
		if err != nil {
			return nil, err
		}
		results, sentence, err := a.o.Backtest(ctx, c.Changes, in.Body.Days)
		return &out[BacktestBody]{BacktestBody{Sentence: sentence, Results: list(results)}}, err
	}
}
