package otlp

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	prom "github.com/prometheus/prometheus/model/value"

	"github.com/signalbox/signalbox/internal/fault"
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

// again says that the sender did not put a datapoint's attributes side by side; the rare sender's are gathered.
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
	r, ok := d.series(part{key: plain})
	if !ok {
		return nil
	}
	if err := d.sample(r, v); err != nil {
		return err
	}
	if x.exemplars && d.metric.kind == sum {
		if err := d.readExemplars(b, 5); err != nil {
			return err
		}
		for i := range d.exemplars {
			d.batch.AppendExemplar(r, d.exemplars[i].Exemplar)
		}
	}
	return nil
}

// bucket reads the fields that both kinds of histograms and summaries have in common; ok is false if it is none of them.
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

// explicit reads a HistogramDataPoint: the common ones, bucket_counts = 6, explicit_bounds = 7, exemplars = 8,
// attributes = 9, flags = 10.
func (d *points) explicit(b []byte) error {
	x := point{field: 9}
	d.counts, d.numbers = d.counts[:0], d.numbers[:0]
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		at := p
		if end, ok := x.common(n, k, b, next); ok {
			p = end
			continue
		}
		var c []byte
		switch {
		case n >= 6 && n <= 9 && k == wire.Length:
			if c, p = wire.Chunk(b, next); p < 0 {
				return errMalformed
			}
		case (n == 6 || n == 7) && k == wire.Fixed8 && next+8 <= len(b): // not packed
			c, p = b[next:next+8], next+8
		case n == 10 && k == wire.Varint:
			x.flags, p = wire.Uvarint(b, next)
		case n <= 10:
			return errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 || (n == 6 || n == 7) && len(c)%8 != 0 {
			return errMalformed
		}
		switch n {
		case 6:
			for ; len(c) > 0; c = c[8:] {
				d.counts = append(d.counts, binary.LittleEndian.Uint64(c))
			}
		case 7:
			for ; len(c) > 0; c = c[8:] {
				d.numbers = append(d.numbers, math.Float64frombits(binary.LittleEndian.Uint64(c)))
			}
		case 8:
			x.exemplars = true
		case 9:
			x.attribute(b, at, p)
		}
	}
	d.finish(&x)
	if d.metric.bad != "" || d.tooMany(len(d.counts)) {
		d.named()
		return nil
	}
	d.exemplars = d.exemplars[:0]
	if x.exemplars {
		if err := d.readExemplars(b, 8); err != nil {
			return err
		}
	}
	if d.rc.naming.custom {
		return d.customBuckets()
	}
	return d.buckets()
}

// mostBuckets bounds one histogram.
const mostBuckets = 10_000

func (d *points) tooMany(n int) bool {
	if n > mostBuckets && d.metric.bad == "" {
		d.metric.bad = fault.New(fault.Invalid, "a histogram of the metric %s has more than %d buckets", whole(d.metric.name), mostBuckets).Error()
	}
	return n > mostBuckets
}

// buckets makes the classic series of an explicit histogram: sum if there is one, count, and a running count a bucket.
func (d *points) buckets() error {
	x := &d.point
	if x.hasSum {
		if err := d.put(part{key: total, suffix: "_sum"}, x.sum); err != nil {
			return err
		}
	}
	if err := d.put(part{key: counted, suffix: "_count"}, float64(x.count)); err != nil {
		return err
	}
	next := 0
	var running uint64
	for i := 0; i < len(d.numbers) && i < len(d.counts); i++ {
		bound := d.numbers[i]
		running += d.counts[i]
		p := part{key: boundKey(bound), suffix: "_bucket", label: "le", bound: bound}
		from := next
		for next < len(d.exemplars) && d.exemplars[next].Value <= bound {
			next++
		}
		if err := d.put(p, float64(running), d.exemplars[from:next]...); err != nil {
			return err
		}
	}
	return d.put(part{key: infinite, suffix: "_bucket", label: "le"}, float64(x.count), d.exemplars[next:]...)
}

// boundKey is the key of a bucket or quantile: its bits, with one NaN for all.
func boundKey(f float64) uint64 {
	if math.IsNaN(f) {
		return 0x7ff8_0000_0000_0000
	}
	return math.Float64bits(f)
}

// put appends a sample of a part.
func (d *points) put(p part, v float64, exemplars ...sighting) error {
	r, ok := d.series(p)
	if !ok {
		return nil
	}
	for i := range exemplars {
		d.batch.AppendExemplar(r, exemplars[i].Exemplar)
	}
	return d.sample(r, v)
}

// summary reads a SummaryDataPoint: the common ones, quantile_values = 6, attributes = 7, flags = 8.
func (d *points) summary(b []byte) error {
	x := point{field: 7}
	d.numbers = d.numbers[:0]
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		at := p
		if end, ok := x.common(n, k, b, next); ok {
			p = end
			continue
		}
		switch {
		case n == 6 && k == wire.Length:
			var c []byte
			if c, p = wire.Chunk(b, next); p < 0 {
				return errMalformed
			}
			q, v, ok := readQuantile(c)
			if !ok {
				return errMalformed
			}
			d.numbers = append(d.numbers, q, v)
		case n == 7 && k == wire.Length:
			if p = wire.Skip(b, next, k); p > 0 {
				x.attribute(b, at, p)
			}
		case n == 8 && k == wire.Varint:
			x.flags, p = wire.Uvarint(b, next)
		case n <= 8:
			return errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return errMalformed
		}
	}
	d.finish(&x)
	if d.metric.bad != "" || d.tooMany(len(d.numbers)/2) {
		d.named()
		return nil
	}
	if err := d.put(part{key: total, suffix: "_sum"}, x.sum); err != nil {
		return err
	}
	if err := d.put(part{key: counted, suffix: "_count"}, float64(x.count)); err != nil {
		return err
	}
	for i := 0; i < len(d.numbers); i += 2 {
		if err := d.put(part{key: boundKey(d.numbers[i]), label: "quantile", bound: d.numbers[i]}, d.numbers[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// readQuantile reads a ValueAtQuantile: quantile = 1, value = 2.
func readQuantile(b []byte) (q, v float64, ok bool) {
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		switch {
		case next < 0 || n <= 2 && (k != wire.Fixed8 || next+8 > len(b)):
			return 0, 0, false
		case n == 1:
			q, p = wire.Double(b, next), next+8
		case n == 2:
			v, p = wire.Double(b, next), next+8
		default:
			if p = wire.Skip(b, next, k); p < 0 {
				return 0, 0, false
			}
		}
	}
	return q, v, true
}
