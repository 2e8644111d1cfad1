package policy

import (
	"maps"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
)

// State is where a proposal stands.
type State string

// The states. Rejected, expired and superseded are the end; so is applied, but for an emergency change that is still to be
// approved.
const (
	Draft      State = "draft"
	Tested     State = "tested"     // the evidence is of exactly what is proposed
	Approved   State = "approved"   // all that is demanded was given
	Scheduled  State = "scheduled"  // approved, and takes effect at a stated instant
	Applied    State = "applied"    // in force
	Rejected   State = "rejected"   // refused, or withdrawn by its author
	Expired    State = "expired"    // nobody decided in time, or nobody approved an emergency change
	Superseded State = "superseded" // another proposal took its place
	Failed     State = "failed"     // the machines could not be built; what was in force stays
)

// States returns all states.
func States() []State {
	return []State{Draft, Tested, Approved, Scheduled, Applied, Rejected, Expired, Superseded, Failed}
}

// Open reports whether a proposal in this state still waits for somebody or something.
func (s State) Open() bool {
	return s == Draft || s == Tested || s == Approved || s == Scheduled || s == Failed
}

// Event is what happens to a proposal.
type Event string

// The events.
const (
	EventEdit      Event = "edit"      // its text changed: approvals are void
	EventRebase    Event = "rebase"    // its base became what is in force: approvals are void
	EventTest      Event = "test"      // evidence of exactly what is proposed is there
	EventApprove   Event = "approve"   // the last approval that was demanded is there
	EventSchedule  Event = "schedule"  // it waits for its instant
	EventApply     Event = "apply"     // its revisions are in force
	EventReject    Event = "reject"    // somebody who may approve refused it, with a reason
	EventCancel    Event = "cancel"    // its author withdrew it; see MayCancel
	EventExpire    Event = "expire"    // its time is over
	EventSupersede Event = "supersede" // another proposal for the same policies took its place
	EventFail      Event = "fail"      // applying it failed
	EventEmergency Event = "emergency" // applied before it was approved
	EventConfirm   Event = "confirm"   // an emergency change was approved afterwards
	EventLapse     Event = "lapse"     // an emergency change was refused, or not approved in time; what was before is in force again
)

// Events returns all events.
func Events() []Event {
	return []Event{
		EventEdit, EventRebase, EventTest, EventApprove, EventSchedule, EventApply, EventReject, EventCancel, EventExpire,
		EventSupersede, EventFail, EventEmergency, EventConfirm, EventLapse,
	}
}

// moves are the legal moves. Draft and tested may be applied or scheduled directly, where nothing is demanded.
func moves() map[State]map[Event]State {
	open := func(more map[Event]State) map[Event]State {
		m := map[Event]State{
			EventEdit: Draft, EventRebase: Draft, EventReject: Rejected, EventCancel: Rejected, EventExpire: Expired, EventSupersede: Superseded,
		}
		maps.Copy(m, more)
		return m
	}
	return map[State]map[Event]State{
		Draft:     open(map[Event]State{EventTest: Tested, EventApprove: Approved, EventSchedule: Scheduled, EventApply: Applied, EventFail: Failed, EventEmergency: Applied}),
		Tested:    open(map[Event]State{EventTest: Tested, EventApprove: Approved, EventSchedule: Scheduled, EventApply: Applied, EventFail: Failed, EventEmergency: Applied}),
		Approved:  open(map[Event]State{EventTest: Approved, EventApprove: Approved, EventSchedule: Scheduled, EventApply: Applied, EventFail: Failed}),
		Scheduled: open(map[Event]State{EventTest: Scheduled, EventApply: Applied, EventFail: Failed}),
		Failed:    open(map[Event]State{EventApply: Applied, EventFail: Failed}),
		Applied:   {EventConfirm: Applied, EventLapse: Expired},
	}
}

// Next returns the state after an event. An event that is no legal move is a fault of kind conflict that names the events
// that are.
func Next(s State, e Event) (State, error) {
	all := moves()
	if to, ok := all[s][e]; ok {
		return to, nil
	}
	if !slices.Contains(States(), s) {
		return s, fault.New(fault.Invalid, "%q is no state of a proposal", s)
	}
	var can []string
	for _, known := range Events() {
		if _, ok := all[s][known]; ok {
			can = append(can, string(known))
		}
	}
	err := fault.New(fault.Conflict, "a proposal that is %s cannot %s", s, e)
	if len(can) == 0 {
		return s, err.Hint("Nothing can happen to it any more; make a new proposal.")
	}
	return s, err.Hint("What can happen to it: %s.", joinOr(can))
}

// Standing is a state with the mark of an emergency change: applied, and nobody has approved it yet.
type Standing struct {
	State     State `json:"state"`
	Emergency bool  `json:"emergency"`
}

// Next returns the standing after an event, as Next does; confirm and lapse are moves of an emergency change alone.
func (s Standing) Next(e Event) (Standing, error) {
	if (e == EventConfirm || e == EventLapse) && !s.Emergency {
		return s, fault.New(fault.Conflict, "a proposal that is %s, and no emergency change, cannot %s", s.State, e)
	}
	to, err := Next(s.State, e)
	if err != nil {
		return s, err
	}
	return Standing{to, e == EventEmergency}, nil
}

// Voids reports whether an event makes the approvals that were given void.
func (e Event) Voids() bool { return e == EventEdit || e == EventRebase }

// Stale returns the policies of a proposal of which the revision in force is no longer the one that the proposal starts from;
// both maps hold revision numbers, 0 or nothing for a policy that does not exist. A proposal with a stale policy can be
// neither approved nor applied until it is rebased.
func Stale(base, inForce map[Ref]int) []Ref {
	var out []Ref
	for ref, n := range base {
		if inForce[ref] != n {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, Ref.Compare)
	return out
}

// MayCancel reports whether somebody may withdraw a proposal, and if not, why: it is the author's to do, and not once
// somebody has approved it, unless it is stale.
func MayCancel(who string, author string, votes []Vote, stale bool) (ok bool, why string) {
	if who != author {
		return false, "only its author can withdraw it; who may approve can reject it"
	}
	if i := slices.IndexFunc(votes, func(v Vote) bool { return v.Approves && !v.Void }); i >= 0 && !stale {
		return false, votes[i].By.name() + " has approved it; ask for a rejection, or make a new proposal"
	}
	return true, ""
}
