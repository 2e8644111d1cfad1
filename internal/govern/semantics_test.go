package govern_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
)

// TestPolicyApprovalRows holds the room against each row of semantics/policy-approval.tsv. A row without a test fails.
func TestPolicyApprovalRows(t *testing.T) {
	rows := map[string]func(t *testing.T){
		"gate": func(t *testing.T) { // every change to a policy: UI, API, file; first version too
			h := governed(t, twoPeople)
			for _, origin := range []string{"page", "api", "command", "import"} {
				p, err := h.Propose(h.ana(), draft("x", kpiDoc("new-"+origin, "> 1.5%", "")), origin)
				require.NoError(t, err)
				require.Equal(t, "draft", p.State, "a first version is a change")
			}
			h.write("more.yaml", kpiDoc("more", "> 3%", ""))
			h.sync()
			ps, err := h.Proposals(h.ana(), govern.ProposalFilter{State: "open", Name: "more"})
			require.NoError(t, err)
			require.Len(t, ps, 1)
			require.Len(t, h.InForce(), 2)
		},
		"conditions": func(t *testing.T) { // any_change, before_after, size; a missing earlier value counts as a change
			for _, tt := range []struct {
				when, red, extra string
				asked            bool
			}{
				{"any_change", "> 3%", "description: words\n", true},
				{"{before_after: {field: thresholds.red, to: \"> 3.5%\"}}", "> 4%", "", true},
				{"{before_after: {field: thresholds.red, to: \"> 3.5%\"}}", "> 2.5%", "", false},
				{"{size: {field: thresholds.red, more_than: 10%}}", "> 3.2%", "", false},
				{"{size: {field: thresholds.red, more_than: 10%}}", "> 4%", "", true},
				{"{size: {field: thresholds.min_count, more_than: 10%}}", "> 3%", "MIN", true},
			} {
				h := governed(t, strings.Replace(twoPeople, "regulated: true", "when: "+tt.when, 1))
				text := kpiDoc("efile", tt.red, strings.Replace(tt.extra, "MIN", "", 1))
				if tt.extra == "MIN" {
					text = strings.Replace(text, "  for: 3\n", "  for: 3\n  min_count: 20\n", 1)
				}
				p, err := h.Propose(h.ana(), draft("x", text), "page")
				require.NoError(t, err)
				require.Equal(t, tt.asked, p.State == "draft", "%s %s: %s", tt.when, tt.red, p.State)
			}
		},
		"approvers": func(t *testing.T) { // roles per KPI owner
			h := governed(t, strings.Replace(twoPeople, "roles: [analyst, owner]", "roles: [owner]", 1))
			p := h.propose("> 2%")
			_, err := h.Approve(h.as("ali", access.Analyst), p.ID, p.Hash, "")
			kindOf(t, fault.Forbidden, err)
			_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
			require.NoError(t, err)
		},
		"quorum": func(t *testing.T) { // N, default 1 plus author = two people
			h := governed(t, strings.Replace(twoPeople, "approvals: 1\n", "", 1))
			require.Equal(t, 1, h.propose("> 2%").Need.Approvals)
			h = governed(t, strings.Replace(twoPeople, "approvals: 1", "approvals: 2", 1))
			p := h.propose("> 2%")
			p, err := h.Approve(h.otto(), p.ID, p.Hash, "")
			require.NoError(t, err)
			require.NotEqual(t, "applied", p.State)
			p, err = h.Approve(h.as("olga", access.Owner), p.ID, p.Hash, "")
			require.NoError(t, err)
			require.Equal(t, "applied", p.State)
		},
		"self-approval": func(t *testing.T) { // never for policies marked regulated; the attempt is audited
			h := governed(t, strings.Replace(twoPeople, "regulated: true", "allow_author: true", 1))
			p := h.propose("> 2%")
			_, err := h.Approve(h.ana(), p.ID, p.Hash, "")
			require.NoError(t, err, "where it is allowed and nothing is regulated")
			p, err = h.Propose(h.ana(), draft("x", kpiDoc("efile", "> 4%", "regulated: true\n")), "page")
			require.NoError(t, err)
			_, err = h.Approve(h.ana(), p.ID, p.Hash, "")
			kindOf(t, fault.Forbidden, err)
			require.Len(t, h.deniedOf("approve"), 1)
		},
		"states": func(t *testing.T) { // same + scheduled, superseded, emergency
			for name, test := range map[string]func(*testing.T){
				"approved, applied": TestTheAuthorNeverApprovesAndASecondPersonDoes, "rejected": TestRejectAndCancel, "expired": TestNobodyDecides,
				"failed": TestAFailingBuildLeavesTheOldInForce, "scheduled": TestScheduledChangeHoldsFromItsInstant, "superseded": TestTheSameWishIsSuperseded,
			} {
				t.Run(name, test)
			}
		},
		"reject": func(t *testing.T) { // reason required; approve comment optional
			h := governed(t, twoPeople)
			p := h.propose("> 2%")
			_, err := h.Reject(h.otto(), p.ID, "")
			kindOf(t, fault.Invalid, err)
			_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
			require.NoError(t, err)
		},
		"staleness": TestStaleIsRefusedAndRebased,
		"cancel": func(t *testing.T) { // only by the author; blocked once somebody approved, unless stale
			h := governed(t, strings.Replace(twoPeople, "approvals: 1", "approvals: 2", 1))
			p, other := h.propose("> 2%"), h.propose("> 4%")
			_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
			require.NoError(t, err)
			_, err = h.Cancel(h.ana(), p.ID, "x")
			kindOf(t, fault.Conflict, err)
			for _, who := range []string{"otto", "olga"} {
				_, err = h.Approve(h.as(who, access.Owner), other.ID, other.Hash, "")
				require.NoError(t, err)
			}
			require.True(t, h.get(p.ID).Stale)
			_, err = h.Cancel(h.ana(), p.ID, "x")
			require.NoError(t, err)
		},
		"bypass":   TestEmergency,
		"evidence": TestBackTestIsEvidence,
		"agents": func(t *testing.T) { // agents may propose, never approve
			h := governed(t, twoPeople)
			agent := h.principal(access.Principal{ID: "u-ana", Name: "ana's agent", Kind: access.KindToken, Agent: true, SignedInAt: h.clock.Load(), Grants: []access.Grant{{Role: access.Analyst}}})
			p, err := h.Propose(agent, draft("x", kpiDoc("efile", "> 2%", "")), "api")
			require.NoError(t, err)
			require.Equal(t, "token", p.Author.Kind)
			q := h.propose("> 4%")
			_, err = h.Approve(agent, q.ID, q.Hash, "")
			kindOf(t, fault.Forbidden, err)
			_, err = h.Reject(agent, q.ID, "no")
			kindOf(t, fault.Forbidden, err)
			_, err = h.Approve(h.ana(), p.ID, p.Hash, "")
			kindOf(t, fault.Forbidden, err) // who holds the agent is its author
		},
	}
	b, err := os.ReadFile("testdata/policy-approval.tsv")
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(b)) {
		topic, _, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(line, "#") || topic == "topic" || strings.TrimSpace(line) == "" {
			continue
		}
		n++
		require.Contains(t, rows, topic)
		t.Run(topic, rows[topic])
	}
	require.Equal(t, len(rows), n)
}

