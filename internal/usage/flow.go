package usage

import (
	"encoding/binary"
	"hash/maphash"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// flow is requests counted.
type flow struct {
	count, errors float64
	lasted        spread
}

func (f *flow) add(seconds, weight float64, failed bool) {
	f.count += weight
	if failed {
		f.errors += weight
	}
	f.lasted.add(seconds, weight)
}

func (f *flow) merge(o *flow) {
	f.count, f.errors = f.count+o.count, f.errors+o.errors
	f.lasted.merge(&o.lasted)
}

func (f *flow) answer(seconds float64) Flow {
	return Flow{Count: f.count, Rate: f.count / max(seconds, 1), Errors: f.errors, Share: share(f.errors, f.count), P50: f.lasted.quantile(0.5), P95: f.lasted.quantile(0.95)}
}

// place is a node of the service map: a service, or what services call that sends no spans itself.
type place struct {
	App
	kind byte // 's' service, 'd' database, 'q' queue, 'x' external, '?' unknown
}

type edge struct {
	from, to uint32
	kind     byte // 'c' call, 'm' message, 'q' query
}

// traffic is the flows of one span of time.
type traffic struct {
	nodes map[uint32]*nodeFlow
	edges map[edge]*flow
	dirty bool
}

type nodeFlow struct {
	flow
	roots float64
}

func newTraffic() *traffic {
	return &traffic{nodes: map[uint32]*nodeFlow{}, edges: map[edge]*flow{}}
}

// passage is what the map needs of one span.
type passage struct {
	trace        rowstore.TraceID
	span, parent rowstore.SpanID
	start        int64
	duration     int64
	node, leaf   uint32 // leaf 0: calls nothing outside
	weight       float32
	kind         uint8
	failed       bool
	counted      bool // already counted, only here to be found
}

// took says that the span is of one who took a call.
func (x *passage) took() bool { return x.kind == kindServer || x.kind == kindConsumer }

// OTLP's span kinds.
const (
	kindServer   = 2
	kindClient   = 3
	kindProducer = 4
	kindConsumer = 5
)

// hashing makes a span's identity one number by which it is looked for; the ids are compared as well.
type hashing struct{ seed maphash.Seed }

func (h hashing) of(t rowstore.TraceID, s rowstore.SpanID) uint64 {
	var b [24]byte
	copy(b[:], t[:])
	binary.LittleEndian.PutUint64(b[16:], uint64(s))
	return maphash.Bytes(h.seed, b[:])
}

// places numbers the nodes; 0 is unknown. Beyond the bound everything is unknown.
type places struct {
	list   []place
	number map[place]uint32
	last   uint32 // the node of the span before: many spans of one come together
	beyond float64
	dirty  bool
}

const maxPlaces = 2000

func newPlaces() *places {
	return &places{list: []place{{kind: '?'}}, number: map[place]uint32{{kind: '?'}: 0}}
}

func (p *places) of(x place) uint32 {
	if int(p.last) < len(p.list) && p.list[p.last] == x {
		return p.last
	}
	if n, ok := p.number[x]; ok {
		p.last = n
		return n
	}
	if len(p.list) >= maxPlaces {
		p.beyond++
		return 0
	}
	x.Service, x.Env, x.Agency = strings.Clone(x.Service), strings.Clone(x.Env), strings.Clone(x.Agency)
	n := uint32(len(p.list))
	p.list, p.number[x], p.dirty = append(p.list, x), n, true
	return n
}

// passage reads a span.
func (p *places) passage(r *rowstore.Row) passage {
	x := passage{trace: r.Trace, span: r.Span, parent: r.Parent, start: r.Time, duration: r.Duration, weight: r.Weight, kind: r.Kind, failed: r.Status == rowstore.StatusError}
	x.node = p.of(place{App{r.Service, r.Env, r.Agency}, 's'})
	if r.Kind == kindClient || r.Kind == kindProducer {
		if kind, name := leafOf(r); kind != 0 {
			x.leaf = p.of(place{App{Service: name}, kind})
		}
	}
	return x
}

// leafOf names what a client or producer span calls; kind 0 if it does not tell.
func leafOf(r *rowstore.Row) (kind byte, name string) {
	first := func(names ...string) string {
		for _, n := range names {
			if v, ok := r.Attribute(n); ok && v != "" {
				return v
			}
		}
		return ""
	}
	join := func(a, b string) string {
		if b == "" {
			return a
		}
		return a + " " + b
	}
	if db := first("db.system.name", "db.system"); db != "" {
		return 'd', join(db, first("db.namespace", "db.name"))
	}
	if q := first("messaging.system"); q != "" {
		return 'q', join(q, first("messaging.destination.name"))
	}
	if x := first("peer.service", "server.address", "net.peer.name"); x != "" {
		return 'x', x
	}
	return 0, ""
}

// book counts one span into traffic. parent is nil where it was not found; answered says that a server or consumer took the
// call.
func (t *traffic) book(x *passage, parent *passage, answered bool) {
	seconds, weight := float64(max(x.duration, 0))/1e9, float64(x.weight)
	serves := x.kind == kindServer || x.kind == kindConsumer
	root := x.parent == 0 || x.parent == x.span
	t.dirty = true
	kind := byte('c')
	if x.kind == kindConsumer || parent != nil && parent.kind == kindProducer {
		kind = 'm'
	}
	switch {
	case root, parent == nil && serves, parent != nil && (parent.node != x.node || serves):
		n := t.nodes[x.node]
		if n == nil {
			n = &nodeFlow{}
			t.nodes[x.node] = n
		}
		n.add(seconds, weight, x.failed)
		if root {
			n.roots += weight
		}
	}
	switch {
	case root:
	case parent == nil && serves:
		t.edge(edge{0, x.node, kind}).add(seconds, weight, x.failed)
	case parent == nil:
	case parent.node != x.node, serves && (parent.kind == kindClient || parent.kind == kindProducer):
		t.edge(edge{parent.node, x.node, kind}).add(seconds, weight, x.failed)
	}
	if x.leaf != 0 && !answered {
		t.edge(edge{x.node, x.leaf, leafKind(x.kind)}).add(seconds, weight, x.failed)
	}
}

func leafKind(kind uint8) byte {
	if kind == kindProducer {
		return 'm'
	}
	return 'q'
}

func (t *traffic) edge(e edge) *flow {
	f := t.edges[e]
	if f == nil {
		f = &flow{}
		t.edges[e] = f
	}
	return f
}

func (t *traffic) merge(o *traffic) {
	for id, n := range o.nodes {
		m := t.nodes[id]
		if m == nil {
			m = &nodeFlow{}
			t.nodes[id] = m
		}
		m.merge(&n.flow)
		m.roots += n.roots
	}
	for e, f := range o.edges {
		t.edge(e).merge(f)
	}
}
