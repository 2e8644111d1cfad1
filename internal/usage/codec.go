package usage

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// encoder writes the parts of a checkpoint.
type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) float(v float64) {
	e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v))
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) set(m *roaring.Bitmap) {
	m.RunOptimize()
	body, err := m.ToBytes()
	if err != nil { // writing to memory does not fail
		panic("usage: encode a set of people: " + err.Error())
	}
	e.text(string(body))
}

func (e *encoder) app(a App) {
	e.text(a.Service)
	e.text(a.Env)
	e.text(a.Agency)
}

func (e *encoder) spread(s *spread) {
	low, counts := s.low, s.counts
	if s.none != 0 { // written as one array
		low, counts = 0, make([]float64, s.low+len(s.counts))
		copy(counts[s.low:], s.counts)
		counts = append(counts, make([]float64, 1-min(1, len(counts)))...)
		counts[0] = s.none
	}
	e.uint(uint64(low))
	e.uint(uint64(len(counts)))
	for _, n := range counts {
		if n >= 0 && n < 1<<52 && n == math.Trunc(n) {
			e.uint(uint64(n)<<1 | 1)
			continue
		}
		e.uint(0)
		e.float(n)
	}
}

func (e *encoder) flow(f *flow) {
	e.float(f.count)
	e.float(f.errors)
	e.spread(&f.lasted)
}

var errDamaged = errors.New("the part ends early or holds what it cannot")

// decoder reads them; the first mistake sticks and everything after it is zero.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) bad() { d.b, d.err = nil, errDamaged }

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) float() float64 {
	if len(d.b) < 8 {
		d.bad()
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(d.b))
	d.b = d.b[8:]
	return v
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad()
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string { return string(d.take(d.uint())) }

// len reads how many things follow, each at least one byte long.
func (d *decoder) len() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.bad()
		return 0
	}
	return int(n)
}

func (d *decoder) set() *roaring.Bitmap {
	m := roaring.New()
	body := d.take(d.uint())
	if d.err == nil {
		if err := m.UnmarshalBinary(body); err != nil {
			d.bad()
		}
	}
	return m
}

func (d *decoder) app() App { return App{d.text(), d.text(), d.text()} }

func (d *decoder) spread() (s spread) {
	low := int(d.uint())
	for i := range d.len() {
		n := 0.0
		if v := d.uint(); v&1 == 1 {
			n = float64(v >> 1)
		} else {
			n = d.float()
		}
		if n != 0 {
			s.addBucket(low+i, n)
		}
	}
	return s
}

func (d *decoder) flow() flow { return flow{d.float(), d.float(), d.spread()} }
