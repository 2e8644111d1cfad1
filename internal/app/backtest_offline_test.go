package app

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/statestore"
)

// TestBacktestOfflineBesideAServer reads a data directory while its stores are open for writing.
func TestBacktestOfflineBesideAServer(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *tsdb.Store {
		s, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, name), ReserveBytes: -1, FloorBytes: -1, OutOfOrder: 48 * time.Hour, Registerer: prometheus.NewRegistry()})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	raw, points := open("metrics"), open("kpi")
	state, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = state.Close() })
	book, err := ledger.Open(t.Context(), ledger.Options{Store: points, State: state, Now: time.Now})
	require.NoError(t, err)
	docs, findings := policy.Read("k.yaml", []byte("kind: KPI\nname: queue\nowner: a\nindicator: {gauge: {of: queue, over: last, across: max}}\nperiod: 1m\nthresholds: {red: '> 90'}\npage: {severity: page, runbook: 'https://r.example/q'}\n"), policy.Limits{})
	require.Empty(t, findings)
	k := docs[0].KPI
	end := time.Now().Add(-time.Minute).Truncate(time.Minute)
	begin := end.Add(-5 * time.Hour)
	_, _, err = book.Revise(t.Context(), k, begin.UnixMilli())
	require.NoError(t, err)
	require.NoError(t, book.Heartbeat(t.Context(), end.UnixMilli()+6000))
	track := book.Track(k.Name, labels.EmptyLabels(), false)
	app := raw.Appender(t.Context())
	var entries []ledger.Entry
	nan := math.NaN()
	for at, i := begin.Add(time.Minute), 0; !at.After(end); at, i = at.Add(time.Minute), i+1 {
		v := float64(i % 60)
		entries = append(entries, ledger.Entry{Track: track, Revision: 1, Point: kpi.Point{End: at.UnixMilli(), Value: v, Good: nan, Total: nan, Upper: nan, Coverage: 1}})
		_, err := app.Append(0, labels.FromStrings("__name__", "queue"), at.UnixMilli(), v)
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
	require.NoError(t, book.Publish(t.Context(), entries))

	lower, over := *k, *k
	lower.Hash, lower.Thresholds.Red = "2", &kpi.Comparison{Op: kpi.Above, A: 40, Text: "> 40"}
	over.Hash, over.Indicator.Over = "3", "max"
	before, err := os.ReadDir(filepath.Join(dir, "metrics"))
	require.NoError(t, err)
	results, notes, err := BacktestOffline(t.Context(), &Config{KPIs: []*kpi.KPI{k}}, OfflineBacktest{Data: dir, KPIs: []*kpi.KPI{&lower, &over}, Last: 4*time.Hour + 10*time.Second})
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Len(t, results, 2)
	require.Equal(t, "points", results[0].Proposed.Way)
	require.Equal(t, int64(240), results[0].Proposed.Points)
	require.Empty(t, results[0].Proposed.Limited)
	require.Equal(t, 4, results[0].Proposed.PageCount)
	require.Equal(t, 1, results[0].Now.Revision)
	require.Zero(t, results[0].Now.PageCount)
	require.Equal(t, "raw", results[1].Proposed.Way)
	require.Equal(t, int64(240), results[1].Proposed.Points)
	after, err := os.ReadDir(filepath.Join(dir, "metrics"))
	require.NoError(t, err)
	require.Len(t, after, len(before), "what was needed to read is gone again")
}

// TestBacktestOfflineOfAnOldDirectory: a state database of another version is left alone.
func TestBacktestOfflineOfAnOldDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"metrics", "kpi"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o750))
	}
	state, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	require.NoError(t, state.Close())
	_, _, err = BacktestOffline(t.Context(), &Config{}, OfflineBacktest{Data: dir, Last: time.Hour})
	require.ErrorContains(t, err, "was last used by an earlier signalbox")
}
