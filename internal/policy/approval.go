package policy

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Approval says who must approve which change. Where several match, the most demanding wins, field by field; where none
// matches, a change applies at once.
type Approval struct {
	Name         string
	For          ApprovalFor
	When         Condition
	Approvals    int      // people who must agree; 0 = applies at once
	Roles        []string // an approver has one of these, or is one of Users; both empty = any person who may approve
	Users        []string
	Evidence     bool          // a back-test of exactly what is proposed
	FreshFor     time.Duration // how old the evidence may be; 0 = any age
	Regulated    bool          // the author never approves, whatever else is stated
	AllowAuthor  bool          // an author's own approval counts
	RecentSignIn time.Duration // how long ago an approver may have signed in; 0 = any time
	Expires      time.Duration // how long a proposal stays open
	Emergency    Emergency
}

// ApprovalFor says which documents an Approval covers; every stated part must fit. The empty value covers all.
type ApprovalFor struct {
	Kinds   []Kind
	Match   []*labels.Matcher // over the document's labels
	Owners  []string
	Outcome kpi.Outcome // of a KPI
}

// When says how large a change must be.
type When string

// The conditions.
const (
	AnyChange   When = "any_change"
	BeforeAfter When = "before_after"
	Size        When = "size"
)

// Condition says which changes of a covered document an Approval asks for.
type Condition struct {
	When     When
	Field    string  // before_after and size: the path of a key, such as thresholds.red; one with keys below it stands for all of them
	From, To *Bound  // before_after: nil = any value
	MoreThan float64 // size: relative to the earlier value, 0.1 = 10 %
}

// Bound is what a value must be before or after a change.
type Bound struct {
	Compare *kpi.Comparison // nil = Is
	Is      string          // the value itself
	Text    string          // as written
}

// Emergency says who may apply a change before it is approved, and for how long it stands without approval.
type Emergency struct {
	Never   bool
	Roles   []string // empty = any role that may make emergency changes
	Expires time.Duration
}
