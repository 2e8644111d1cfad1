package otlp

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/prometheus/prometheus/model/labels"

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
	held      []held   // datapoints of the metric, in the order in which they came
	ranks     []uint64 // of their series
	order     uint64   // hash of the ranks

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
	read := false
	defer func() {
		if !read { // also after a panic, or the gate would wait for this batch for ever
			_ = d.batch.Rollback()
			d.totals.undo()
		}
		d.release()
	}()
	if err := d.decode(message); err != nil {
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.TooLarge {
			refuse(grant, err)
		}
		return result{}, err
	}
	read = true
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
	clear(d.held[:cap(d.held)])
	d.builder.Reset(labels.EmptyLabels())
	*d = points{rc: d.rc, builder: d.builder, attrs: d.attrs[:0], numbers: d.numbers[:0], counts: d.counts[:0], exemplars: d.exemplars[:0],
		totals: journal{entries: d.totals.entries[:0]}, held: d.held[:0], ranks: d.ranks[:0]}
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
