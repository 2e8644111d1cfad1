package otlp

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"

	"github.com/prometheus/otlptranslator"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// points brings datapoints to the gate. Of a series that is known no label is made: it is recognised by the hash of the
// bytes that name it, first as the one that came next last time, then by look-up.
type points struct {
	rc      *Receiver
	batch   *gate.Batch
	grow    func(int64) error
	granted int
	seen    int // datapoints

	target *target
	origin uint64 // hash of the resource and, where it counts, the scope
	metric metric
	first  uint64 // earliest and latest timestamp of the resource, nanoseconds
	last   uint64

	point     point
	attrs     []label
	builder   *labels.Builder
	base      labels.Labels // of the datapoint, without a name
	based     bool
	numbers   []float64
	counts    []uint64
	exemplars []sighting
	totals    journal

	rejected int64
	why      string
	lost     bool // of the datapoint that is being read something was refused
}

// metric is the head of the Metric message that is being read.
type metric struct {
	name, unit, help []byte
	kind             int // the field of its data
	monotonic        bool
	delta            bool
	hash             uint64
	prom             string // its name in Prometheus; empty until it is needed
	bad              string // why its datapoints are refused
}

// The kinds of data, by their fields in Metric.
const (
	gauge       = 5
	sum         = 7
	explicit    = 9
	exponential = 10
	summary     = 11
)

func newPoints(rc *Receiver) *points {
	return &points{rc: rc, builder: labels.NewBuilder(labels.EmptyLabels())}
}

// takeMetrics brings an ExportMetricsServiceRequest to the gate.
func (rc *Receiver) takeMetrics(ctx context.Context, grant *gate.Grant, message []byte) (result, error) {
	d := rc.metrics.Get().(*points)
	d.grow = grant.Grow
	d.batch = grant.Batch(ctx)
	defer d.release()
	if err := d.decode(message); err != nil {
		_ = d.batch.Rollback()
		d.totals.undo()
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.TooLarge {
			refuse(grant, err)
		}
		return result{}, err
	}
	res, err := d.batch.Commit()
	if err != nil {
		d.totals.undo()
		return result{}, err
	}
	out := result{d.rejected, d.why}
	if d.rejected > 0 {
		out.why = plural(int(d.rejected), d.why)
	}
	if res.ExemplarsRefused > 0 {
		out.why = join(out.why, plural(res.ExemplarsRefused, "exemplars that are invalid or out of order"))
	}
	return out, nil
}

// release gives the decoder back.
func (d *points) release() {
	d.totals.close()
	clear(d.attrs[:cap(d.attrs)])
	clear(d.exemplars[:cap(d.exemplars)])
	d.builder.Reset(labels.EmptyLabels())
	*d = points{rc: d.rc, builder: d.builder, attrs: d.attrs[:0], numbers: d.numbers[:0], counts: d.counts[:0], exemplars: d.exemplars[:0],
		totals: journal{entries: d.totals.entries[:0]}}
	if cap(d.attrs) < 4096 && cap(d.counts) < 64<<10 && cap(d.totals.entries) < 64<<10 {
		d.rc.metrics.Put(d)
	}
}

// decode reads {resource_metrics = 1 of {resource = 1, scope_metrics = 2 of {scope = 1, metrics = 2}}}. An error ends the request.
func (d *points) decode(b []byte) error {
	return each(b, 1, func(r []byte) error {
		resource, err := gather(r, 1)
		if err != nil {
			return err
		}
		d.first, d.last = math.MaxUint64, 0
		var t *target
		var origin uint64
		err = each(r, 2, func(s []byte) error {
			var scope []byte
			if d.rc.naming.scope {
				if scope, err = withSchema(s); err != nil {
					return err
				}
			}
			if d.target, d.origin, err = d.rc.targets.get(resource, scope); err != nil {
				return err
			}
			t, origin = d.target, d.origin
			return each(s, 2, d.readMetric)
		})
		if err != nil || t == nil {
			return err
		}
		return d.info(t, origin)
	})
}

// schemaField is where withSchema puts the schema's address; no field of a scope has this number.
const schemaField = 15

// withSchema returns the InstrumentationScope of a ScopeMetrics with the address of its schema, which stands beside it.
func withSchema(s []byte) ([]byte, error) {
	scope, err := gather(s, 1)
	if err != nil {
		return nil, err
	}
	schema, err := gather(s, 3)
	if err != nil || len(schema) == 0 {
		return scope, err
	}
	out := append(scope[:len(scope):len(scope)], schemaField<<3|wire.Length)
	return append(binary.AppendUvarint(out, uint64(len(schema))), schema...), nil
}

// mix makes one hash of two; the first is keyed.
func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

