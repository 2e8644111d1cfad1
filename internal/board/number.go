package board

import (
	"math"
	"strconv"
)

// Number is a float64 that is null in JSON when it does not exist (NaN or infinite). No data is null, never 0.
type Number float64

// None is the number that does not exist.
func None() Number { return Number(math.NaN()) }

// Exists reports whether the number is finite.
func (n Number) Exists() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	return appendNumber(make([]byte, 0, 24), float64(n)), nil
}

// UnmarshalJSON implements json.Unmarshaler; null is NaN.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = None()
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	*n = Number(v)
	return err
}

// Numbers is a list of numbers of which some do not exist. It encodes in one piece, because a sparkline of a thousand KPIs
// has a hundred thousand of them. A nil list is [].
type Numbers []float64

// MarshalJSON implements json.Marshaler.
func (ns Numbers) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+12*len(ns))
	b = append(b, '[')
	for i, v := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']'), nil
}

// Instants is a list of Unix milliseconds that encodes in one piece. A nil list is [].
type Instants []int64

// MarshalJSON implements json.Marshaler.
func (ts Instants) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+14*len(ts))
	b = append(b, '[')
	for i, t := range ts {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, t, 10)
	}
	return append(b, ']'), nil
}

// appendNumber appends v as JSON: at most 9 significant digits would lose counters, so the shortest exact form is used.
func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}
