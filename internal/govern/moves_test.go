package govern_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

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
