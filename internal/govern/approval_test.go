package govern_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
)

// governed is a house where a KPI change takes a second person.
func governed(t testing.TB, approval string, options ...func(*govern.Options)) *house {
	h := newHouse(t, options...)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.write("approval.yaml", approval)
	h.sync()
	require.Len(t, h.InForce(), 2)
	return h
}

func (h *house) propose(red string) govern.Proposal {
	h.t.Helper()
	p, err := h.Propose(h.ana(), draft("3 % is too lax", kpiDoc("efile", red, "")), "page")
	require.NoError(h.t, err)
	return p
}

func (h *house) get(id int64) govern.Proposal {
	h.t.Helper()
	p, err := h.Proposal(h.ana(), id)
	require.NoError(h.t, err)
	return p
}

func kindOf(t testing.TB, kind fault.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, kind, fault.KindOf(err), "%v", err)
}

// deniedOf returns the reasons of the refused attempts.
func (h *house) deniedOf(action string) []string {
	h.t.Helper()
	rs, err := h.audit.Find(h.t.Context(), audit.Filter{Action: action, Outcome: audit.Denied, Limit: 1000})
	require.NoError(h.t, err)
	var out []string
	for _, r := range rs {
		out = append(out, r.Actor.Name+": "+r.Reason)
	}
	return out
}

func TestTheAuthorNeverApprovesAndASecondPersonDoes(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	require.Equal(t, "draft", p.State)
	require.Equal(t, "Needs 1 approval by analyst or owner", p.Need.Sentence)
	require.NotContains(t, p.May, "approve")
	require.Contains(t, p.MayNo["approve"], "another person must approve it")
	require.Equal(t, []string{"KPI/efile"}, refs(p))
	require.NotEmpty(t, p.Changes[0].Diff)
	require.NotEmpty(t, p.Changes[0].Sentences)
	require.True(t, p.Changes[0].Judges)

	_, err := h.Approve(h.ana(), p.ID, p.Hash, "")
	kindOf(t, fault.Forbidden, err)
	require.Len(t, h.deniedOf("approve"), 1)
	require.Contains(t, h.deniedOf("approve")[0], "ana had a hand in proposal")

	p, err = h.Approve(h.otto(), p.ID, p.Hash, "agreed")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
	require.Len(t, p.Votes, 1)
	require.True(t, p.Votes[0].Counts)
	got, err := h.Policy(h.otto(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, 2, got.Revision)
	require.Equal(t, "otto", got.Approvers[0].Name)
	require.Contains(t, h.file("efile.yaml"), `red: "> 2.5%"`)
	require.Equal(t, "same", got.FileState)
}

func refs(p govern.Proposal) []string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, c.Kind+"/"+c.Name)
	}
	return out
}

// TestWhoMayNotApprove is each reason for which an approval is refused, each with a record.
func TestWhoMayNotApprove(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	person := func(name string, kind access.Kind, agent bool, role access.Role, ago time.Duration) context.Context {
		return h.principal(access.Principal{ID: "u-" + name, Name: name, Kind: kind, Agent: agent, SignedInAt: h.clock.Load() - ago.Milliseconds(), Grants: []access.Grant{{Role: role}}})
	}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		want string
	}{
		{"a token", person("bot", access.KindToken, false, access.Owner, 0), "propose and never approve"},
		{"an agent", person("agent", access.KindToken, true, access.Admin, 0), "propose and never approve"},
		{"an agent that says it is a person", person("agent", access.KindPerson, true, access.Admin, 0), "propose and never approve"},
		{"the start's token", h.principal(access.Administrator(access.ViaBearer)), "takes a person"},
		{"the house", h.principal(access.System("schedule")), "takes a person"},
		{"a viewer", person("vera", access.KindPerson, false, access.Viewer, 0), "may not approve"},
		{"a developer", person("dev", access.KindPerson, false, access.Developer, 0), "may not approve"},
		{"an auditor", person("audrey", access.KindPerson, false, access.Auditor, 0), "may not approve"},
		{"an administrator who is not asked", person("adam", access.KindPerson, false, access.Admin, 0), "is not"},
		{"an owner who signed in long ago", person("olga", access.KindPerson, false, access.Owner, 3*time.Hour), "personal sign-in"},
		{"the author's token", h.principal(access.Principal{ID: "u-ana", Name: "ana", Kind: access.KindToken, Grants: []access.Grant{{Role: access.Analyst}}}), "never approve"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(h.deniedOf("approve"))
			_, err := h.Approve(tt.ctx, p.ID, p.Hash, "")
			kindOf(t, fault.Forbidden, err)
			require.Contains(t, err.Error(), tt.want)
			require.Len(t, h.deniedOf("approve"), before+1)
			require.Equal(t, "draft", h.get(p.ID).State)
		})
	}
	t.Run("a scoped owner of something else sees nothing", func(t *testing.T) {
		_, err := h.Approve(h.as("sam", access.Owner, `agency="SSA"`), p.ID, p.Hash, "")
		kindOf(t, fault.NotFound, err)
	})
	t.Run("the confirmation is told apart", func(t *testing.T) {
		_, err := h.Approve(person("olga", access.KindPerson, false, access.Owner, 3*time.Hour), p.ID, p.Hash, "")
		require.ErrorIs(t, err, govern.ErrConfirm)
	})
	t.Run("another text than the one read", func(t *testing.T) {
		_, err := h.Approve(h.otto(), p.ID, strings.Repeat("0", 64), "")
		kindOf(t, fault.Conflict, err)
	})
	p, err := h.Approve(h.as("iris", access.Owner, `agency="IRS"`), p.ID, p.Hash, "")
	require.NoError(t, err, "an owner of exactly this agency may")
	require.Equal(t, "applied", p.State)
}

