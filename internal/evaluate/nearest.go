package evaluate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// nearFor is how long the names nearest to a selector are remembered: looking them up reads the store's index.
const nearFor = time.Minute

// nearNames returns the names nearest to a selector that never matched, looked up once a minute. Callers hold e.mu.
func (u *unit) nearNames(e *Engine, sel *kpi.Selector) []string {
	now := e.o.Now()
	if n, ok := u.near[sel]; ok && now.Sub(n.at) < nearFor {
		return n.names
	}
	if u.near == nil {
		u.near = map[*kpi.Selector]near{}
	}
	n := near{at: now, names: e.nearest(sel.Matchers)}
	u.near[sel] = n
	return n.names
}

// near is an answer of nearest.
type near struct {
	at    time.Time
	names []string
}

// nearest returns up to three metric names of the last hour that look like the one that never matched.
func (e *Engine) nearest(ms []*labels.Matcher) []string {
	want := metricName(ms)
	if want == "" || e.o.Store == nil {
		return nil
	}
	now := e.o.Now()
	q, err := e.o.Store.Querier(now.Add(-time.Hour).UnixMilli(), now.UnixMilli())
	if err != nil {
		return nil
	}
	defer q.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	names, _, err := q.LabelValues(ctx, model.MetricNameLabel, nil)
	if err != nil {
		return nil
	}
	type scored struct {
		name string
		d    int
	}
	var like []scored
	for _, n := range names {
		if n == want {
			// The name exists: a label matcher is what does not fit.
			return []string{n + " with other labels"}
		}
		if d := distance(want, n); d <= max(2, len(want)/4) || strings.HasPrefix(n, want) {
			like = append(like, scored{n, d})
		}
	}
	slices.SortFunc(like, func(a, b scored) int { return a.d - b.d })
	var out []string
	for i := range like[:min(3, len(like))] {
		out = append(out, like[i].name)
	}
	return out
}

// distance is the Levenshtein distance of two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diag, row[j] = row[j], min(row[j]+1, row[j-1]+1, diag+cost)
		}
	}
	return row[len(b)]
}
