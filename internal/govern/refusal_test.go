package govern_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
)

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
