package otlp

import (
	"encoding/binary"
	"math"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

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
