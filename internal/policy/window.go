package policy

import (
	"cmp"
	"slices"
	"time"
)

// Window is a span of time [From, To).
type Window struct{ From, To time.Time }

// Windows returns the spans of a Maintenance that touch [from, to), in order; those that touch each other are one. A weekly
// span follows the clock on the wall: where the clock jumps over its start or end, the jump is the start or end, and a
// span that lies in the jump alone does not happen; where an hour comes twice, it starts with the first and ends with the
// second.
func (o *Maintenance) Windows(from, to time.Time) []Window {
	if !from.Before(to) {
		return nil
	}
	if o.Weekly == nil {
		if w := (Window{o.From, o.To}); w.From.Before(to) && from.Before(w.To) {
			return []Window{w}
		}
		return nil
	}
	zone, err := time.LoadLocation(o.Weekly.Zone)
	if err != nil {
		return nil // the reader refused it
	}
	var out []Window
	last := dayOf(to.In(zone)).AddDate(0, 0, 1)
	for day := dayOf(from.In(zone)).AddDate(0, 0, -2); !day.After(last); day = day.AddDate(0, 0, 1) {
		if !slices.Contains(o.Weekly.Days, day.Weekday()) {
			continue
		}
		y, m, d := day.Date()
		endDay := d
		if o.Weekly.End <= o.Weekly.Start {
			endDay++
		}
		w := Window{onWall(y, m, d, o.Weekly.Start, zone, false), onWall(y, m, endDay, o.Weekly.End, zone, true)}
		if !o.From.IsZero() && w.From.Before(o.From) {
			w.From = o.From
		}
		if !o.To.IsZero() && o.To.Before(w.To) {
			w.To = o.To
		}
		if w.From.Before(w.To) && w.From.Before(to) && from.Before(w.To) {
			out = append(out, w)
		}
	}
	return merge(out)
}

// Active reports whether an instant lies in a span of the Maintenance.
func (o *Maintenance) Active(at time.Time) bool {
	return len(o.Windows(at, at.Add(time.Nanosecond))) > 0
}

// dayOf is the date that a calendar on the wall shows, as UTC, where each day has 24 hours and can be counted.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// onWall returns the instant at which the clock of a zone shows so many minutes after midnight of a day: the first such
// instant, or the last if the hour comes twice and late is set; the instant of the jump if the clock jumps over it.
func onWall(y int, m time.Month, d, minutes int, zone *time.Location, late bool) time.Time {
	wall := time.Date(y, m, d, minutes/60, minutes%60, 0, 0, time.UTC)
	var found []time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, o := at.In(zone).Zone(); o == offset {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
		jump, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
		return jump.UTC()
	}
	slices.SortFunc(found, time.Time.Compare)
	if late {
		return found[len(found)-1]
	}
	return found[0]
}

// merge joins spans that overlap or touch.
func merge(windows []Window) []Window {
	slices.SortFunc(windows, func(a, b Window) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	var out []Window
	for _, w := range windows {
		if n := len(out); n > 0 && !out[n-1].To.Before(w.From) {
			if out[n-1].To.Before(w.To) {
				out[n-1].To = w.To
			}
			continue
		}
		out = append(out, w)
	}
	return out
}
