package policy_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

// proposalOf500 is a change of 500 KPIs, a third of them made from others, in a house of 1,000 policies.
func proposalOf500() (inForce, proposed string) {
	var was, is strings.Builder
	for i := range 1000 {
		kpi := fmt.Sprintf("---\n# Number %d of them.\nkind: KPI\nname: k%d\ntitle: Number %d\nowner: team\nlabels: {agency: IRS}\n", i, i, i)
		if i%3 == 2 {
			kpi += fmt.Sprintf("indicator: {expr: a / b, inputs: {a: k%d, b: k%d}}\n", i-1, i-2)
		} else {
			kpi += fmt.Sprintf("indicator:\n  ratio: {bad: 'http_requests_total{job=\"j%d\",code=~\"5..\"}', total: 'http_requests_total{job=\"j%d\"}'}\n", i, i)
		}
		was.WriteString(kpi + "thresholds: {yellow: \"> 1%\", red: \"> 3%\", for: 3}\n")
		if i < 500 {
			is.WriteString(kpi + "thresholds: {yellow: \"> 1%\", red: \"> 2.5%\", for: 2 of 3}\n")
		}
	}
	return was.String(), is.String()
}

// check is all that a proposal asks of this room: reading, checks of the whole as it would be, demands, sentences, diff.
func check(tb testing.TB, old []policy.Document, proposed string) {
	docs, findings := policy.Read("", []byte(proposed), policy.Limits{History: 25 * 31 * 24 * time.Hour})
	require.Empty(tb, findings)
	before := map[policy.Ref]*policy.Document{}
	for i := range old {
		before[old[i].Ref()] = &old[i]
	}
	whole := make([]policy.Document, 0, len(old))
	var changes []policy.Change
	for i := range docs {
		changes = append(changes, policy.Change{Before: before[docs[i].Ref()], After: &docs[i]})
		whole = append(whole, docs[i])
		delete(before, docs[i].Ref())
	}
	for _, d := range before {
		whole = append(whole, *d)
	}
	require.Empty(tb, policy.Cross(whole))
	a := []*policy.Approval{{Name: "a", When: policy.Condition{When: policy.Size, Field: "thresholds.red", MoreThan: 0.1}, Approvals: 1}}
	require.Equal(tb, 1, policy.DemandsOf(a, changes).Approvals)
	for _, c := range changes {
		require.Len(tb, c.Sentences(), 1)
		require.NotEmpty(tb, policy.Diff(c.Before.Text, c.After.Text))
	}
}

// A proposal of 500 KPIs validates in under a second on two cores. BenchmarkProposal says how long it takes.
func TestProposalOf500(t *testing.T) {
	inForce, proposed := proposalOf500()
	old, _ := policy.Read("", []byte(inForce), policy.Limits{})
	began := spent()
	check(t, old, proposed)
	require.Less(t, spent()-began, 5*time.Second, "five times the promise, for slow machines")
}

// spent is the processor time of this process so far: unlike the clock it does not run while others have the machine.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkProposal(b *testing.B) {
	inForce, proposed := proposalOf500()
	old, _ := policy.Read("", []byte(inForce), policy.Limits{})
	for b.Loop() {
		check(b, old, proposed)
	}
}