func TestScope(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.write("ssa.yaml", strings.ReplaceAll(kpiDoc("ssa", "> 3%", ""), `agency="IRS"`, `agency="SSA"`))
	h.write("approval.yaml", strings.Replace(twoPeople, "[KPI]", "[Route]", 1))
	h.sync()
	irs, ssa := h.as("iris", access.Analyst, `agency="IRS"`), h.as("sam", access.Analyst, `agency="SSA"`)
	ps, err := h.Policies(irs, govern.PolicyFilter{})
	require.NoError(t, err)
	require.Len(t, ps, 1)
	require.Equal(t, "efile", ps[0].Name)
	for _, do := range []func() error{
		func() error { _, err := h.Policy(ssa, "KPI", "efile"); return err },
		func() error { _, err := h.Revisions(ssa, "KPI", "efile"); return err },
		func() error { _, err := h.Feedback(ssa, "efile"); return err },
		func() error { _, err := h.GiveFeedback(ssa, govern.Feedback{KPI: "efile", Relevant: "no"}); return err },
		func() error { _, err := h.CompleteReview(ssa, "KPI", "efile", ""); return err },
		func() error { _, err := h.Revert(ssa, "KPI", "efile", 1, "x"); return err },
	} {
		kindOf(t, fault.NotFound, do())
	}
	p, err := h.Propose(irs, draft("mine", kpiDoc("efile", "> 2%", "")), "page")
	require.NoError(t, err)
	_, err = h.Proposal(ssa, p.ID)
	kindOf(t, fault.NotFound, err)
	list, err := h.Proposals(ssa, govern.ProposalFilter{})
	require.NoError(t, err)
	require.Empty(t, list)
	exported, err := h.Export(ssa, nil)
	require.NoError(t, err)
	require.Len(t, exported, 1)
	rs, err := h.Reviews(ssa)
	require.NoError(t, err)
	require.Len(t, rs, 1)
	_, err = h.Check(ssa, []govern.Text{{Text: kpiDoc("efile", "> 1.1%", "")}})
	kindOf(t, fault.Forbidden, err)

	for name, text := range map[string]string{
		"a KPI of another agency":                  kpiDoc("efile", "> 5%", ""),
		"one's own KPI made to read another's":     strings.ReplaceAll(strings.ReplaceAll(kpiDoc("ssa", "> 3%", ""), `agency="IRS"`, `agency="IRS"`), "period: 1m", "labels: {agency: SSA}\nperiod: 1m"),
		"a new KPI over everything, labelled mine": strings.ReplaceAll(strings.ReplaceAll(kpiDoc("all", "> 3%", ""), `,agency="IRS"`, ""), "period: 1m", "labels: {agency: SSA}\nperiod: 1m"),
		"half of it another's":                     strings.Replace(kpiDoc("half", "> 3%", ""), `agency="IRS"`, `agency="SSA"`, 1),
		"an expr over another's KPI":               "kind: KPI\nname: spy\nowner: a@b.example\nunit: ratio\nlabels: {agency: SSA}\nindicator: {expr: \"x\", inputs: {x: efile}}\nthresholds: {red: \"> 1\"}\n",
		"a promql of everything":                   "kind: KPI\nname: spy\nowner: a@b.example\nunit: ratio\nlabels: {agency: SSA}\nindicator: {promql: \"sum(up)\"}\nthresholds: {red: \"> 1\"}\n",
		"an approval":                              strings.Replace(twoPeople, "two-people", "three", 1),
	} {
		t.Run(name, func(t *testing.T) {
			n := len(h.deniedOf("propose"))
			_, err := h.Propose(ssa, draft("x", text), "page")
			kindOf(t, fault.Forbidden, err)
			require.Len(t, h.deniedOf("propose"), n+1)
		})
	}
	_, err = h.Propose(h.as("vera", access.Viewer), draft("x", kpiDoc("efile", "> 5%", "")), "page")
	kindOf(t, fault.Forbidden, err)
	_, err = h.Propose(context.Background(), draft("x", kpiDoc("efile", "> 5%", "")), "page")
	kindOf(t, fault.Unauthorized, err)
}

