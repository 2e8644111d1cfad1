package receive

import (
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// decode1 takes in a prometheus.WriteRequest: timeseries = 1, metadata = 3. An error ends the request.
func (q *request) decode1(b []byte) error {
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		if n != 1 && n != 3 {
			if p = wire.Skip(b, next, kind); p < 0 {
				return errMalformed
			}
			continue
		}
		var v []byte
		if v, p = wire.Chunk(b, next); p < 0 || kind != wire.Length {
			return errMalformed
		}
		if n == 3 {
			if !q.book.read1(v) {
				return errMalformed
			}
			continue
		}
		if err := q.series1(v); err != nil {
			return err
		}
	}
	return nil
}

// series1 takes in a TimeSeries: labels = 1, samples = 2, exemplars = 3, histograms = 4. The labels come first, side by side,
// from every sender; those bytes are what the gate knows the series by.
func (q *request) series1(s []byte) error {
	const labelTag = 1<<3 | wire.Length
	if m := q.batch.Guess(); m.Hash != 0 && m.Size != 0 && int(m.Size) < len(s) && s[m.Size] != labelTag && q.key.bytes(s[:m.Size]) == m.Hash {
		rest := s[m.Size:]
		if !mentions(rest, 1) {
			return q.samples1(q.batch.Take(), rest)
		}
	}
	n := 0
	for n < len(s) && s[n] == labelTag {
		if _, n = wire.Chunk(s, n+1); n < 0 {
			return errMalformed
		}
	}
	raw, rest := s[:n], s[n:]
	if mentions(rest, 1) {
		var ok bool
		if raw, rest, ok = q.gather(s); !ok {
			return errMalformed
		}
	}
	mark := gate.Mark{Hash: q.key.bytes(raw), Size: uint32(len(raw))}
	if m, r := q.batch.Current(); m == mark {
		return q.samples1(r, rest)
	}
	count, ok := count1(rest)
	if !ok {
		return errMalformed
	}
	sorted, fit, ok := q.labels1(raw, count)
	if !ok {
		return errMalformed
	}
	if !fit {
		return nil
	}
	r, ok := q.resolve(mark, sorted, count)
	if !ok {
		return nil
	}
	return q.samples1(r, rest)
}

// mentions says whether a message of samples has a field of this number as well. What is malformed is found later.
func mentions(b []byte, number int) bool {
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return false
		}
		if n == number {
			return true
		}
		if p = wire.Skip(b, next, kind); p < 0 {
			return false
		}
	}
	return false
}

// gather puts a series' labels side by side that a sender has scattered.
func (q *request) gather(s []byte) (raw, rest []byte, ok bool) {
	raw, rest = q.raw[:0], q.rest[:0]
	for p := 0; p < len(s); {
		n, kind, next := wire.Field(s, p)
		if next < 0 {
			return nil, nil, false
		}
		end := wire.Skip(s, next, kind)
		if end < 0 {
			return nil, nil, false
		}
		if n == 1 && kind == wire.Length {
			raw = append(raw, s[p:end]...)
		} else {
			rest = append(rest, s[p:end]...)
		}
		p = end
	}
	q.raw, q.rest = raw, rest
	return raw, rest, true
}

// count1 counts what a refused series would have brought.
func count1(b []byte) (count int, ok bool) {
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

// labels1 reads Label messages (name = 1, value = 2) into the builder. Labels without a value are left out, as in the store.
func (q *request) labels1(raw []byte, count int) (sorted, fit, ok bool) {
	q.builder.Reset()
	sorted = true
	last := ""
	for p, k := 0, 1; p < len(raw); k++ {
		n, kind, next := wire.Field(raw, p)
		if next < 0 || n != 1 || kind != wire.Length {
			return false, false, false
		}
		var l []byte
		if l, p = wire.Chunk(raw, next); p < 0 {
			return false, false, false
		}
		name, value, ok := pair(l)
		if !ok {
			return false, false, false
		}
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

// pair reads two strings in fields 1 and 2.
func pair(b []byte) (first, second string, ok bool) {
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return "", "", false
		}
		if n > 2 {
			if p = wire.Skip(b, next, kind); p < 0 {
				return "", "", false
			}
			continue
		}
		var v []byte
		if v, p = wire.Chunk(b, next); p < 0 || kind != wire.Length {
			return "", "", false
		}
		if n == 1 {
			first = wire.View(v)
		} else {
			second = wire.View(v)
		}
	}
	return first, second, true
}

// samples1 takes in what a resolved series brings.
func (q *request) samples1(r gate.Ref, b []byte) error {
	for p := 0; p < len(b); {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return errMalformed
		}
		if n > 4 {
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
		case 1: // labels that are none: the others were gathered
			return errMalformed
		case 2:
			s, ok := readSample(v)
			if !ok {
				return errMalformed
			}
			if err := q.accept(&q.written.samples, q.batch.Append(r, 0, s.t, s.v)); err != nil {
				return err
			}
		case 3:
			e, ok := exemplar1(v)
			if !ok {
				return errMalformed
			}
			q.batch.AppendExemplar(r, e)
		case 4:
			var h prompb.Histogram
			if h.Unmarshal(v) != nil {
				return errMalformed
			}
			var err error
			if h.IsFloatHistogram() {
				err = q.batch.AppendHistogram(r, 0, h.Timestamp, nil, h.ToFloatHistogram())
			} else {
				err = q.batch.AppendHistogram(r, 0, h.Timestamp, h.ToIntHistogram(), nil)
			}
			if err := q.accept(&q.written.histograms, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// exemplar1 reads an Exemplar message. Exemplars are few: the library's decoder will do.
func exemplar1(b []byte) (exemplar.Exemplar, bool) {
	var e prompb.Exemplar
	if e.Unmarshal(b) != nil {
		return exemplar.Exemplar{}, false
	}
	lb := labels.NewScratchBuilder(len(e.Labels))
	return e.ToExemplar(&lb, nil), true
}
