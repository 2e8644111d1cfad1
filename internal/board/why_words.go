package board

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// instant is a moment inside a sentence, to the second.
func instant(at, now int64) string {
	t, n := time.UnixMilli(at).UTC(), time.UnixMilli(now).UTC()
	switch {
	case t.Format(time.DateOnly) == n.Format(time.DateOnly):
		return t.Format("15:04:05 UTC")
	case t.Year() == n.Year():
		return t.Format("2 Jan, 15:04:05 UTC")
	}
	return t.Format("2 Jan 2006, 15:04:05 UTC")
}

// asks puts the bands of a KPI into words.
func asks(k *kpi.KPI) string {
	var parts []string
	for _, b := range []struct {
		name string
		c    *kpi.Comparison
		f    kpi.MofN
	}{{"red", k.Thresholds.Red, k.Thresholds.ForRed}, {"yellow", k.Thresholds.Yellow, k.Thresholds.ForYellow}} {
		switch {
		case b.c == nil:
		case b.f.N <= 1:
			parts = append(parts, fmt.Sprintf("%s when the newest datapoint is %s", b.name, b.c.Limit(k.Unit)))
		default:
			parts = append(parts, fmt.Sprintf("%s when %d of %d datapoints are %s", b.name, b.f.M, b.f.N, b.c.Limit(k.Unit)))
		}
	}
	if k.Objective != nil {
		parts = append(parts, "and by the error budget of "+k.Objective.Text)
	}
	if len(parts) == 0 {
		return "it has no threshold"
	}
	return strings.Join(parts, ", ")
}

// numbers counts the datapoints that the red rule looked at and measures how far the newest was from it. Empty where the
// rule is not known or no datapoint was real.
func (x *inquiry) numbers() string { return x.counted(x.facts.points) }

// counted says the same of some datapoints, the newest last.
func (x *inquiry) counted(points []kpi.Point) string {
	k := x.k
	if k == nil || len(points) == 0 {
		return ""
	}
	c, need := k.Thresholds.Red, k.Thresholds.ForRed
	if c == nil {
		c, need = k.Thresholds.Yellow, k.Thresholds.ForYellow
	}
	if c == nil {
		return ""
	}
	need.N = max(need.N, 1)
	need.M = max(need.M, 1)
	// As Judge: the newest N real datapoints of the range.
	var real, breach, lost int
	for i := len(points) - 1; i >= 0 && real < need.N; i-- {
		p := points[i]
		switch {
		case !p.Real():
			if len(points)-i <= need.N {
				lost++
			}
		case c.Holds(p.Value):
			real, breach = real+1, breach+1
		default:
			real++
		}
	}
	if real == 0 {
		return x.gap()
	}
	limit := c.Limit(k.Unit)
	var s string
	switch {
	case need.N == 1 && breach == 1:
		s = "the newest datapoint was " + limit
	case need.N == 1:
		s = "the newest datapoint was not " + limit
	case need.M == need.N:
		s = fmt.Sprintf("%s of the %d datapoints that the rule needs %s %s", count(breach), need.N, were(breach), limit)
	default:
		s = fmt.Sprintf("%s of the newest %s %s %s, and the rule needs %d", count(breach), plural(need.N, "datapoint"), were(breach), limit, need.M)
	}
	if lost > 0 {
		s += fmt.Sprintf("; %d %s missing (%s)", lost, were(lost), x.lost(points))
	}
	if p := points[len(points)-1]; p.Real() {
		s += "; the newest was " + text(k, p.Value)
		if d := distance(c, p.Value); d > 0 {
			word := "short of"
			if c.Holds(p.Value) {
				word = "past"
			}
			s += fmt.Sprintf(", %s %s the threshold", apart(k, d), word)
		}
	}
	return s
}

// lost says why the newest missing one of some datapoints is.
func (x *inquiry) lost(points []kpi.Point) string {
	for i := len(points) - 1; i >= 0; i-- {
		if p := x.point(points[i]); p.Missing != "" {
			if p.Detail != "" {
				return p.Detail
			}
			return p.Missing
		}
	}
	return ""
}

func distance(c *kpi.Comparison, v float64) float64 {
	d := math.Abs(v - c.A)
	if c.Op == kpi.OutsideOf {
		d = min(d, math.Abs(v-c.B))
	}
	return d
}

// apart is a difference of two values; of percentages it is points.
func apart(k *kpi.KPI, d float64) string {
	s := kpi.Show(k.Unit, d)
	if k.Unit == "percent" {
		return s.Value + " points"
	}
	return s.String()
}

func count(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
