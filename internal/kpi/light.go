package kpi

import "fmt"

// Light is what people see of a KPI or a group: a colour with a word and a shape. The numbers are those of the series
// signalbox_kpi_light.
type Light uint8

// The lights.
const (
	Green  Light = 0
	Yellow Light = 1
	Red    Light = 2
	Grey   Light = 3
)

var lightNames = [...]string{"green", "yellow", "red", "grey"}
var lightWords = [...]string{"On target", "At risk", "Breached", "No data"}

// String returns the name used in API, series and files: green, yellow, red or grey.
func (l Light) String() string { return lightNames[l&3] }

// Word returns what people read: On target, At risk, Breached or No data.
func (l Light) Word() string { return lightWords[l&3] }

// MarshalText implements encoding.TextMarshaler with the name.
func (l Light) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; anything but the four names is an error.
func (l *Light) UnmarshalText(b []byte) error {
	for i, n := range lightNames {
		if n == string(b) {
			*l = Light(i)
			return nil
		}
	}
	return fmt.Errorf("light %q: want green, yellow, red or grey", b)
}

// severity orders lights for "the worst of": red, yellow, grey, green.
func (l Light) severity() int { return [...]int{0, 2, 3, 1}[l&3] }

// Worst returns the worse of two lights in the order red, yellow, grey, green.
func Worst(a, b Light) Light {
	if b.severity() > a.severity() {
		return b
	}
	return a
}
