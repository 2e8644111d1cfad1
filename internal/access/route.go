package access

import "net/http"

// Action is what a request wants to do; roles are sets of actions (see Matrix).
type Action string

// The actions that routes ask for.
const (
	Open         Action = "open"          // health only: no sign-in
	SignIn       Action = "sign_in"       // the sign-in page itself
	SignedIn     Action = "signed_in"     // who one is: whoever is signed in, with whatever roles
	ReadSignals  Action = "read_signals"  // query samples, series, metadata
	WriteSignals Action = "write_signals" // push samples; loopback may without a token
	ReadKPIs     Action = "read_kpis"     // KPIs, lights, decisions
	GiveFeedback Action = "give_feedback" // comment on a KPI

	ReadAlerts    Action = "read_alerts"    // alerts, silences, receivers
	WriteAlerts   Action = "write_alerts"   // push alerts
	WriteSilences Action = "write_silences" // create and expire silences
	WriteChanges  Action = "write_changes"  // report a deploy or another change

	ReadPolicies Action = "read_policies" // policies, revisions, proposals, the review calendar
	Propose      Action = "propose"       // write, edit, test, rebase and cancel proposals
	Approve      Action = "approve"       // approve or reject as the second person; the Approval policy narrows it
	Emergency    Action = "emergency"     // apply without approval, for a day
	Review       Action = "review"        // confirm that a policy is still right

	ReadPrivacy   Action = "read_privacy"   // requests of data subjects and their certificates
	ManagePrivacy Action = "manage_privacy" // export or erase what is kept of a person
	ExportRows    Action = "export_rows"    // take raw rows out of the house as files

	ReadAudit    Action = "read_audit"    // search the audit chain
	ExportAudit  Action = "export_audit"  // take it out of the house
	ReadPeople   Action = "read_people"   // users, tokens and sessions of everybody
	ManagePeople Action = "manage_people" // create, change, disable and remove users
	OwnAccount   Action = "own_account"   // own password, sessions and tokens

	ReadServer Action = "read_server" // status, sources of all teams, /metrics
	Operate    Action = "operate"     // reload, test a receiver, the demo's switch
)

// Route is one thing that a room serves. Pattern is a net/http ServeMux pattern without the method; Method empty means any.
// App mounts all rooms' routes behind one middleware, so the role matrix is derived from the one table they form.
type Route struct {
	Method  string
	Pattern string
	Action  Action
	Whole   bool // only through a role without a scope: what it answers has nothing to be bounded by
	Handler http.Handler
}
