package usage

import "github.com/signalbox/signalbox/internal/rowstore"

func (f *failures) write(e *encoder) {
	e.uint(uint64(len(f.groups)))
	for id, g := range f.groups {
		e.b = append(e.b, 1) // a byte at least, so that the decoder can bound the number
		e.uint(id)
		e.uint(uint64(g.origin))
		e.app(g.app)
		for _, s := range []string{g.kind, g.route, g.message} {
			e.text(s)
		}
		for _, v := range []int64{g.first, g.last, g.relapsed} {
			e.int(v)
		}
		e.float(g.count)
		e.set(g.people)
		e.uint(uint64(len(g.releases)))
		for _, s := range g.releases {
			e.text(s)
		}
		e.uint(uint64(len(g.hours)))
		for _, h := range g.hours {
			e.int(int64(h.at))
			e.float(h.count)
		}
		e.uint(uint64(len(g.samples)))
		for _, s := range g.samples {
			e.int(s.at)
			e.b = append(e.b, s.trace[:]...)
			e.uint(uint64(s.span))
			e.text(s.release)
			e.uint(uint64(s.who)<<1 | map[bool]uint64{true: 1}[s.known])
		}
	}
}

func (f *failures) read(d *decoder) {
	for range d.len() {
		d.take(1)
		id := d.uint()
		g := &group{origin: rowstore.Table(d.uint()), app: d.app(), kind: d.text(), route: d.text(), message: d.text(), first: d.int(), last: d.int(), relapsed: d.int(), count: d.float(), people: d.set()}
		for range d.len() {
			g.releases = append(g.releases, d.text())
		}
		for range d.len() {
			g.hours = append(g.hours, hour{int32(d.int()), d.float()})
		}
		for range d.len() {
			s := sample{at: d.int()}
			copy(s.trace[:], d.take(16))
			s.span, s.release = rowstore.SpanID(d.uint()), d.text()
			v := d.uint()
			s.who, s.known = uint32(v>>1), v&1 == 1
			g.samples = append(g.samples, s)
		}
		f.groups[id] = g
	}
}

func (p *places) write(e *encoder) {
	e.uint(uint64(len(p.list)))
	for _, x := range p.list {
		e.uint(uint64(x.kind))
		e.app(x.App)
	}
}

func (p *places) read(d *decoder) {
	p.list, p.number = nil, map[place]uint32{}
	for range d.len() {
		x := place{kind: byte(d.uint())}
		x.App = d.app()
		p.number[x] = uint32(len(p.list))
		p.list = append(p.list, x)
	}
}

func (t *traffic) write(e *encoder) {
	e.uint(uint64(len(t.nodes)))
	for id, n := range t.nodes {
		e.uint(uint64(id))
		e.flow(&n.flow)
		e.float(n.roots)
	}
	e.uint(uint64(len(t.edges)))
	for x, f := range t.edges {
		e.uint(uint64(x.from))
		e.uint(uint64(x.to))
		e.uint(uint64(x.kind))
		e.flow(f)
	}
}

func readTraffic(d *decoder) *traffic {
	t := newTraffic()
	for range d.len() {
		id := uint32(d.uint())
		t.nodes[id] = &nodeFlow{d.flow(), d.float()}
	}
	for range d.len() {
		x := edge{uint32(d.uint()), uint32(d.uint()), byte(d.uint())}
		f := d.flow()
		t.edges[x] = &f
	}
	return t
}
