package strict

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// Notation is how a quantity was written.
type Notation uint8

// The notations.
const (
	Plain   Notation = iota // 0.03
	Percent                 // 3%
	Span                    // 2s, 500ms, 1.5h
	Bytes                   // 5MB, 5MiB
)

// String returns the word for a notation.
func (n Notation) String() string { return [...]string{"number", "percentage", "time", "size"}[n&3] }

var quantityForm = regexp.MustCompile(`^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([a-zA-Zµ%]*)$`)

var spans = map[string]float64{"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
var sizes = map[string]float64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// Quantity reads a number with or without a unit and returns it in base units: ratio, seconds or bytes.
func Quantity(text string) (float64, Notation, error) {
	if d, err := model.ParseDuration(text); err == nil && text != "0" {
		return time.Duration(d).Seconds(), Span, nil
	}
	m := quantityForm.FindStringSubmatch(text)
	if m == nil {
		return 0, Plain, fmt.Errorf("%q is no quantity; want a number such as 0.03, 3%%, 500ms, 2s, 5MB or 5MiB", text)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, Plain, fmt.Errorf("%q is beyond what a number can hold", text)
	}
	unit := m[2]
	switch {
	case unit == "":
		return v, Plain, nil
	case unit == "%":
		return fromPercent(m[1], v), Percent, nil
	case spans[unit] != 0:
		return v * spans[unit], Span, nil
	case sizes[unit] != 0:
		return v * sizes[unit], Bytes, nil
	}
	return 0, Plain, fmt.Errorf("%q has the unknown unit %q; known are %% us ms s m h d w B kB MB GB TB KiB MiB GiB TiB", text, unit)
}

// fromPercent shifts the decimal exponent instead of dividing, so that 99.9% is exactly the float64 nearest to 0.999.
func fromPercent(digits string, v float64) float64 {
	if shifted, err := strconv.ParseFloat(digits+"e-2", 64); err == nil {
		return shifted
	}
	return v / 100
}

var months = regexp.MustCompile(`^([0-9]{1,4})mo$`)

// Duration reads a whole duration in Prometheus' notation (500ms, 15s, 1m, 1h30m, 30d, 2w, 1y) or in months of 31 days (25mo).
func Duration(text string) (time.Duration, error) {
	if m := months.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		return time.Duration(n) * 31 * 24 * time.Hour, err
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && text != "0" {
		return 0, fmt.Errorf("%q has no unit; want a duration such as %ss, 15s, 1m or 1h", text, text)
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration; want one such as 500ms, 15s, 1m, 1h30m or 30d", text)
	}
	return time.Duration(d), nil
}

// Size reads a number of bytes with a unit.
func Size(text string) (int64, error) {
	v, n, err := Quantity(text)
	if err != nil || n != Bytes || v < 0 || v > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is no size; want one such as 512MB, 10GiB or 1TB", text)
	}
	return int64(v), nil
}
