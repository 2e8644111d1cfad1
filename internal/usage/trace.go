package usage

import (
	"cmp"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// leaf of a trace while it is put together: times in microseconds.
type twig struct {
	row        *rowstore.Row
	parent     int // index, -1 for a root
	children   []int
	start, end int64
	out        TraceSpan
}

// Assemble puts a trace together from its spans. A span whose parent is missing is an orphan and stands as a root; a ring of
// parents is cut at its earliest span. Where a called service's span lies outside its caller's, its clock is off: it and
// what its service did below it are moved as little as lets them fit (in the middle, as Jaeger does), and marked.
func Assemble(id rowstore.TraceID, rows []rowstore.Row) Trace {
	t := Trace{ID: id.String(), Spans: []TraceSpan{}, Logs: []TraceRow{}, Events: []TraceRow{}, Services: []TraceService{}, Notes: notes(nil)}
	if len(rows) == 0 {
		return t
	}
	twigs, roots := grow(rows)
	w := wood{twigs: twigs}
	for _, i := range roots {
		w.adjust(i, 0)
	}
	byStart := func(a, b int) int {
		return cmp.Or(cmp.Compare(twigs[a].start, twigs[b].start), cmp.Compare(twigs[a].row.Span, twigs[b].row.Span))
	}
	slices.SortFunc(roots, byStart)
	first, last := twigs[roots[0]].start, int64(0)
	for i := range twigs {
		slices.SortFunc(twigs[i].children, byStart)
		first, last = min(first, twigs[i].start), max(last, twigs[i].end)
	}
	w.path(-1, roots, first, last, last)
	t.Start, t.Duration = first, float64(last-first)/1e6
	t.Root, t.Service = twigs[roots[0]].row.Name, twigs[roots[0]].row.Service
	w.list(&t, roots)
	t.services()
	return t
}

// grow ties spans to their parents.
func grow(rows []rowstore.Row) (twigs []twig, roots []int) {
	at := make(map[rowstore.SpanID]int, len(rows))
	twigs = make([]twig, len(rows))
	for i := range rows {
		r := &rows[i]
		twigs[i] = twig{row: r, parent: -1, start: r.Time, end: r.Time + max(r.Duration, 0)/1000}
		if _, ok := at[r.Span]; ok && r.Span != 0 {
			twigs[i].out.Duplicate = true
			continue
		}
		at[r.Span] = i
	}
	for i := range twigs {
		x := &twigs[i]
		if x.row.Parent == 0 {
			continue
		}
		p, ok := at[x.row.Parent]
		switch {
		case p == i && ok:
			x.out.Cycle = true
		case ok:
			x.parent = p
		default:
			x.out.Orphan = true
		}
	}
	seen := make([]int, len(twigs)) // the walk that came by, from 1
	for i := range twigs {
		k := i
		for k >= 0 && seen[k] == 0 {
			seen[k] = i + 1
			k = twigs[k].parent
		}
		if k < 0 || seen[k] != i+1 {
			continue
		}
		cut := k // a ring: cut it at its earliest span
		for m := twigs[k].parent; m != k; m = twigs[m].parent {
			if twigs[m].start < twigs[cut].start {
				cut = m
			}
		}
		twigs[cut].parent, twigs[cut].out.Cycle = -1, true
	}
	for i := range twigs {
		if p := twigs[i].parent; p >= 0 {
			twigs[p].children = append(twigs[p].children, i)
		} else {
			roots = append(roots, i)
		}
	}
	return twigs, roots
}

// wood is the trees of one trace.
type wood struct{ twigs []twig }

// adjust moves the clocks below a span. skew is what its service's clock is off by, as far as that is known.
func (w *wood) adjust(i int, skew int64) {
	for stack := [][2]int64{{int64(i), skew}}; len(stack) > 0; {
		i, skew := int(stack[len(stack)-1][0]), stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		x := &w.twigs[i]
		if p := x.parent; p >= 0 && x.row.Service != w.twigs[p].row.Service {
			skew = 0
			if up := &w.twigs[p]; x.row.Kind == kindServer && (x.start < up.start || x.end > up.end) {
				if own, room := x.end-x.start, up.end-up.start; own <= room {
					skew = up.start + (room-own)/2 - x.start
				} else if x.start < up.start {
					skew = up.start - x.start
				}
			}
		}
		x.start, x.end, x.out.Skew = x.start+skew, x.end+skew, skew
		for _, c := range x.children {
			stack = append(stack, [2]int64{int64(c), skew})
		}
	}
}

// path walks the critical path backwards from until: what ended last before it held everything up, and before its start
// whatever ended last before that. A child counts as far as it lies within its parent.
func (w *wood) path(i int, children []int, from, end, until int64) {
	type frame struct {
		i        int
		children []int
		from     int64
		until    int64
	}
	for stack := []frame{{i, children, from, min(end, until)}}; len(stack) > 0; {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		last := slices.Clone(f.children)
		top := f.until
		clip := func(c int) int64 { return min(w.twigs[c].end, top) }
		slices.SortStableFunc(last, func(a, b int) int { return cmp.Compare(clip(b), clip(a)) })
		at, own := f.until, int64(0)
		for _, c := range last {
			x := &w.twigs[c]
			if end := clip(c); end <= at && x.start < end && end > f.from {
				own += at - end
				stack = append(stack, frame{c, x.children, max(x.start, f.from), end})
				at = max(x.start, f.from)
			}
		}
		own += max(at-f.from, 0)
		if f.i >= 0 {
			w.twigs[f.i].out.Critical, w.twigs[f.i].out.OnPath = true, float64(own)/1e6
		}
	}
}

// self is the time of a span in which none of its children ran.
func (w *wood) self(x *twig) int64 {
	at, busy := x.start, int64(0)
	for _, c := range x.children { // by start
		from, to := max(w.twigs[c].start, at), min(w.twigs[c].end, x.end)
		if to > from {
			busy, at = busy+to-from, to
		}
	}
	return x.end - x.start - busy
}

// list writes the spans down, depth first.
func (w *wood) list(t *Trace, roots []int) {
	type place struct{ i, depth int }
	var stack []place
	for _, i := range slices.Backward(roots) {
		stack = append(stack, place{i, 0})
	}
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		x := &w.twigs[p.i]
		r, o := x.row, x.out
		o.ID, o.Parent, o.Depth, o.Service, o.Name, o.Route = r.Span.String(), r.Parent.String(), p.depth, r.Service, r.Name, r.Route
		o.Kind, o.Status, o.Message, o.ErrorType, o.Detail = r.Get("kind"), r.Get("status"), r.Body, r.ErrorType, r.Detail
		o.Start, o.Duration, o.Self, o.Attrs = x.start, float64(max(r.Duration, 0))/1e9, float64(w.self(x))/1e6, attributes(r)
		if r.Status == rowstore.StatusError {
			t.Errors++
		}
		if o.Skew != 0 && len(t.Notes) == 0 {
			t.Notes = append(t.Notes, "The clocks of some services are off: their spans were moved to fit into their callers'.")
		}
		t.Spans = append(t.Spans, o)
		for _, c := range slices.Backward(x.children) {
			stack = append(stack, place{c, p.depth + 1})
		}
	}
}

