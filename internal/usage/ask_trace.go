package usage

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const maxFind = 10_000 // rows that a store hands out at once

// parseTrace reads a trace id; zeros in front may be left out.
func parseTrace(text string) (id rowstore.TraceID, err error) {
	padded := strings.Repeat("0", max(0, 32-len(text))) + text
	if b, e := hex.DecodeString(padded); e == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	if id == (rowstore.TraceID{}) {
		return id, fault.New(fault.Invalid, "trace id %q: want up to 32 hexadecimal digits, not all of them 0", text)
	}
	return id, nil
}

// Trace puts one trace together from what the asker may see, with its logs and events.
func (r *Room) Trace(ctx context.Context, id string, where rowstore.Expr) (Trace, error) {
	trace, err := parseTrace(id)
	if err != nil {
		return Trace{}, err
	}
	var of [3][]rowstore.Row
	for _, t := range rowstore.Tables() {
		of[t], err = r.opt.Rows.Find(ctx, rowstore.Find{Table: t, Where: rowstore.All(rowstore.Is("trace_id", trace.String()), where), Oldest: true, Limit: maxFind})
		if err != nil {
			return Trace{}, err
		}
	}
	if len(of[rowstore.Spans])+len(of[rowstore.Logs])+len(of[rowstore.Events]) == 0 {
		return Trace{}, fault.New(fault.NotFound, "trace %s has no rows", trace).Hint("Spans are kept for a shorter time than logs and events, and a sampled-out trace was never kept.")
	}
	out := Assemble(trace, of[rowstore.Spans])
	for i := range of[rowstore.Logs] {
		out.Logs = append(out.Logs, traceRow(rowstore.Logs, &of[rowstore.Logs][i]))
	}
	for i := range of[rowstore.Events] {
		out.Events = append(out.Events, traceRow(rowstore.Events, &of[rowstore.Events][i]))
	}
	for _, t := range rowstore.Tables() {
		if len(of[t]) == maxFind {
			out.Notes = append(out.Notes, fmt.Sprintf("The trace has more than %d %s; the first ones are shown.", maxFind, t))
		}
	}
	if len(out.Spans) == 0 {
		out.Notes = append(out.Notes, "No span of this trace is kept.")
	}
	return out, nil
}

// Traces finds traces by any of their spans, newest first.
func (r *Room) Traces(ctx context.Context, q TraceQuestion) (Traces, error) {
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return Traces{}, err
	}
	limit := min(cmp.Or(max(q.Limit, 0), 50), 500)
	out := Traces{Traces: []TraceSummary{}, Notes: notes(nil)}
	matched := map[rowstore.TraceID]int{}
	var order []rowstore.TraceID
	first, last := to, from
	find := rowstore.Find{Table: rowstore.Spans, Between: rowstore.Between{From: from, To: to}, Where: q.Where, Limit: min(maxFind, 20*limit)}
	rows, err := r.opt.Rows.Find(ctx, find)
	if err != nil {
		return Traces{}, err
	}
	out.Cut = len(rows) == find.Limit
	for i := range rows {
		x := &rows[i]
		if x.Trace == (rowstore.TraceID{}) {
			continue
		}
		if matched[x.Trace]++; matched[x.Trace] == 1 {
			if len(order) == limit {
				delete(matched, x.Trace)
				out.Cut = true
				break
			}
			order = append(order, x.Trace)
		}
		first, last = min(first, x.Time), max(last, x.Time)
	}
	if len(order) == 0 {
		return out, nil
	}
	ids := make([]rowstore.Expr, len(order))
	for i, id := range order {
		ids[i] = rowstore.Is("trace_id", id.String())
	}
	sums := map[rowstore.TraceID]*summary{}
	scan := rowstore.Scan{Table: rowstore.Spans, Between: rowstore.Between{From: first - 3_600_000_000, To: last + 3_600_000_000}, Where: rowstore.Any(ids...),
		Fields: []string{"time", "trace_id", "span_id", "parent_id", "service", "name", "duration", "status"}}
	err = r.opt.Rows.Scan(ctx, scan, func(rows []rowstore.Row) error {
		for i := range rows {
			s := sums[rows[i].Trace]
			if s == nil {
				s = &summary{services: map[string]bool{}}
				sums[rows[i].Trace] = s
			}
			s.add(&rows[i])
		}
		return ctx.Err()
	})
	if err != nil {
		return Traces{}, err
	}
	for _, id := range order {
		if s := sums[id]; s != nil {
			out.Traces = append(out.Traces, s.answer(id, matched[id]))
		}
	}
	slices.SortStableFunc(out.Traces, func(a, b TraceSummary) int { return cmp.Compare(b.Start, a.Start) })
	return out, nil
}

type summary struct {
	first, last, root int64
	name, service     string
	services          map[string]bool
	spans, errors     int
}

func (s *summary) add(r *rowstore.Row) {
	end := r.Time + max(r.Duration, 0)/1000
	if s.spans == 0 {
		s.first, s.last = r.Time, end
	}
	s.first, s.last = min(s.first, r.Time), max(s.last, end)
	s.spans++
	if r.Status == rowstore.StatusError {
		s.errors++
	}
	if !s.services[r.Service] {
		s.services[string([]byte(r.Service))] = true
	}
	if (r.Parent == 0 || r.Parent == r.Span) && (s.name == "" || r.Time < s.root) {
		s.root, s.name, s.service = r.Time, string([]byte(r.Name)), string([]byte(r.Service))
	}
}

func (s *summary) answer(id rowstore.TraceID, matched int) TraceSummary {
	out := TraceSummary{ID: id.String(), Start: s.first, Duration: float64(s.last-s.first) / 1e6, Root: s.name, Service: s.service, Services: []string{}, Spans: s.spans, Errors: s.errors, Matched: matched}
	for name := range s.services {
		out.Services = append(out.Services, name)
	}
	slices.Sort(out.Services)
	return out
}
