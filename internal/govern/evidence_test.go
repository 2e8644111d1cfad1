package govern_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
)

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
