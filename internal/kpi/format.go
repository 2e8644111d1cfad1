package kpi

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// thinSpace stands between a number and its unit.
const thinSpace = "\u2009"

// Display is a value as people read it: the number and its unit apart, because they are set in two sizes.
type Display struct {
	Value string `json:"value"`
	Unit  string `json:"unit"`
}

// String joins number and unit with a thin space.
func (d Display) String() string {
	if d.Unit == "" {
		return d.Value
	}
	return d.Value + thinSpace + d.Unit
}

// Show turns a value in base units into what people read, by the KPI's unit: percent (of a share 0 to 1), seconds, bytes,
// per_second, per_minute, count, ratio, or a word of its own that is printed as it is. No value is a dash.
func Show(unit string, v float64) Display {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Display{Value: "—"}
	}
	switch unit {
	case "percent":
		return Display{digits(v * 100), "%"}
	case "seconds":
		return showSeconds(v)
	case "bytes":
		return showBytes(v)
	case "per_second":
		return Display{digits(v), "per second"}
	case "per_minute":
		return Display{digits(v), "per minute"}
	case "count", "ratio", "":
		return Display{digits(v), ""}
	default:
		return Display{digits(v), unit}
	}
}

func showSeconds(v float64) Display {
	switch a := math.Abs(v); {
	case a == 0:
		return Display{"0", "s"}
	case a < 1:
		return Display{digits(v * 1000), "ms"}
	case a < 120:
		return Display{digits(v), "s"}
	case a < 2*3600:
		return Display{digits(v / 60), "min"}
	case a < 2*86400:
		return Display{digits(v / 3600), "h"}
	default:
		return Display{digits(v / 86400), "d"}
	}
}

func showBytes(v float64) Display {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for math.Abs(v) >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	return Display{digits(v), units[i]}
}

// digits prints a number with as many decimals as help: two under 100, one under 1,000, none above, thousands grouped.
func digits(v float64) string {
	decimals := 0
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a >= 1000:
	case a < 100:
		decimals = 2
	case a < 1000:
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if v == math.Trunc(v) {
		s = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return thousands(s)
}

// Count prints a whole number with grouped thousands: 1,204.
func Count(v float64) string { return thousands(strconv.FormatFloat(math.Round(v), 'f', 0, 64)) }

func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, frac, found := strings.Cut(s, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if found {
		b.WriteByte('.')
		b.WriteString(frac)
	}
	return b.String()
}

// Promise is a threshold as the promise it stands for: a KPI breached "> 3%" promises "≤ 3 %". kind is the unit.
func (c *Comparison) Promise(unit string) string {
	if c == nil {
		return ""
	}
	a := Show(unit, c.A).String()
	switch c.Op {
	case Above:
		return "≤ " + a
	case AtLeast:
		return "< " + a
	case Below:
		return "≥ " + a
	case AtMost:
		return "> " + a
	default:
		return a + " to " + Show(unit, c.B).String()
	}
}

// Limit is a threshold in words as it breaches: "above 3 %".
func (c *Comparison) Limit(unit string) string {
	if c == nil {
		return ""
	}
	a := Show(unit, c.A).String()
	switch c.Op {
	case Above:
		return "above " + a
	case AtLeast:
		return "at least " + a
	case Below:
		return "below " + a
	case AtMost:
		return "at most " + a
	default:
		return "outside " + a + " to " + Show(unit, c.B).String()
	}
}

// Lasting prints how long something lasted or will last, for people: 45 s, 12 min, 3 h, 2 d.
func Lasting(d time.Duration) string { return showSeconds(d.Round(time.Second).Seconds()).String() }
