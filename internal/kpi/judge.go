package kpi

import (
	"fmt"
	"math"
)

// Memory is what Judge keeps of a group between two closes. The zero value is a group that was never judged.
type Memory struct {
	Red, Yellow           State
	RedLatch, YellowLatch bool // the band alarmed and `recover` has not been met since, even through grey
	Light                 Light
	Since                 int64 // end of the period at which Light took its colour
	Judged                bool
}

// RangeOf returns how many datapoints Judge looks at: the widest evaluation range of the KPI's bands, at least 1.
func RangeOf(t Thresholds) int {
	n := 1
	for _, f := range []MofN{t.ForRed, t.ForYellow} {
		n = max(n, bandRange(t, f), t.Recover.N)
	}
	return n
}

// bandRange is the evaluation range of a band: N+2 unless the policy states another; never under N.
// Source: semantics/cloudwatch-alarm-rules.md rule 3.
func bandRange(t Thresholds, f MofN) int {
	if t.Range > 0 {
		return max(t.Range, f.N)
	}
	return f.N + 2
}

// Settle applies the rules that turn a computed point into a missing one: invariants, min_count, min_coverage, and bounds
// that fall into two bands. It leaves points alone that are missing already. The value stays in the point, so that a
// change of thresholds can settle it anew; Missing says that it must not be used.
func Settle(k *KPI, p Point) Point {
	switch p.Missing {
	case NotMissing, Few, Thin, Bounds, Invariant:
	default:
		return p
	}
	edges := p.Detail // where a bucket edge is missing, as measured
	p.Missing, p.Detail = NotMissing, ""
	counted := countsOccurrences(k.Indicator.Kind) || k.Indicator.Kind == Mean || k.Indicator.Kind == Quantile
	switch {
	case counted && p.Total == 0:
		p.Missing, p.Detail = Few, "nothing happened in the window, so there is no share to give"
		return p
	case k.Thresholds.MinCount > 0 && p.Total < k.Thresholds.MinCount: // false for NaN: kinds without a count
		p.Missing, p.Detail = Few, fmt.Sprintf("%s happened in the window, min_count is %s", number(p.Total), number(k.Thresholds.MinCount))
		return p
	}
	if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		p.Missing, p.Detail = Invariant, fmt.Sprintf("the value is %v, which is not a finite number", p.Value)
		return p
	}
	if isShare(k.Indicator.Kind) {
		switch {
		case p.Good > p.Total:
			p.Missing, p.Detail = Invariant, fmt.Sprintf("good %s is more than total %s", number(p.Good), number(p.Total))
			return p
		case p.Value < 0 || p.Value > 1 || p.Good < 0:
			p.Missing, p.Detail = Invariant, fmt.Sprintf("a share of %s lies outside 0 to 1", number(p.Value))
			return p
		}
	}
	if p.Coverage < k.MinCoverage {
		p.Missing, p.Detail = Thin, fmt.Sprintf("%s of the expected data arrived, min_coverage is %s", percent(p.Coverage), percent(k.MinCoverage))
		return p
	}
	if p.Upper > p.Value && bandOf(&k.Thresholds, p.Value) != bandOf(&k.Thresholds, p.Upper) {
		p.Missing = Bounds
		p.Detail = edges
		if p.Detail == "" {
			p.Detail = fmt.Sprintf("the value lies between %s and %s, which are in two bands", number(p.Value), number(p.Upper))
		}
	}
	if p.Missing == NotMissing {
		p.Detail = k.Indicator.note(p)
	}
	return p
}

func isShare(k Kind) bool {
	return k == Ratio || k == ShareBelow || k == Apdex || k == Availability || k == Pair
}

// countsOccurrences reports whether an objective over the kind counts good of total; other kinds count timeslices.
func countsOccurrences(k Kind) bool { return isShare(k) }

// bandOf returns 2 in the red band, 1 in the yellow band, 0 in neither.
func bandOf(t *Thresholds, v float64) int {
	switch {
	case t.Red != nil && t.Red.Holds(v):
		return 2
	case t.Yellow != nil && t.Yellow.Holds(v):
		return 1
	default:
		return 0
	}
}

// Judge decides the light of one group at one close. points are the newest datapoints of the group, oldest first, the
// newest being the one that closed; those published for an earlier revision are settled under k before the call. Only the
// newest RangeOf(k.Thresholds) points are looked at. budget is nil for a KPI without an objective.
//
// The rules are CloudWatch's, as semantics/cloudwatch-alarm-rules.md 3 to 6 and kpi.md state them.
func Judge(k *KPI, m Memory, points []Point, budget *BudgetView) (Memory, Verdict) {
	t := &k.Thresholds
	if r := RangeOf(*t); len(points) > r {
		points = points[len(points)-r:]
	}
	v := Verdict{Range: points, Budget: budget}
	red, yellow := OK, OK
	v.Red.Before, v.Yellow.Before = m.Red, m.Yellow
	if t.Red != nil {
		red, m.RedLatch, v.Red = judgeBand(t, t.ForRed, m.Red, m.RedLatch, points, 2)
	}
	if t.Yellow != nil {
		yellow, m.YellowLatch, v.Yellow = judgeBand(t, t.ForYellow, m.Yellow, m.YellowLatch, points, 1)
	}
	decisive := red
	if t.Red == nil {
		decisive = yellow
	}
	newest := points[len(points)-1]
	switch {
	case t.Red != nil && red == Alarm:
		v.Light = Red
	case t.Yellow != nil && yellow == Alarm:
		v.Light = Yellow
	case !newest.Real() || decisive == Insufficient:
		v.Light = Grey
	default:
		v.Light = Green
	}
	// The worse of threshold and objective; an objective without data says nothing, and grey stays grey.
	if budget != nil && budget.Light != Grey {
		if budget.Light == Red || (budget.Light == Yellow && v.Light != Red) {
			v.Light = budget.Light
		}
	}
	v.Red.After, v.Yellow.After = red, yellow
	m.Red, m.Yellow = red, yellow
	if !m.Judged || m.Light != v.Light {
		m.Light, m.Since = v.Light, newest.End
	}
	m.Judged = true
	return m, v
}

