package demo

import (
	"math"
	"time"
)

// day is the deadline day, run fast: the plan says how many filings a second arrive at which hour.
type day struct {
	start  time.Time     // when the demo began
	from   float64       // the hour that the clock showed then
	length time.Duration // how long 24 hours take
	base   float64       // filings a second in the dead of night
	peak   float64       // filings a second at the evening's height
}

// hour is the time of the deadline day at the instant now, 0 to 24.
func (d day) hour(now time.Time) float64 {
	return math.Mod(d.from+24*float64(now.Sub(d.start))/float64(d.length), 24)
}

// rate is the plan: filings a second expected at now.
func (d day) rate(now time.Time) float64 { return d.base + (d.peak-d.base)*rush(d.hour(now)) }

// rush is the shape of a deadline day, 0 at its quietest and about 1 at 21:30: a working-day hill before noon, then the
// long climb into the evening. It is continuous across midnight.
func rush(hour float64) float64 {
	return min(1, 0.45*hill(hour, 11, 2.5)+hill(hour, 21.5, 3.2))
}

// hill is a bell around the hour top, on a clock that wraps at 24.
func hill(hour, top, width float64) float64 {
	away := math.Abs(hour - top)
	away = min(away, 24-away)
	return math.Exp(-away * away / (2 * width * width))
}
