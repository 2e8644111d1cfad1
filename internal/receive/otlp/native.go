package otlp

import (
	"encoding/binary"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	prom "github.com/prometheus/prometheus/model/value"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// zeroThreshold is what Prometheus gives a histogram that came by OTLP.
const zeroThreshold = 1e-128

// exponential reads an ExponentialHistogramDataPoint: attributes = 1, the common ones, scale = 6, zero_count = 7, positive = 8,
// negative = 9, flags = 10, exemplars = 11.
func (d *points) exponential(b []byte) error {
	x := point{field: 1}
	var scale, positive, negative int32
	var zeros uint64
	var up, down []byte
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
		case (n == 1 || n == 8 || n == 9 || n == 11) && k == wire.Length:
			c, p = wire.Chunk(b, next)
		case n == 6 && k == wire.Varint:
			var u uint64
			u, p = wire.Uvarint(b, next)
			scale = zigzag(u)
		case n == 7 && k == wire.Fixed8 && next+8 <= len(b):
			zeros, p = wire.Uint64(b, next), next+8
		case n == 10 && k == wire.Varint:
			x.flags, p = wire.Uvarint(b, next)
		case n <= 11:
			return errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return errMalformed
		}
		switch n {
		case 1:
			x.attribute(b, at, p)
		case 8:
			up = c
		case 9:
			down = c
		case 11:
			x.exemplars = true
		}
	}
	d.counts = d.counts[:0]
	var ok bool
	if positive, ok = d.side(up); !ok {
		return errMalformed
	}
	split := len(d.counts)
	if negative, ok = d.side(down); !ok {
		return errMalformed
	}
	d.finish(&x)
	if d.metric.bad != "" || d.tooMany(len(d.counts)) {
		d.named()
		return nil
	}
	r, ok := d.series(part{key: plain})
	if !ok {
		return nil
	}
	if scale < histogram.ExponentialSchemaMin {
		d.refuse(d.batch.Refuse(gate.HistogramInvalid, 1).Error())
		return nil
	}
	h := &histogram.Histogram{Schema: min(scale, histogram.ExponentialSchemaMax), ZeroThreshold: zeroThreshold, ZeroCount: zeros}
	by := max(0, scale-histogram.ExponentialSchemaMax)
	h.PositiveSpans, h.PositiveBuckets = layout(d.counts[:split], positive, by, true)
	h.NegativeSpans, h.NegativeBuckets = layout(d.counts[split:], negative, by, true)
	if x.exemplars {
		if err := d.readExemplars(b, 11); err != nil {
			return err
		}
	} else {
		d.exemplars = d.exemplars[:0]
	}
	return d.native(r, h)
}

// customBuckets makes a native histogram with custom buckets of an explicit one.
func (d *points) customBuckets() error {
	r, ok := d.series(part{key: plain})
	if !ok {
		return nil
	}
	offset := 0
	for offset < len(d.counts) && d.counts[offset] == 0 {
		offset++
	}
	h := &histogram.Histogram{Schema: histogram.CustomBucketsSchema, CustomValues: slices.Clone(d.numbers)}
	h.PositiveSpans, h.PositiveBuckets = layout(d.counts[offset:], int32(offset), 0, false)
	return d.native(r, h)
}

// native appends a native histogram with the datapoint's count, sum and exemplars.
func (d *points) native(r gate.Ref, h *histogram.Histogram) error {
	x := &d.point
	for i := range d.exemplars {
		d.batch.AppendExemplar(r, d.exemplars[i].Exemplar)
	}
	if x.flags&noValue != 0 {
		h.Sum, h.Count = stale(), prom.StaleNaN
	} else {
		h.Sum, h.Count = x.sum, x.count
		if d.metric.delta {
			return d.histogramTotal(r, h)
		}
	}
	_, err := d.accept(d.batch.AppendHistogram(r, millis(x.start), millis(x.time), h, nil))
	return err
}

func zigzag(u uint64) int32 { return int32(uint32(u)>>1) ^ -int32(uint32(u)&1) }

// side reads Buckets, offset = 1, bucket_counts = 2, and appends the counts.
func (d *points) side(b []byte) (offset int32, ok bool) {
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		switch {
		case next < 0:
			return 0, false
		case n == 1 && k == wire.Varint:
			var u uint64
			u, p = wire.Uvarint(b, next)
			offset = zigzag(u)
		case n == 2 && k == wire.Length:
			var c []byte
			if c, p = wire.Chunk(b, next); p < 0 {
				return 0, false
			}
			for len(c) > 0 {
				u, used := binary.Uvarint(c)
				if used <= 0 {
					return 0, false
				}
				if len(d.counts) <= mostBuckets { // more are refused anyway
					d.counts = append(d.counts, u)
				}
				c = c[used:]
			}
		case n == 2 && k == wire.Varint: // not packed
			var u uint64
			u, p = wire.Uvarint(b, next)
			d.counts = append(d.counts, u)
		case n <= 2:
			return 0, false
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return 0, false
		}
	}
	return offset, true
}

// layout turns dense buckets into Prometheus' spans and deltas. 2^by of them become one; with shift their index is moved by
// one, because OpenTelemetry's bucket 0 begins where Prometheus' ends. The source is convertBucketsLayout of
// prometheusremotewrite, itself after client_golang: gaps of up to two buckets are filled.
func layout(counts []uint64, offset, by int32, shift bool) (spans []histogram.Span, deltas []int64) {
	if len(counts) == 0 {
		return nil, nil
	}
	var count, last int64
	add := func(c int64) {
		spans[len(spans)-1].Length++
		deltas = append(deltas, c-last)
		last = c
	}
	gapped := func(gap int32) {
		if gap > 2 {
			spans = append(spans, histogram.Span{Offset: gap})
			return
		}
		for range gap {
			add(0)
		}
	}
	index := offset>>by + 1
	start := offset
	if shift {
		start = index
	}
	spans = append(spans, histogram.Span{Offset: start})
	for i, c := range counts {
		next := (int32(i)+offset)>>by + 1
		if index == next { // not enough yet to merge
			count += int64(c)
			continue
		}
		if count == 0 {
			count = int64(c)
			continue
		}
		gapped(next - index - 1)
		add(count)
		count, index = int64(c), next
	}
	gapped((int32(len(counts))+offset-1)>>by + 1 - index)
	add(count)
	return spans, deltas
}

// sample appends a float sample of the datapoint: as it is, as a stale marker, or added to the running total.
func (d *points) sample(r gate.Ref, v float64) error {
	x := &d.point
	st, t := millis(x.start), millis(x.time)
	switch {
	case x.flags&noValue != 0:
		v = stale()
	case d.metric.delta:
		var ok bool
		if st, v, ok = d.total(r, v); !ok {
			return nil
		}
		kept, err := d.accept(d.batch.Append(r, st, t, v))
		if err == nil && !kept {
			d.totals.undoLast()
		}
		return err
	}
	_, err := d.accept(d.batch.Append(r, st, t, v))
	return err
}
