package alert_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/statestore"
)

// again stops a room and opens the next over the same state, with what the engine says at start.
func (h *house) again(dir, cfg string, signals ...kpi.PageSignal) *house {
	h.t.Helper()
	h.stop()
	next := open(h.t, dir, cfg)
	if len(signals) > 0 {
		next.signal(signals...)
	}
	next.run()
	return next
}

// TestRestart: a group that is still red is not told twice, a silence stays, and the end is told after the restart.
func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [kpi, service], group_interval: 5m")
		h := run(t, dir, cfg)
		a, quiet := red(errorRate(), "mef", 0.084, time.Now()), red(errorRate(), "ides", 0.05, time.Now())
		id := h.silence("ides", 24*time.Hour)
		h.signal(a, quiet)
		pass(time.Minute)
		require.Len(t, subjects(box.all()), 1)
		for range 3 {
			h = h.again(dir, cfg, a, quiet)
			pass(10 * time.Minute)
			require.Len(t, subjects(box.all()), 1)
			require.Equal(t, id, h.left("silenced")[0].Rule[len("silence "):][:len(id)])
		}
		defer h.stop()
		h.signal(over(a, 0))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
	})
}

// TestRestartBeforeTheEndWasTold: an alert ended, and before the flush that tells of it we were stopped. The end is told
// afterwards, and the next breach is a page and not taken for the one that people know of.
func TestRestartBeforeTheEndWasTold(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m")
		h := run(t, dir, cfg)
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a)
		pass(time.Minute)
		h.signal(over(a, 0.001))
		h = h.again(dir, cfg)
		pass(time.Minute)
		require.Len(t, subjects(box.all()), 2)
		require.Equal(t, "[On target] 1040 e-file error rate is 0.10 %, after 60 s service=mef", box.all()[1].Subject)
		h = h.again(dir, cfg)
		defer h.stop()
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 2, "the end is told once")
		h.signal(red(errorRate(), "mef", 0.05, time.Now()))
		pass(0)
		require.Len(t, subjects(box.all()), 3)
	})
}

// TestDisowned: an alert that the engine does not tell of after a restart has ended while we were down, or its KPI is gone.
func TestDisowned(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [service], group_interval: 5m")
		h := run(t, dir, cfg)
		a, b := red(errorRate(), "mef", 0.084, time.Now()), red(errorRate(), "ides", 0.05, time.Now())
		h.signal(a, b)
		pass(time.Minute)
		require.Len(t, subjects(box.all()), 2)
		h = h.again(dir, cfg, a)
		defer h.stop()
		require.Len(t, h.Active(t.Context()), 2)
		pass(time.Minute)
		require.Len(t, h.Active(t.Context()), 1)
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 3)
		end := box.all()[2]
		require.Equal(t, "[Ended] 1040 e-file error rate, after 2 min service=ides", end.Subject)
		require.Contains(t, end.Text, "It ended while signalbox was not running")
		require.NotContains(t, end.Text, "5 %", "what it was when it fired is not what it is now")
	})
}

