package board

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"github.com/signalbox/signalbox/internal/kpi"
)

// mostFailing is how many rows "where it fails" names before the rest becomes one.
const mostFailing = 10

// WhereItFails returns the groups that explain most of the drop in (from, to]: bad events, or breaching datapoints where
// the kind counts no events. Groups without any are left out; what lies beyond ten rows is summed up in one.
func (b *Board) WhereItFails(ctx context.Context, name string, from, to int64) ([]Failing, error) {
	st, err := b.status(name)
	if err != nil {
		return nil, err
	}
	k := st.KPI
	if len(k.By) == 0 || len(st.Groups) == 0 {
		return []Failing{}, nil
	}
	rows := make([]Failing, len(st.Groups))
	errs := make([]error, readers)
	next := make(chan int)
	var wg sync.WaitGroup
	for w := range readers {
		wg.Go(func() {
			for i := range next {
				if errs[w] == nil && ctx.Err() == nil {
					errs[w] = b.failing(ctx, k, &st.Groups[i], from, to, &rows[i])
				}
			}
		})
	}
	for i := range rows {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	all := 0.0
	for i := range rows {
		all += float64(rows[i].Bad)
	}
	rows = slices.DeleteFunc(rows, func(r Failing) bool { return !(r.Bad > 0) })
	slices.SortStableFunc(rows, func(x, y Failing) int {
		return cmp.Or(cmp.Compare(y.Bad, x.Bad), cmp.Compare(x.Text, y.Text))
	})
	if len(rows) > mostFailing {
		rest := Failing{Labels: map[string]string{}, Text: "Everything else", Value: None(), Display: show(k, math.NaN()), Light: kpi.Green.String()}
		light := kpi.Green
		for _, r := range rows[mostFailing-1:] {
			rest.Bad, rest.Total = rest.Bad+r.Bad, rest.Total+r.Total
			var l kpi.Light
			if l.UnmarshalText([]byte(r.Light)) == nil {
				light = kpi.Worst(light, l)
			}
		}
		rest.Light = light.String()
		rows = append(rows[:mostFailing-1], rest)
	}
	for i := range rows {
		r := &rows[i]
		r.ShareOfDrop = Number(float64(r.Bad) / all)
		r.BadText, r.ShareText = kpi.Count(float64(r.Bad)), joined(wholePercent(float64(r.ShareOfDrop)))
	}
	return rows, nil
}

// failing counts one group's bad events, or its breaching datapoints.
func (b *Board) failing(ctx context.Context, k *kpi.KPI, g *kpi.GroupStatus, from, to int64, out *Failing) error {
	*out = Failing{Labels: g.Labels.Map(), Text: groupText(k, g.Labels), Value: Number(g.Last.Value), Display: show(k, g.Last.Value), Light: g.Light.String()}
	if !g.Last.Real() {
		out.Value, out.Display = None(), show(k, math.NaN())
	}
	slices, err := b.slices(ctx, k, g, from, to)
	if err != nil {
		return err
	}
	for _, s := range slices {
		out.Bad += Number(s.total - s.good)
		out.Total += Number(s.total)
	}
	return nil
}

// slice is what one period adds: good and total events, or one timeslice.
type slice struct {
	end         int64
	good, total float64
}

// slices returns what kpi.SliceOf counts of each period in (from, to].
func (b *Board) slices(ctx context.Context, k *kpi.KPI, g *kpi.GroupStatus, from, to int64) ([]slice, error) {
	if own := k.Objective != nil && k.Window > k.Period; own && !math.IsNaN(g.Last.Total) {
		ss, err := b.o.History.Slices(ctx, k.Name, g.Labels, from+1, to, true)
		if err != nil {
			return nil, err
		}
		out := make([]slice, 0, len(ss))
		for _, s := range ss {
			out = append(out, slice{s.End, s.Good, s.Total})
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	ps, err := b.o.History.Points(ctx, k.Name, g.Labels, from+1, to, 0)
	if err != nil {
		return nil, err
	}
	// Windows longer than a period overlap: whole windows are taken end to end, so that nothing counts twice.
	step, next := k.Window.Milliseconds(), int64(math.MinInt64)
	out := make([]slice, 0, len(ps))
	for _, p := range ps {
		if k.Window > k.Period && p.End < next {
			continue
		}
		if good, total, ok := kpi.SliceOf(k, p, p.Good, p.Total); ok {
			out = append(out, slice{p.End, good, total})
			next = p.End + step
		}
	}
	return out, nil
}
