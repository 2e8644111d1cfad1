package receive

import (
	"hash/maphash"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

var errMalformed = fault.New(fault.Invalid, "the message is not valid protobuf of the stated type")

// sample is a float sample of either protocol; st is 0 in the first.
type sample struct {
	v     float64
	t, st int64
}

// readSample reads a Sample message: value = 1, timestamp = 2, start_timestamp = 3 (2.0 only).
func readSample(b []byte) (s sample, ok bool) {
	p := 0
	if len(b) > 9 && b[0] == 1<<3|wire.Fixed8 { // as every sender writes it
		s.v = wire.Double(b, 1)
		p = 9
	}
	for p < len(b) {
		n, kind, next := wire.Field(b, p)
		if next < 0 {
			return s, false
		}
		switch {
		case n == 1 && kind == wire.Fixed8 && next+8 <= len(b):
			s.v = wire.Double(b, next)
			p = next + 8
		case n == 2 && kind == wire.Varint:
			var u uint64
			u, p = wire.Uvarint(b, next)
			s.t = int64(u)
		case n == 3 && kind == wire.Varint:
			var u uint64
			u, p = wire.Uvarint(b, next)
			s.st = int64(u)
		case n <= 3:
			return s, false
		default:
			p = wire.Skip(b, next, kind)
		}
		if p < 0 {
			return s, false
		}
	}
	return s, true
}

// key makes the marks of one process unlike those of any other.
type key struct{ seed maphash.Seed }

// bytes hashes b; the result is never 0.
func (k key) bytes(b []byte) uint64 { return maphash.Bytes(k.seed, b) | 1 }
