package usage

import (
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

const (
	daySeconds = 24 * 60 * 60
	dayMicros  = daySeconds * 1_000_000
)

// dayOf is the UTC day of an instant in microseconds, counted from 1970.
func dayOf(micros int64) int32 {
	d := micros / dayMicros
	if micros < 0 && micros%dayMicros != 0 {
		d--
	}
	return int32(d)
}

// millisOf is the start of a day in Unix milliseconds.
func millisOf(day int32) int64 { return int64(day) * daySeconds * 1000 }

// valid returns the period, day where none is named.
func (p Period) valid() (Period, error) {
	switch p {
	case "":
		return Day, nil
	case Day, Week, Month:
		return p, nil
	}
	return "", fault.New(fault.Invalid, "period %q: want day, week or month", string(p))
}

// start is the first day of the period that a day lies in.
func (p Period) start(day int32) int32 {
	switch p {
	case Week:
		return day - ((day+3)%7+7)%7 // 1970-01-01 was a Thursday
	case Month:
		t := time.Unix(int64(day)*daySeconds, 0).UTC()
		return dayOf(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	}
	return day
}

// next is the first day of the period after the one that begins with a day.
func (p Period) next(start int32) int32 {
	switch p {
	case Week:
		return start + 7
	case Month:
		t := time.Unix(int64(start)*daySeconds, 0).UTC()
		return dayOf(time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	}
	return start + 1
}

// usual is how many periods an answer covers where the question does not say.
func (p Period) usual() int32 { return map[Period]int32{Day: 30, Week: 12 * 7, Month: 365}[p] }

// span is the starts of the periods that meet a range, and the start of the one after them. The range is cut to 800 days.
func (p Period) span(r Range, now time.Time) (starts []int32, end int32, err error) {
	if r.To == 0 {
		r.To = now.UnixMilli()
	}
	last := dayOf((r.To - 1) * 1000)
	first := last - p.usual() + 1
	if r.From != 0 {
		first = dayOf(r.From * 1000)
	}
	if first > last {
		return nil, 0, fault.New(fault.Invalid, "the range ends at %d before it begins at %d; want from before to", r.To, r.From)
	}
	if last-first > 800 {
		return nil, 0, fault.New(fault.TooLarge, "the range covers %d days; want 800 or fewer", last-first+1)
	}
	for at := p.start(first); at <= last; at = p.next(at) {
		starts = append(starts, at)
	}
	return starts, p.next(starts[len(starts)-1]), nil
}

// share is a/b, nothing where b is 0.
func share(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	x := a / b
	return &x
}

// between is a range in the microseconds of rows; the default is one day before now.
func (r Range) between(now time.Time) (from, to int64, err error) {
	if r.To == 0 {
		r.To = now.UnixMilli() + 1
	}
	if r.From == 0 {
		r.From = r.To - daySeconds*1000
	}
	if r.From >= r.To {
		return 0, 0, fault.New(fault.Invalid, "the range ends at %d before it begins at %d; want from before to", r.To, r.From)
	}
	return r.From * 1000, r.To * 1000, nil
}
