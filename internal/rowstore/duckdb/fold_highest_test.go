package duckdb

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHighestOfGroups looks for high values in groups that are alike, that are not, and in which some are no numbers.
func TestHighestOfGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	var h highest
	for range 3000 {
		n := 5 + r.IntN(300)
		values := make([]float64, n)
		scale := []float64{1, 1, 1, 1, 1000, -1, 0}[r.IntN(7)]
		for i := range values {
			values[i] = scale * math.Trunc(1e3*math.Exp(r.NormFloat64()))
			if scale == 1000 && r.IntN(3) == 0 {
				values[i] = math.NaN()
			}
		}
		few := 1 + r.IntN(min(highestFew, n))
		sorted := slices.Sorted(slices.Values(values)) // NaN first
		before := slices.Clone(values)
		got, ok := h.nth(values, few)
		require.True(t, slices.EqualFunc(before, values, func(a, b float64) bool { return a == b || a != a && b != b }), "they are not moved")
		if want := sorted[n-few]; ok {
			require.Equal(t, want, got)
		} else {
			require.True(t, slices.ContainsFunc(values, math.IsNaN))
		}
	}
}
