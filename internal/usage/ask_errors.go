package usage

import (
	"cmp"
	"slices"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// row is a group as a row, so that an Expr can choose it. Its releases are looked at one by one.
func (g *group) rows() []rowstore.Row {
	r := rowstore.Row{Service: g.app.Service, Env: g.app.Env, Agency: g.app.Agency, ErrorType: g.kind, Route: g.route, Body: g.message, Name: originOf(g.origin), Status: rowstore.StatusError, Severity: severest, Weight: 1}
	out := []rowstore.Row{r}
	for _, release := range g.releases {
		r.Release, r.Version = release, release
		out = append(out, r)
	}
	return out
}

func originOf(t rowstore.Table) string { return [...]string{"log", "span", "event"}[t%3] }

func (g *group) state(at int64) string {
	switch {
	case at-g.first < dayMicros:
		return "new"
	case g.relapsed != 0 && at-g.relapsed < 7*dayMicros:
		return "regressed"
	}
	return "known"
}

// Errors lists error groups.
func (r *Room) Errors(q ErrorsQuestion) (Errors, error) {
	if !slices.Contains([]string{"", "count", "new", "people", "last"}, q.Sort) {
		return Errors{}, fault.New(fault.Invalid, "sort %q: want count, new, people or last", q.Sort)
	}
	if !slices.Contains([]string{"", "new", "regressed", "known"}, q.State) {
		return Errors{}, fault.New(fault.Invalid, "state %q: want new, regressed or known", q.State)
	}
	holds, err := q.Where.Compile()
	if err != nil {
		return Errors{}, fault.New(fault.Invalid, "the filter cannot be used: %w", err)
	}
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return Errors{}, err
	}
	from, to = from/3_600_000_000, (to+3_599_999_999)/3_600_000_000
	out := Errors{Range: Range{from * 3_600_000, to * 3_600_000}, Groups: []ErrorGroup{}, Notes: notes(nil)}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, g := range r.failures.groups {
		if g.app.masked(maskOf(q.App)).App != q.App || q.See != nil && !q.See(g.app) {
			continue
		}
		if !slices.ContainsFunc(g.rows(), func(x rowstore.Row) bool { return holds(&x) }) {
			continue
		}
		a := g.answer(id, int32(from), int32(to), min(to*3_600_000_000, r.opt.Now().UnixMicro()))
		if a.Count == 0 || q.State != "" && a.State != q.State {
			continue
		}
		out.Groups, out.Total = append(out.Groups, a), out.Total+a.Count
	}
	out.Found = len(out.Groups)
	slices.SortFunc(out.Groups, func(a, b ErrorGroup) int {
		by := cmp.Compare(b.Count, a.Count)
		switch q.Sort {
		case "new":
			by = cmp.Compare(b.First, a.First)
		case "people":
			by = cmp.Compare(b.People, a.People)
		case "last":
			by = cmp.Compare(b.Last, a.Last)
		}
		return cmp.Or(by, cmp.Compare(b.Last, a.Last), cmp.Compare(a.ID, b.ID))
	})
	out.Groups = out.Groups[:min(len(out.Groups), min(cmp.Or(max(q.Limit, 0), 100), 1000))]
	if q.See == nil && q.App == (App{}) {
		out.Beyond = r.failures.beyond
	}
	return out, nil
}

// Error returns one group by its id, with its hours within a range.
func (r *Room) Error(id string, q ErrorsQuestion) (ErrorGroup, error) {
	q.Where, q.Limit, q.State = rowstore.Everything, 1, ""
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return ErrorGroup{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, g := range r.failures.groups {
		if idOf(n) == id && (q.See == nil || q.See(g.app)) {
			return g.answer(n, int32(from/3_600_000_000), int32((to+3_599_999_999)/3_600_000_000), min(to, r.opt.Now().UnixMicro())), nil
		}
	}
	return ErrorGroup{}, fault.New(fault.NotFound, "error group %q is not known", id).Hint("Groups that were quiet for longest make room for new ones.")
}

func (g *group) answer(id uint64, from, to int32, at int64) ErrorGroup {
	a := ErrorGroup{ID: idOf(id), Origin: originOf(g.origin), App: g.app, Type: g.kind, Route: g.route, Message: g.message, State: g.state(at), First: g.first / 1000, Last: g.last / 1000,
		RegressedAt: g.relapsed / 1000, All: g.count, People: int64(g.people.GetCardinality()), Releases: slices.Concat([]string{}, g.releases), Hours: []HourCount{}, Samples: []ErrorSample{}}
	for _, h := range g.hours {
		if h.at >= from && h.at < to {
			a.Count += h.count
			a.Hours = append(a.Hours, HourCount{int64(h.at) * 3_600_000, h.count})
		}
	}
	for _, s := range slices.Backward(g.samples) {
		a.Samples = append(a.Samples, ErrorSample{s.at / 1000, s.trace.String(), s.span.String(), s.release})
	}
	return a
}

// Where is the Expr of the rows that may belong to a group; its message is matched by its longest plain part.
func (g ErrorGroup) Where() rowstore.Expr {
	e := g.base()
	if part := plain(g.Message); len(part) > 3 {
		in := func(field string) rowstore.Expr {
			return rowstore.Expr{Match: &rowstore.Match{Field: field, Op: rowstore.Contains, Value: part}}
		}
		e = rowstore.All(e, rowstore.Any(in("body"), in("name")))
	}
	return e
}

// base is what the fields of a group say.
func (g ErrorGroup) base() rowstore.Expr {
	var es []rowstore.Expr
	for _, x := range [][2]string{{"service", g.App.Service}, {"env", g.App.Env}, {"agency", g.App.Agency}, {"error_type", g.Type}, {"route", g.Route}} {
		if x[1] != "" {
			es = append(es, rowstore.Is(x[0], x[1]))
		}
	}
	if g.Origin == "log" {
		es = append(es, rowstore.Expr{Match: &rowstore.Match{Field: "level", Op: rowstore.AtLeast, Value: "error"}})
	} else {
		es = append(es, rowstore.Is("status", "error"))
	}
	return rowstore.All(es...)
}
