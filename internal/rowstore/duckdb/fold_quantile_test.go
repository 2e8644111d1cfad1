package duckdb

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuantileValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var used sync.Pool
	for round := range 200 {
		groups, n := 1+r.IntN(5), r.IntN(400)
		var q, other quantileValues // every third round the values come in two parts
		q.room(n, &used)
		v, of, weights := make([]float64, n), make([]uint32, n), make([]float32, n)
		has := make([]bool, n)
		for i := range n {
			v[i], of[i], weights[i], has[i] = float64(r.IntN(50))/7, uint32(r.IntN(groups)), 3, r.IntN(9) > 0
			if round%4 == 0 && r.IntN(5) == 0 {
				weights[i] = float32(1 + r.IntN(4))
			}
			if round%9 == 0 && r.IntN(40) == 0 {
				v[i] = math.NaN()
			}
		}
		if round%5 == 0 { // each group's values stand together
			slices.Sort(of)
		}
		for from := 0; from < n; from += 100 {
			to := min(n, from+100)
			var valid validity
			if slices.Contains(has[from:to], false) {
				valid = make(validity, 2)
			}
			for i := range valid {
				for k := range 64 {
					if at := from + 64*i + k; at < to && has[at] {
						valid[i] |= 1 << k
					}
				}
			}
			if round%3 == 0 && from >= 200 {
				theirs := slices.Clone(of[from:to]) // by numbers of their own
				for i := range theirs {
					theirs[i] = uint32(groups) - 1 - theirs[i]
				}
				keepValues(&other, v[from:to], valid, runsOf(theirs, nil), weights[from:to])
				continue
			}
			keepValues(&q, v[from:to], valid, runsOf(of[from:to], nil), weights[from:to])
		}
		to := make([]uint32, groups)
		for g := range to {
			to[g] = uint32(groups - 1 - g)
		}
		q.join(&other, to)
		share := []float64{0, 0.5, 0.95, 1}[r.IntN(4)]
		got, want := make([]float64, groups), make([]float64, groups)
		q.quantiles(share, got)
		q.give(&used)
		for g := range want {
			var mine []int
			total := 0.0
			for i := range v {
				if has[i] && of[i] == uint32(g) {
					mine = append(mine, i)
					total += float64(weights[i])
				}
			}
			slices.SortFunc(mine, func(a, b int) int {
				switch x, y := v[a], v[b]; {
				case x < y || math.IsNaN(x) && !math.IsNaN(y):
					return -1
				case x > y || math.IsNaN(y) && !math.IsNaN(x):
					return 1
				}
				return 0
			})
			upto := 0.0
			for _, i := range mine {
				if upto += float64(weights[i]); upto >= share*total {
					want[g] = v[i]
					break
				}
			}
			require.True(t, want[g] == got[g] || math.IsNaN(want[g]) && math.IsNaN(got[g]), "round %d: %v, want %v", round, got[g], want[g])
		}
	}
}
