package app

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestANumberOfUsageIsAKPIAtOnceWhereNobodyHasToApprove goes the whole way from a number to what is judged.
func TestANumberOfUsageIsAKPIAtOnceWhereNobodyHasToApprove(t *testing.T) {
	h, srv := opened(t, "", nil)
	fillRows(t, h, rowstore.TraceIDOf(7, 7))
	ana := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Analyst})
	for _, ask := range []string{`{"view":"stickiness","value":0.2,"owner":"ana@irs.example"}`, `{"view":"actions","value":8.4,"service":"irs-portal","env":"prod","agency":"IRS"}`,
		`{"view":"funnel","steps":["name:filing","name:zsa_event","name:filing"],"value":0.5}`} {
		text, state, name := proposeUsage(t, ana, ask)
		require.Equal(t, "applied", state)
		var law struct{ Text string }
		answered(t, ana, http.MethodGet, "/policies/KPI/"+name, "", &law)
		require.Equal(t, text, law.Text, "what is in force is what was made")
		_, judged := h.engine.Status(name)
		require.True(t, judged, name)
	}
}

// TestANumberOfUsageWaitsWhereSomebodyHasToApprove is the same ask under a policy that wants a second person.
func TestANumberOfUsageWaitsWhereSomebodyHasToApprove(t *testing.T) {
	h, srv := opened(t, "policies: [policies/*.yaml]\n", map[string]string{"policies/approval.yaml": "kind: Approval\nname: two-people\nfor: {kinds: [KPI]}\napprovals: 1\nroles: [analyst, owner]\n"})
	ana := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Analyst})
	_, state, name := proposeUsage(t, ana, `{"view":"stickiness","value":0.2}`)
	require.Equal(t, "draft", state)
	_, judged := h.engine.Status(name)
	require.False(t, judged)
}

// proposeUsage has a KPI made of a number and proposes it as it was made.
func proposeUsage(t *testing.T, do func(method, path, body string) (int, string), ask string) (text, state, name string) {
	t.Helper()
	var made struct{ Policy string }
	answered(t, do, http.MethodPost, "/usage/kpi", ask, &made)
	draft, err := json.Marshal(map[string]any{"reason": "It shall be watched.", "documents": []map[string]any{{"text": made.Policy}}})
	require.NoError(t, err)
	var proposal struct {
		State   string
		Changes []struct{ Name string }
	}
	answered(t, do, http.MethodPost, "/proposals", string(draft), &proposal)
	require.Len(t, proposal.Changes, 1)
	return made.Policy, proposal.State, proposal.Changes[0].Name
}

// answered asks the API and reads its answer.
func answered(t *testing.T, do func(method, path, body string) (int, string), method, path, body string, to any) {
	t.Helper()
	code, answer := do(method, "/api/signalbox/v1"+path, body)
	require.Equal(t, http.StatusOK, code, answer)
	require.NoError(t, json.Unmarshal([]byte(answer), to), answer)
}
