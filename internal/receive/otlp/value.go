package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

var (
	errMalformed = fault.New(fault.Invalid, "the message is not valid protobuf of the stated type")
	errDeep      = fault.New(fault.Invalid, "a value is nested deeper than %d levels", deepest)
)

// deepest is how deep values may nest.
const deepest = 64

// kind of an AnyValue; the numbers are those of its fields.
type kind uint8

const (
	nothing   kind = 0
	text      kind = 1
	boolean   kind = 2
	integer   kind = 3
	double    kind = 4
	array     kind = 5
	mapping   kind = 6
	byteSlice kind = 7
)

// value is an AnyValue whose insides were not looked at. Of several values in one message the last stands.
type value struct {
	kind kind
	raw  []byte // text, array, map, bytes
	bits uint64 // the others
}

// readValue reads an AnyValue.
func readValue(b []byte) (v value, ok bool) {
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return v, false
		}
		switch {
		case (n == 1 || n >= 5 && n <= 7) && k == wire.Length:
			v.raw, p = wire.Chunk(b, next)
			v.kind = kind(n)
		case (n == 2 || n == 3) && k == wire.Varint:
			v.bits, p = wire.Uvarint(b, next)
			v.kind = kind(n)
		case n == 4 && k == wire.Fixed8:
			if p = next + 8; p > len(b) {
				return v, false
			}
			v.bits, v.kind = binary.LittleEndian.Uint64(b[next:]), double
		case n <= 7:
			return v, false
		default:
			p = wire.Skip(b, next, k)
		}
		if p < 0 {
			return v, false
		}
	}
	return v, true
}

// readKeyValue reads a KeyValue: key = 1, value = 2.
func readKeyValue(b []byte) (key []byte, v value, ok bool) {
	for p := 0; p < len(b); {
		n, k, next := wire.Field(b, p)
		if next < 0 {
			return nil, v, false
		}
		if n > 2 {
			if p = wire.Skip(b, next, k); p < 0 {
				return nil, v, false
			}
			continue
		}
		var c []byte
		if c, p = wire.Chunk(b, next); p < 0 || k != wire.Length {
			return nil, v, false
		}
		if n == 1 {
			key = c
		} else if v, ok = readValue(c); !ok {
			return nil, v, false
		}
	}
	return key, v, true
}

// plainPair reads a KeyValue as nearly all are: a short key and a short text. SDKs write the key first, the collector writes it
// last. All other bytes of it are ASCII.
func plainPair(b []byte) (key, s []byte, ok bool) {
	const first, second = 1<<3 | wire.Length, 2<<3 | wire.Length
	if len(b) < 6 || len(b) >= 0x80 {
		return nil, nil, false
	}
	if b[0] == first {
		p := 2 + int(b[1])
		if p+4 <= len(b) && b[p] == second && b[p+2] == first && int(b[p+1]) == len(b)-p-2 && int(b[p+3]) == len(b)-p-4 {
			return b[2:p], b[p+4:], true
		}
		return nil, nil, false
	}
	p := 2 + int(b[1])
	if b[0] == second && b[2] == first && int(b[3]) == int(b[1])-2 && p+2 <= len(b) && b[p] == first && int(b[p+1]) == len(b)-p-2 {
		return b[p+2:], b[4:p], true
	}
	return nil, nil, false
}

// pair is an entry of a map that is being put in order.
type pair struct {
	key string
	v   value
}

// speller writes values as text and as JSON. The text is what the collector's AsString makes of a value, which Prometheus
// uses for labels: text as it is, numbers in their shortest form, bytes in base64, arrays and maps as JSON with sorted keys.
type speller struct{ pairs []pair }

// text appends a value as text.
func (s *speller) text(dst []byte, v value) ([]byte, error) {
	switch v.kind {
	case nothing:
		return dst, nil
	case text:
		return append(dst, v.raw...), nil
	case double:
		f := math.Float64frombits(v.bits)
		if name, special := notFinite(f); special {
			return append(dst, name...), nil
		}
	case byteSlice:
		return base64.StdEncoding.AppendEncode(dst, v.raw), nil
	}
	return s.json(dst, v, 0)
}

// json appends a value as JSON; numbers that JSON cannot say become text.
func (s *speller) json(dst []byte, v value, depth int) ([]byte, error) {
	if depth > deepest {
		return dst, errDeep
	}
	switch v.kind {
	case text:
		return quote(dst, wire.View(v.raw)), nil
	case boolean:
		return strconv.AppendBool(dst, v.bits != 0), nil
	case integer:
		return strconv.AppendInt(dst, int64(v.bits), 10), nil
	case double:
		f := math.Float64frombits(v.bits)
		if name, special := notFinite(f); special {
			return quote(dst, name), nil
		}
		return number(dst, f), nil
	case array:
		return s.array(dst, v.raw, depth)
	case mapping:
		return s.object(dst, v.raw, 1, depth)
	case byteSlice:
		dst = append(dst, '"')
		return append(base64.StdEncoding.AppendEncode(dst, v.raw), '"'), nil
	}
	return append(dst, "null"...), nil
}

// array appends the values of an ArrayValue (values = 1).
func (s *speller) array(dst, raw []byte, depth int) ([]byte, error) {
	dst = append(dst, '[')
	n := 0
	for p := 0; p < len(raw); {
		c, next, err := only(raw, p, 1)
		if err != nil {
			return dst, err
		}
		if p = next; c == nil {
			continue
		}
		v, ok := readValue(c)
		if !ok {
			return dst, errMalformed
		}
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		if dst, err = s.json(dst, v, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// object appends the KeyValues that lie in one field of a message as a JSON object with sorted keys; of doubles the last stands.
func (s *speller) object(dst, raw []byte, field, depth int) ([]byte, error) {
	first := len(s.pairs)
	defer func() { s.pairs = s.pairs[:first] }()
	for p := 0; p < len(raw); {
		c, next, err := only(raw, p, field)
		if err != nil {
			return dst, err
		}
		if p = next; c == nil {
			continue
		}
		key, v, ok := readKeyValue(c)
		if !ok {
			return dst, errMalformed
		}
		s.pairs = append(s.pairs, pair{wire.View(key), v})
	}
	ps := s.pairs[first:]
	slices.SortStableFunc(ps, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	dst = append(dst, '{')
	var err error
	for i, n := 0, len(ps); i < n; i++ {
		ps = s.pairs[first : first+n] // deeper ones may have moved it
		if i+1 < n && ps[i].key == ps[i+1].key {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(quote(dst, ps[i].key), ':')
		if dst, err = s.json(dst, ps[i].v, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// only returns the chunk at p if it is of this field, nil if it is another, and the position behind.
func only(b []byte, p, field int) (c []byte, end int, err error) {
	n, k, next := wire.Field(b, p)
	if next < 0 {
		return nil, 0, errMalformed
	}
	if n != field {
		if end = wire.Skip(b, next, k); end < 0 {
			return nil, 0, errMalformed
		}
		return nil, end, nil
	}
	if c, end = wire.Chunk(b, next); end < 0 || k != wire.Length {
		return nil, 0, errMalformed
	}
	if c == nil {
		c = b[end:end]
	}
	return c, end, nil
}
