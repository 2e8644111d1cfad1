package receive

import (
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// decode2 takes in an io.prometheus.write.v2.Request: symbols = 4, timeseries = 5. The symbols are views of the body; no
// string of a known series is built or hashed. An error ends the request.
func (q *request) decode2(b []byte) error {
	q.symbols = q.symbols[:0]
	first := len(b)
	for p := 0; p < len(b); {
		n, kind, next := field(b, p)
		if next < 0 {
			return errMalformed
		}
		at := p
		if kind != length || n != 4 {
			if n == 5 && kind == length {
				first = min(first, at)
			}
			if p = skip(b, next, kind); p < 0 {
				return errMalformed
			}
			continue
		}
		var v []byte
		if v, p = chunk(b, next); p < 0 {
			return errMalformed
		}
		q.symbols = append(q.symbols, view(v))
	}
	if first < len(b) && (len(q.symbols) == 0 || q.symbols[0] != "") {
		return fault.New(fault.Invalid, "the first symbol must be the empty string")
	}
	for p := first; p < len(b); {
		n, kind, next := field(b, p)
		if n != 5 || kind != length {
			p = skip(b, next, kind)
			continue
		}
		var v []byte
		v, p = chunk(b, next)
		if err := q.series2(v); err != nil {
			return err
		}
	}
	return nil
}

// series2 takes in a TimeSeries: labels_refs = 1, samples = 2, histograms = 3, exemplars = 4, metadata = 5. The references
// come first and packed from every sender.
func (q *request) series2(s []byte) error {
	var refs, rest []byte
	if len(s) > 0 && s[0] == 1<<3|length {
		n := 0
		if refs, n = chunk(s, 1); n < 0 {
			return errMalformed
		}
		rest = s[n:]
	} else {
		rest = s
	}
	if mentions(rest, 1) {
		var ok bool
		if refs, rest, ok = q.gatherRefs(s); !ok {
			return errMalformed
		}
	}
	if w := q.batch.Guess(); w != "" && q.names(w, refs) {
		return q.samples2(q.batch.Take(), rest)
	}
	if w, r := q.batch.Current(); w != "" && q.names(w, refs) {
		return q.samples2(r, rest)
	}
	count, ok := count2(rest)
	if !ok {
		return errMalformed
	}
	sorted, fit, ok := q.labels2(refs, count)
	if !ok {
		q.contradicts(count)
		return nil
	}
	if !fit {
		return nil
	}
	r, ok := q.resolve(q.wire, sorted, count)
	if !ok {
		return nil
	}
	q.book.read2(rest, q.symbols, q.l)
	return q.samples2(r, rest)
}

// names says whether the references name the series that wire encodes.
func (q *request) names(wire string, refs []byte) bool {
	w := 0
	for p := 0; p < len(refs); {
		var i, j uint64
		if i, p = uvarint(refs, p); p < 0 {
			return false
		}
		if j, p = uvarint(refs, p); p < 0 {
			return false
		}
		if i >= uint64(len(q.symbols)) || j >= uint64(len(q.symbols)) {
			return false
		}
		name, value := q.symbols[i], q.symbols[j]
		size := 4 + len(name) + len(value)
		if size >= 0x80 {
			q.rest = appendLabel(q.rest[:0], name, value)
			if len(wire)-w < len(q.rest) || wire[w:w+len(q.rest)] != view(q.rest) {
				return false
			}
			w += len(q.rest)
			continue
		}
		// All three lengths are a byte each: 0A size 0A length name 12 length value.
		end := w + 2 + size
		if end > len(wire) {
			return false
		}
		l := wire[w:end]
		if l[1] != byte(size) || l[3] != byte(len(name)) || l[4:4+len(name)] != name || l[6+len(name):] != value {
			return false
		}
		w = end
	}
	return w == len(wire) && w > 0
}

// gatherRefs reads references that a sender has not packed, or not put first, and packs them.
func (q *request) gatherRefs(s []byte) (refs, rest []byte, ok bool) {
	refs, rest = make([]byte, 0, 64), make([]byte, 0, len(s))
	for p := 0; p < len(s); {
		n, kind, next := field(s, p)
		if next < 0 {
			return nil, nil, false
		}
		end := skip(s, next, kind)
		if end < 0 {
			return nil, nil, false
		}
		switch {
		case n != 1:
			rest = append(rest, s[p:end]...)
		case kind == varint:
			refs = append(refs, s[next:end]...)
		case kind == length:
			v, _ := chunk(s, next)
			refs = append(refs, v...)
		default:
			return nil, nil, false
		}
		p = end
	}
	return refs, rest, true
}

// count2 counts what a refused series would have brought.
func count2(b []byte) (count int, ok bool) {
	for p := 0; p < len(b); {
		n, kind, next := field(b, p)
		if next < 0 {
			return 0, false
		}
		if p = skip(b, next, kind); p < 0 {
			return 0, false
		}
		if n >= 2 && n <= 4 {
			count++
		}
	}
	return count, true
}

// labels2 reads the named labels into the builder and their encoding into q.wire.
func (q *request) labels2(refs []byte, count int) (sorted, fit, ok bool) {
	q.builder.Reset()
	q.wire = q.wire[:0]
	sorted = true
	last := ""
	for p, k := 0, 1; p < len(refs); k++ {
		name, next := q.symbol(refs, p)
		value, end := q.symbol(refs, next)
		if end < 0 {
			return false, false, false
		}
		p = end
		if !q.fits(k, name, value, count) {
			return false, false, true
		}
		q.wire = appendLabel(q.wire, name, value)
		if value == "" {
			continue
		}
		sorted = sorted && last < name
		last = name
		q.builder.Add(name, value)
	}
	return sorted, true, true
}

// symbol returns the symbol whose reference is at p and the next position, or -1.
func (q *request) symbol(refs []byte, p int) (string, int) {
	if p < 0 {
		return "", -1
	}
	i, p := uvarint(refs, p)
	if p < 0 || i >= uint64(len(q.symbols)) {
		return "", -1
	}
	return q.symbols[i], p
}

// samples2 takes in what a resolved series brings.
func (q *request) samples2(r gate.Ref, b []byte) error {
	for p := 0; p < len(b); {
		n, kind, next := field(b, p)
		if next < 0 {
			return errMalformed
		}
		if kind != length || n < 2 || n > 4 {
			if n >= 2 && n <= 4 {
				return errMalformed
			}
			if p = skip(b, next, kind); p < 0 {
				return errMalformed
			}
			continue
		}
		var v []byte
		if v, p = chunk(b, next); p < 0 {
			return errMalformed
		}
		switch n {
		case 2:
			s, ok := readSample(v)
			if !ok {
				return errMalformed
			}
			if err := q.accept(&q.written.samples, q.batch.Append(r, s.st, s.t, s.v)); err != nil {
				return err
			}
		case 3:
			var h writev2.Histogram
			if h.Unmarshal(v) != nil {
				return errMalformed
			}
			var err error
			if h.IsFloatHistogram() {
				err = q.batch.AppendHistogram(r, h.StartTimestamp, h.Timestamp, nil, h.ToFloatHistogram())
			} else {
				err = q.batch.AppendHistogram(r, h.StartTimestamp, h.Timestamp, h.ToIntHistogram(), nil)
			}
			if err := q.accept(&q.written.histograms, err); err != nil {
				return err
			}
		case 4:
			e, ok := q.exemplar2(v)
			if !ok {
				q.refuse(gate.ExemplarInvalid, 1, q.batch.Refuse(gate.ExemplarInvalid, 1))
				continue
			}
			q.batch.AppendExemplar(r, e)
		}
	}
	return nil
}

// exemplar2 reads an Exemplar message. Exemplars are few: the library's decoder will do.
func (q *request) exemplar2(b []byte) (exemplar.Exemplar, bool) {
	var e writev2.Exemplar
	if e.Unmarshal(b) != nil || len(e.LabelsRefs)%2 != 0 {
		return exemplar.Exemplar{}, false
	}
	for _, i := range e.LabelsRefs {
		if int(i) >= len(q.symbols) {
			return exemplar.Exemplar{}, false
		}
	}
	lb := labels.NewScratchBuilder(len(e.LabelsRefs) / 2)
	for i := 0; i < len(e.LabelsRefs); i += 2 {
		lb.Add(q.symbols[e.LabelsRefs[i]], q.symbols[e.LabelsRefs[i+1]])
	}
	lb.Sort()
	return exemplar.Exemplar{Labels: lb.Labels(), Value: e.Value, Ts: e.Timestamp, HasTs: e.Timestamp != 0}, true
}
