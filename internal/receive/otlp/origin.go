package otlp

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// origin is what the rows of one resource and scope share. It is immutable and owns its memory.
type origin struct {
	resource, scope []byte // as they came
	row             rowstore.Row
	logger          string // the scope's name
}

// The cache keeps so many origins, and such of so many bytes; a sender's resource rarely has a kilobyte.
const (
	originEntries = 4096
	originBytes   = 8 << 10
)

// origins finds the origin of rows by the bytes that say it, so that a resource is understood once.
type origins struct {
	columns *column.Map
	seed    maphash.Seed

	mu sync.RWMutex
	m  map[uint64]*origin
}

func newOrigins(c *column.Map) *origins {
	return &origins{columns: c, seed: maphash.MakeSeed(), m: map[uint64]*origin{}}
}

// get returns the origin of a Resource and an InstrumentationScope message, either of which may be empty. The error says
// what cannot be understood.
func (os *origins) get(resource, scope []byte) (*origin, error) {
	var h maphash.Hash
	h.SetSeed(os.seed)
	_, _ = h.Write(resource)
	_ = h.WriteByte(0)
	_, _ = h.Write(scope)
	key := h.Sum64()
	os.mu.RLock()
	o := os.m[key]
	os.mu.RUnlock()
	if o != nil && bytes.Equal(o.resource, resource) && bytes.Equal(o.scope, scope) {
		return o, nil
	}
	o, err := os.read(bytes.Clone(resource), bytes.Clone(scope))
	if err != nil || len(resource)+len(scope) > originBytes {
		return o, err
	}
	os.mu.Lock()
	defer os.mu.Unlock()
	if len(os.m) >= originEntries {
		clear(os.m) // who is still there comes back at once
	}
	os.m[key] = o
	return o, nil
}

// read understands a Resource (attributes = 1) and an InstrumentationScope (name = 1, version = 2, attributes = 3).
func (os *origins) read(resource, scope []byte) (*origin, error) {
	d := rows{fill: column.NewFiller(os.columns)}
	d.batch.Reset(rowstore.Logs)
	d.batch.Add()
	for p := 0; p < len(resource); {
		c, next, err := only(resource, p, 1)
		if err != nil {
			return nil, err
		}
		if p = next; c == nil {
			continue
		}
		if err := d.attribute(c); err != nil {
			return nil, err
		}
	}
	o := &origin{resource: resource, scope: scope}
	for p := 0; p < len(scope); {
		n, k, next := wire.Field(scope, p)
		if next < 0 {
			return nil, errMalformed
		}
		if n > 3 {
			if p = wire.Skip(scope, next, k); p < 0 {
				return nil, errMalformed
			}
			continue
		}
		var c []byte
		if c, p = wire.Chunk(scope, next); p < 0 || k != wire.Length {
			return nil, errMalformed
		}
		switch n {
		case 1:
			o.logger = d.string(c)
			d.fill.Put(&d.batch, "otel.scope.name", o.logger)
		case 2:
			d.fill.Put(&d.batch, "otel.scope.version", d.string(c))
		case 3:
			if err := d.attribute(c); err != nil {
				return nil, err
			}
		}
	}
	o.row = d.batch.Rows[0]
	attrs := o.row.Attrs
	o.row.Attrs = nil
	if len(attrs) > 0 {
		slices.SortFunc(attrs, func(a, b rowstore.Attr) int { return strings.Compare(a.Key, b.Key) })
		o.row.Resource = &rowstore.Resource{Attrs: attrs, JSON: object(attrs)}
	}
	return o, nil
}

// object spells attributes as a JSON object of strings.
func object(attrs []rowstore.Attr) string {
	dst := []byte{'{'}
	for i, a := range attrs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(quote(dst, a.Key), ':')
		dst = quote(dst, a.Value)
	}
	return string(append(dst, '}'))
}
