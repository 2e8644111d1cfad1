package govern_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
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