func TestEverybodyWhoEditedIsAnAuthor(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	first := p.Hash
	d := draft("2.4 % is better", kpiDoc("efile", "> 2.4%", ""))
	d.Base = p.Hash
	p, err := h.Edit(h.otto(), p.ID, d)
	require.NoError(t, err)
	require.Equal(t, "otto", p.Editors[0].Name)
	require.NotEqual(t, first, p.Hash)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	kindOf(t, fault.Forbidden, err)
	_, err = h.Edit(h.ana(), p.ID, d)
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "changed by somebody else")

	p, err = h.Approve(h.as("olga", access.Owner), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
}

func TestAnEditVoidsVotesAndEvidence(t *testing.T) {
	h := governed(t, strings.Replace(twoPeople, "approvals: 1", "approvals: 2", 1), backTests(nil))
	stop := h.run()
	p := h.propose("> 2.5%")
	p, err := h.Test(h.ana(), p.ID, 7)
	require.NoError(t, err)
	h.until(func() bool { return h.get(p.ID).State == "tested" })
	p, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, 1, p.Need.Given)
	require.Equal(t, "Needs 1 more approval by analyst or owner", p.Need.Sentence)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "already")

	p, err = h.Edit(h.ana(), p.ID, draft("2.4 %", kpiDoc("efile", "> 2.4%", "")))
	require.NoError(t, err)
	require.Equal(t, "draft", p.State)
	require.Zero(t, p.Need.Given)
	require.False(t, p.Votes[0].Counts)
	require.Contains(t, p.Votes[0].Why, "changed after this vote")
	require.False(t, p.Evidence.Current)
	p, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	titled := draft("2.4 %", kpiDoc("efile", "> 2.4%", ""))
	titled.Title = "A better title"
	p, err = h.Edit(h.ana(), p.ID, titled)
	require.NoError(t, err)
	require.Equal(t, 1, p.Need.Given, "another title alone is the same wish")
	p, err = h.Edit(h.ana(), p.ID, draft("for another reason", kpiDoc("efile", "> 2.4%", "")))
	require.NoError(t, err)
	require.Zero(t, p.Need.Given, "another reason is another wish")
	for _, who := range []context.Context{h.otto(), h.as("olga", access.Owner)} {
		p, err = h.Approve(who, p.ID, p.Hash, "")
		require.NoError(t, err)
	}
	require.Equal(t, "applied", p.State)
	stop()
}

// backTests gives the room a back-test that answers at once, or waits for its cue.
func backTests(cue chan struct{}) func(*govern.Options) {
	return func(o *govern.Options) {
		o.BackTest = func(ctx context.Context, old, new *kpi.KPI, from, to int64, progress func(float64)) (json.RawMessage, string, error) {
			progress(0.5)
			if cue != nil {
				select {
				case <-cue:
				case <-ctx.Done():
					return nil, "", ctx.Err()
				}
			}
			return json.RawMessage(`{"kpi":"x"}`), "Two more pages in 30 days.", nil
		}
	}
}

