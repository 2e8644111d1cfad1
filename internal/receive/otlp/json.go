package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// rewriter turns a message in OTLP's JSON into the same message in protobuf. The rules: names in lowerCamelCase, unknown ones
// are passed over, ids in hexadecimal, enumerations as integers, 64-bit numbers as strings or numbers, null is absent.
type rewriter struct {
	dec   *json.Decoder
	limit int // of the result, bytes
}

// nested is how deep JSON may nest: a value in a map in a value takes four levels.
const nested = 4*deepest + 100

// rewrite appends the message src to dst. Errors are faults of the kind Invalid or TooLarge.
func (s *schema) rewrite(dst, src []byte, limit int64) ([]byte, error) {
	r := rewriter{dec: json.NewDecoder(bytes.NewReader(src)), limit: int(limit)}
	r.dec.UseNumber()
	t, err := r.token()
	if err == nil && t != json.Delim('{') {
		err = fault.New(fault.Invalid, "the body is not a JSON object")
	}
	if err == nil {
		dst, err = r.message(dst, s, 0)
	}
	if err != nil {
		return dst, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return dst, fault.New(fault.Invalid, "the body goes on after the JSON object")
	}
	return dst, nil
}

func (r *rewriter) token() (json.Token, error) {
	t, err := r.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fault.New(fault.Invalid, "the body is not JSON: %w", err)
	}
	return t, nil
}

// message appends the fields of an object whose brace was read.
func (r *rewriter) message(dst []byte, s *schema, depth int) ([]byte, error) {
	if depth > nested {
		return dst, errDeep
	}
	for {
		t, err := r.token()
		if err != nil {
			return dst, err
		}
		name, ok := t.(string)
		if !ok {
			return dst, nil // the closing brace
		}
		f := s.fields[name]
		if t, err = r.token(); err != nil {
			return dst, err
		}
		switch {
		case f == nil:
			err = r.pass(t)
		case t == nil: // null
		case f.list:
			dst, err = r.list(dst, f, t, depth)
		default:
			dst, err = r.field(dst, f, t, depth)
		}
		if err != nil {
			return dst, err
		}
		if len(dst) > r.limit {
			return dst, tooLarge(int64(r.limit))
		}
	}
}

