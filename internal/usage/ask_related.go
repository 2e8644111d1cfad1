package usage

import (
	"cmp"
	"context"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Related answers everything of one trace, session, business id or person: its own rows, and those that share a trace with
// them, in order of time. Without a range all kept rows are looked at.
func (r *Room) Related(ctx context.Context, q RelatedQuestion) (Related, error) {
	var field, value string
	for _, x := range [][2]string{{"trace_id", q.Trace}, {"session", q.Session}, {"business_id", q.Business}, {"user", q.User}} {
		if x[1] == "" {
			continue
		}
		if field != "" {
			return Related{}, fault.New(fault.Invalid, "both %s and %s are given; want one of trace_id, session, business_id and user", field, x[0])
		}
		field, value = x[0], x[1]
	}
	switch {
	case field == "":
		return Related{}, fault.New(fault.Invalid, "no id is given; want one of trace_id, session, business_id and user")
	case field == "trace_id":
		id, err := parseTrace(value)
		if err != nil {
			return Related{}, err
		}
		value = id.String()
	}
	b := rowstore.Between{From: q.From * 1000, To: q.To * 1000}
	limit := min(cmp.Or(max(q.Limit, 0), 500), 5000)
	own := rowstore.Is(field, value)
	out := Related{Counts: map[string]float64{}}
	lists := newLists()
	traces := map[rowstore.TraceID]bool{}
	gather := func(where rowstore.Expr, follow bool) error {
		for _, t := range rowstore.Tables() {
			rows, err := r.opt.Rows.Find(ctx, rowstore.Find{Table: t, Between: b, Where: where, Oldest: true, Limit: limit})
			if err != nil {
				return err
			}
			n, err := r.opt.Rows.Count(ctx, rowstore.Count{Table: t, Between: b, Where: where})
			if err != nil {
				return err
			}
			out.Counts[t.String()] += 0 // a table without rows says 0
			if len(n.Rows) > 0 && len(n.Rows[0].Numbers) > 0 {
				out.Counts[t.String()] += n.Rows[0].Numbers[0]
			}
			out.Cut = out.Cut || len(rows) == limit
			for i := range rows {
				x := &rows[i]
				out.Rows = append(out.Rows, traceRow(t, x))
				lists.add(x)
				if follow && x.Trace != (rowstore.TraceID{}) && len(traces) < 100 {
					traces[x.Trace] = true
				}
			}
		}
		return nil
	}
	if err := gather(rowstore.All(own, q.Where), true); err != nil {
		return Related{}, err
	}
	if field != "trace_id" && len(traces) > 0 {
		var ids []rowstore.Expr
		for id := range traces {
			ids = append(ids, rowstore.Is("trace_id", id.String()))
		}
		slices.SortFunc(ids, func(a, b rowstore.Expr) int { return cmp.Compare(a.Match.Value, b.Match.Value) })
		if err := gather(rowstore.All(rowstore.Any(ids...), rowstore.Expr{Not: &own}, q.Where), false); err != nil {
			return Related{}, err
		}
	}
	slices.SortStableFunc(out.Rows, func(a, b TraceRow) int { return cmp.Compare(a.At, b.At) })
	if len(out.Rows) > limit {
		out.Rows, out.Cut = out.Rows[:limit], true
	}
	out.Rows, out.Notes = slices.Concat([]TraceRow{}, out.Rows), notes(nil)
	out.Traces, out.Sessions, out.Business, out.Services, out.Releases = lists.of(0), lists.of(1), lists.of(2), lists.of(3), lists.of(4)
	return out, nil
}

// lists gathers names, each once.
type lists [5]map[string]bool

func newLists() lists {
	var l lists
	for i := range l {
		l[i] = map[string]bool{}
	}
	return l
}

func (l lists) add(r *rowstore.Row) {
	for i, v := range []string{r.Trace.String(), r.Session, r.Business, r.Service, r.Release} {
		if v != "" && len(l[i]) < 1000 {
			l[i][v] = true
		}
	}
}

func (l lists) of(i int) []string {
	out := make([]string, 0, len(l[i]))
	for v := range l[i] {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