// services sums up by service.
func (t *Trace) services() {
	by := map[string]*TraceService{}
	path := 0.0
	for _, s := range t.Spans {
		x := by[s.Service]
		if x == nil {
			x = &TraceService{Service: s.Service}
			by[s.Service] = x
		}
		x.Spans++
		x.Self += s.Self
		x.OnPath += s.OnPath
		path += s.OnPath
		if s.Status == "error" {
			x.Errors++
		}
	}
	for _, x := range by {
		if path > 0 {
			x.Share = x.OnPath / path
		}
		t.Services = append(t.Services, *x)
	}
	slices.SortFunc(t.Services, func(a, b TraceService) int {
		return cmp.Or(cmp.Compare(b.OnPath, a.OnPath), cmp.Compare(b.Self, a.Self), cmp.Compare(a.Service, b.Service))
	})
}

// attributes is a row's attributes and its sender's; the row's own win.
func attributes(r *rowstore.Row) map[string]string {
	out := make(map[string]string, len(r.Attrs))
	if r.Resource != nil {
		for _, a := range r.Resource.Attrs {
			out[a.Key] = a.Value
		}
	}
	for _, a := range r.Attrs {
		out[a.Key] = a.Value
	}
	return out
}

func traceRow(t rowstore.Table, r *rowstore.Row) TraceRow {
	return TraceRow{Table: t.String(), At: r.Time, Service: r.Service, Name: r.Name, Level: r.Get("level"), Status: r.Get("status"), Route: r.Route, Body: r.Body, Duration: float64(r.Duration) / 1e9,
		Trace: r.Trace.String(), Span: r.Span.String(), Session: r.Session, Business: r.Business, Release: r.Release, Attrs: attributes(r)}
}
