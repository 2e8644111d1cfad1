package tsdb_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

// TestSeriesAreReadWhileOthersAreMade is for the race detector.
func TestSeriesAreReadWhileOthersAreMade(t *testing.T) {
	const writers, each = 4, 1500
	s := open(t, tsdb.Options{Dir: t.TempDir()})
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			app := s.AppenderV2(t.Context())
			for i := range each {
				_, err := app.Append(0, labels.FromStrings("__name__", "made", "job", "a", "writer", strconv.Itoa(w), "n", strconv.Itoa(i)), 0, 1_700_000_000_000, 1, nil, nil, storage.AOptions{})
				assert.NoError(t, err)
			}
			assert.NoError(t, app.Commit())
		})
	}
	series := func() (n int) {
		q, err := s.Querier(0, 1_800_000_000_000)
		if !assert.NoError(t, err) {
			return 0
		}
		set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "made"), labels.MustNewMatcher(labels.MatchEqual, "job", "a"))
		for set.Next() {
			n++
		}
		assert.NoError(t, set.Err())
		assert.NoError(t, q.Close())
		return n
	}
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					series()
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	require.Equal(t, writers*each, series())
}
