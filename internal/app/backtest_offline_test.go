package app

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
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

// TestBacktestOfflineOverRows replays sealed rows and rows of a log beside a server that has stopped, and is refused beside
// one that runs.
func TestBacktestOfflineOverRows(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"metrics", "kpi"} {
		s, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, name), ReserveBytes: -1, FloorBytes: -1, Registerer: prometheus.NewRegistry()})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	end := time.Now().Add(-time.Minute).Truncate(time.Minute)
	begin := end.Add(-2 * time.Hour)
	state, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	book, err := ledger.Open(t.Context(), ledger.Options{Store: frozen{pointless{}}, State: state, Now: time.Now})
	require.NoError(t, err)
	require.NoError(t, book.Heartbeat(t.Context(), end.UnixMilli()+6000))
	require.NoError(t, state.Close())
	docs, findings := policy.Read("k.yaml", []byte("kind: KPI\nname: rejected\nowner: a\nunit: percent\nindicator: {ratio: {bad: 'events{name=\"rejected\"}', total: 'events{name=~\"accepted|rejected\"}'}}\nperiod: 1m\nthresholds: {red: '> 50%'}\npage: {severity: page, runbook: 'https://r.example/q'}\n"), policy.Limits{})
	require.Empty(t, findings)
	ask := OfflineBacktest{Data: dir, KPIs: []*kpi.KPI{docs[0].KPI}, Last: 110*time.Minute + 10*time.Second}
	_, _, err = BacktestOffline(t.Context(), &Config{}, ask)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.ErrorContains(t, err, "rejected counts events, and there are none in "+dir)

	rows, err := duckdb.Open(t.Context(), duckdb.Options{Dir: filepath.Join(dir, "rows"), FloorBytes: -1})
	require.NoError(t, err)
	minute := 0
	write := func(until time.Time) { // ten minutes bad, twenty good
		b := &rowstore.Batch{Table: rowstore.Events}
		for at := begin; at.Before(until); at = at.Add(10 * time.Second) {
			if m := int(at.Sub(begin) / time.Minute); m >= minute {
				r := b.Add()
				r.Time, r.Received, r.Service, r.Name, r.Weight = at.UnixMicro()+1, at.UnixMicro()+2, "portal", "accepted", 1
				if m%30 >= 20 {
					r.Name = "rejected"
				}
			}
		}
		minute = int(until.Sub(begin) / time.Minute)
		require.NoError(t, rows.Write(t.Context(), b))
	}
	write(begin.Add(time.Hour))
	_, err = rows.Erase(t.Context(), rowstore.Is("service", "nobody"), func(int, int) {}) // seals what is in the log
	require.NoError(t, err)
	write(end)
	sealed, err := filepath.Glob(filepath.Join(dir, "rows", "sealed", "events", "*.duckdb"))
	require.NoError(t, err)
	require.NotEmpty(t, sealed)

	_, _, err = BacktestOffline(t.Context(), &Config{}, ask)
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.ErrorContains(t, err, "rejected counts events, and those of "+dir+" are in use by a running signalbox")
	require.NoError(t, rows.Close())

	contents := func() map[string]string {
		out := map[string]string{}
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, "rows"), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			out[path] = string(b)
			return err
		}))
		return out
	}
	before := contents()
	results, notes, err := BacktestOffline(t.Context(), &Config{}, ask)
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Len(t, results, 1)
	require.Equal(t, "raw", results[0].Proposed.Way)
	require.Equal(t, int64(110), results[0].Proposed.Points)
	require.Equal(t, 4, results[0].Proposed.PageCount)
	require.Equal(t, before, contents())
	again, err := duckdb.Open(t.Context(), duckdb.Options{Dir: filepath.Join(dir, "rows"), FloorBytes: -1})
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// pointless is a store of datapoints without any.
type pointless struct{}

func (pointless) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }

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
