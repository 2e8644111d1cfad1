package emit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// reference is client_golang's own histogram with the same buckets.
func reference(bounds []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x", Buckets: bounds, NativeHistogramBucketFactor: 1.1})
}

// nativeCounts undoes the spans and deltas.
func nativeCounts(h *dto.Histogram) map[int32]int64 {
	counts, key, count, i := map[int32]int64{}, int32(0), int64(0), 0
	for _, s := range h.GetPositiveSpan() {
		key += s.GetOffset()
		for range s.GetLength() {
			count += h.GetPositiveDelta()[i]
			i++
			if count != 0 {
				counts[key] = count
			}
			key++
		}
	}
	return counts
}

func TestHistogramAgreesWithClientGolang(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name   string
		unit   unit
		bounds []float64
	}{
		{"seconds", nanoseconds, durationBuckets},
		{"bytes", bytes, sizeBuckets},
		{"a bound on a native bound", nanoseconds, []float64{0.5, 1, 2, 4}},
		{"many bounds", nanoseconds, prometheus.LinearBuckets(0.01, 0.01, maxBuckets)},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLayout(c.unit, c.bounds)
			values := []int64{0, 1, 2, 3, math.MaxInt64, math.MaxInt64 - 1}
			for _, limit := range l.limits { // both sides of every edge
				values = append(values, limit, max(0, limit-1))
				if limit < math.MaxInt64 {
					values = append(values, limit+1)
				}
			}
			for range 50_000 {
				values = append(values, random.Int64()>>(20+random.IntN(43)))
			}
			ours, theirs := newHistogram(l), reference(c.bounds)
			for _, v := range values {
				if v > 1<<43 { // centuries and exabytes: drain, as a scrape would long before
					ours.snapshot()
				}
				ours.observe(random.Uint64(), v)
				if v > 1<<43 {
					ours.snapshot()
				}
				theirs.Observe(c.unit(v))
			}
			var m dto.Metric
			require.NoError(t, theirs.Write(&m))
			want, got := m.GetHistogram(), ours.write(timestamppb.Now())
			assert.Equal(t, want.GetSampleCount(), got.GetSampleCount())
			assert.InEpsilon(t, exactSum(c.unit, values), got.GetSampleSum(), 1e-9)
			require.Equal(t, len(want.GetBucket()), len(got.GetBucket()))
			for i, b := range want.GetBucket() {
				assert.Equal(t, b.GetUpperBound(), got.GetBucket()[i].GetUpperBound())
				assert.Equal(t, b.GetCumulativeCount(), got.GetBucket()[i].GetCumulativeCount(), b.GetUpperBound())
			}
			assert.Equal(t, want.GetSchema(), got.GetSchema())
			assert.Equal(t, want.GetZeroThreshold(), got.GetZeroThreshold())
			assert.Equal(t, want.GetZeroCount(), got.GetZeroCount())
			assert.Equal(t, want.GetPositiveSpan(), got.GetPositiveSpan())
			assert.Equal(t, want.GetPositiveDelta(), got.GetPositiveDelta())
			assert.Equal(t, nativeCounts(want), nativeCounts(got))
		})
	}
}

// exactSum adds small values first, which loses least.
func exactSum(u unit, values []int64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	sum := 0.0
	for _, v := range sorted {
		sum += u(v)
	}
	return sum
}

func TestSumIsExactOverManyScrapes(t *testing.T) {
	h := newHistogram(newLayout(nanoseconds, durationBuckets))
	var total time.Duration
	for i := range 1000 {
		v := time.Duration(i)*time.Millisecond + 7
		total += v
		h.observe(uint64(i), int64(v))
		h.snapshot()
	}
	h.observe(0, 1)
	total++
	assert.Equal(t, total.Seconds(), h.snapshot().sum)
}

func TestEveryBlockOfTheWidestLayoutHasAPlace(t *testing.T) {
	bounds := make([]float64, maxBuckets)
	for i := range bounds {
		bounds[i] = 1.7 * float64(i+1)
	}
	for _, u := range []unit{nanoseconds, bytes} {
		assert.LessOrEqual(t, len(newLayout(u, bounds).limits), maxBlocks*blockCells)
	}
}

func TestSlotsAreDenseAndOrdered(t *testing.T) {
	for s := range slot(math.MaxInt64) {
		require.Equal(t, s, slot(firstOf(s)))
		require.Equal(t, s, slot(firstOf(s+1)-1))
	}
}

func TestOneExemplarABucketASecond(t *testing.T) {
	var s exemplarSlot
	assert.True(t, s.due(0))
	assert.False(t, s.due(exemplarInterval-1))
	assert.True(t, s.due(exemplarInterval))
	assert.False(t, s.due(exemplarInterval))
}

func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		name               string
		end                ending
		status             int
		hijacked, canceled bool
		code               int
		kind               errorKind
	}{
		{"nothing written", returned, 0, false, false, 200, noError},
		{"redirect", returned, 302, false, false, 302, noError},
		{"client error", returned, 404, false, false, 404, error4xx},
		{"server error", returned, 503, false, false, 503, error5xx},
		{"599 is the last", returned, 599, false, false, 599, error5xx},
		{"undefined code", returned, 999, false, false, codeOther, error5xx},
		{"websocket", returned, 0, true, false, 101, noError},
		{"websocket whose client left", returned, 0, true, true, 101, noError},
		{"client left, nothing written", returned, 0, false, true, 499, errorCanceled},
		{"panic", panicked, 0, false, false, 500, errorPanic},
		{"panic after a status", panicked, 200, false, true, 500, errorPanic},
		{"abort", aborted, 200, false, false, 500, errorAbort},
		{"proxy whose client left", aborted, 200, false, true, 200, errorCanceled},
		{"proxy whose client left early", aborted, 0, false, true, 499, errorCanceled},
	} {
		code, kind := outcome(c.end, c.status, c.hijacked, c.canceled)
		assert.Equal(t, c.code, code, c.name)
		assert.Equal(t, c.kind, kind, c.name)
	}
}

func TestCodeAndMethodTablesAgree(t *testing.T) {
	for i, m := range methods[:len(methods)-1] {
		assert.Equal(t, i, methodIndex(m))
	}
	assert.Equal(t, labelOther, methods[methodIndex("get")])
}
