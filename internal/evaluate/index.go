package evaluate

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// index finds the selectors that a series matches, once, when the series is born. A selector stands under its rarest
// equality matcher, so that 50,000 KPIs over one metric that differ by a label cost one look-up and not 50,000.
type index struct {
	byName map[string]*postings
	rest   []entry // selectors without an equality matcher on the name
}

type postings struct {
	byPair map[pair][]entry
	pairs  map[string]struct{} // label names that byPair uses
	rest   []entry
}

type pair struct{ name, value string }

// entry is one side of one unit.
type entry struct {
	u        *unit
	side     int
	matchers []*labels.Matcher
}

func newIndex(units []*unit) *index {
	ix := &index{byName: map[string]*postings{}}
	type key struct {
		metric string
		p      pair
	}
	count := map[key]int{}
	var entries []entry
	for _, u := range units {
		if u.meter == nil || u.meter.Rows() {
			continue
		}
		for side, ms := range u.meter.Sides() {
			entries = append(entries, entry{u, side, ms})
			name := metricName(ms)
			for _, m := range equalities(ms) {
				count[key{name, pair{m.Name, m.Value}}]++
			}
		}
	}
	for _, en := range entries {
		name := metricName(en.matchers)
		if name == "" {
			ix.rest = append(ix.rest, en)
			continue
		}
		ps := ix.byName[name]
		if ps == nil {
			ps = &postings{byPair: map[pair][]entry{}, pairs: map[string]struct{}{}}
			ix.byName[name] = ps
		}
		var best pair
		fewest := 0
		for _, m := range equalities(en.matchers) {
			p := pair{m.Name, m.Value}
			if n := count[key{name, p}]; fewest == 0 || n < fewest {
				best, fewest = p, n
			}
		}
		if fewest == 0 {
			ps.rest = append(ps.rest, en)
			continue
		}
		ps.byPair[best] = append(ps.byPair[best], en)
		ps.pairs[best.name] = struct{}{}
	}
	return ix
}

func metricName(ms []*labels.Matcher) string {
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// equalities returns the matchers that only a series with the label can meet.
func equalities(ms []*labels.Matcher) []*labels.Matcher {
	var out []*labels.Matcher
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Name != model.MetricNameLabel && m.Value != "" {
			out = append(out, m)
		}
	}
	return out
}

// match calls found for each side that the series matches.
func (ix *index) match(l labels.Labels, found func(entry)) {
	try := func(es []entry) {
		for _, en := range es {
			if matches(en.matchers, l) {
				found(en)
			}
		}
	}
	if ps := ix.byName[l.Get(model.MetricNameLabel)]; ps != nil {
		for name := range ps.pairs {
			if v := l.Get(name); v != "" {
				try(ps.byPair[pair{name, v}])
			}
		}
		try(ps.rest)
	}
	try(ix.rest)
}

func matches(ms []*labels.Matcher, l labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}
