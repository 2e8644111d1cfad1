package otlp

import (
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/gate"
)

// part is one of the series of a datapoint.
type part struct {
	key    uint64 // tells the parts of a datapoint apart
	suffix string // of the metric's name
	label  string // le or quantile; empty for none
	bound  float64
}

// series resolves a part of the datapoint; ok is false if it was refused.
func (d *points) series(p part) (gate.Ref, bool) {
	m := gate.Mark{Hash: mix(d.point.hash, p.key) | 1}
	if d.batch.Guess() == m {
		return d.batch.Take(), true
	}
	if r := d.rc.known.get(d.metric.hash, m.Hash); r != 0 && d.batch.Again(r, m) {
		return r, true
	}
	return d.born(m, p)
}

// born makes the labels of a part that is not known.
func (d *points) born(m gate.Mark, p part) (gate.Ref, bool) {
	if !d.named() {
		return 0, false
	}
	d.builder.Reset(d.base)
	d.builder.Set(model.MetricNameLabel, d.metric.prom+p.suffix)
	if p.label != "" {
		value := "+Inf"
		if p.key != infinite {
			value = strconv.FormatFloat(p.bound, 'f', -1, 64)
		}
		d.builder.Set(p.label, value)
	}
	return d.resolve(d.builder.Labels(), d.metric.hash, m)
}

func (d *points) resolve(l labels.Labels, metric uint64, m gate.Mark) (gate.Ref, bool) {
	r, err := d.batch.Resolve(l, m, 1)
	if err != nil {
		d.refuse(err.Error())
		return 0, false
	}
	d.rc.known.put(metric, m.Hash, r)
	return r, true
}

// named makes the labels that all parts of the datapoint share.
func (d *points) named() bool {
	if d.based {
		return true
	}
	if d.lost { // said already
		return false
	}
	refuse := func(r gate.Reason, why string) bool {
		err := d.batch.Refuse(r, 1)
		if why == "" {
			why = err.Error()
		}
		d.refuse(why)
		return false
	}
	if !d.translate() {
		return refuse(gate.LabelsInvalid, d.metric.bad)
	}
	if d.target.bad != "" {
		return refuse(gate.LabelsInvalid, d.target.bad)
	}
	var err error
	if d.attrs, err = attributes(d.attrs[:0], d.point.attrs, d.point.field); err != nil {
		return refuse(gate.Malformed, err.Error())
	}
	if r, ok := d.fit(); !ok {
		return refuse(r, "")
	}
	if err := d.rc.naming.labels(d.builder, d.attrs, d.target); err != nil {
		return refuse(gate.LabelsInvalid, err.Error())
	}
	d.base, d.based = d.builder.Labels(), true
	return true
}

// fit refuses what the labels' own encoding could not hold, before they are built.
func (d *points) fit() (gate.Reason, bool) {
	const most = 1 << 20
	l := &d.rc.limits
	if l.Labels > 0 && len(d.attrs) > l.Labels || len(d.attrs) > 10_000 {
		return gate.LabelCount, false
	}
	for _, a := range d.attrs {
		if l.LabelNameBytes > 0 && len(a.name) > l.LabelNameBytes || len(a.name) > most ||
			l.LabelValueBytes > 0 && len(a.value) > l.LabelValueBytes || len(a.value) > most {
			return gate.LabelLength, false
		}
	}
	return 0, true
}

// lookback is how far apart samples of target_info may lie so that a query finds one at any instant: half of what PromQL
// looks back. At most an hour of them is written; older ones the store would not take.
const (
	lookback = 150_000
	furthest = 3_600_000
)

// info writes target_info for the time that the resource's datapoints cover. What is refused of it is no datapoint's loss.
func (d *points) info(t *target, origin uint64) error {
	if t.info.IsEmpty() || d.first > d.last {
		return nil
	}
	lost, why := d.lost, d.why
	defer func() { d.lost, d.why = lost, why }()
	m := gate.Mark{Hash: mix(origin, infoKey) | 1}
	r := d.rc.known.get(m.Hash, m.Hash)
	if d.batch.Guess() == m {
		r = d.batch.Take()
	} else if r == 0 || !d.batch.Again(r, m) {
		var ok bool
		if r, ok = d.resolve(t.info, m.Hash, m); !ok {
			return nil
		}
	}
	first, last := int64(d.first/1e6), int64(d.last/1e6)
	for at := max(first, last-furthest); at < last; at += lookback {
		if _, err := d.accept(d.batch.Append(r, 0, at, 1)); err != nil {
			return err
		}
	}
	_, err := d.accept(d.batch.Append(r, 0, last, 1))
	return err
}

// The keys of parts. Those of buckets and quantiles are the bits of their bound, which are never these: they are NaNs.
const (
	plain    = 0x7ff8_0000_0000_0001
	total    = 0x7ff8_0000_0000_0002
	counted  = 0x7ff8_0000_0000_0003
	infinite = 0x7ff8_0000_0000_0004
	infoKey  = 0x7ff8_0000_0000_0005
)