// pass reads to the end of a value whose first token was read.
func (r *rewriter) pass(t json.Token) error {
	depth := 0
	for {
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > nested {
				return errDeep
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if t, err = r.token(); err != nil {
			return err
		}
	}
}

// list appends a repeated field.
func (r *rewriter) list(dst []byte, f *slot, t json.Token, depth int) ([]byte, error) {
	if t != json.Delim('[') {
		return dst, wrong(f, "an array")
	}
	start := len(dst)
	if f.packed {
		dst = binary.AppendUvarint(dst, f.number<<3|wire.Length)
		start = len(dst)
	}
	for {
		t, err := r.token()
		if err != nil {
			return dst, err
		}
		if t == json.Delim(']') {
			break
		}
		switch {
		case t == nil:
			err = wrong(f, "no null in an array")
		case f.packed:
			dst, err = scalar(dst, f, t)
		default:
			dst, err = r.field(dst, f, t, depth)
		}
		if err != nil {
			return dst, err
		}
		if len(dst) > r.limit {
			return dst, tooLarge(int64(r.limit))
		}
	}
	if f.packed {
		dst = enclose(dst, start)
	}
	return dst, nil
}

// field appends one value with its tag.
func (r *rewriter) field(dst []byte, f *slot, t json.Token, depth int) ([]byte, error) {
	if f.kind == protoreflect.MessageKind {
		if t != json.Delim('{') {
			return dst, wrong(f, "an object")
		}
		dst = binary.AppendUvarint(dst, f.number<<3|wire.Length)
		start := len(dst)
		dst, err := r.message(dst, f.message, depth+1)
		if err != nil {
			return dst, err
		}
		return enclose(dst, start), nil
	}
	kind := wire.Varint
	switch f.kind {
	case protoreflect.StringKind, protoreflect.BytesKind:
		kind = wire.Length
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		kind = wire.Fixed8
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		kind = wire.Fixed4
	}
	return scalar(binary.AppendUvarint(dst, f.number<<3|uint64(kind)), f, t)
}

// enclose puts the length of what was appended since start before it.
func enclose(dst []byte, start int) []byte {
	n := len(dst) - start
	var head [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(head[:], uint64(n))
	dst = append(dst, head[:k]...)
	copy(dst[start+k:], dst[start:start+n])
	copy(dst[start:], head[:k])
	return dst
}

func wrong(f *slot, want string) error {
	return fault.New(fault.Invalid, "the field %q is not what it should be: want %s", f.name, want)
}

// scalar appends a value without its tag.
func scalar(dst []byte, f *slot, t json.Token) ([]byte, error) {
	switch f.kind {
	case protoreflect.StringKind:
		s, ok := t.(string)
		if !ok {
			return dst, wrong(f, "a string")
		}
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...), nil
	case protoreflect.BytesKind:
		s, ok := t.(string)
		if !ok {
			return dst, wrong(f, "a string")
		}
		b, err := octets(f, s)
		return append(binary.AppendUvarint(dst, uint64(len(b))), b...), err
	case protoreflect.BoolKind:
		v, ok := t.(bool)
		if !ok {
			return dst, wrong(f, "true or false")
		}
		if v {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case protoreflect.DoubleKind:
		v, ok := float(t)
		if !ok {
			return dst, wrong(f, "a number")
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
	case protoreflect.EnumKind:
		n, ok := t.(json.Number)
		v, err := strconv.ParseInt(n.String(), 10, 32)
		if !ok || err != nil {
			return dst, wrong(f, "an integer; names of enumerations are not accepted")
		}
		return binary.AppendUvarint(dst, uint64(v)), nil
	}
	return integral(dst, f, t)
}

// octets decodes an id or bytes. An id that is none becomes one of a length that no id has, so that its record alone is
// refused.
func octets(f *slot, s string) ([]byte, error) {
	if f.hex {
		b, err := hex.DecodeString(s)
		if err != nil {
			return []byte{0}, nil
		}
		return b, nil
	}
	s = strings.TrimRight(s, "=")
	enc := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	b, err := enc.DecodeString(s)
	if err != nil {
		return nil, wrong(f, "base64")
	}
	return b, nil
}

func float(t json.Token) (float64, bool) {
	var s string
	switch t := t.(type) {
	case json.Number:
		s = t.String()
	case string:
		switch t {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
		s = t
	default:
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// integral appends an integer, which may come as a number or as a string.
func integral(dst []byte, f *slot, t json.Token) ([]byte, error) {
	var s string
	switch t := t.(type) {
	case json.Number:
		s = t.String()
	case string:
		s = t
	default:
		return dst, wrong(f, "an integer")
	}
	bits, signed := 64, true
	switch f.kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		bits = 32
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		bits, signed = 32, false
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		signed = false
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, ".eE") && v == math.Trunc(v) && math.Abs(v) < 1<<63 {
		s = strconv.FormatFloat(v, 'f', 0, 64) // 1e3 is an integer, too
	}
	var u uint64
	var err error
	if signed {
		var v int64
		v, err = strconv.ParseInt(s, 10, bits)
		u = uint64(v)
	} else {
		u, err = strconv.ParseUint(s, 10, bits)
	}
	if err != nil {
		return dst, wrong(f, "an integer of "+strconv.Itoa(bits)+" bits")
	}
	switch f.kind {
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return binary.LittleEndian.AppendUint64(dst, u), nil
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return binary.LittleEndian.AppendUint32(dst, uint32(u)), nil
	case protoreflect.Sint32Kind:
		return binary.AppendUvarint(dst, uint64(uint32(u)<<1^uint32(int32(u)>>31))), nil
	}
	return binary.AppendUvarint(dst, u), nil
}
