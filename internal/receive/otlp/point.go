package otlp

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	prom "github.com/prometheus/prometheus/model/value"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// point is what a datapoint says, its attributes unread.
type point struct {
	start, time uint64 // nanoseconds
	flags       uint64
	bits        uint64 // of a number's value
	integer     bool
	count       uint64
	sum         float64
	hasSum      bool

	attrs     []byte // the attribute fields, side by side
	field     int    // of an attribute
	hash      uint64 // of the metric and the attributes
	from, to  int    // where the attributes lie
	exemplars bool
}

// noValue is the flag of a datapoint that says only that there is none: a stale marker.
const noValue = 1

// attribute notes where an attribute lies. They lie side by side from every sender we know; another's are gathered.
func (x *point) attribute(b []byte, at, end int) {
	switch {
	case x.to == 0:
		x.from, x.to = at, end
		x.attrs = b[at:end:end]
	case x.to == at:
		x.to = end
		x.attrs = b[x.from:end:end]
	default:
		x.to = -1
		x.attrs = append(x.attrs, b[at:end]...)
	}
}

// finish counts the datapoint's time in and names its series.
func (d *points) finish(x *point) {
	d.first, d.last = min(d.first, x.time), max(d.last, x.time)
	x.hash = mix(d.metric.hash, maphash.Bytes(d.rc.seed, x.attrs))
	d.point = *x
}

// millis turns OTLP's nanoseconds into Prometheus' milliseconds.
func millis(ns uint64) int64 { return int64(ns / 1e6) }

// stale is the value of a stale marker.
func stale() float64 { return math.Float64frombits(prom.StaleNaN) }

// number reads a NumberDataPoint: start = 2, time = 3, as_double = 4, exemplars = 5, as_int = 6, attributes = 7, flags = 8.
func (d *points) number(b []byte) error {
	x := point{field: 7}
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		at := p
		switch k {
		case wire.Fixed8:
			if p = next + 8; p > len(b) || n == 5 || n == 7 || n == 8 {
				return errMalformed
			}
			u := binary.LittleEndian.Uint64(b[next:])
			switch n {
			case 2:
				x.start = u
			case 3:
				x.time = u
			case 4:
				x.bits, x.integer = u, false
			case 6:
				x.bits, x.integer = u, true
			}
			continue
		case wire.Length:
			p = wire.Skip(b, next, k)
			if n == 7 && p > 0 {
				x.attribute(b, at, p)
			}
			x.exemplars = x.exemplars || n == 5
			if n == 5 || n == 7 || n > 8 {
				break
			}
			return errMalformed
		case wire.Varint:
			var u uint64
			if u, p = wire.Uvarint(b, next); n == 8 {
				x.flags = u
			} else if n <= 7 {
				return errMalformed
			}
		default:
			if p = wire.Skip(b, next, k); n <= 8 {
				return errMalformed
			}
		}
		if p < 0 {
			return errMalformed
		}
	}
	d.finish(&x)
	if d.metric.bad != "" {
		d.named()
		return nil
	}
	v := math.Float64frombits(x.bits)
	if x.integer {
		v = float64(int64(x.bits))
	}
	whole := b
	if !x.exemplars || d.metric.kind != sum {
		whole = nil
	}
	if !d.metric.delta && (len(d.held) > 0 || d.batch.Guess().Hash != mix(x.hash, plain)|1) {
		return d.hold(v, whole)
	}
	r, ok := d.series(part{key: plain})
	if !ok {
		return nil
	}
	return d.append(r, v, whole)
}

// append appends the number of the datapoint, and its exemplars if it is handed over whole for them.
func (d *points) append(r gate.Ref, v float64, whole []byte) error {
	if err := d.sample(r, v); err != nil || whole == nil {
		return err
	}
	if err := d.readExemplars(whole, 5); err != nil {
		return err
	}
	for i := range d.exemplars {
		d.batch.AppendExemplar(r, d.exemplars[i].Exemplar)
	}
	return nil
}

// common reads the fields that both kinds of histograms and summaries have in common; ok is false if it is none of them.
func (x *point) common(n, k int, b []byte, next int) (p int, ok bool) {
	switch {
	case n == 2 && k == wire.Fixed8 && next+8 <= len(b):
		x.start = wire.Uint64(b, next)
	case n == 3 && k == wire.Fixed8 && next+8 <= len(b):
		x.time = wire.Uint64(b, next)
	case n == 4 && k == wire.Fixed8 && next+8 <= len(b):
		x.count = wire.Uint64(b, next)
	case n == 5 && k == wire.Fixed8 && next+8 <= len(b):
		x.sum, x.hasSum = wire.Double(b, next), true
	default:
		return 0, false
	}
	return next + 8, true
}
