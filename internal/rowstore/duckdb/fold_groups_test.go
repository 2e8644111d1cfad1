package duckdb

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestGroupsByRank puts few and many numbers in order: the biggest first, those of both zeros as one, NaN last, and many groups of
// one number as they were.
func TestGroupsByRank(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	odd := []float64{math.NaN(), 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 1, -1}
	for _, n := range []int{0, 1, 30, rankedFew, 3000} {
		numbers := make([]float64, n)
		want := make([]uint32, n)
		for g := range numbers {
			want[g] = uint32(g)
			switch r.IntN(4) {
			case 0:
				numbers[g] = odd[r.IntN(len(odd))]
			case 1:
				numbers[g] = float64(r.IntN(20))
			default:
				numbers[g] = r.NormFloat64() * math.Exp(40*r.NormFloat64())
			}
		}
		slices.SortStableFunc(want, func(a, b uint32) int { return cmp.Compare(numbers[b], numbers[a]) })
		var got []uint32
		for _, x := range byRank(numbers) {
			got = append(got, x.group)
		}
		if n < rankedFew { // of one number in any order
			slices.SortStableFunc(got, func(a, b uint32) int { return cmp.Or(cmp.Compare(numbers[b], numbers[a]), cmp.Compare(a, b)) })
		}
		require.Equal(t, want, append([]uint32{}, got...), "%d", n)
	}
}

// TestBucketsAreNumbered cuts times within the question's span and beyond it, where buckets have a place and where they have none.
func TestBucketsAreNumbered(t *testing.T) {
	for _, of := range []rowstore.Between{{From: -25, To: 40}, {From: 0}, {From: math.MinInt64 / 2, To: math.MaxInt64 / 2}} {
		var b buckets
		b.open(10, of)
		times := []int64{-25, -21, -20, -11, 5, 9, 10, 19, 20, -25, 39, 1000, 1009, -1000}
		runs := b.cut(times[:5], nil)
		for _, r := range b.cut(times[5:], nil) {
			runs = append(runs, foldRun{r.group, r.end + 5})
		}
		got := make([]uint32, len(times))
		spread(runs, got)
		for i, at := range times {
			require.Equal(t, int64(math.Floor(float64(at)/10))*10, b.starts[got[i]])
		}
		distinct := slices.Clone(b.starts)
		slices.Sort(distinct)
		require.Len(t, slices.Compact(distinct), len(b.starts))
	}
}