// run runs the room until the returned function is called.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = h.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

// until waits for something that another goroutine brings about.
func (h *house) until(ok func() bool) {
	h.t.Helper()
	require.Eventually(h.t, ok, time.Minute, time.Millisecond)
}

func TestStaleIsRefusedAndRebased(t *testing.T) {
	h := governed(t, twoPeople)
	mine := h.propose("> 2.5%")
	other, err := h.Propose(h.ana(), draft("owner moved", strings.Replace(kpiDoc("efile", "> 3%", ""), "oncall@irs.example", "efile@irs.example", 1)), "api")
	require.NoError(t, err)
	_, err = h.Approve(h.otto(), other.ID, other.Hash, "")
	require.NoError(t, err)

	got := h.get(mine.ID)
	require.True(t, got.Stale)
	require.Contains(t, got.StaleWhy, "KPI/efile is at revision 2, the proposal starts from 1")
	_, err = h.Approve(h.otto(), mine.ID, got.Hash, "")
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "stale")

	got, err = h.Rebase(h.ana(), mine.ID)
	require.NoError(t, err)
	require.False(t, got.Stale)
	require.Equal(t, 2, got.Changes[0].Base)
	require.Contains(t, got.Changes[0].After, "efile@irs.example")
	require.Contains(t, got.Changes[0].After, "> 2.5%")
	got, err = h.Approve(h.otto(), mine.ID, got.Hash, "")
	require.NoError(t, err)
	require.Equal(t, "applied", got.State)
	require.Contains(t, h.file("efile.yaml"), "efile@irs.example")
	require.Contains(t, h.file("efile.yaml"), "> 2.5%")
}

func TestATrueConflictIsLeftToThePerson(t *testing.T) {
	h := governed(t, twoPeople)
	mine, other := h.propose("> 2.5%"), h.propose("> 2%")
	_, err := h.Approve(h.otto(), other.ID, other.Hash, "")
	require.NoError(t, err)
	_, err = h.Rebase(h.ana(), mine.ID)
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "> 2%")
	require.Equal(t, mine.Hash, h.get(mine.ID).Hash)
	// The way out that the sentence names.
	got, err := h.Edit(h.ana(), mine.ID, draft("2.5 % after all", kpiDoc("efile", "> 2.5%", "")))
	require.NoError(t, err)
	require.False(t, got.Stale)
}

func TestTheSameWishIsSuperseded(t *testing.T) {
	h := governed(t, twoPeople)
	a, b := h.propose("> 2.5%"), h.propose("> 2.5%")
	_, err := h.Approve(h.otto(), b.ID, b.Hash, "")
	require.NoError(t, err)
	got := h.get(a.ID)
	require.Equal(t, "superseded", got.State)
	require.Contains(t, got.Why, "came into force with proposal")
}

func TestTwoApprovalsAtOnce(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	people := make([]context.Context, len(errs))
	for i := range people {
		people[i] = h.as(string(rune('a'+i)), access.Owner)
	}
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.Approve(people[i], p.ID, p.Hash, "") })
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
			continue
		}
		kindOf(t, fault.Conflict, err)
		require.ErrorContains(t, err, "applied")
	}
	require.Equal(t, 1, good)
	rs, err := h.Revisions(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Len(t, rs, 2)
}

func TestRejectAndCancel(t *testing.T) {
	h := governed(t, strings.Replace(twoPeople, "approvals: 1", "approvals: 2", 1))
	p := h.propose("> 2.5%")
	_, err := h.Reject(h.otto(), p.ID, " ")
	kindOf(t, fault.Invalid, err)
	_, err = h.Cancel(h.otto(), p.ID, "no")
	kindOf(t, fault.Forbidden, err)
	_, err = h.Reject(h.ana(), p.ID, "my own")
	kindOf(t, fault.Conflict, err)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	_, err = h.Cancel(h.ana(), p.ID, "changed my mind")
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "rejected, not cancelled")
	p, err = h.Reject(h.as("olga", access.Owner), p.ID, "wait for April")
	require.NoError(t, err)
	require.Equal(t, "rejected", p.State)
	require.Equal(t, "wait for April", p.Why)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	kindOf(t, fault.Conflict, err)

	p = h.propose("> 2.5%")
	p, err = h.Cancel(h.ana(), p.ID, "changed my mind")
	require.NoError(t, err)
	require.Equal(t, "rejected", p.State)
	require.Contains(t, p.Why, "Cancelled by its author")
}

