package kpi

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The sum is the exact one rounded once, and with that the same in every order and however it was cut in parts.
func TestExactSum(t *testing.T) {
	d := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		xs := make([]float64, 1+d.IntN(60))
		exact := new(big.Float).SetPrec(4000)
		for i := range xs {
			xs[i] = (d.Float64() - 0.5) * math.Pow(10, float64(d.IntN(40)-20))
			exact.Add(exact, new(big.Float).SetFloat64(xs[i]))
		}
		want, _ := exact.Float64()
		for range 3 {
			d.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
			var parts [3]exactSum
			for _, x := range xs {
				parts[d.IntN(3)].add(x)
			}
			var s exactSum
			for i := range parts {
				s.merge(&parts[i])
			}
			require.Equal(t, math.Float64bits(want), math.Float64bits(s.value()))
		}
	}
}

// A quantile lies within 1 % of the value at its rank, whatever the order and however the sketch was merged.
func TestSpread(t *testing.T) {
	d, m := rand.New(rand.NewPCG(3, 4)), newMapping()
	for range 200 {
		xs := make([]float64, 1+d.IntN(400))
		for i := range xs {
			xs[i] = math.Exp(d.NormFloat64()*4) * float64(d.IntN(5)-1)
		}
		fill := func() spread {
			var a, b spread
			for _, x := range xs {
				s := &a
				if d.IntN(2) == 0 {
					s = &b
				}
				s.add(m, x, unit)
			}
			a.merge(&b)
			return a
		}
		one := fill()
		d.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
		require.Equal(t, one, fill())
		slices.Sort(xs)
		for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.99, 0.999} {
			want := xs[int(q*float64(len(xs)-1))]
			require.InDelta(t, want, one.quantile(m, q, int64(len(xs))*unit), math.Abs(want)*(spreadError+1e-9), "q %v of %d", q, len(xs))
		}
	}
}

func TestDistinct(t *testing.T) {
	d := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 100, maxExactly, maxExactly + 1, 5000, 200_000} {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = d.Uint64() | 1
		}
		count := func(parts int) float64 {
			list := make([]distinct, parts)
			for i, h := range hashes {
				list[d.IntN(parts)].add(h)
				if i%3 == 0 {
					list[d.IntN(parts)].add(h)
				}
			}
			var all distinct
			for i := range list {
				all.merge(&list[i])
			}
			return all.count()
		}
		one := count(1)
		for _, parts := range []int{2, 7} {
			d.Shuffle(n, func(i, j int) { hashes[i], hashes[j] = hashes[j], hashes[i] })
			require.Equal(t, one, count(parts), "%d of them in %d parts", n, parts)
		}
		if n <= maxExactly {
			require.Equal(t, float64(n), one)
		} else {
			require.InEpsilon(t, float64(n), one, 0.03)
		}
	}
}
