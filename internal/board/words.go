package board

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// scales are the base units behind what kpi.Show prints.
var scales = map[string]float64{
	"%": 0.01, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400,
	"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
}

func scaleOf(unit string) float64 {
	if s, ok := scales[unit]; ok {
		return s
	}
	return 1
}

// show prints a value of a KPI. Rounding must not move it across an edge: 2.996 % with a limit of 3 % is not shown as
// 3.00 %, and 99.999 % is not all, so decimals are added until what is shown is as true as the value.
func show(k *kpi.KPI, v float64) Display {
	d := kpi.Show(k.Unit, v)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Display(d)
	}
	scale := scaleOf(d.Unit)
	for decimals := decimalsIn(d.Value) + 1; decimals <= 8 && !truthful(k, v, numeral(d.Value)*scale); decimals++ {
		d.Value = grouped(v/scale, decimals)
	}
	return Display(d)
}

// text joins number and unit with a thin space.
func text(k *kpi.KPI, v float64) string { return kpi.Display(show(k, v)).String() }

func truthful(k *kpi.KPI, v, shown float64) bool {
	for _, c := range []*kpi.Comparison{k.Thresholds.Red, k.Thresholds.Yellow} {
		if c != nil && (c.Holds(v) != c.Holds(shown) && !near(v, shown)) {
			return false
		}
	}
	if k.Unit == "percent" && ((v < 1 && shown >= 1 && !near(v, 1)) || (v > 0 && shown <= 0)) {
		return false
	}
	return true
}

// near tells a true difference from the noise of base 2.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(math.Abs(a), math.Abs(b)) }

func numeral(s string) float64 {
	v, err := strconv.ParseFloat(strings.NewReplacer(",", "", "−", "-").Replace(s), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func decimalsIn(s string) int {
	_, frac, _ := strings.Cut(s, ".")
	return len(frac)
}

// grouped prints a number with so many decimals and its thousands apart.
func grouped(v float64, decimals int) string {
	whole, frac, found := strings.Cut(strconv.FormatFloat(math.Abs(v), 'f', decimals, 64), ".")
	w, _ := strconv.ParseFloat(whole, 64)
	s := kpi.Count(w)
	if found {
		s += "." + frac
	}
	if v < 0 {
		s = "−" + s
	}
	return s
}

// axis says how a chart labels the KPI's values, by the size of the larger of its edge and its value.
func axis(k *kpi.KPI, v float64) Axis {
	size := 0.0
	for _, x := range []float64{v, edge(k)} {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			size = math.Max(size, math.Abs(x))
		}
	}
	unit := kpi.Show(k.Unit, size).Unit
	scale := scaleOf(unit)
	a := Axis{Factor: 1 / scale, Unit: unit}
	switch shown := size / scale; {
	case shown < 10:
		a.Decimals = 2
	case shown < 100:
		a.Decimals = 1
	}
	if k.Unit == "percent" && size >= 0.9 {
		a.Decimals = 2 // near all, the hundredths tell
	}
	return a
}

// edge is the value at which the KPI breaks its promise, NaN where it has none.
func edge(k *kpi.KPI) float64 {
	switch {
	case k.Thresholds.Red != nil:
		return k.Thresholds.Red.A
	case k.Thresholds.Yellow != nil:
		return k.Thresholds.Yellow.A
	}
	return math.NaN()
}

// counts puts the counts behind a value into words: the part that the value is a share of, and the whole.
func counts(k *kpi.KPI, p kpi.Point) string {
	if math.IsNaN(p.Total) {
		return ""
	}
	switch {
	case math.IsNaN(p.Good):
		return kpi.Count(p.Total) + " observations"
	case k.Indicator.Kind == kpi.Apdex:
		return kpi.Count(p.Total) + " requests"
	case k.Indicator.Bad != nil:
		return kpi.Count(p.Total-p.Good) + " of " + kpi.Count(p.Total)
	}
	return kpi.Count(p.Good) + " of " + kpi.Count(p.Total)
}

// groupText is a group as people read it: its values in the order of by, its names too where there are several.
func groupText(k *kpi.KPI, l labels.Labels) string {
	if len(k.By) == 1 {
		if v := l.Get(k.By[0]); v != "" {
			return v
		}
		return "(no " + k.By[0] + ")"
	}
	parts := make([]string, 0, len(k.By))
	for _, name := range k.By {
		parts = append(parts, name+" "+l.Get(name))
	}
	return strings.Join(parts, ", ")
}

// since is an instant as people read it beside now: the time alone today, with the day before.
func since(at, now int64) string {
	t, n := time.UnixMilli(at).UTC(), time.UnixMilli(now).UTC()
	switch {
	case t.Format(time.DateOnly) == n.Format(time.DateOnly):
		return t.Format("15:04 UTC")
	case t.Year() == n.Year():
		return t.Format("2 Jan, 15:04 UTC")
	}
	return t.Format("2 Jan 2006, 15:04 UTC")
}

// long spells a duration out: 1 minute, 28 days.
func long(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.size && d%u.size == 0 {
			return plural(int(d/u.size), u.name)
		}
	}
	return d.String()
}

// about is a duration in one whole unit: 1 h, 61 min, 9 h, 28 d.
func about(d time.Duration) string {
	unit, name := time.Second, "s"
	switch {
	case d >= 48*time.Hour:
		unit, name = 24*time.Hour, "d"
	case d >= 2*time.Hour, d == time.Hour:
		unit, name = time.Hour, "h"
	case d >= 2*time.Minute, d == time.Minute:
		unit, name = time.Minute, "min"
	}
	return kpi.Display{Value: kpi.Count(float64(d) / float64(unit)), Unit: name}.String()
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return kpi.Count(float64(n)) + " " + word + "s"
}

var small = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

// number is a count inside a sentence.
func number(n int) string {
	if n >= 0 && n < len(small) {
		return small[n]
	}
	return kpi.Count(float64(n))
}

// sentence makes s begin with a capital and end with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = capital(s)
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") && !strings.HasSuffix(s, "!") {
		s += "."
	}
	return s
}

// capital makes the first word begin with a capital unless it is a name of code, such as http_requests_total.
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if s == "" || strings.ContainsAny(first, "_{(=0123456789") {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// title is what a person calls a KPI.
func title(k *kpi.KPI) string {
	if k.Title != "" {
		return k.Title
	}
	return k.Name
}

func percentText(v float64) string { return kpi.Show("percent", v).String() }

// wholePercent is a share without decimals, never rounded to none or all.
func wholePercent(v float64) Display {
	p := math.Round(v * 100)
	switch {
	case math.IsNaN(v):
		return Display{Value: "—", Unit: "%"}
	case p == 0 && v > 0:
		return Display{Value: "under 1", Unit: "%"}
	case p == 100 && v < 1:
		p = 99
	case p == 0:
		p = 0 // not minus zero
	}
	return Display{Value: kpi.Count(p), Unit: "%"}
}

func joined(d Display) string { return kpi.Display(d).String() }

// labelsText prints a label set in name order.
func labelsText(m map[string]string) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s=%q", k, m[k]))
	}
	return strings.Join(parts, ", ")
}
