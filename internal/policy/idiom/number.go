package idiom

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Exact returns the decimal number that a float64 was written as; nil for what is not finite or absurdly large or small.
func Exact(v float64) *big.Rat {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if strings.ContainsAny(text, "IN") {
		return nil
	}
	if _, exp, ok := strings.Cut(text, "e"); ok {
		if n, err := strconv.Atoi(exp); err != nil || n > 60 || n < -60 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

// Decimal writes a number as people do: exactly where it has few digits, else as the nearest float64.
func Decimal(r *big.Rat) string {
	if r.IsInt() && len(r.Num().String()) <= 21 {
		return r.Num().String()
	}
	for digits := 1; digits <= 17; digits++ {
		text := r.FloatString(digits)
		if back, ok := new(big.Rat).SetString(text); ok && back.Cmp(r) == 0 {
			return text
		}
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// Quantity writes a threshold of a kind: shares as percentages.
func Quantity(kind kpi.Kind, r *big.Rat) string {
	if kind == kpi.Ratio || kind == kpi.ShareBelow || kind == kpi.Availability {
		return Decimal(new(big.Rat).Mul(r, big.NewRat(100, 1))) + "%"
	}
	return Decimal(r)
}

// Threshold turns a comparison of the expression into the one of the indicator, by Scale and Offset.
func (r *Reading) Threshold(op kpi.Op, x *big.Rat) (kpi.Op, *big.Rat) {
	y := new(big.Rat).Sub(x, r.Offset)
	y.Quo(y, r.Scale)
	if r.Scale.Sign() < 0 {
		op = Mirror(op)
	}
	return op, y
}

// Mirror is the comparison seen from the other side.
func Mirror(op kpi.Op) kpi.Op {
	return map[kpi.Op]kpi.Op{kpi.Above: kpi.Below, kpi.AtLeast: kpi.AtMost, kpi.Below: kpi.Above, kpi.AtMost: kpi.AtLeast}[op]
}

// Negate is the comparison that holds exactly when op does not.
func Negate(op kpi.Op) kpi.Op {
	return map[kpi.Op]kpi.Op{kpi.Above: kpi.AtMost, kpi.AtLeast: kpi.Below, kpi.Below: kpi.AtLeast, kpi.AtMost: kpi.Above}[op]
}

// Up reports whether large values breach.
func Up(op kpi.Op) bool { return op == kpi.Above || op == kpi.AtLeast }

// Turn settles what only the direction of the breach decides: whether the part of a ratio is good or bad, and which series of a
// group counts where each had a value of its own.
func (r *Reading) Turn(up bool) {
	in := &r.Indicator
	if in.Kind == kpi.Ratio && up && in.Good != nil {
		in.Good, in.Bad = nil, in.Good
	}
	if in.Kind == kpi.Gauge && r.EachSeries {
		in.Across = "min"
		if up {
			in.Across = "max"
		}
	}
}
