package otlp

import (
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// origin is what the rows of one resource and scope share. It is immutable and owns its memory.
type origin struct {
	row    rowstore.Row
	logger string // the scope's name
}

// newOrigins returns the cache of origins.
func newOrigins(columns *column.Map) *cache[*origin] {
	return newCache(func(resource, scope []byte) (*origin, error) { return readOrigin(columns, resource, scope) })
}

// readOrigin understands a Resource (attributes = 1) and an InstrumentationScope (name = 1, version = 2, attributes = 3).
func readOrigin(columns *column.Map, resource, scope []byte) (*origin, error) {
	d := rows{fill: column.NewFiller(columns)}
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
	o := &origin{}
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
