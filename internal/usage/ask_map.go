package usage

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const maxMapSpans = 3_000_000

// Map answers what calls what.
func (r *Room) Map(ctx context.Context, q MapQuestion) (Map, error) {
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return Map{}, err
	}
	if q.Exact || !q.Where.IsEverything() {
		return r.exactMap(ctx, q, from, to)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	sum, first, last := r.joiner.between(from, to, r.opt.Now().UnixMicro())
	out := r.joiner.places.answer(sum, q.Scope, first, min(last, max(to, first+60_000_000)))
	out.Standing = true
	if to > r.opt.Now().UnixMicro()-3*slotMicros {
		out.Notes = append(out.Notes, "Spans of the last 45 seconds still wait for their callers.")
	}
	if r.joiner.places.beyond > 0 {
		out.Notes = append(out.Notes, "There are more than 2,000 nodes; the newest of them are shown as unknown.")
	}
	return out, nil
}

// exactMap reads the spans of a range, and of a minute on either side of it to find callers.
func (r *Room) exactMap(ctx context.Context, q MapQuestion, from, to int64) (Map, error) {
	holds, err := q.Where.Compile()
	if err != nil {
		return Map{}, fault.New(fault.Invalid, "the filter cannot be used: %w", err)
	}
	done, err := r.admit(ctx)
	if err != nil {
		return Map{}, err
	}
	defer done()
	p, s, h := newPlaces(), &slot{}, hashing{maphash.MakeSeed()}
	scan := rowstore.Scan{Table: rowstore.Spans, Between: rowstore.Between{From: from - 60_000_000, To: to + 60_000_000}}
	err = r.opt.Rows.Scan(ctx, scan, func(rows []rowstore.Row) error {
		if len(s.spans)+len(rows) > maxMapSpans {
			return fault.New(fault.TooLarge, "the range holds more than %d spans", maxMapSpans).Hint("Take a shorter range, or the standing map.")
		}
		for i := range rows {
			x := p.passage(&rows[i])
			x.counted = rows[i].Time < from || rows[i].Time >= to || !holds(&rows[i])
			s.spans = append(s.spans, x)
		}
		return ctx.Err()
	})
	if err != nil {
		return Map{}, err
	}
	j, sum := joiner{hashing: h, slots: map[int64]*slot{0: s}}, newTraffic()
	for i := range s.spans {
		if x := &s.spans[i]; !x.counted {
			parent, answered := j.find(0, x)
			sum.book(x, parent, answered)
		}
	}
	return p.answer(sum, q.Scope, from, to), nil
}

func (p place) id() string {
	if p.kind == 's' {
		return strings.TrimRight(strings.Join([]string{"service", p.Service, p.Env, p.Agency}, ":"), ":")
	}
	return p.word() + ":" + p.Service
}

func (p place) word() string {
	return map[byte]string{'s': "service", 'd': "database", 'q': "queue", 'x': "external", '?': "unknown"}[p.kind]
}

// answer shows what a scope lets be seen: an edge needs its called service in sight, and a caller out of sight is unknown.
// What sends no spans is in sight with its callers.
func (p *places) answer(t *traffic, q Scope, from, to int64) Map {
	out := Map{Range: Range{from / 1000, to / 1000}, Nodes: []MapNode{}, Edges: []MapEdge{}, Notes: notes(nil)}
	seconds := float64(to-from) / 1e6
	see := func(id uint32) bool {
		x := p.list[id]
		return x.kind == 's' && x.masked(maskOf(q.App)).App == q.App && (q.See == nil || q.See(x.App))
	}
	nodes, edges := map[uint32]*nodeFlow{}, map[edge]*flow{}
	for id, n := range t.nodes {
		if see(id) {
			nodes[id] = n
		}
	}
	touch := func(id uint32) *nodeFlow {
		if nodes[id] == nil {
			nodes[id] = &nodeFlow{}
		}
		return nodes[id]
	}
	for e, f := range t.edges {
		leaf := p.list[e.to].kind != 's' && e.to != 0
		if leaf && !see(e.from) || !leaf && e.to != 0 && !see(e.to) {
			continue
		}
		if e.from != 0 && !see(e.from) {
			e.from = 0
		}
		touch(e.from)
		if leaf || e.to == 0 {
			touch(e.to).merge(f)
		} else {
			touch(e.to)
		}
		if edges[e] == nil {
			edges[e] = &flow{}
		}
		edges[e].merge(f)
	}
	for id, n := range nodes {
		x := p.list[id]
		name := x.Service
		if id == 0 {
			name = "unknown"
		}
		out.Nodes = append(out.Nodes, MapNode{ID: x.id(), Name: name, Kind: x.word(), Env: x.Env, Root: n.roots / max(seconds, 1), Flow: n.answer(seconds)})
	}
	for e, f := range edges {
		kind := map[byte]string{'c': "call", 'm': "message", 'q': "query"}[e.kind]
		if e.kind == 'q' && p.list[e.to].kind != 'd' {
			kind = "call"
		}
		out.Edges = append(out.Edges, MapEdge{From: p.list[e.from].id(), To: p.list[e.to].id(), Kind: kind, Flow: f.answer(seconds)})
	}
	slices.SortFunc(out.Nodes, func(a, b MapNode) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(out.Edges, func(a, b MapEdge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
