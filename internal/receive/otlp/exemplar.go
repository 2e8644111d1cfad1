package otlp

import (
	"encoding/hex"
	"math"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// sighting is an exemplar that was read.
type sighting struct{ exemplar.Exemplar }

// exemplarRunes is how long the labels of an exemplar may be together, by OpenMetrics.
const exemplarRunes = 128

// readExemplars reads the exemplars in a field of a datapoint. One that cannot be understood is counted and left out.
func (d *points) readExemplars(b []byte, field int) error {
	d.exemplars = d.exemplars[:0]
	return each(b, field, func(c []byte) error {
		e, ok, err := readExemplar(c)
		if err != nil {
			return err
		}
		if !ok {
			_ = d.batch.Refuse(gate.ExemplarInvalid, 1)
			return nil
		}
		d.exemplars = append(d.exemplars, sighting{e})
		return nil
	})
}

// readExemplar reads an Exemplar: time = 2, as_double = 3, span_id = 4, trace_id = 5, as_int = 6, filtered_attributes = 7. The
// attributes become labels if there is room for all of them beside the ids. Exemplars are few: allocating for them is fine.
func readExemplar(b []byte) (e exemplar.Exemplar, ok bool, err error) {
	var trace, span []byte
	valued := false
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return e, false, errMalformed
		}
		switch {
		case (n == 2 || n == 3 || n == 6) && k == wire.Fixed8 && next+8 <= len(b):
			u := wire.Uint64(b, next)
			p = next + 8
			switch n {
			case 2:
				e.Ts = millis(u)
			case 3:
				e.Value, valued = math.Float64frombits(u), true
			case 6:
				e.Value, valued = float64(int64(u)), true
			}
		case n == 4 && k == wire.Length:
			span, p = wire.Chunk(b, next)
		case n == 5 && k == wire.Length:
			trace, p = wire.Chunk(b, next)
		case n >= 2 && n <= 6 || n == 7 && k != wire.Length:
			return e, false, errMalformed
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return e, false, errMalformed
		}
	}
	e.HasTs = e.Ts != 0
	attrs, err := attributes(nil, b, 7)
	if err != nil {
		return e, false, err
	}
	t, good := traceID(trace)
	s, fine := spanID(span)
	if !good || !fine || !valued {
		return e, false, nil
	}
	lb := labels.NewScratchBuilder(len(attrs) + 2)
	runes := 0
	add := func(name, value string) {
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
		lb.Add(name, value)
	}
	if id := t.String(); id != "" {
		add("trace_id", id)
	}
	if s != 0 {
		add("span_id", hex.EncodeToString(span))
	}
	for _, a := range attrs {
		runes += utf8.RuneCountInString(a.name) + utf8.RuneCountInString(a.value)
	}
	if runes <= exemplarRunes {
		for _, a := range attrs {
			lb.Add(a.name, a.value)
		}
	}
	lb.Sort()
	e.Labels = lb.Labels()
	return e, true, nil
}
