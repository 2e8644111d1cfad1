// Package govern runs the law of the house: proposals of policy documents from draft to applied, their back-tests as
// evidence, the approval of a second person, the revisions that result, reviews and feedback. What is a legal move and what
// an approval demands is said by policy; govern keeps it, in one transaction with the audit record, and hands what is in
// force to the machines. It judges no datapoint, knows no HTTP and never decides who a person is.
package govern

import (
	"encoding/json"

	"github.com/signalbox/signalbox/internal/policy"
)

// Who is somebody who did something, as they were called then.
type Who struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind" enum:"person,token,start,file,system"`
}

// Policy is one policy document as it stands.
type Policy struct {
	Kind        string            `json:"kind" enum:"KPI,Route,Retention,Sampling,Privacy,Approval,Maintenance,Board"`
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Owner       string            `json:"owner"`
	Labels      map[string]string `json:"labels"`
	Regulated   bool              `json:"regulated"`
	Sentence    string            `json:"sentence" doc:"The whole policy in one or two plain sentences"`
	Revision    int               `json:"revision" doc:"Number of the revision in force, or the first one that is scheduled"`
	State       string            `json:"state" enum:"in_force,scheduled,removed,refused" doc:"refused: the revision in force cannot be read any more"`
	Hash        string            `json:"hash"`
	Text        string            `json:"text,omitempty" doc:"The YAML document; left out of lists"`

	EffectiveFrom int64  `json:"effective_from" doc:"Unix ms"`
	Author        Who    `json:"author"`
	Approvers     []Who  `json:"approvers"`
	Reason        string `json:"reason"`
	Proposal      int64  `json:"proposal" doc:"Proposal that made this revision, 0 for none"`
	Emergency     bool   `json:"emergency" doc:"In force by an emergency change that nobody has approved yet"`

	File      string `json:"file" doc:"Where the document is kept; empty: in the state database only"`
	FileState string `json:"file_state" enum:"same,ahead,behind,none" doc:"ahead: the file differs and waits as a proposal; behind: the file could not be written"`

	ReviewedAt  int64   `json:"reviewed_at" doc:"Unix ms, 0 = never"`
	ReviewDue   int64   `json:"review_due" doc:"Unix ms, 0 = no review asked for"`
	ReviewState string  `json:"review_state" enum:"ok,soon,overdue,none"`
	Proposals   []int64 `json:"proposals" doc:"Open proposals that touch it"`
	Feedback    int     `json:"feedback" doc:"Open feedback"`
}

// Revision is one immutable state of a policy. A removal is a revision with an empty text.
type Revision struct {
	Kind          string `json:"kind"`
	Name          string `json:"name"`
	Number        int    `json:"number"`
	Hash          string `json:"hash"`
	Text          string `json:"text"`
	Removed       bool   `json:"removed"`
	Author        Who    `json:"author"`
	Editors       []Who  `json:"editors"`
	Approvers     []Who  `json:"approvers"`
	Reason        string `json:"reason"`
	Proposal      int64  `json:"proposal"`
	Emergency     bool   `json:"emergency"`
	AppliedAt     int64  `json:"applied_at" doc:"Unix ms"`
	EffectiveFrom int64  `json:"effective_from" doc:"Unix ms of the period boundary from which it judges"`
	Source        string `json:"source" doc:"file:line, or where the change came from"`
}

// DiffLine is one line of a readable diff. A line number is 0 on the side where the line does not stand.
type DiffLine struct {
	Kind    string `json:"kind" enum:"same,add,remove,gap"`
	OldLine int    `json:"old_line"`
	NewLine int    `json:"new_line"`
	Text    string `json:"text"`
}

// Change is what a proposal does to one policy.
type Change struct {
	Kind      string     `json:"kind"`
	Name      string     `json:"name"`
	Title     string     `json:"title"`
	Action    string     `json:"action" enum:"create,change,remove"`
	Base      int        `json:"base" doc:"Revision that the change starts from, 0 for none"`
	BaseHash  string     `json:"base_hash"`
	Hash      string     `json:"hash"`
	Before    string     `json:"before" doc:"YAML of the base"`
	After     string     `json:"after" doc:"YAML as proposed; empty when it removes"`
	Diff      []DiffLine `json:"diff"`
	Sentences []string   `json:"sentences" doc:"One plain sentence per change"`
	Judges    bool       `json:"judges" doc:"The change can be back-tested: a KPI of which not only words changed"`
}

// Need is what has to be given before a proposal may be applied.
type Need struct {
	Approvals int      `json:"approvals"`
	Given     int      `json:"given" doc:"Approvals that count"`
	Roles     []string `json:"roles"`
	Users     []string `json:"users"`
	Evidence  bool     `json:"evidence" doc:"A back-test of exactly this text is asked for"`
	FreshMS   int64    `json:"fresh_ms" doc:"How old the evidence may be; 0 = any age"`
	Regulated bool     `json:"regulated"`
	Policies  []string `json:"policies" doc:"Approval policies that ask for it"`
	Met       bool     `json:"met"`
	Sentence  string   `json:"sentence" doc:"Needs 1 more approval by analyst or owner"`
}

// Vote is one person's word on a proposal.
type Vote struct {
	Who     Who    `json:"who"`
	At      int64  `json:"at"`
	Verdict string `json:"verdict" enum:"approve,reject"`
	Comment string `json:"comment"`
	Hash    string `json:"hash" doc:"What was voted on"`
	Counts  bool   `json:"counts"`
	Why     string `json:"why" doc:"Why it does not count; empty when it does"`
}

