package scrape

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// notes writes down what it is asked.
type notes struct {
	lines []string
	fail  map[string]error
}

func (n *notes) AppenderV2(context.Context) storage.AppenderV2 { return n }
func (n *notes) Commit() error                                 { n.lines = append(n.lines, "commit"); return nil }
func (n *notes) Rollback() error                               { n.lines = append(n.lines, "rollback"); return nil }
func (n *notes) Append(_ storage.SeriesRef, l labels.Labels, _, _ int64, _ float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	line := l.Get("__name__")
	for _, e := range o.Exemplars {
		line += "#" + e.Labels.Get("id")
	}
	n.lines = append(n.lines, line)
	return 7, n.fail[line]
}

func newMeter(n *notes) (*meter, context.Context, *promscrape.Target) {
	t := promscrape.NewTarget(labels.FromStrings("__address__", "a:1"), &promconfig.ScrapeConfig{}, nil, nil)
	m := &meter{next: n, scraped: func(*promscrape.Target, *tally) {}, targets: map[*promscrape.Target]*tally{}}
	return m, promscrape.ContextWithTarget(context.Background(), t), t
}

func add(t *testing.T, a storage.AppenderV2, ref storage.SeriesRef, name string, v float64) storage.SeriesRef {
	t.Helper()
	got, err := a.Append(ref, labels.FromStrings("__name__", name), 0, 1, v, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	return got
}

func report(t *testing.T, a storage.AppenderV2, up float64) error {
	t.Helper()
	for _, r := range []struct {
		name string
		v    float64
	}{{"up", up}, {"scrape_samples_scraped", 3}, {"scrape_samples_post_metric_relabeling", 3}} {
		if _, err := a.Append(0, labels.FromStrings("__name__", r.name), 0, 1, r.v, nil, nil, storage.AOptions{MetricFamilyName: r.name + "\xff"}); err != nil {
			return err
		}
	}
	return nil
}

const reports = " up scrape_samples_scraped scrape_samples_post_metric_relabeling commit"

// What waits comes before the scrape's own up, in order, and only if the scrape succeeded.
func TestWaitingSeriesComeBeforeUp(t *testing.T) {
	n := &notes{}
	m, ctx, target := newMeter(n)
	a := m.AppenderV2(ctx)
	require.Zero(t, add(t, a, 0, "a", 1))
	ex := []exemplar.Exemplar{{Labels: labels.FromStrings("id", "1")}}
	_, err := a.Append(0, labels.FromStrings("__name__", "b"), 0, 1, 1, nil, nil, storage.AOptions{Exemplars: ex})
	require.NoError(t, err)
	ex[0] = exemplar.Exemplar{Labels: labels.FromStrings("id", "reused")}
	require.Empty(t, n.lines)
	require.NoError(t, report(t, a, 1))
	require.NoError(t, a.Commit())
	require.Equal(t, "a b#1"+reports, strings.Join(n.lines, " "))
	require.Equal(t, counts{up: true, scraped: 3, kept: 3, repeated: 1}, m.tally(target).last)

	// From the second scrape on nothing waits.
	n.lines = nil
	a = m.AppenderV2(ctx)
	require.EqualValues(t, 7, add(t, a, 0, "c", 1))
	add(t, a, 7, "a", math.Float64frombits(value.StaleNaN))
	require.NoError(t, report(t, a, 1))
	require.NoError(t, a.Commit())
	require.Equal(t, "c a"+reports, strings.Join(n.lines, " "))
	require.Equal(t, 2, m.tally(target).last.repeated, "a stale marker is no sample of the answer")
}

func TestWaitingSeriesOfAFailedScrapeAreDropped(t *testing.T) {
	n := &notes{}
	m, ctx, target := newMeter(n)
	a := m.AppenderV2(ctx)
	add(t, a, 0, "a", 1)
	require.NoError(t, a.Rollback())
	a = m.AppenderV2(ctx)
	require.NoError(t, report(t, a, 0))
	require.NoError(t, a.Commit())
	require.Equal(t, "rollback"+reports, strings.Join(n.lines, " "))
	require.False(t, m.tally(target).last.up)
	require.True(t, m.tally(target).held)
}

func TestRefusedSamples(t *testing.T) {
	n := &notes{fail: map[string]error{"old": storage.ErrOutOfOrderSample, "ancient": storage.ErrTooOldSample, "full": errors.New("disk full")}}
	m, ctx, target := newMeter(n)
	a := m.AppenderV2(ctx)
	add(t, a, 0, "old", 1)
	add(t, a, 0, "ancient", 1)
	add(t, a, 0, "good", 1)
	require.NoError(t, report(t, a, 1), "what comes too late is counted, the rest stands")
	require.NoError(t, a.Commit())
	require.Equal(t, counts{up: true, scraped: 3, kept: 3, outOfOrder: 1, outOfBound: 1}, m.tally(target).last)

	m, ctx, _ = newMeter(n)
	a = m.AppenderV2(ctx)
	add(t, a, 0, "full", 1)
	require.EqualError(t, report(t, a, 1), "disk full")
}

// Targets that are gone are forgotten.
func TestKeep(t *testing.T) {
	m, ctx, target := newMeter(&notes{})
	m.AppenderV2(ctx)
	m.keep(map[*promscrape.Target]bool{target: true})
	require.Len(t, m.targets, 1)
	m.keep(nil)
	require.Empty(t, m.targets)
}