// readMetric reads a Metric: name = 1, description = 2, unit = 3, data = 5, 7, 9, 10 or 11.
func (d *points) readMetric(b []byte) error {
	m := metric{}
	var data []byte
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		if n == 4 || n > summary || k != wire.Length {
			if p = wire.Skip(b, next, k); p < 0 || n <= 3 {
				return errMalformed
			}
			continue
		}
		var c []byte
		if c, p = wire.Chunk(b, next); p < 0 {
			return errMalformed
		}
		switch n {
		case 1:
			m.name = c
		case 2:
			m.help = c
		case 3:
			m.unit = c
		case gauge, sum, explicit, exponential, summary:
			m.kind, data = n, c
		}
	}
	if m.kind == 0 {
		return nil
	}
	temporality, err := m.head(data)
	if err != nil {
		return err
	}
	switch {
	case m.kind == gauge || m.kind == summary || temporality == 2:
	case temporality == 1:
		m.delta = true
	default:
		m.bad = "the metric " + whole(m.name) + " has neither delta nor cumulative temporality"
	}
	h := mix(d.origin, maphash.Bytes(d.rc.seed, m.name))
	h = mix(h, maphash.Bytes(d.rc.seed, m.unit))
	flags := uint64(m.kind) << 2
	if m.monotonic {
		flags |= 1
	}
	if m.delta {
		flags |= 2
	}
	m.hash = mix(h, flags)
	d.metric = m
	one := d.number
	switch m.kind {
	case explicit:
		one = d.explicit
	case exponential:
		one = d.exponential
	case summary:
		one = d.summary
	}
	for p := 0; p < len(data); {
		c, next, err := only(data, p, 1)
		if err != nil {
			return err
		}
		if p = next; c == nil {
			continue
		}
		if err := d.begin(); err != nil {
			return err
		}
		if err := one(c); err != nil {
			return err
		}
		if d.lost {
			d.rejected++
		}
	}
	return nil
}

// head reads what stands beside the datapoints: aggregation_temporality = 2, is_monotonic = 3.
func (m *metric) head(data []byte) (temporality uint64, err error) {
	for p := 0; p < len(data); {
		n, k, next := wire.Field(data, p)
		if next < 0 {
			return 0, errMalformed
		}
		if k != wire.Varint {
			if p = wire.Skip(data, next, k); p < 0 || n == 2 || n == 3 && m.kind == sum {
				return 0, errMalformed
			}
			continue
		}
		var u uint64
		if u, p = wire.Uvarint(data, next); p < 0 {
			return 0, errMalformed
		}
		switch n {
		case 2:
			temporality = u
		case 3:
			m.monotonic = u != 0
		}
	}
	return temporality, nil
}

const (
	pointBytes = 128 // about what a datapoint takes in memory while it is taken in
	pointStep  = 4096
)

// begin starts a datapoint and asks for memory now and then.
func (d *points) begin() error {
	d.lost, d.based = false, false
	d.seen++
	if d.seen <= d.granted {
		return nil
	}
	if d.seen > d.rc.o.Datapoints {
		return fault.New(fault.TooLarge, "the request has more than %d datapoints", d.rc.o.Datapoints).Hint("Send smaller batches")
	}
	d.granted += pointStep
	return d.grow(pointStep * pointBytes)
}

// refuse notes that something of the datapoint was refused.
func (d *points) refuse(why string) {
	if d.why == "" {
		d.why = why
	}
	d.lost = true
}

// accept sorts the outcome of an append: nil and a refusal go on, everything else ends the request.
func (d *points) accept(err error) (kept bool, _ error) {
	if err == nil {
		return true, nil
	}
	var r *gate.Refusal
	if errors.As(err, &r) {
		d.refuse(r.Sentence)
		return false, nil
	}
	return false, err
}

// translate finds the metric's name in Prometheus; ok is false if it has none.
func (d *points) translate() bool {
	m := &d.metric
	if m.prom != "" || m.bad != "" {
		return m.bad == ""
	}
	kind := otlptranslator.MetricType(otlptranslator.MetricTypeGauge)
	prom := model.MetricTypeGauge
	switch m.kind {
	case sum:
		kind = otlptranslator.MetricTypeNonMonotonicCounter
		if m.monotonic {
			kind, prom = otlptranslator.MetricTypeMonotonicCounter, model.MetricTypeCounter
		}
	case explicit:
		kind, prom = otlptranslator.MetricTypeHistogram, model.MetricTypeHistogram
	case exponential:
		kind, prom = otlptranslator.MetricTypeExponentialHistogram, model.MetricTypeHistogram
	case summary:
		kind, prom = otlptranslator.MetricTypeSummary, model.MetricTypeSummary
	}
	name, err := d.rc.naming.metric.Build(otlptranslator.Metric{Name: whole(m.name), Unit: whole(m.unit), Type: kind})
	if err != nil {
		m.bad = err.Error()
		return false
	}
	m.prom = name
	if d.rc.o.Metadata != nil {
		d.rc.o.Metadata(name, metadata.Metadata{Type: prom, Unit: d.rc.naming.unit.Build(whole(m.unit)), Help: whole(m.help)})
	}
	return true
}