func TestFeedbackFollowsItsProposal(t *testing.T) {
	h := governed(t, twoPeople)
	f, err := h.GiveFeedback(h.as("vera", access.Viewer), govern.Feedback{KPI: "efile", Relevant: "yes", Accurate: "no", Comment: "3 % is too late"})
	require.NoError(t, err)
	require.Equal(t, "open", f.State)
	require.Equal(t, 1, h.policy("efile").Feedback)
	d := draft("as vera says", kpiDoc("efile", "> 2%", ""))
	d.Feedback = []int64{f.ID}
	p, err := h.Propose(h.ana(), d, "feedback")
	require.NoError(t, err)
	require.Equal(t, []int64{f.ID}, p.Feedback)
	state := func() govern.Feedback {
		fs, err := h.Feedback(h.ana(), "efile")
		require.NoError(t, err)
		return fs[0]
	}
	require.Equal(t, "proposed", state().State)
	require.Equal(t, p.ID, state().Proposal)
	_, err = h.Propose(h.ana(), d, "feedback")
	kindOf(t, fault.Conflict, err)
	_, err = h.Reject(h.otto(), p.ID, "no")
	require.NoError(t, err)
	require.Equal(t, "open", state().State)
	require.Zero(t, state().Proposal)
	p, err = h.Propose(h.ana(), d, "feedback")
	require.NoError(t, err)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, "changed", state().State)
	_, err = h.AnswerFeedback(h.as("vera", access.Viewer), f.ID, "x")
	kindOf(t, fault.Forbidden, err)
	got, err := h.AnswerFeedback(h.otto(), f.ID, "thank you")
	require.NoError(t, err)
	require.Equal(t, "closed", got.State)
	require.Zero(t, h.policy("efile").Feedback)
	_, err = h.GiveFeedback(h.ana(), govern.Feedback{KPI: "efile"})
	kindOf(t, fault.Invalid, err)
	_, err = h.GiveFeedback(h.ana(), govern.Feedback{KPI: "efile", Relevant: "perhaps"})
	kindOf(t, fault.Invalid, err)
}

