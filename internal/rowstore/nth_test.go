package rowstore

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNth(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 3000 {
		values := make([]float64, 1+r.IntN(200))
		kinds := 1 + r.IntN(50)
		for i := range values {
			if values[i] = float64(r.IntN(kinds) - 5); values[i] == 7 {
				values[i] = math.NaN()
			}
		}
		sorted := slices.Sorted(slices.Values(values))
		for range 3 { // moved about, they are the same values
			k := r.IntN(len(values))
			require.Equal(t, math.Float64bits(sorted[k]), math.Float64bits(Nth(values, k)))
		}
	}
}
