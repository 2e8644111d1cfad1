package board

import (
	"cmp"
	"fmt"
	"slices"
)

// OrderSources returns a copy with those in trouble first (down, late, unknown, up), then by id. The lists are never nil.
func OrderSources(in []Source) []Source {
	rank := map[string]int{"down": 0, "late": 1, "unknown": 2, "up": 3}
	out := slices.Clone(in)
	if out == nil {
		out = []Source{}
	}
	for i := range out {
		if out[i].Labels == nil {
			out[i].Labels = map[string]string{}
		}
		if out[i].Refused == nil {
			out[i].Refused = map[string]int64{}
		}
		if out[i].RefusedOf == nil {
			out[i].RefusedOf = map[string]map[string]int64{}
		}
		if out[i].Rows == nil {
			out[i].Rows = map[string]int64{}
		}
	}
	slices.SortStableFunc(out, func(a, b Source) int {
		return cmp.Or(cmp.Compare(rank[a.Health], rank[b.Health]), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Summarise says how many sources are on time. A source that has not reported yet is neither on time nor late.
func Summarise(in []Source) SourcesSummary {
	s := SourcesSummary{Total: len(in), Late: []Source{}}
	for _, src := range OrderSources(in) {
		switch src.Health {
		case "up":
			s.OnTime++
		case "down", "late":
			s.Late = append(s.Late, src)
		}
	}
	switch {
	case s.Total == 0:
		s.Text = "no sources yet"
	case s.Total == 1:
		s.Text = fmt.Sprintf("%d of 1 source on time", s.OnTime)
	default:
		s.Text = fmt.Sprintf("%d of %d sources on time", s.OnTime, s.Total)
	}
	return s
}
