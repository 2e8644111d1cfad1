package kpi

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
)

// burnRule is one row of the multi-window burn-rate rule of the Google SRE Workbook, chapter 5 (semantics/slo-burn-rate.tsv):
// BudgetShare of the budget spent within Long.
type burnRule struct {
	severity    string
	light       Light
	budgetShare float64
	long, short time.Duration
}

var burnRules = [...]burnRule{
	{"page", Red, 0.02, time.Hour, 5 * time.Minute},
	{"page", Red, 0.05, 6 * time.Hour, 30 * time.Minute},
	{"ticket", Yellow, 0.10, 24 * time.Hour, 2 * time.Hour},
	{"ticket", Yellow, 0.10, 72 * time.Hour, 6 * time.Hour},
}

// ladder rungs: how wide a slot is and how many are kept. Windows up to the rung's span read from it, so a window's edge is
// exact to one slot: 1 minute for 5m to 1h, 10 minutes for 2h and 6h, 1 hour for 1d and 3d, a sixtieth of the objective's
// window for itself, or 1 hour where the window is a calendar unit.
const (
	minuteSlot  = int64(time.Minute / time.Millisecond)
	tenMinutes  = 10 * minuteSlot
	hourSlot    = 60 * minuteSlot
	budgetSlots = 60
)

type rung struct {
	width       int64 // ms
	slot        int64 // index of the newest slot: its start divided by width
	good, total ring
	started     bool
}

// Ladder keeps good and total of an objective in slots that get coarser with age, so that a month costs a few kilobytes.
// Sums are exact; only a window's far edge is rounded to its rung's slot.
type Ladder struct {
	rungs []rung
	first int64 // end of the first observed datapoint, 0 before
}