// Comment is a word in the discussion of a proposal; automatic entries have the kind of what happened.
type Comment struct {
	ID   int64  `json:"id"`
	Who  Who    `json:"who"`
	At   int64  `json:"at"`
	Kind string `json:"kind" enum:"comment,propose,edit,test,approve,reject,apply,rebase,expire,supersede,schedule,fail,revert,emergency"`
	Text string `json:"text"`
}

// Evidence is one back-test of a proposal: of exactly the texts that Hash stands for.
type Evidence struct {
	ID       string          `json:"id"`
	Hash     string          `json:"hash"`
	State    string          `json:"state" enum:"running,done,failed,cancelled"`
	Error    string          `json:"error"`
	Progress float64         `json:"progress" doc:"0 to 1"`
	From     int64           `json:"from"`
	To       int64           `json:"to"`
	At       int64           `json:"at" doc:"When it was started, Unix ms"`
	By       Who             `json:"by"`
	Current  bool            `json:"current" doc:"It is of the proposal as it stands, against what is in force, and fresh enough"`
	Sentence string          `json:"sentence"`
	Results  json.RawMessage `json:"-"` // a JSON list with one comparison per KPI; api gives it its type
}

// Proposal is a wanted change.
type Proposal struct {
	ID            int64            `json:"id"`
	Title         string           `json:"title"`
	Reason        string           `json:"reason"`
	State         string           `json:"state" enum:"draft,tested,approved,scheduled,applied,rejected,expired,superseded,failed"`
	Emergency     bool             `json:"emergency"`
	Stale         bool             `json:"stale" doc:"What is in force changed since; rebase before approving"`
	StaleWhy      string           `json:"stale_why"`
	Origin        string           `json:"origin" enum:"page,api,command,file,import,revert,feedback"`
	Author        Who              `json:"author"`
	Editors       []Who            `json:"editors" doc:"Everyone who edited it: none of them may approve where that is regulated"`
	CreatedAt     int64            `json:"created_at"`
	UpdatedAt     int64            `json:"updated_at"`
	ExpiresAt     int64            `json:"expires_at"`
	EffectiveFrom int64            `json:"effective_from" doc:"Wanted instant, 0 = at the next period boundary after approval"`
	AppliedAt     int64            `json:"applied_at"`
	Hash          string           `json:"hash" doc:"Over all texts and bases; approvals are for this hash"`
	Changes       []Change         `json:"changes"`
	Findings      []policy.Finding `json:"findings"`
	Need          Need             `json:"need"`
	Votes         []Vote           `json:"votes"`
	Discussion    []Comment        `json:"discussion"`
	Evidence      *Evidence        `json:"-"` // api gives it its type
	Why           string           `json:"why" doc:"Why it failed, was rejected, expired or was superseded"`
	RevertOf      int64            `json:"revert_of"`
	Feedback      []int64          `json:"feedback" doc:"Feedback that it answers"`

	May   []string          `json:"may" doc:"What the asker may do now: edit test approve reject apply cancel rebase comment revert"`
	MayNo map[string]string `json:"may_no" doc:"Why not, in words, for what they may not"`
}

// Text is one document of a draft. Remove names what is to be removed, as KIND/name; Text is then empty.
type Text struct {
	Text   string `json:"text,omitempty" maxLength:"1048576"`
	Remove string `json:"remove,omitempty" example:"KPI/efile-error-rate"`
}

// Draft is what a proposal is made or edited from.
type Draft struct {
	Title         string  `json:"title,omitempty" maxLength:"200" doc:"Made from the changes when left out"`
	Reason        string  `json:"reason" minLength:"1" maxLength:"4000"`
	Documents     []Text  `json:"documents" minItems:"1" maxItems:"1000"`
	EffectiveFrom int64   `json:"effective_from,omitempty" doc:"Unix ms; left out: at the next period boundary"`
	Emergency     bool    `json:"emergency,omitempty" doc:"Apply now, approve within 24 h; needs the right to"`
	Feedback      []int64 `json:"feedback,omitempty" doc:"Feedback that it answers"`
	Base          string  `json:"base,omitempty" doc:"Hash of the proposal that was edited; refused as stale if it moved on"`
}

// Checked is what a text would be, before anybody proposes it.
type Checked struct {
	Findings []policy.Finding `json:"findings"`
	Changes  []Change         `json:"changes"`
	Need     Need             `json:"need"`
}

// Feedback is what somebody who uses a KPI says of it.
type Feedback struct {
	ID       int64  `json:"id"`
	KPI      string `json:"kpi"`
	Who      Who    `json:"who"`
	At       int64  `json:"at"`
	Relevant string `json:"relevant" enum:"yes,no,unsaid"`
	Accurate string `json:"accurate" enum:"yes,no,unsaid"`
	Comment  string `json:"comment"`
	State    string `json:"state" enum:"open,proposed,changed,closed"`
	Proposal int64  `json:"proposal" doc:"Proposal that answers it, 0 for none"`
	Answer   string `json:"answer"`
}

// Review is one line of the review calendar: a policy that has to be looked at again, or an emergency change that has to be
// approved.
type Review struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Title      string `json:"title"`
	Owner      string `json:"owner"`
	Revision   int    `json:"revision"`
	DueAt      int64  `json:"due_at"`
	State      string `json:"state" enum:"ok,soon,overdue,emergency"`
	ReviewedAt int64  `json:"reviewed_at"`
	ReviewedBy *Who   `json:"reviewed_by"`
	Note       string `json:"note"`
	Proposal   int64  `json:"proposal" doc:"The emergency change that waits, 0 for none"`
	Sentence   string `json:"sentence"`
	May        bool   `json:"may" doc:"The asker may complete it"`
}