func TestReviews(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", "review_every: 90d\n"))
	h.write("never.yaml", kpiDoc("never", "> 3%", "review_every: 0\n"))
	h.sync()
	one := func() govern.Review {
		rs, err := h.Reviews(h.otto())
		require.NoError(t, err)
		require.Len(t, rs, 1)
		return rs[0]
	}
	require.Equal(t, "ok", one().State)
	h.pass(77 * 24 * time.Hour)
	require.Equal(t, "soon", one().State)
	h.pass(20 * 24 * time.Hour)
	require.Equal(t, "overdue", one().State)
	require.Equal(t, "overdue", h.policy("efile").ReviewState)
	require.Equal(t, "none", h.policy("never").ReviewState)
	h.Due()
	_, err := h.CompleteReview(h.as("dev", access.Developer), "KPI", "efile", "")
	kindOf(t, fault.Forbidden, err)
	r, err := h.CompleteReview(h.otto(), "KPI", "efile", "still right")
	require.NoError(t, err)
	require.Equal(t, "ok", r.State)
	require.Equal(t, "still right", one().Note)
	require.Equal(t, "otto", one().ReviewedBy.Name)
	require.Equal(t, h.clock.Load()+90*24*3600_000, one().DueAt)
	require.Len(t, h.records("review"), 2, "one denied, one done")
}

func TestCheckSaysWhatATextWouldBe(t *testing.T) {
	h := governed(t, twoPeople)
	c, err := h.Check(h.ana(), []govern.Text{{Text: kpiDoc("efile", "> 2%", "")}})
	require.NoError(t, err)
	require.Empty(t, c.Findings)
	require.Equal(t, 1, c.Need.Approvals)
	require.NotEmpty(t, c.Changes[0].Sentences)
	c, err = h.Check(h.ana(), []govern.Text{{Text: strings.Replace(kpiDoc("efile", "> 2%", ""), "thresholds:", "tresholds:", 1)}})
	require.NoError(t, err)
	require.NotEmpty(t, c.Findings)
	require.NotZero(t, c.Findings[0].Line)
	_, err = h.Propose(h.ana(), draft("x", "kind: KPI\nname: x\n"), "api")
	kindOf(t, fault.Invalid, err)
	_, err = h.Propose(h.ana(), draft("x", kpiDoc("efile", "> 3%", "# only a comment\n")), "api")
	kindOf(t, fault.Invalid, err)
	require.ErrorContains(t, err, "nothing would change")
}

func TestMerge(t *testing.T) {
	for _, tt := range []struct{ name, base, theirs, ours, want string }{
		{"neighbouring lines", "a: 1\nb: 2\nc: 3\n", "a: 9\nb: 2\nc: 3\n", "a: 1\nb: 8\nc: 3\n", "a: 9\nb: 8\nc: 3\n"},
		{"one line, two words", "t: {yellow: \"> 1%\", red: \"> 3%\"}\n", "t: {yellow: \"> 2%\", red: \"> 3%\"}\n", "t: {yellow: \"> 1%\", red: \"> 4%\"}\n", "t: {yellow: \"> 2%\", red: \"> 4%\"}\n"},
		{"the same on both sides", "a: 1\n", "a: 2\n", "a: 2\n", "a: 2\n"},
		{"both add a line", "a: 1\n", "a: 1\nb: 2\n", "c: 0\na: 1\n", "c: 0\na: 1\nb: 2\n"},
		{"one removes, one changes elsewhere", "a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", "a: 1\nb: 2\nc: 4\n", "a: 1\nc: 4\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, torn := govern.Merge(tt.base, tt.theirs, tt.ours)
			require.Empty(t, torn)
			require.Equal(t, tt.want, got)
			got, torn = govern.Merge(tt.base, tt.ours, tt.theirs)
			require.Empty(t, torn)
			require.Equal(t, tt.want, got)
		})
	}
	for name, x := range map[string][3]string{
		"one value":              {"red: \"> 3%\"\n", "red: \"> 2%\"\n", "red: \"> 2.5%\"\n"},
		"removed and changed":    {"a: 1\nb: 2\n", "a: 1\n", "a: 1\nb: 3\n"},
		"two lines at one place": {"a: 1\n", "a: 1\nb: 2\n", "a: 1\nb: 3\n"},
		"both new from no text":  {"", "a: 1\n", "a: 2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, torn := govern.Merge(x[0], x[1], x[2])
			require.NotEmpty(t, torn)
		})
	}
}
