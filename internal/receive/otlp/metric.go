package otlp

import (
	"hash/maphash"

	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/model/metadata"

	"github.com/signalbox/signalbox/internal/receive/wire"
)

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
	return d.unhold(true)
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
