package evaluate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// TestApplyWithCommitsBetweenBuildingAndSwapping: what the one who governs could not write down does not come into force.
func TestApplyWithCommitsBetweenBuildingAndSwapping(t *testing.T) {
	old := errorRate(t)
	h := newHouse(t, old)
	svc := service{h: h}
	for n := range 5 {
		svc.minute(n, 980, 20)
	}
	require.Equal(t, kpi.Yellow, h.light(old.Name))
	changed := errorRate(t)
	changed.Hash, changed.Number, changed.Thresholds.Yellow = "2", 7, atMost(0.5)
	h.now = t0.Add(5*time.Minute + 20*time.Second)

	full := errors.New("the disk is full")
	err := h.engine.ApplyWith(t.Context(), []*kpi.KPI{changed}, func(map[string]int64) error { return full })
	require.ErrorIs(t, err, full)
	s, _ := h.engine.Status(old.Name)
	require.Equal(t, 1, s.Revision)
	require.Equal(t, "1", s.KPI.Hash)
	revisions, err := h.ledger.Revisions(t.Context(), old.Name)
	require.NoError(t, err)
	require.Len(t, revisions, 1)

	var effective map[string]int64
	require.NoError(t, h.engine.ApplyWith(t.Context(), []*kpi.KPI{changed}, func(at map[string]int64) error {
		effective = at
		revisions, err := h.ledger.Revisions(t.Context(), old.Name)
		require.NoError(t, err)
		require.Len(t, revisions, 1, "the ledger learns of a revision when it is certain")
		return nil
	}))
	boundary := t0.Add(6 * time.Minute).UnixMilli()
	require.Equal(t, map[string]int64{old.Name: boundary}, effective)
	revisions, err = h.ledger.Revisions(t.Context(), old.Name)
	require.NoError(t, err)
	require.Equal(t, []ledger.Revision{{Number: 7, Hash: "2", EffectiveFrom: boundary, Shape: changed.Shape()}, revisions[1]}, revisions)

	svc.minute(5, 980, 20)
	h.to(6*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Yellow, h.light(old.Name), "the running period ends under the old revision")
	svc.minute(6, 980, 20)
	h.to(7*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Green, h.light(old.Name))
	moves, err := h.ledger.Transitions(t.Context(), ledger.Filter{KPI: old.Name})
	require.NoError(t, err)
	require.Equal(t, 7, moves[0].Revision, "what a transition was judged by")
	judged, err := h.ledger.LastRevision(t.Context(), old.Name, boundary, h.now.UnixMilli())
	require.NoError(t, err)
	require.Equal(t, 7, judged, "what a datapoint was judged by")

	other := errorRate(t)
	other.Hash, other.Number = "3", 7
	err = h.engine.Apply(t.Context(), []*kpi.KPI{other})
	require.Equal(t, fault.Conflict, fault.KindOf(err), "%v", err)

	require.NoError(t, h.engine.ApplyWith(t.Context(), nil, func(at map[string]int64) error {
		effective = at
		return nil
	}))
	require.Equal(t, map[string]int64{old.Name: t0.Add(7 * time.Minute).UnixMilli()}, effective, "a removed KPI ends with what is closed")
}

// TestANumberThatNeverJudgedMayBeGivenAgain: two changes within one period leave a revision without datapoints.
func TestANumberThatNeverJudgedMayBeGivenAgain(t *testing.T) {
	h := newHouse(t, errorRate(t))
	svc := service{h: h}
	for n := range 3 {
		svc.minute(n, 980, 20)
	}
	for _, hash := range []string{"2", "3", "3"} {
		k := errorRate(t)
		k.Hash, k.Number = hash, 2
		require.NoError(t, h.engine.Apply(t.Context(), []*kpi.KPI{k}))
	}
	revisions, err := h.ledger.Revisions(t.Context(), errorRate(t).Name)
	require.NoError(t, err)
	require.Len(t, revisions, 2)
	require.Equal(t, "3", revisions[0].Hash)

	// A kill before the boundary: the new revision finds a past that another has judged.
	k := errorRate(t)
	k.Hash, k.Number, k.Thresholds.Yellow = "3", 2, atMost(0.5)
	h.kpis = []*kpi.KPI{k}
	before, err := h.ledger.Transitions(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	h.restart(time.Second)
	after, err := h.ledger.Transitions(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Equal(t, len(before), len(after), "a revision judges no period that ended before it")
}
