package alert

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/statestore"
)

// TestNotify holds each row of alertmanager-notify.tsv to the decision that is taken over our durable log, read anew from
// the state database.
func TestNotify(t *testing.T) {
	raw, err := os.ReadFile("testdata/alertmanager-notify.tsv")
	require.NoError(t, err)
	type told1 struct{ firing, resolved []string }
	// How each row's condition comes about: what was told, what is now, how long ago it was told.
	set := map[string]struct {
		entry            *told1
		firing, resolved []string
		noResolved       bool // send_resolved: false
		later            time.Duration
		reason           notify.NotifyReason
	}{
		"1": {firing: []string{"a"}, reason: notify.ReasonFirstNotification},
		"2": {resolved: []string{"a"}, reason: notify.ReasonDoNotNotify},
		"3": {entry: &told1{resolved: []string{"a"}}, firing: []string{"a"}, reason: notify.ReasonFirstNotification},
		"4": {entry: &told1{firing: []string{"a"}}, firing: []string{"a", "b"}, reason: notify.ReasonNewAlertsInGroup},
		"5": {entry: &told1{firing: []string{"a"}}, resolved: []string{"a"}, noResolved: true, reason: notify.ReasonAllAlertsResolved},
		"6": {entry: &told1{resolved: []string{"a"}}, resolved: []string{"b"}, reason: notify.ReasonDoNotNotify},
		"7": {entry: &told1{firing: []string{"a", "b"}}, firing: []string{"a"}, resolved: []string{"b"}, reason: notify.ReasonNewResolvedAlerts},
		"8": {entry: &told1{firing: []string{"a"}}, firing: []string{"a"}, later: 4*time.Hour + time.Second, reason: notify.ReasonRepeatIntervalElapsed},
		"9": {entry: &told1{firing: []string{"a", "b"}}, firing: []string{"a"}, resolved: []string{"b"}, noResolved: true, later: time.Hour, reason: notify.ReasonDoNotNotify},
	}
	rows := 0
	for _, line := range strings.Split(string(raw), "\n") {
		f := strings.Split(line, "\t")
		row, ok := set[f[0]]
		if !ok {
			require.True(t, line == "" || f[0] == "order" || line[0] == '#', "a row without a test: %s", line)
			continue
		}
		rows++
		t.Run(f[0]+" "+f[3], func(t *testing.T) {
			db, err := statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			o := Options{State: db, Now: time.Now}
			a, err := New(t.Context(), o)
			require.NoError(t, err)
			defer a.alerts.Close()
			who := &nflogpb.Receiver{GroupName: "oncall", Integration: "email"}
			hashes := func(names []string) (out []uint64) {
				for _, n := range names {
					out = append(out, a.hash(named(n, false)))
				}
				return out
			}
			if row.entry != nil {
				require.NoError(t, a.told.Log(who, "{}:{}", hashes(row.entry.firing), hashes(row.entry.resolved), nil, 8*time.Hour))
			}
			o.Registerer = prometheus.NewRegistry()
			o.Logger = a.log
			again, err := openTold(t.Context(), o)
			require.NoError(t, err)
			var alerts []*amalert.Alert
			for _, n := range row.firing {
				alerts = append(alerts, named(n, false))
			}
			for _, n := range row.resolved {
				alerts = append(alerts, named(n, true))
			}
			ctx := notify.WithGroupKey(context.Background(), "{}:{}")
			ctx = notify.WithRepeatInterval(ctx, 4*time.Hour)
			ctx = notify.WithNow(ctx, time.Now().Add(row.later))
			ctx, out, err := notify.NewDedupStage(sends(!row.noResolved), again, who).Exec(ctx, a.log, alerts...)
			require.NoError(t, err)
			reason, _ := notify.NotificationReason(ctx)
			require.Equal(t, row.reason, reason)
			require.Contains(t, []string{"send", "skip"}, f[2])
			require.Equal(t, f[2] == "send", len(out) > 0)
		})
	}
	require.Equal(t, len(set), rows)
}

type sends bool

func (s sends) SendResolved() bool { return bool(s) }

func named(name string, over bool) *amalert.Alert {
	x := &amalert.Alert{}
	x.Labels = model.LabelSet{"alertname": model.LabelValue(name)}
	x.StartsAt = time.Now().Add(-time.Hour)
	if over {
		x.EndsAt = time.Now().Add(-time.Minute)
	}
	return x
}

// TestHash holds the name of an alert in the log to the library's own stages.
func TestHash(t *testing.T) {
	db, err := statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	a, err := New(t.Context(), Options{State: db})
	require.NoError(t, err)
	defer a.alerts.Close()
	x := named("x", false)
	ctx, _, err := notify.NewMuteStage(notify.MuteFunc(func(context.Context, model.LabelSet) bool { return true }), a.builder).Exec(context.Background(), a.log, x)
	require.NoError(t, err)
	muted, _ := notify.MutedAlerts(ctx)
	require.Contains(t, muted, a.hash(x))
	require.Equal(t, a.hash(x), a.hash(named("x", true)), "the hash is of the labels only")
	require.NotEqual(t, a.hash(x), a.hash(named("y", false)))
	require.NotZero(t, a.hash(x))
	require.False(t, slices.Contains([]uint64{0}, a.hash(x)))
}
