package govern_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
)

// reachable are the states that can be reached from a state by at most n legal moves.
func reachable(from policy.Standing, n int) map[policy.State]bool {
	out := map[policy.State]bool{from.State: true}
	if n == 0 {
		return out
	}
	for _, e := range policy.Events() {
		if to, err := from.Next(e); err == nil {
			for s := range reachable(to, n-1) {
				out[s] = true
			}
		}
	}
	return out
}

// TestRandomSequences does random things to proposals and holds every move against the pure state machine, and every law
// against what it takes to become one.
func TestRandomSequences(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random(t, uint64(seed))
		})
	}
}

func random(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	h := governed(t, twoPeople, backTests(nil))
	names := []string{"ana", "otto", "olga", "dev"}
	roles := map[string]access.Role{"ana": access.Analyst, "otto": access.Owner, "olga": access.Owner, "dev": access.Developer}
	someone := func() context.Context {
		n := names[r.IntN(len(names))]
		return h.as(n, roles[n])
	}
	text := func() string { return kpiDoc("efile", fmt.Sprintf("> %d%%", 2+r.IntN(5)), "") }
	states := map[int64]govern.Proposal{}
	for range 50 {
		ps, err := h.Proposals(h.ana(), govern.ProposalFilter{})
		require.NoError(t, err)
		var id int64
		var hash string
		if len(ps) > 0 {
			p := ps[r.IntN(min(len(ps), 4))]
			id, hash = p.ID, p.Hash
		}
		who := someone()
		switch r.IntN(13) {
		case 0, 1:
			d := draft("because", text())
			d.Emergency = r.IntN(6) == 0
			if r.IntN(4) == 0 && !d.Emergency {
				d.EffectiveFrom = h.clock.Load() + 3600_000
			}
			_, _ = h.Propose(who, d, "page")
		case 2:
			_, _ = h.Edit(who, id, draft("better", text()))
		case 3, 4, 5:
			_, _ = h.Approve(who, id, hash, "")
		case 6:
			_, _ = h.Reject(who, id, "no")
		case 7:
			_, _ = h.Cancel(who, id, "no")
		case 8:
			_, _ = h.Rebase(who, id)
		case 9:
			_, _ = h.Apply(who, id)
		case 10:
			h.pass([]time.Duration{time.Minute, time.Hour, 25 * time.Hour, 15 * 24 * time.Hour}[r.IntN(4)])
			h.Due()
		case 11:
			h.buildFails.Store(r.IntN(3) == 0)
			h.write("efile.yaml", text())
			_ = h.SyncFiles(t.Context(), h.read(), true)
			h.buildFails.Store(false)
		case 12:
			_, _ = h.Revert(who, "KPI", "efile", 1+r.IntN(3), "back")
		}
		ps, err = h.Proposals(h.ana(), govern.ProposalFilter{Limit: 1000})
		require.NoError(t, err)
		for _, p := range ps {
			was, known := states[p.ID]
			from := policy.Standing{State: policy.Draft}
			if known {
				from = policy.Standing{State: policy.State(was.State), Emergency: was.Emergency}
			}
			if known && was.State == p.State {
				continue
			}
			require.True(t, reachable(from, 3)[policy.State(p.State)], "proposal %d went from %q to %q", p.ID, was.State, p.State)
			states[p.ID] = p
			if p.State != "applied" || p.Emergency || p.Author.Kind == "system" {
				continue
			}
			given := []string{}
			for _, v := range p.Votes {
				if v.Counts && v.Verdict == "approve" {
					given = append(given, v.Who.ID)
					require.NotEqual(t, p.Author.ID, v.Who.ID)
					require.False(t, slices.ContainsFunc(p.Editors, func(e govern.Who) bool { return e.ID == v.Who.ID }))
					require.Equal(t, p.Hash, v.Hash)
				}
			}
			require.NotEmpty(t, given, "proposal %d became law without a second person", p.ID)
		}
		rs, err := h.Revisions(h.ana(), "KPI", "efile")
		require.NoError(t, err)
		for i, rev := range rs {
			require.Equal(t, len(rs)-i, rev.Number, "numbers without gaps")
		}
		for _, d := range h.InForce() {
			if d.KPI != nil {
				require.Equal(t, rs[0].Number, d.KPI.Number)
				require.Equal(t, rs[0].Hash, d.Hash)
			}
		}
		require.Equal(t, h.InForce(), *h.machine.Load())
	}
	before := h.InForce()
	h.reopen(backTests(nil))
	require.Equal(t, len(before), len(h.InForce()))
	for i, d := range h.InForce() {
		require.Equal(t, before[i].Hash, d.Hash)
	}
}
