package otlp

import "github.com/signalbox/signalbox/internal/receive/wire"

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
