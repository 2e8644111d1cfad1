package receive

import (
	"math/bits"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// decode2 takes in an io.prometheus.write.v2.Request: symbols = 4, timeseries = 5. The symbols are views of the body,
// each hashed once; of a known series no string is looked at again. An error ends the request.
func (q *request) decode2(b []byte) error {
	q.symbols, q.hashes = q.symbols[:0], q.hashes[:0]
	first := len(b)
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		if n == 5 {
			first = min(first, p)
		}
		if n != 4 {
			if p = wire.Skip(b, next, kind); p < 0 || n == 5 && kind != wire.Length {
				return errMalformed
			}
			continue
		}
		var v []byte
		if v, p = wire.Chunk(b, next); p < 0 || kind != wire.Length {
			return errMalformed
		}
		q.symbols, q.hashes = append(q.symbols, wire.View(v)), append(q.hashes, q.key.bytes(v))
	}
	if first < len(b) && (len(q.symbols) == 0 || q.symbols[0] != "") {
		return fault.New(fault.Invalid, "the first symbol must be the empty string")
	}
	for p := first; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if n != 5 {
			p = wire.Skip(b, next, kind)
			continue
		}
		var v []byte
		v, p = wire.Chunk(b, next)
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
	if len(s) > 0 && s[0] == 1<<3|wire.Length {
		n := 0
		if refs, n = wire.Chunk(s, 1); n < 0 {
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
	mark, named := q.mark(refs)
	if named && q.batch.Guess() == mark {
		return q.samples2(q.batch.Take(), rest)
	}
	if m, r := q.batch.Current(); named && m == mark {
		return q.samples2(r, rest)
	}
	count, ok := count2(rest)
	if !ok {
		return errMalformed
	}
	if !named {
		q.contradicts(count)
		return nil
	}
	sorted, fit, ok := q.labels2(refs, count)
	if !ok {
		q.contradicts(count)
		return nil
	}
	if !fit {
		return nil
	}
	r, ok := q.resolve(mark, sorted, count)
	if !ok {
		return nil
	}
	q.book.read2(rest, q.symbols, q.l)
	return q.samples2(r, rest)
}

// mark hashes the named symbols; ok is false if a reference or its partner is missing.
func (q *request) mark(refs []byte) (m gate.Mark, ok bool) {
	h := uint64(len(refs))
	odd := false
	for p := 0; p < len(refs); odd = !odd {
		i := uint64(refs[p])
		switch {
		case i < 0x80:
			p++
		case p+1 < len(refs) && refs[p+1] < 0x80:
			i = i&0x7f | uint64(refs[p+1])<<7
			p += 2
		default:
			if i, p = wire.Uvarint(refs, p); p < 0 {
				return m, false
			}
		}
		if i >= uint64(len(q.hashes)) {
			return m, false
		}
		hi, lo := bits.Mul64(h^q.hashes[i], 0x9e3779b97f4a7c15)
		h = hi ^ lo
	}
	return gate.Mark{Hash: h | 1}, !odd
}

// gatherRefs reads references that a sender has not packed, or not put first, and packs them.
func (q *request) gatherRefs(s []byte) (refs, rest []byte, ok bool) {
	refs, rest = make([]byte, 0, 64), make([]byte, 0, len(s))
	for p := 0; p < len(s); {
		n, kind, next := wire.Field(s, p)
		if next < 0 {
			return nil, nil, false
		}
		end := wire.Skip(s, next, kind)
		if end < 0 {
			return nil, nil, false
		}
		switch {
		case n != 1:
			rest = append(rest, s[p:end]...)
		case kind == wire.Varint:
			refs = append(refs, s[next:end]...)
		case kind == wire.Length:
			v, _ := wire.Chunk(s, next)
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
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return 0, false
		}
		if p = wire.Skip(b, next, kind); p < 0 {
			return 0, false
		}
		if n >= 2 && n <= 4 {
			count++
		}
	}
	return count, true
}

// labels2 reads the named labels into the builder. Labels without a value are left out, as in the store.
func (q *request) labels2(refs []byte, count int) (sorted, fit, ok bool) {
	q.builder.Reset()
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
	i, p := wire.Uvarint(refs, p)
	if p < 0 || i >= uint64(len(q.symbols)) {
		return "", -1
	}
	return q.symbols[i], p
}

// samples2 takes in what a resolved series brings.
func (q *request) samples2(r gate.Ref, b []byte) error {
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		if n < 2 || n > 5 {
			if p = wire.Skip(b, next, kind); p < 0 {
				return errMalformed
			}
			continue
		}
		var v []byte
		if v, p = wire.Chunk(b, next); p < 0 || kind != wire.Length {
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
		case 5: // read where the series was not expected
			if !isMetadata(v) {
				return errMalformed
			}
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
