package access

import "slices"

// Role is what a person or a token is trusted with: a set of actions, as Matrix says.
type Role string

// The roles. Their ids stand in grants, in the claim mapping of OIDC and in Approval policies.
const (
	Viewer    Role = "viewer"
	Developer Role = "developer"
	Analyst   Role = "analyst"
	Owner     Role = "owner"
	Auditor   Role = "auditor"
	Admin     Role = "admin"
)

// Kind says what a principal is. Some actions are open to some kinds only: an approval is a person's word.
type Kind string

// The kinds.
const (
	KindPerson   Kind = "person"   // signed in with a password or through OIDC
	KindToken    Kind = "token"    // an API token of a person
	KindStart    Kind = "start"    // the admin.token and the link of the start: break glass, nobody in particular
	KindLoopback Kind = "loopback" // a push from this machine, without a token
	KindSystem   Kind = "system"   // the house's own work, such as a proposal whose hour has come
)

// Rule is one row of the matrix: who may do an action.
type Rule struct {
	Action Action `json:"action"`
	Title  string `json:"title"` // what it is, in words
	Roles  []Role `json:"roles"` // admin among them always
	Kinds  []Kind `json:"kinds"` // the kinds of principal that may; loopback and system have their own rules
	// Whole says that only a grant without a scope gives it: the thing itself has no labels to be bounded by.
	Whole bool `json:"whole"`
}

// Roles lists the roles in the order of the matrix' columns.
func Roles() []Role { return []Role{Viewer, Developer, Analyst, Owner, Auditor, Admin} }

// Title returns the role's name in words, or the id itself where there is no such role.
func (r Role) Title() string {
	switch r {
	case Viewer:
		return "Viewer"
	case Developer:
		return "Application developer"
	case Analyst:
		return "Operations analyst"
	case Owner:
		return "Product owner"
	case Auditor:
		return "Auditor"
	case Admin:
		return "Administrator"
	}
	return string(r)
}

// known reports whether r is one of the roles.
func (r Role) known() bool { return slices.Contains(Roles(), r) }

// Matrix returns the one table of roles and actions: what is not in it nobody may. Each call returns a new copy.
func Matrix() []Rule {
	out := slices.Clone(matrix)
	for i := range out {
		out[i].Roles, out[i].Kinds = slices.Clone(out[i].Roles), slices.Clone(out[i].Kinds)
	}
	return out
}

// matrix is never changed.
var matrix = rules()

// rule returns an action's row; the zero Rule, which nobody has, where there is none.
func rule(a Action) Rule {
	if i := slices.IndexFunc(matrix, func(r Rule) bool { return r.Action == a }); i >= 0 {
		return matrix[i]
	}
	return Rule{}
}

func rules() []Rule {
	all := []Role{Viewer, Developer, Analyst, Owner, Auditor}
	anybody := []Kind{KindPerson, KindToken, KindStart}
	person := []Kind{KindPerson}
	noToken := []Kind{KindPerson, KindStart}
	program := []Kind{KindToken, KindStart}
	rules := []Rule{
		{ReadSignals, "Query metrics, logs, traces, events and usage", []Role{Developer, Analyst, Owner, Auditor}, anybody, false},
		// A scope bounds what is read. What is sent carries the labels that the sender writes, so sending has no bounds to keep.
		{WriteSignals, "Push metrics, logs, traces and events", []Role{Developer}, program, true},
		{ReadKPIs, "See KPIs, lights and why", all, anybody, false},
		{GiveFeedback, "Say whether a KPI helps", all, anybody, false},
		{ReadAlerts, "See alerts and silences", all, anybody, false},
		{WriteAlerts, "Push alerts", []Role{Developer, Analyst}, anybody, true},
		{WriteSilences, "Silence alerts", []Role{Developer, Analyst, Owner}, anybody, false},
		{WriteChanges, "Report a deploy or another change", []Role{Developer, Analyst}, anybody, false},
		{ReadPolicies, "See policies, revisions and proposals", all, anybody, false},
		{Propose, "Propose a change of a policy", []Role{Developer, Analyst, Owner}, anybody, false},
		{Approve, "Approve or reject as the second person", []Role{Analyst, Owner}, person, false},
		// A token that could apply by itself would be an approval by a program.
		{Emergency, "Apply an emergency change", []Role{Analyst}, noToken, true},
		{Review, "Confirm that a policy is still right", []Role{Analyst, Owner}, anybody, false},
		{ReadPrivacy, "See requests of data subjects and their certificates", []Role{Owner, Auditor}, anybody, true},
		// Erasing cannot be taken back, so a token does not do it.
		{ManagePrivacy, "Export or erase what is kept of a person", []Role{Owner}, noToken, true},
		{ExportRows, "Take raw rows out of the house", []Role{Analyst, Owner}, anybody, true},
		{ReadAudit, "Search the audit chain", []Role{Auditor}, anybody, true},
		{ExportAudit, "Export the audit chain", []Role{Auditor}, anybody, true},
		{ReadPeople, "See users, tokens and sessions", []Role{Auditor}, anybody, true},
		{ManagePeople, "Create, change and remove users", nil, noToken, true},
		// A token that could make tokens would outlive its own end.
		{OwnAccount, "Own password, sessions and tokens", all, noToken, false},
		{ReadServer, "See the server, its metrics and all sources", []Role{Developer, Analyst, Owner, Auditor}, anybody, true},
		{Operate, "Reload, test a receiver, break the demo", []Role{Analyst}, anybody, true},
	}
	for i := range rules {
		rules[i].Roles = append(slices.Clone(rules[i].Roles), Admin)
	}
	return rules
}

// Actions lists every action that needs a sign-in, in the order of the matrix.
func Actions() []Action {
	var out []Action
	for _, r := range matrix {
		out = append(out, r.Action)
	}
	return out
}
