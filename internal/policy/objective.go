package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

func calendars() []string { return []string{"month", "week", "quarter"} }

func (r *reader) objective(root *strict.Value) {
	v := root.Get("objective")
	if !v.Usable() {
		return
	}
	o := &kpi.Objective{}
	target, window := v.Get("target"), v.Get("window")
	if target.Usable() {
		x, n, err := strict.Quantity(target.Text)
		switch {
		case err != nil || (n != strict.Plain && n != strict.Percent):
			r.Errorf(target, "%q: want a share such as 99.5%% or 0.995", target.Text)
		case x == 1:
			r.Errorf(target, "%q leaves no error budget, and the burn rate would be a division by zero; want a target below 100%%, such as 99.9%%", target.Text)
		case x > 1 && n == strict.Plain:
			r.Errorf(target, "%q: want a share above 0 and below 1; did you mean %s%%?", target.Text, target.Text)
		case x <= 0 || x > 1:
			r.Errorf(target, "%q: want a target above 0%% and below 100%%", target.Text)
		}
		o.Target = x
	}
	if window.Usable() {
		r.objectiveWindow(window, o)
		o.Text = r.text(target) + " over " + r.text(window)
	}
	// Kinds without events count timeslices, and a slice is good or bad by the thresholds.
	if kind := r.k.Indicator.Kind; kind != "" && !share(kind) && !root.Has("thresholds") {
		r.Errorf(root.Key("objective"), "an objective of %s counts datapoints that do not breach; add thresholds that say what breaches", kind)
	}
	r.k.Objective = o
}

func (r *reader) objectiveWindow(v *strict.Value, o *kpi.Objective) {
	span := time.Duration(0)
	if slices.Contains(calendars(), v.Text) {
		o.Calendar = v.Text
		span = calendarSpan(v.Text)
	} else {
		d, err := strict.Duration(v.Text)
		switch {
		case err != nil:
			r.Errorf(v, "%q: want a rolling window such as 30d, or one of %s%s", v.Text, strings.Join(calendars(), ", "), hintCalendar(v.Text))
			return
		case d < time.Hour:
			r.Errorf(v, "%q: want at least 1h", v.Text)
			return
		case d%r.k.Period != 0:
			r.Errorf(v, "%q is not a multiple of the period %s", v.Text, Span(r.k.Period))
			return
		}
		o.Window, span = d, d
	}
	if r.limits.History > 0 && span > r.limits.History {
		r.Errorf(v, "%q is longer than KPI datapoints are kept (%s); want a shorter window or a longer storage.kpi.retention", v.Text, Span(r.limits.History))
	}
}

// calendarSpan is the longest that a calendar window can be.
func calendarSpan(calendar string) time.Duration {
	return map[string]time.Duration{"week": 7, "month": 31, "quarter": 92}[calendar] * 24 * time.Hour
}

func hintCalendar(text string) string {
	if n := strict.Nearest(text, calendars()); n != "" {
		return "; did you mean \"" + n + "\"?"
	}
	return ""
}

// unit reads or infers how people read the KPI, and refuses what cannot be.
func (r *reader) unit(root *strict.Value) {
	k := r.k
	kind := k.Indicator.Kind
	v := root.Get("unit")
	if !v.Usable() {
		k.Unit = inferUnit(k.Indicator)
		return
	}
	k.Unit = strings.TrimSpace(v.Text)
	known := []string{"percent", "ratio", "seconds", "bytes", "count", "per_second", "per_minute"}
	if len([]rune(k.Unit)) > 32 {
		r.Errorf(v, "%q: want one word of at most 32 characters", clip(k.Unit))
		return
	}
	if !slices.Contains(known, k.Unit) {
		if n := strict.Nearest(k.Unit, known); n != "" {
			r.Errorf(v, "%q: did you mean %q? A word of your own must not look like one of %s", k.Unit, n, strings.Join(known, ", "))
			k.Unit = n
			return
		}
		if n := map[string]string{"%": "percent", "s": "seconds", "sec": "seconds", "ms": "seconds", "milliseconds": "seconds", "B": "bytes", "kB": "bytes", "MB": "bytes", "/s": "per_second", "/min": "per_minute"}[k.Unit]; n != "" {
			r.Errorf(v, "%q: want %q; values are kept in base units and the page scales them", k.Unit, n)
			k.Unit = n
			return
		}
	}
	switch {
	case share(kind) && k.Unit != "percent" && k.Unit != "ratio":
		r.Errorf(v, "%q does not fit %s, whose values are shares; want percent or ratio", k.Unit, kind)
		k.Unit = "percent"
	case kind == kpi.Freshness && k.Unit != "seconds":
		r.Errorf(v, "%q does not fit freshness, which is an age; want seconds", k.Unit)
	case kind == kpi.Rate && k.Unit == "per_minute":
		r.Errorf(v, "%q does not fit rate, which is per second; want per_second, or an expr that multiplies by 60", k.Unit)
	}
}

// inferUnit follows the kind, then the metric's name.
func inferUnit(in kpi.Indicator) string {
	switch in.Kind {
	case kpi.Ratio, kpi.ShareBelow, kpi.Availability, kpi.Pair:
		return "percent"
	case kpi.Apdex:
		return "ratio"
	case kpi.Freshness:
		return "seconds"
	case kpi.Rate:
		return "per_second"
	case kpi.Unique:
		return "count"
	}
	if in.Value == "duration" {
		return "seconds"
	}
	for _, s := range in.Selectors() {
		name := strings.TrimSuffix(strings.TrimSuffix(metricName(s), "_sum"), "_count")
		for _, unit := range []string{"seconds", "bytes", "ratio"} {
			if strings.HasSuffix(name, "_"+unit) {
				return unit
			}
		}
	}
	return ""
}
