package otlp

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

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
