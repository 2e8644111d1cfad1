package kpi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape identifies what makes a KPI's datapoints: indicator, period, window, groups and the stated interval. Two revisions
// of one shape make the same datapoints and differ only in how these are judged, so that one's past can be judged anew by
// the other.
func (k *KPI) Shape() string {
	i := &k.Indicator
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	parts := []string{k.Period.String(), k.Window.String(), k.Interval.String(), i.Text(), number(i.Below), number(i.Q), number(i.T), i.Over, i.Across}
	if i.Value != "" || i.Kind == Pair || i.Kind == SQL { // left out where they say nothing: shapes that are kept stay as they are
		parts = append(parts, i.Value, i.On, i.Within.String(), i.SQL)
	}
	for _, name := range slices.Sorted(maps.Keys(i.Inputs)) {
		parts = append(parts, name+"="+i.Inputs[name])
	}
	parts = append(parts, "by")
	parts = append(parts, k.By...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\xff")))
	return hex.EncodeToString(sum[:8])
}

// What a datapoint without data says of itself.
const (
	nothingArrived = "nothing arrived in the window"
	onlyGaps       = "only increases across a gap arrived, and they cannot be placed in time"
	NotObserved    = "signalbox was down or refused data during the period"
	NoAnswer       = "the query returned no value"
	noRows         = "no row of the table arrived in the window"
)

// Explain says why a missing datapoint has no value, for one that was kept without its sentence; empty where the sentence
// named what only the moment knew.
func (k *KPI) Explain(p Point) string {
	i := &k.Indicator
	switch p.Missing {
	case NoData:
		return i.silence()
	case Gap:
		return onlyGaps
	case Unobserved:
		return NotObserved
	case QueryFailed:
		return NoAnswer
	case NeverSeen:
		if good := i.goodSide(); good != nil && !math.IsNaN(p.Value) { // a share was computed, and only the good side is unknown
			return unmatchedGood(good)
		}
		for _, s := range []*Selector{i.Total, i.Of, i.Sum, i.Count, i.Histogram, i.First} {
			if s != nil {
				return unmatched(s.Text)
			}
		}
	}
	return ""
}

// goodSide is the selector of what went well, where the indicator has one.
func (i *Indicator) goodSide() *Selector {
	if i.Then != nil {
		return i.Then
	}
	return i.Good
}

// silence says that nothing arrived.
func (i *Indicator) silence() string {
	if i.Table() != "" {
		return noRows
	}
	return nothingArrived
}

func unmatched(selector string) string { return fmt.Sprintf("nothing has matched %s yet", selector) }

func unmatchedGood(s *Selector) string {
	return fmt.Sprintf("nothing has matched the good side %s yet", s.Text)
}
