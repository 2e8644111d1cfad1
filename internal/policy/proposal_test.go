package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// Every pair of state and event: what is not in the table is refused.
func TestNext(t *testing.T) {
	const (
		draft, tested, approved, scheduled, applied              = policy.Draft, policy.Tested, policy.Approved, policy.Scheduled, policy.Applied
		rejected, expired, superseded, failed                    = policy.Rejected, policy.Expired, policy.Superseded, policy.Failed
		no                                          policy.State = ""
	)
	want := map[policy.Event][9]policy.State{
		//                    draft       tested      approved    scheduled   applied  rejected expired superseded failed
		policy.EventEdit:      {draft, draft, draft, draft, no, no, no, no, draft},
		policy.EventRebase:    {draft, draft, draft, draft, no, no, no, no, draft},
		policy.EventTest:      {tested, tested, approved, scheduled, no, no, no, no, no},
		policy.EventApprove:   {approved, approved, approved, no, no, no, no, no, no},
		policy.EventSchedule:  {scheduled, scheduled, scheduled, no, no, no, no, no, no},
		policy.EventApply:     {applied, applied, applied, applied, no, no, no, no, applied},
		policy.EventReject:    {rejected, rejected, rejected, rejected, no, no, no, no, rejected},
		policy.EventCancel:    {rejected, rejected, rejected, rejected, no, no, no, no, rejected},
		policy.EventExpire:    {expired, expired, expired, expired, no, no, no, no, expired},
		policy.EventSupersede: {superseded, superseded, superseded, superseded, no, no, no, no, superseded},
		policy.EventFail:      {failed, failed, failed, failed, no, no, no, no, failed},
		policy.EventEmergency: {applied, applied, no, no, no, no, no, no, no},
		policy.EventConfirm:   {no, no, no, no, applied, no, no, no, no},
		policy.EventLapse:     {no, no, no, no, expired, no, no, no, no},
	}
	require.Len(t, want, len(policy.Events()))
	for _, event := range policy.Events() {
		for i, state := range policy.States() {
			got, err := policy.Next(state, event)
			if to := want[event][i]; to != no {
				require.NoError(t, err, "%s %s", state, event)
				require.Equal(t, to, got, "%s %s", state, event)
				continue
			}
			require.Equal(t, fault.Conflict, fault.KindOf(err), "%s %s", state, event)
			require.Equal(t, state, got)
		}
	}
	_, err := policy.Next("gone", policy.EventEdit)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = policy.Next(policy.Rejected, policy.EventEdit)
	require.EqualError(t, err, "a proposal that is rejected cannot edit. Nothing can happen to it any more; make a new proposal.")
	_, err = policy.Next(policy.Applied, policy.EventApprove)
	require.EqualError(t, err, "a proposal that is applied cannot approve. What can happen to it: confirm or lapse.")
}

// What is open can be edited, rejected, withdrawn and superseded, and can expire; what is closed cannot.
func TestOpen(t *testing.T) {
	for _, s := range policy.States() {
		for _, e := range []policy.Event{policy.EventEdit, policy.EventReject, policy.EventCancel, policy.EventExpire, policy.EventSupersede} {
			_, err := policy.Next(s, e)
			require.Equal(t, s.Open(), err == nil, "%s %s", s, e)
		}
	}
}

// The mark of an emergency change is set by emergency alone and goes with confirm and lapse.
func TestEmergencyMark(t *testing.T) {
	at := policy.Standing{State: policy.Draft}
	at, err := at.Next(policy.EventEmergency)
	require.NoError(t, err)
	require.Equal(t, policy.Standing{State: policy.Applied, Emergency: true}, at)
	confirmed, err := at.Next(policy.EventConfirm)
	require.NoError(t, err)
	require.Equal(t, policy.Standing{State: policy.Applied}, confirmed)
	lapsed, err := at.Next(policy.EventLapse)
	require.NoError(t, err)
	require.Equal(t, policy.Standing{State: policy.Expired}, lapsed)
	for _, e := range []policy.Event{policy.EventConfirm, policy.EventLapse} {
		same, err := confirmed.Next(e)
		require.Equal(t, fault.Conflict, fault.KindOf(err))
		require.Equal(t, confirmed, same)
	}
	_, err = at.Next(policy.EventEdit)
	require.Equal(t, fault.Conflict, fault.KindOf(err))
}

func TestStale(t *testing.T) {
	a, b, c := policy.Ref{Kind: policy.KindKPI, Name: "a"}, policy.Ref{Kind: policy.KindKPI, Name: "b"}, policy.Ref{Kind: policy.KindRoute, Name: "a"}
	inForce := map[policy.Ref]int{a: 3, b: 1}
	require.Empty(t, policy.Stale(map[policy.Ref]int{a: 3, c: 0}, inForce))
	require.Equal(t, []policy.Ref{a, b}, policy.Stale(map[policy.Ref]int{b: 0, a: 2}, inForce), "changed since, or made by somebody else")
	require.Equal(t, []policy.Ref{c}, policy.Stale(map[policy.Ref]int{a: 3, c: 4}, inForce), "removed since")
}