// TestPushed: alerts that others push, and those of rule files, survive a restart, time out, and their end is told.
func TestPushed(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [alertname], group_interval: 5m")
		h := run(t, dir, cfg)
		push := func(name string, starts time.Time) *amalert.Alert {
			x := &amalert.Alert{UpdatedAt: time.Now(), Timeout: true}
			x.Labels = model.LabelSet{"alertname": model.LabelValue(name), "job": "x"}
			x.StartsAt, x.EndsAt = starts, time.Now().Add(10*time.Minute)
			return x
		}
		start := time.Now()
		require.NoError(t, h.Provider().Put(t.Context(), push("DiskFull", start)))
		require.NoError(t, h.Put(t.Context(), []*amalert.Alert{push("FromARule", start)}))
		pass(time.Minute)
		require.ElementsMatch(t, []string{"[Firing] DiskFull job=x", "[Firing] FromARule job=x"}, subjects(box.all()))
		require.NoError(t, h.Provider().Put(t.Context(), push("DiskFull", time.Now()))) // the sender says another start
		h = h.again(dir, cfg)
		shown := h.Active(t.Context())
		require.Len(t, shown, 2)
		require.True(t, shown[0].StartsAt.Equal(start) && shown[1].StartsAt.Equal(start), "the first start counts")
		pass(2 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
		h.stop()
		pass(time.Hour) // they time out while we are down
		h = open(t, dir, cfg)
		h.run()
		pass(time.Minute)
		require.ElementsMatch(t, []string{"[Resolved] DiskFull job=x", "[Resolved] FromARule job=x"}, subjects(box.all()[2:]))
		h = h.again(dir, cfg)
		defer h.stop()
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 4)
		var kept int
		require.NoError(t, h.db.SQL().QueryRow(`SELECT count(*) FROM alert`).Scan(&kept))
		require.Zero(t, kept, "what is over is forgotten at the next start")
	})
}

// TestStateGone: a state database that cannot be written makes Log fail and a silence an error, and people are told all the
// same, once.
func TestStateGone(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
		require.NoError(t, h.db.Close())
		require.ErrorContains(t, h.Signal(t.Context(), []kpi.PageSignal{red(errorRate(), "mef", 0.084, time.Now())}), "write alerts")
		pass(30 * time.Minute)
		require.Len(t, subjects(box.all()), 1, "no reason to let people sleep")
		_, err := h.SetSilence(t.Context(), &silencepb.Silence{
			MatcherSets: []*silencepb.MatcherSet{{Matchers: []*silencepb.Matcher{{Name: "service", Pattern: "x"}}}}, EndsAt: timestamppb.New(time.Now().Add(time.Hour))})
		require.ErrorContains(t, err, "write the silence")
		require.ErrorContains(t, h.Durably(t.Context(), func() {}), "write the silence", "a change that is not written is not forgotten")
		require.Error(t, h.Provider().Put(t.Context(), &amalert.Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "x"}, StartsAt: time.Now()}}))
		h.stop()
	})
}

// TestClockSetBack: who was told, it says, was told in the future. They are not told at every flush until then.
func TestClockSetBack(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m")
		h := run(t, dir, cfg)
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a)
		pass(0)
		h.stop()
		db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
		require.NoError(t, err)
		require.NoError(t, db.Tx(t.Context(), func(tx *sql.Tx) error {
			var entry, later bytes.Buffer
			var raw []byte
			if err := tx.QueryRow(`SELECT entry FROM told`).Scan(&raw); err != nil {
				return err
			}
			entry.Write(raw)
			var e nflogpb.MeshEntry
			if err := protodelim.UnmarshalFrom(&entry, &e); err != nil {
				return err
			}
			e.Entry.Timestamp = timestamppb.New(time.Now().Add(3 * time.Hour))
			if _, err := protodelim.MarshalTo(&later, &e); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE told SET entry = ?`, later.Bytes())
			return err
		}))
		require.NoError(t, db.Close())

		h = open(t, dir, cfg)
		h.signal(a, red(errorRate(), "ides", 0.05, time.Now()))
		h.run()
		defer h.stop()
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 2)
	})
}

// TestOlderState: alerts that an older version kept are taken over.
func TestOlderState(t *testing.T) {
	dir := t.TempDir()
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	first, err := os.ReadFile("migrations/0001_alert.sql")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "alert", fstest.MapFS{"0001_alert.sql": {Data: first}}))
	require.NoError(t, db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO pushed (fingerprint, alert) VALUES ('x', '{"labels":{"alertname":"DiskFull"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2200-01-01T00:00:00Z"}')`)
		return err
	}))
	require.NoError(t, db.Close())
	h := run(t, dir, nobodyListens)
	require.Len(t, h.Active(t.Context()), 1)
}
