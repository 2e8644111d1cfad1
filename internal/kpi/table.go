package kpi

import (
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Tables names the tables of rows, as selectors name them.
func Tables() []string { return []string{"logs", "spans", "events"} }

// Table returns the table of rows that the selector names, or nothing for a selector of series.
func (s *Selector) Table() string {
	for _, m := range s.Matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && slices.Contains(Tables(), m.Value) {
			return m.Value
		}
	}
	return ""
}

// Table returns the table whose rows feed the indicator, or nothing for one that samples or other KPIs feed. An sql
// indicator reads tables but is not fed.
func (i *Indicator) Table() string {
	for _, s := range i.Selectors() {
		if t := s.Table(); t != "" {
			return t
		}
	}
	return ""
}

// Asked reports whether the indicator is a query that is evaluated once a period.
func (k Kind) Asked() bool { return k == PromQL || k == SQL }

// Sentence says how a number over rows is made, for a KPI whose author gave no description.
func (i *Indicator) Sentence() string {
	of := func(s *Selector) string {
		if s == nil {
			return ""
		}
		return s.Text
	}
	bound := func(x float64) string {
		if i.Value == "duration" {
			return Show("seconds", x).String()
		}
		return number(x)
	}
	switch i.Kind {
	case Ratio:
		part := i.Good
		if i.Bad != nil {
			part = i.Bad
		}
		return "Share of " + of(part) + " in " + of(i.Total)
	case Rate:
		return "Rows of " + of(i.Of) + " a second"
	case Mean:
		return "Mean " + i.Value + " of " + of(i.Of)
	case ShareBelow:
		return "Share of " + of(i.Of) + " whose " + i.Value + " is at or below " + bound(i.Below)
	case Quantile:
		return percent(i.Q) + " of " + of(i.Of) + " have a " + i.Value + " at or below the value"
	case Apdex:
		return "Apdex of " + of(i.Of) + ", satisfied within " + bound(i.T) + "; those that failed are frustrated"
	case Unique:
		return "Different values of " + i.Value + " in " + of(i.Of)
	case Freshness:
		return "Age of the newest row of " + of(i.Of)
	case Pair:
		return "Share of " + of(i.First) + " that " + of(i.Then) + " of the same " + i.On + " follows within " + Show("seconds", i.Within.Seconds()).String()
	}
	return i.Text()
}

// note says how exact a real datapoint over rows is; nothing where it is exact.
func (i *Indicator) note(p Point) string {
	if i.Value == "" && !(p.Coverage < 1) || i.Table() == "" {
		return ""
	}
	var s string
	switch {
	case i.Kind == Quantile:
		s = "within 1 % of the exact quantile"
	case i.Kind == Unique && p.Value > maxExactly:
		s = "within about 1.6 % of the exact number (95 of 100 times)"
	}
	if !(p.Coverage < 1) {
		return s
	}
	if s != "" {
		s += "; "
	}
	s += "estimated from the " + percent(p.Coverage) + " of rows that sampling kept"
	if e := i.samplingError(p); e > 0 {
		s += ", give or take " + percent(e)
		if !isShare(i.Kind) {
			s += " of it"
		} else {
			s += " points"
		}
	}
	return s
}

// samplingError is the expected error (95 of 100 times) of a count or share that was estimated from a sample: of a rate
// relative, of a share absolute. 0 where it is not known.
func (i *Indicator) samplingError(p Point) float64 {
	kept := p.Total * p.Coverage
	if !(kept > 0) {
		return 0
	}
	e := 1.96 * math.Sqrt((1-p.Coverage)/kept)
	switch {
	case i.Kind == Rate:
		return e
	case isShare(i.Kind):
		return e * math.Sqrt(p.Value*(1-p.Value))
	}
	return 0
}
