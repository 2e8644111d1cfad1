package duckdb

import (
	"math"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// part is rows of one table as encoder wrote them, some of a batch. Text is that of the bytes read. It is read into the memory
// that it has from before.
type part struct {
	table rowstore.Table
	n     int

	times   []int64
	traces  column16
	numbers [numbersOfRow]numberColumn
	texts   [textsOfRow + 1]textColumn // and the resources' JSON behind them

	lists []keyList
	list  []uint32 // of each row; nil if there is one list
	place []uint32 // of each row among those of its list

	take func(n int) []byte // memory for text that has to be unpacked; nil: Go's
}

const resourceText = textsOfRow

// keyList is the keys of the attributes of some rows, in their order, and the values.
type keyList struct {
	keys   []string
	values []textColumn
	rows   int

	laid  []text  // the keys as DuckDB has them; of a loadedLog
	again []bool  // whether a key came before in the list
	slots []int16 // the keys' columns in the file that is written, or one of those below
}

// decodeParts hands over each part of a payload; it is used again.
func decodeParts(b []byte, p *part, f func(*part) error) error {
	d := &cursor{b: b}
	for len(d.b) > 0 {
		if p.read(d); d.err != nil {
			return d.err
		}
		if err := f(p); err != nil {
			return err
		}
	}
	return d.err
}

func (p *part) read(d *cursor) {
	p.table = rowstore.Table(d.byte())
	if p.n = d.count(partRows); p.table > rowstore.Events || p.n == 0 {
		d.err = errShort
	}
	if d.err != nil {
		return
	}
	p.times = p.times[:0]
	var at int64
	for range p.n {
		at += d.varint()
		p.times = append(p.times, at)
	}
	p.traces = column16{form: d.byte()}
	switch p.traces.form {
	case formZero:
	case formOne:
		p.traces.b = d.bytes(16)
	case formEach:
		p.traces.b = d.bytes(16 * p.n)
	default:
		d.err = errShort
	}
	for which := range p.numbers {
		p.numbers[which].read(d, p.n, widths[which])
	}
	for i := range p.texts {
		p.texts[i].read(d, p.n, p.take)
	}
	p.readLists(d)
}

func (p *part) readLists(d *cursor) {
	n := d.count(p.n)
	if d.err == nil && n == 0 {
		d.err = errShort
	}
	p.lists, p.list, p.place = p.lists[:0], p.list[:0], p.place[:0]
	for range n {
		if len(p.lists) < cap(p.lists) {
			p.lists = p.lists[:len(p.lists)+1]
		} else {
			p.lists = append(p.lists, keyList{})
		}
		l := &p.lists[len(p.lists)-1]
		*l = keyList{keys: l.keys[:0], values: l.values[:0]}
		for range d.count(len(d.b)) {
			l.keys = append(l.keys, d.text())
		}
	}
	if n == 1 {
		p.lists[0].rows = p.n
	} else if n > 1 {
		for range p.n {
			list := d.uvarint()
			if d.err != nil || list >= uint64(n) {
				d.err = errShort
				return
			}
			l := &p.lists[list]
			p.list, p.place = append(p.list, uint32(list)), append(p.place, uint32(l.rows))
			l.rows++
		}
	}
	for i := range p.lists {
		l := &p.lists[i]
		for range l.keys {
			if len(l.values) < cap(l.values) {
				l.values = l.values[:len(l.values)+1]
			} else {
				l.values = append(l.values, textColumn{})
			}
			l.values[len(l.values)-1].read(d, l.rows, p.take)
		}
	}
}

// listAt returns the list of a row and its place there.
func (p *part) listAt(i int) (l *keyList, place int) {
	if len(p.list) == 0 {
		return &p.lists[0], i
	}
	return &p.lists[p.list[i]], int(p.place[i])
}

// addTo adds the rows to a batch. Their text is that of the part.
func (p *part) addTo(batch *rowstore.Batch, known *resources) {
	for i := range p.n {
		r := batch.Add()
		r.Time, r.Trace = p.times[i], p.traces.at(i)
		r.Received = int64(p.numbers[numReceived].at(i))
		r.Span, r.Parent = rowstore.SpanID(p.numbers[numSpan].at(i)), rowstore.SpanID(p.numbers[numParent].at(i))
		r.Kind, r.Severity, r.Status = uint8(p.numbers[numKind].at(i)), uint8(p.numbers[numSeverity].at(i)), uint8(p.numbers[numStatus].at(i))
		r.Duration = int64(p.numbers[numDuration].at(i))
		r.Value = math.Float64frombits(p.numbers[numValue].at(i))
		r.Weight = math.Float32frombits(uint32(p.numbers[numWeight].at(i)))
		for k, f := range &textsOf {
			*f.of(r) = p.texts[k].at(i)
		}
		r.Resource = known.of(p.texts[resourceText].at(i))
		l, place := p.listAt(i)
		for k := range l.keys {
			batch.Attr(l.keys[k], l.values[k].at(place))
		}
	}
}

// resources are those that were met last, by their JSON.
type resources struct {
	all  [16]*rowstore.Resource
	last int
}

// of returns the resource of a JSON text, which stays as it is; nil for none.
func (k *resources) of(json string) *rowstore.Resource {
	if json == "" {
		return nil
	}
	for i := range k.all {
		if r := k.all[(k.last+i)%len(k.all)]; r != nil && r.JSON == json {
			k.last = (k.last + i) % len(k.all)
			return r
		}
	}
	k.last = (k.last + len(k.all) - 1) % len(k.all)
	k.all[k.last] = &rowstore.Resource{JSON: json}
	return k.all[k.last]
}
