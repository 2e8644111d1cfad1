package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

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