func TestRevertIsANewProposal(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	back, err := h.Revert(h.otto(), "KPI", "efile", 1, "too many pages")
	require.NoError(t, err)
	require.Equal(t, "draft", back.State)
	require.Equal(t, "revert", back.Origin)
	require.Equal(t, p.ID, back.RevertOf)
	back, err = h.Approve(h.ana(), back.ID, back.Hash, "")
	require.NoError(t, err)
	got, err := h.Policy(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, 3, got.Revision)
	require.Contains(t, h.file("efile.yaml"), `red: "> 3%"`)
	_, err = h.Revert(h.otto(), "KPI", "efile", 9, "x")
	kindOf(t, fault.NotFound, err)
}

func TestScheduledChangeHoldsFromItsInstant(t *testing.T) {
	h := governed(t, twoPeople)
	d := draft("from ten o'clock", kpiDoc("efile", "> 2.5%", ""))
	d.EffectiveFrom = time.Date(2026, 4, 14, 10, 0, 0, 0, time.UTC).UnixMilli()
	p, err := h.Propose(h.ana(), d, "page")
	require.NoError(t, err)
	p, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, "scheduled", p.State)
	require.Equal(t, 1, h.InForce()[0].KPI.Number)
	h.Due()
	require.Equal(t, "scheduled", h.get(p.ID).State)
	h.clock.Store(d.EffectiveFrom - 500)
	h.Due()
	require.Equal(t, "applied", h.get(p.ID).State)
	got, err := h.Policy(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, d.EffectiveFrom, got.EffectiveFrom)
}

func TestNobodyDecides(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	require.Equal(t, h.clock.Load()+14*24*3600_000, p.ExpiresAt)
	h.pass(14*24*time.Hour + time.Second)
	h.Due()
	p = h.get(p.ID)
	require.Equal(t, "expired", p.State)
	require.Len(t, h.records("expire"), 1)
	require.Equal(t, "system", h.records("expire")[0].Actor.Kind)
}

func TestEmergency(t *testing.T) {
	hurry := func(h *house) govern.Proposal {
		d := draft("the portal is on fire", kpiDoc("efile", "> 10%", ""))
		d.Emergency = true
		p, err := h.Propose(h.ana(), d, "page")
		require.NoError(h.t, err)
		require.Equal(h.t, "applied", p.State)
		require.True(h.t, p.Emergency)
		return p
	}
	t.Run("approved afterwards it stays", func(t *testing.T) {
		h := governed(t, twoPeople)
		p := hurry(h)
		rs, err := h.Reviews(h.otto())
		require.NoError(t, err)
		require.Equal(t, "emergency", rs[0].State)
		require.Equal(t, p.ID, rs[0].Proposal)
		require.Equal(t, h.clock.Load()+24*3600_000, rs[0].DueAt)
		require.True(t, rs[0].May)
		got, err := h.Policy(h.otto(), "KPI", "efile")
		require.NoError(t, err)
		require.True(t, got.Emergency)
		_, err = h.Approve(h.ana(), p.ID, p.Hash, "")
		kindOf(t, fault.Forbidden, err)
		_, err = h.Approve(h.otto(), p.ID, p.Hash, "right")
		require.NoError(t, err)
		got, err = h.Policy(h.otto(), "KPI", "efile")
		require.NoError(t, err)
		require.False(t, got.Emergency)
		h.pass(25 * time.Hour)
		h.Due()
		require.Equal(t, 2, h.InForce()[0].KPI.Number)
	})
	t.Run("not approved it is taken back", func(t *testing.T) {
		h := governed(t, twoPeople)
		p := hurry(h)
		require.Contains(t, h.file("efile.yaml"), "> 10%")
		h.pass(24*time.Hour + time.Second)
		h.Due()
		got, err := h.Policy(h.otto(), "KPI", "efile")
		require.NoError(t, err)
		require.Equal(t, 3, got.Revision)
		require.Equal(t, "Signalbox", got.Author.Name)
		require.False(t, got.Emergency)
		require.Contains(t, h.file("efile.yaml"), "> 3%")
		require.Contains(t, h.get(p.ID).Why, "Nobody approved")
		require.Len(t, h.records("revert"), 1)
		require.Len(t, h.records("expire"), 1)
		h.Due()
		require.Len(t, h.records("revert"), 1)
	})
	t.Run("rejected it is taken back at once", func(t *testing.T) {
		h := governed(t, twoPeople)
		p := hurry(h)
		p, err := h.Reject(h.otto(), p.ID, "10 % is reckless")
		require.NoError(t, err)
		require.Contains(t, p.Why, "10 % is reckless")
		require.Contains(t, h.file("efile.yaml"), "> 3%")
	})
	t.Run("only who may", func(t *testing.T) {
		h := governed(t, twoPeople)
		d := draft("fire", kpiDoc("efile", "> 10%", ""))
		d.Emergency = true
		for _, who := range []context.Context{h.otto(), h.as("dev", access.Developer), h.as("ina", access.Analyst, `agency="IRS"`), h.principal(access.Administrator(access.ViaBearer))} {
			_, err := h.Propose(who, d, "page")
			kindOf(t, fault.Forbidden, err)
		}
		require.Len(t, h.deniedOf("emergency"), 4)
	})
}

