package board

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
)

// burnPoints is how many points a burn-down has at most.
const burnPoints = 240

// BurnDown returns the error budget left at up to 240 instants in [from, to], by the very ladder that judges it live.
func (b *Board) BurnDown(ctx context.Context, name string, from, to int64) (BurnDown, error) {
	st, err := b.status(name)
	if err != nil {
		return BurnDown{}, err
	}
	k := st.KPI
	if k.Objective == nil {
		return BurnDown{}, fault.New(fault.NotFound, "KPI %q has no objective, so it has no error budget", name).Hint("Add objective: {target: 99.5%%, window: 30d} to its document")
	}
	zone := time.UTC
	if k.Zone != "" {
		if zone, err = time.LoadLocation(k.Zone); err != nil {
			return BurnDown{}, fmt.Errorf("burn-down of %s: %w", name, err)
		}
	}
	window := k.Objective.Window.Milliseconds()
	if k.Objective.Calendar != "" {
		window = 92 * dayMS
	}
	whole := kpi.GroupStatus{Labels: labels.EmptyLabels(), Last: st.Last}
	ss, err := b.slices(ctx, k, &whole, from-window, to)
	if err != nil {
		return BurnDown{}, err
	}
	out := BurnDown{T: Instants{}, Remaining: Numbers{}}
	period := k.Period.Milliseconds()
	step := max(period, (to-from)/burnPoints/period*period)
	ladder := kpi.NewLadder(*k.Objective, k.Period)
	i := 0
	if len(ss) > 0 {
		for at := min(kpi.PeriodEnd(max(from, ss[0].end), step), to); ; at = min(at+step, to) {
			for i < len(ss) && ss[i].end <= at {
				ladder.Add(ss[i].end, ss[i].good, ss[i].total)
				i++
			}
			v := ladder.View(*k.Objective, at, k.Thresholds.MinCount, zone)
			out.T, out.Remaining = append(out.T, at), append(out.Remaining, v.Remaining)
			if at >= to {
				break
			}
		}
	}
	now := b.o.Now().UnixMilli()
	if st.Budget != nil {
		out.Window = st.Budget.Window
		// The live figure closes the line, so that it ends where the tile stands.
		if st.Last.End > from && st.Last.End <= to && to > now-dayMS {
			for n := len(out.T); n > 0 && out.T[n-1] >= st.Last.End; n-- {
				out.T, out.Remaining = out.T[:n-1], out.Remaining[:n-1]
			}
			out.T, out.Remaining = append(out.T, st.Last.End), append(out.Remaining, st.Budget.Remaining)
		}
	}
	out.SpentAt = spentAt(out)
	out.RunsOutAt = runsOutAt(&st, now)
	out.Sentence = burnSentence(&st, &out, now)
	return out, nil
}

// spentAt is when the line last went to 0 or below and stayed there, 0 if it has not.
func spentAt(b BurnDown) int64 {
	var at int64
	for i, r := range b.Remaining {
		switch {
		case math.IsNaN(r):
		case r > 0:
			at = 0
		case at == 0:
			at = b.T[i]
		}
	}
	return at
}

// runsOutAt is when the budget is spent if it burns on as in the last hour, 0 if that is never or beyond the window.
func runsOutAt(st *kpi.Status, now int64) int64 {
	if st.Budget == nil || !(st.Budget.Remaining > 0) || st.KPI.Objective.Window == 0 {
		return 0
	}
	for _, u := range st.Budget.Burns {
		if u.Long == time.Hour && u.LongRate > 1 {
			left := st.Budget.Remaining / u.LongRate * float64(st.KPI.Objective.Window.Milliseconds())
			return now + int64(left)
		}
	}
	return 0
}

func burnSentence(st *kpi.Status, b *BurnDown, now int64) string {
	if st.Budget == nil || math.IsNaN(st.Budget.Remaining) {
		return "No data for the error budget."
	}
	s := budget(st.Budget).Sentence
	switch {
	case b.SpentAt > 0:
		s += ", spent since " + since(b.SpentAt, now)
	case b.RunsOutAt > 0:
		s += "; at the burn of the last hour it is spent in about " + about(time.Duration(b.RunsOutAt-now)*time.Millisecond)
	}
	if st.Budget.Partial {
		s += fmt.Sprintf(". Observed for %s of the window so far", joined(wholePercent(st.Budget.Observed)))
	}
	return sentence(s)
}
