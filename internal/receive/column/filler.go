package column

import "github.com/signalbox/signalbox/internal/rowstore"

// Filler puts the attributes of one row after the other where they belong. It is used by one goroutine at a time.
type Filler struct {
	m    *Map
	rank [columns]uint8  // of what the row itself has put into a column; 0 = nothing
	key  [columns]string // by which attribute
	seen map[string]struct{}
}

// many is from how many attributes on a row's keys are kept in a set, to find doubles.
const many = 16

// NewFiller returns a filler.
func NewFiller(m *Map) Filler { return Filler{m: m} }

// Row begins with the newest row of the batch. What its columns hold already, such as those of its resource, gives way to
// the row's own attributes.
func (f *Filler) Row() {
	f.rank = [columns]uint8{}
	if len(f.seen) > 0 {
		clear(f.seen)
	}
}

// Put gives the newest row of the batch an attribute: as a column if it is one, else among its attributes. Of doubles the
// first one stands; an empty value fills no column.
func (f *Filler) Put(b *rowstore.Batch, key, value string) {
	c, rank := f.m.Of(key)
	if c == None {
		f.attribute(b, key, value)
		return
	}
	old := f.rank[c]
	if value == "" || old == rank {
		return
	}
	if old != 0 && old < rank {
		f.attribute(b, key, value)
		return
	}
	p := c.In(&b.Rows[len(b.Rows)-1])
	if old != 0 {
		f.attribute(b, f.key[c], *p)
	}
	*p, f.rank[c], f.key[c] = value, rank, key
}

// Has says whether the row itself has filled a column.
func (f *Filler) Has(c Column) bool { return f.rank[c] != 0 }

func (f *Filler) attribute(b *rowstore.Batch, key, value string) {
	attrs := b.Rows[len(b.Rows)-1].Attrs
	if len(attrs) < many {
		for i := range attrs {
			if attrs[i].Key == key {
				return
			}
		}
	} else {
		if len(f.seen) == 0 {
			if f.seen == nil {
				f.seen = map[string]struct{}{}
			}
			for i := range attrs {
				f.seen[attrs[i].Key] = struct{}{}
			}
		}
		if _, ok := f.seen[key]; ok {
			return
		}
		f.seen[key] = struct{}{}
	}
	b.Attr(key, value)
}

// Forget lets go of the memory of the rows.
func (f *Filler) Forget() {
	f.Row()
	f.key = [columns]string{}
}