func TestAChangeOfAnApprovalPassesUnderTheOldOne(t *testing.T) {
	h := governed(t, strings.Replace(twoPeople, "kinds: [KPI]", "kinds: [KPI, Approval]", 1))
	p, err := h.Propose(h.ana(), govern.Draft{Reason: "less ado", Documents: []govern.Text{{Remove: "Approval/two-people"}, {Text: kpiDoc("efile", "> 9%", "")}}}, "page")
	require.NoError(t, err)
	require.Equal(t, "draft", p.State, "it is held by the law that it would remove")
	require.Equal(t, 1, p.Need.Approvals)
}

func TestAFailingBuildLeavesTheOldInForce(t *testing.T) {
	h := governed(t, twoPeople)
	p := h.propose("> 2.5%")
	h.buildFails.Store(true)
	_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
	kindOf(t, fault.Conflict, err)
	p = h.get(p.ID)
	require.Equal(t, "failed", p.State)
	require.Contains(t, p.Why, "the window cannot be filled")
	require.Contains(t, h.file("efile.yaml"), "> 3%")
	got, err := h.Policy(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, 1, got.Revision)
	h.buildFails.Store(false)
	require.Contains(t, p.May, "apply")
	p, err = h.Apply(h.ana(), p.ID)
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
}

func TestBackTestIsEvidence(t *testing.T) {
	cue := make(chan struct{})
	h := governed(t, strings.Replace(twoPeople, "regulated: true", "regulated: true\nevidence: required", 1), backTests(cue))
	stop := h.run()
	defer stop()
	p := h.propose("> 2.5%")
	require.True(t, p.Need.Evidence)
	_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
	kindOf(t, fault.Conflict, err)
	require.ErrorContains(t, err, "back-test")
	p, err = h.Test(h.ana(), p.ID, 30)
	require.NoError(t, err)
	require.Equal(t, "running", p.Evidence.State)
	h.until(func() bool { return h.get(p.ID).Evidence.Progress == 0.5 })
	p, err = h.CancelTest(h.ana(), p.ID)
	require.NoError(t, err)
	require.Equal(t, "cancelled", p.Evidence.State)
	_, err = h.CancelTest(h.ana(), p.ID)
	kindOf(t, fault.Conflict, err)

	h.until(func() bool {
		_, err = h.Test(h.ana(), p.ID, 30)
		return err == nil
	})
	close(cue)
	h.until(func() bool { return h.get(p.ID).State == "tested" })
	p = h.get(p.ID)
	require.True(t, p.Evidence.Current)
	require.Equal(t, "Two more pages in 30 days.", p.Evidence.Sentence)
	require.JSONEq(t, `[{"kpi":"x"}]`, string(p.Evidence.Results))
	p, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
}

func TestABackTestThatWasKilledIsCancelled(t *testing.T) {
	h := governed(t, twoPeople, backTests(make(chan struct{})))
	p := h.propose("> 2.5%")
	_, err := h.Test(h.ana(), p.ID, 7)
	require.NoError(t, err)
	h.reopen(backTests(nil))
	p = h.get(p.ID)
	require.Equal(t, "cancelled", p.Evidence.State)
	require.Contains(t, p.May, "test")
}

