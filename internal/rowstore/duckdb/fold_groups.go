package duckdb

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// groups returns what was counted, the biggest groups first.
func (f *fold) groups() []rowstore.Group {
	type place struct {
		rowstore.Group
		codes []uint32
	}
	for i := range f.of {
		f.of[i].room(len(f.at))
	}
	all := make([]place, len(f.at))
	nk, no := len(f.keys), len(f.of)
	keys, codes, numbers := make([]string, nk*len(all)), make([]uint32, nk*len(all)), make([]float64, no*len(all))
	for g := range all {
		p := &all[g]
		p.Group = rowstore.Group{At: f.at[g], Keys: keys[nk*g:][:nk:nk], Numbers: numbers[no*g:][:no:no]}
		p.codes = codes[nk*g:][:nk]
		for k, n := len(f.keys)-1, uint32(g); k >= 0; k-- {
			code := f.codes[k][2*n+1]
			n = f.codes[k][2*n]
			if p.codes[k] = code; f.keys[k].named != nil {
				p.Keys[k] = f.keys[k].named[code]
			} else {
				p.Keys[k] = f.keys[k].words.texts[code]
			}
		}
	}
	for i := range f.of {
		for g, v := range f.of[i].numbers() {
			all[g].Numbers[i] = v
		}
	}
	type ranked struct {
		first float64
		g     uint32
	}
	order := make([]ranked, len(all))
	for g := range order {
		order[g] = ranked{all[g].Numbers[0], uint32(g)}
	}
	slices.SortFunc(order, func(x, y ranked) int {
		if x, y := x.first, y.first; x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
			return cmp.Compare(y, x) // NaN is the least
		}
		a, b := &all[x.g], &all[y.g]
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		for k := range f.keys {
			c := strings.Compare(a.Keys[k], b.Keys[k])
			if f.keys[k].named != nil {
				c = cmp.Compare(a.codes[k], b.codes[k])
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]rowstore.Group, 0, min(len(all), f.q.Top+1))
	for _, x := range order[:min(len(all), f.q.Top+1)] {
		out = append(out, all[x.g].Group)
	}
	return out
}