// NewLadder returns the ladder of an objective for a KPI of the given period.
func NewLadder(o Objective, period time.Duration) *Ladder {
	p := period.Milliseconds()
	w := objectiveSpan(o).Milliseconds()
	last := max(w/budgetSlots, 1)
	if o.Calendar != "" {
		last = hourSlot // a unit begins at a local midnight, and what lies before it belongs to another budget
	}
	l := &Ladder{}
	for _, r := range []struct{ width, span int64 }{{minuteSlot, hourSlot}, {tenMinutes, 6 * hourSlot}, {hourSlot, 72 * hourSlot}, {last, w}} {
		width := max(r.width, p)
		l.rungs = append(l.rungs, rung{width: width, good: newRing(int(ceilDiv(r.span, width)) + 1), total: newRing(int(ceilDiv(r.span, width)) + 1)})
	}
	return l
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// objectiveSpan is the longest span an objective looks back: its window, or the longest calendar unit.
func objectiveSpan(o Objective) time.Duration {
	switch o.Calendar {
	case "week":
		return 7 * 24 * time.Hour
	case "month":
		return 31 * 24 * time.Hour
	case "quarter":
		return 92 * 24 * time.Hour
	default:
		return o.Window
	}
}

// Add books good of total into the slot of the period that ends at end. An end older than the rung's span is dropped there.
// Negative amounts take back what a restatement replaced.
func (l *Ladder) Add(end int64, good, total float64) {
	if l.first == 0 || end < l.first {
		l.first = end
	}
	for i := range l.rungs {
		r := &l.rungs[i]
		s := (end - 1) / r.width // (start, end]: a datapoint that ends on a boundary belongs to the slot before it
		if !r.started {
			r.slot, r.started = s, true
		}
		for r.slot < s {
			r.good.push(0)
			r.total.push(0)
			r.slot++
			if s-r.slot > int64(r.good.len()) {
				r.slot = s - int64(r.good.len())
			}
		}
		if back := r.slot - s; back < int64(r.good.len()) {
			r.good.add(int(back), good)
			r.total.add(int(back), total)
		}
	}
}

// sum returns good and total of the window that ends at end.
func (l *Ladder) sum(end int64, window time.Duration) (good, total float64) {
	w := window.Milliseconds()
	r := &l.rungs[len(l.rungs)-1]
	for i := range l.rungs[:len(l.rungs)-1] {
		if w <= l.rungs[i].width*int64(l.rungs[i].good.len()-1) {
			r = &l.rungs[i]
			break
		}
	}
	return r.since(end, end-w)
}

// since sums the slots that begin at or after from, rounded down to a slot, up to end.
func (r *rung) since(end, from int64) (good, total float64) {
	if !r.started {
		return 0, 0
	}
	first := from / r.width
	if from < 0 {
		first = 0
	}
	last := (end - 1) / r.width
	for s := first; s <= last; s++ {
		if back := r.slot - s; back >= 0 && back < int64(r.good.len()) {
			good += r.good.at(int(back))
			total += r.total.at(int(back))
		}
	}
	return good, total
}

// View says how an objective stands at end. minCount guards against paging on a handful of events: a pair burns only when
// its long window holds at least that many. A window without data neither burns nor counts as good.
func (l *Ladder) View(o Objective, end int64, minCount float64, zone *time.Location) *BudgetView {
	span := objectiveSpan(o)
	from := windowStart(o, end, zone)
	good, total := l.rungs[len(l.rungs)-1].since(end, from)
	v := &BudgetView{Target: o.Target, Window: o.windowText(), Good: good, Total: total, Attained: math.NaN(), Remaining: math.NaN(), Light: Grey}
	if l.first > 0 {
		seen := end - max(l.first, from)
		v.Observed = math.Min(1, float64(seen)/float64(end-from))
	}
	v.Partial = l.first == 0 || l.first-from > l.rungs[len(l.rungs)-1].width
	budget := 1 - o.Target
	if total > 0 {
		v.Attained = good / total
		v.Remaining = 1 - (total-good)/(total*budget)
		v.Light = Green
	}
	for _, rule := range burnRules {
		if rule.long > span {
			continue
		}
		b := Burn{Severity: rule.severity, Long: rule.long, Short: rule.short, Factor: rule.budgetShare * float64(span) / float64(rule.long)}
		var longTotal float64
		b.LongRate, longTotal = l.burn(end, rule.long, budget)
		b.ShortRate, _ = l.burn(end, rule.short, budget)
		b.Burning = exceeds(b.LongRate, b.Factor) && exceeds(b.ShortRate, b.Factor) && longTotal >= minCount
		v.Burns = append(v.Burns, b)
		if b.Burning && (v.Light != Red || rule.light == Red) && v.Cause == "" {
			v.Light = rule.light
			v.Cause = fmt.Sprintf("the error budget burns %s times as fast as allowed over %s and %s over %s; the limit is %s",
				number(round(b.LongRate)), model.Duration(b.Long), number(round(b.ShortRate)), model.Duration(b.Short), number(b.Factor))
		}
	}
	if total > 0 && v.Light == Green && total >= minCount {
		switch {
		case v.Remaining <= 0:
			v.Light, v.Cause = Yellow, "the error budget is spent"
		case v.Remaining < 0.25:
			v.Light, v.Cause = Yellow, fmt.Sprintf("%s of the error budget is left", percent(round(v.Remaining)))
		}
	}
	return v
}

func (l *Ladder) burn(end int64, window time.Duration, budget float64) (rate, total float64) {
	good, total := l.sum(end, window)
	if total <= 0 {
		return math.NaN(), 0
	}
	return (total - good) / total / budget, total
}

// exceeds is rate > factor, but for what the rounding of 1 - target adds to a burn at exactly the limit.
func exceeds(rate, factor float64) bool { return rate > factor*(1+1e-9) }

func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// windowStart is where the objective's window begins: a rolling span before end, or the start of the calendar unit.
func windowStart(o Objective, end int64, zone *time.Location) int64 {
	if zone == nil {
		zone = time.UTC
	}
	t := time.UnixMilli(end - 1).In(zone)
	y, m, d := t.Date()
	switch o.Calendar {
	case "week":
		monday := d - (int(t.Weekday())+6)%7
		return time.Date(y, m, monday, 0, 0, 0, 0, zone).UnixMilli()
	case "month":
		return time.Date(y, m, 1, 0, 0, 0, 0, zone).UnixMilli()
	case "quarter":
		return time.Date(y, m-(m-1)%3, 1, 0, 0, 0, 0, zone).UnixMilli()
	default:
		return end - o.Window.Milliseconds()
	}
}

func (o Objective) windowText() string {
	if o.Calendar != "" {
		return "this " + o.Calendar
	}
	return span(o.Window)
}

// MarshalJSON writes shares that do not exist, those of a window without data, as null.
func (v BudgetView) MarshalJSON() ([]byte, error) {
	type plain BudgetView
	return json.Marshal(struct {
		plain
		Attained  *float64 `json:"attained"`
		Remaining *float64 `json:"remaining"`
	}{plain(v), finite(v.Attained), finite(v.Remaining)})
}

// UnmarshalJSON reads what MarshalJSON wrote; null becomes NaN.
func (v *BudgetView) UnmarshalJSON(b []byte) error {
	type plain BudgetView
	j := struct {
		*plain
		Attained  *float64 `json:"attained"`
		Remaining *float64 `json:"remaining"`
	}{plain: (*plain)(v)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	v.Attained, v.Remaining = orNaN(j.Attained), orNaN(j.Remaining)
	return nil
}

// span prints a duration as people write it in a policy: 30d, 6h, 5m.
func span(d time.Duration) string { return model.Duration(d).String() }

func parseSpan(s string) (time.Duration, error) {
	d, err := model.ParseDuration(s)
	return time.Duration(d), err
}

// SliceOf says what a datapoint adds to its KPI's objective: its period's own good and total for kinds that count
// occurrences, else a timeslice that is good unless the point breaches the red band (the yellow one where there is no
// red). ok is false when it adds nothing: grey slices are left out.
func SliceOf(k *KPI, p Point, good, total float64) (g, t float64, ok bool) {
	if countsOccurrences(k.Indicator.Kind) {
		if math.IsNaN(total) || total <= 0 || p.Missing == Invariant {
			return 0, 0, false
		}
		return good, total, true
	}
	if !p.Real() {
		return 0, 0, false
	}
	band := k.Thresholds.Red
	if band == nil {
		band = k.Thresholds.Yellow
	}
	if band != nil && band.Holds(p.Value) {
		return 0, 1, true
	}
	return 1, 1, true
}