func TestAuditFailureRefusesEveryChange(t *testing.T) {
	full := "*"
	h := governed(t, twoPeople, backTests(nil))
	open := h.propose("> 2.5%")
	stale := h.propose("> 2.4%")
	other, err := h.Propose(h.ana(), draft("owner", strings.Replace(kpiDoc("efile", "> 3%", ""), "oncall@", "efile@", 1)), "page")
	require.NoError(t, err)
	_, err = h.Approve(h.otto(), other.ID, other.Hash, "")
	require.NoError(t, err)
	open, err = h.Rebase(h.ana(), open.ID)
	require.NoError(t, err)
	fb, err := h.GiveFeedback(h.ana(), govern.Feedback{KPI: "efile", Relevant: "yes"})
	require.NoError(t, err)
	emergency := draft("fire", kpiDoc("efile", "> 9%", ""))
	emergency.Emergency = true
	h.write("efile.yaml", kpiDoc("efile", "> 7%", ""))

	for name, do := range map[string]func() error{
		"Propose": func() error { _, err := h.Propose(h.ana(), draft("x", kpiDoc("new", "> 1%", "")), "api"); return err },
		"Propose at once": func() error {
			_, err := h.Propose(h.ana(), draft("x", "kind: Board\nname: b\npanels: [{text: hello}]\n"), "api")
			return err
		},
		"Propose emergency": func() error {
			_, err := h.Propose(h.ana(), emergency, "api")
			return err
		},
		"Edit": func() error {
			_, err := h.Edit(h.ana(), open.ID, draft("x", kpiDoc("efile", "> 2.2%", "")))
			return err
		},
		"Test":           func() error { _, err := h.Test(h.ana(), open.ID, 7); return err },
		"Approve":        func() error { _, err := h.Approve(h.otto(), open.ID, open.Hash, ""); return err },
		"Reject":         func() error { _, err := h.Reject(h.otto(), open.ID, "no"); return err },
		"Cancel":         func() error { _, err := h.Cancel(h.ana(), open.ID, "no"); return err },
		"Rebase":         func() error { _, err := h.Rebase(h.ana(), stale.ID); return err },
		"Comment":        func() error { _, err := h.Comment(h.ana(), open.ID, "hm"); return err },
		"Revert":         func() error { _, err := h.Revert(h.ana(), "KPI", "efile", 1, "back"); return err },
		"CompleteReview": func() error { _, err := h.CompleteReview(h.ana(), "KPI", "efile", ""); return err },
		"GiveFeedback": func() error {
			_, err := h.GiveFeedback(h.ana(), govern.Feedback{KPI: "efile", Relevant: "no"})
			return err
		},
		"AnswerFeedback": func() error { _, err := h.AnswerFeedback(h.ana(), fb.ID, "thanks"); return err },
		"SyncFiles":      func() error { return h.SyncFiles(h.t.Context(), h.read(), true) },
	} {
		t.Run(name, func(t *testing.T) {
			before := h.dump()
			h.auditFails.Store(&full)
			err := do()
			h.auditFails.Store(nil)
			require.Error(t, err)
			require.ErrorContains(t, err, "the disk is full")
			require.Equal(t, before, h.dump(), "nothing was written")
		})
	}
}

// dump is everything that the room keeps, but for what it knows of files.
func (h *house) dump() string {
	h.t.Helper()
	var out strings.Builder
	for _, table := range []string{"revision", "proposal", "change", "vote", "discussion", "evidence", "feedback", "review"} {
		rows, err := h.db.SQL().Query("SELECT * FROM govern_" + table)
		require.NoError(h.t, err)
		cols, err := rows.Columns()
		require.NoError(h.t, err)
		for rows.Next() {
			vs := make([]any, len(cols))
			for i := range vs {
				vs[i] = new(any)
			}
			require.NoError(h.t, rows.Scan(vs...))
			for _, v := range vs {
				b, _ := json.Marshal(*(v.(*any)))
				out.Write(b)
			}
			out.WriteString("\n")
		}
		require.NoError(h.t, errors.Join(rows.Err(), rows.Close()))
	}
	return out.String()
}
