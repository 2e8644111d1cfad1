package evaluate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

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
	var near []scored
	for _, n := range names {
		if n == want {
			// The name exists: a label matcher is what does not fit.
			return []string{n + " with other labels"}
		}
		if d := distance(want, n); d <= max(2, len(want)/4) || strings.HasPrefix(n, want) {
			near = append(near, scored{n, d})
		}
	}
	slices.SortFunc(near, func(a, b scored) int { return a.d - b.d })
	var out []string
	for i := range near[:min(3, len(near))] {
		out = append(out, near[i].name)
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
