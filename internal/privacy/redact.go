package privacy

import (
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// worker redacts one batch at a time with a plan.
type worker struct {
	pl       *plan
	b        *rowstore.Batch // whose memory keeps new text; nil: the heap
	pens     []*pen
	buf, out []byte
	usual    [32]usual // by place

	resource, redacted *rowstore.Resource // the last one
}

func newWorker(pl *plan) *worker {
	w := &worker{pl: pl, pens: make([]*pen, len(pl.purposes))}
	for i, purpose := range pl.purposes {
		w.pens[i] = newPen(pl.ring, purpose)
	}
	return w
}

// Redact takes personal data out of the rows of a source, as the package comment and the policies say. Rows of people who did
// not consent, where consent is required, are removed; the others keep their order. It allocates nothing for rows in which
// there is nothing to take out. The error is always nil: a plan is complete before it is in force.
func (p *Privacy) Redact(source string, b *rowstore.Batch) error {
	pl := p.law.Load().of(source)
	w := pl.workers.Get().(*worker)
	w.b = b
	kept := 0
	for i := range b.Rows {
		r := &b.Rows[i]
		if pl.consent && b.Table == rowstore.Events && !consented(r) {
			continue
		}
		w.row(r)
		if kept != i {
			b.Rows[kept] = *r
		}
		kept++
	}
	if n := len(b.Rows) - kept; n > 0 {
		p.dropped.WithLabelValues("consent").Add(float64(n))
		clear(b.Rows[kept:])
		b.Rows = b.Rows[:kept]
	}
	w.b, w.resource, w.redacted = nil, nil, nil
	pl.workers.Put(w)
	return nil
}

// consented says that an event carries the consent of its person.
func consented(r *rowstore.Row) bool {
	v, _ := r.Attribute("consent")
	return v == "granted"
}

func (w *worker) row(r *rowstore.Row) {
	pl := w.pl
	if r.User != "" {
		r.User = w.apply(pl.user, r.User)
	}
	for _, c := range pl.columns {
		if s := c.of(r); *s != "" {
			*s = w.apply(c.rule, *s)
		}
	}
	r.Route = pathOf(r.Route)
	r.Body = w.text(r.Body)
	r.Name = w.text(r.Name)
	r.Route = w.text(r.Route)
	r.ErrorType = w.text(r.ErrorType)
	r.Session = w.id(r.Session)
	r.Business = w.id(r.Business)
	if r.Detail != "" {
		r.Detail = w.detail(r.Detail)
	}
	r.Attrs = w.attrs(r.Attrs)
	if r.Resource != nil {
		r.Resource = w.shared(r.Resource)
	}
}

// pathOf returns a URL without query and fragment.
func pathOf(s string) string {
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s = s[:i]
	}
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = s[:i]
	}
	return s
}

// usual is an attribute that stood at a place of a row: those of one sender have mostly the same in the same order.
type usual struct {
	key string
	known
}

// at returns what is done to the attribute at a place of a row.
func (w *worker) at(i int, key string) known {
	if i < len(w.usual) && w.usual[i].key == key && key != "" {
		return w.usual[i].known
	}
	k, kept := w.of(key)
	if kept && i < len(w.usual) && k.name == key {
		w.usual[i] = usual{k.name, k}
	}
	return k
}

// attrs redacts attributes in place.
func (w *worker) attrs(attrs []rowstore.Attr) []rowstore.Attr {
	kept := 0
	for i, a := range attrs {
		k := w.at(i, a.Key)
		v := w.value(k.rule, a.Value)
		if v == "" && a.Value != "" {
			continue
		}
		attrs[kept] = rowstore.Attr{Key: k.name, Value: v}
		kept++
	}
	return attrs[:kept]
}

// value redacts the value of an attribute; empty means that the attribute goes.
func (w *worker) value(r *rule, v string) string {
	if v == "" {
		return v
	}
	if r == nil {
		if len(v) > 8 && v[0]|0x20 == 'h' && v[3]|0x20 == 'p' && (hasFold(v, "http://") || hasFold(v, "https://")) {
			v = w.apply(ofLink, v)
		}
		return w.text(v)
	}
	switch v = w.apply(r, v); r.act {
	case drop, pseudonym:
		return v
	}
	return w.text(v)
}

// id redacts an id that rows are joined by: one that holds personal data becomes a pseudonym as a whole.
func (w *worker) id(s string) string {
	if w.text(s) == s {
		return s
	}
	return w.apply(ofPerson, s)
}

// shared redacts a resource, which others hold, too: the answer is a copy, made once.
func (w *worker) shared(res *rowstore.Resource) *rowstore.Resource {
	if res == w.resource {
		return w.redacted
	}
	w.resource = res
	if known, ok := w.pl.resources.Load(res); ok {
		w.redacted = known.(*rowstore.Resource)
		return w.redacted
	}
	w.redacted = w.copied(res)
	if w.pl.kept.Add(1) > maxResources {
		w.pl.resources.Clear()
		w.pl.kept.Store(1)
	}
	w.pl.resources.Store(res, w.redacted)
	if w.redacted != res {
		w.pl.resources.Store(w.redacted, w.redacted)
	}
	return w.redacted
}

// maxResources bounds how many resources a plan remembers.
const maxResources = 4096

// copied returns the resource itself if there is nothing to take out.
func (w *worker) copied(res *rowstore.Resource) *rowstore.Resource {
	b := w.b
	w.b = nil
	defer func() { w.b = b }()
	attrs := w.attrs(append([]rowstore.Attr(nil), res.Attrs...))
	same := len(attrs) == len(res.Attrs)
	for i := range attrs {
		same = same && attrs[i] == res.Attrs[i]
	}
	if same {
		return res
	}
	if len(attrs) == 0 {
		return nil
	}
	out := []byte{'{'}
	for i, a := range attrs {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendJSON(out, a.Key), ':')
		out = appendJSON(out, a.Value)
	}
	return &rowstore.Resource{Attrs: attrs, JSON: string(append(out, '}'))}
}

// keep makes text that lives as long as the batch.
func (w *worker) keep(s []byte) string {
	if w.b == nil {
		return string(s)
	}
	return w.b.Text(s)
}