// judgeBand yields the state of one band: 2 is red, 1 is yellow or worse.
func judgeBand(t *Thresholds, f MofN, before State, latch bool, points []Point, band int) (State, bool, BandVerdict) {
	r := bandRange(*t, f)
	if len(points) > r {
		points = points[len(points)-r:]
	}
	b := BandVerdict{Before: before, Treatment: string(t.Missing)}
	var (
		reals, breaching int
		newestN          int // breaching among the newest N reals
		oldestAge        int // age of the oldest real point, 1 = newest
		allBreach        = true
	)
	for i := len(points) - 1; i >= 0; i-- {
		if !points[i].Real() {
			continue
		}
		reals++
		oldestAge = len(points) - i
		if bandOf(t, points[i].Value) >= band {
			breaching++
			if reals <= f.N {
				newestN++
			}
		} else {
			allBreach = false
		}
	}
	b.Real, b.Breaching = min(reals, f.N), breaching
	state := before
	if reals >= f.N {
		b.Breaching = newestN
		state = OK
		if newestN >= f.M {
			state = Alarm
		}
	} else {
		fill := f.N - reals
		breachFill := breachingFill(points, fill)
		b.Filled = fill
		premature := reals > 0 && allBreach && oldestAge >= f.M
		switch t.Missing {
		case TreatBreaching:
			switch {
			case breaching+breachFill >= f.M:
				state = Alarm
			case reals == 0 && breachFill == 0:
				state = Insufficient
			default:
				state = OK
			}
		case TreatNotBreaching:
			state = OK
			if breaching >= f.M {
				state = Alarm
			}
		case TreatIgnore:
			switch {
			case breaching >= f.M:
				state = Alarm
			case reals == 0, premature, allBreach:
				b.Note = "retained: too few real points to change the state"
			default:
				state = OK
			}
		default: // missing
			switch {
			case reals == 0:
				state = Insufficient
			case premature:
				state, b.Note = Alarm, "premature: every point that arrived breaches"
			case breaching >= f.M:
				state = Alarm
			case allBreach:
				b.Note = "retained: the points that arrived breach but are younger than the rule asks"
			default:
				state = OK
			}
		}
	}
	switch state {
	case Alarm:
		latch = true
	case OK:
		if latch && t.Recover.N > 0 && !recovered(t, points, band) {
			state, b.Note = Alarm, fmt.Sprintf("recovering: waits for %d of %d good points", t.Recover.M, t.Recover.N)
		} else {
			latch = false
		}
	}
	b.After = state
	return state, latch, b
}

// breachingFill counts, among the `fill` newest missing points, those that may count as breaching: silence does, a point
// withheld for a reason of ours or for too few events does not.
func breachingFill(points []Point, fill int) int {
	n := 0
	for i := len(points) - 1; i >= 0 && fill > 0; i-- {
		if points[i].Real() {
			continue
		}
		fill--
		switch points[i].Missing {
		case NoData, Gap, NeverSeen, InputGone, QueryFailed:
			n++
		}
	}
	return n
}

// recovered reports whether K real non-breaching points lie among the newest N datapoints; missing ones do not help.
func recovered(t *Thresholds, points []Point, band int) bool {
	r := t.Recover
	if len(points) > r.N {
		points = points[len(points)-r.N:]
	}
	n := 0
	for _, p := range points {
		if p.Real() && bandOf(t, p.Value) < band {
			n++
		}
	}
	return n >= r.M
}

// Describe fills in what only a reader of the record needs: the rules in words. Judge leaves them out, because it runs at
// every close and its verdict is read when a light changes.
func (v *Verdict) Describe(t Thresholds) {
	if t.Red != nil {
		v.Red.Rule = fmt.Sprintf("%d of %d %s", t.ForRed.M, t.ForRed.N, t.Red.Text)
	}
	if t.Yellow != nil {
		v.Yellow.Rule = fmt.Sprintf("%d of %d %s", t.ForYellow.M, t.ForYellow.N, t.Yellow.Text)
	}
}

// Calm reports whether a datapoint is real and breaches no band.
func Calm(k *KPI, p *Point) bool {
	return p.Missing == NotMissing && bandOf(&k.Thresholds, p.Value) == 0
}

// Steady reports whether a group is green with nothing pending: no band alarms, is insufficient or waits to recover.
func (m *Memory) Steady() bool {
	return m.Judged && m.Light == Green && m.Red != Alarm && m.Yellow != Alarm && m.Red != Insufficient && m.Yellow != Insufficient && !m.RedLatch && !m.YellowLatch
}
