package openslo

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var spanForm = regexp.MustCompile(`^([0-9]{1,6})([mhdwMQY])$`)

const day = 24 * time.Hour

// span reads a duration of OpenSLO: minutes, hours, days, weeks; months, quarters and years come back as the unit with its
// longest length.
func span(text string) (d time.Duration, n int, unit string, ok bool) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, "", false
	}
	n, _ = strconv.Atoi(m[1]) // at most six digits
	one := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day, "M": 31 * day, "Q": 92 * day, "Y": 366 * day}[m[2]]
	if n == 0 || time.Duration(n) > 10*366*day/one {
		return 0, 0, "", false
	}
	return time.Duration(n) * one, n, m[2], true
}

// spanText writes a duration as OpenSLO does, with the largest unit that fits; empty for what is no whole minutes.
func spanText(d time.Duration) string {
	for _, u := range []struct {
		one  time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d > 0 && d%u.one == 0 {
			return fmt.Sprint(int64(d/u.one)) + u.name
		}
	}
	return ""
}

// timeWindow states the objective's window and, for a calendar, the zone. It returns the window's words, or why there is none.
func (im *importer) timeWindow(slo *object, d *carry.Doc) (window, why string) {
	list := items(slo.spec.Get("timeWindow"))
	if len(list) == 0 {
		im.Note(slo.root, carry.Changed, "timeWindow", "the SLO states none; 30d rolling is assumed")
		return "30d", ""
	}
	for _, extra := range list[1:] {
		im.Lost(extra, "timeWindow: "+carry.Brief(extra), "an objective has one window, and the first counts")
	}
	v := list[0]
	text := im.Text(v, "duration")
	length, n, unit, ok := span(text)
	if !ok {
		return "", fmt.Sprintf("its window is %q; want a number with m, h, d, w, M, Q or Y", carry.Clip(text))
	}
	rolling := im.Text(v, "isRolling")
	calendar := v.Get("calendar")
	if calendar == nil {
		if rolling == "false" {
			im.Changed(v.Get("isRolling"), "isRolling: false", "without a calendar the window is rolling")
		}
		if length > 366*day {
			length = 366 * day
		}
		if strings.Contains("MQY", unit) {
			im.Changed(v.Get("duration"), "duration: "+text, "a rolling window has a fixed length here: %s", carry.Span(length))
		}
		return carry.Span(length), ""
	}
	if rolling == "true" {
		im.Changed(v.Get("isRolling"), "isRolling: true", "it stands beside a calendar, and the calendar counts")
	}
	zone := im.Text(calendar, "timeZone")
	name, starts := map[string]string{"w": "week", "M": "month", "Q": "quarter"}[unit], calendar.Get("startTime")
	if name == "" || n != 1 {
		im.Changed(v.Get("duration"), "duration: "+text, "calendar windows here are a week, a month or a quarter; this one became a rolling window of %s", carry.Span(min(length, 366*day)))
		im.Lost(calendar, "calendar: "+carry.Brief(calendar), "the window became a rolling one")
		return carry.Span(min(length, 366*day)), ""
	}
	if zone != "" && zone != "UTC" {
		d.Set("zone", carry.Text(zone))
	}
	if starts != nil {
		im.Take(starts)
		if at, err := time.Parse(time.DateTime, strings.TrimSpace(starts.Text)); err != nil || !begins(at, name) {
			im.Changed(starts, "startTime: "+starts.Text, "a %s begins at its first midnight here", name)
		} else {
			im.Imported(starts, "startTime: "+starts.Text, "a %s begins then, and so does every other", name)
		}
	}
	return name, ""
}

// begins reports whether a calendar unit begins at an instant.
func begins(t time.Time, unit string) bool {
	midnight := t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC))
	switch unit {
	case "week":
		return midnight && t.Weekday() == time.Monday
	case "quarter":
		return midnight && t.Day() == 1 && (t.Month()-1)%3 == 0
	}
	return midnight && t.Day() == 1
}

// slice reads a timeSliceWindow: a duration, or in v2alpha a number of minutes.
func (im *importer) slice(objective *strict.Value) (time.Duration, bool) {
	v := objective.Get("timeSliceWindow")
	if v == nil || v.Form != strict.Scalar {
		return 0, false
	}
	im.Take(v)
	text := strings.TrimSpace(v.Text)
	if _, err := strconv.Atoi(text); err == nil {
		text += "m"
	}
	d, _, _, ok := span(text)
	period, _ := carry.Spacing(d, d)
	switch {
	case !ok:
		im.Lost(v, "timeSliceWindow: "+v.Text, "want a duration such as 1m; 1m is assumed")
		return 0, false
	case period != d:
		im.Changed(v, "timeSliceWindow: "+v.Text, "a period divides a day; it is %s", carry.Span(period))
	}
	return period, true
}
